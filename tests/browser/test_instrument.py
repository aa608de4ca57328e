"""Break points, the event log, the menus and the keys, in a real page; what they show is compared with the session."""

from __future__ import annotations

import json

import pytest

from .lab_page import LabPage

pytestmark = pytest.mark.browser

BOMB = 'from kmemlab import Lab\nlab = Lab(scenario="fd-bomb")\nlab'
ALLOC, FREE, REFUSED, NEWPAGE, FREEPAGE = 2, 3, 4, 0, 1


def events(lab: LabPage, condition: str) -> list[int]:
    """Return the events of the whole history that fulfil a condition on the log's row n."""
    code = f"log, length = lab.session.log, lab.session.length\nprint([n + 1 for n in range(length) if {condition}])"
    found: list[int] = json.loads(lab.python(code))
    return found


def go_to(lab: LabPage, n: int) -> None:
    if lab.position() == n:
        return
    before = lab.data("seq")
    lab.page.keyboard.press("g")
    lab.page.keyboard.type(str(n))
    lab.page.keyboard.press("Enter")
    lab.settle(before)


def choose(lab: LabPage, kind: str, arg: str | None = None) -> None:
    lab.press("b")
    which = f".kl-choice[data-kind={kind}]" + (f"[data-arg='{arg}']" if arg is not None else "")
    lab.page.wait_for_selector(f".kmemlab-lab {which}")
    lab.click(which)
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-breakmenu').hidden")


