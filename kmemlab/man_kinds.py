"""The manual, continued: the commands of the four kinds of kernel memory, all of them kmemlab's own."""

from __future__ import annotations

PAGES: dict[str, str] = {
    "kmalloc": """\
kmalloc SIZE [ACCOUNT]

Take SIZE bytes of kmalloc by hand, as a module would; `kfree` gives them back. Nobody pays, as in the patchset: the callers
of a kmalloc cache are not known by cache. With ACCOUNT the call itself says that it is to be charged, and the container of the
task pays s->size, what the kmalloc cache really gives: kmemlab's own extension, after __GFP_ACCOUNT of Linux 4.5, on a machine
booted with kinds=cache,kmalloc (`kmemlab sh --kinds`, Session(kinds=...)); on another: Invalid argument. No memory, or a charge
that does not fit: Cannot allocate memory.""",
    "pages": """\
pages ORDER [ACCOUNT]

Take 2**ORDER pages, 0 to 10, straight from the buddy allocator. With ACCOUNT they are charged, 4,096 bytes each, on a machine
booted with kinds=cache,pages. The rest is as in `man kmalloc`.""",
    "vmalloc": """\
vmalloc SIZE [ACCOUNT]

Take SIZE bytes in single pages that are in one piece only in addresses. Besides the pages there are a vm_struct and an array of
page pointers (kmalloc), and behind the area a guard page that has an address and no memory. With ACCOUNT the pages are charged,
the guard page is not, on a machine booted with kinds=cache,vmalloc. The rest is as in `man kmalloc`.""",
    "kfree": """\
kfree ADDRESS|all

Give back what `kmalloc`, `pages` or `vmalloc` gave (kfree, free_pages, vfree). Whoever paid is paid back, whoever calls.
Another address: Invalid argument.""",
    "kmalloc_account": """\
kmalloc_account, a word of the boot line: `kmemlab sh --boot "slub_nomerge kmalloc_account"`

Let cache_account of a kmalloc cache take a 1, which the letter refuses. kmemlab's own, to see what would happen: a slab needs
an owner array, the array is kmalloc'ed, and that may need a slab. kmalloc-128 has 32 objects a slab and takes 256 bytes of
kmalloc-256 for their owners; kmalloc-256 has 16, and takes 128 bytes of kmalloc-128. Account both, then `kmalloc 100`. A
kernel would run off its stack; here it is trapped eight slabs deep (Cannot allocate memory), all of it goes back, and `dmesg`
prints the stack.""",
    "sites": """\
sites

List the call sites: who asks the kernel for memory that is no object of a named cache, of which kind, how many of its pieces
there are, and the bytes of them that some container pays for (seen) and nobody does (unseen). The objects of caches come first,
what was called by hand last. Owner arrays are left out: the allocator asks for those itself.

On a machine booted with kinds=cache,kmalloc,vmalloc,pages (kmemlab's own extension) a call site can be marked:
`echo 1 > /sys/kernel/debug/kmem_sites/pipe_buffer`. From then on its calls are charged to the task's container, and a charge
that does not fit refuses the call. What was given before stays unpaid. 0 takes the mark away: what is paid for stays so until
it is freed. On another machine, or for a kind that is not among its kinds: Invalid argument.""",
}
