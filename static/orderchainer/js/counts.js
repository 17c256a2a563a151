// The numbers beside the navigation: what is unread, and what is new at the bell. The page comes
// without them, so that no page waits for counting. They are asked for once it is there, and again
// when something happens. What was counted last is shown until then.
import { announce } from "./announce.js";

const SHORTEST_WAIT = 2000;
const LONGEST_WAIT = 10000;
const MOST = 99;

const url = document.querySelector("[data-counts]").dataset.counts;
const person = document.querySelector('meta[name="person"]')?.content ?? "";
const KEPT = `counts ${person} ${url}`;

let known = null;
let timer = 0;
let pause = SHORTEST_WAIT;
let isAsking = false;
let isStale = false;

function show(counts) {
  for (const [name, count] of Object.entries(counts)) {
    const element = document.getElementById(`count-${name}`);
    if (element) fill(element, count, count > known?.[name]);
  }
}

// The number is for the eye. The name of the link has it with words.
function fill(element, count, isMore) {
  const link = element.closest("a");
  const shown = count > MOST ? `${MOST}+` : String(count);
  const name = `${element.previousElementSibling.textContent}, ${shown} ${element.dataset.words}`;
  element.hidden = !count;
  element.textContent = shown;
  if (count) link.setAttribute("aria-label", name);
  else link.removeAttribute("aria-label");
  if (isMore) announce(name);
}

async function ask() {
  timer = 0;
  if (document.hidden) return;
  isAsking = true;
  const started = performance.now();
  // Too many requests, or no answer: what happens next is not counted at once.
  pause = LONGEST_WAIT;
  try {
    // As for a part of a page: whoever is signed out is refused, and not led to the sign-in.
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    if (answer.ok) {
      take(await answer.json());
      pause = Math.max(SHORTEST_WAIT, 4 * (performance.now() - started));
    }
  } catch {
    // The next event asks again.
  }
  isAsking = false;
  if (isStale) later();
}

function take(counts) {
  show(counts);
  known = counts;
  sessionStorage.setItem(KEPT, JSON.stringify(counts));
}

// Something may happen while we ask, which the answer does not know yet. The slower the server
// answers, the longer we collect. A page that nobody sees asks once it comes into sight.
function later() {
  isStale = isAsking;
  if (isAsking) return;
  timer ||= setTimeout(ask, Math.min(LONGEST_WAIT, pause));
}

for (const name of ["live", "seen", "visibilitychange"]) document.addEventListener(name, later);

show(JSON.parse(sessionStorage.getItem(KEPT) ?? "{}"));
ask();

// Only those who have switched them on load the notifications of the browser.
if (localStorage.getItem(`notifies ${person}`)) import("./notifying.js");
