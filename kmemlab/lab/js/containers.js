// @ts-check
// The containers: who pays, how much of how much, and what keeps each alive. All gauges share one byte scale.
// Elements are kept from frame to frame, so that the focus stays and a gauge can glide to its new width.
import { h, fmt, plural, setAttrs, changeDetector } from "./dom.js";
import { makeContainerMenu } from "./containermenu.js";
import { hueVar, ownerBackground } from "./palette.js";

const DEEPEST_INDENT = 4;
// More than these are scrolled: a column of twenty would push the timeline off the screen.
const FEW = 4;

/** @param {import("./dom.js").Lab} lab */
export function makeContainers(lab) {
  let shown;
  const items = new Map();
  const menu = makeContainerMenu(lab);
  const tree = h("div", { class: "kl-tree", role: "tree", "aria-label": "Containers" });
  const foot = h("p", { class: "kl-flat" }, "Limits are flat: a child's bytes do not count in its parent.");
  const empty = h(
    "p",
    { class: "kl-empty" },
    "No container yet. ",
    h(
      "button",
      { class: "kl-try", type: "button", on: { click: () => lab.does.type("mkdir /containers/web") } },
      "mkdir /containers/web",
    ),
  );
  const el = h(
    "section",
    { class: "kl-containers" },
    h("div", { class: "kl-ph" }, h("h2", {}, "Containers"), h("span", {}, "who pays")),
    tree,
    empty,
    foot,
    menu.el,
  );
  const changed = changeDetector();

  tree.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const target = /** @type {HTMLElement} */ (event.target);
    if (by) {
      const all = /** @type {HTMLElement[]} */ ([...tree.children]);
      all[Math.min(all.length - 1, Math.max(0, all.indexOf(target) + by))]?.focus();
    } else if (event.key === "Enter" && target.matches("[role=treeitem]"))
      lab.does.select(Number(target.dataset.id));
    else if (event.key === "Enter") return;
    if (by || event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
    }
  });

  return {
    el,
    close: () => menu.close(),
    draw(frame, view) {
      if (!changed(frame.containers, frame.scale, frame.selected, view.size)) return;
      const containers = frame.containers ?? [];
      const deepest = Math.min(DEEPEST_INDENT, Math.max(0, ...containers.map((c) => c.depth ?? 0)));
      const first = frame.selected ?? containers[0]?.id;
      const alive = new Set(containers.map((c) => c.id));
      for (const [id, item] of items) {
        if (!alive.has(id)) {
          item.el.remove();
          items.delete(id);
        }
      }
      containers.forEach((container, place) => {
        let item = items.get(container.id);
        if (!item) {
          item = makeContainer(lab, container.id, menu);
          items.set(container.id, item);
        }
        if (tree.children[place] !== item.el) tree.insertBefore(item.el, tree.children[place] ?? null);
        item.draw(container, {
          selected: container.id === frame.selected,
          scale: frame.scale || 1,
          deepest,
          tabbable: container.id === first,
        });
      });
      setAttrs(tree, { "data-many": containers.length > FEW ? "true" : false });
      const chosen = items.get(frame.selected)?.el;
      if (chosen && containers.length > FEW && shown !== frame.selected) {
        // Not scrollIntoView: it would move the notebook.
        const top = chosen.offsetTop - tree.offsetTop;
        if (top < tree.scrollTop) tree.scrollTop = top;
        else if (top + chosen.offsetHeight > tree.scrollTop + tree.clientHeight)
          tree.scrollTop = top + chosen.offsetHeight - tree.clientHeight;
      }
      shown = frame.selected;
      const any = containers.some((container) => container.depth > 0);
      empty.hidden = any;
      foot.hidden = !any;
    },
  };
}

