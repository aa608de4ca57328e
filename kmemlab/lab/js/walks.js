// @ts-check
// Walking through a session: what the keys and buttons of the lab and of the small widgets have in common.

/**
 * @param {any} link the line to Python
 * @param {any} player see play.js
 * @param {{notice: any}} state a notice of the page goes away as soon as somebody walks on
 * @param {() => void} redraw
 */
export function makeWalks(link, player, state, redraw) {
  const frame = () => link.frame;
  // Whoever walks by hand does not want to be carried on by the play.
  const ask = (action, args) => {
    player.stop();
    state.notice = null;
    link.ask(action, args);
    redraw();
  };
  return {
    ask,
    walks: {
      busy: () => link.busy() > 0,
      step: () => ask("step"),
      back: () => ask("back"),
      event: (by) => ask("event", { by }),
      first: () => ask("first"),
      last: () => ask("last"),
      undo: () => ask("undo"),
      anew: () => ask("anew"),
      mark: (by) => ask("mark", { by }),
      seek(n) {
        player.stop();
        state.notice = null;
        player.seek(n);
        redraw();
      },
      faster(on) {
        if (on) player.faster();
        else player.slower();
        redraw();
      },
      select: (id) => link.ask("select", id === undefined || id === frame().selected ? {} : { id }),
      nextContainer(by) {
        const ids = (frame().containers ?? []).map((c) => c.id);
        if (!ids.length) return;
        const place = ids.indexOf(frame().selected);
        const next = place < 0 ? (by > 0 ? 0 : ids.length - 1) : (place + by + ids.length) % ids.length;
        link.ask("select", { id: ids[next] });
      },
    },
  };
}
