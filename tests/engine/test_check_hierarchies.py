"""`check()` notices what is wrong with hierarchies, and names the rule."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from kmemlab.engine.containers import Container, Css
from kmemlab.engine.errors import CheckError

from .machines import Checked


def victim() -> Checked:
    """kmem at /containers with web and task 2 in it; cpuset with memory at /tmp, with set and task 2 in it."""
    ready = Checked()
    ready.mount()
    ready.do(ready.machine.tree.mount, "cpuset,memory", "/tmp")
    ready.mkdir("web")
    ready.do(ready.machine.tree.mkdir, "/tmp/set")
    ready.fork()
    ready.attach(2, "web")
    ready.write("/tmp/set/tasks", "2")
    ready.account("filp")
    ready.open(2)
    return ready


def web(v: Checked) -> Container:
    return v.machine.containers.hierarchies[0].root.children["web"]


def set_(v: Checked) -> Container:
    return v.machine.containers.hierarchies[1].root.children["set"]


def bind_elsewhere(v: Checked) -> None:
    v.machine.kmem_subsystem.hierarchy = v.machine.containers.hierarchies[1]


def lose_the_root(v: Checked) -> None:
    v.machine.containers.subsystems[0].root_css.container = None


def miscount_mounts(v: Checked) -> None:
    v.machine.containers.hierarchies[0].mounts += 1


def lose_a_state(v: Checked) -> None:
    del set_(v).css["memory"]


def removed_in_place(v: Checked) -> None:
    set_(v).removed = True


def strange_state(v: Checked) -> None:
    css = set_(v).css["memory"]
    css.container = Css().container


def one_reference_too_many(v: Checked) -> None:
    set_(v).css["memory"].refs += 1


def old_path(v: Checked) -> None:
    v.machine.kmem_subsystem.paths[1] = "/before"


def nobody_waits(v: Checked) -> None:
    v.attach(2, "")
    web(v).notify_on_release = True


def queue_a_root(v: Checked) -> None:
    v.machine.containers.released.queue.append(v.machine.containers.hierarchies[0].root)


def queue_a_removed(v: Checked) -> None:
    v.mkdir("gone")
    gone = v.machine.containers.hierarchies[0].root.children["gone"]
    v.rmdir("gone")
    v.machine.containers.released.queue.append(gone)


def path_below_another(v: Checked) -> None:
    v.machine.kmem_subsystem.paths[1] = "/db/web"


def pay_elsewhere_in_one_of_two(v: Checked) -> None:
    memory = next(each for each in v.machine.containers.subsystems if each.name == "memory")
    v.machine.tasks.find(2).css[memory.index] = memory.root_css


CORRUPTIONS: list[tuple[Callable[[Checked], None], str]] = [
    (bind_elsewhere, "a subsystem is bound to one hierarchy at most"),
    (lose_the_root, "a root state belongs to the root container"),
    (miscount_mounts, "mounts counts where a hierarchy can be seen"),
    (lose_a_state, "a container has a state of each subsystem"),
    (removed_in_place, "a container in a tree is of that tree and not removed"),
    (strange_state, "a state knows its container"),
    (one_reference_too_many, "references = tasks + children"),
    (old_path, "events speak of a container by its path"),
    (nobody_waits, "the release agent waits for the last object"),
    (queue_a_root, "on the release list are containers"),
    (queue_a_removed, "on the release list are containers"),
    (path_below_another, "events speak of a container by its path"),
    (pay_elsewhere_in_one_of_two, "a task pays where it is listed"),
]


@pytest.mark.parametrize(("corrupt", "rule"), CORRUPTIONS, ids=[row[0].__name__ for row in CORRUPTIONS])
def test_a_broken_hierarchy_is_noticed_and_the_rule_is_named(corrupt: Callable[[Checked], None], rule: str) -> None:
    broken = victim()
    broken.machine.check()
    corrupt(broken)
    with pytest.raises(CheckError, match=re.escape(rule)):
        broken.machine.check()


def test_a_tree_without_mounts_and_children_is_noticed() -> None:
    ready = Checked()
    ready.mount()
    tree = ready.machine.containers.hierarchies[0]
    tree.mounts = 0
    ready.machine.tree.mounts.clear()
    with pytest.raises(CheckError, match="a hierarchy without mounts has children"):
        ready.machine.check()


def test_a_mount_point_that_leads_elsewhere_is_noticed() -> None:
    ready = Checked()
    ready.mount()
    ready.do(ready.machine.tree.mount, "memory", "/tmp")
    mounts = ready.machine.tree.mounts
    mounts["/tmp/"] = mounts.pop("/tmp")
    with pytest.raises(CheckError, match="a mount point leads to the tree"):
        ready.machine.check()
