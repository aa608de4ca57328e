// @ts-check
// Puts the lab together, in anywidget's form. Python keeps all state; this page draws a frame and says what
// was done.
import { h, setAttrs, innerWidthOf } from "./dom.js";
import { followTheme } from "./pagetheme.js";
import { linkTo } from "./link.js";
import { makeStanding } from "./standing.js";
import { makePlayer } from "./play.js";
import { makeActions } from "./actions.js";
import { makeBar } from "./bar.js";
import { makeHeadline } from "./headline.js";
import { makePath } from "./path.js";
import { makeContainers } from "./containers.js";
import { makeStage } from "./stage.js";
import { makeObject } from "./object.js";
import { makeTimeline } from "./timeline.js";
import { makeOffer } from "./offer.js";
import { makeEventLog } from "./eventlog.js";
import { makeGuard } from "./parts.js";
import { makeTerminal } from "./terminal.js";
import { makePredict } from "./predict.js";
import { makeLabCompare } from "./sides.js";
import { makeMachine } from "./machine.js";
import { makeOops } from "./oops.js";
import { makeKeyTable, listenToKeys } from "./keys.js";
import { makePresenter } from "./present.js";
import { makeCurtain } from "./curtain.js";

const L_FROM = 1600;
const M_FROM = 1180;
const STACK_BELOW = 760;
// Beside a stage that is narrower than this leaves, containers would squeeze it: they stand above it, in a row.
const ABOVE_BELOW = 960;
// From here on a sentence of 64 characters fits on one line.
const ONE_LINE_FROM = 690;
const NOT_CONNECTED =
  "Not connected: the Jupyter kernel does not answer. If it was restarted, run this cell again: it offers your session.";

/** Everything the lab shows, as one tree of elements. */
function buildParts(lab, root) {
  const parts = {
    root,
    bar: makeBar(lab),
    headline: makeHeadline(lab),
    path: makePath(lab),
    containers: makeContainers(lab),
    stage: makeStage(lab),
    object: makeObject(lab),
    timeline: makeTimeline(lab),
    log: makeEventLog(lab),
    terminal: makeTerminal(lab),
    offer: makeOffer(lab),
    predict: makePredict(lab),
    compare: makeLabCompare(lab),
    machine: makeMachine(lab),
    oops: makeOops(lab),
    keyTable: makeKeyTable(() => lab.does.escape()),
  };
  const words = h("span");
  const report = h(
    "button",
    { class: "kl-ghostbutton kl-report", type: "button", hidden: true, on: { click: () => parts.copyReport() } },
    "Copy report",
  );
  const notice = h(
    "div",
    { class: "kl-notice", role: "status", hidden: true },
    words,
    report,
    h(
      "button",
      {
        class: "kl-ghostbutton",
        type: "button",
        "aria-label": "Dismiss",
        on: { click: () => parts.dismiss() },
      },
      "✕",
    ),
  );
  const hero = h("section", { class: "kl-hero" }, parts.headline.el, parts.path.el, parts.offer.el);
  const main = h("div", { class: "kl-main" }, parts.containers.el, parts.stage.el, parts.object.el, notice);
  main.append(parts.predict.el);
  const foot = h("div", { class: "kl-foot" }, h("div", { class: "kl-timeplace" }, parts.timeline.el, parts.log.el), parts.terminal.el);
  const body = h("div", { class: "kl-body" }, parts.bar.el, hero, main, foot, parts.keyTable, parts.machine.el);
  body.insertBefore(parts.compare.el, main);
  body.insertBefore(parts.oops.el, main);
  root.append(body);
  return Object.assign(parts, { notice, words, report, hero, body, dismiss: () => {}, copyReport: () => {} });
}

/** A click with the pointer leaves the keys with the lab, not with the button that was clicked. */
function keepKeys(root) {
  root.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (
      event.detail === 0 ||
      target.closest(".kl-term, .kl-menubox, .kl-machine, .kl-source, .kl-try, .kl-count, .kl-log, input, select")
    )
      return;
    if (target.closest("button, [role=treeitem], canvas")) root.focus({ preventScroll: true });
  });
  root.addEventListener("change", (event) => {
    // A switch of the machine's card keeps the focus: there are more below it.
    if (/** @type {HTMLElement} */ (event.target).matches("select:not(.kl-switch)")) root.focus({ preventScroll: true });
  });
}

