"""poke, dmesg and validate at the shell: what is typed, what is said, and that a session goes to and fro over it."""

from __future__ import annotations

import errno

import pytest

from kmemlab import Machine, Session

BOOT = "slub_nomerge slub_debug=FZPU"


@pytest.fixture
def machine() -> Machine:
    made = Machine(memory="2M", boot=BOOT)
    assert made.run("kthread 2 kmalloc-16").status == 0
    return made


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("poke kmalloc-16 0.0+16 0x12", "somebody wrote 0x12 behind kmalloc-16 slab 0 object 0: its red zone"),
        (
            "poke kmalloc-16 0.0+0x20 1",
            "somebody wrote 0x01 behind kmalloc-16 slab 0 object 0: its tracking record, where no check looks",
        ),
        ("poke kmalloc-16 0.0 1 2", "somebody wrote 0x01 0x02 into kmalloc-16 slab 0 object 0: in use, where no check looks"),
        ("poke kmalloc-16 0.2 1 2 3 4 5", "somebody wrote 0x01 0x02 0x03 0x04 ... into kmalloc-16 slab 0 object 2: free"),
        ("poke kmalloc-16 0.1-1 0", "somebody wrote 0x00 behind kmalloc-16 slab 0 object 0: its padding"),
        ("poke kmalloc-16 0.0+24 0x12", "somebody wrote 0x12 behind kmalloc-16 slab 0 object 0: its free pointer"),
        ("poke kmalloc-16 0.45+88 9", "somebody wrote 0x09 behind the last object of kmalloc-16 slab 0"),
    ],
)  # fmt: skip
def test_poke_says_what_somebody_wrote_and_where(machine: Machine, line: str, out: str) -> None:
    result = machine.run(line)
    assert (result.out, result.err, result.hint) == (out, "", "")
    machine.check()


def test_an_address_may_be_typed_as_dmesg_prints_it(machine: Machine) -> None:
    machine.run("poke kmalloc-16 0.0+16 0x12")
    machine.run("echo 1 > /sys/slab/kmalloc-16/validate")
    line = next(line for line in machine.run("dmesg").out.splitlines() if line.startswith("INFO: Object"))
    address = line.split()[2]
    assert machine.run(f"poke {address}+17 0x13").out.startswith("somebody wrote 0x13 behind kmalloc-16 slab 0 object 0")


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("poke kmalloc-16 0.0+16 256", errno.EINVAL),
        ("poke kmalloc-16 0.0+16 -1", errno.EINVAL),
        ("poke kmalloc-16 0.0+16", errno.EINVAL),
        ("poke kmalloc-16 0 1", errno.EINVAL),
        ("poke kmalloc-16 0.46 1", errno.EINVAL),
        ("poke kmalloc-16 1.0 1", errno.ENOENT),
        ("poke kmalloc-17 0.0 1", errno.ENOENT),
        ("poke 0x1000000000000 1", errno.EFAULT),
        ("poke 99999999999999999999 1", errno.EFAULT),
        ("poke 0xffff8100001ff000 1", errno.EFAULT),
        ("poke kmalloc-16 0.0-1 1", errno.EFAULT),
        ("dmesg -c", errno.EINVAL),
    ],
)
def test_what_cannot_be_overwritten_is_refused_and_nothing_changes(machine: Machine, line: str, number: int) -> None:
    before = machine.state_hash()
    result = machine.run(line)
    assert result.errno == number
    assert result.err and result.hint
    assert machine.state_hash() == before


def test_a_command_that_causes_reports_says_how_many_and_dmesg_prints_them(machine: Machine) -> None:
    machine.run("poke kmalloc-16 0.0+16 0x12")
    assert machine.run("dmesg").out == ""
    assert machine.run("echo 1 > /sys/slab/kmalloc-16/validate").hint == "SLUB_DEBUG made 2 reports: `dmesg` prints them"
    lines = machine.run("dmesg").out.splitlines()
    assert lines[1] == "BUG kmalloc-16: Redzone overwritten"
    assert lines[3].endswith("10-0x" + lines[3].split("-0x")[1]) and "First byte 0x12 instead of 0xcc" in lines[3]
    assert lines[-1].startswith("FIX kmalloc-16: Restoring 0x") and lines[-1].endswith("=0xcc")
    assert any(line.startswith(" Redzone 0x") and line.endswith(":  12 cc cc cc cc cc cc cc") for line in lines)
    assert machine.run("echo 1 > /sys/slab/kmalloc-16/validate").hint == ""


def test_a_session_goes_to_and_fro_over_damage_and_tells_of_it() -> None:
    session = Session(memory="2M", boot=BOOT)
    hashes = {}
    for line in (
        "open 3", "poke filp 0.0+216 0x12", "poke filp 0.5 7", "open 9", "poke filp 1.3+100 8",
        "echo 1 > /sys/slab/filp/validate", "close 0", "echo 1 > /sys/slab/filp/validate", "close all", "dmesg",
    ):  # fmt: skip
        session.run(line)
        session.machine.check()
        hashes[session.position] = session.machine.state_hash()
    said = {}
    for position in sorted(hashes, reverse=True):
        session.seek(position)
        assert session.machine.state_hash() == hashes[position]
        said[session.commands[session.log.command - 1]] = session.records("steps")[-1].to_dict()["sentence"]
    assert said["poke filp 0.0+216 0x12"] == "Somebody wrote 0x12 behind filp slab 0 object 0."
    for position in range(1, session.length + 1):
        session.seek(position)
        session.machine.check()
        assert all(len(each.to_dict()["sentence"]) <= 64 for each in session.records("steps"))
    again = Session.from_dict(session.to_dict())
    assert again.machine.state_hash() == session.machine.state_hash()


def test_an_explanation_says_what_a_validation_found() -> None:
    session = Session(memory="2M", boot=BOOT)
    session.run("open 1", "poke filp 0.0+216 0x12")
    told = []
    for _ in range(2):
        session.run("echo 1 > /sys/slab/filp/validate")
        told.append(session.records("steps")[-1].to_dict()["sentence"])
    assert told == ["filp's slabs were checked: 2 reports, in dmesg.", "filp's slabs were checked: nothing is wrong."]


def test_dmesg_looks_without_becoming_part_of_the_session() -> None:
    session = Session(memory="2M", boot=BOOT)
    session.run("open 1", "poke filp 0.0+216 0x12", "close 0")
    looked = session.look("dmesg")
    assert looked is not None
    assert "BUG filp: Redzone overwritten" in looked.out
    assert len(session.commands) == 3
    for topic in ("validate", "/sys/slab/filp/alloc_calls", "poison"):
        assert "Write 1 to validate" in session.machine.run(f"man {topic}").out


def test_a_name_on_the_boot_line_is_the_beginning_of_the_names_of_caches() -> None:
    machine = Machine(memory="2M", boot="slub_debug=Z,kmalloc-1")
    on = [name for name, cache in machine.caches.items() if cache.debug]
    assert sorted(on) == ["kmalloc-1024", "kmalloc-128", "kmalloc-16", "kmalloc-192"]
