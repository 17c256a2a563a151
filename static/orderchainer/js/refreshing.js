// Read a part of the page again when something happens in the project.
//
//   <div id="today" data-refreshes> … </div>
//   <div id="report" data-refreshes="report-5f0…"> … </div>   only for events about that report
//   <section id="channel" data-refreshes data-from="/app/…"> … </section>   a panel, of another page
//
// The page answers with the part whose name is the id of the element. Many events in a row cost one
// request.
import { announce, GENERAL } from "./announce.js";
import { giveUp, GONE, paced } from "./changes.js";
import { fetchParts, refreshPart } from "./fragments.js";

const soon = paced(refresh);

document.addEventListener("live", ({ detail }) => {
  const about = `${detail.subject_kind ?? "order"}-${detail.subject_id ?? detail.order_id}`;
  const isWanted = ({ dataset }) => !dataset.refreshes || dataset.refreshes === about;
  if ([...document.querySelectorAll("[data-refreshes]")].some(isWanted)) soon();
});

async function refresh() {
  let failure = null;
  for (const part of document.querySelectorAll("[data-refreshes]")) {
    try {
      await reread(part);
    } catch (error) {
      if (GONE.includes(error.status)) giveUp(part, "data-refreshes");
      else failure = error;
    }
  }
  if (failure) throw failure;
}

async function reread(part) {
  const before = wordsOf(part);
  refreshPart(part, await fetchParts(part.dataset.from ?? location.href, part.id));
  if (wordsOf(part) !== before) announce("The page has changed", GENERAL);
}

// That "3 min ago" becomes "4 min ago" is no change. The moment is the same.
function wordsOf(part) {
  const copy = part.cloneNode(true);
  for (const moment of copy.querySelectorAll("time")) moment.textContent = moment.dateTime;
  return copy.textContent;
}
