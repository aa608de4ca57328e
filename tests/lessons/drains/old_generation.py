"""Wrong: what an older generation was charged is not given back once a new one has begun."""

from kmemlab.engine.notify import SlabListener


class Controller(SlabListener):
    def __init__(self, kernel):
        super().__init__()
        self.kernel = kernel
        self.off = set()
        self.generation = 0
        self.born = {}

    def newpage(self, slab, cpu):
        slab.owners = self.kernel.kzalloc(slab.cache.objects)
        return slab.owners is not None

    def freepage(self, slab, cpu):
        if slab.owners is not None:
            self.kernel.kfree(slab.owners)
            slab.owners = None

    def alloc(self, slab, number):
        if slab.owners is None or slab.cache.name in self.off:
            return True
        kernel = self.kernel
        kernel.rcu_read_lock()
        group = kernel.current_container()
        kernel.css_get(group)
        kernel.rcu_read_unlock()
        if not kernel.res_counter_charge(group, slab.cache.size):
            kernel.css_put(group)
            return False
        slab.owners[number] = group
        self.born[(slab, number)] = self.generation
        return True

    def free(self, slab, number):
        if slab.owners is None or slab.owners[number] is None:
            return
        group = slab.owners[number]
        slab.owners[number] = None
        if self.born[(slab, number)] != self.generation:
            return
        self.kernel.res_counter_uncharge(group, slab.cache.size)
        self.kernel.css_put(group)

    def switched(self, cache, on):
        if on:
            self.off.discard(cache.name)
            self.generation += 1
        else:
            self.off.add(cache.name)
