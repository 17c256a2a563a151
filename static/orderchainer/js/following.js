// Read the page of a chain again when one of its orders has changed: what changed keeps its place.
import { announce } from "./announce.js";
import { refreshAll } from "./changes.js";

const SHORTEST_WAIT = 300;
const LONGEST_WAIT = 10000;
// These can add orders or lines to the chain.
const ADDING = new Set(["order_notification", "order_updated"]);

let timer = 0;
let lastTrip = 0;

document.addEventListener("live", ({ detail }) => {
  const isShown = document.getElementById(`node-${detail.order_id}`);
  if (isShown || ADDING.has(detail.type) || hidesOrders()) later();
});

// An order that a node stands for, or that is only a dot of the overview, has no name on the page.
function hidesOrders() {
  return Boolean(document.querySelector(".chain-overview, #chain .fold"));
}

function later() {
  // The longer it takes to read the page, the longer we wait for more changes.
  timer ||= setTimeout(refresh, Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, 4 * lastTrip)));
}

async function refresh() {
  const started = performance.now();
  tell("chain-refreshing");
  try {
    await refreshAll();
    tell("chain-refreshed");
    announce("The chain has changed");
  } catch {
    // The next event tries again.
  } finally {
    timer = 0;
    lastTrip = performance.now() - started;
  }
}

function tell(name) {
  document.dispatchEvent(new CustomEvent(name));
}
