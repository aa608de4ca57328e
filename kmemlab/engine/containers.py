"""Paul Menage's task containers: what is done to hierarchies. kernel/cgroup.c 2.6.24 before the renaming, facts 4.

Every task is in one container of each hierarchy. Hierarchies, containers and subsystems themselves: hierarchy.py.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .container_input import check_name, parse_mount_options, plural
from .errors import KernelError, invalid
from .hierarchy import Container as Container
from .hierarchy import Css as Css
from .hierarchy import Hierarchy as Hierarchy
from .hierarchy import Subsystem as Subsystem
from .hierarchy import own_files, subsystem_of
from .release import ReleaseList

if TYPE_CHECKING:
    from .oops import Crash
    from .tasks import Task


class Containers:
    """All subsystems and hierarchies of a machine.

    Attributes:
        made: hierarchies there ever were.
        released: containers that wait for the release agent, and the runs of it.
        crash: what a NULL for a state comes to.
    """

    def __init__(self) -> None:
        self.subsystems: list[Subsystem] = []
        self.hierarchies: list[Hierarchy] = []
        self.made: int = 0
        self.released = ReleaseList()
        self.crash: Crash | None = None

    def register(self, subsystem: Subsystem) -> None:
        """Add a subsystem. Until it is mounted every task has its root state."""
        subsystem.index = len(self.subsystems)
        self.subsystems.append(subsystem)

    def names(self) -> list[str]:
        """Name the subsystems in the kernel's order."""
        return [subsystem.name for subsystem in self.subsystems]

    def mount(self, data: str | None, tasks: list[Task]) -> Hierarchy:
        """Mount the hierarchy that the options ask for, a new one or one that exists with the same subsystems.

        It is the same one if noprefix is the same too; another release_agent= is not looked at then. One that lives on
        without a mount is found as well. `cgroup_get_sb` 2.6.24: slub-2.6 7.

        Raises:
            KernelError: as `parse_mount_options`; EBUSY if a wanted subsystem is bound to another hierarchy.
        """
        options = parse_mount_options(data, self.names())
        wanted = [subsystem for subsystem in self.subsystems if subsystem.name in options.names]
        for hierarchy in self.hierarchies:
            if hierarchy.subsystems == wanted and hierarchy.noprefix == options.noprefix:
                hierarchy.mounts += 1
                return hierarchy
        for subsystem in wanted:
            if subsystem.hierarchy is not None:
                raise KernelError(errno.EBUSY, f"{subsystem.name} is mounted already, in another set or way.")
        self.made += 1
        hierarchy = Hierarchy(self.made, wanted, options)
        hierarchy.mounts = 1
        self.hierarchies.append(hierarchy)
        for subsystem in wanted:
            bind(subsystem, hierarchy)
        for task in tasks:
            hierarchy.root.tasks[task.pid] = task
            task.containers[hierarchy.ident] = hierarchy.root
        return hierarchy

    def remount(self, hierarchy: Hierarchy, data: str | None) -> None:
        """Change the subsystems of a hierarchy, or its release agent. `cgroup_remount`, `rebind_subsystems` 2.6.24.

        Raises:
            KernelError: as `parse_mount_options`; EINVAL for another noprefix; EBUSY for a new subsystem that is bound
                elsewhere, and for any remount, even to the same set, while there are children. A release_agent= is
                stored in both EBUSY cases, as the kernel did (slub-2.6 7).
        """
        options = parse_mount_options(data, self.names())
        if options.noprefix != hierarchy.noprefix:
            raise invalid("noprefix cannot change while a hierarchy is mounted.")
        if options.release_agent is not None:
            hierarchy.release_agent = options.release_agent
        wanted = [subsystem for subsystem in self.subsystems if subsystem.name in options.names]
        for subsystem in wanted:
            if subsystem.hierarchy not in (None, hierarchy):
                raise KernelError(errno.EBUSY, f"{subsystem.name} is mounted already, in another set or way.")
        if hierarchy.root.children:
            count = plural(len(hierarchy.root.children), "child container", "child containers")
            raise KernelError(errno.EBUSY, f"No remount while there are children: {count}.")
        for subsystem in hierarchy.subsystems:
            if subsystem not in wanted:
                unbind(subsystem)
        for subsystem in wanted:
            if subsystem.hierarchy is None:
                bind(subsystem, hierarchy)
        hierarchy.subsystems = wanted

    def umount(self, hierarchy: Hierarchy) -> None:
        """Take one mount away. With children the hierarchy lives on, unseen; without it dissolves."""
        hierarchy.mounts -= 1
        if hierarchy.mounts or hierarchy.root.children:
            return
        for subsystem in hierarchy.subsystems:
            unbind(subsystem)
        for task in hierarchy.root.tasks.values():
            del task.containers[hierarchy.ident]
        self.hierarchies.remove(hierarchy)

    def mkdir(self, parent: Container, name: str, owner: int = 0) -> Container:
        """Make a container. If a subsystem says no, what the others made is destroyed again.

        Raises:
            KernelError: EEXIST for a name that is taken, also by a file; EINVAL for a bad name; or the subsystem's own.
            OopsError: a subsystem says NULL.
        """
        check_name(name)
        if parent.removed:
            raise KernelError(errno.ENOENT, "this container was removed")
        self.check_free(parent, name)
        child = Container(name, parent, parent.hierarchy, owner)
        for subsystem in parent.hierarchy.subsystems:
            css = subsystem.create(child)
            if isinstance(css, int):
                for made in child.css.values():
                    subsystem_of(made, child).destroy(made)
                raise KernelError(abs(css), f"{subsystem.name} refused to make its state for {name}")
            if css is None:  # IS_ERR lets NULL pass
                assert self.crash is not None
                raise self.crash.null_css(subsystem, child)
            css.container = child
            child.css[subsystem.name] = css
        for subsystem in parent.hierarchy.subsystems:
            parent.css[subsystem.name].refs += 1
        parent.children[name] = child
        return child

    def rmdir(self, container: Container) -> None:
        """Remove a container, if nobody uses it.

        Raises:
            KernelError: as `may_rmdir`.
        """
        self.may_rmdir(container)
        self.remove(container)

    def may_rmdir(self, container: Container) -> None:
        """Say whether a container may go.

        Raises:
            KernelError: EBUSY for the root, and while tasks, children or references are left, asked for in this order.
        """
        if container.parent is None:
            raise KernelError(errno.EBUSY, "the root of a hierarchy goes with its mount")
        refs = max(css.refs for css in container.css.values())
        if container.tasks or container.children or refs:
            held = [
                plural(len(container.tasks), "task"),
                plural(len(container.children), "child", "children"),
            ]
            held += [plural(container.objects(container.css[each.name]), each.noun) for each in container.hierarchy.subsystems]
            words = " and ".join(each for each in held if each)
            verb = "refers" if refs == 1 else "refer"
            raise KernelError(errno.EBUSY, f"{words} still {verb} to {container.name}.")

    def remove(self, container: Container) -> None:
        """Take an unused container out of its hierarchy and free its states (the subsystems' destroy)."""
        parent = container.parent
        assert parent is not None
        for subsystem in container.hierarchy.subsystems:
            subsystem.destroy(container.css[subsystem.name])
            parent.css[subsystem.name].refs -= 1
        container.removed = True
        del parent.children[container.name]
        self.released.forget(container)
        parent.releasable = True
        self.released.look(parent)

    def check_free(self, parent: Container, name: str) -> None:
        """Refuse a name that a child or a file of a container has.

        Raises:
            KernelError: EEXIST.
        """
        if name in parent.children or name in own_files(parent):
            raise KernelError(errno.EEXIST, f"there is a {name} here already")

    def rename(self, container: Container, name: str) -> None:
        """Call a container by another name; it stays where it is among its parent's children. `cgroup_rename` 2.6.24.

        Raises:
            KernelError: EBUSY for the root; EEXIST for a name that is taken, also by a file; as `check_name`.
        """
        parent = container.parent
        if parent is None:
            raise KernelError(errno.EBUSY, "the root of a hierarchy has no name")
        self.check_free(parent, name)
        check_name(name)
        before = container.name
        container.name = name
        parent.children = {name if key == before else key: child for key, child in parent.children.items()}
        for each in container.walk():
            for subsystem in container.hierarchy.subsystems:
                subsystem.renamed(each.css[subsystem.name], each)

    def attach(self, container: Container, task: Task) -> None:
        """Move a task into a container. What it was charged for before stays where it is: charges do not move.

        Between the two halves the kernel waits for a grace period (`synchronize_rcu`: facts 4.2): whoever reads the old
        pointer has left it, or has a reference of its own, before the task's is put.

        Raises:
            KernelError: as `switch`.
        """
        before = self.switch(container, task)
        if before is not None:
            self.put_old(before, task)

    def switch(self, container: Container, task: Task) -> Container | None:
        """Point a task at another container (`rcu_assign_pointer`). Returns the old one, which keeps the task's reference.

        None, if it is there already.

        Raises:
            KernelError: ENODEV for a removed container; the errno of a subsystem's veto. Nothing has changed then.
        """
        if container.removed:
            raise KernelError(errno.ENODEV, "this container was removed")
        before = task.containers[container.hierarchy.ident]
        if before is container:
            return None
        for subsystem in container.hierarchy.subsystems:
            veto = subsystem.can_attach(container, task)
            if veto:
                raise KernelError(abs(veto), f"{subsystem.name} does not let task {task.pid} in")
        for subsystem in container.hierarchy.subsystems:
            css = container.css[subsystem.name]
            css.refs += 1
            task.css[subsystem.index] = css
        container.tasks[task.pid] = task
        task.containers[container.hierarchy.ident] = container
        return before

    def put_old(self, before: Container, task: Task) -> None:
        """Drop the reference of a task that was switched away (`put_css_set`)."""
        for subsystem in before.hierarchy.subsystems:
            before.css[subsystem.name].refs -= 1
        del before.tasks[task.pid]
        before.releasable = True
        self.released.look(before)

    def fork(self, child: Task, parent: Task) -> None:
        """Put a new task where its parent is."""
        child.css = list(parent.css)
        for css in child.css:
            css.refs += 1
        for ident, container in parent.containers.items():
            child.containers[ident] = container
            container.tasks[child.pid] = child

    def exit(self, task: Task) -> None:
        """Take a task that ends out of every container."""
        for css in task.css:
            css.refs -= 1
        for container in task.containers.values():
            del container.tasks[task.pid]
            if container.notify_on_release and not container.tasks:
                container.releasable = True
                self.released.look(container)
        task.containers = {}


def bind(subsystem: Subsystem, hierarchy: Hierarchy) -> None:
    """Tie a free subsystem to a hierarchy that has no children: its root state is the root container's."""
    subsystem.hierarchy = hierarchy
    subsystem.root_css.container = hierarchy.root
    hierarchy.root.css[subsystem.name] = subsystem.root_css


def unbind(subsystem: Subsystem) -> None:
    """Free a subsystem from a hierarchy without children. What its root state counts lives on."""
    root = subsystem.root_css.container
    if root is not None:
        del root.css[subsystem.name]
    subsystem.hierarchy = None
    subsystem.root_css.container = None
