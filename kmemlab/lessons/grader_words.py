"""What the grader says: for everything that can be wrong one sentence that tells where to look, and never the solution."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from ..engine.types import NONE
from .grader_views import CacheView, OwnerArray

if TYPE_CHECKING:
    from ..engine.kmem_cache import KmemCache
    from .grader_views import Call, SlabView

ENDLESS = "The kernel would hang here. Which of your loops has no end?"
ELSEWHERE = "It came from what you called."
MADE = "A controller is made as MyController(kernel): its __init__ takes self and kernel, and keeps the kernel."
APART = "A controller talks to its kernel: no files, no programs, no network."
PAST_THE_CALLS = (
    "A counter is changed by res_counter_charge and res_counter_uncharge, a reference by css_get and css_put, and a limit by "
    "whoever runs the machine."
)
PARAMETERS = {
    "newpage": "slab, cpu",
    "freepage": "slab, cpu",
    "alloc": "slab, number",
    "free": "slab, number",
    "may_switch": "cache, on, live",
    "switched": "cache, on",
    "attached": "before, after",
}
EXIT = "In a kernel there is nobody to exit to: a hook returns."
MEMORY = "What grows without end? A controller keeps one array a slab, and no more."
SECTION = "Each rcu_read_lock() needs its rcu_read_unlock(), on every way out of the function."
NO_ANSWER = "{name}() answers True (go on) or False (send it back): it may not be left out on any way through it."
NEWPAGE_NO = "False sends the slab's pages back and fails the open. Say it only where there is no memory for the array."
ALLOC_NO = "False sends the object back and fails the open. Say it only where the charge was refused."
ARRAY_KEPT = (
    "Memory leaks: each array that kzalloc gave goes back by kfree when its slab goes, and when accounting is switched off."
)
EBUSY_ONLY = "may_switch() refuses with OSError(errno.EBUSY, sentence), and with nothing else."
NEEDLESS = "Only off, and only with objects in use, has to be refused."
OFF = (
    "Off without a look at the objects in use: nobody hears of their frees afterwards, and their containers pay for ever. "
    "may_switch(cache, on, live) is asked before; what should it say, and when?"
)
NO_UNCHARGE = "The object is gone and its owner still pays: what gives the bytes back when an object is freed?"
CURRENT = "The one who frees got the bytes, not the one who paid: an object is given back to its owner, whoever is current."
OWNER_FIRST = (
    "The owner was written down before the charge was granted. The refused object goes back by free(), which finds an owner "
    "and gives back what was never charged."
)
STALE = (
    "Given back twice: a freed object still had its owner in the array, and the next free() in that cell (here of an object "
    "that was refused) found it."
)
TWICE = "Given back twice: one free() gives back what one charge took, once."
UNCHARGED = "A refused charge took nothing, so there is nothing to give back."
UNWIND = "A refused object leaves nothing behind: say your steps up to the refusal aloud, backwards. Which one is not undone?"
ARRAY_LEAK = (
    "The array could not be had, and what was done before that was noticed stays done: undo it before you say False, or ask "
    "for the array first."
)
REFUSED_KEPT = "The charge was refused and the object handed out all the same: what does alloc() answer then?"
NO_ARRAY = (
    "The slab got no array, and its objects are handed out for nothing: a limit is bypassed. What may newpage() answer when "
    "kzalloc gives None?"
)
NOT_CHARGED = "Nothing was charged: an object costs the current task's container slab.cache.size bytes."
WRONG_SIZE = "An object costs its cell, slab.cache.size bytes, whichever cache it is from."
CHARGED_TWICE = "An object is charged once: one res_counter_charge of slab.cache.size bytes, on each way through alloc()."
WRONG_GROUP = "Another container was charged than the one that the current task is in now."
NO_REFERENCE = "Each object holds one reference on its container (css_get), so that it cannot be removed under it."
PUT_MISSING = (
    "The bytes went back and the reference did not: the container can never be removed. Each object's reference is put once."
)
PUT_TWICE = "More references were put than were taken: somebody else's is gone now."
UNOWNED = "This object was never charged (it is from before accounting was on): there is nothing to give back."
OUTSIDE = (
    "The container was looked up outside an RCU read section: until you have a reference on it, anybody may remove it. "
    "What has to stand around the look-up, and how long?"
)
TOO_EARLY = "The read section was left before there was a reference: from there on the container may be freed under you."
NOT_REMOVED = "With nobody beside it the remover moves task 2 to red, and then removes blue."
USE_AFTER = "Between finding a container and using it others may remove it: what keeps it alive at each moment?"
TAKEN_AT_OFF = (
    "At off the array was taken from a slab with objects in use: who paid for them is forgotten, and nobody gets it back. "
    "Which slabs may lose their arrays then?"
)
CHARGED_WHILE_OFF = "While accounting is off nothing is charged; only what was charged before is given back, when it is freed."
DRAINED = "Charged in one generation, freed in another: whoever paid is given back, however often it was switched meanwhile."
NOT_IN_ARRAY = (
    "Who pays for an object is kept in the kernel's memory, which can run out: in an array from kzalloc, one for each slab. "
    "What is kept in Python costs nothing, and no real kernel has it."
)
ARRAY_GONE = "The array was freed before: what does slab.owners say then, and who looks?"
RCU_PAIR = "Sections are entered and left in pairs."


def parameters(hook: str) -> str:
    """Say what a hook is called with."""
    return f"The first line of it has to be: def {hook}(self, {PARAMETERS[hook]})." if hook in PARAMETERS else ELSEWHERE


def plural(count: int, what: str) -> str:
    """Count something."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def switched_off(cache: str, live: int) -> str:
    """Say that off was not refused."""
    return f"{cache} is switched off with {plural(live, 'object')} in use, should be refused with EBUSY"


