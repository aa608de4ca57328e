# S2: listeners of one's own hear the events that accounting needs, in order, and may refuse; the allocator does not know them.
from kmemlab import Machine
from kmemlab.engine.kmem_cache import Slab
from kmemlab.engine.notify import SlabListener


class Counter(SlabListener):
    """Counts what it hears."""

    def __init__(self) -> None:
        self.heard = dict.fromkeys(("newpage", "freepage", "alloc", "free"), 0)

    def newpage(self, slab: Slab, cpu: int) -> bool:
        self.heard["newpage"] += 1
        return True

    def freepage(self, slab: Slab, cpu: int) -> None:
        self.heard["freepage"] += 1

    def alloc(self, slab: Slab, number: int) -> bool:
        self.heard["alloc"] += 1
        return True

    def free(self, slab: Slab, number: int) -> None:
        self.heard["free"] += 1


class EveryThird(SlabListener):
    """Refuses each third object."""

    def __init__(self) -> None:
        self.asked = 0

    def alloc(self, slab: Slab, number: int) -> bool:
        self.asked += 1
        return self.asked % 3 != 0


machine = Machine()
filp = machine.find_cache("filp")
counter, third = Counter(), EveryThird()
for listener in (counter, third):
    machine.notifier.register(listener)
    machine.notifier.switch(filp, listener, True)
print(machine.run("open 9").err)
print(machine.run("close all").err or "closed")
machine.check()
print(", ".join(f"{event} {count}" for event, count in counter.heard.items()))
