// What a page says: messages for everybody or only for screen readers, moments such as "3 min ago",
// which stay true, and buttons and selects that do one small thing.

const PAUSE = 5000;
const SHOWN_FOR = 8000;

let waiting = "";
let quietUntil = 0;

/** Say `text` to screen readers, at most once in five seconds; a newer text replaces a waiting one. */
export function announce(text) {
  const pause = quietUntil - Date.now();
  if (waiting || pause > 0) {
    if (!waiting) setTimeout(sayWaiting, pause);
    waiting = text;
    return;
  }
  say(text);
}

function sayWaiting() {
  say(waiting);
  waiting = "";
}

function say(text) {
  quietUntil = Date.now() + PAUSE;
  document.getElementById("announcer").textContent = text;
}

/**
 * Show a message in the corner. `kind` is success, info, warning or danger. With `action`, an object
 * of `label` and `run`, it has a button. A problem stays until it is closed. Returns the message.
 */
export function toast(text, { kind = "info", action } = {}) {
  const item = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  item.dataset.kind = kind;
  item.querySelector("[data-toast-text]").textContent = text;
  const button = item.querySelector("[data-toast-action]");
  if (action) {
    button.textContent = action.label;
    button.addEventListener("click", () => {
      item.remove();
      action.run();
    });
  } else {
    button.remove();
  }
  document.getElementById("toasts").append(item);
  if (kind === "danger") item.setAttribute("role", "alert");
  else announce(text);
  leaveLater(item);
  return item;
}

/** Say that there was no answer. `action` is a button, as for `toast`. */
export function tellNoAnswer(action) {
  toast("No answer from the server.", { kind: "danger", action });
}

/** Say that the session has ended. People sign in again in another tab: this one keeps what they typed. */
export function tellSignedOut() {
  const action = { label: "Sign in", run: () => open("/sign-in", "_blank", "noopener") };
  toast("You were signed out. What you typed is still here.", { kind: "danger", action });
}

function leaveLater(item) {
  if (["danger", "warning"].includes(item.dataset.kind)) return;
  setTimeout(() => {
    // Nobody loses a message while reading it or reaching for its button.
    if (item.matches(":hover, :focus-within")) leaveLater(item);
    else item.remove();
  }, SHOWN_FOR);
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest(".toast, [data-kept]").remove();
});

for (const item of document.querySelectorAll("#toasts > .toast")) leaveLater(item);

// --- Moments ----------------------------------------------------------------------------------

// The server wrote them first, in the same words: orderchainer/core/web/tags.py.

const STEPS = [
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [30 * 86400, 86400, "d"],
];

// Say how long ago `seconds` are, or nothing if a date says it better.
function ago(seconds) {
  const size = Math.abs(seconds);
  if (size < 60) return "just now";
  if (size >= STEPS.at(-1)[0]) return "";
  const text = lasting(size);
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

// Say how long something has lasted.
function lasting(seconds) {
  if (seconds < 60) return "under 1 min";
  const [, unit, name] = STEPS.find(([below]) => seconds < below) ?? STEPS.at(-1);
  return `${Math.floor(seconds / unit)} ${name}`;
}

function refreshMoments() {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("time:is([data-ago], [data-age])")) {
    const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
    const isAge = "age" in element.dataset;
    const text = isAge ? lasting(seconds) : ago(seconds) || element.title;
    if (element.textContent !== text) element.textContent = text;
  }
}

setInterval(refreshMoments, 30000);
document.addEventListener("visibilitychange", refreshMoments);

// --- Buttons and selects that do one small thing ----------------------------------------------

document.addEventListener("submit", (event) => {
  const setting = event.target.dataset.sets;
  const chosen = event.submitter?.value;
  if (!setting || !chosen) return;
  event.preventDefault();
  apply(setting, chosen);
  save(event.target, event.submitter).catch(() => {
    toast("Your choice was not saved. It holds until you leave this page.", { kind: "warning" });
  });
});

// The attribute of <html> has the same name as the form's `data-sets`.
function apply(setting, chosen) {
  document.documentElement.dataset[setting] = chosen;
  for (const button of document.querySelectorAll(`[data-sets="${setting}"] [value]`)) {
    button.setAttribute("aria-checked", String(button.value === chosen));
  }
  document.querySelector(":popover-open")?.hidePopover();
  announce("Saved");
}

async function save(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const headers = { "X-Requested-With": "XMLHttpRequest" };
  const answer = await fetch(form.action, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(answer.statusText);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) (await import("./copying.js")).copy(button, { announce, toast });
});

// A select changes with each press of an arrow key. Only a click or Enter means "go there", or for
// `data-sends` "send the form".
let pressed = "";
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("select:is([data-goes], [data-sends])")) return;
  pressed = event.key;
  if (event.key === "Enter") decide(event.target);
});
document.addEventListener("pointerdown", () => {
  pressed = "";
});
document.addEventListener("change", (event) => {
  const isPicker = event.target.matches("select:is([data-goes], [data-sends])");
  if (isPicker && !pressed.startsWith("Arrow")) decide(event.target);
});

function decide(select) {
  const [option] = select.selectedOptions;
  const before = [...select.options].find((each) => each.defaultSelected) ?? select.options[0];
  if (option === before) return;
  if ("sends" in select.dataset) select.form.requestSubmit();
  else if (option.dataset.url) location.assign(option.dataset.url);
}

// Somebody may have chosen before this script came. A key may still be on its way to an option.
for (const select of document.querySelectorAll("select:is([data-goes], [data-sends])")) {
  if (!select.matches(":focus-visible")) decide(select);
}
