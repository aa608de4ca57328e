// Measures what a person sees of a lab: the boxes of its words, their size and contrast, its targets. Put into the page by looks.py.
// Everything is measured on the screen (client px), so that scaled and SVG text count as they are shown.
() => {
  const ROOT = ".kmemlab-lab";
  const round = (v) => Math.round(v * 10) / 10;

  const seen = (el) =>
    el.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !el.closest(".kl-hidden, option, desc, style");

  /** How much larger an element is drawn than its style says. */
  function scaleOf(el) {
    if (el.ownerSVGElement) {
      const { a, b, c, d } = el.getScreenCTM();
      return Math.sqrt(Math.abs(a * d - b * c));
    }
    const block = el.closest("div, section, aside, p, button, li, td, th, pre");
    return block && block.offsetWidth ? block.getBoundingClientRect().width / block.offsetWidth : 1;
  }

  const alphaOf = (colour) => {
    const parts = colour.match(/[\d.]+/g) ?? [];
    return parts.length > 3 ? Number(parts[3]) : colour === "transparent" ? 0 : 1;
  };
  const rgbOf = (colour) => (colour.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number);

  /** What floats over the lab is another sheet of paper: its words do not lie on those below. */
  function layerOf(el) {
    for (let at = el; at && !at.matches(ROOT); at = at.parentElement) {
      const style = getComputedStyle(at);
      if (["absolute", "fixed", "sticky"].includes(style.position) && alphaOf(style.backgroundColor) > 0.9) return at;
    }
    return null;
  }

  const opacityOf = (el) => {
    let opacity = 1;
    for (let at = el; at && !at.matches?.(ROOT); at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    return opacity;
  };

  function colourOf(el) {
    const style = getComputedStyle(el);
    const colour = el.ownerSVGElement ? style.fill : style.color;
    const own = el.ownerSVGElement ? Number(style.fillOpacity) : 1;
    return { rgb: rgbOf(colour), alpha: alphaOf(colour) * own * opacityOf(el) };
  }

  /** The part of a box that its ancestors let through; what can be scrolled to is let through. */
  function letThrough(el, box) {
    const cut = { left: box.left, top: box.top, right: box.right, bottom: box.bottom };
    for (let at = el; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const edge = at.getBoundingClientRect();
      if (["hidden", "clip"].includes(style.overflowX)) {
        cut.left = Math.max(cut.left, edge.left);
        cut.right = Math.min(cut.right, edge.right);
      }
      if (["hidden", "clip"].includes(style.overflowY)) {
        cut.top = Math.max(cut.top, edge.top);
        cut.bottom = Math.min(cut.bottom, edge.bottom);
      }
      if (["auto", "scroll"].includes(style.overflowX) || ["auto", "scroll"].includes(style.overflowY)) break;
      if (at.matches(ROOT)) break;
    }
    return cut;
  }

  /** Whether a piece of text is scrolled out of a box that scrolls: it is somewhere else than it measures. */
  function scrolledAway(el, box) {
    for (let at = el; at && !at.matches(ROOT); at = at.parentElement) {
      const style = getComputedStyle(at);
      if (!["auto", "scroll"].includes(style.overflowY) && !["auto", "scroll"].includes(style.overflowX)) continue;
      const edge = at.getBoundingClientRect();
      if (box.top < edge.top - 1 || box.bottom > edge.bottom + 1 || box.left < edge.left - 1 || box.right > edge.right + 1) return true;
    }
    return false;
  }

  /** Whether another sheet of paper lies over a word, or throws its shadow on it. */
  function shaded({ box, layer }, sheets) {
    return sheets.some((sheet) => {
      if (sheet === layer || sheet.contains(layer)) return false;
      const { left, right, top, bottom } = sheet.getBoundingClientRect();
      return box.right > left - 32 && box.left < right + 32 && box.bottom > top - 32 && box.top < bottom + 32;
    });
  }

  /** Every line of every visible text, one entry for a line. */
  function words() {
    const found = [];
    for (const root of document.querySelectorAll(ROOT)) {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const el = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        if (!text || !seen(el)) continue;
        const colour = colourOf(el);
        if (colour.alpha === 0) continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        for (const box of range.getClientRects()) {
          if (box.width < 1 || scrolledAway(el, box)) continue;
          found.push({ el, text, box, ...colour, layer: layerOf(el), root });
        }
      }
    }
    return found;
  }

  const told = (word) => `“${word.text.slice(0, 60)}” (${word.el.closest("[class]")?.getAttribute("class")})`;

  function clipped() {
    const bad = [];
    for (const word of words()) {
      const { el, box, root } = word;
      const cut = letThrough(el, box);
      const lost = [cut.left - box.left, box.right - cut.right, cut.top - box.top, box.bottom - cut.bottom].map(round);
      // An ascent or descent that no glyph fills may stand out by a little.
      const slack = box.height * 0.2;
      if (lost[0] > 1 || lost[1] > 1 || lost[2] > slack || lost[3] > slack) bad.push(`${told(word)} loses ${lost}`);
      const svg = el.closest("svg");
      const sheet = (svg && getComputedStyle(svg).overflow !== "visible" ? svg : root).getBoundingClientRect();
      const out = [sheet.left - box.left, box.right - sheet.right, sheet.top - box.top, box.bottom - sheet.bottom].map(round);
      if (out[0] > 1 || out[1] > 1 || out[2] > slack || out[3] > slack) bad.push(`${told(word)} stands out by ${out}`);
      const style = getComputedStyle(el);
      if (style.textOverflow === "ellipsis" && el.scrollWidth > el.clientWidth + 1 && !el.title)
        bad.push(`${told(word)} ends in … and no tip says the rest`);
    }
    for (const field of document.querySelectorAll(`${ROOT} select, ${ROOT} input`))
      if (seen(field) && field.scrollWidth > field.clientWidth + 1) bad.push(`${field.className} has no room for “${field.value}”`);
    return bad;
  }

  function overlapping() {
    const bad = [];
    // Half of a line box is air above and below the small letters.
    const all = words().map((word) => {
      const air = word.box.height * 0.22;
      const { left, right, top, bottom } = word.box;
      return { ...word, left, right, top: top + air, bottom: bottom - air };
    });
    all.forEach((a, i) => {
      for (const b of all.slice(i + 1)) {
        if (a.layer !== b.layer || a.root !== b.root || (a.el === b.el && a.text === b.text)) continue;
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 1) bad.push(`${told(a)} lies on ${told(b)} by ${round(wide)} x ${round(high)}`);
      }
    });
    for (const word of all) {
      const ends = [word.left + 2, word.right - 2].map((x) => document.elementFromPoint(x, (word.top + word.bottom) / 2));
      const over = ends.map((el) => el?.closest("button")).find((el) => el && !el.contains(word.el) && seen(el));
      const card = over && layerOf(over);
      // A card may lie on words; a button by itself may not.
      if (over && card !== word.layer && card === over) bad.push(`${told(word)} lies under the button “${over.textContent}”`);
    }
    return bad;
  }

  const small = () =>
    words()
      .map((word) => [word, parseFloat(getComputedStyle(word.el).fontSize) * scaleOf(word.el)])
      .filter(([, size]) => size < 10.95)
      .map(([word, size]) => `${told(word)} has ${round(size)} px`);

  /** What takes a pointer and is smaller than 24 px. */
  function targets() {
    const bad = [];
    for (const el of document.querySelectorAll(
      `${ROOT} button, ${ROOT} a[href], ${ROOT} input, ${ROOT} select, ${ROOT} [tabindex="0"], ${ROOT} [role=treeitem]`,
    )) {
      if (!seen(el)) continue;
      const box = el.getBoundingClientRect();
      if (box.width < 23.5 || box.height < 23.5)
        bad.push(`${el.className || el.tagName} “${(el.ariaLabel || el.textContent).slice(0, 30)}” is ${round(box.width)} x ${round(box.height)}`);
    }
    return bad;
  }

  const light = ([r, g, b]) => {
    const part = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

  /** Words whose colour is too near to what a screenshot shows behind them: the colour that most pixels round them have. */
  async function pale(png) {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const sheet = new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true });
    sheet.drawImage(image, 0, 0);
    const bad = [];
    const all = words();
    const sheets = [...new Set(all.map((word) => word.layer))].filter(Boolean);
    for (const word of all) {
      const [x, y] = [Math.floor(word.box.left) - 1, Math.floor(word.box.top)];
      const [w, h] = [Math.ceil(word.box.width) + 2, Math.ceil(word.box.height)];
      if (x < 0 || y < 0 || x + w > image.width || y + h > image.height) continue; // below the window
      if (w < 2 || h < 2 || !/[\p{L}\p{N}]/u.test(word.text) || shaded(word, sheets)) continue;
      const pixels = new Uint32Array(sheet.getImageData(x, y, w, h).data.buffer);
      const count = new Map();
      pixels.forEach((pixel, i) => {
        const [column, row] = [i % w, Math.floor(i / w)];
        if (column === 0 || row === 0 || column === w - 1 || row === h - 1) count.set(pixel, (count.get(pixel) ?? 0) + 1);
      });
      const most = [...count].sort((a, b) => b[1] - a[1])[0][0];
      // A word with a halo is read against that.
      const halo = getComputedStyle(word.el).textShadow;
      const behind = halo && halo !== "none" ? rgbOf(halo) : [most & 255, (most >> 8) & 255, (most >> 16) & 255];
      const front = word.rgb.map((v, i) => v * word.alpha + behind[i] * (1 - word.alpha));
      const contrast = ratio(front, behind);
      if (contrast < 4.5) bad.push(`${told(word)} has ${round(contrast)}:1, ${front.map(Math.round)} on ${behind}`);
    }
    return bad;
  }

  /** Pairs of the palette that the canvas writes with, where no box can be measured: a letter on its cell, words on the sheet. */
  function palePairs() {
    const style = getComputedStyle(document.querySelector(ROOT));
    const colour = (token) => {
      const text = style.getPropertyValue(`--kl-${token}`).trim();
      return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
    };
    const words = ["ink", "ink2", "ink3", "nox"].map((token) => [token, "canvas"]);
    const cells = [["ink", "free"], ["ink3", "free"], ["nonex", "none"], ["nox", "not"]];
    const owners = [0, 1, 2, 3, 4, 5].flatMap((hue) => [[`h${hue}x`, `h${hue}t`], [`h${hue}on`, `h${hue}`], [`h${hue}x`, "canvas"]]);
    return [...words, ...cells, ...owners]
      .map(([front, behind]) => [front, behind, ratio(colour(front), colour(behind))])
      .filter(([, , contrast]) => !(contrast >= 4.5))
      .map(([front, behind, contrast]) => `${front} on ${behind} has ${round(contrast)}:1`);
  }

  window.klLooks = {
    clipped: () => [...new Set(clipped())],
    overlapping,
    small,
    targets,
    pale,
    palePairs,
    /**
     * Every element: left, top, width, height from the lab's corner, and its text. An element is known by its place in the tree;
     * inside a drawing, which is made anew, by what it says or how its line runs.
     */
    boxes() {
      const found = {};
      const root = document.querySelector(ROOT).getBoundingClientRect();
      document.querySelectorAll(`${ROOT} *`).forEach((el) => {
        if (el.closest(".kl-grid, .kl-history, .kl-hidden, option, desc") || !seen(el)) return;
        const svg = el.ownerSVGElement;
        if (svg && (svg.closest(".kl-path") ? el.tagName !== "text" : !["text", "path"].includes(el.tagName))) return;
        const box = el.getBoundingClientRect();
        const place = [box.left - root.left, box.top - root.top, box.width, box.height].map(round);
        // The word of the step that is shown is bold.
        if (svg?.closest(".kl-path")) place.splice(2, 2, 0, 0);
        let name = svg ? `${pathOf(svg)} ${el.tagName} ${el.textContent || el.getAttribute("d")}` : pathOf(el);
        while (name in found) name += "'";
        found[name] = [...place, el.textContent];
      });
      return found;
    },
    /** Keeps the picture of the slab pages, and tells where it differs from the last one kept, apart from `allowed` boxes. */
    repainted(allowed) {
      const canvas = document.querySelector(`${ROOT} canvas.kl-slabs`);
      const { width, height } = canvas;
      const data = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
      const last = window.klLooks.last;
      window.klLooks.last = data;
      if (!last || last.length !== data.length) return { inside: 0, outside: last ? ["another size"] : [] };
      const sharp = width / canvas.offsetWidth;
      let inside = 0;
      const outside = new Set();
      data.forEach((pixel, i) => {
        if (pixel === last[i]) return;
        const [x, y] = [(i % width) / sharp, Math.floor(i / width) / sharp];
        if (allowed.some((box) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3])) inside += 1;
        else if (outside.size < 20) outside.add(`${Math.floor(x)},${Math.floor(y)}`);
      });
      return { inside, outside: [...outside] };
    },
  };

  /** Where an element is in the tree, for telling it again in a later frame. */
  function pathOf(el) {
    const steps = [];
    for (let at = el; at && !at.matches(ROOT); at = at.parentElement) steps.unshift([...at.parentElement.children].indexOf(at));
    const part = el.closest(".kl-stepcount, .kl-src, .kl-path, .kl-bar, .kl-containers, .kl-stage, .kl-object, .kl-time, .kl-term");
    return `${part?.classList[0]} ${steps.join(".")}`;
  }
}
