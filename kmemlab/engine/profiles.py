"""What kind of machine boots: an era of SLUB, a number of cpus, memory, and the boot line. Frozen; reset boots it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from .errors import invalid
from .geometry import DEBUG_FREE, POISON, RED_ZONE, STORE_USER, TRACE, OrderLimits
from .patchset import V3, WIRED_HOOKS, switches
from .sites import read_kinds
from .types import PAGE_SIZE

MIN_MEMORY: Final = 16 * PAGE_SIZE
MAX_MEMORY: Final = 1 << 34
MAX_CPUS: Final = 64
DEBUG_LETTERS: Final = {"F": DEBUG_FREE, "Z": RED_ZONE, "P": POISON, "U": STORE_USER, "T": TRACE}
FIRST: Final = ("slub", "cpus", "memory", "boot", "seed", "arrays", "rcu", "irq_payer")  # fields of the first session files
DEFAULT_DEBUG: Final = DEBUG_FREE | RED_ZONE | POISON | STORE_USER


@dataclass(frozen=True)
class Era:
    """One version of SLUB; the numbers are recorded (kind slub-defaults, facts 2.1)."""

    min_partial: int
    full_to_tail: bool
    kmalloc_largest: int

    def limits(self) -> OrderLimits:
        """Return slub_min_order, slub_max_order and slub_min_objects as compiled in."""
        return OrderLimits()


ERAS: Final = {
    "2.6.23": Era(min_partial=2, full_to_tail=False, kmalloc_largest=4 << 20),
    "2.6.24": Era(min_partial=5, full_to_tail=True, kmalloc_largest=2048),
}


@dataclass(frozen=True)
class Profile:
    """A machine to boot.

    Attributes:
        slub: the era, "2.6.23" or "2.6.24".
        cpus: 1 to 64.
        memory: bytes, a multiple of the page size, at least 64 KiB.
        boot: the kernel's boot line: "slub_nomerge" keeps every cache a cache of its own (without it caches merge);
            "slub_debug", "slub_debug=FZPU" or "slub_debug=U,filp" boots a SLUB_DEBUG kernel with these options, for
            every cache or for those whose name begins so. "slab_account=filp,mnt_cache", kmemlab's own, keeps only these
            from merging, so that they can be accounted. "kmalloc_account", kmemlab's own, too: kmalloc caches may be
            accounted, which the letter refuses (recursion.py).
        seed: what every random choice starts from.
        arrays: "memory": owner arrays are taken from the simulated kmalloc. "free": they cost nothing (recorded traces).
        rcu: "now": struct files and dentries are freed at once. "grace": when a grace period ends (rcu.py).
        irq_payer: who pays for what an interrupt allocates: "current", "root" or "none" (irq.py).
        rss: True registers the rss subsystem: each page fault takes a page of user memory and charges it (rss.py).
        off: what `echo 0 > cache_account` can do: "empty" refuses while objects live, as the letter has it; "full-list",
            "walk", "drain" and "charged-list" are designs that do it (off.py).
        patchset: "v3", "v2" or "v1", and behind commas single differences between them: "v3,null-create" (patchset.py).
        before_on: what becomes of the objects that a cache has when its accounting is switched on: "skip", "refuse" or
            "root" (before_on.py).
        kinds: what is charged: "cache", as the letter says; with "kmalloc", "vmalloc" and "pages" behind it, calls of these
            that are marked, too (kmemlab's own extension, marked.py).
        allocator: "slub", or "slab", the older one (allocators.py). `slub` is then the kernel's version.
    """

    slub: str = "2.6.24"
    cpus: int = 1
    memory: int = 64 << 20
    boot: str = "slub_nomerge"
    seed: int = 0
    arrays: str = "memory"
    rcu: str = "now"
    irq_payer: str = "current"
    rss: bool = False
    off: str = "empty"
    patchset: str = V3
    before_on: str = "skip"
    kinds: str = "cache"
    allocator: str = "slub"

    def __post_init__(self) -> None:
        for name in ("cpus", "memory", "seed"):
            if type(getattr(self, name)) is not int:
                raise invalid(f"{name}={getattr(self, name)!r}: a whole number is needed")
        for name in ("slub", "boot", "arrays", "rcu", "irq_payer", "off", "patchset", "before_on", "kinds", "allocator"):
            if not isinstance(getattr(self, name), str):
                raise invalid(f"{name}={getattr(self, name)!r}: a word is needed")
        if self.slub not in ERAS:
            raise invalid(f"slub={self.slub!r} is not modelled: choose one of {', '.join(ERAS)}")
        if not 1 <= self.cpus <= MAX_CPUS:
            raise invalid(f"cpus={self.cpus}: choose 1 to {MAX_CPUS}")
        if not MIN_MEMORY <= self.memory <= MAX_MEMORY or self.memory % PAGE_SIZE:
            raise invalid(f"memory={self.memory}: choose 64K to 16G, a multiple of {PAGE_SIZE}")
        for word in self.boot.split():
            if word not in ("slub_nomerge", "kmalloc_account") and word.partition("=")[0] not in ("slub_debug", "slab_account"):
                raise invalid(
                    f"boot option {word!r} is not modelled: "
                    "slub_nomerge, slub_debug[=FLAGS[,CACHE]], slab_account=CACHE,... and kmalloc_account are"
                )
        debug_options(self.boot)
        account_names(self.boot)
        if self.arrays not in ("memory", "free"):
            raise invalid(f"arrays={self.arrays!r}: choose memory or free")
        if self.rcu not in ("now", "grace"):
            raise invalid(f"rcu={self.rcu!r}: choose now or grace")
        if self.irq_payer not in ("current", "root", "none"):
            raise invalid(f"irq_payer={self.irq_payer!r}: choose current, root or none")
        if type(self.rss) is not bool:
            raise invalid(f"rss={self.rss!r}: choose True or False")
        if self.off not in ("empty", "full-list", "walk", "drain", "charged-list"):
            raise invalid(f"off={self.off!r}: choose empty, full-list, walk, drain or charged-list")
        if WIRED_HOOKS in switches(self.patchset) and self.off == "drain":
            raise invalid(f"off='drain' is a listener of its own: patchset={self.patchset!r} has no notifiers for it, v3 has.")
        if self.before_on not in ("skip", "refuse", "root"):
            raise invalid(f"before_on={self.before_on!r}: choose skip, refuse or root")
        if self.before_on != "skip" and self.off != "empty":
            raise invalid(f"before_on={self.before_on!r} with off={self.off!r} is not modelled: leave one of them out")
        read_kinds(self.kinds)
        if self.allocator not in ("slub", "slab"):
            raise invalid(f"allocator={self.allocator!r}: choose slub or slab")
        if self.allocator == "slab" and WIRED_HOOKS in switches(self.patchset):
            raise invalid(f"patchset={self.patchset!r} has its hooks in SLUB: allocator='slab' needs the notifiers of v3")
        if self.allocator == "slab" and debug_options(self.boot)[0]:
            raise invalid("slub_debug is an option of SLUB: boot without it, or with allocator=slub")
        if self.allocator == "slab" and self.off not in ("empty", "full-list"):
            raise invalid(f"off={self.off!r} is a design for SLUB: with allocator=slab choose empty or full-list")
        if "kmalloc_account" in self.boot.split() and (self.off, self.before_on, self.allocator) != ("empty", "skip", "slub"):
            raise invalid("boot option kmalloc_account is modelled with off=empty, before_on=skip and allocator=slub only")

    @property
    def name(self) -> str:
        """What --profile calls it."""
        return f"{self.slub}-nomerge" if "slub_nomerge" in self.boot.split() else self.slub

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values. One that came after FIRST is left out at its default.

        So a setting that is added changes neither the hash nor the file nor the link of a machine that does not use it.
        """
        return {name: value for name, value in asdict(self).items() if name in FIRST or value != DEFAULTS[name]}


def debug_options(boot: str) -> tuple[bool, int, str]:
    """Read slub_debug off a boot line: whether it is there, its flags, and how the caches it is for begin.

    Raises:
        KernelError: EINVAL for a letter that is none of F Z P U T (`setup_slub_debug`, 2.6.24; it only warns there).
    """
    for word in boot.split():
        name, equals, value = word.partition("=")
        if name == "slub_debug":
            letters, _, cache = value.partition(",")
            flags = 0
            for letter in letters if equals else "FZPU":
                if letter.upper() not in DEBUG_LETTERS:
                    raise invalid(f"slub_debug={value}: {letter!r} is none of {' '.join(DEBUG_LETTERS)}")
                flags |= DEBUG_LETTERS[letter.upper()]
            return True, flags or DEFAULT_DEBUG, cache
    return False, 0, ""


def account_names(boot: str) -> list[str]:
    """Read slab_account off a boot line: the caches that may not merge. Kmemlab's own word: 2007 knew slub_nomerge only.

    Raises:
        KernelError: EINVAL for slab_account without a name, or with an empty one.
    """
    names: list[str] = []
    for word in boot.split():
        option, _, value = word.partition("=")
        if option == "slab_account":
            names += value.split(",")
    if "" in names:
        raise invalid("slab_account needs names of caches with a comma between: slab_account=filp,mnt_cache")
    return names


def known_names(asked: list[str], known: list[str]) -> None:
    """See that slab_account names caches that there are.

    Raises:
        KernelError: EINVAL for another name, a kmalloc cache too: kmalloc caches cannot be accounted.
    """
    for name in asked:
        if name not in known:
            raise invalid(f"slab_account={name}: there is no such cache to be accounted; there is {', '.join(known[:4])} ...")


def parse_size(text: str | int) -> int:
    """Read a size in bytes, with K, M or G (1024) behind it: "64M".

    Raises:
        KernelError: EINVAL for anything else.
    """
    if isinstance(text, int):
        return text
    if not isinstance(text, str):
        raise invalid(f"{text!r} is not a size")
    digits = text[:-1] if text[-1:].upper() in ("K", "M", "G") else text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 40):
        raise invalid(f"{text[:40]!r} is not a size: write digits, then K, M or G if you like")
    return int(digits) << {"K": 10, "M": 20, "G": 30}.get(text[-1:].upper(), 0)


DEFAULTS: Final[dict[str, Any]] = asdict(Profile())
