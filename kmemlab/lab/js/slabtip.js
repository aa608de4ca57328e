// @ts-check
// What is said of the cell under the pointer, after a moment: slab, slot, owner, bytes charged, address, and who took it when.
// Address and birth are asked of Python, once per cell.
import { h, fmt } from "./dom.js";
import { slotState, cellName, pageName } from "./cells.js";

const TIP_DELAY = 250;

/** @param {import("./dom.js").Lab} lab */
export function makeSlabTip(lab) {
  const el = h("div", { class: "kl-tip", hidden: true });
  let timer = 0;

  function hide() {
    clearTimeout(timer);
    el.hidden = true;
  }

  function say(place, first, ...more) {
    el.replaceChildren(h("b", {}, first), ...more.map((line) => h("div", {}, line)));
    el.hidden = false;
    const { rect, width } = place();
    if (!rect) return hide();
    const above = rect.y - el.offsetHeight - 8;
    el.style.left = `${Math.max(0, Math.min(rect.x, width - el.offsetWidth))}px`;
    el.style.top = `${above < 0 ? rect.y + rect.h + 10 : above}px`;
    return undefined;
  }

  function show(cell, containers, place) {
    const frame = lab.frame();
    const { slab, slot } = cell;
    const row = frame.slabs?.rows?.[slab];
    if (!row) return;
    if (slot < 0) {
      say(place, pageName(slab, row, containers), "A click shows its cells.");
      return;
    }
    const state = slotState(frame, slab, slot);
    const paid =
      state.kind === "owned" || state.kind === "new" ? `, ${fmt(frame.cache.size)} bytes charged` : "";
    const name = cellName(slab, slot, state, containers);
    const page = `page ${row.pfn}${paid}`;
    say(place, name, page);
    // A small widget has no such question, and while events follow each other nobody reads.
    if (!frame.terminal || lab.view.playing) return;
    lab.ask("tip", { slab, slot }, () => {
      const told = lab.frame().tip;
      if (el.hidden || told?.slab !== slab || told?.slot !== slot) return;
      say(place, name, page, told.address, ...(told.born ? [told.born] : []));
    });
  }

  return {
    el,
    hide,
    /** After a moment says what a cell is; `place` tells where it is by then. */
    over(cell, containers, place) {
      hide();
      if (cell) timer = window.setTimeout(() => show(cell, containers(), place), TIP_DELAY);
    },
  };
}
