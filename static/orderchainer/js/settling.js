// Read a part of the page again every few seconds, as long as it says that something is under way of
// which no event tells. refreshing.js does so after events.
//
//   <div id="checks" data-unsettled> … <p data-told>…</p> … </div>
//
// Screen readers hear what `data-told` says by then, if it has changed.
import { announce } from "./announce.js";
import { fetchParts, refreshPart } from "./fragments.js";

const SHORTEST_WAIT = 1500;
const LONGEST_WAIT = 15000;

let wait = SHORTEST_WAIT;

async function look() {
  const part = document.querySelector("[data-unsettled]");
  try {
    if (part) await reread(part);
  } catch (error) {
    // Signed out, or no longer allowed to see it: asking again would not help.
    if (error.status >= 400 && error.status < 500) return;
  }
  setTimeout(look, part ? wait : SHORTEST_WAIT);
}

async function reread(part) {
  const { id } = part;
  const before = wordsOf(part);
  refreshPart(part, await fetchParts(location.href, id));
  const now = wordsOf(document.getElementById(id));
  if (now !== before) announce(now);
  wait = now === before ? Math.min(LONGEST_WAIT, wait * 1.5) : SHORTEST_WAIT;
}

function wordsOf(part) {
  const told = part?.querySelector("[data-told]");
  return told ? told.textContent.replaceAll(/\s+/g, " ").trim() : "";
}

setTimeout(look, wait);
