"""The RSS sibling: pages of user memory, charged to whoever faults them in, on the same resource counters as kmem.

The cover letter builds on "the resource counters I made for RSS controller". That controller was in the -mm tree in August
2007 as the memory controller (facts 5.1): `mem_container_charge` takes a page that was allocated already, gets a reference on
the container, charges PAGE_SIZE (bytes since 31 August 2007), and remembers the container with the page. Whoever unmaps the
page last pays that container back, wherever its task is by then. Files usage, limit and failcnt; a limit may end in K, M or G
and is rounded up to a page (Balbir Singh, "Memory controller improve user interface (v2)", linux-mm, 30 August 2007).

Not modelled, kmemlab's choice: the controller's own LRU, reclaim at the limit and the page cache. A page here is anonymous and
there is no swap, so reclaim finds nothing, and the charge is refused for good.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final

from .buddy import PAGES
from .containers import Container, Css, Subsystem
from .errors import KernelError, invalid, require
from .hierarchy import css_put
from .res_counter import PARSERS, ResCounter
from .types import NONE, PAGE_SIZE

if TYPE_CHECKING:
    from .machine import Machine
    from .tasks import Task

MEMBERS: Final = ("usage", "limit", "failcnt")


class RssContainer(Css):
    """What rss keeps for a container: a counter, and the number that the state knows it by."""

    def __init__(self, ident: int) -> None:
        super().__init__()
        self.ident: int = ident
        self.res: ResCounter = ResCounter()

    def state(self) -> dict[str, int]:
        """Return the counter as plain values."""
        res = self.res
        return {
            "ident": self.ident, "usage": res.usage, "limit": res.limit, "failcnt": res.failcnt,
            "underflows": res.underflows,
        }  # fmt: skip

    def fill(self, saved: dict[str, int]) -> None:
        """Set the counter to what `state` said."""
        self.res.usage = saved["usage"]
        self.res.limit = saved["limit"]
        self.res.failcnt = saved["failcnt"]
        self.res.underflows = saved["underflows"]


class RssSubsystem(Subsystem):
    """rss as containers see it. Its states have numbers of their own: it may be mounted elsewhere than kmem."""

    def __init__(self) -> None:
        super().__init__("rss")
        self.noun = "page"
        self.root: RssContainer = RssContainer(0)
        self.root_css = self.root
        self.given: int = 1

    def create(self, container: Container) -> Css | int:
        """Make the state of a new container."""
        css = RssContainer(self.given)
        self.given += 1
        return css

    def files(self) -> list[str]:
        """Name the counter's members."""
        return list(MEMBERS)

    def read(self, css: Css, name: str) -> str:
        """Return a member as a decimal line. " Bytes" behind it, which the August patch wrote, was asked away (facts 4.3)."""
        assert isinstance(css, RssContainer)
        if name == "usage":
            return f"{css.res.usage}\n"
        return f"{css.res.limit}\n" if name == "limit" else f"{css.res.failcnt}\n"

    def write(self, css: Css, name: str, text: str) -> None:
        """Set limit or failcnt. The limit is rounded up to whole pages; one below the usage is accepted.

        Raises:
            KernelError: EINVAL for what is no number, the newline of a plain `echo` too, and for usage (kmemlab's choice).
        """
        assert isinstance(css, RssContainer)
        if name == "usage":
            raise invalid("rss.usage is what pages add up to: it cannot be written.")
        value = PARSERS["memory"](text)
        if name == "limit":
            css.res.limit = value
        else:
            css.res.failcnt = value


class UserPage:
    """A page that tasks have mapped (the kernel's page_container).

    Attributes:
        payer: who was charged for it.
        maps: how many maps have it: fork shares it, and nobody pays a second time.
    """

    __slots__ = ("maps", "payer")

    def __init__(self, payer: RssContainer, maps: int) -> None:
        self.payer = payer
        self.maps: int = maps