function render({ model, el }) {
  const link = linkTo(model);
  // JupyterLab takes keys in the capture phase; this attribute is how it is told to leave them alone.
  const root = h("div", {
    class: "kmemlab-lab",
    tabindex: "-1",
    role: "region",
    "aria-label": "kmemlab",
    "data-lm-suppress-shortcuts": "true",
  });
  const view = {
    size: "S",
    width: 0,
    stack: false,
    playing: false,
    motion: true,
    scale: 1,
    twin: false,
    root,
    palette: null,
  };
  const state = { notice: null, dismissed: null, twin: false, broken: null, settled: undefined };
  let told = null;
  const guard = makeGuard((failure) => (state.broken = failure && { kind: "error", ...failure }));
  const stillness = matchMedia("(prefers-reduced-motion: reduce)");
  const player = makePlayer(link, () => draw());
  const standing = makeStanding(root, link);
  const lab = { model, view, frame: () => link.frame, ask: link.ask, redraw: () => draw(), does: {} };
  const parts = buildParts(lab, root);
  lab.does = Object.assign(
    lab.does,
    makeActions(link, player, parts, state, () => draw()),
  );
  parts.copyReport = () => lab.does.copy(told?.report ?? "", "Report copied.");
  parts.dismiss = () => {
    state.settled = state.broken?.text;
    state.notice = null;
    state.dismissed = link.frame.notice;
    draw();
  };
  const curtained = makeCurtain(root, parts.body);
  parts.presenter = makePresenter(root, parts.body, () => measure());
  listenToKeys(root, lab.does);
  keepKeys(root);

  function measure() {
    const presenting = parts.presenter.active();
    view.scale = parts.presenter.scale();
    view.width = presenting ? parts.body.offsetWidth : root.clientWidth;
    view.size = presenting ? "M" : view.width >= L_FROM ? "L" : view.width >= M_FROM ? "M" : "S";
    view.stack = view.width < STACK_BELOW;
    setAttrs(root, {
      "data-size": view.size,
      "data-stack": String(view.stack),
      "data-above": String(view.width < ABOVE_BELOW),
      "data-narrow": String(view.width < ONE_LINE_FROM),
    });
    draw();
    // On a page of its own (kmemlab app) nobody else waits for keys.
    const alone = view.width > 0 && document.body.classList.contains("kmemlab-page");
    if (alone && document.activeElement === document.body) root.focus({ preventScroll: true });
  }

  function drawNotice(frame) {
    const said = frame.notice !== state.dismissed ? frame.notice : null;
    const broken = state.broken?.text !== state.settled ? state.broken : null;
    const notice = link.silent ? { kind: "error", text: NOT_CONNECTED } : (state.notice ?? broken ?? said);
    told = notice;
    parts.notice.hidden = !notice;
    parts.report.hidden = !notice?.report;
    if (!notice) return;
    setAttrs(parts.notice, { "data-kind": notice.kind });
    if (parts.words.textContent === notice.text) return;
    parts.words.textContent = notice.text;
    // In a cell taller than the window an answer would come where nobody looks. If it can be seen, nothing moves.
    parts.notice.scrollIntoView({ block: "nearest" });
  }

  function draw() {
    const { frame, seq } = link;
    // Before the first measure, or while the cell is hidden, there is nothing to draw on.
    if (!view.width || !view.palette) return;
    Object.assign(view, {
      playing: player.playing,
      motion: !stillness.matches && !player.calm(),
      twin: state.twin,
    });
    setAttrs(root, { "data-motion": String(view.motion), "data-playing": String(view.playing) });
    const draws = {
      bar: () => parts.bar.draw(frame, view, { speed: player.speed, working: link.working, silent: link.silent }),
      headline: () => parts.headline.draw(frame, view),
      path: () => parts.path.draw(frame, view, innerWidthOf(parts.hero)),
      containers: () => parts.containers.draw(frame, view),
      object: () => parts.object.draw(frame, view),
      stage: () => parts.stage.draw(frame, view, seq),
      log: () => parts.log.draw(frame),
      timeline: () => {
        parts.timeline.el.hidden = Boolean(frame.log);
        if (!frame.log) parts.timeline.draw(frame, view, innerWidthOf(parts.timeline.el));
      },
      terminal: () => parts.terminal.draw(frame),
      offer: () => parts.offer.draw(frame),
      predict: () => parts.predict.draw(frame),
      compare: () => parts.compare.draw(frame, view),
      machine: () => parts.machine.draw(frame),
      oops: () => parts.oops.draw(frame),
    };
    const focused = document.activeElement;
    const ours = focused !== document.body && root.contains(focused);
    if (!curtained(frame)) for (const [name, drawPart] of Object.entries(draws)) guard.part(name, parts[name].el, drawPart);
    // What had the focus may be gone from the picture: the keys stay with the lab.
    if (ours && focused !== root && !focused.getClientRects().length) root.focus({ preventScroll: true });
    drawNotice(frame);
    standing.draw();
  }

  el.append(root);
  const unfollow = followTheme(root, view, link, draw);
  const widths = new ResizeObserver(() => measure());
  widths.observe(root);
  stillness.addEventListener("change", draw);
  const off = link.onChange(draw);

  return () => {
    unfollow();
    off();
    standing.dispose();
    player.dispose();
    link.leave();
    parts.presenter.dispose();
    parts.stage.dispose();
    widths.disconnect();
    stillness.removeEventListener("change", draw);
    root.remove();
  };
}

function initialize({ model }) {
  linkTo(model);
}

export default { initialize, render };
