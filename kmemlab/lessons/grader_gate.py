"""Between the real engine and a student's controller: hands every event on, and compares what was done with what is due.

The rules, after every single event: an object that was handed out costs its container `slab.cache.size` and holds one
reference; one that was refused cost nothing; a free gives both back to the *owner*; an array lives as long as its slab is
accounted; off with objects in use says EBUSY. From them follow the invariants: usage is the sum of the charges, never
negative, never over the limit. A refused object goes back as any object does: the controller hears `free` for it (facts 1.3).
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from ..engine.errors import KernelError
from ..engine.kmem_cache import KmemCache, Slab
from ..engine.notify import SlabListener
from ..engine.types import NONE
from . import grader_words as words
from .grader_guard import MOST_STEPS, STUDENT, ForbiddenError, OutOfBudgetError, guarded, tried
from .grader_kernel import Calls, Kernel
from .grader_views import Call, Group, SlabView

HOOKS = ("newpage", "freepage", "alloc", "free", "switched")


class WrongError(BaseException):
    """The story ends here. `what` is told after its steps, `hint` says what to look at. No `except Exception` catches it."""

    def __init__(self, what: str, hint: str, key: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.key = key or hint


class Gate(SlabListener):
    """The listener that the allocator tells.

    Attributes:
        controller: the student's; kernel: what it was made with.
        owners: who pays for each object, as it should be: by cache, slab and number.
        usage, refs: by container, as they should be.
        hint: where races end in something wrong, what to look at.
    """

    hint = ""

    def __init__(self, kernel: Kernel, make: Callable[[Kernel], Any]) -> None:
        super().__init__()
        self.kernel = kernel
        self.owners: dict[tuple[str, int, int], int] = {}
        self.usage: dict[int, int] = {}
        self.refs: dict[int, int] = {}
        self.controller = self.run("__init__", make, Calls(kernel))

    # -- calling what the student wrote

    def run(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call it with a budget; whatever it throws is a sentence.

        Raises:
            WrongError: with that sentence.
        """
        kernel = self.kernel
        try:
            answer = guarded(function, *arguments)
        except OutOfBudgetError:
            raise WrongError(f"{name}() ran {MOST_STEPS:,} steps and did not end", words.ENDLESS) from None
        except WrongError:
            raise
        except OSError as error:
            if name == "may_switch" and not kernel.trapped:
                raise
            if not kernel.trapped:
                raise WrongError(f"{name}(): {error.strerror or error}", words.at_line(error, STUDENT)) from None
            answer = None
        except ForbiddenError as error:
            tried.clear()
            raise WrongError(f"{name}() {error}", words.APART) from None
        except SystemExit:
            raise WrongError(f"{name}() called sys.exit()", words.EXIT) from None
        except MemoryError:
            raise WrongError(f"{name}() used up all memory", words.MEMORY) from None
        except Exception as error:
            if not kernel.trapped:
                if name == "__init__" and isinstance(error, TypeError) and words.at_line(error, STUDENT) == words.ELSEWHERE:
                    raise WrongError("it could not be made", words.MADE) from None
                said = f"{type(error).__name__}: {str(error)[:200]}"
                where = words.at_line(error, STUDENT)
                if isinstance(error, TypeError) and where == words.ELSEWHERE and "positional argument" in said:
                    where = words.parameters(name)
                raise WrongError(f"{name}() raised {said}", where) from None
            answer = None
        if tried:
            raise WrongError(f"{name}() {tried.pop()}", words.APART)
        if kernel.trapped:
            raise WrongError(kernel.trapped, words.of_trap(kernel.trapped, kernel.actor.call))
        if kernel.grace.depth.get(kernel.actor.number):
            raise WrongError(f"{name}() left an RCU read section open", words.SECTION)
        return answer

    def hook(self, name: str, *arguments: Any) -> Any:
        """Call one hook of the controller's."""
        self.kernel.actor.call = Call()
        if getattr(type(self.controller), name, None) is getattr(SlabListener, name, self):
            return True  # not overridden; the base class's own, compiled, would take no view for a slab
        before = self.counters()
        answer = self.run(name, getattr(self.controller, name), *arguments)
        if self.kernel.actor.stop is None:  # beside others the end is compared
            self.untouched(name, before)
        return answer

    def counters(self) -> dict[int, tuple[int, int, int]]:
        """Return (usage, references, limit) of each container, by number."""
        there = enumerate(self.kernel.machine.kmem_subsystem.owners)
        return {ident: (int(css.res.usage), int(css.refs), int(css.res.limit)) for ident, css in there if css is not None}

    def untouched(self, name: str, before: dict[int, tuple[int, int, int]]) -> None:
        """See that a hook changed the counters by its calls, and not past them.

        Raises:
            WrongError: if it did.
        """
        left = self.kernel.actor.call.left
        for ident, (usage, refs, limit) in self.counters().items():
            if ident in before and (usage, refs, limit) != (*left.get(ident, before[ident][:2]), before[ident][2]):
                raise WrongError(
                    f"{name}() changed a counter of {self.kernel.path(ident)} without a call", words.PAST_THE_CALLS
                )

    def yes_or_no(self, name: str, *arguments: Any) -> bool:
        """Call a hook that may refuse."""
        answer = self.hook(name, *arguments)
        if not isinstance(answer, bool):
            raise WrongError(f"{name}() answered {answer!r:.40}", words.NO_ANSWER.format(name=name))
        return answer

    # -- what the allocator tells

    def newpage(self, slab: Slab, cpu: int) -> bool:
        """Hear of a new slab."""
        kernel = self.kernel
        view = kernel.view(slab, born_on=True)
        before = set(kernel.arrays)
        answer = self.yes_or_no("newpage", view, int(cpu))
        call = kernel.actor.call
        self.nothing("newpage", call)
        if not answer:
            if not call.no_array:
                raise WrongError("newpage() refuses a slab although its array was to be had", words.NEWPAGE_NO)
            if set(kernel.arrays) - before:
                raise WrongError("a slab was refused and its array is kept", words.ARRAY_KEPT)
            del kernel.views[(view.cache.name, view.number)]
        return answer

    def freepage(self, slab: Slab, cpu: int) -> None:
        """Hear of a slab that goes."""
        view = self.kernel.view(slab)
        array = view.owners
        self.hook("freepage", view, int(cpu))
        self.nothing("freepage", self.kernel.actor.call)
        del self.kernel.views[(view.cache.name, view.number)]
        if array in self.kernel.arrays:
            raise WrongError("the slab has gone and its owner array is kept", words.ARRAY_KEPT)
        self.arrays_fit(slab.cache, gone=1)

    def alloc(self, slab: Slab, number: int) -> bool:
        """Hear of an object taken: hand it on, and see that it was charged, or that its refusal left nothing behind."""
        kernel, number = self.kernel, int(number)
        view = kernel.view(slab)
        payers = [self.payer()]
        stale = view.owners is not None and words.cell(view.owners, number) is not None
        answer = self.yes_or_no("alloc", view, number)
        call = kernel.actor.call
        payers.append(self.payer())
        if answer:
            self.charged(view, number, payers, call)
            return True
        if call.refused == NONE and not call.no_array:
            raise WrongError("alloc() refuses an object although nothing was refused it", words.ALLOC_NO)
        self.refused_for = call.refused
        if kernel.actor.stop is not None:
            kernel.actor.stop("kmem_cache_free")
        self.hook("free", view, number)
        for book, more in ((call.usage, kernel.actor.call.usage), (call.refs, kernel.actor.call.refs)):
            for ident, by in more.items():
                book[ident] = book.get(ident, 0) + by
        if any(call.usage.values()) or any(call.refs.values()):
            self.wrong(call, {}, {}, words.of_refusal(call, kernel.actor.call, stale))
        return False

    def charged(self, view: SlabView, number: int, payers: list[int], call: Call) -> None:
        """Compare a charge. After a move meanwhile either container will do; a slab from before on may be free."""
        size = view.cache.size
        payer = next((each for each in payers if call.usage == {each: size}), payers[0])
        if not view.born_on and not call.usage and not call.refs:
            return
        if call.usage != {payer: size} or call.refs != {payer: 1}:
            self.wrong(call, {payer: size}, {payer: 1}, words.of_charge(call, view, payer))
        self.owners[(view.cache.name, view.number, number)] = payer
        self.usage[payer] = self.usage.get(payer, 0) + size
        self.refs[payer] = self.refs.get(payer, 0) + 1
        if "store" not in call.done or len(self.kernel.arrays) < len({key[:2] for key in self.owners}):
            raise WrongError("the owner stands in no owner array", words.NOT_IN_ARRAY)

    def free(self, slab: Slab, number: int) -> None:
        """Hear of an object that goes: its owner gets back what it paid."""
        view, number = self.kernel.view(slab), int(number)
        owner = self.owners.pop((view.cache.name, view.number, number), NONE)
        self.hook("free", view, number)
        call = self.kernel.actor.call
        usage = {owner: -view.cache.size} if owner != NONE else {}
        refs = {owner: -1} if owner != NONE else {}
        if call.usage != usage or call.refs != refs:
            self.wrong(call, usage, refs, words.of_free(call, owner))
        for book, change in ((self.usage, usage), (self.refs, refs)):
            for ident, by in change.items():
                book[ident] += by

    def switched(self, cache: KmemCache, on: bool) -> None:
        """Hear that the cache was switched; after off no array of it is left."""
        view = self.kernel.view  # slabs from before on have no array, and may get one
        for slab in cache.reachable():
            view(slab)
        self.hook("switched", words.cache_view(cache), on)
        self.nothing("switched", self.kernel.actor.call)
        if not on:
            self.arrays_fit(cache, off=True)
            for key in [key for key in self.kernel.views if key[0] == cache.name]:
                del self.kernel.views[key]

    # -- what the machine asks and tells beside the allocator's events

    def may_switch(self, cache: KmemCache, on: bool, live: int) -> None:
        """Ask whether a cache may be switched off, and see that the answer is the rule's.

        Raises:
            KernelError: EBUSY, as the controller said.
        """
        self.kernel.actor.call = Call()
        busy = False
        ask = getattr(self.controller, "may_switch", None)
        if ask is not None:
            try:
                self.run("may_switch", ask, words.cache_view(cache), on, live)
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise WrongError(f"may_switch(): {error.strerror or error}", words.EBUSY_ONLY) from None
                busy = True
        due = not on and live > 0
        if busy and not due:
            raise WrongError(
                f"may_switch() refuses {'on' if on else 'off'} with {words.plural(live, 'object')} in use", words.NEEDLESS
            )
        if due and not busy:
            raise WrongError(words.switched_off(cache.name, live), words.OFF)
        if busy:
            raise KernelError(errno.EBUSY, f"{cache.name} has {words.plural(live, 'object')} in use.")

    def attached(self, before: int, after: int) -> None:
        """Tell of a task that was moved, if the controller wants to hear of it; nothing is to change."""
        if not hasattr(self.controller, "attached"):
            return
        groups = [Group(css, self.kernel.path(css.ident)) for css in map(self.css, (before, after)) if css is not None]
        if len(groups) == 2:
            self.hook("attached", *groups)
            self.nothing("attached", self.kernel.actor.call)

    # -- comparing

    def payer(self) -> int:
        """Return the number of the container that the task is in."""
        return int(self.kernel.machine.kmem.find().ident)

    def css(self, ident: int) -> Any:
        """Return a container's state, None if it is gone."""
        return self.kernel.machine.kmem_subsystem.owners[ident]

    def nothing(self, name: str, call: Call) -> None:
        """See that a hook that is not about objects charged nothing."""
        if call.usage or call.refs:
            self.wrong(call, {}, {}, words.of_other(name))

    def arrays_fit(self, cache: KmemCache, gone: int = 0, off: bool = False) -> None:
        """See that there are no more arrays than slabs to have one."""
        slabs = sum(int(each.nr_slabs) for each in self.kernel.machine.slub.caches if self in each.listeners) - gone
        kept = len(self.kernel.arrays) - max(slabs, 0)
        if kept > 0:
            when = f"{cache.name} is off" if off else "the slab has gone"
            raise WrongError(f"{when} and {words.plural(kept, 'owner array')} kept", words.ARRAY_KEPT)

    def wrong(self, call: Call, usage: dict[int, int], refs: dict[int, int], hint: str) -> None:
        """End the story with the first number that is not what it should be.

        Raises:
            WrongError: always.
        """
        for book, done, due, name in ((self.usage, call.usage, usage, "usage"), (self.refs, call.refs, refs, "references")):
            for ident in sorted(set(done) | set(due)):
                before = book.get(ident, 0)
                is_, should = before + done.get(ident, 0), before + due.get(ident, 0)
                if is_ != should:
                    where = self.kernel.path(ident).strip("/") or "the root"
                    raise WrongError(f"{where}'s {name} {is_:,}, should be {should:,}", hint)
        raise WrongError("charged and given back in one", hint)
