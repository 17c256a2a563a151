// The map of a chain: pan and zoom it, dim what is not on a way through an order, and walk along the
// lines with the arrow keys. The server draws the map; this only moves it.
import { Panning } from "./panning.js";

// Smaller text cannot be read, so a larger map begins at its order instead of showing everything.
const READABLE = 0.6;
const MINIMAP = { width: 168, height: 108 };

const view = document.querySelector(".chain-view");
const mini = document.querySelector(".chain-mini");
const panning = view && new Panning(view, { size, draw });
let shown = "";
let height = "";
let chosen = null;

const svg = () => view.querySelector("svg");
const nodes = () => [...svg().querySelectorAll(".chain-node")];
const focus = () => svg().querySelector(".focus") ?? nodes()[0];

function size() {
  const [width, tall] = ["width", "height"].map((name) => Number(svg().getAttribute(name)));
  return { width, height: tall };
}

function boxOf(node) {
  const [x, y] = node.getAttribute("transform").match(/\d+/g).map(Number);
  const box = node.querySelector(".box");
  return { x, y, width: box.width.baseVal.value, height: box.height.baseVal.value };
}

function middleOf(node) {
  const box = boxOf(node);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

// --- Moving -----------------------------------------------------------------------------------

function begin() {
  const { width, height: tall } = size();
  const wanted = tall * Math.max(READABLE, Math.min(1, view.clientWidth / width));
  height = `${Math.round(Math.max(240, Math.min(wanted, innerHeight * 0.7)))}px`;
  apply();
  if (panning.fitting >= READABLE) panning.fit();
  else {
    panning.show({ scale: Math.max(READABLE, Math.min(1, view.clientHeight / tall)) });
    const { x, y } = middleOf(focus());
    panning.center(x, y);
  }
  // Reading the page again takes away what we have set; set it again before anybody sees that.
  const watched = { subtree: true, attributeFilter: ["class", "style", "viewBox"] };
  new MutationObserver(apply).observe(view, watched);
}

function draw({ x, y, scale }) {
  const { width, height: tall } = panning.box;
  shown = [x, y, width / scale, tall / scale].map((each) => each.toFixed(1)).join(" ");
  apply();
  drawMinimap({ x, y, width: width / scale, height: tall / scale });
}

// The order that one looks at stays where it is when the picture becomes another one.
const anchor = () => (chosen && document.getElementById(chosen)) || focus();
let before = null;

function keepPlace() {
  const now = boxOf(anchor());
  const { x, y } = panning.view;
  panning.show({ x: x + now.x - before.x, y: y + now.y - before.y });
}

// Each step looks first, because a change would be observed again.
function apply() {
  if (!view.classList.contains("moves")) view.classList.add("moves");
  if (view.style.height !== height) view.style.height = height;
  if (shown && svg().getAttribute("viewBox") !== shown) svg().setAttribute("viewBox", shown);
  const related = chosen && waysThrough(chosen);
  for (const part of svg().querySelectorAll(".chain-node, .chain-line")) {
    const dims = Boolean(related) && !related.has(part.id);
    if (part.classList.contains("dim") !== dims) part.classList.toggle("dim", dims);
  }
}

function drawMinimap(window_) {
  const whole = size();
  mini.hidden = window_.width >= whole.width && window_.height >= whole.height;
  if (mini.hidden) return;
  const scale = Math.min(MINIMAP.width / whole.width, MINIMAP.height / whole.height);
  mini.width = Math.max(24, whole.width * scale);
  mini.height = Math.max(12, whole.height * scale);
  const pen = mini.getContext("2d");
  const style = getComputedStyle(mini);
  pen.fillStyle = style.color;
  for (const node of nodes()) {
    const box = boxOf(node);
    const width = Math.max(2, box.width * scale);
    pen.fillRect(box.x * scale, box.y * scale, width, Math.max(1.5, box.height * scale));
  }
  pen.strokeStyle = style.outlineColor;
  pen.lineWidth = 1.5;
  const [x, y] = [Math.max(0, window_.x * scale), Math.max(0, window_.y * scale)];
  const right = Math.min(mini.width, (window_.x + window_.width) * scale);
  const bottom = Math.min(mini.height, (window_.y + window_.height) * scale);
  pen.strokeRect(x + 1, y + 1, right - x - 2, bottom - y - 2);
}

// --- Ways -------------------------------------------------------------------------------------

const lines = () => [...svg().querySelectorAll(".chain-line")].map((line) => [line, line.dataset]);

// The ids of everything that leads to a node or away from it.
function waysThrough(id) {
  const found = new Set([id]);
  const all = lines();
  for (const [here, there] of [
    ["end", "start"],
    ["start", "end"],
  ]) {
    const queue = [id];
    for (const node of queue) {
      for (const [line, ends] of all.filter(([, each]) => each[here] === node)) {
        found.add(line.id);
        if (found.has(ends[there])) continue;
        found.add(ends[there]);
        queue.push(ends[there]);
      }
    }
  }
  return found;
}

function choose(node) {
  if (chosen === (node?.id ?? null)) return;
  chosen = node?.id ?? null;
  apply();
}

function neighbours(node, key) {
  const byId = (id) => document.getElementById(id);
  const all = lines().map(([, ends]) => ends);
  if (key === "ArrowLeft")
    return all.filter((each) => each.end === node.id).map((each) => byId(each.start));
  if (key === "ArrowRight")
    return all.filter((each) => each.start === node.id).map((each) => byId(each.end));
  const { x, y } = boxOf(node);
  const level = nodes().filter((each) => boxOf(each).x === x);
  return level.filter((each) => (key === "ArrowUp" ? boxOf(each).y < y : boxOf(each).y > y));
}

function walk(event) {
  const node = event.target.closest(".chain-node");
  if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
  const isOff = document.documentElement.dataset.keys === "off";
  if (event.key === "f" && !isOff && !node.matches(".fold")) {
    event.stopPropagation();
    location.assign(`${event.target.href.baseVal}/chain?view=map`);
  }
  if (!event.key.startsWith("Arrow")) return;
  event.preventDefault();
  const { y } = boxOf(node);
  const near = (each) => Math.abs(boxOf(each).y - y);
  const [next] = neighbours(node, event.key).sort((one, other) => near(one) - near(other));
  next?.querySelector("a[href]")?.focus();
}

if (view) {
  begin();
  for (const name of ["pointerover", "focusin"]) {
    view.addEventListener(name, ({ target }) => choose(target.closest(".chain-node")));
  }
  view.addEventListener("pointerleave", () =>
    choose(view.querySelector(".chain-node:has(:focus)")),
  );
  view.addEventListener("focusout", () => choose(null));
  view.addEventListener("focusin", ({ target }) => {
    const node = target.closest(".chain-node");
    if (node && target.matches(":focus-visible")) panning.reveal(boxOf(node));
  });
  view.addEventListener("keydown", walk);
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-zoom]");
    if (button) panning.pressed(button, middleOf(focus()));
  });
  document.addEventListener("chain-refreshing", () => {
    before = boxOf(anchor());
  });
  document.addEventListener("chain-refreshed", keepPlace);
  mini.addEventListener("click", ({ offsetX, offsetY }) => {
    const scale = mini.width / size().width;
    panning.center(offsetX / scale, offsetY / scale);
  });
}
