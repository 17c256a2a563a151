// Read a part of the page again when something happens in the project.
//
//   <div id="today" data-refreshes> … </div>
//   <div id="report" data-refreshes="report-5f0…"> … </div>   only for events about that report
//   <section id="channel" data-refreshes data-from="/app/…"> … </section>   a panel, of another page
//
// The page answers with the part whose name is the id of the element. Many events in a row cost one
// request.
import { announce, toast } from "./announce.js";
import { fetchParts, refreshPart } from "./fragments.js";

const SHORTEST_WAIT = 300;
const LONGEST_WAIT = 10000;
const GONE = [403, 404, 410];

let timer = 0;
let lastTrip = 0;
let isReading = false;
// Something has happened while the parts were read, which the answer may not know yet.
let isStale = false;

document.addEventListener("live", ({ detail }) => {
  const about = `${detail.subject_kind ?? "order"}-${detail.subject_id ?? detail.order_id}`;
  const isWanted = ({ dataset }) => !dataset.refreshes || dataset.refreshes === about;
  if ([...document.querySelectorAll("[data-refreshes]")].some(isWanted)) later();
});

function later(least = SHORTEST_WAIT) {
  isStale = isReading;
  if (isReading) return;
  // The longer it takes to read the part, the longer we wait for more events.
  timer ||= setTimeout(refresh, Math.min(LONGEST_WAIT, Math.max(least, 4 * lastTrip)));
}

async function refresh() {
  const started = performance.now();
  let failed = false;
  timer = 0;
  isReading = true;
  for (const part of document.querySelectorAll("[data-refreshes]")) {
    try {
      await reread(part);
    } catch (error) {
      if (GONE.includes(error.status)) giveUp(part);
      else failed = true;
    }
  }
  isReading = false;
  lastTrip = performance.now() - started;
  // live.js tells people who were signed out.
  if (failed) later(LONGEST_WAIT);
  else if (isStale) later();
}

async function reread(part) {
  const before = part.textContent;
  refreshPart(part, await fetchParts(part.dataset.from ?? location.href, part.id));
  if (part.textContent !== before) announce("The page has changed");
}

// What it shows stays as it is, and is not asked for again.
function giveUp(part) {
  part.removeAttribute("data-refreshes");
  toast("This is not there any more. It no longer changes by itself.", { kind: "danger" });
}
