// The command palette: pages and actions of this page at once, and what the server finds while one
// types. The server answers `?q=` with `<li data-url="…">` elements.
import { fetchParts } from "./fragments.js";

const ASK_AFTER = 150;

let dialog;
let input;
let list;
let found = [];
let timer = 0;

/** Fill the palette, which is open and may have got its first letters, and let it react. */
export function start(opened) {
  if (!dialog) {
    dialog = opened;
    input = dialog.querySelector("[role=combobox]");
    list = dialog.querySelector("[role=listbox]");
    input.addEventListener("input", typed);
    input.addEventListener("keydown", pressed);
    list.addEventListener("click", ({ target }) => choose(target.closest("[role=option]")));
    dialog.addEventListener("close", () => {
      input.value = "";
    });
  }
  typed();
  input.focus();
}

function commands() {
  const elements = document.querySelectorAll(".navigation a, [data-command], #person-menu > a");
  return [...elements].map((element) => ({
    text: element.dataset.command || labelOf(element),
    icon: element.querySelector(".icon"),
    key: element.dataset.goesBy ? `g ${element.dataset.goesBy}` : (element.dataset.key ?? ""),
    run: () => element.click(),
  }));
}

function labelOf(element) {
  return (element.querySelector("span:not(.count)") ?? element).textContent.trim();
}

function show() {
  const words = input.value.trim().toLowerCase().split(/\s+/);
  const matching = commands().filter(({ text }) =>
    words.every((word) => text.toLowerCase().includes(word)),
  );
  const options = [...matching, ...found].map(optionOf);
  list.replaceChildren(...options);
  list.hidden = !options.length;
  dialog.querySelector(".none").hidden = options.length > 0;
  input.setAttribute("aria-expanded", String(options.length > 0));
  select(options[0]);
}

function optionOf({ text, icon, key, run }, index) {
  const option = dialog.querySelector("template").content.firstElementChild.cloneNode(true);
  option.id = `palette-${index}`;
  option.querySelector("[data-text]").textContent = text;
  if (icon) option.querySelector("[data-icon]").replaceWith(icon.cloneNode(true));
  if (key) {
    const hint = document.createElement("kbd");
    hint.textContent = key;
    hint.setAttribute("aria-hidden", "true");
    option.append(hint);
  }
  option.addEventListener("chosen", run);
  return option;
}

function select(option) {
  list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
  if (!option) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function pressed(event) {
  const options = [...list.children];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") select(options[(at + 1) % options.length]);
  else if (event.key === "ArrowUp") select(options.at(at - 1));
  else if (event.key === "Enter") choose(options[at]);
  else return;
  event.preventDefault();
}

function choose(option) {
  if (!option) return;
  dialog.close();
  option.dispatchEvent(new CustomEvent("chosen"));
}

function typed() {
  found = [];
  show();
  clearTimeout(timer);
  const { search } = dialog.dataset;
  if (search && input.value.trim()) timer = setTimeout(() => ask(search, input.value), ASK_AFTER);
}

async function ask(search, query) {
  const answer = await fetchParts(`${search}?q=${encodeURIComponent(query)}`).catch(() => null);
  if (!answer || input.value !== query) return;
  found = [...answer.querySelectorAll("[data-url]")].map((item) => ({
    text: item.textContent.trim(),
    icon: item.querySelector(".icon"),
    run: () => location.assign(item.dataset.url),
  }));
  show();
}
