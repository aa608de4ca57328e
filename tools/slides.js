// One slide at a time. Without this script all of them stand one below the other.
const slides = [...document.querySelectorAll("section")];
const body = document.body;
let now = 0;

/** A picture without its margins, as large as the slide lets it be. */
function crop(svg) {
  const boxes = [...svg.children].slice(1).filter((each) => each.getBBox).map((each) => each.getBBox()).filter((box) => box.width);
  if (!boxes.length) return;
  const left = Math.min(...boxes.map((box) => box.x)) - 8, top = Math.min(...boxes.map((box) => box.y)) - 8;
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + 8, bottom = Math.max(...boxes.map((box) => box.y + box.height)) + 8;
  svg.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);
  svg.setAttribute("preserveAspectRatio", "xMinYMin meet");
}

/** Letters as large as they fit, down to half of what they should be. */
function fit(slide) {
  slide.style.fontSize = "";
  const whole = parseFloat(getComputedStyle(slide).fontSize);
  for (let share = 1; share > 0.5 && slide.scrollHeight > slide.clientHeight; share -= 0.05) slide.style.fontSize = `${whole * share}px`;
}

function show(place) {
  now = Math.max(0, Math.min(slides.length - 1, place));
  slides.forEach((slide, n) => slide.classList.toggle("now", n === now));
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
