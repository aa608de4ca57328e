"""A race in the reader's hands, in a real page: buttons and keys let tasks step; what is drawn is what the machine has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser

LESSON = Path(__file__).parents[2] / "notebooks" / "06-rcu.ipynb"
RACE = 'from kmemlab.lab import RaceView\nrace = RaceView("v2")\nrace'


def frame(lab: LabPage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lab.python("import json\nprint(json.dumps(race.steering.frame()))"))
    return found


def let(lab: LabPage, who: int) -> None:
    before = lab.data("seq")
    lab.root.locator(f".kl-racego[data-who='{who}']").click()
    lab.settle(before)


def test_a_reader_lets_tasks_step_until_a_freed_container_is_used_and_goes_back(lab: LabPage) -> None:
    lab.open(RACE)
    lab.ready()
    lab.root.focus()
    plans = [plan.locator("li").all_inner_texts() for plan in lab.root.locator(".kl-raceplan").all()]
    assert plans == frame(lab)["plans"] and all(plans), "before the first step there is something to see"
    lab.shot("race-begin")
    for who in (0, 0, 1, 1, 1, 1):
        let(lab, who)
    lab.root.focus()
    lab.press("2")  # the key of the second task: it frees the container
    gone = lab.root.locator(".kl-racestate[data-gone]")
    assert gone.inner_text().split() == ["/a", "freed", "in", "the", "hand", "of", "charge"]
    let(lab, 0)
    told = frame(lab)
    steps = lab.root.locator(".kl-racestep")
    assert [steps.nth(n).get_attribute("data-who") for n in range(steps.count())] == [str(row[0]) for row in told["story"]]
    assert lab.root.locator(".kl-racestep[data-trap]").count() == 1
    assert lab.sentence() == "Use of a freed container: css_get on /a"
    lab.shot("race-trap")
    lab.root.focus()
    lab.press("ArrowLeft")
    assert lab.root.locator(".kl-racestep").count() == 7
    before = lab.data("seq")
    lab.click(".kl-raceall")
    lab.settle(before)
    found = frame(lab)["found"]
    assert f"{found['violations']} of them go wrong" in lab.root.locator(".kl-racewords").inner_text()
    lab.press("Home")
    assert lab.root.locator(".kl-racestep").count() == 0
    before = lab.data("seq")
    lab.click(".kl-raceworst")
    lab.settle(before)
    assert lab.root.locator(".kl-racestep").count() == len(found["shortest"]) - 1
    lab.page.keyboard.press("t")
    lab.page.wait_for_selector(".kmemlab-lab .kl-twin:visible")
    assert lab.root.locator(".kl-twin").inner_text().strip() == frame(lab)["twin"].strip()


OWN = """from kmemlab.lab import RaceView
from kmemlab.races import Scene
def charger(at):
    yield "Find"
    at.take()
    at.find()
    yield "Get"
    at.get()
    yield "Charge"
    at.charge()
    at.store()
def remover(at):
    yield "Take the task out"
    at.switch(2, "/b")
    at.put_old(2)
    yield "checK"
    at.may_rmdir("/a")
    yield "X: free"
    if not at.refused:
        at.remove("/a")
race = RaceView(Scene((("charger", charger), ("remover", remover)), old=0), explored=True)
race"""


@pytest.mark.long
def test_a_small_scene_lists_every_schedule_and_a_click_stands_before_its_end(lab: LabPage) -> None:
    lab.open(OWN)
    lab.ready()
    rows = lab.root.locator(".kl-racerow")
    assert rows.count() == 20
    wrong = lab.root.locator(".kl-racerow[data-wrong]")
    assert wrong.count() == 3
    before = lab.data("seq")
    wrong.first.click()
    lab.settle(before)
    assert len(frame(lab)["story"]) == 5
    lab.shot("race-own-light")
    lab.dark(True)
    lab.shot("race-own-dark")


@pytest.mark.long
def test_in_the_lesson_a_race_opens_when_its_prediction_is_answered_and_is_lost_by_hand(lab: LabPage) -> None:
    lab.page.set_viewport_size({"width": 1280, "height": 1000})
    lab.open_file(LESSON)
    race = lab.page.locator(".kmemlab-view[data-part=race]").first
    race.locator(".kl-curtain", has_text="when prediction 06.1 is answered").wait_for()
    assert lab.page.locator(".kl-racego:visible").count() == 0
    asked = lab.page.locator(".kl-asking", has_text="Predict 06.1")
    asked.locator("input").fill("5")
    asked.locator(".kl-commit").click()
    why = asked.locator(".kl-why")
    why.wait_for()
    machine, words = asked.locator(".kl-machine").bounding_box(), why.bounding_box()
    assert machine and words and machine["y"] + machine["height"] <= words["y"] + 1, "the machine's answer covers no words"
    for turn, who in enumerate("01110", 1):
        race.locator(f".kl-racego[data-who='{who}']").click()
        race.locator(".kl-racestep").nth(turn - 1).wait_for()
        if turn == 4:
            assert (
                " ".join(race.locator(".kl-racestate[data-gone]").inner_text().split()) == "/blue freed in the hand of charger"
            )
            lab.shot("lesson-06-steered-light")
    assert race.locator("h1").inner_text() == "Use of a freed container: css_get on /blue"
    lab.dark(True)
    lab.shot("lesson-06-steered-dark")
    assert lab.errors == []
