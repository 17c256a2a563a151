// The columns of the board: where cards stand, how many there are, and showing more of them. A card
// goes to another column when its status says so; what the server sorts differently stays until the
// page is read again, so that nothing jumps under its reader.
import { tellSignedOut, toast } from "./announce.js";
import { fetchParts, isInUse, refreshPart } from "./fragments.js";

const MOST_CARDS = 200;
const wide = matchMedia("(width >= 48rem)");

function columnOf(status) {
  return document.getElementById(`column-${status}`);
}

// --- Where cards stand ------------------------------------------------------------------------

// From where cards came whose move is not saved yet.
const origins = new WeakMap();

document.addEventListener("moving", ({ target: card, detail }) => {
  const from = card.closest(".column");
  const to = columnOf(detail.status);
  origins.delete(card);
  if (!from || !to || from === to) return;
  origins.set(card, { from, to, before: card.nextElementSibling });
  const cards = to.querySelector(".cards");
  // On top, where its reader sees it. The server would put it last.
  if (cards) put(card, cards, cards.firstElementChild);
  to.scrollTop = 0;
  count(from, -1);
  count(to, 1);
});

document.addEventListener("unmoved", ({ target: card }) => {
  const origin = origins.get(card);
  if (!origin) return;
  const { from, to, before } = origin;
  count(from, 1);
  count(to, -1);
  const cards = from.querySelector(".cards");
  if (card.parentElement !== cards)
    put(card, cards, before?.parentElement === cards ? before : null);
});

function count(column, by) {
  show(column.dataset.status, Number(column.querySelector(".count").textContent) + by);
}

function show(status, number) {
  for (const element of document.querySelectorAll(`[data-count="${status}"]`)) {
    element.textContent = String(number);
  }
  const column = columnOf(status);
  const more = column.querySelector(".more");
  if (more) more.hidden = column.querySelectorAll(".cards > li").length >= number;
}

// What has the focus keeps it, also in browsers that cannot move an element without taking it out.
function put(card, cards, before) {
  const focused = card.contains(document.activeElement) ? document.activeElement : null;
  if (cards.moveBefore && card.isConnected) cards.moveBefore(card, before);
  else cards.insertBefore(card, before);
  if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

// --- What the server says ---------------------------------------------------------------------

document.addEventListener("fresh-parts", ({ target, detail: { fresh, ids } }) => {
  if (!target.matches(".board")) return;
  for (const id of ids) settle(id, fresh.getElementById(id));
  const counts = fresh.querySelector("[data-counts]")?.dataset.counts.trim() ?? "";
  for (const pair of counts.split(" ").filter(Boolean)) show(...pair.split(":"));
});

function settle(id, made) {
  const card = document.getElementById(id);
  if (card && "late" in card.dataset) return;
  const column = made && columnOf(made.dataset.status);
  const cards = column?.querySelector(".cards");
  if (card && !cards) card.remove();
  else if (card && cards !== card.parentElement) put(card, cards, null);
  else if (!card && cards && isWholly(column) && !made.querySelector(".unmatched")) {
    put(document.importNode(made, true), cards, null);
  }
}

// A new card is last in its column, which is in sight only if the column shows all its cards.
function isWholly(column) {
  const isFull = column.querySelectorAll(".cards > li").length >= MOST_CARDS;
  return column.querySelector(".more").hidden && !isFull;
}

// --- More cards -------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-more]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showMore(link);
});

async function showMore(link) {
  const column = link.closest(".column");
  if (column.hasAttribute("aria-busy")) return;
  column.setAttribute("aria-busy", "true");
  const wanted = new URL(link.href).searchParams.getAll("shown");
  const mine = wanted.find((each) => each.startsWith(`${column.dataset.status}-`));
  // The link was written before other columns showed more. The address knows about them.
  const url = new URL(location.href);
  const others = url.searchParams
    .getAll("shown")
    .filter((each) => !each.startsWith(`${column.dataset.status}-`));
  url.searchParams.delete("shown");
  for (const each of [...others, mine]) url.searchParams.append("shown", each);
  try {
    refreshPart(column, await fetchParts(url, column.id));
    history.replaceState(history.state, "", url);
    // A card that has moved here may still stand in another column.
    for (const card of column.querySelectorAll(".cards > li")) {
      const other = document.querySelector(`.column:not(#${column.id}) #${card.id}`);
      if (other) (isInUse(other) ? card : other).remove();
    }
    watch(column);
  } catch (error) {
    // The link is still there. Nobody watches it any more, or we would ask on and on.
    if (error.status === 401) tellSignedOut();
    else toast("More orders could not be loaded.", { kind: "danger", action: again(column) });
  } finally {
    column.removeAttribute("aria-busy");
  }
}

function again(column) {
  return { label: "Try again", run: () => column.querySelector("[data-more]")?.click() };
}

// On a phone the page scrolls, otherwise each column.
const observers = new Map();

function watch(column) {
  observers.get(column.id)?.disconnect();
  const link = column.querySelector("[data-more]");
  if (!link) return;
  const root = wide.matches ? column : null;
  const observer = new IntersectionObserver(
    ([entry]) => {
      // A short column misses a card only for a moment, while an event is on its way.
      if (!entry.isIntersecting || column.querySelectorAll(".cards > li").length < 20) return;
      observer.disconnect();
      showMore(link);
    },
    { root, rootMargin: "0px 0px 400px 0px" },
  );
  observer.observe(link);
  observers.set(column.id, observer);
}

function watchAll() {
  for (const column of document.querySelectorAll(".board > .column")) watch(column);
}

wide.addEventListener("change", watchAll);
watchAll();

// --- On a phone: one column at a time ---------------------------------------------------------

function markCurrent() {
  const current =
    document.querySelector(".column:target") ?? document.querySelector("[data-first]");
  for (const link of document.querySelectorAll(".switcher a")) {
    if (link.hash === `#${current?.id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", markCurrent);
document.addEventListener("page-refreshed", markCurrent);
markCurrent();
