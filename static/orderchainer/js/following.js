// Read the page of a chain again when one of its orders has changed: what changed keeps its place.
import { announce, GENERAL } from "./announce.js";
import { GONE, paced, refreshAll } from "./changes.js";

// These can add orders or lines to the chain.
const ADDING = new Set(["order_notification", "order_updated"]);

const soon = paced(refresh);

document.addEventListener("live", ({ detail }) => {
  const isShown = document.getElementById(`node-${detail.order_id}`);
  if (isShown || ADDING.has(detail.type) || hidesOrders()) soon();
});

// An order that a node stands for, or that is only a dot of the overview, has no name on the page.
function hidesOrders() {
  return Boolean(document.querySelector(".chain-overview, #chain .fold"));
}

async function refresh() {
  tell("chain-refreshing");
  try {
    await refreshAll();
  } catch (error) {
    if (GONE.includes(error.status)) return;
    throw error;
  }
  tell("chain-refreshed");
  announce("The chain has changed", GENERAL);
}

function tell(name) {
  document.dispatchEvent(new CustomEvent(name));
}
