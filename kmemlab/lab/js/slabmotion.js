// @ts-check
// Motion on the slab pages shows what changed: a cell that was handed out or given back fades into what it is now, a slab that
// changes lists moves to its new row, one that was made fades in. The marks say the same without it.

const FADE_MS = 160;
const MOVE_MS = 260;
// More than this at once is another picture, not a change of this one.
const MOST_MOVES = 40;

/** cubic-bezier(.2, 0, 0, 1), nearly: quick off, then settling. */
const settled = (t) => 1 - (1 - t) ** 3;

/** @param {() => void} repaint */
export function makeSlabMotion(repaint) {
  let moves = new Map();
  let born = new Set();
  let fade = null;
  let began = 0;
  let ticking = 0;
  const part = (ms) => Math.min(1, (performance.now() - began) / ms);

  function tick() {
    ticking = 0;
    if (part(MOVE_MS) >= 1) stop();
    else ticking = requestAnimationFrame(tick);
    repaint();
  }

  function stop() {
    cancelAnimationFrame(ticking);
    ticking = 0;
    moves = new Map();
    born = new Set();
    fade = null;
  }

  return {
    stop,
    /** Whether something still moves. */
    get moving() {
      return ticking !== 0;
    },
    /**
     * Begins to move from one picture to the next.
     * @param {any[]} before blocks of the old picture
     * @param {any[]} after blocks of the new one
     * @param {any} cell the marked cell and the state that it had: {slab, slot, state}; null for none
     */
    begin(before, after, cell) {
      stop();
      const old = new Map(before.map((block) => [block.slab, block]));
      for (const block of after) {
        const was = old.get(block.slab);
        if (!was) born.add(block.slab);
        else if (was.cell === block.cell && (was.x !== block.x || was.y !== block.y))
          moves.set(block.slab, { x: was.x - block.x, y: was.y - block.y });
      }
      fade = cell;
      if (moves.size + born.size > MOST_MOVES) [moves, born] = [new Map(), new Set()];
      if (!moves.size && !born.size && !fade) return;
      began = performance.now();
      ticking = requestAnimationFrame(tick);
    },
    /** How far a slab still is from its place, and how much of it is to be seen. */
    of(slab) {
      const move = moves.get(slab);
      const left = move ? 1 - settled(part(MOVE_MS)) : 0;
      return { x: move ? move.x * left : 0, y: move ? move.y * left : 0, alpha: born.has(slab) ? part(FADE_MS) : 1 };
    },
    /** The state that a cell had, and how much of the new one is to be seen; null if it does not change. */
    fading(slab, slot) {
      if (!fade || fade.slab !== slab || fade.slot !== slot) return null;
      const share = part(FADE_MS);
      return share < 1 ? { state: fade.state, share } : null;
    },
  };
}
