from __future__ import annotations

import pytest

from .machines import Checked

VARIANTS = [("2.6.23", 1), ("2.6.23", 2), ("2.6.24", 1), ("2.6.24", 2)]


@pytest.fixture(params=VARIANTS, ids=[f"{slub}-{cpus}cpu" for slub, cpus in VARIANTS])
def machine(request: pytest.FixtureRequest) -> Checked:
    """Both eras, one and two cpus; one MiB, checked after every operation."""
    slub, cpus = request.param
    return Checked(slub=slub, cpus=cpus)


@pytest.fixture(params=["2.6.23", "2.6.24"])
def bare(request: pytest.FixtureRequest) -> Checked:
    """Both eras on two cpus, with the kmalloc caches only."""
    return Checked(slub=request.param, cpus=2, caches=False)


@pytest.fixture
def kmem() -> Checked:
    """2.6.24, kmem mounted on /containers, filp accounted, a container `web` with task 2 in it."""
    ready = Checked()
    ready.mount()
    ready.mkdir("web")
    ready.fork()
    ready.attach(2, "web")
    ready.account("filp")
    return ready
