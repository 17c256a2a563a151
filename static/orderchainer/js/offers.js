// Texts that a panel offers for the answer: <form data-uses="reply"> has a text in `insert` and says in
// `suggestion` whose it is. It goes into an empty field, or below what is there; nothing that was typed is
// replaced.
import { announce } from "./announce.js";

let offered = null;

document.addEventListener("submit", (event) => {
  const reply = document.getElementById(event.target.dataset.uses ?? "");
  if (!reply) return;
  event.preventDefault();
  const { insert, suggestion } = event.target.elements;
  const before = reply.value.trimEnd();
  reply.value = before ? `${before}\n\n${insert.value}` : insert.value;
  document.querySelector("[data-suggestion]").value = suggestion.value;
  close(event.target);
  reply.dispatchEvent(new Event("input", { bubbles: true }));
  reply.focus();
});

document.addEventListener("click", (event) => {
  const offer = event.target.closest("form[data-uses]");
  if (event.target.closest("[data-edits]")) offer.elements.insert.focus();
  if (!event.target.closest("[data-discards]") || !document.getElementById("composer")) return;
  event.preventDefault();
  close(offer);
  document.getElementById("reply")?.focus();
});

function close(offer) {
  const panel = offer.parentElement;
  panel.querySelector("[data-anew]").hidden = false;
  for (const gone of panel.querySelectorAll("[data-outdated], .outcome")) gone.remove();
  offer.remove();
}

function label() {
  const button = document.querySelector("[data-use]");
  if (button && button !== offered) announce("A reply is suggested");
  offered = button;
  const words = document.getElementById("reply")?.value.trim() ? "Insert below" : "Use";
  if (button && button.textContent !== words) button.textContent = words;
}

document.addEventListener("live", ({ detail }) => {
  const isHere = detail.conversation_id === document.getElementById("log")?.dataset.log;
  if (detail.type !== "message_received" || !isHere) return;
  for (const part of document.querySelectorAll("[data-outdated], [data-anew]")) part.hidden = false;
});

document.addEventListener("input", label);
const panels = document.getElementById("talk-panels");
if (panels) new MutationObserver(label).observe(panels, { childList: true, subtree: true });
