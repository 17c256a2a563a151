// The keys of menus: arrows, Home, End and letters.
const ITEMS = '[role^="menuitem"], a[href], button:not([popovertarget])';

/** Go to the first item of an open menu. A pointer shows where it is; a key needs a place to start. */
export function start(menu) {
  items(menu)[0]?.focus({ preventScroll: true });
}

function items(menu) {
  return [...menu.querySelectorAll(ITEMS)].filter((item) => item.checkVisibility());
}

let typed = "";
let typedAt = 0;

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu[popover]");
  if (!menu || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = items(menu);
  const at = all.indexOf(event.target.closest(ITEMS));
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
  if (event.key in moves) {
    event.preventDefault();
    all.at(moves[event.key] % all.length)?.focus();
  } else if (event.key === "Tab" && menu.matches('[role="menu"]')) {
    menu.hidePopover();
  } else if (event.key.length === 1 && event.key !== " ") {
    jump(all, at, event.key.toLowerCase());
    event.stopPropagation();
  }
});

// Typing the first letters goes to the item that begins with them.
function jump(all, at, letter) {
  typed = Date.now() - typedAt < 700 ? typed + letter : letter;
  typedAt = Date.now();
  const from = typed.length === 1 ? at + 1 : at;
  const order = [...all.slice(from), ...all.slice(0, from)];
  order.find((item) => item.textContent.trim().toLowerCase().startsWith(typed))?.focus();
}
