// @ts-check
// A lab that leaves the page and comes back: copied as a link, saved as a file, opened from either.
import { h } from "./dom.js";
import { download } from "./export.js";

const FILE = "kmemlab-session.json";

/**
 * What the menu's entries do. `say(text)` shows a notice.
 * @param {any} link the line to Python
 */
export function makeShare(link, say) {
  const given = (action, use, args = {}) =>
    link.ask(action, args, () => {
      const found = link.frame.given;
      if (found) use(found);
    });

  async function handOver(found) {
    if (found.kind === "file") return download(new Blob([found.text], { type: "application/json" }), FILE);
    return copy(found.text, found.words);
  }

  /** Copies a text and says so. Without a clipboard the text is shown, to be copied by hand. */
  async function copy(text, words) {
    try {
      await navigator.clipboard.writeText(text);
      return say(words);
    } catch {
      return say(text);
    }
  }

  function open(text) {
    if (text.trim()) link.ask("open", { text });
  }

  /** Lets a file be chosen; what it holds is opened. */
  function choose() {
    const input = /** @type {HTMLInputElement} */ (
      h("input", { type: "file", accept: ".json,.txt,application/json,text/plain" })
    );
    input.addEventListener("change", async () => {
      const file = input.files?.[0];
      if (file) open(await file.text());
    });
    input.click();
  }

  async function paste() {
    let text = "";
    try {
      text = await navigator.clipboard.readText();
    } catch {
      return say("This page may not read the clipboard: Lab(link=…) in a cell opens a link.");
    }
    return open(text);
  }

  return {
    share: () => given("share", handOver),
    binder: () => given("binder", handOver),
    save: () => given("save", handOver),
    commands: (id) => given("commands", handOver, { id }),
    copy,
    choose,
    paste,
  };
}
