"""The merging trap: the table in docs/merging.md, the scenario beside its variant, and the boot word that spares a cache."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.merging import merging_lines, merging_rows
from kmemlab.scenarios import play
from kmemlab.shell import Machine
from kmemlab.variants import variant

DOC = Path(__file__).parents[2] / "docs" / "merging.md"
SPARED = "slab_account=filp,mnt_cache"


def test_the_table_in_the_docs_is_what_the_machines_say() -> None:
    rows = merging_rows()
    assert [line for line in DOC.read_text(encoding="utf-8").splitlines() if line.startswith("|")] == merging_lines(rows)
    assert merging_rows("2.6.23") == rows  # as the text below the table says


def test_the_list_of_lesson_04() -> None:
    rows = {row.cache: row for row in merging_rows()}
    for name in ("dentry", "sighand_cache"):
        assert (rows[name].plain, rows[name].merged_with) == ("1", ())
    for name, twin in (("filp", 256), ("mnt_cache", 256), ("pid", 64), ("skbuff_head_cache", 192)):
        assert rows[name].plain == "EINVAL"
        assert f"kmalloc-{twin}" in rows[name].merged_with
    assert all(row.nomerge == "1" for row in rows.values())
    assert {name for name, row in rows.items() if row.account != "1"} == {"fs_cache", "skbuff_head_cache", "pid", "uid_cache"}


def test_two_that_merged_with_each_other_are_charged_together() -> None:
    machine = Machine(boot="", memory="2M")
    assert machine.run("echo 1 > /sys/slab/UNIX/cache_account").errno == 0
    assert machine.run("cat /sys/slab/signal_cache/cache_account").out == "1"


def test_the_refusal_names_the_cache_that_it_is_and_changes_nothing() -> None:
    machine = Machine(boot="", memory="2M")
    before = machine.state_hash()
    refused = machine.run("echo 1 > /sys/slab/filp/cache_account")
    assert (refused.errno, refused.err) == (errno.EINVAL, "sh: write error: Invalid argument")
    assert refused.hint == "kmalloc caches cannot be accounted, and filp is kmalloc-256: boot with slub_nomerge."
    assert machine.state_hash() == before
    assert "their callers" in machine.run("echo 1 > /sys/slab/kmalloc-256/cache_account").hint


def test_the_boot_word_keeps_a_cache_from_merging_and_switches_nothing_on() -> None:
    machine = Machine(boot=SPARED, memory="2M")
    assert [machine.find_cache(name).name for name in ("filp", "mnt_cache", "pid")] == ["filp", "mnt_cache", "kmalloc-64"]
    assert not any(machine.accounted(cache) for cache in machine.slub.caches)
    assert machine.run("cat /sys/slab/filp/aliases /sys/slab/kmalloc-256/aliases").out == "0\n0"
    machine.run("echo 1 > /sys/slab/filp/cache_account")
    machine.run("open 20")
    assert machine.kmem_subsystem.root.res.usage == 20 * 256
    machine.check()
    again = Machine(boot=SPARED, memory="2M")
    again.restore(json.loads(json.dumps(machine.state())))
    again.check()
    assert again.state_hash() == machine.state_hash()


@pytest.mark.parametrize(
    "boot", ["slab_account", "slab_account=", "slab_account=filp,", "slab_account=flip", "slab_account=kmalloc-64"]
)
def test_a_boot_word_that_names_no_cache_is_refused(boot: str) -> None:
    with pytest.raises(KernelError, match="slab_account"):
        Machine(boot=boot)


def test_the_scenario_and_its_variants_stand_side_by_side() -> None:
    session = play("merging")
    usages = {}
    for boot in ("", "slub_nomerge", SPARED):
        beside = variant(session, boot=boot)
        assert beside.commands == session.commands
        usages[boot] = [
            result.out for line, result in zip(beside.commands, beside.results, strict=True) if "kmem.usage" in line
        ]
        beside.machine.check()
    assert usages[""][0] == "0\n0"  # nobody pays for twenty files
    assert usages["slub_nomerge"][0] == usages[SPARED][0] == "4096\n4"  # sixteen fit
    # The fork pays for sighand_cache (2,112); for UNIX's other name signal_cache (704) where they merged, else for pid (64).
    assert (usages[""][1], usages["slub_nomerge"][1]) == ("2816", "2176")


def test_the_command_prints_the_table() -> None:
    said = [
        subprocess.run([sys.executable, "-m", "kmemlab", "merging", *more], capture_output=True, text=True, check=True).stdout
        for more in ([], ["--json"])
    ]
    assert said[0].splitlines()[:-1] == merging_lines(merging_rows())
    assert said[0].splitlines()[-1].startswith("merging: 27 caches, 6 refused where caches merge: fs_cache, filp,")
    found = json.loads(said[1])
    assert (len(found["caches"]), found["caches"][8]["cache"], found["caches"][8]["plain"]) == (27, "filp", "EINVAL")
