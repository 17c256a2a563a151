// The one module that knows htmx: tokens, busy parts, errors, and swaps that keep what people type.
import { tellNoAnswer, tellSignedOut, toast } from "./announce.js";

const { htmx, Idiomorph } = window;
const FIELDS = "input, textarea, select, [contenteditable]";

const MORPHING = {
  morphStyle: "outerHTML",
  callbacks: {
    beforeNodeMorphed(old, made) {
      // A ticked order stays ticked, in the version that is shown now.
      if (old.matches?.("[data-select]")) old.value = made.value;
      if (isChanged(old)) return isAnswered(old);
      if (old === answered?.form || !old.matches?.("[data-part]")) return true;
      return !isInUse(old) || keepForLater(old);
    },
    // Scripts and people set them.
    beforeAttributeUpdated: (name) => !["draggable", "data-keeps-all", "open"].includes(name),
    // What the page says about a part stays until its reader closes it.
    beforeNodeRemoved(old) {
      if (old.matches?.("[data-part]") && isInUse(old)) return keepForLater(old);
      return !old.matches?.("[data-kept], [data-keeps-all] > *");
    },
  },
};

const late = new Set();

// What people typed, ticked or chose stays, even if they are elsewhere by now.
function isChanged(field) {
  if (field.matches?.('input[type="checkbox"], input[type="radio"]')) {
    return field.checked !== field.defaultChecked;
  }
  if (field.matches?.("input:not([type=hidden]), textarea")) {
    return field.value !== field.defaultValue || field === document.activeElement;
  }
  return [...(field.options ?? [])].some((option) => option.selected && !option.defaultSelected);
}

// The form whose answer is swapped in now, and what it sent. The server has the last word on those
// fields: after a success they are empty. What was typed since then stays.
let answered = null;

function isAnswered(field) {
  return Boolean(answered?.form.contains(field) && answered.sent?.get(field.name) === field.value);
}

/** Tell whether swapping this element now would take something away from its reader. */
export function isInUse(element) {
  const { activeElement } = document;
  const isTyping = element.contains(activeElement) && activeElement.matches(FIELDS);
  return isTyping || element.matches(":modal, [data-dragged], :has(:popover-open, [data-dragged])");
}

// It stays as it is, is marked, and is asked for again when it is free.
function keepForLater(element) {
  element.dataset.late = "";
  late.add(element.id);
  return false;
}

for (const name of ["focusout", "toggle", "dragend"]) {
  document.addEventListener(name, () => setTimeout(catchUp, 100), true);
}

function catchUp() {
  for (const id of late) {
    const element = document.getElementById(id);
    if (element && isInUse(element)) continue;
    late.delete(id);
    delete element?.dataset.late;
    element?.dispatchEvent(new CustomEvent("late-part", { bubbles: true }));
  }
}

/** Return the headers of a request that changes something. */
export function changing() {
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  return { "X-CSRFToken": token, "X-Requested-With": "XMLHttpRequest" };
}

/**
 * Fetch parts of a page as a document of their own; with `target` the one of that name. Raises an Error
 * with the `status` of a refusal, and its `answer`.
 */
export function fetchParts(url, target = "") {
  return fetchHtml(url, { "HX-Request": "true", ...(target && { "HX-Target": target }) });
}

/** Fetch a whole page as a document of its own. Raises as `fetchParts` does. */
export async function fetchHtml(url, headers = {}) {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(20000) });
  if (answer.ok && !answer.redirected)
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  // A whole page does not refuse visitors: it sends them to the page for signing in.
  const status = answer.redirected ? 401 : answer.status;
  throw Object.assign(new Error(`Status ${status}`), { status, answer });
}

/** Swap each of `ids` by the element of the same id in `fresh`. One that is no longer there goes. */
export function swapById(fresh, ids) {
  for (const id of ids) {
    const old = document.getElementById(id);
    if (!old) continue;
    const made = fresh.getElementById(id);
    if (isInUse(old)) keepForLater(old);
    else if (made) morph(old, made);
    else old.remove();
  }
}

/** Swap the element by the one of the same id in `fresh`. Parts in it that are in use stay. */
export function refreshPart(old, fresh) {
  const made = fresh.getElementById(old.id);
  if (made) morph(old, made);
}

/** Swap `old` by `made`. */
export function morph(old, made) {
  Idiomorph.morph(old, made, MORPHING);
  const now = document.getElementById(made.id);
  if (now) htmx.process(now);
}

/** Raise an Error if `person` is not who reads this page: its frame and what was typed are theirs. */
export function requireReader(person) {
  const mine = document.querySelector('meta[name="person"]')?.content;
  if (mine && person && person !== mine)
    throw Object.assign(new Error("Somebody else"), { isSomebodyElse: true });
}

// --- htmx -------------------------------------------------------------------------------------

htmx.defineExtension("morph", {
  isInlineSwap: (style) => style === "morph",
  handleSwap(style, target, fragment) {
    return style === "morph" && Idiomorph.morph(target, fragment.children, MORPHING);
  },
});

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") Object.assign(detail.headers, changing());
});

document.addEventListener("htmx:beforeRequest", ({ detail: { elt, requestConfig, target } }) => {
  target.setAttribute("aria-busy", "true");
  requestConfig.pressed = elt.contains(document.activeElement) && document.activeElement;
  requestConfig.place = elt.closest("[id]")?.id;
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt: form, formData: sent } = detail.requestConfig;
  const { activeElement: at, body } = document;
  answered = { form, sent };
  // Whoever is elsewhere by now, or types on, hears an alert all the same.
  answered.isFree = at === body || (form.contains(at) && (isAnswered(at) || !isChanged(at)));
  const told = new CustomEvent("answered", { cancelable: true, detail });
  if (!document.dispatchEvent(told)) detail.shouldSwap = false;
});

document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig, target } }) => {
  target.removeAttribute("aria-busy");
  answered = null;
  // It was disabled meanwhile, or is gone.
  const { pressed, place } = requestConfig;
  if (!pressed || document.activeElement !== document.body) return;
  const made = document.getElementById(place) ?? document.getElementById(target.id);
  const controls = made?.querySelectorAll("a, button, .input") ?? [];
  const next = [pressed, ...controls].find((each) => each.checkVisibility());
  (next ?? made?.closest("[tabindex]"))?.focus({ preventScroll: true });
});

document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (answered?.isFree) target.querySelector('[role="alert"][tabindex]')?.focus();
});

// It asks again by itself.
function isPoll(element) {
  return element.matches('[hx-trigger^="every"]');
}

document.addEventListener("htmx:responseError", ({ detail: { elt, xhr } }) => {
  const text = `The server could not do this (${xhr.status}). Nothing was changed.`;
  if (xhr.status === 401) tellSignedOut();
  else if (!isPoll(elt)) toast(text, { kind: "danger" });
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, ({ detail: { elt, requestConfig } }) => {
    if (isPoll(elt)) return;
    tellNoAnswer({ label: "Try again", run: () => askAgain(requestConfig) });
  });
}

/** Send a request of htmx again: press the same button, or load the same panel. It tells failures again. */
export function askAgain({ elt, path, triggeringEvent: event }) {
  if (!event) htmx.ajax("GET", path, { source: elt }).catch(() => {});
  else if (event.type === "submit" && !event.submitter) elt.requestSubmit();
  else (event.submitter ?? elt).click();
}
