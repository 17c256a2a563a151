// Dragging cards between the columns of a board with the mouse. The menu of moves does the same for
// everybody. Before the drop each column shows whether the card can go there, and if not, why.
import { move, question, seenVersion } from "./moving.js";

let card = null;

// Cards get draggable when the mouse comes near, so that the server need not write it for each.
document.addEventListener("pointerover", ({ target, pointerType }) => {
  if (pointerType === "mouse") prepare(target.closest?.(".order-card"));
});

function prepare(near) {
  if (!near || near.draggable || !movesOf(near)) return;
  near.draggable = true;
  for (const link of near.querySelectorAll("a")) link.draggable = false;
}

// A card names its moves only if some are closed now. Else they are those of its status.
function movesOf({ dataset }) {
  return dataset.moves ?? movesFrom(dataset.status);
}

function movesFrom(status) {
  return document.getElementById(`column-${status}`)?.dataset.moves ?? "";
}

function has(moves, status) {
  return moves.split(" ").includes(status);
}

// The mouse that made this module load.
prepare(document.querySelector(".order-card:hover"));

document.addEventListener("dragstart", (event) => {
  card = event.target.closest?.(".order-card[draggable]");
  if (!card) return;
  if (card.ariaBusy === "true") {
    event.preventDefault();
    return;
  }
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.querySelector("a").textContent);
  card.dataset.dragged = "";
  for (const column of columns()) mark(column);
});

function columns() {
  return document.querySelectorAll(".board > .column");
}

function mark(column) {
  if (column.contains(card)) return;
  const { status } = column.dataset;
  const isOpen = has(movesOf(card), status);
  column.dataset.drop = isOpen ? "open" : "closed";
  if (isOpen) return;
  const words = document.createElement("p");
  words.className = "reason";
  words.textContent = reason(column);
  column.querySelector("h2").after(words);
}

function reason(column) {
  const isKnown = has(movesFrom(card.dataset.status), column.dataset.status);
  const waits = card.querySelector("[data-reason]")?.textContent.trim();
  const number = card.id.replace("order-", "#");
  if (isKnown && waits) return `${number} ${waits}`;
  return `Not from ${card.dataset.status}`;
}

function over(event) {
  const column = event.target.closest?.(".column[data-drop]");
  for (const each of columns()) each.toggleAttribute("data-over", each === column);
  return column?.dataset.drop === "open" ? column : null;
}

document.addEventListener("dragover", (event) => {
  if (!card || !over(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
});

document.addEventListener("drop", (event) => {
  const column = card && over(event);
  if (!column) return;
  event.preventDefault();
  const dropped = card;
  leave();
  const { status } = column.dataset;
  const body = new FormData();
  body.set("status", status);
  body.set("version", seenVersion(dropped));
  const action = `${dropped.querySelector("a").href}/move`;
  if ("asks" in column.dataset) question(action, body);
  else move(dropped.id.replace("order-", ""), action, body);
});

document.addEventListener("dragend", () => card && leave());

function leave() {
  delete card.dataset.dragged;
  card = null;
  for (const column of columns()) {
    delete column.dataset.drop;
    column.removeAttribute("data-over");
    column.querySelector(".reason")?.remove();
  }
}
