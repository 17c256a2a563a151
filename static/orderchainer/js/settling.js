// Read a part of the page again every few seconds, as long as it says that something is under way of
// which no event tells. refreshing.js does so after events.
//
//   <div id="checks" data-unsettled> … <p data-told>…</p> … </div>
//
// Screen readers hear what `data-told` says by then, if it has changed. Nobody asks while the page is
// hidden, nor while they are signed out: whoever has signed in again in another tab comes back to this one.
import { announce, tellSignedIn, tellSignedOut } from "./announce.js";
import { fetchParts, refreshPart } from "./fragments.js";

const SHORTEST_WAIT = 1500;
const LONGEST_WAIT = 15000;
const GONE = [403, 404, 410];

let wait = SHORTEST_WAIT;
let timer = 0;
// When to look again, in the time of the page; 0 while we look, and once that is over.
let dueAt = 0;

async function look() {
  dueAt = 0;
  const part = document.querySelector("[data-unsettled]");
  let least = 0;
  try {
    if (part) await reread(part);
    tellSignedIn();
  } catch (error) {
    if (GONE.includes(error.status)) return;
    if (error.status === 401) {
      tellSignedOut();
      dueAt = performance.now();
      return;
    }
    wait = longer();
    // Too many requests: the server says when to come back.
    least = 1000 * (error.answer?.headers.get("Retry-After") ?? 0);
  }
  later(Math.max(least, part ? wait : SHORTEST_WAIT));
}

async function reread(part) {
  const { id } = part;
  const before = wordsOf(part);
  refreshPart(part, await fetchParts(location.href, id));
  const now = wordsOf(document.getElementById(id));
  if (now !== before) announce(now);
  wait = now === before ? longer() : SHORTEST_WAIT;
}

function longer() {
  return Math.min(LONGEST_WAIT, wait * 1.5);
}

function wordsOf(part) {
  const told = part?.querySelector("[data-told]");
  return told ? told.textContent.replaceAll(/\s+/g, " ").trim() : "";
}

function later(milliseconds) {
  dueAt = performance.now() + milliseconds;
  resume();
}

function resume() {
  clearTimeout(timer);
  if (dueAt && !document.hidden) timer = setTimeout(look, Math.max(0, dueAt - performance.now()));
}

document.addEventListener("visibilitychange", resume);
later(wait);
