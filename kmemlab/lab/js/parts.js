// @ts-check
// Draws one part after the other. A part that throws says so and leaves the others alive.
import { forgetDrawn } from "./dom.js";

/**
 * @param {(failure: {text: string, report: string} | null) => void} tell what is to be said, null when all is
 *   well again
 */
export function makeGuard(tell) {
  const failures = new Map();
  return {
    /** Runs `draw`; `name` and `el` are the part's. */
    part(name, el, draw) {
      try {
        draw();
        if (!failures.delete(name)) return;
        el.removeAttribute("data-broken");
      } catch (error) {
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        const stack = error instanceof Error ? (error.stack ?? "") : "";
        // Where a module came from is a blob with a number: only functions and lines are worth copying.
        const lines = stack.replace(/\(?(blob|https?|data):[^\s)]*?(:\d+:\d+)?\)?/g, (_, __, at) => at ?? "");
        failures.set(name, {
          text: `This picture could not be drawn: ${reason}. The machine is unharmed.`,
          report: `kmemlab, part ${name}\n${reason}\n${lines}`,
        });
        el.setAttribute("data-broken", "true");
        forgetDrawn();
      }
      tell([...failures.values()][0] ?? null);
    },
  };
}
