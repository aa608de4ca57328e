// @ts-check
// Playing and seeking. Frames may be dropped, events never.

/** Events per second at each speed; the label is what the button shows. */
export const SPEEDS = [
  { label: "¼×", rate: 0.5 },
  { label: "1×", rate: 2 },
  { label: "2×", rate: 4 },
  { label: "10×", rate: 20 },
  { label: "50×", rate: 100 },
  { label: "200×", rate: 400 },
];

const FIRST_SPEED = 1;
const MOTION_UP_TO = 4;
const MOST_ON_THE_WAY = 3;
const FRAME_EVERY_MS = 32; // thirty a second: where more events are due a frame shows several
// Plotly pictures are asked for at most five times a second; between them Python need not make any.
const PICTURE_EVERY_MS = 200;

/**
 * @param {any} link see link.js
 * @param {() => void} redraw
 */
export function makePlayer(link, redraw) {
  const player = { playing: false, speed: FIRST_SPEED, toggle, stop, seek, slower, faster, next, calm };
  let due = 0;
  let last = 0;
  let wanted = null;
  let ticking = 0;
  let pictured = -Infinity;
  let still = false;
  let asked = 0; // events that are asked for and not here
  let askedAt = -Infinity;

  function tick(now) {
    if (!player.playing) return;
    ticking = requestAnimationFrame(tick);
    due += (Math.min(now - last, 1000) / 1000) * SPEEDS[player.speed].rate;
    last = now;
    const { position = 0, length = 0 } = link.frame;
    if (position >= length && !link.busy()) {
      stop();
      redraw();
      return;
    }
    // A second request leaves while the first is on its way, so that the way is not waited for; not where Python may stop
    // the play, for then nothing may be on its way.
    const ahead = link.frame.break?.stop ? 1 : MOST_ON_THE_WAY;
    if (due < 1 || link.busy() >= ahead || now - askedAt < FRAME_EVERY_MS) return;
    if (!link.busy()) asked = 0;
    const by = Math.min(Math.floor(due), length - position - asked);
    due -= Math.floor(due);
    if (by <= 0) return;
    asked += by;
    askedAt = now;
    still = now - pictured < PICTURE_EVERY_MS;
    if (!still) pictured = now;
    // Python stops at the break point, if one is to stop the play: an event is never jumped over.
    link.ask("event", { by, stop: true, ...(still ? { still } : {}) }, () => {
      asked -= by;
      stopHere();
    });
  }

  function stopHere() {
    const point = link.frame.break;
    if (player.playing && point?.stop && point.at) stop();
  }

  function toggle() {
    if (player.playing) return stop();
    player.playing = true;
    due = 1;
    last = performance.now();
    ticking = requestAnimationFrame(tick);
    return undefined;
  }

  function stop() {
    player.playing = false;
    cancelAnimationFrame(ticking);
    if (still) link.ask("draw");
    still = false;
  }

  /**
   * While the slider is dragged only the newest place is asked for, and only once the last answer is
   * here.
   */
  function seek(n) {
    wanted = Math.max(0, Math.round(n));
    pump();
  }

  function pump() {
    if (wanted === null || link.busy()) return;
    const n = wanted;
    wanted = null;
    if (n !== link.frame.position) link.ask("seek", { n });
  }
  const off = link.onChange(pump);

  function slower() {
    player.speed = Math.max(0, player.speed - 1);
  }
  function faster() {
    player.speed = Math.min(SPEEDS.length - 1, player.speed + 1);
  }
  function next() {
    player.speed = (player.speed + 1) % SPEEDS.length;
  }

  /** Whether the pictures may move: not when events follow each other too fast to be watched. */
  function calm() {
    return player.playing && SPEEDS[player.speed].rate > MOTION_UP_TO;
  }

  return Object.assign(player, {
    dispose() {
      stop();
      off();
    },
  });
}