function makeContainer(lab, id, menu) {
  const more = h(
    "button",
    {
      class: "kl-ghostbutton kl-contmore",
      type: "button",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      on: {
        click: (event) => {
          event.stopPropagation();
          menu.open(id, more);
        },
      },
    },
    "⋯",
  );
  const chip = h("span", { class: "kl-chip" });
  const name = h("span", { class: "kl-name" });
  const usage = h("b");
  const limit = h("span", { class: "kl-s3" });
  const track = h("i", { class: "kl-gtrack" });
  const fill = h("i", { class: "kl-gfill" });
  const tick = h("i", { class: "kl-gtick" });
  const tasks = h("span");
  const refs = h("span");
  const failcnt = h("span");
  const who = h("div", { class: "kl-meta kl-who" });
  const el = h(
    "div",
    { class: "kl-cont", role: "treeitem", on: { click: () => lab.does.select(id) } },
    h("div", { class: "kl-row" }, chip, name, h("span", { class: "kl-num" }, usage, " ", limit)),
    h("div", { class: "kl-gauge" }, track, fill, tick),
    h("div", { class: "kl-meta" }, tasks, refs, failcnt),
    who,
    more,
  );
  return {
    el,
    draw(container, { selected, scale, deepest, tabbable }) {
      const limited = container.limit !== undefined;
      const people = container.tasks ?? [];
      const raised = container.failcnt_before !== undefined;
      const failures = raised
        ? `${fmt(container.failcnt_before)} → ${fmt(container.failcnt)}`
        : fmt(container.failcnt);
      const share = (bytes) => `${Math.min(100, (100 * bytes) / scale)}%`;
      const depth = Math.min(DEEPEST_INDENT, container.depth ?? 0);
      setAttrs(el, {
        "data-id": container.id,
        "data-path": container.path,
        "data-usage": container.usage,
        "data-limit": container.limit,
        "data-failcnt": container.failcnt,
        "data-refs": container.refs,
        "data-tasks": people.map((task) => task.pid).join(" "),
        "aria-selected": String(selected),
        "aria-level": depth + 1,
        tabindex: tabbable ? "0" : "-1",
        title: container.path,
        "aria-label": containerName(container),
      });
      el.style.setProperty("--kl-depth", String(depth));
      el.style.setProperty("--kl-deepest", String(deepest));
      chip.textContent = container.letter;
      chip.style.background = ownerBackground(container, selected ? "" : "t");
      chip.style.color = hueVar(container, selected ? "on" : "x");
      name.textContent = container.name;
      usage.textContent = fmt(container.usage);
      limit.textContent = limited ? `of ${fmt(container.limit)}` : "no limit";
      // A gauge without a limit has no end: its track fades out.
      track.className = limited ? "kl-gtrack" : "kl-gtrack kl-endless";
      track.style.width = limited ? share(container.limit) : "100%";
      fill.style.width = share(container.usage);
      fill.style.background = ownerBackground(container);
      fill.style.opacity = selected ? "1" : "0.55";
      tick.hidden = !limited || container.limit > scale;
      tick.style.left = limited ? share(container.limit) : "0";
      tick.className = raised ? "kl-gtick kl-hit" : "kl-gtick";
      tasks.textContent = plural(people.length, "task");
      refs.textContent = plural(container.refs, "ref");
      failcnt.textContent = `failcnt ${failures}`;
      failcnt.className = raised ? "kl-no kl-bold" : "";
      who.textContent = people.map((task) => `${task.comm} ${task.pid}`).join(", ");
      who.title = who.textContent;
      who.hidden = !selected || !people.length;
      setAttrs(more, {
        tabindex: selected ? "0" : "-1",
        "aria-label": `More about ${container.name}`,
        title: `Stop at the next charge to ${container.name}, copy its commands`,
      });
    },
  };
}

/** The spoken name: "bomb, 40,768 of 40,960 bytes, 2 tasks, 155 references, failcnt 1". */
function containerName(container) {
  const { name, usage, limit, tasks = [], refs, failcnt } = container;
  const bytes =
    limit === undefined ? `${fmt(usage)} bytes, no limit` : `${fmt(usage)} of ${fmt(limit)} bytes`;
  const alive = `${plural(tasks.length, "task")}, ${plural(refs, "reference")}`;
  return `${name}, ${bytes}, ${alive}, failcnt ${failcnt}`;
}
