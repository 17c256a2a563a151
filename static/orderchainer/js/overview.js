// The overview of a chain: all its orders as dots on a canvas, from one small JSON. A click on a dot
// goes to its chain. Shape and colour tell the status.
//
//   <canvas class="chain-overview" data-source="…" data-goes="/app/…/orders/0/chain">
import { Panning } from "./panning.js";

const STEP = 16;
const DOT = 10;
const MARGIN = 24;
// With fewer pixels for a step, lines only make the picture grey.
const LINES_FROM = 0.15;
// Smaller dots all look the same, so they are all squares.
const SHAPES_FROM = 0.45;
const SHAPES = {
  fulfilled: circle,
  completed: circle,
  active: diamond,
  shipped: diamond,
  failed: cross,
  cancelled: cross,
};

const canvas = document.querySelector(".chain-overview");
const told = document.getElementById("chain-told");
let chain = {
  ids: [],
  levels: [],
  lanes: [],
  statuses: [],
  lines: [],
  words: [],
  focus: -1,
  size: [1, 1],
};
let byPlace = new Map();
let firstOfLevel = [];
let colours = [];
const panning = new Panning(canvas, { size, draw });

function size() {
  const [levels, lanes] = chain.size;
  return { width: levels * STEP + 2 * MARGIN, height: lanes * STEP + 2 * MARGIN };
}

async function load() {
  const answer = await fetch(canvas.dataset.source).catch(() => null);
  if (!answer?.ok) {
    told.textContent = "The overview could not be loaded. The list shows the same orders.";
    return;
  }
  chain = await answer.json();
  byPlace = new Map(chain.ids.map((_, i) => [place(chain.levels[i], chain.lanes[i]), i]));
  // Orders are sorted by their levels.
  firstOfLevel = Array(chain.size[0] + 1).fill(chain.ids.length);
  for (let i = chain.ids.length - 1; i >= 0; i--) firstOfLevel[chain.levels[i]] = i;
  readColours();
}

const place = (level, lane) => level * 1e6 + lane;
const x = (i) => MARGIN + (chain.levels[i] + 0.5) * STEP;
const y = (i) => MARGIN + (chain.lanes[i] + 0.5) * STEP;

// --- Drawing ----------------------------------------------------------------------------------

// A canvas does not know the colours of a style sheet, so an element tells them.
function readColours() {
  const probe = document.createElement("span");
  canvas.parentElement.append(probe);
  const colourOf = (hue) => {
    probe.dataset.hue = hue;
    probe.style.color = "var(--hue)";
    return getComputedStyle(probe).color;
  };
  colours = chain.words.map(([, hue]) => colourOf(hue));
  probe.remove();
  panning.show();
}

function draw({ x: left, y: top, scale }) {
  const { width, height } = panning.box;
  const sharp = devicePixelRatio;
  if (canvas.width !== Math.round(width * sharp)) canvas.width = Math.round(width * sharp);
  if (canvas.height !== Math.round(height * sharp)) canvas.height = Math.round(height * sharp);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(scale * sharp, 0, 0, scale * sharp, -left * scale * sharp, -top * scale * sharp);
  // Only these levels are in sight.
  const levelAt = (point) => Math.floor((point - MARGIN) / STEP);
  const first = Math.max(0, levelAt(left));
  const last = Math.min(chain.size[0] - 1, levelAt(left + width / scale));
  if (scale >= LINES_FROM) drawLines(pen, style, { first, last, scale });
  const dot = Math.max(DOT, 2 / scale);
  for (let i = firstOfLevel[first] ?? 0; i < chain.ids.length && chain.levels[i] <= last; i++) {
    pen.fillStyle = pen.strokeStyle = colours[chain.statuses[i]];
    pen.lineWidth = dot / 4;
    const shape =
      scale < SHAPES_FROM ? square : (SHAPES[chain.words[chain.statuses[i]][0]] ?? square);
    shape(pen, x(i), y(i), dot / 2);
  }
  if (chain.focus < 0) return;
  pen.strokeStyle = style.outlineColor;
  pen.lineWidth = 2.5 / scale;
  pen.beginPath();
  pen.arc(x(chain.focus), y(chain.focus), dot / 2 + 5 / scale, 0, 7);
  pen.stroke();
}

function drawLines(pen, style, { first, last, scale }) {
  pen.strokeStyle = style.borderTopColor;
  pen.lineWidth = Math.min(1, 0.7 / scale);
  pen.beginPath();
  for (let at = 0; at < chain.lines.length; at += 2) {
    const [start, end] = [chain.lines[at], chain.lines[at + 1]];
    if (chain.levels[end] < first || chain.levels[start] > last) continue;
    pen.moveTo(x(start) + DOT / 2, y(start));
    pen.lineTo(x(end) - DOT / 2, y(end));
  }
  pen.stroke();
}

function square(pen, cx, cy, half) {
  pen.fillRect(cx - half, cy - half, 2 * half, 2 * half);
}

function circle(pen, cx, cy, half) {
  pen.beginPath();
  pen.arc(cx, cy, half, 0, 7);
  pen.fill();
}

function diamond(pen, cx, cy, half) {
  pen.beginPath();
  pen.moveTo(cx, cy - half * 1.2);
  pen.lineTo(cx + half * 1.2, cy);
  pen.lineTo(cx, cy + half * 1.2);
  pen.lineTo(cx - half * 1.2, cy);
  pen.fill();
}

function cross(pen, cx, cy, half) {
  pen.beginPath();
  pen.moveTo(cx - half, cy - half);
  pen.lineTo(cx + half, cy + half);
  pen.moveTo(cx + half, cy - half);
  pen.lineTo(cx - half, cy + half);
  pen.stroke();
}

// --- Pointing ---------------------------------------------------------------------------------

function under(event) {
  const point = panning.at(event);
  const level = Math.floor((point.x - MARGIN) / STEP);
  return byPlace.get(place(level, Math.floor((point.y - MARGIN) / STEP)));
}

canvas.addEventListener("pointermove", (event) => {
  const i = under(event);
  canvas.classList.toggle("points", i !== undefined);
  told.textContent =
    i === undefined ? "" : `#${chain.ids[i]}, ${chain.words[chain.statuses[i]][0]}`;
});
canvas.addEventListener("click", (event) => {
  const i = under(event);
  if (i !== undefined) location.assign(canvas.dataset.goes.replace("/0/", `/${chain.ids[i]}/`));
});
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-zoom]");
  if (button) panning.pressed(button, { x: x(chain.focus), y: y(chain.focus) });
});
document.addEventListener("chain-refreshed", load);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);
new MutationObserver(readColours).observe(document.documentElement, {
  attributeFilter: ["data-theme"],
});

await load();
panning.fit();
canvas.classList.add("moves");
