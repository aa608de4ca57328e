// @ts-check
// What keys and buttons do. Most of it is one message to Python; the rest belongs to the page alone.
import { makeExport } from "./export.js";
import { makeShare } from "./share.js";
import { makeWalks } from "./walks.js";

/** What keys and buttons do. `parts` are the pieces of the screen. */
export function makeActions(link, player, parts, state, redraw) {
  const frame = () => link.frame;
  const say = (text) => {
    state.notice = text ? { kind: "info", text } : null;
    redraw();
  };
  const { share, binder, save, choose, paste, commands, copy } = makeShare(link, say);
  const { ask, walks } = makeWalks(link, player, state, redraw);
  return {
    ...walks,
    ...makeExport(link, () => parts.root, say),
    share,
    binder,
    save,
    choose,
    paste,
    play() {
      if (!player.playing && frame().position >= (frame().length ?? 0))
        return say("This is the last event.");
      player.toggle();
      state.notice = null;
      return redraw();
    },
    check: () => ask("check"),
    predict: () => ask("predict"),
    compare() {
      parts.root.focus({ preventScroll: true });
      ask("compare", { on: !frame().compare });
    },
    run: (line) => ask("run", { line }),
    scenario: (name) => ask("scenario", { name }),
    pick: () => parts.bar.pick(),
    log(on = !frame().log) {
      const { filter, el } = parts.log;
      const shown = () => {
        filter.focus({ preventScroll: true });
        el.scrollIntoView({ block: "nearest" });
      };
      if (on) link.ask("events", { filter: filter.value }, () => window.setTimeout(shown, 0));
      else link.ask("events");
      if (!on) parts.root.focus({ preventScroll: true });
    },
    machine(on = !frame().machine) {
      link.ask("machine", { open: on }, () => window.setTimeout(parts.machine.focus, 0));
      if (!on) parts.root.focus({ preventScroll: true });
    },
    breakAt: (kind, arg) => link.ask("break", { kind, arg }),
    commands: (id) => commands(id),
    copy,
    nextSpeed() {
      player.next();
      redraw();
    },
    object: (cell) => link.ask("object", cell ? { slab: cell.slab, slot: cell.slot } : {}),
    tab(i) {
      const tab = frame().tabs?.[i];
      if (tab) link.ask("tab", { name: tab[0], ...parts.stage.room() });
    },
    twin() {
      state.twin = !state.twin;
      link.ask("twin", { on: state.twin });
      redraw();
    },
    walk() {
      if ((frame().tab ?? "slabs") === "slabs" && !state.twin) parts.stage.slabs.focus();
    },
    type(line) {
      if (parts.presenter.active()) say("There is no terminal while presenting: P leaves.");
      else parts.terminal.type(line);
    },
    goTo: () => parts.bar.openGoTo(),
    leave: () => parts.root.focus({ preventScroll: true }),
    present() {
      parts.presenter.toggle().catch(() => say("This page does not allow full screen."));
      parts.root.focus({ preventScroll: true });
    },
    keys() {
      parts.keyTable.hidden = !parts.keyTable.hidden;
      if (!parts.keyTable.hidden) parts.keyTable.focus();
    },
    escape() {
      if (!parts.keyTable.hidden) {
        parts.keyTable.hidden = true;
        return parts.root.focus({ preventScroll: true });
      }
      if (parts.bar.close() || parts.headline.close() || parts.terminal.close() || parts.containers.close())
        return undefined;
      if (frame().machine) {
        parts.root.focus({ preventScroll: true });
        return link.ask("machine", { open: false });
      }
      if (state.notice || (frame().notice && state.dismissed !== frame().notice)) return parts.dismiss();
      if (frame().predict) return link.ask("predict", { on: false });
      if (frame().compare) return link.ask("compare", { on: false });
      if (frame().log) return link.ask("events");
      if (frame().object) return link.ask("object");
      return frame().selected === undefined ? undefined : link.ask("select");
    },
  };
}
