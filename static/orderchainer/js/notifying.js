// The browser's own notifications, for readers who have switched them on in this browser. A page that
// nobody sees asks what is new when something has happened, and shows it. `data-tells` names the
// address; a section with `data-notifying` says how things are and has the buttons.

const person = document.querySelector('meta[name="person"]')?.content ?? "";
const tells = document.querySelector("[data-tells]")?.dataset.tells ?? "";
const ON = `notifies ${person}`;
// The position up to which some page of this browser has told its reader, or its reader has looked.
const TOLD = `told ${person} ${tells}`;
// A page in sight hears of the same events, and then there is nothing to tell.
const SEES_WITHIN = 1000;

let isWaiting = false;

const isThere = canNotify();

// The browsers of telephones know notifications, but refuse pages to make one. Without permission, the
// one that we make here is not shown.
function canNotify() {
  if (!("Notification" in window && isSecureContext)) return false;
  if (Notification.permission === "granted") return true;
  try {
    return Boolean(new Notification(""));
  } catch {
    return false;
  }
}

function stateNow() {
  if (!isThere) return "missing";
  if (Notification.permission === "denied") return "blocked";
  return localStorage.getItem(ON) && Notification.permission === "granted" ? "on" : "off";
}

function told() {
  return Number(localStorage.getItem(TOLD)) || 0;
}

function tellUntil(position) {
  if (position > told()) localStorage.setItem(TOLD, position);
}

// --- What is new ------------------------------------------------------------------------------

document.addEventListener("live", ({ detail }) => {
  if (stateNow() !== "on") return;
  if (!document.hidden) tellUntil(detail.position);
  else if (!isWaiting) {
    isWaiting = true;
    setTimeout(tell, SEES_WITHIN);
  }
});

async function tell() {
  isWaiting = false;
  try {
    const answer = await fetch(`${tells}?after=${told()}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    const { position, news } = await answer.json();
    // Another tab was faster.
    if (position <= told()) return;
    tellUntil(position);
    for (const each of news) notify(each);
  } catch {
    // The next event asks again.
  }
}

// Notifications with the same tag replace each other, also those of other tabs.
function notify({ tag, title, body, url }) {
  const shown = new Notification(title, { body, tag: `${tells} ${tag}`, lang: "en" });
  shown.addEventListener("click", () => {
    window.focus();
    if (url) location.assign(url);
    shown.close();
  });
}

// --- Switching them on and off ----------------------------------------------------------------

function show() {
  const state = stateNow();
  // live.js then follows the events of a page that nobody sees.
  document.body.dataset.notifies = state === "on" ? state : "";
  for (const part of document.querySelectorAll("[data-notifying] [data-when]")) {
    part.hidden = part.dataset.when !== state;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-notify]");
  if (!button) return;
  if (button.dataset.notify === "off") localStorage.removeItem(ON);
  else await switchOn();
  show();
  document.querySelector("[data-notifying] [data-when]:not([hidden]) button")?.focus();
});

async function switchOn() {
  if ((await Notification.requestPermission()) !== "granted") return;
  tellUntil(Number(document.body.dataset.after) || 0);
  localStorage.setItem(ON, "on");
}

// Another tab has switched them.
addEventListener("storage", ({ key }) => {
  if (key === ON) show();
});

if (isThere && localStorage.getItem(ON)) tellUntil(Number(document.body.dataset.after) || 0);
show();
