// What a page says: messages for everybody or only for screen readers, moments such as "3 min ago", and
// buttons and selects that do one small thing.

const PAUSE = 5000;
const SHOWN_FOR = 8000;
/** How long a text such as "1 change" waits for one that says more about the same event. */
export const GENERAL = 3000;

let waiting = "";
let quietUntil = 0;
let signedOut = null;

/** Say `text` to screen readers, at most once in five seconds; a newer text replaces a waiting one. */
export function announce(text, patience = 0) {
  const pause = Math.max(patience, quietUntil - Date.now());
  if (waiting || pause > 0) {
    if (!waiting) setTimeout(sayWaiting, pause);
    if (!waiting || !patience) waiting = text;
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
  const toasts = document.getElementById("toasts");
  // What lies under an open dialog can be neither read nor pressed.
  const dialog = document.querySelector("dialog:modal");
  dialog?.addEventListener("close", () => toasts.append(...dialog.querySelectorAll(".toast")));
  (dialog ?? toasts).append(item);
  if (kind === "danger") item.setAttribute("role", "alert");
  else announce(text);
  leaveLater(item);
  return item;
}

/** Say that there was no answer. `action` is a button, as for `toast`. Returns the message. */
export function tellNoAnswer(action) {
  return toast("No answer from the server.", { kind: "danger", action });
}

/** Say once that the session has ended. Signing in in another tab keeps what was typed in this one. */
export function tellSignedOut() {
  if (signedOut) return;
  const action = { label: "Sign in", run: () => open("/sign-in", "_blank", "noopener") };
  signedOut = toast("You were signed out. What you typed is still here.", {
    kind: "danger",
    action,
  });
}

/** Take that back. */
export function tellSignedIn() {
  signedOut?.remove();
  signedOut = null;
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

// They are right at first. A page that nobody sees need not be.
async function refresh() {
  if (!document.hidden) (await import("./moments.js")).refreshMoments();
}

setInterval(refresh, 30000);
document.addEventListener("visibilitychange", refresh);

// --- Buttons and selects that do one small thing ----------------------------------------------

document.addEventListener("submit", async (event) => {
  if (!event.target.dataset.sets || !event.submitter?.value) return;
  event.preventDefault();
  (await import("./choosing.js")).choose(event.target, event.submitter, { announce, toast });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) (await import("./copying.js")).copy(button, { announce, toast });
});

// Each arrow or letter changes a closed select. Only Enter or the opened list means "go there", or for
// `data-sends` "send the form". Whoever leaves it has only looked.
const PICKER = "select:is([data-goes], [data-sends])";
let isLooking = false;
let looked = null;

document.addEventListener("keydown", ({ target, key, altKey }) => {
  if (!target.matches?.(PICKER)) return;
  const opens = /^Arrow(Up|Down)$/.test(key) && (altKey || /Mac/.test(navigator.platform));
  if (key === "Enter") decide(target);
  if (opens || ["Enter", " ", "F4"].includes(key)) forget();
  else isLooking = true;
});
document.addEventListener("change", ({ target }) => {
  if (!target.matches(PICKER)) return;
  if (isLooking) looked = target;
  else decide(target);
});
for (const name of ["pointerdown", "focusout"]) document.addEventListener(name, forget);

function forget() {
  isLooking = false;
  if (looked) originalOf(looked).selected = true;
  looked = null;
}

function originalOf({ options }) {
  return [...options].find((each) => each.defaultSelected) ?? options[0];
}

function decide(select) {
  looked = null;
  const [option] = select.selectedOptions;
  if (option === originalOf(select)) return;
  if ("sends" in select.dataset) select.form.requestSubmit();
  else if (option.dataset.url) location.assign(option.dataset.url);
}

// Somebody may have chosen before this script came. A key may still be on its way to an option.
for (const select of document.querySelectorAll(PICKER)) {
  if (select.matches(":focus-visible")) looked = select;
  else decide(select);
}
