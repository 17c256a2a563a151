// What an event does to a page: its parts are asked for again, many at once, and swapped by id. How a
// page names them, and the events that this raises, are in docs/workspace.md under "Live parts".
import { announce, toast } from "./announce.js";
import { fetchParts, refreshPage, swapById } from "./fragments.js";

const MOST_PARTS = 100;
const SHORTEST_WAIT = 150;
const LONGEST_WAIT = 5000;

const CREATED = "order_notification";
const GONE = [403, 404, 410];

const created = new Set();
const news = new Set();
// For each source, the ids of its parts that changed.
const changed = new Map();
let timer = 0;
let lastTrip = 0;

/** Take in one event of the stream. */
export function receive(message) {
  const kind = message.subject_kind ?? (message.order_id ? "order" : "");
  if (!kind) return;
  document.dispatchEvent(new CustomEvent("live", { detail: message }));
  const id = `${kind}-${message.subject_id ?? message.order_id}`;
  for (const source of document.querySelectorAll(`[data-source][data-kind~="${kind}"]`)) {
    if (message.type === CREATED) created.add(id);
    note(source, [id]);
  }
}

/** Ask for a part again. */
export function askFor(part) {
  const source = part.closest("[data-source]");
  if (source) note(source, [part.id]);
}

function note(source, ids) {
  if (!changed.has(source)) changed.set(source, new Set());
  for (const id of ids) changed.get(source).add(id);
  // The slower the server answers, the longer we collect.
  timer ||= setTimeout(flush, Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, 4 * lastTrip)));
}

async function flush() {
  const batches = [...changed];
  changed.clear();
  const started = performance.now();
  let pause = 0;
  const whole = batches.some(([, ids]) => ids.size > MOST_PARTS) && refreshAll();
  const trips = batches.map(async ([source, ids]) => {
    try {
      await (whole || refresh(source, [...ids]));
    } catch (error) {
      if (GONE.includes(error.status)) return giveUp(source);
      pause = LONGEST_WAIT;
      note(source, ids);
    }
    return undefined;
  });
  await Promise.all(trips);
  lastTrip = performance.now() - started;
  timer = changed.size ? setTimeout(flush, Math.max(pause, SHORTEST_WAIT)) : 0;
}

// What it shows stays as it is, and is not asked for again.
function giveUp(source) {
  source.removeAttribute("data-source");
  toast("This is not there any more. It no longer changes by itself.", { kind: "danger" });
}

async function refresh(source, ids) {
  const shown = ids.filter((id) => document.getElementById(id));
  const wanted = ids.filter((id) => shown.includes(id) || takes(source, id));
  if (!wanted.length) return;
  const numbers = wanted.map((id) => id.slice(id.indexOf("-") + 1));
  const address = source.dataset.source;
  const url = `${address}${address.includes("?") ? "&" : "?"}ids=${numbers}`;
  const fresh = await fetchParts(url);
  swapById(fresh, shown);
  tellNews(fresh, wanted);
  const detail = { fresh, ids: wanted };
  source.dispatchEvent(new CustomEvent("fresh-parts", { bubbles: true, detail }));
  announce(wanted.length === 1 ? "1 change" : `${wanted.length} changes`);
}

function takes(source, id) {
  return source.dataset.takes === "all" || (source.dataset.takes === "new" && created.has(id));
}

// A list does not grow under its reader: a link says how many new ones there are.
function tellNews(fresh, ids) {
  const link = document.querySelector("[data-news]");
  if (!link) return;
  for (const id of ids) {
    const made = fresh.getElementById(id);
    const isNew = made && created.has(id) && !document.getElementById(id);
    if (isNew && !made.querySelector(".unmatched")) news.add(id);
    else news.delete(id);
  }
  link.hidden = !news.size;
  link.textContent = `${news.size} new ${link.dataset.news}${news.size === 1 ? "" : "s"}`;
}

/** Read the whole page again. Returns the position at which it was rendered, or 0. */
export async function refreshAll() {
  const after = await refreshPage();
  news.clear();
  return after;
}

document.addEventListener("late-part", ({ target }) => askFor(target));