class Rss:
    """The controller: pages of user memory, by page frame number."""

    def __init__(self, machine: Machine, subsystem: RssSubsystem) -> None:
        self.machine = machine
        self.subsystem = subsystem
        self.pages: dict[int, UserPage] = {}

    def fault_in(self, task: Task) -> int:
        """Take a page and charge it to a task's container (`do_anonymous_page`, `mem_container_charge`). Returns its pfn.

        Raises:
            KernelError: ENOMEM, with nothing changed but failcnt. The kernel reclaims first, then kills a task of the
                container (`mem_container_out_of_memory`, VM_FAULT_OOM); that the fault just fails is kmemlab's choice, the
                same as in `mm.touch`.
        """
        zone = self.machine.slub.pages
        page = int(zone.alloc_pages(0, PAGES))
        if page == NONE:
            raise KernelError(errno.ENOMEM, "There was no page for the task.")
        payer = task.css[self.subsystem.index]
        assert isinstance(payer, RssContainer)
        payer.refs += 1
        if not payer.res.charge(PAGE_SIZE):
            css_put(payer)
            zone.free_pages(page, 0)
            left = max(payer.res.limit - payer.res.usage, 0)
            raise KernelError(errno.ENOMEM, f"The rss limit has {left:,} bytes left and a page needs {PAGE_SIZE:,}.")
        self.pages[page] = UserPage(payer, 1)
        return page

    def share(self, page: int) -> None:
        """Map a page once more, for a child. A copy on write is not modelled: parent and child go on sharing."""
        self.pages[page].maps += 1

    def unmap(self, page: int) -> None:
        """Unmap a page. The last one gives it back and pays back who was charged (`mem_container_uncharge`)."""
        mapped = self.pages[page]
        mapped.maps -= 1
        if mapped.maps:
            return
        del self.pages[page]
        mapped.payer.res.uncharge(PAGE_SIZE)
        css_put(mapped.payer)
        self.machine.slub.pages.free_pages(page, 0)

    def charged(self) -> dict[int, int]:
        """Count the pages that each state pays for, by its number."""
        found: dict[int, int] = {}
        for each in self.pages.values():
            found[each.payer.ident] = found.get(each.payer.ident, 0) + 1
        return found

    def groups(self) -> list[RssContainer]:
        """List every state there is, the root's first."""
        found = [self.subsystem.root]
        hierarchy = self.subsystem.hierarchy
        if hierarchy is not None:
            for container in hierarchy.root.walk()[1:]:
                css = container.css["rss"]
                assert isinstance(css, RssContainer)
                found.append(css)
        return found

    # -- invariants and state

    def check(self) -> None:
        """Usage is the pages that are charged, and every page is mapped as often as it says.

        Raises:
            CheckError: at the first that is not so.
        """
        log = self.machine.log
        stopped = log is not None and log.stopped
        mapped: dict[int, int] = {}
        for task in self.machine.tasks.by_pid.values():
            for each in task.maps:
                for page in each.pages:
                    mapped[page] = mapped.get(page, 0) + 1
        said = {page: each.maps for page, each in self.pages.items()}
        require(stopped or mapped == said, "a page of user memory counts its maps", [mapped, said])
        paid = self.charged()
        groups = self.groups()
        known = {group.ident for group in groups}
        require(set(paid) <= known and len(known) == len(groups), "who pays for a page exists", [sorted(paid), sorted(known)])
        zone = self.machine.slub.pages
        for page in self.pages:
            require(zone.used_order[page] == 0 and zone.user[page] == PAGES, "a page of user memory is in use", page)
        for group in groups:
            container = group.container
            path = "/" if container is None else container.path
            around = [path, group.res.usage, paid.get(group.ident, 0), group.refs]
            require(group.res.underflows == 0, "no page is uncharged twice", around)
            require(group.res.usage == paid.get(group.ident, 0) * PAGE_SIZE, "rss.usage = its pages", around)
            members = sum(task.css[self.subsystem.index] is group for task in self.machine.tasks.by_pid.values())
            children = len(container.children) if container is not None else 0
            refs = paid.get(group.ident, 0) + members + children
            require(group.refs == refs, "references = pages + tasks + children", around)

    def state(self) -> dict[str, Any]:
        """Return who pays for which page. How often it is mapped is what maps say."""
        return {
            "given": self.subsystem.given,
            "root": self.subsystem.root.state(),
            "pages": [[page, self.pages[page].payer.ident] for page in sorted(self.pages)],
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Become what `state` said. Containers and tasks are there already."""
        self.subsystem.given = saved["given"]
        self.subsystem.root.fill(saved["root"])
        by_ident = {group.ident: group for group in self.groups()}
        self.pages = {page: UserPage(by_ident[ident], 0) for page, ident in saved["pages"]}
        for task in self.machine.tasks.by_pid.values():
            for each in task.maps:
                for page in each.pages:
                    self.pages[page].maps += 1
