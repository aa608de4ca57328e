"""The part of `Machine.check()` that is about hierarchies: what is bound where, what is mounted, who waits for an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .container_files import ContainerDir
from .errors import require

if TYPE_CHECKING:
    from .hierarchy import Container, Hierarchy
    from .machine import Machine


def check_hierarchies(machine: Machine) -> None:
    """Subsystems and hierarchies agree, each is to be seen or has children, and the release list is complete.

    Raises:
        CheckError: at the first invariant that does not hold.
    """
    containers = machine.containers
    for subsystem in containers.subsystems:
        hierarchy = subsystem.hierarchy
        bound = [each.ident for each in containers.hierarchies if subsystem in each.subsystems]
        right = [] if hierarchy is None else [hierarchy.ident]
        require(bound == right, "a subsystem is bound to one hierarchy at most", [subsystem.name, bound, right])
        root = None if hierarchy is None else hierarchy.root
        require(subsystem.root_css.container is root, "a root state belongs to the root container", subsystem.name)
    for hierarchy in containers.hierarchies:
        seen = sum(each is hierarchy for each in machine.tree.mounts.values())
        around = [hierarchy.ident, hierarchy.mounts, seen, len(hierarchy.root.children)]
        require(hierarchy.mounts == seen, "mounts counts where a hierarchy can be seen", around)
        require(bool(seen or hierarchy.root.children), "a hierarchy without mounts has children", around)
        for container in hierarchy.root.walk():
            check_container(machine, hierarchy, container)
    for point, hierarchy in machine.tree.mounts.items():
        node = machine.tree.lookup(point)
        top = node.container if isinstance(node, ContainerDir) else None
        require(top is hierarchy.root, "a mount point leads to the tree that is mounted there", point)
    for container in containers.released.queue:
        waits = container.parent is not None and not container.removed
        require(waits, "on the release list are containers, no roots and none that was removed", container.path)


def check_container(machine: Machine, hierarchy: Hierarchy, container: Container) -> None:
    """A container has a state of each subsystem of its hierarchy, counted right, and is on the release list if it must be.

    Raises:
        CheckError: at the first invariant that does not hold.
    """
    path = container.path
    names = [subsystem.name for subsystem in hierarchy.subsystems]
    require(sorted(container.css) == sorted(names), "a container has a state of each subsystem", [path, names])
    known = container.hierarchy is hierarchy and not container.removed
    require(known, "a container in a tree is of that tree and not removed", path)
    for subsystem in hierarchy.subsystems:
        css = container.css[subsystem.name]
        require(css.container is container, "a state knows its container", [path, subsystem.name])
        rss = machine.rss.subsystem if machine.rss is not None else None
        if subsystem is not machine.kmem_subsystem and subsystem is not rss:  # those two count more: check.py, rss.py
            refs = len(container.tasks) + len(container.children)
            require(css.refs == refs, "references = tasks + children", [path, subsystem.name, css.refs, refs])
        if container.parent is not None:
            number = subsystem.number(css)
            said = machine.kmem_subsystem.paths[number] if subsystem is machine.kmem_subsystem else path
            require(said == path, "events speak of a container by its path", [path, said])
    released = machine.containers.released
    empty = container.parent is not None and not container.tasks and not container.children
    if empty and container.notify_on_release and container.held():
        require(container in released.draining, "the release agent waits for the last object", path)
