// What an event does to a page: its parts are asked for again, many at once, and swapped by id. How a
// page names them, and the events that this raises, are in docs/workspace.md under "Live parts".
import { announce, GENERAL, tellSignedOut, toast } from "./announce.js";
import { fetchParts, swapById } from "./fragments.js";

const MOST_PARTS = 100;

const CREATED = "order_notification";
/** The statuses of what its reader can no longer see. */
export const GONE = [403, 404, 410];

// --- When to ask ------------------------------------------------------------------------------

/** Return a function that has `work` done as docs/workspace.md says under "When scripts ask". */
export function paced(work, { soon = 40, least = 200, most = 10000 } = {}) {
  let timer = 0;
  let isWorking = false;
  let isWanted = false;
  let isSignedOut = false;
  let freeAt = 0;
  let latest = 0;

  function ask() {
    isWanted = true;
    if (isWorking || isSignedOut) return;
    const now = performance.now();
    latest ||= now + 5 * soon;
    clearTimeout(timer);
    timer = setTimeout(run, Math.max(freeAt - now, Math.min(soon, latest - now)));
  }

  async function run() {
    latest = 0;
    isWanted = false;
    isWorking = true;
    const started = performance.now();
    let pause = 0;
    try {
      await work();
      pause = 4 * (performance.now() - started);
    } catch (error) {
      isWanted = true;
      isSignedOut = error.status === 401;
      if (isSignedOut) tellSignedOut();
      pause = most;
    }
    freeAt = performance.now() + Math.min(most, Math.max(least, pause));
    isWorking = false;
    if (isWanted) ask();
  }

  document.addEventListener("visibilitychange", () => {
    if (!isSignedOut || document.hidden) return;
    isSignedOut = false;
    freeAt = 0;
    ask();
  });
  return ask;
}

// --- Parts ------------------------------------------------------------------------------------

const created = new Set();
// For each source, the ids of its parts that changed, and at which position of the stream.
const changed = new Map();
// The page was read when all that happened up to here was in it.
let readUpTo = 0;

const soon = paced(flush, { most: 5000 });

/** Take in one event of the stream. */
export function receive(message) {
  const kind = message.subject_kind ?? (message.order_id ? "order" : "");
  if (!kind) return;
  document.dispatchEvent(new CustomEvent("live", { detail: message }));
  if (message.position <= readUpTo) return;
  const id = `${kind}-${message.subject_id ?? message.order_id}`;
  for (const source of document.querySelectorAll(`[data-source][data-kind~="${kind}"]`)) {
    if (message.type === CREATED) created.add(id);
    note(source, id, message.position);
  }
}

/** Ask for a part again. */
export function askFor(part) {
  const source = part.closest("[data-source]");
  if (source) note(source, part.id);
}

function note(source, id, position = Infinity) {
  if (!changed.has(source)) changed.set(source, new Map());
  changed.get(source).set(id, position);
  soon();
}

async function flush() {
  const batches = [...changed];
  changed.clear();
  const whole = batches.some(([, ids]) => ids.size > MOST_PARTS) && refreshAll();
  let failure = null;
  const trips = batches.map(async ([source, ids]) => {
    try {
      await (whole || refresh(source, [...ids.keys()]));
    } catch (error) {
      if (GONE.includes(error.status)) return giveUp(source, "data-source");
      failure = error;
      for (const [id, position] of ids) note(source, id, position);
    }
    return undefined;
  });
  await Promise.all(trips);
  if (failure) throw failure;
}

/** Tell that a part stays as it is. It is not asked for again without its attribute `name`. */
export function giveUp(part, name) {
  part.removeAttribute(name);
  const text = "You can no longer see part of this page, so it does not update any more.";
  toast(text, { kind: "danger" });
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
  const detail = { fresh, ids: wanted, created };
  source.dispatchEvent(new CustomEvent("fresh-parts", { bubbles: true, detail }));
  announce(wanted.length === 1 ? "1 change" : `${wanted.length} changes`, GENERAL);
}

function takes(source, id) {
  return source.dataset.takes === "all" || (source.dataset.takes === "new" && created.has(id));
}

/** Read the whole page again. Returns the position at which it was rendered, or 0. */
export async function refreshAll() {
  const after = await (await import("./rereading.js")).refreshPage();
  readUpTo = Math.max(readUpTo, after);
  for (const ids of changed.values()) {
    for (const [id, position] of ids) if (position <= after) ids.delete(id);
  }
  return after;
}

document.addEventListener("late-part", ({ target }) => askFor(target));
