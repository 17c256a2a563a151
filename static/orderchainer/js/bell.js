// The page of the bell. Following a link marks what it leads to as seen, and marking things changes
// the list in its place.
import "./notifying.js";
import { tellSignedOut, toast } from "./announce.js";
import { changing, fetchParts, refreshPart } from "./fragments.js";

const list = () => document.getElementById("bell-list");

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-sees]");
  if (link) {
    const { sees: name, until } = link.dataset;
    send(new URLSearchParams({ name, until }), { keepalive: true }).catch(() => {});
  }
});

document.addEventListener("submit", async (event) => {
  if (!list().contains(event.target)) return;
  event.preventDefault();
  const { id } = event.target.closest("li") ?? {};
  try {
    await send(new URLSearchParams(new FormData(event.target)));
  } catch ({ status }) {
    if (status === 401) tellSignedOut();
    else toast("This was not saved. Try again.", { kind: "danger" });
    return;
  }
  document.dispatchEvent(new CustomEvent("seen"));
  const isInside = event.target.contains(document.activeElement);
  try {
    await reread();
    // The button is gone.
    if (isInside) goOnAt(id);
  } catch {
    toast("This was saved. Reload the page to see it.", { kind: "warning" });
  }
});

function goOnAt(id) {
  const item = document.getElementById(id) ?? list().querySelector("[data-row]");
  (item?.querySelector("a") ?? document.getElementById("main")).focus();
}

// No event tells what its reader has seen elsewhere: in another tab, or on the page to which a link led.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) reread().catch(() => {});
});

async function reread() {
  refreshPart(list(), await fetchParts(location.href, list().id));
}

async function send(body, more = {}) {
  const url = list().dataset.seen;
  const answer = await fetch(url, { method: "POST", headers: changing(), body, ...more });
  if (!answer.ok) throw Object.assign(new Error("Not saved"), { status: answer.status });
}
