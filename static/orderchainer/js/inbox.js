// The inbox. What arrives appears in the list and in the log of the open conversation. The log follows
// only readers who are at its end. A conversation counts as read when somebody looks at its end.
import { announce, tellNoAnswer } from "./announce.js";
import { askFor, paced } from "./changes.js";
import { changing, fetchParts, refreshPart, swapById } from "./fragments.js";

const NEAR = 48;
const AROUND = ["talk-head", "talk-side", "answering"];

const log = document.getElementById("log");
const fresh = new Set();
const newTalks = new Set();
let atEnd = true;
let lastTop = 0;
let reading = false;

// --- The list ---------------------------------------------------------------------------------

document.addEventListener("live", ({ detail }) => {
  if (detail.subject_kind === "message") {
    noteTalk(detail);
    if (detail.conversation_id === log?.dataset.log) later([detail.subject_id]);
  } else if (detail.subject_kind === "conversation" && detail.subject_id === log?.dataset.log) {
    later(named(detail.changes ?? {}));
  }
});

function noteTalk({ conversation_id: id, direction }) {
  const row = document.getElementById(`conversation-${id}`);
  if (row) askFor(row);
  else if (direction === "inbound") tellNews(id);
}

// The list does not grow under its reader.
function tellNews(id) {
  newTalks.add(id);
  const link = document.querySelector("[data-new-talks]");
  if (!link) return;
  link.hidden = false;
  link.textContent = `New messages in ${newTalks.size} ${link.dataset.newTalks}conversation${newTalks.size === 1 ? "" : "s"}`;
  announce(link.textContent);
}

// The messages that a change of the conversation names.
function named({ edited, deleted, judged, reaction, linked, unlinked, attachment }) {
  if (attachment) {
    return [...log.querySelectorAll(".message:has([data-pending])")].map(({ id }) => id.slice(8));
  }
  const one = [edited, deleted, judged?.message_id, reaction?.message_id, linked?.message_id];
  return [...one, ...(unlinked?.message_ids ?? [])].filter(Boolean);
}

// --- The log ----------------------------------------------------------------------------------

const soon = paced(refresh, { most: 5000 });

function later(ids) {
  for (const id of ids) fresh.add(id);
  soon();
}

async function refresh() {
  const ids = [...fresh].slice(-100);
  fresh.clear();
  try {
    show(await fetchParts(`${log.dataset.parts}&ids=${ids}`), ids);
  } catch (error) {
    // The next try brings them all.
    for (const id of ids) fresh.add(id);
    throw error;
  }
}

function show(answer, ids) {
  const wasAtEnd = atEnd;
  for (const made of answer.querySelectorAll(".message")) {
    if (document.getElementById(made.id)) swapById(answer, [made.id]);
    else if (!("past" in log.dataset)) add(answer, made, wasAtEnd);
  }
  for (const id of AROUND) {
    const old = document.getElementById(id);
    if (old) refreshPart(old, answer);
  }
  if (ids.length) document.dispatchEvent(new CustomEvent("talk-refreshed", { detail: ids }));
  markRead();
}

function add(answer, made, wasAtEnd) {
  const first = log.querySelector(".message")?.dataset.place ?? "0-0";
  if (made.matches(".event") && isBefore(made.dataset.place, first)) return;
  place(made.id, made.dataset.place);
  swapById(answer, [made.id]);
  document.querySelector("[data-to-end]").hidden &&= wasAtEnd || made.matches(".ours, .event");
}

// An empty element at the message's place, which is swapped for the message.
function place(id, at) {
  const list = log.querySelector(".messages");
  list.querySelector(".none")?.remove();
  const next = [...list.children].find((each) => isBefore(at, each.dataset.place));
  const item = document.createElement("li");
  item.id = id;
  list.insertBefore(item, next ?? null);
}

function isBefore(one, other) {
  const [[at, number], [otherAt, otherNumber]] = [one, other].map((each) => each.split("-"));
  return at === otherAt ? Number(number) < Number(otherNumber) : Number(at) < Number(otherAt);
}

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-to-end]")) toEnd();
  const link = event.target.closest("[data-earlier]");
  if (!link || "past" in log.dataset) return;
  event.preventDefault();
  const first = log.querySelector(".message:not(.event)");
  const answer = await fetchParts(`${log.dataset.parts}&before=${first.id.slice(8)}`).catch(
    (error) => error,
  );
  if (answer.status) return location.assign(link.href);
  if (answer instanceof Error) return tellNoAnswer({ label: "Try again", run: () => link.click() });
  atEnd = false;
  // Later answers have only the newest messages. Nothing goes, or the log would have a hole.
  log.querySelector(".messages").dataset.keepsAll = "";
  const scroller = scrolls() ? log : document.scrollingElement;
  const below = scroller.scrollHeight - scroller.scrollTop;
  for (const made of answer.querySelectorAll(".message")) {
    if (document.getElementById(made.id)) continue;
    place(made.id, made.dataset.place);
    swapById(answer, [made.id]);
  }
  if (!answer.getElementById("earlier")) link.parentElement.remove();
  scroller.scrollTop = scroller.scrollHeight - below;
});

// --- Its end ----------------------------------------------------------------------------------

// On a phone the whole page scrolls.
function scrolls() {
  return getComputedStyle(log).overflowY === "auto";
}

function isAtEnd() {
  if (!scrolls()) return log.getBoundingClientRect().bottom < innerHeight + NEAR;
  return log.scrollTop + log.clientHeight > log.scrollHeight - NEAR;
}

function toEnd() {
  if (scrolls()) log.scrollTop = log.scrollHeight;
  else log.querySelector(".messages").lastElementChild?.scrollIntoView({ block: "nearest" });
  document.querySelector("[data-to-end]").hidden = true;
}

// Readers leave the end by scrolling up. What grows around the log does not count.
function look() {
  const { scrollTop } = scrolls() ? log : document.scrollingElement;
  if (isAtEnd()) {
    atEnd = true;
    document.querySelector("[data-to-end]").hidden = true;
    markRead();
  } else if (scrollTop < lastTop) {
    atEnd = false;
  }
  lastTop = scrollTop;
}

// --- Reading ----------------------------------------------------------------------------------

async function markRead() {
  const form = document.querySelector("[data-marks-read]");
  if (!form || reading || document.hidden || !atEnd || "past" in log.dataset) return;
  reading = true;
  try {
    const answer = await fetch(form.action, { method: "POST", headers: changing() });
    if (answer.ok) form.remove();
  } catch {
    // It stays unread until somebody looks again.
  } finally {
    reading = false;
  }
}

if (log) {
  log.addEventListener("scroll", look, { passive: true });
  addEventListener("scroll", look, { passive: true });
  // Whatever makes it grow: a message, a picture, the field for the answer.
  const growing = new ResizeObserver(() => atEnd && toEnd());
  growing.observe(log);
  growing.observe(log.querySelector(".messages"));
  document.addEventListener("visibilitychange", markRead);
  markRead();
}
