// Offers what a field may mean while one types into it. Without scripts it is an ordinary field.
//
//   <form data-pick-order="/app/…/orders/pick"> … <input data-picks="order" data-many>
//
// The server answers `?q=` with `<li role="option" data-value="#12">`. With `data-many` the field
// takes several values, separated by commas, and the last of them is asked about.
import { fetchParts } from "./fragments.js";

const ASK_AFTER = 150;

let list = null;
let owner = null;
let timer = 0;

document.addEventListener("focusin", ({ target }) => {
  if (!target.matches?.("input[data-picks]") || target.getAttribute("role")) return;
  target.setAttribute("role", "combobox");
  target.setAttribute("aria-autocomplete", "list");
  target.setAttribute("aria-expanded", "false");
});

document.addEventListener("input", ({ target }) => {
  if (!target.matches?.("input[data-picks]")) return;
  clearTimeout(timer);
  timer = setTimeout(() => ask(target), ASK_AFTER);
});

document.addEventListener("focusout", ({ target }) => {
  if (target === owner) close();
});

document.addEventListener("keydown", (event) => {
  if (!owner || event.target !== owner) return;
  const options = [...list.children];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") select(options[(at + 1) % options.length]);
  else if (event.key === "ArrowUp") select(options.at(at < 0 ? -1 : at - 1));
  else if (event.key === "Enter" && at >= 0) choose(options[at]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

function sought(field) {
  return (field.dataset.many === undefined ? field.value : field.value.split(",").pop()).trim();
}

async function ask(field) {
  const text = sought(field);
  const kind = `pick${field.dataset.picks[0].toUpperCase()}${field.dataset.picks.slice(1)}`;
  const source = field.form?.dataset[kind];
  if (!text || !source) return close();
  const url = new URL(source, location.href);
  url.searchParams.set("q", text);
  const answer = await fetchParts(url).catch(() => null);
  if (!answer || sought(field) !== text || document.activeElement !== field) return;
  show(field, [...answer.querySelectorAll("[role=option]")]);
}

function show(field, options) {
  close();
  if (!options.length) return;
  owner = field;
  list = document.createElement("ul");
  list.id = "hits";
  list.className = "hits";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.append(...options.map((option) => document.adoptNode(option)));
  for (const [index, option] of options.entries()) option.id = `hit-${index}`;
  // A press would take the focus away from the field, which closes the list.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", ({ target }) => choose(target.closest("[role=option]")));
  field.after(list);
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "true");
}

function select(option) {
  list.querySelector("[aria-selected=true]")?.removeAttribute("aria-selected");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  owner.setAttribute("aria-activedescendant", option.id);
}

function choose(option) {
  if (!option) return;
  const before = owner.value.split(",").slice(0, -1);
  const { value } = option.dataset;
  owner.value =
    owner.dataset.many === undefined
      ? value
      : [...before, value].map((each) => each.trim()).join(", ");
  owner.dispatchEvent(new Event("change", { bubbles: true }));
  close();
}

function close() {
  list?.remove();
  owner?.setAttribute("aria-expanded", "false");
  owner?.removeAttribute("aria-activedescendant");
  list = owner = null;
}
