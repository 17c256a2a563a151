// Moving an order: its menu, the question before a move without a way back, and what the server says.
//
//   <button form="moving">                              opens the menu, which the server writes
//   <form data-moving="12" action="…/orders/12/move">   moves; `data-asks` at a button asks first
//   <form data-moving="12" action="…/orders/12/moves">  only asks, with the status in `to`
//
// The part of the order tells with the events `moving` and `unmoved` where it stands meanwhile.
import { tellNoAnswer, tellSignedOut, toast } from "./announce.js";
import { askFor } from "./changes.js";
import { changing } from "./fragments.js";

const ANSWERS_WITHIN = 10000;

document.addEventListener("click", (event) => {
  const button = event.target.closest('[form="moving"]');
  if (!button) return;
  event.preventDefault();
  openMenu(button);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-moving]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  document.querySelector(":popover-open")?.hidePopover();
  form.closest("dialog")?.close();
  if ("asks" in event.submitter.dataset) question(form.action, body);
  else move(form.dataset.moving, form.action, body);
});

/** Return the version that the reader has seen of an order. Its checkbox says `12-3`. */
export function seenVersion(part) {
  return part.querySelector("[data-select]")?.value.split("-")[1];
}

async function request(url, options = {}) {
  const signal = AbortSignal.timeout(ANSWERS_WITHIN);
  const headers = { ...changing(), "HX-Request": "true" };
  const answer = await fetch(url, { ...options, headers, signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { answer, page };
}

// --- The menu and the question ----------------------------------------------------------------

async function openMenu(button) {
  const open = button.parentElement.querySelector(":popover-open");
  if (open) return open.hidePopover();
  if (button.ariaBusy) return undefined;
  button.setAttribute("aria-busy", "true");
  const part = button.closest("[data-part]");
  try {
    const { answer, page } = await request(`${part.querySelector("a").href}/moves`);
    if (answer.ok) show(button, part, page);
    else refused(part, answer, page);
  } catch {
    tellNoAnswer();
  } finally {
    button.removeAttribute("aria-busy");
  }
  return undefined;
}

function show(button, part, page) {
  const form = document.importNode(page.querySelector("[data-moving]"), true);
  // What the reader has seen decides, even if somebody was faster than their click.
  form.elements.version.value = seenVersion(part) ?? form.elements.version.value;
  const menu = form.querySelector("[popover]");
  button.after(form);
  button.setAttribute("popovertarget", menu.id);
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "open") return;
    form.remove();
    button.removeAttribute("popovertarget");
  });
  menu.showPopover({ source: button });
}

/** Ask before a move without a way back. `action` is where its form goes. */
export async function question(action, body) {
  const to = body.get("to") ?? body.get("status");
  const query = new URLSearchParams({ to, version: body.get("version") });
  try {
    const { answer, page } = await request(`${action.replace(/s?$/, "s")}?${query}`);
    if (answer.ok) ask(page);
    else refused(document.getElementById(`order-${action.split("/").at(-2)}`), answer, page);
  } catch {
    tellNoAnswer();
  }
}

function ask(page) {
  const dialog = document.importNode(page.querySelector("dialog"), true);
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

// --- The move ---------------------------------------------------------------------------------

/** Move an order: at once for its reader, for good when the server has said yes. */
export async function move(number, action, body) {
  const part = document.getElementById(`order-${number}`);
  // Trying again with the same key makes the move once.
  if (!body.has("key")) body.set("key", newKey());
  begin(part, body.get("status"));
  try {
    const sent = new URLSearchParams(body);
    const { answer, page } = await request(action, { method: "POST", body: sent });
    const asks = page.querySelector("dialog");
    end(part, answer.ok && !asks, page);
    if (asks) ask(page);
    else if (answer.ok) done(number, page);
    else if (answer.status >= 500) notSaved(part, () => move(number, action, body));
    else refused(part, answer, page);
  } catch {
    end(part, false);
    notSaved(part, () => move(number, action, body));
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function begin(part, status) {
  if (!part) return;
  for (const alert of part.querySelectorAll("[data-kept]")) alert.remove();
  // Until the server has answered, no event swaps the part.
  part.dataset.dragged = "";
  part.setAttribute("aria-busy", "true");
  const saving = document.createElement("p");
  saving.className = "saving";
  saving.setAttribute("role", "status");
  saving.textContent = "Saving";
  placeIn(part).append(saving);
  part.dispatchEvent(new CustomEvent("moving", { bubbles: true, detail: { status } }));
}

function end(part, isMoved, page) {
  if (!part) return;
  part.querySelector(".saving")?.remove();
  part.removeAttribute("aria-busy");
  delete part.dataset.dragged;
  const seen = page?.querySelector("[data-seen]")?.dataset.seen;
  const box = part.querySelector("[data-select]");
  if (isMoved && seen && box) box.value = seen;
  if (!isMoved) part.dispatchEvent(new CustomEvent("unmoved", { bubbles: true }));
  askFor(part);
}

// Only the last move can be undone from here.
let said = null;

function done(number, page) {
  const form = page.querySelector("[data-moving]");
  const run = () => move(number, form.action, new FormData(form, form.querySelector("button")));
  const action = form ? { label: "Undo", run } : undefined;
  said?.remove();
  said = toast(page.querySelector("p").textContent, { kind: "success", action });
}

// --- What went wrong --------------------------------------------------------------------------

function refused(part, answer, page) {
  const alert = page.querySelector('[role="alert"]');
  if (answer.status === 401) tellSignedOut();
  else if (part && alert) tell(part, document.importNode(alert, true));
  else toast(alert?.textContent ?? "This was refused.", { kind: "danger" });
}

function notSaved(part, run) {
  if (!part) {
    toast("Not saved", { kind: "danger", action: { label: "Try again", run } });
    return;
  }
  const { content } = document.getElementById("not-saved");
  const alert = document.importNode(content.firstElementChild, true);
  alert.querySelector("button").addEventListener("click", run);
  tell(part, alert);
}

// The alert stays at the part until it is closed, whatever is swapped.
function tell(part, alert) {
  alert.dataset.kept = "";
  alert.id = `told-${part.id}`;
  const close = document.querySelector("#toast").content.querySelector("[data-toast-close]");
  alert.append(close.cloneNode(true));
  const isHere = part.contains(document.activeElement) || document.activeElement === document.body;
  if (part.matches("li, tr")) placeIn(part).append(alert);
  else part.prepend(alert);
  if (isHere) alert.focus();
}

function placeIn(part) {
  return part.querySelector("th") ?? part;
}
