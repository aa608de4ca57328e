// @ts-check
// The slab pages for a screen reader and for the keyboard: one row per slab, one cell per slot, not visible.
// One tab stop: the grid itself; arrows walk inside, Enter opens the life story.
import { h, setAttrs, uniqueId } from "./dom.js";
import { slotState, cellName } from "./cells.js";

// Above this many cells only the row that is walked has its cells in the page.
const GRID_CELLS = 2000;

/**
 * @param {import("./dom.js").Lab} lab
 * @param {(cell: {slab: number, slot: number} | null) => void} walkedTo
 */
export function makeSlabGrid(lab, walkedTo) {
  const el = h("div", {
    class: "kl-grid kl-hidden",
    role: "grid",
    tabindex: "0",
    "aria-label": "Slab pages",
  });
  const rows = new Map();
  const prefix = uniqueId("cell");
  let order = [];
  let frame = null;
  let containers = new Map();
  let names = "";
  let at = null;
  let full = true;

  const idOf = (cell) => `${prefix}-${cell.slab}-${cell.slot}`;

  function fillRow(entry, slab) {
    const row = frame.slabs.rows[slab];
    const cells = row.owners.map((_, slot) =>
      h(
        "span",
        {
          role: "gridcell",
          id: idOf({ slab, slot }),
          "aria-colindex": slot + 1,
          "aria-selected": String(frame.object?.slab === slab && frame.object?.slot === slot),
        },
        cellName(slab, slot, slotState(frame, slab, slot), containers),
      ),
    );
    entry.el.replaceChildren(...cells);
  }

  function drawRow(slab, where) {
    const row = frame.slabs.rows[slab];
    let entry = rows.get(slab);
    if (!entry) rows.set(slab, (entry = { el: h("div", { role: "row" }) }));
    const marked = frame.mark?.slab === slab ? JSON.stringify(frame.mark) : "";
    const chosen = frame.object?.slab === slab ? frame.object.slot : -1;
    const open = full || at?.slab === slab;
    const same =
      entry.row === row &&
      entry.where === where &&
      entry.marked === marked &&
      entry.chosen === chosen &&
      entry.open === open &&
      entry.containers === containers;
    if (same) return entry.el;
    // The first free cell, unless another cpu freed it: then it is not on this cpu's list yet.
    const next = row.free && row.free.length > (row.remote ?? 0) ? row.free[0] : -1;
    setAttrs(entry.el, {
      "data-slab": slab,
      "data-pfn": row.pfn,
      "data-where": where,
      "data-inuse": row.inuse,
      "data-owners": row.owners.join(" "),
      "data-next": next < 0 ? "" : next,
      "aria-label": `slab ${slab}, ${where}, ${row.inuse} of ${row.owners.length} in use`,
    });
    Object.assign(entry, { row, where, marked, chosen, open, containers });
    if (open) fillRow(entry, slab);
    else entry.el.replaceChildren(h("span", { role: "gridcell" }, entry.el.getAttribute("aria-label")));
    return entry.el;
  }

  function walk(cell) {
    at = cell;
    draw(frame, containers);
    setAttrs(el, { "aria-activedescendant": idOf(cell) });
    walkedTo(cell);
  }

  function draw(newFrame, newContainers) {
    frame = newFrame;
    // Only names matter here: a container whose usage changed has not changed its name.
    const named = [...newContainers.values()].map((c) => `${c.id} ${c.name}`).join("\n");
    if (named !== names) {
      names = named;
      containers = newContainers;
    }
    const { cpus = {}, partial = [], full: fullSlabs = [] } = frame.slabs;
    order = [
      ...Object.entries(cpus).map(([cpu, slab]) => [slab, `cpu ${cpu}`]),
      ...partial.map((slab, i) => [slab, `partial ${i + 1}`]),
      ...fullSlabs.map((slab) => [slab, "full"]),
    ].filter(([slab]) => frame.slabs.rows[slab]);
    full = order.length * (frame.cache?.objects ?? 1) <= GRID_CELLS;
    const wanted = order.map(([slab, where]) => drawRow(slab, where));
    const present = new Set(order.map(([slab]) => slab));
    for (const [slab, entry] of rows) {
      if (!present.has(slab)) {
        entry.el.remove();
        rows.delete(slab);
      }
    }
    wanted.forEach((row, i) => {
      if (el.children[i] !== row) el.insertBefore(row, el.children[i] ?? null);
    });
    setAttrs(el, { "aria-rowcount": order.length, "aria-colcount": frame.cache?.objects });
    if (at && !present.has(at.slab)) {
      at = null;
      setAttrs(el, { "aria-activedescendant": null });
      walkedTo(null);
    }
  }

  el.addEventListener("focus", () => {
    if (!at && order.length) walk({ slab: order[0][0], slot: 0 });
    else walkedTo(at);
  });
  el.addEventListener("blur", () => walkedTo(at));
  el.addEventListener("keydown", (event) => {
    const move = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !at) return;
    if (!move && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (!move) {
      lab.does.object(at);
      return;
    }
    const place = order.findIndex(([slab]) => slab === at.slab);
    const row = Math.min(order.length - 1, Math.max(0, place + move[0]));
    const slots = frame.slabs.rows[order[row][0]].owners.length;
    walk({ slab: order[row][0], slot: Math.min(slots - 1, Math.max(0, at.slot + move[1])) });
  });

  return { el, draw };
}
