"""Paul Menage's task containers: hierarchies, subsystems, references. kernel/cgroup.c 2.6.24 before the renaming, facts 4.

A hierarchy is a tree of containers with one or more subsystems bound to it; a subsystem is bound to one hierarchy at most.
Every task is in one container of each hierarchy. What a subsystem keeps for a container is its state, a `Css`, and whoever
points at that state holds a reference on it.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .container_input import MountOptions, check_name, parse_mount_options, plural
from .errors import KernelError, invalid
from .types import mypyc_attr

if TYPE_CHECKING:
    from .tasks import Task

RESERVED: Final = ("tasks", "notify_on_release")


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
    """A resource controller. Derive from it; `create` may say no by returning an errno (the letter's ERR_PTR)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.index: int = 0
        self.root_css: Css = Css()
        self.hierarchy: Hierarchy | None = None

    def create(self, container: Container) -> Css | int:
        """Make the state of a new container, or return the errno why not. Never None: v1 returned NULL, and it crashed."""
        return Css()

    def destroy(self, css: Css) -> None:
        """Forget a state that nobody refers to."""

    def can_attach(self, container: Container, task: Task) -> int:
        """Return 0 to let a task in, or an errno."""
        return 0

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
    """

    def __init__(self, name: str, parent: Container | None, hierarchy: Hierarchy) -> None:
        self.name = name
        self.parent = parent
        self.hierarchy = hierarchy
        self.children: dict[str, Container] = {}
        self.css: dict[str, Css] = {}
        self.tasks: dict[int, Task] = {}
        self.removed = False
        self.notify_on_release = False  # 2.6.24 starts every group at 0, whatever its parent says

    @property
    def path(self) -> str:
        """Return the path from the root of the hierarchy, "/" for the root itself."""
        if self.parent is None:
            return "/"
        above = self.parent.path
        return f"{'' if above == '/' else above}/{self.name}"

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


class Containers:
    """All subsystems and hierarchies of a machine."""

    def __init__(self) -> None:
        self.subsystems: list[Subsystem] = []
        self.hierarchies: list[Hierarchy] = []
        self.made: int = 0

    def register(self, subsystem: Subsystem) -> None:
        """Add a subsystem. Until it is mounted every task has its root state."""
        subsystem.index = len(self.subsystems)
        self.subsystems.append(subsystem)

    def names(self) -> list[str]:
        """Name the subsystems in the kernel's order."""
        return [subsystem.name for subsystem in self.subsystems]

    def mount(self, data: str | None, tasks: list[Task]) -> Hierarchy:
        """Mount the hierarchy that the options ask for, a new one or one that exists with the same subsystems.

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
            subsystem.hierarchy = hierarchy
            subsystem.root_css.container = hierarchy.root
            hierarchy.root.css[subsystem.name] = subsystem.root_css
        for task in tasks:
            hierarchy.root.tasks[task.pid] = task
            task.containers[hierarchy.ident] = hierarchy.root
        return hierarchy

    def umount(self, hierarchy: Hierarchy) -> None:
        """Take one mount away. With children the hierarchy lives on, unseen; without it dissolves."""
        hierarchy.mounts -= 1
        if hierarchy.mounts or hierarchy.root.children:
            return
        for subsystem in hierarchy.subsystems:
            subsystem.hierarchy = None
            subsystem.root_css.container = None
        for task in hierarchy.root.tasks.values():
            del task.containers[hierarchy.ident]
        self.hierarchies.remove(hierarchy)

    def mkdir(self, parent: Container, name: str) -> Container:
        """Make a container. If a subsystem says no, what the others made is destroyed again.

        Raises:
            KernelError: EEXIST for a name that is taken, also by a file; EINVAL for a bad name; or the subsystem's own.
        """
        check_name(name)
        if parent.removed:
            raise KernelError(errno.ENOENT, "this container was removed")
        taken = name in parent.children or name in RESERVED
        for subsystem in parent.hierarchy.subsystems:
            taken = taken or name in file_names(subsystem, parent.hierarchy)
        if taken:
            raise KernelError(errno.EEXIST, f"there is a {name} here already")
        child = Container(name, parent, parent.hierarchy)
        for subsystem in parent.hierarchy.subsystems:
            css = subsystem.create(child)
            if isinstance(css, int):
                for made in child.css.values():
                    subsystem_of(made, child).destroy(made)
                raise KernelError(abs(css), f"{subsystem.name} refused to make its state for {name}")
            css.container = child
            child.css[subsystem.name] = css
        for subsystem in parent.hierarchy.subsystems:
            parent.css[subsystem.name].refs += 1
        parent.children[name] = child
        return child

    def rmdir(self, container: Container) -> None:
        """Remove a container.

        Raises:
            KernelError: EBUSY for the root, and while tasks, children or references are left, asked for in this order.
        """
        parent = container.parent
        if parent is None:
            raise KernelError(errno.EBUSY, "the root of a hierarchy goes with its mount")
        refs = max(css.refs for css in container.css.values())
        objects = refs - len(container.tasks) - len(container.children)
        if container.tasks or container.children or refs:
            held = [
                plural(len(container.tasks), "task"),
                plural(len(container.children), "child", "children"),
                plural(objects, "object"),
            ]
            words = " and ".join(each for each in held if each)
            verb = "refers" if refs == 1 else "refer"
            raise KernelError(errno.EBUSY, f"{words} still {verb} to {container.name}.")
        for subsystem in container.hierarchy.subsystems:
            subsystem.destroy(container.css[subsystem.name])
            parent.css[subsystem.name].refs -= 1
        container.removed = True
        del parent.children[container.name]

    def attach(self, container: Container, task: Task) -> None:
        """Move a task into a container. What it was charged for before stays where it is: charges do not move.

        Raises:
            KernelError: ENODEV for a removed container; the errno of a subsystem's veto. Nothing has changed then.
        """
        if container.removed:
            raise KernelError(errno.ENODEV, "this container was removed")
        before = task.containers[container.hierarchy.ident]
        if before is container:
            return
        for subsystem in container.hierarchy.subsystems:
            veto = subsystem.can_attach(container, task)
            if veto:
                raise KernelError(abs(veto), f"{subsystem.name} does not let task {task.pid} in")
        move(task, before, container)

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
        task.containers = {}


def move(task: Task, before: Container, container: Container) -> None:
    """Switch a task's pointers and references from one container to another of the same hierarchy."""
    for subsystem in container.hierarchy.subsystems:
        css = container.css[subsystem.name]
        task.css[subsystem.index].refs -= 1
        css.refs += 1
        task.css[subsystem.index] = css
    del before.tasks[task.pid]
    container.tasks[task.pid] = task
    task.containers[container.hierarchy.ident] = container


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
