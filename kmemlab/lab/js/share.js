// @ts-check
// A lab that leaves the page and comes back: copied as a link, saved as a file, opened from either.
import { h, fmt } from "./dom.js";
import { download } from "./export.js";

const FILE = "kmemlab-session.json";
// A Jupyter server closes the line at a message of 10 MB; in JSON a character may take more than one byte.
const LONGEST_TEXT = 4_000_000;

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
    if (tooLong(text.length)) return undefined;
    if (!text.trim()) return undefined;
    say(""); // what was said before is not about this
    return link.ask("open", { text });
  }

  /** Refuses what would break the line to Python, and says so. */
  function tooLong(length) {
    if (length <= LONGEST_TEXT) return false;
    const most = `at most ${fmt(LONGEST_TEXT)}`;
    say(`Too long to open here: ${fmt(length)} characters, ${most}. Session.load() in a cell takes any.`);
    return true;
  }

  /** Lets a file be chosen; what it holds is opened. */
  function choose() {
    const input = /** @type {HTMLInputElement} */ (
      h("input", { type: "file", accept: ".json,.txt,application/json,text/plain" })
    );
    input.addEventListener("change", async () => {
      const file = input.files?.[0];
      if (file && !tooLong(file.size)) open(await file.text());
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
