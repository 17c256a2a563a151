// Lists and boards: their filters, selecting orders for a bulk action, and the menu of moves, which is
// loaded when somebody comes near an order.
import { announce, tellNoAnswer, tellSignedOut } from "./announce.js";
import { refreshPage } from "./rereading.js";

// --- Filters ----------------------------------------------------------------------------------

// They apply by themselves: <form data-filters>. The address changes, and the page is read again for
// it, so that whatever people type or have selected stays. Without scripts they press Apply.
const PAUSE = 300;

let timer = 0;
let running = false;
// The list does not show what the address says.
let isOld = false;
let lost = null;

for (const name of ["input", "change"]) {
  document.addEventListener(name, ({ target }) => {
    if (!target.form?.matches("[data-filters]")) return;
    clearTimeout(timer);
    timer = setTimeout(apply, PAUSE, target.form);
  });
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-filters]")) return;
  event.preventDefault();
  clearTimeout(timer);
  apply(event.target);
});

function queryOf(form) {
  const filled = [...new FormData(form)].filter(([, value]) => value.trim());
  return new URLSearchParams(filled).toString();
}

function apply(form) {
  const query = queryOf(form);
  const address = query ? `${location.pathname}?${query}` : location.pathname;
  if (address === location.pathname + location.search && !isOld) return;
  // Back leads to where the reader came from, and not through every letter of a search.
  history.replaceState(history.state, "", address + location.hash);
  // Other orders match now than those that the reader meant.
  const whole = all();
  if (whole) whole.checked = false;
  read();
}

// An answer for an address that has changed meanwhile is not shown: the page is read for the new one.
async function read() {
  isOld = true;
  if (running) return;
  running = true;
  lost?.remove();
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  try {
    await refreshPage();
    isOld = false;
    announce(document.querySelector(".pager p, .empty .title")?.textContent ?? "Filtered");
  } catch (error) {
    if (error.status === 401) tellSignedOut();
    // The whole page says what is wrong, if there is one.
    else if (error.status || error.isSomebodyElse) location.reload();
    else lost = tellNoAnswer({ label: "Try again", run: read });
  } finally {
    running = false;
    main.removeAttribute("aria-busy");
  }
}

// What people chose or typed before this script came applies now.
for (const form of document.querySelectorAll("[data-filters]")) {
  const untouched = form.cloneNode(true);
  untouched.reset();
  if (queryOf(form) !== queryOf(untouched)) apply(form);
}

// --- Selecting --------------------------------------------------------------------------------

// The checkboxes of the orders (`data-select`) belong to the form of the bar. Without scripts people
// tick them one by one.

// Where a range with the shift key begins.
let last = null;

function boxes() {
  return [...document.querySelectorAll("[data-select]")];
}

// Stands for all orders that match the filters.
function all() {
  return document.querySelector(".bulk [name=all]");
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-select]");
  if (box) {
    if (event.shiftKey && last?.isConnected) range(last, box);
    last = box;
  }
  if (event.target.closest?.("[data-selects-none]")) selectAll(false);
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-selects-page]")) selectAll(target.checked);
  else if (target.matches("[data-select], .bulk [name=all]")) tell();
});

function range(from, to) {
  const every = boxes();
  const [start, end] = [every.indexOf(from), every.indexOf(to)].sort((one, other) => one - other);
  if (start < 0) return;
  for (const box of every.slice(start, end + 1)) box.checked = to.checked;
}

function selectAll(isChecked) {
  for (const box of boxes()) box.checked = isChecked;
  const whole = all();
  if (whole && !isChecked) whole.checked = false;
  tell();
}

function tell() {
  const every = boxes();
  const chosen = every.filter((box) => box.checked).length;
  const whole = all();
  const words = whole?.checked
    ? `All ${Number(whole.parentElement.dataset.total).toLocaleString("en")} selected`
    : `${chosen} selected`;
  const text = document.querySelector("[data-selected]");
  if (text && text.textContent !== words) {
    text.textContent = words;
    if (chosen) announce(words);
  }
  const page = document.querySelector("[data-selects-page]");
  if (page) {
    page.checked = chosen > 0 && chosen === every.length;
    page.indeterminate = chosen > 0 && chosen < every.length;
  }
}

// What the server has ticked counts as ticked by the reader, so that swapping a row keeps it.
for (const box of boxes()) {
  const { checked } = box;
  box.defaultChecked = false;
  box.checked = checked;
}
tell();

// Orders come and go by themselves, and so does how many match.
new MutationObserver(tell).observe(document.getElementById("main"), {
  attributeFilter: ["data-total"],
  childList: true,
  subtree: true,
});

// --- Moving, when somebody comes near ---------------------------------------------------------

const MOVABLE = '[data-row]:has([form="moving"])';

let loading = null;
let isLoaded = false;

async function load() {
  loading ??= Promise.all([
    import("./moving.js"),
    document.querySelector(".board") && import("./dragging.js"),
  ]);
  try {
    await loading;
    isLoaded = true;
  } catch {
    loading = null;
  }
}

for (const name of ["pointerover", "focusin"]) {
  document.addEventListener(name, ({ target }) => target.closest?.(MOVABLE) && load());
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest('[form="moving"]');
  if (isLoaded || !button) return;
  event.preventDefault();
  await load();
  // Without the module, the button leads to the page that does the same.
  if (isLoaded) button.click();
  else button.form.requestSubmit(button);
});
