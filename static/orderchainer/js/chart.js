// Read the bars of a chart one by one, with the mouse or with the arrow keys.
//
//   <figure> <div data-chart tabindex="0"> <svg> … <rect><title>1 Jan: 3 orders</title></rect> </svg> </div>
//     <output data-readout></output> </figure>
//
// The server has drawn the chart, and each bar says what it stands for.
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

function barsOf(chart) {
  return [...chart.querySelectorAll("rect")];
}

function show(chart, bar) {
  for (const shown of chart.querySelectorAll("[data-at]")) delete shown.dataset.at;
  bar.dataset.at = "";
  const readout = chart.closest("figure").querySelector("[data-readout]");
  const words = bar.querySelector("title").textContent;
  if (readout.textContent !== words) readout.textContent = words;
}

function moved(chart, key) {
  const bars = barsOf(chart);
  const at = bars.findIndex((bar) => "at" in bar.dataset);
  if (key === "Home") return bars.at(0);
  if (key === "End") return bars.at(-1);
  if (at < 0) return bars.at(key === "ArrowRight" ? 0 : -1);
  return bars[Math.max(0, Math.min(bars.length - 1, at + STEPS[key]))];
}

document.addEventListener("keydown", (event) => {
  const chart = event.target.closest?.("[data-chart]");
  const { key } = event;
  if (!chart || !(key in STEPS || key === "Home" || key === "End")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const bar = moved(chart, key);
  if (!bar) return;
  show(chart, bar);
  bar.scrollIntoView({ block: "nearest", inline: "nearest" });
});

// Bars are thin and some have no height, so the nearest one counts.
document.addEventListener("pointermove", ({ target, clientX }) => {
  const chart = target.closest?.("[data-chart]");
  if (!chart) return;
  const distance = (bar) => {
    const { left, width } = bar.getBoundingClientRect();
    return Math.abs(left + width / 2 - clientX);
  };
  const [first, ...others] = barsOf(chart);
  if (first)
    show(
      chart,
      others.reduce((a, b) => (distance(b) < distance(a) ? b : a), first),
    );
});
