"""A hierarchy and what is in it: containers, and the state that subsystems keep for each. include/linux/cgroup.h 2.6.24.

A hierarchy is a tree of containers with one or more subsystems bound to it; a subsystem is bound to one hierarchy at most.
What a subsystem keeps for a container is its state, a `Css`, and whoever points at that state holds a reference on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .container_input import MountOptions
from .errors import invalid
from .types import NONE, mypyc_attr

if TYPE_CHECKING:
    from .tasks import Task

FILES: Final = ("tasks", "notify_on_release", "releasable")  # of every container, before those of its subsystems
ROOT_FILES: Final = (*FILES, "release_agent")


@mypyc_attr(allow_interpreted_subclasses=True)
class Css:
    """A subsystem's state for one container (`container_subsys_state`).

    Attributes:
        container: whose state it is; None while the subsystem is bound nowhere.
        refs: who points at it: tasks, children, and whatever the subsystem counts (for kmem the owned objects).
    """

    def __init__(self) -> None:
        self.container: Container | None = None
        self.refs: int = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Subsystem:
    """A resource controller. Derive from it; `create` may say no by returning an errno (the letter's ERR_PTR).

    Attributes:
        noun: what it counts, in the words of a refusal.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.index: int = 0
        self.noun: str = "object"
        self.root_css: Css = Css()
        self.hierarchy: Hierarchy | None = None

    def create(self, container: Container) -> Css | int | None:
        """Make the state of a new container, or return the errno why not. Never None: that crashes the machine (oops.py)."""
        return Css()

    def destroy(self, css: Css) -> None:
        """Forget a state that nobody refers to."""

    def can_attach(self, container: Container, task: Task) -> int:
        """Return 0 to let a task in, or an errno."""
        return 0

    def renamed(self, css: Css, container: Container) -> None:
        """Hear that a container has another path: it was renamed, or one above it."""

    def number(self, css: Css) -> int:
        """Return the number that the event log knows a state by, NONE for a subsystem that it does not speak of."""
        return NONE

    def files(self) -> list[str]:
        """Name the files of a container, without the subsystem's name in front."""
        return []

    def read(self, css: Css, name: str) -> str:
        """Return what a file says."""
        raise invalid(f"{name} cannot be read")

    def write(self, css: Css, name: str, text: str) -> None:
        """Take what was written to a file."""
        raise invalid(f"{name} cannot be written")


class Container:
    """A node of a hierarchy.

    Attributes:
        css: by subsystem name.
        tasks: by pid.
        children: by name, oldest first.
        removed: rmdir has taken it away; a path that still leads here is stale.
        owner: the uid that directory and files belong to: whoever made it (`cgroup_new_inode`), or what chown said.
        notify_on_release: the release agent is to run when the last user goes.
        releasable: a user or the last object went since that was written (CONT_RELEASABLE).
    """

    def __init__(self, name: str, parent: Container | None, hierarchy: Hierarchy, owner: int = 0) -> None:
        self.name = name
        self.parent = parent
        self.hierarchy = hierarchy
        self.children: dict[str, Container] = {}
        self.css: dict[str, Css] = {}
        self.tasks: dict[int, Task] = {}
        self.removed = False
        self.owner = owner
        self.notify_on_release = False  # 2.6.24 starts every group at 0, whatever its parent says
        self.releasable = False

    @property
    def path(self) -> str:
        """Return the path from the root of the hierarchy, "/" for the root itself."""
        if self.parent is None:
            return "/"
        above = self.parent.path
        return f"{'' if above == '/' else above}/{self.name}"

    def objects(self, css: Css) -> int:
        """Count the references on one of its states that are neither a task's nor a child's (the kernel's css->refcnt)."""
        return css.refs - len(self.tasks) - len(self.children)

    def held(self) -> bool:
        """Say whether anybody refers to a state of it: tasks, children, or what a subsystem counts."""
        return any(css.refs for css in self.css.values())

    def walk(self) -> list[Container]:
        """List this container and all below it, parents first, in order of creation."""
        found = [self]
        for child in self.children.values():
            found += child.walk()
        return found


class Hierarchy:
    """A mounted tree. `mounts` counts where it can be seen; without mounts and children it dissolves."""

    def __init__(self, ident: int, subsystems: list[Subsystem], options: MountOptions) -> None:
        self.ident = ident
        self.subsystems = subsystems
        self.noprefix = options.noprefix
        self.release_agent = options.release_agent
        self.mounts: int = 0
        self.root: Container = Container("", None, self)


def css_put(css: Css) -> None:
    """Drop an object's reference. The last one of a container with notify_on_release leaves it releasable.

    Tasks may be in it still: the kernel counts them elsewhere. The root is not counted. `css_put`, `__css_put` 2.6.24, facts
    4.2 (it sets the bit in 2.6.29; that 2.6.24 did: recollection). The release list is looked at when a command ends.
    """
    css.refs -= 1
    container = css.container
    if container is None or not container.notify_on_release or container.parent is None:
        return
    if not container.objects(css):
        container.releasable = True


def subsystem_of(css: Css, container: Container) -> Subsystem:
    """Find the subsystem that a state of a container belongs to."""
    for subsystem in container.hierarchy.subsystems:
        if container.css.get(subsystem.name) is css:
            return subsystem
    raise KeyError(container.path)


def file_names(subsystem: Subsystem, hierarchy: Hierarchy) -> list[str]:
    """Name a subsystem's files as they stand in a container: "kmem.usage", or "usage" under noprefix."""
    prefix = "" if hierarchy.noprefix else f"{subsystem.name}."
    return [prefix + name for name in subsystem.files()]


def own_files(container: Container) -> list[str]:
    """Name every file of a container, in the order of `cgroup_populate_dir`: release_agent is in the root only."""
    names = list(ROOT_FILES if container.parent is None else FILES)
    for subsystem in container.hierarchy.subsystems:
        names += file_names(subsystem, container.hierarchy)
    return names
