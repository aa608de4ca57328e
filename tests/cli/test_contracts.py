"""The command line as a stranger meets it: arguments, last lines, exit codes, JSON keys, one stderr line for what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kmemlab import __version__
from kmemlab.recordings import RECORDINGS

FD = RECORDINGS / "trace-fd.csv.gz"
SMALL = RECORDINGS / "recordings" / "res_counter_charge.csv.gz"


def kmemlab(*arguments: object, stdin: str | bytes = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the console command."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    ran = subprocess.run([sys.executable, "-m", "kmemlab", *map(str, arguments)], input=given, capture_output=True, env=env)
    return subprocess.CompletedProcess(ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode())


def as_json(*arguments: object) -> dict[str, Any]:
    """Run with --json; stdout is one object with the three keys that all have."""
    ran = kmemlab(*arguments, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("\n") == 1
    told: dict[str, Any] = json.loads(ran.stdout)
    assert (told["schema"], told["kmemlab"]) == (1, __version__)
    assert told["engine"] in ("pure", "compiled")
    return told


def one_line(ran: subprocess.CompletedProcess[str]) -> str:
    """Exit 2, nothing on stdout, one line on stderr."""
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1
    return ran.stderr


# -- all


@pytest.mark.parametrize(
    "arguments", [[], ["frobnicate"], ["verify", "--nope"], ["replay"], ["replay", FD, "--limit", "1x"]], ids=str
)
def test_wrong_usage_exits_2_and_says_how_it_is_used(arguments: list[object]) -> None:
    ran = kmemlab(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("usage: kmemlab")


def test_version_and_help() -> None:
    assert kmemlab("--version").stdout == f"kmemlab {__version__}\n"
    told = kmemlab("--help").stdout
    assert all(name in told for name in ("verify", "replay", "sh"))


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m kmemlab replay {FD} --json | head -c 10"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert "Traceback" not in ran.stderr


# -- verify


def test_verify_ends_with_what_was_verified() -> None:
    ran = kmemlab("verify", SMALL)
    first, last = ran.stdout.splitlines()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert first.startswith(f"ok counter-charge {SMALL} rows=")
    rows = int(first.split("rows=")[1].split()[0])
    assert rows > 0
    assert last == f"verified 1 files, {rows} rows, 0 mismatches"


def test_verify_without_a_path_checks_what_ships() -> None:
    ran = kmemlab("verify")
    assert ran.returncode == 0
    *_, skipped, last = ran.stdout.splitlines()
    assert skipped.startswith("skipped ")
    files, rows, mismatches = (int(word) for word in last.replace(",", "").split() if word.isdigit())
    assert files >= 25
    assert rows > 50_000
    assert mismatches == 0
    kinds = {line.split()[0] for line in ran.stdout.splitlines()[:-2]}
    assert kinds == {"ok", "skip"}


def test_the_json_of_verify() -> None:
    told = as_json("verify", SMALL)
    assert set(told["files"][0]) == {"path", "kind", "kernel", "status", "rows", "mismatches", "reason", "first"}
    assert set(told["totals"]) == {"files", "rows", "mismatches", "skipped", "seconds", "engine_s"}
    assert (told["files"][0]["path"], told["files"][0]["first"]) == (str(SMALL), None)
    assert told["totals"]["rows"] == told["files"][0]["rows"] > 0


# -- replay


def test_replay_ends_with_what_was_replayed() -> None:
    ran = kmemlab("replay", FD)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "replayed 83849 events, 3 containers, 0 refused"


def test_replay_with_a_limit_counts_refusals() -> None:
    ran = kmemlab("replay", FD, "--container", "/cg/fd", "--limit", "1M")
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[-1].endswith(" 7908 refused")
    assert "line 16953" in ran.stdout


def test_the_json_of_replay() -> None:
    told = as_json("replay", FD, "--container", "/cg/fd", "--limit", "1M")
    assert {"trace", "kernel", "slub", "accounted", "events", "containers", "caches", "markers"} <= set(told)
    assert set(told["events"]) == {"rows", "allocs", "frees", "refused", "kernel_failed", "pretrace_frees", "skipped"}
    bomb = told["containers"]["/cg/fd"]
    assert set(bomb) == {"limit", "usage", "peak", "failcnt", "charges", "objects", "first_refused"}
    assert set(bomb["first_refused"]) == {"row", "ts_ns", "pid", "comm", "cache", "size", "usage"}
    assert (bomb["limit"], bomb["failcnt"], bomb["first_refused"]["row"]) == (1 << 20, 7908, 16953)
    assert {
        "size",
        "order",
        "objs_per_slab",
        "accounted",
        "allocs",
        "frees",
        "live",
        "slabs",
        "pages",
        "peak_slabs",
        "kernel_slabs",
    } <= set(told["caches"]["filp"])
    for marker in told["markers"]:
        assert set(marker) == {"text", "ts_ns", "usage", "live"}
    assert told["markers"]
    assert (told["kernel"][:2], told["slub"], told["trace"]) == ("6.", "2.6.24", str(FD))


def test_a_limit_goes_to_every_container_but_the_root_unless_one_is_named() -> None:
    told = as_json("replay", FD, "--limit", "2G", "--assign", "157=/elsewhere")
    assert {path: row["limit"] for path, row in told["containers"].items() if path == "/"} == {"/": None}
    assert told["containers"]["/elsewhere"]["limit"] == 2 << 30
    assert told["containers"]["/elsewhere"]["charges"] > 10_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/nope.csv"], "kmemlab: /nope.csv:1: expected a readable file, found no such file or directory"),
        ([SMALL], "expected a column "),
        ([FD, "--assign", "x"], "expected PID=PATH"),
        ([FD, "--assign", "\u00b2=/a"], "expected PID=PATH"),
        ([FD, "--account", "nope"], "the trace has no cache nope"),
        ([FD, "--account", "kmalloc-8"], "cannot be accounted"),
        ([FD, "--meta", "/nope.json"], "/nope.json:1: expected "),
        ([FD, "--assign", "157=/" + "x" * 300], "at most 255"),
        ([FD, "--assign", "157=/tasks"], "tasks"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_what_cannot_be_replayed_is_one_line_and_exit_2(arguments: list[object], words: str) -> None:
    assert words in one_line(kmemlab("replay", *arguments))


def test_a_filtered_trace_is_refused_unless_allowed(tmp_path: Path) -> None:
    meta = json.loads((RECORDINGS / "trace-fd.json").read_text())
    meta["meta"] = meta["meta"].replace("filter 0", "filter 1")
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    assert "--allow-filtered" in one_line(kmemlab("replay", FD, "--meta", tmp_path / "meta.json"))
    assert kmemlab("replay", FD, "--meta", tmp_path / "meta.json", "--allow-filtered").returncode == 0


def test_the_same_replay_is_the_same_bytes() -> None:
    first, again = kmemlab("replay", FD, "--limit", "1M"), kmemlab("replay", FD, "--limit", "1M")
    assert first.returncode == 0
    assert "first refusal" in first.stdout
    assert first.stdout == again.stdout


def test_a_limit_that_holds_for_nobody_says_so(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{}")
    nobody = kmemlab("replay", FD, "--meta", tmp_path / "meta.json", "--limit", "1M", "--allow-filtered")
    assert (nobody.returncode, "the limit holds for nobody" in nobody.stderr) == (0, True)
    assert "no such task" in kmemlab("replay", FD, "--assign", "99999=/a").stderr
    assert kmemlab("replay", FD, "--limit", "1M").stderr == ""


@pytest.mark.parametrize(
    "meta", ['{"meta": []}', '{"pid_cgroup": [1]}', '{"snapshots": 3}', "[" * 100_000, "1" * 5000], ids=range(5)
)
def test_a_foreign_description_of_a_trace_is_one_sentence(tmp_path: Path, meta: str) -> None:
    (tmp_path / "meta.json").write_text(meta)
    assert one_line(kmemlab("replay", FD, "--meta", tmp_path / "meta.json")).startswith(
        f"kmemlab: {tmp_path / 'meta.json'}:1: "
    )


def test_a_cache_without_a_name_is_refused() -> None:
    assert "without a name" in one_line(kmemlab("replay", FD, "--account", "filp,"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_that_cannot_be_written_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "kmemlab", "replay", str(FD)], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (ran.returncode, ran.stderr) == (2, "kmemlab: standard output: No space left on device\n")


def test_a_session_that_could_not_be_saved_does_not_begin(tmp_path: Path) -> None:
    assert "a folder" in one_line(kmemlab("sh", "--session", tmp_path / "nowhere" / "x.json", "-"))


# -- sh


def test_sh_prints_as_the_kernel_does_and_errors_on_stderr() -> None:
    ran = kmemlab("sh", stdin="# a comment\n\necho -n a\nopen 2\nopne\necho 1 > /sys/slab/kmalloc-8/cache_account\n")
    assert ran.stdout == "a\nfd 0-1: slab 0 cells 0-1\n"
    assert ran.stderr.splitlines() == [
        "sh: opne: not found",
        "sh: Did you mean open? `help` lists all.",
        "sh: write error: Invalid argument",
        "sh: kmalloc caches cannot be accounted: their callers are not known by cache.",
    ]
    assert ran.returncode == 1


@pytest.mark.parametrize(
    ("script", "status"), [("", 0), ("ls", 0), ("opne", 127), ("open 0", 2), ("opne\nls", 0), ("ls\ncat /x", 1)]
)
def test_the_exit_status_of_sh_is_the_last_commands(script: str, status: int) -> None:
    assert kmemlab("sh", "-", stdin=script).returncode == status


def test_sh_runs_a_script_of_a_profile(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("cat /proc/version\nexit\nopne\n")
    ran = kmemlab("sh", "--profile", "2.6.23-nomerge", tmp_path / "s")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "2.6.23" in ran.stdout


def test_the_json_of_sh_is_a_line_for_each_command() -> None:
    ran = kmemlab("sh", "--json", stdin="open 3\nopne\n")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [set(line) for line in lines] == [{"cmd", "out", "err", "errno", "events"}] * 2
    assert [(line["cmd"], line["errno"]) for line in lines] == [("open 3", 0), ("opne", 2)]
    assert lines[0]["events"] == 5  # a slab, three objects, the command's end
    assert (ran.stderr, ran.returncode) == ("", 127)


def test_sh_goes_on_with_a_session_and_saves_it(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    kmemlab("sh", "--session", file, stdin="open 3\n")
    ran = kmemlab("sh", "--session", file, stdin="open 1\n")
    assert ran.stdout == "fd 3: slab 0 cell 3\n"
    assert json.loads(file.read_text())["commands"] == ["open 3", "open 1"]


@pytest.mark.parametrize(
    "text",
    [
        '{"kmemlab_session": 2}',
        '{"a": 1}',
        "{",
        "",
        '{"kmemlab_session": 1, "profile": {"boot": 1}, "commands": [], "position": 0}',
    ],
)
def test_a_session_that_cannot_be_read_is_one_line_and_exit_2(tmp_path: Path, text: str) -> None:
    file = tmp_path / "lab.json"
    file.write_text(text)
    assert one_line(kmemlab("sh", "--session", file)).startswith(f"kmemlab: {file}:1: expected ")
    assert file.read_text() == text


@pytest.mark.parametrize(
    "arguments",
    [
        *[["--profile", text] for text in ("3.0", "2.6.24")],
        ["/nope"],
        *[["--memory", text] for text in ("2T", "", "-1", "9" * 5000)],
        *[["--seed", text] for text in ("x", "1.5", "9" * 5000)],
        *[["--cpus", text] for text in ("two", "\u0662")],
    ],
    ids=lambda arguments: " ".join(arguments)[:20],
)
def test_what_sh_cannot_start_with_is_one_line_and_exit_2(arguments: list[str]) -> None:
    assert ": expected " in one_line(kmemlab("sh", *arguments))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--memory", "32K"], "memory=32768: choose 64K to 16G, a multiple of 4096"),
        (["--memory", "17G"], f"memory={17 << 30}: choose 64K to 16G, a multiple of 4096"),
        (["--memory", "100000"], "memory=100000: choose 64K to 16G, a multiple of 4096"),
        (["--cpus", "0"], "cpus=0: choose 1 to 64"),
        (["--cpus", "65"], "cpus=65: choose 1 to 64"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_machine_that_there_is_not_is_one_line_and_exit_2(arguments: list[str], words: str) -> None:
    assert one_line(kmemlab("sh", *arguments, stdin="ls\n")) == f"kmemlab: {words}\n"


def test_sh_has_the_memory_the_cpus_and_the_seed_that_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    ran = kmemlab("sh", "--memory", "2M", "--cpus", "2", "--seed", "-7", "--session", file, stdin="as 1@1 open 9000\n")
    assert (ran.returncode, ran.stderr.partition(" (")[0]) == (1, "open: Too many open files in system")
    profile = json.loads(file.read_text())["profile"]
    assert (profile["memory"], profile["cpus"], profile["seed"]) == (2 << 20, 2, -7)
    before = file.read_text()
    for option, other, same in (("--memory", "1G", "2048K"), ("--cpus", "1", "2"), ("--seed", "0", "-7")):
        assert f"expected a session with {option} " in one_line(kmemlab("sh", "--session", file, option, other, stdin=""))
        assert kmemlab("sh", "--session", file, option, same, stdin="").returncode == 0
    assert file.read_text() == before


WHOSE = """\
mount -t container -o kmem none /containers
mkdir /containers/a
fork
echo 2 > /containers/a/tasks
echo 1 > /sys/slab/filp/cache_account
as 2 open 1
as 2 close 0
as 2 softirq 1 filp
cat /containers/a/kmem.usage
rcu
cat /containers/a/kmem.usage
"""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], ["256", "0 objects freed", "256"]),
        (["--rcu", "now", "--irq-payer", "current"], ["256", "0 objects freed", "256"]),
        (["--rcu", "grace"], ["512", "1 objects freed", "256"]),
        (["--rcu", "grace", "--irq-payer", "root"], ["256", "1 objects freed", "0"]),
        (["--irq-payer", "none"], ["0", "0 objects freed", "0"]),
    ],
    ids=" ".join,
)
def test_sh_boots_the_machine_that_is_asked_for(options: list[str], said: list[str]) -> None:
    ran = kmemlab("sh", *options, stdin=WHOSE)
    assert (ran.returncode, ran.stdout.splitlines()[-3:]) == (0, said)


@pytest.mark.parametrize(
    ("options", "word", "said"),
    [
        ([], "1", "1"), (["--patchset", "v3"], "1", "1"), (["--patchset", "v1"], "on", "on"),
        (["--patchset", "v1,no-word-toggle"], "1", "1"),
    ],
    ids=str,
)  # fmt: skip
def test_sh_boots_the_version_that_is_asked_for(options: list[str], word: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    typed = f"echo {word} > /sys/slab/filp/cache_account\ncat /sys/slab/filp/cache_account\n"
    ran = kmemlab("sh", "--session", file, *options, stdin=typed)
    assert (ran.returncode, ran.stdout.splitlines()) == (0, [said])
    assert "expected a session with --patchset v2" in one_line(kmemlab("sh", "--session", file, "--patchset", "v2"))
    assert kmemlab("sh", "--session", file, stdin="cat /sys/slab/filp/cache_account\n").stdout == f"{said}\n"


@pytest.mark.parametrize(
    "options",
    [["--rcu", "later"], ["--irq-payer", "me"], ["--rcu"], ["--patchset", "v4"], ["--patchset", "v3,no"]],
    ids=" ".join,
)
def test_what_sh_cannot_boot_is_wrong_usage(options: list[str]) -> None:
    ran = kmemlab("sh", *options, stdin="ls\n")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("usage: kmemlab sh")


def test_the_usage_of_sh_names_what_a_machine_may_be() -> None:
    told = kmemlab("sh", "--help").stdout
    assert "--rcu {now,grace}" in told
    assert "--irq-payer {current,root,none}" in told


def test_sh_goes_on_with_a_session_of_the_machine_that_is_asked_for_and_of_no_other(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    kmemlab("sh", "--session", file, "--rcu", "grace", "--irq-payer", "root", stdin="open 1\nclose 0\n")
    before = file.read_text()
    assert "expected a session with --rcu now, found grace" in one_line(kmemlab("sh", "--session", file, "--rcu", "now"))
    assert "--irq-payer none, found root" in one_line(kmemlab("sh", "--session", file, "--irq-payer", "none"))
    assert file.read_text() == before
    for more in ([], ["--rcu", "grace"]):
        assert kmemlab("sh", "--session", file, *more, stdin="rcu\n").returncode == 0
    assert json.loads(file.read_text())["commands"] == ["open 1", "close 0", "rcu", "rcu"]


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_bytes_that_are_no_text_are_refused_and_not_a_traceback(locale: str) -> None:
    ran = kmemlab("sh", stdin=b"ls /tmp\nmkdir /tmp/\xff\n", env={"LC_ALL": locale})
    assert "Traceback" not in ran.stderr
    assert ran.returncode in (1, 2)


def test_a_script_that_is_not_text_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"ls /tmp\n\xff\n")
    ran = kmemlab("sh", tmp_path / "s")
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"kmemlab: {tmp_path / 's'}:")


def test_sh_boots_with_the_rss_subsystem(tmp_path: Path) -> None:
    lines = "mkdir /rss\nmount -t container -o rss none /rss\nmmap 1\ntouch 1\nfault 3\ncat /rss/rss.usage\n"
    file = tmp_path / "lab.json"
    ran = kmemlab("sh", "--rss", "--session", file, stdin=lines)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "16384")
    assert kmemlab("sh", "--session", file, stdin="fault 1\n").returncode == 0
    plain = tmp_path / "plain.json"
    assert kmemlab("sh", "--session", plain, stdin="fault 1\n").returncode == 1
    assert "a session with --rss, found one without" in one_line(kmemlab("sh", "--rss", "--session", plain))


@pytest.mark.parametrize(("choice", "said"), [("skip", "0"), ("refuse", "0"), ("root", "768")])
def test_sh_boots_with_a_choice_for_objects_from_before(choice: str, said: str) -> None:
    on = "echo 1 > /sys/slab/filp/cache_account"
    lines = f"mount -t container -o kmem none /containers\nopen 3\n{on}\ncat /containers/kmem.usage\n"
    ran = kmemlab("sh", "--before-on", choice, stdin=lines)
    assert (ran.stdout.splitlines()[-1], "Device or resource busy" in ran.stderr) == (said, choice == "refuse")


def test_sh_boots_with_other_boot_words() -> None:
    for boot, status in (("", 1), ("slub_nomerge", 0), ("slab_account=filp", 0)):
        assert kmemlab("sh", "--boot", boot, stdin="echo 1 > /sys/slab/filp/cache_account\n").returncode == status


def test_sh_boots_with_other_kinds(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    ran = kmemlab("sh", "--kinds", "cache,pages", "--session", file, stdin="pages 0 ACCOUNT\nsites\n")
    assert ran.returncode == 0
    assert "4,096         0  100 % seen" in ran.stdout
    assert "a session with --kinds cache" in one_line(kmemlab("sh", "--kinds", "cache", "--session", file))
    wrong = kmemlab("sh", "--kinds", "pages", stdin="ls\n")
    assert wrong.returncode == 2
    assert "kinds='pages': cache must be among them" in one_line(wrong)
