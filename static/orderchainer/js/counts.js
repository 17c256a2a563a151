// The numbers beside the navigation: what is unread, and what is new at the bell. The page comes
// without them, so that no page waits for counting. They are asked for once it is there, and again
// when something happens. What was counted last is shown until then.
import { announce } from "./announce.js";
import { paced } from "./changes.js";

const MOST = 99;

const url = document.querySelector("[data-counts]").dataset.counts;
const person = document.querySelector('meta[name="person"]')?.content ?? "";
const KEPT = `counts ${person} ${url}`;

let known = null;

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

async function count() {
  if (document.hidden) return;
  // As for a part of a page: whoever is signed out is refused, and not led to the sign-in.
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok) throw Object.assign(new Error("Not counted"), { status: answer.status });
  const counts = await answer.json();
  show(counts);
  known = counts;
  sessionStorage.setItem(KEPT, JSON.stringify(counts));
}

// The numbers are less urgent than what the page shows. A page that nobody sees asks once it comes
// into sight.
const later = paced(count, { soon: 2000, least: 2000 });

for (const name of ["live", "seen", "visibilitychange"]) document.addEventListener(name, later);

show(JSON.parse(sessionStorage.getItem(KEPT) ?? "{}"));
count().catch(later);

// Only those who have switched them on load the notifications of the browser.
if (localStorage.getItem(`notifies ${person}`)) import("./notifying.js");
