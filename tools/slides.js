// One slide at a time. Without this script all of them stand one below the other.
const slides = [...document.querySelectorAll("section")];
const body = document.body;
let now = 0;

/** Of a lab's picture what one slide shows: "head" with the containers, or "stage"; its long lines are where they meet. */
function cut(svg, part) {
  const drawn = [...svg.children].slice(1).filter((each) => each.getBBox).map((each) => [each, each.getBBox()]);
  const [top, foot] = drawn.map(([, box]) => box).filter((box) => box.width > 990 && box.height < 2).map((box) => box.y);
  if (foot === undefined) return;
  for (const [each, box] of drawn) {
    const stage = box.y > top && box.x > 270;
    if (box.y >= foot - 1 || box.width > 990 || stage !== (part === "stage")) each.remove();
  }
}

/** A picture without its margins, as large as the slide lets it be. */
function crop(svg) {
  const boxes = [...svg.children].slice(1).filter((each) => each.getBBox).map((each) => each.getBBox()).filter((box) => box.width);
  if (!boxes.length) return;
  const left = Math.min(...boxes.map((box) => box.x)) - 8, top = Math.min(...boxes.map((box) => box.y)) - 8;
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + 8, bottom = Math.max(...boxes.map((box) => box.y + box.height)) + 8;
  svg.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);
  svg.setAttribute("preserveAspectRatio", "xMinYMin meet");
}

/** Lines of code are not broken, if smaller letters help: a comment stays beside what it is about. */
function unbroken(slide) {
  const least = Math.min(innerWidth / 1280, innerHeight / 720) * 18;
  for (const pre of slide.querySelectorAll("pre")) {
    pre.style.fontSize = "";
    pre.style.whiteSpace = "pre";
    const wide = () => pre.scrollWidth > pre.clientWidth;
    for (let size = parseFloat(getComputedStyle(pre).fontSize); wide() && size > least; size -= 1) pre.style.fontSize = `${Math.max(least, size - 1)}px`;
    if (wide()) pre.style.whiteSpace = pre.style.fontSize = "";
  }
}

/** Letters as large as they fit, down to half of what they should be. */
function fit(slide) {
  slide.style.fontSize = "";
  const whole = parseFloat(getComputedStyle(slide).fontSize);
  unbroken(slide);
  const over = () => slide.scrollHeight > slide.clientHeight || [...slide.querySelectorAll(".told")].some((each) => each.scrollWidth > each.clientWidth);
  for (let share = 0.95; share > 0.5 && over(); share -= 0.05) {
    slide.style.fontSize = `${whole * share}px`;
    unbroken(slide);
  }
}

function show(place) {
  now = Math.max(0, Math.min(slides.length - 1, place));
  slides.forEach((slide, n) => slide.classList.toggle("now", n === now));
  slides[now].querySelectorAll("figure[data-part] svg").forEach((svg) => cut(svg, svg.parentNode.dataset.part));
  slides[now].querySelectorAll("figure svg").forEach(crop);
  fit(slides[now]);
  document.querySelector("#place").textContent = `${now + 1} / ${slides.length}`;
  history.replaceState(null, "", `#${now + 1}`);
}

const keys = {
  ArrowRight: () => show(now + 1), ArrowDown: () => show(now + 1), PageDown: () => show(now + 1), " ": () => show(now + 1),
  ArrowLeft: () => show(now - 1), ArrowUp: () => show(now - 1), PageUp: () => show(now - 1),
  Home: () => show(0), End: () => show(slides.length - 1),
  n: () => { body.classList.toggle("notes"); fit(slides[now]); },
  d: () => { document.documentElement.dataset.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; },
};
addEventListener("keydown", (event) => {
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});
addEventListener("click", (event) => { if (!event.target.closest("a, aside")) show(now + (event.clientX < innerWidth / 3 ? -1 : 1)); });
addEventListener("resize", () => fit(slides[now]));
addEventListener("hashchange", () => show((parseInt(location.hash.slice(1)) || 1) - 1));
body.classList.add("deck");
show((parseInt(location.hash.slice(1)) || 1) - 1);
