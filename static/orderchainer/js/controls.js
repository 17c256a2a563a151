// Dialogs and keys. Browsers close dialogs and show menus (`popover`); this opens dialogs (`data-opens`),
// and adds the keys of the whole page. Those of menus come with the first one that opens.

// Where people type.
const TYPING =
  "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens]");
  if (button) open(button.dataset.opens);
  const closing = event.target.closest("dialog [data-closes]");
  if (closing) {
    event.preventDefault();
    closing.closest("dialog").close();
  }
  // A click beside an open dialog closes it.
  if (event.target.matches?.("dialog[open]") && isOutside(event)) event.target.close();
  if (event.target.closest?.('[aria-disabled="true"]')) event.preventDefault();
});

// Open the dialog with this id, above everything else.
async function open(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  document.querySelector(":popover-open")?.hidePopover();
  dialog.showModal();
  if (id === "palette") (await import("./palette.js")).start(dialog);
}

function isOutside({ target, clientX, clientY }) {
  const box = target.getBoundingClientRect();
  const within = clientX >= box.left && clientX <= box.right;
  return !(within && clientY >= box.top && clientY <= box.bottom);
}

// `toggle` does not bubble, so listen while it goes down.
document.addEventListener(
  "toggle",
  async ({ target, newState }) => {
    if (newState !== "open" || !target.matches?.(".menu[popover]")) return;
    (await import("./menus.js")).start(target);
  },
  true,
);

// Tabs scroll on a phone. The current one is in sight from the start.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  tab.parentElement.parentElement.scrollLeft = tab.offsetLeft - 48;
}

// All modules of the page have run by then.
document.addEventListener("DOMContentLoaded", () => {
  document.documentElement.dataset.ready = "";
  if (document.querySelector("[data-counts]")) import("./counts.js");
});

// Back and Forward show a page as it was, also after its reader has signed out.
addEventListener("pageshow", ({ persisted }) => {
  const reader = document.querySelector('meta[name="person"]')?.content ?? "";
  if (persisted && localStorage.reader !== reader) location.reload();
  localStorage.reader = reader;
});

// --- Keyboard shortcuts -----------------------------------------------------------------------

// Single keys work only while nobody types, and can be switched off (`data-keys`). What a key does, a
// page says by attributes: docs/workspace.md lists them.
const SEQUENCE_WITHIN = 1200;

let begunAt = 0;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  if (event.ctrlKey || event.metaKey) {
    const opens = event.key.toLowerCase() === "k" && document.getElementById("palette");
    if (opens) run(event, () => open("palette"));
    return;
  }
  if (document.documentElement.dataset.keys === "off") return;
  if (event.target.closest(`${TYPING}, dialog, [popover]`)) return;
  const action = actionOf(event.key);
  if (action) run(event, action);
});

function run(event, action) {
  event.preventDefault();
  action();
}

function actionOf(key) {
  if (Date.now() - begunAt < SEQUENCE_WITHIN) {
    begunAt = 0;
    return clicking(`[data-goes-by="${CSS.escape(key)}"]`);
  }
  switch (key) {
    case "g":
      return () => {
        begunAt = Date.now();
      };
    case "?":
      return () => open("keys");
    case "/":
      return search;
    case "j":
      return () => step(1);
    case "k":
      return () => step(-1);
    case "o":
      return clicking("a", currentRow());
    case "x":
      return clicking("[data-select]", currentRow());
    default:
      return key.length === 1 ? clicking(`[data-key="${CSS.escape(key)}"]`) : null;
  }
}

// What belongs to the current row comes first: `m` moves the order on which one is.
function clicking(selector, within = document) {
  const element = currentRow()?.querySelector(selector) ?? within?.querySelector(selector);
  return element && (() => element.click());
}

function currentRow() {
  return document.activeElement?.closest("[data-row]") ?? null;
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  const at = rows.indexOf(currentRow());
  const next = at < 0 ? rows[by > 0 ? 0 : rows.length - 1] : rows[at + by];
  next?.querySelector("a")?.focus();
}

function search() {
  const field = document.querySelector("[data-page-search]");
  if (!field) open("palette");
  field?.focus();
  field?.select();
}

if (/Mac|iP/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-mod-key]")) {
    key.textContent = `⌘ ${key.dataset.modKey}`;
  }
}