def cache_view(cache: KmemCache) -> CacheView:
    """Show a cache to a controller."""
    return CacheView(cache)


def cell(owners: Any, number: int) -> Any:
    """Look into an owner array without being noticed; None for any other kind."""
    return owners.cells[number] if isinstance(owners, OwnerArray) and number < len(owners.cells) else None


def of_charge(call: Call, view: SlabView, payer: int) -> str:
    """Say what is wrong with the charge of an object that was handed out."""
    if not call.usage:
        if call.refused != NONE:
            return REFUSED_KEPT
        return (
            NO_ARRAY
            if view.owners is None and "kzalloc" not in call.done and view.born_on and not charges(call)
            else NOT_CHARGED
        )
    if set(call.usage) != {payer}:
        return WRONG_GROUP
    if call.usage[payer] != view.cache.size:
        if call.usage[payer] > 0 and call.done.count("res_counter_charge") > 1:
            return CHARGED_TWICE
        return TWICE if call.usage[payer] < 0 else WRONG_SIZE
    return NO_REFERENCE if call.refs.get(payer, 0) < 1 else PUT_MISSING


def charges(call: Call) -> bool:
    """Say whether a hook tried to charge."""
    return "res_counter_charge" in call.done


def of_refusal(call: Call, freed: Call, stale: bool) -> str:
    """Say what is wrong with a refusal that left something behind; `freed` is what the free that followed did."""
    if call.no_array:
        return ARRAY_LEAK
    less = any(by < 0 for by in call.usage.values())
    if less and stale:
        return STALE
    if less and "res_counter_uncharge" in freed.done and "store" in call.done:
        return OWNER_FIRST
    if less:
        return UNCHARGED
    if "store" in call.done and freed.done:
        return OWNER_FIRST
    return UNWIND


def of_free(call: Call, owner: int) -> str:
    """Say what is wrong with a free."""
    if owner == NONE:
        return UNOWNED
    given = call.usage.get(owner, 0)
    if any(by < 0 for ident, by in call.usage.items() if ident != owner):
        return CURRENT
    if given == 0:
        return NO_UNCHARGE
    if call.done.count("res_counter_uncharge") > 1:
        return TWICE
    if any(by < 0 for ident, by in call.refs.items() if ident != owner):
        return CURRENT
    if call.refs.get(owner, 0) > -1:
        return PUT_MISSING if given < 0 else NO_UNCHARGE
    return PUT_TWICE if call.refs.get(owner, 0) < -1 else WRONG_SIZE


def of_other(name: str) -> str:
    """Say what is wrong with a hook that charges although it is about no object."""
    if name == "attached":
        return "A task's memory does not move with it: what was charged stays where it was until it is freed."
    return f"{name}() is about slabs, not objects: it charges nothing and gives nothing back."


def of_trap(sentence: str, call: Call) -> str:
    """Say what to look at after a trap."""
    if "owner array" in sentence:
        return ARRAY_GONE
    if "rcu_read_unlock" in sentence:
        return RCU_PAIR
    if call.outside:
        return OUTSIDE
    if "current_container" in call.done and "rcu_read_unlock" in call.done:
        return TOO_EARLY
    return USE_AFTER


def at_line(error: BaseException, student: str) -> str:
    """Name the student's line that raised."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(student):
            return f"Line {frame.lineno} of what you wrote, in {frame.name}()."
    return ELSEWHERE
