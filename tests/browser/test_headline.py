"""The headline in a real page: a refusal is drawn as one, and the longest sentences stay on one line."""

from __future__ import annotations

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser

SETUP = """from kmemlab import Lab, Session
s = Session(memory="2M")
s.run("mount -t container -o kmem none /containers", "mkdir /containers/db", "mkdir /containers/web", "fork",
      "echo 1 > /sys/slab/filp/cache_account", "echo 2 > /containers/web/tasks", "as 2 open 2")"""


def colours(lab: LabPage) -> tuple[str, str]:
    """The headline's colour, and the colour of words that say no."""
    found: list[str] = lab.page.evaluate(
        """() => {
          const lab = document.querySelector('.kmemlab-lab');
          const probe = lab.appendChild(document.createElement('i'));
          probe.style.color = 'var(--kl-nox)';
          const colours = [lab.querySelector('.kl-sentence'), probe].map((e) => getComputedStyle(e).color);
          probe.remove();
          return colours;
        }"""
    )
    return found[0], found[1]


def lines(lab: LabPage) -> float:
    """How many lines the headline takes."""
    return float(
        lab.page.evaluate(
            """() => {
              const range = document.createRange();
              range.selectNodeContents(document.querySelector('.kmemlab-lab .kl-sentence'));
              return new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size;
            }"""
        )
    )


@pytest.mark.parametrize("dark", [False, True])
def test_a_refused_command_is_drawn_as_a_refusal_and_the_next_one_is_not(lab: LabPage, dark: bool) -> None:
    lab.open(SETUP, "lab = Lab(s)\nlab")
    lab.ready()
    lab.dark(dark)
    lab.type("rmdir /containers/web")
    assert lab.sentence() == "Refused. 1 task and 2 objects still refer to web."
    now, refusing = colours(lab)
    assert now == refusing
    assert lab.page.locator(".kmemlab-lab g.kl-node[data-state=refused] .kl-cross").count() == 1
    lab.shot(f"refused-command-{'dark' if dark else 'light'}")
    lab.type("open 1")
    now, refusing = colours(lab)
    assert now != refusing
    assert lab.page.locator(".kmemlab-lab .kl-cross").count() == 0
    lab.dark(False)
    assert lab.errors == []


def test_a_sentence_of_64_characters_takes_one_line_at_1280(lab: LabPage) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 800})
    lab.open(SETUP, "lab = Lab(s)\nlab")
    lab.ready()
    lab.full_screen()
    lab.type("echo -n 9223372036854775807 > /containers/web/kmem.limit")
    assert lab.sentence() == "web may hold 9,223,372,036,854,775,807 bytes of kernel objects."
    assert lines(lab) == 1
    lab.type("echo 2 > /containers/db/tasks")
    assert lab.sentence() == "init now lives in db. What it opened before stays with web."
    assert lines(lab) == 1