def test_n_goes_to_what_was_chosen_behind_b(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    bomb = json.loads(lab.python("print([i for i, p in lab.session.machine.kmem_subsystem.paths.items()])"))
    assert bomb == [0]  # at boot nobody is there but the root
    lab.press("n")
    first = lab.position()
    assert first == events(lab, f"log.kind[n] == {REFUSED}")[0]
    ident = lab.python("print(next(i for i, p in lab.session.machine.kmem_subsystem.paths.items() if p == '/bomb'))").strip()
    conditions = {
        ("slab", "filp"): f"log.kind[n] in ({NEWPAGE}, {FREEPAGE}) and log.names[log.cache[n]] == 'filp'",
        ("charge", ident): f"log.kind[n] == {ALLOC} and log.owner[n] == {ident}",
        ("errno", "ENFILE"): "log.errno[n] == 23",
        ("refusal", ""): f"log.kind[n] == {REFUSED}",
    }
    labels = {"slab": "next filp slab", "charge": "next charge to bomb", "errno": "next ENFILE", "refusal": "next refusal"}
    for (kind, arg), condition in conditions.items():
        found = events(lab, condition)
        assert found, kind
        lab.press("Home")  # at boot bomb is not there yet, but it can be waited for
        choose(lab, kind, arg)
        assert lab.root.locator(".kl-nextwords").inner_text() == labels[kind]
        lab.press("Home")
        walked = []
        for _ in range(3):
            lab.press("n")
            walked.append(lab.position())
        assert walked == (found + [found[-1]] * 3)[:3], kind
        lab.press("Shift+N")
        assert lab.position() == (found[-2] if len(found) < 3 else found[1])
        lab.press("End")
        assert lab.root.locator(".kl-next").get_attribute("aria-disabled") == "true"
        lab.press("n")
        assert "No further" in lab.root.locator(".kl-notice").inner_text()
    go_to(lab, first)
    lab.press("b")
    lab.page.wait_for_selector(".kmemlab-lab .kl-choice")
    lab.shot("break-points")


@pytest.mark.long
def test_a_broken_invariant_is_found_and_named(lab: LabPage) -> None:
    lab.open('from kmemlab import Lab, Session\nlab = Lab(Session(memory="2M"))\nlab')
    lab.ready()
    for _ in range(3):
        lab.type("open 2")
    lab.root.focus()
    lab.press("Home")
    choose(lab, "invariant")
    lab.press("n")
    assert lab.root.locator(".kl-notice span").first.inner_text() == "No further broken invariant in these 10 events."
    assert lab.position() == 0
    # What the second command makes is miscounted from now on.
    lab.python(
        "m = lab.session.machine\nrun = m.run\n"
        "def wrong(line):\n    result = run(line)\n"
        "    if m.log.length > 4: m.find_cache('filp').nr_slabs += 1\n    return result\n"
        "m.run = wrong"
    )
    lab.press("n")
    assert lab.position() == json.loads(lab.python("print(lab.session.ends[1])"))
    assert lab.root.locator(".kl-notice span").first.inner_text().startswith("An invariant is broken here: ")


def test_the_play_stops_at_the_break_point_if_it_is_told_to(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.press("b")
    lab.page.wait_for_selector(".kmemlab-lab .kl-stops")
    lab.click(".kl-stops")
    assert lab.root.locator(".kl-stops").get_attribute("aria-checked") == "true"
    lab.page.keyboard.press("Escape")
    lab.root.focus()
    for _ in range(6):
        lab.page.keyboard.press("]")
    lab.page.keyboard.press(" ")
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab').dataset.playing === 'false'")
    refusals = events(lab, f"log.kind[n] == {REFUSED}")
    assert lab.position() == refusals[0]
    lab.page.keyboard.press(" ")
    lab.page.wait_for_function("(n) => Number(document.querySelector('.kmemlab-lab').dataset.position) === n", arg=refusals[1])
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab').dataset.playing === 'false'")


def test_the_event_log_lists_what_the_filter_matches_and_a_click_goes_there(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.press("n")
    lab.press("e")
    lab.page.wait_for_selector(".kmemlab-lab .kl-logrow")
    shown = "() => [...document.querySelectorAll('.kmemlab-lab .kl-logrow')].map((e) => Number(e.dataset.n))"
    here = lab.position()
    assert lab.page.evaluate(shown) == list(range(max(1, here - 29), min(here + 30, int(lab.data("length"))) + 1))
    assert not lab.root.locator(".kl-time").is_visible()
    lab.shot("event-log")
    before = lab.data("seq")
    lab.root.locator(".kl-logfilter").fill("refused filp bomb")
    lab.settle(before)
    wanted = events(lab, f"log.kind[n] == {REFUSED} and log.names[log.cache[n]] == 'filp'")
    assert lab.page.evaluate(shown) == [n for n in wanted if n <= here][-30:] + [n for n in wanted if n > here][:30]
    before = lab.data("seq")
    lab.root.locator(f".kl-logrow[data-n='{wanted[1]}']").click()
    lab.settle(before)
    assert lab.position() == wanted[1]
    assert lab.root.locator(".kl-logrow[aria-current=true]").get_attribute("data-n") == str(wanted[1])
    before = lab.data("seq")
    lab.root.locator(".kl-logfilter").fill("<b>nobody</b>")
    lab.settle(before)
    assert "No event here matches" in lab.root.locator(".kl-log .kl-empty").inner_text()
    lab.root.focus()
    lab.press("e")
    assert lab.root.locator(".kl-time").is_visible()
    lab.press("e")  # the words are still there
    assert lab.root.locator(".kl-logfilter").input_value() == "<b>nobody</b>"


SEEN_MENU = """() => {
  const list = document.querySelector('.kmemlab-lab .kl-menu:not([hidden])');
  const last = [...list.querySelectorAll('button')].at(-1);
  const view = document.querySelector('.jp-WindowedPanel-outer').getBoundingClientRect(), box = last.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + 20, box.y + box.height / 2);
  return { scrolls: list.scrollHeight > list.clientHeight, page: list.getBoundingClientRect().bottom <= view.bottom,
           last: last.contains(top), focus: last === document.activeElement }; }"""


@pytest.mark.parametrize(("size", "scrolls"), [((1280, 720), False), ((1024, 768), False), ((1024, 660), True)])
def test_the_menus_last_entry_is_reached_on_a_small_screen(lab: LabPage, size: tuple[int, int], scrolls: bool) -> None:
    lab.page.set_viewport_size({"width": size[0], "height": size[1]})
    lab.open("from kmemlab import Lab, Session\nlab = Lab(Session(memory='2M'))\nlab")
    lab.ready()
    more = lab.root.locator(".kl-more")
    more.click()
    assert lab.page.evaluate(SEEN_MENU) == {"scrolls": scrolls, "page": True, "last": not scrolls, "focus": False}
    lab.page.keyboard.press("ArrowUp")  # by keyboard: up from the first is the last
    assert lab.page.evaluate(SEEN_MENU) == {"scrolls": scrolls, "page": True, "last": True, "focus": True}
    lab.page.keyboard.press("Escape")
    more.click()
    lab.root.locator(".kl-menuitem").first.hover()
    lab.page.mouse.wheel(0, 400)  # by mouse: the menu scrolls, the page stays
    lab.page.wait_for_function("() => " + "(" + SEEN_MENU + ")().last")
    lab.root.get_by_role("menuitem", name="Keys").click()
    assert lab.root.locator(".kl-keytable").is_visible()


def test_a_container_has_a_menu_its_commands_are_copied_and_share_copies_a_link(lab: LabPage) -> None:
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.press("n")
    lab.click("[role=treeitem][data-path='/bomb']")
    lab.page.wait_for_selector("[role=treeitem][data-path='/bomb'][aria-selected=true]")
    more = lab.root.locator("[role=treeitem][data-path='/bomb'] .kl-contmore")
    more.click()
    lab.page.wait_for_timeout(100)
    lab.shot("container-menu")
    lab.click(".kl-contmenu button:has-text('Copy its commands')")
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-notice').innerText.includes('copied')")
    copied = lab.page.evaluate("() => navigator.clipboard.readText()").splitlines()
    done = json.loads(
        lab.python(
            "import json; s = lab.session\n"
            "print(json.dumps([c for c, end in zip(s.commands, s.ends) if end <= s.position and '/containers/bomb' in c]))"
        )
    )
    assert copied == done
    assert any(line.startswith("mkdir") for line in copied)
    more.click()
    lab.click(".kl-contmenu button:has-text('Stop at its next charge')")
    assert lab.root.locator(".kl-nextwords").inner_text() == "next charge to bomb"
    lab.root.locator(".kl-share").click()
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-notice').innerText.includes('Link copied')")
    link = lab.page.evaluate("() => navigator.clipboard.readText()")
    assert json.loads(lab.python(f"print(type(lab.session).from_link({link!r}).position)")) == lab.position()


def test_a_part_that_throws_says_so_and_leaves_the_others_alive(lab: LabPage) -> None:
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.page.evaluate(
        """() => { const real = Element.prototype.replaceChildren; window.mend = () => {
          Element.prototype.replaceChildren = real; };
        Element.prototype.replaceChildren = function (...all) {
          if (this.classList.contains('kl-timebox')) throw new Error('no ink <b>left</b>');
          return real.apply(this, all); } }"""
    )
    lab.press("n")
    words = "This picture could not be drawn: Error: no ink <b>left</b>. The machine is unharmed."
    assert lab.root.locator(".kl-notice span").first.inner_text() == words
    assert lab.root.locator(".kl-time").get_attribute("data-broken") == "true"
    assert lab.sentence().startswith("Refused.")
    lab.root.locator(".kl-report").click()
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-notice').innerText.includes('Report copied')")
    report = lab.page.evaluate("() => navigator.clipboard.readText()")
    assert "part timeline" in report
    assert "http" not in report
    lab.page.evaluate("() => window.mend()")
    lab.press("ArrowRight")
    lab.press("Home")
    assert lab.root.locator(".kl-time").get_attribute("data-broken") is None


def test_two_labs_in_one_notebook_never_answer_the_same_key(lab: LabPage) -> None:
    lab.open(BOMB, 'other = Lab(scenario="fd-bomb")\nother')
    lab.ready()
    lab.page.wait_for_function("() => document.querySelectorAll('.kmemlab-lab[data-position]').length === 2")
    cells = lab.page.locator(".jp-Cell").count()
    both = lab.page.locator(".kmemlab-lab")
    second = both.nth(1)
    both.nth(0).focus()
    lab.press("n")
    here = lab.position()
    assert second.get_attribute("data-position") == "0"
    second.focus()
    for key in ("ArrowRight", "b", "Escape", "d", "d", "a", "x", "m", "Shift+M", "0", "0"):
        lab.page.keyboard.press(key)
    lab.page.wait_for_function("() => document.querySelectorAll('.kmemlab-lab')[1].dataset.position === '1'")
    assert lab.position() == here
    assert lab.page.locator(".jp-Cell").count() == cells  # JupyterLab's command mode saw none of them
    assert json.loads(lab.python("print([lab.session.position, other.session.position])")) == [here, 1]


def test_presenting_fills_the_screen_with_the_layout_of_a_projector(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.press("n")
    lab.page.keyboard.press("p")
    lab.page.wait_for_function("() => document.fullscreenElement !== null")
    lab.page.wait_for_timeout(300)
    assert lab.data("size") == "M"
    assert not lab.root.locator(".kl-term").is_visible()
    box = lab.page.evaluate(
        "() => { const r = document.querySelector('.kl-body').getBoundingClientRect(); return [r.width, r.height] }"
    )
    view = lab.page.viewport_size
    assert view is not None
    assert abs(box[0] - view["width"]) <= 2
    assert box[1] <= view["height"] + 2
    lab.press("ArrowRight")
    assert lab.data("step") == "7"
    lab.shot("present")
    lab.page.keyboard.press("p")
    lab.page.wait_for_function("() => document.fullscreenElement === null")


@pytest.mark.parametrize(
    "width", [pytest.param(1920, marks=pytest.mark.long), 1280, pytest.param(1000, marks=pytest.mark.long)]
)
def test_many_containers_are_scrolled_and_the_lab_stays_as_high(lab: LabPage, width: int) -> None:
    lab.page.set_viewport_size({"width": width, "height": 1080 if width > 1280 else 800})
    lab.open(
        "from kmemlab import Lab, Session\nsession = Session(memory='4M')\n"
        "session.run('mount -t container -o kmem none /containers', *[f'mkdir /containers/web{n}' for n in range(3)])\n"
        "lab = Lab(session)\nlab"
    )
    lab.ready()
    lab.full_screen()
    high = "() => document.querySelector('.kmemlab-lab').offsetHeight"
    few = lab.page.evaluate(high)
    for n in range(20):
        lab.type(f"mkdir /containers/shop{n}")
    assert lab.page.evaluate(high) <= max(few, 800 if width <= 1280 else 1080) + 10
    state = lab.machine()
    paths = [row["path"] for row in state["containers"]["hierarchies"][0]["containers"]]
    assert list(lab.containers()) == paths
    assert len(paths) == 24
    lab.root.focus()
    for _ in range(20):
        lab.press("c")
    chosen = lab.page.evaluate(
        """() => { const one = document.querySelector('.kmemlab-lab [role=treeitem][aria-selected=true]');
        const box = one.getBoundingClientRect(), tree = one.parentElement.getBoundingClientRect();
        return [one.dataset.path, box.top - tree.top, tree.bottom - box.bottom] }"""
    )
    assert chosen[0] == paths[19]
    assert min(chosen[1:]) >= -1, chosen
    lab.shot(f"many-containers-{width}")


def test_a_lost_patch_is_noticed_and_the_whole_frame_fetched(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.press("n")
    # Python takes three steps of which the page hears nothing.
    lab.python(
        "send, lab.send = lab.send, lambda *a, **k: None\n"
        "for _ in range(3): lab._heard(None, {'op': 'do', 'action': 'event', 'by': 1}, None)\n"
        "lab.send = send"
    )
    lab.page.keyboard.press("Shift+ArrowRight")
    lab.page.wait_for_function("(n) => Number(document.querySelector('.kmemlab-lab').dataset.position) === n", arg=484)
    state = lab.machine()
    shown = lab.containers()["/bomb"]
    kmem = state["containers"]["hierarchies"][0]["containers"][3]["kmem"]
    assert (int(shown["usage"]), int(shown["failcnt"])) == (kmem["usage"], kmem["failcnt"])
    assert lab.sentence() == lab.python("print(lab._whole()['sentence'])").strip()
    for _ in range(5):
        lab.press("Shift+ArrowRight")
    assert lab.position() == 489


@pytest.mark.long
def test_a_view_that_was_closed_and_opened_again_shows_what_happened_meanwhile(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.press("n")
    show = """async () => { const nb = window.jupyterapp.shell.currentWidget.content; nb.widgets[0].outputHidden = %s;
        await new Promise((r) => setTimeout(r, 300)) }"""
    lab.page.evaluate(show % "true")
    lab.python("lab.session.seek(600); lab.refresh()")
    lab.page.evaluate(show % "false")
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab')?.dataset.position === '600'")
    lab.root.focus()
    lab.press("Shift+ArrowRight")
    assert lab.position() == 601
    assert lab.sentence() == lab.python("print(lab._whole()['sentence'])").strip()


def test_two_widgets_shown_by_one_call_have_their_colours(lab: LabPage) -> None:
    """The style sheet may come after the first widget: without it every token is empty, and a canvas draws that as black."""
    lab.open(
        "from kmemlab.scenarios import play\nfrom kmemlab.lab import SlabView, Timeline\ns = play('fd-bomb')\ns.seek(480)\n"
        "display(SlabView(s, cache='filp'), Timeline(s))"
    )
    lab.page.wait_for_selector(".kmemlab-view canvas.kl-slabs")
    lab.page.wait_for_timeout(800)
    dark = lab.page.evaluate(
        """() => { const c = document.querySelector('.kmemlab-view canvas.kl-slabs');
        const all = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let black = 0;
        for (let i = 0; i < all.length; i += 4) if (all[i + 3] > 200 && all[i] + all[i + 1] + all[i + 2] < 60) black += 1;
        return black / (all.length / 4) }"""
    )
    assert dark < 0.05, dark
    lab.shot("two-widgets")


def test_the_keys_stay_with_the_lab_when_what_had_them_is_gone(lab: LabPage) -> None:
    lab.open('from kmemlab import Lab, Session\nlab = Lab(Session(memory="2M"))\nlab')
    lab.ready()
    suggestion = lab.root.locator(".kl-nobody .kl-try").first
    suggestion.focus()
    before = lab.data("seq")
    lab.page.keyboard.press("t")  # the twin takes the suggestion's place
    lab.settle(before)
    assert not suggestion.is_visible()
    lab.page.keyboard.press("?")
    assert lab.root.locator(".kl-keytable").is_visible()
    lab.page.keyboard.press("Escape")
    lab.press("b")
    lab.page.wait_for_selector(".kmemlab-lab .kl-choice")
    lab.page.keyboard.press("Escape")
    assert lab.page.evaluate("() => document.activeElement === document.querySelector('.kmemlab-lab')")


NEWEST = """() => { const log = document.querySelector('.kmemlab-lab .kl-history'), all = log.querySelectorAll('.kl-cmd');
  const box = all[all.length - 1].getBoundingClientRect(), around = log.getBoundingClientRect();
  return [all[all.length - 1].innerText, box.top - around.top, around.bottom - box.bottom] }"""


@pytest.mark.long
def test_a_long_answer_is_read_from_its_beginning(lab: LabPage) -> None:
    lab.open('from kmemlab import Lab, Session\nlab = Lab(Session(memory="2M"))\nlab')
    lab.ready()
    lab.full_screen()
    for width, height in ((1920, 1080), (1280, 800)):  # a column, and a drawer that opens again
        lab.page.set_viewport_size({"width": width, "height": height})
        lab.page.wait_for_timeout(250)
        lab.type("ps")
        lab.type("man mount")
        for _ in range(2):
            name, above, below = lab.page.evaluate(NEWEST)
            assert (name, above >= -2, below > 0) == ("# man mount", True, True), (width, above, below)
            lab.page.keyboard.press("Escape")
            lab.page.keyboard.press("/")


def test_what_the_last_line_has_no_room_for_is_left_out_in_whole_words(lab: LabPage) -> None:
    lab.open('from kmemlab import Lab, Session\nlab = Lab(Session(memory="2M"))\nlab')
    lab.ready()
    lab.full_screen()
    lab.type("man kmalloc_account")
    whole = lab.python("print(lab.session.results[-1].out.partition('\\n')[0], end='')")
    lab.root.focus()
    shown = lab.root.locator(".kl-last span")
    lengths = []
    for width in (1280, 1200, 1000):
        lab.page.set_viewport_size({"width": width, "height": 800})
        lab.page.wait_for_timeout(250)
        text = shown.inner_text()
        assert text.endswith(" …"), text
        assert whole.startswith(text[:-1]), "it ends where a word ends"
        assert lab.page.evaluate("(e) => e.scrollWidth <= e.clientWidth", lab.root.locator(".kl-last").element_handle())
        lengths.append(len(text))
    assert lengths[0] > lengths[-1] > 20
    lab.type("echo a b")  # there is room for this
    lab.root.focus()
    assert shown.inner_text() == "a b"


CRASHED = """from kmemlab import Lab, Session
session = Session(memory="2M", patchset="v1")
session.run("mount -t container -o kmem none /containers", "echo 100 > /sys/kernel/debug/failslab/probability",
            "mkdir /containers/web")
lab = Lab(session)
lab"""


def test_a_crashed_kernel_shows_its_trace_and_the_way_back(lab: LabPage) -> None:
    lab.open(CRASHED)
    lab.ready()
    card = lab.root.locator(".kl-oops")
    trace = lab.python("print(chr(10).join(lab.session.machine.crash.trace))").strip()
    assert card.locator(".kl-oopstrace").inner_text().strip() == trace
    assert "web" in card.inner_text()
    lab.shot("oops")
    before = lab.data("seq")
    lab.type("open 1")
    lab.settle(before)
    assert "Host is down" in lab.root.locator(".kl-term").inner_text()
    assert card.is_visible()
    before = lab.data("seq")
    card.locator(".kl-oopsback").click()
    lab.settle(before)
    assert card.is_hidden()
    assert lab.python("print(lab.session.machine.crash.halted, lab.session.log.kind[lab.session.position])").split() == [
        "False",
        "11",
    ]
    lab.root.focus()
    for _ in range(7):  # over the functions of the crash, forward again
        lab.press("ArrowRight")
    assert card.is_visible()
    assert lab.python("print(lab.session.machine.crash.halted)").strip() == "True"


def test_what_is_said_to_a_machine_that_cannot_be_is_not_behind_the_card(lab: LabPage) -> None:
    lab.open('from kmemlab import Lab, Session\nlab = Lab(Session(memory="2M"))\nlab')
    lab.ready()
    lab.full_screen()
    lab.root.focus()
    lab.press("m")
    card = lab.root.locator(".kl-machine")
    card.locator(".kl-switch[data-name=boot]").select_option("slub_nomerge kmalloc_account")
    card.locator(".kl-switch[data-name=off]").select_option("drain")
    before = lab.data("seq")
    card.locator(".kl-become").click()
    lab.settle(before)
    said = lab.root.locator(".kl-notice")
    assert "boot option kmalloc_account" in said.inner_text()
    text, there = said.bounding_box(), card.bounding_box()
    assert text and there
    assert text["x"] + text["width"] <= there["x"]


def test_the_same_story_is_told_on_another_machine_or_beside_one(lab: LabPage) -> None:
    lab.open(BOMB)
    lab.ready()
    lab.root.focus()
    lab.press("n")
    lab.press("m")
    card = lab.root.locator(".kl-machine")
    card.locator(".kl-switch[data-name=slub]").focus()  # as the card does by itself
    assert card.locator(".kl-become").is_disabled()
    lab.shot("machine")
    lab.page.keyboard.press("ArrowDown")
    assert card.locator(".kl-switchrow", has=lab.page.locator("[data-name=slub]")).inner_text().endswith("two are kept.")
    before = lab.data("seq")
    card.locator(".kl-beside").click()
    lab.settle(before)
    sides = lab.root.locator(".kl-labcompare .kl-side")
    assert ["2.6.24" in sides.nth(0).inner_text(), "2.6.23" in sides.nth(1).inner_text()] == [True, True]
    assert card.is_hidden()
    lab.press("m")
    card.locator(".kl-switch[data-name=slub]").select_option("1")
    before = lab.data("seq")
    card.locator(".kl-become").click()
    lab.settle(before)
    assert lab.python("print(lab.session.machine.profile.slub)").strip() == "2.6.23"
    assert "with slub=2.6.23" in lab.root.locator(".kl-notice").inner_text()
    assert lab.root.locator(".kl-labcompare").is_hidden()
    lab.press("m")
    assert card.locator(".kl-switch[data-name=slub]").input_value() == "1"
    lab.page.keyboard.press("Escape")  # from the switch that has the focus
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-machine').hidden")
    lab.press("m")
    lab.click(".kl-machine .kl-close")
    lab.page.wait_for_function("() => document.querySelector('.kmemlab-lab .kl-machine').hidden")
