// @ts-check
// The words and lines of the slab pages: headings, names of the rows with their pointers, the fold, the
// captions.
import { fmt, plural, ordinal, textWidth } from "./dom.js";
import { rowMiddle } from "./slablayout.js";

/** Headings, row labels, arrows, the fold and the captions. */
export function paintWords(ctx, layout, frame, palette, containers) {
  const { base } = layout;
  const write = (text, x, y, size, weight, colour, align = "left") => {
    ctx.font = `${weight} ${size}px ${palette.font}`;
    ctx.fillStyle = colour;
    ctx.textAlign = align;
    ctx.textBaseline = "alphabetic";
    ctx.fillText(text, x, y);
  };
  const refused = frame.mark?.kind === "taken";
  for (const head of layout.heads) {
    write(head.text, head.x, head.y, base.font, 650, palette.ink);
    const x = head.x + textWidth(head.text, base.font, 650) + 16;
    const loud = head.note && refused;
    write(head.sub, x, head.y, base.font - 1, loud ? 500 : 400, loud ? palette.nox : palette.ink3);
  }
  ctx.strokeStyle = palette.ink;
  ctx.lineWidth = 1.6;
  for (const trunk of layout.trunks) ctx.stroke(new Path2D(trunk.d));
  for (const row of layout.rows) {
    if (row.number) {
      const middle = row.y + Math.min(row.shape.height, base.cell) / 2;
      write(
        String(row.slab),
        row.x,
        middle + base.font * 0.34,
        base.font - 1.5,
        400,
        palette.ink3,
        "right",
      );
    } else paintRowLabel(ctx, write, row, rowMiddle(row.shape, base), layout, frame, palette);
  }
  const { fold } = layout;
  if (fold)
    write(
      foldWords(fold, frame, containers),
      fold.x,
      fold.y + base.font,
      base.font - 0.5,
      600,
      palette.ink2,
    );
  paintCaptions(write, layout, frame, palette);
}

/** "cpu 0" or "head", how full the slab is, and the pointer to it. */
function paintRowLabel(ctx, write, row, half, layout, frame, palette) {
  const { base } = layout;
  const slab = frame.slabs.rows[row.slab];
  if (!slab) return;
  const name = row.name === "place" ? ordinal(row.place) : row.name;
  const y = row.y + half;
  write(name, row.from, y + base.font * 0.1, base.font, 600, palette.ink);
  const small = Math.max(11.5, base.font - 2);
  const taken = `${slab.inuse}/${frame.cache.objects}`;
  const long = `slab ${row.slab} · ${taken}`;
  const room = base.label - row.from - 3;
  // The number always stands there: a full slab is called by it, and one looks for it when the slab is full.
  const fits = [long, `${row.slab} · ${taken}`].flatMap((words) => [small, 11].map((size) => ({ words, size })));
  const told = fits.find(({ words, size }) => textWidth(words, size) <= room) ?? { words: taken, size: small };
  write(told.words, row.from, y + base.font * 1.28, told.size, 400, palette.ink3);
  const line = y - base.font * 0.25;
  const end = base.label - 10;
  const start = Math.max(
    row.from + textWidth(name, base.font, 600) + 4,
    row.place ? base.font * 3.85 : base.font * 3.1,
  );
  ctx.strokeStyle = palette.ink;
  ctx.lineWidth = 1.6;
  const branch = row.place ? `M5 ${line}h${base.font * 0.8}` : "";
  ctx.stroke(new Path2D(`${branch}M${start} ${line}H${end}m-5 -4l5 4l-5 4`));
}

/** "8 more, all bomb". */
function foldWords(fold, frame, containers) {
  const counts = new Map();
  for (const slab of fold.slabs) {
    for (const owner of frame.slabs.rows[slab]?.owners ?? [])
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const name = (owner) => containers.get(owner)?.name ?? "nobody";
  const more = `${fmt(fold.slabs.length)} more`;
  if (counts.size === 1) return `${more}, all ${name([...counts.keys()][0])}`;
  const [owner, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [-1, 0];
  const objects = fold.slabs.length * (frame.cache?.objects ?? 0);
  return `${more}, ${fmt(count)} of ${fmt(objects)} objects ${name(owner)}`;
}

function paintCaptions(write, layout, frame, palette) {
  const { base } = layout;
  const size = base.font - 0.5;
  const line = base.font * 1.4;
  const lists = frame.slabs.arrays || layout.rows.some((row) => !row.number);
  const { rows, cpus = {}, partial = [], full = [] } = frame.slabs;
  // Slabs by the dozen are looked at one by one; where there are thousands the lists and the first full ones tell.
  const array = [...Object.values(cpus), ...partial.slice(0, 99), ...full.slice(0, 99)].some((slab) => rows[slab]?.array);
  const objects = frame.cache?.objects ?? 0;
  const { captionY: y } = layout;
  const after = textWidth("1", size, 650) + size * 0.3;
  const told = frame.slabs.arrays ? "is next in its cpu's array; (1) in its slab; s: shared" : "is the next free slot, then 2, 3, …";
  // Under the cells, but words that have no room there begin further left.
  const x = layout.captionX - Math.min(layout.captionX, Math.max(0, after + textWidth(told, size) - layout.captionRoom));
  if (lists) {
    write("1", x, y, size, 650, palette.ink);
    write(told, x + after, y, size, 400, palette.ink2);
  }
  if (lists && array) {
    // One pointer of 8 bytes for each object: struct kmem_container *owner[objects].
    write(
      `Thin strip: the owner array, ${plural(objects, "pointer")}.`,
      x,
      y + line,
      size,
      400,
      palette.ink2,
    );
    write(`Its ${fmt(objects * 8)} bytes are charged to nobody.`, x, y + 2 * line, size, 400, palette.ink2);
  }
  if (layout.fullNote) {
    const { x: nx, y: ny } = layout.fullNote;
    const [first, second] = frame.slabs.arrays
      ? ["A list leads to every full slab. What rests in", "an array counts as in use: the slab cannot tell."]
      : frame.slabs.listed
        ? ["A list leads to every full slab, so turning", "accounting off can find these objects."]
      : ["Nothing points at a full slab, so turning", "accounting off could not find these objects."];
    write(first, nx, ny, size, 400, palette.ink2);
    write(second, nx, ny + line, size, 400, palette.ink2);
  }
}
