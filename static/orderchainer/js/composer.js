// The field for answers. What is typed is kept on the server, so that no event and no lost session takes it.
import { draftIn, isKept, tellOvertaken } from "./drafts.js";
import { changing } from "./fragments.js";
import { keepOnRefusal } from "./refused.js";
import { refreshPage } from "./rereading.js";

const PAUSE = 800;

let timer = 0;
let sending = null;
let isUnsaved = false;
let kept = "";
// The key and the words of an answer that we have sent, until we know what became of it.
let asked = null;

function form() {
  return document.getElementById("composer");
}

function say(text) {
  const state = document.querySelector("[data-draft-state]");
  if (state && state.textContent !== text) state.textContent = text;
}

document.addEventListener("input", ({ target }) => {
  if (target.id !== "reply") return;
  if (!target.value.trim()) asked = null;
  say("");
  saveSoon();
});

function saveSoon() {
  isUnsaved = true;
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

async function save({ keepalive = false } = {}) {
  clearTimeout(timer);
  const written = form();
  if (!written || !isUnsaved) return;
  sending?.abort();
  sending = new AbortController();
  const { signal } = sending;
  const data = new FormData(written);
  data.set("key", keyOf(written));
  const body = draftIn(data);
  try {
    const answer = await fetch(written.dataset.draft, {
      method: "POST",
      headers: changing(),
      body,
      // A browser refuses to send more than 64 kB after the page. A plain request may be cut off then.
      keepalive: keepalive && `${body}`.length < 6e4,
      signal,
    });
    if (answer.status === 412) await tellOvertaken(answer);
    if (!answer.ok) throw Object.assign(new Error("Not saved"), { status: answer.status });
    isKept(data.get("content"));
    kept = data.get("content");
    isUnsaved = kept !== document.getElementById("reply")?.value;
    say(kept.trim() ? "Draft saved" : "");
  } catch (error) {
    if (error.name === "AbortError") return;
    say("Not saved yet");
    timer = setTimeout(save, 10 * PAUSE);
    // Signing in again in another tab changes the token of the page.
    if (error.status === 403) refreshPage().catch(() => {});
  }
}

// --- Sending ------------------------------------------------------------------------------------

// No answer may mean that the message was sent. An event then brings the page a new key, but trying
// again with the same words must send the same message.
function keyOf(written) {
  return asked?.words === wordsOf(written) ? asked.key : written.elements.key.value;
}

function wordsOf(written) {
  const data = new FormData(written);
  for (const name of ["key", "suggestion", "was", "csrfmiddlewaretoken"]) data.delete(name);
  return JSON.stringify([...data].map(([name, value]) => [name, value.name ?? value]));
}

// What is sent is no draft any more. The server knows that too, if a request is still on its way.
document.addEventListener(
  "submit",
  ({ target }) => {
    if (!target.elements.key || !target.closest("#answering")) return;
    const key = keyOf(target);
    asked = { key, words: wordsOf(target) };
    target.elements.key.value = key;
    clearTimeout(timer);
    sending?.abort();
    isUnsaved = target === form();
  },
  true,
);

document.addEventListener("answered", (event) => {
  const { requestConfig, target, xhr } = event.detail;
  const sent = requestConfig.elt;
  if (target.id !== "conversation") return;
  // A broken server may have sent the message.
  if (sent.elements?.key && xhr.status < 500) asked = null;
  if (sent === form()) setTimeout(() => keepRest(xhr.status < 400));
  keepOnRefusal(event);
});

// After an answer was sent, only what was typed since then is a draft.
function keepRest(isSent) {
  const reply = document.getElementById("reply");
  isUnsaved = Boolean(reply) && !(isSent && reply.value === reply.defaultValue);
  if (isUnsaved) saveSoon();
}

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "reply" || event.key !== "Enter" || event.isComposing) return;
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  // Pressed twice, the keys send once.
  const { content, file } = form().elements;
  const send = document.getElementById("send");
  if (!send.disabled && (content.value.trim() || file?.value)) form().requestSubmit(send);
});

// What was typed before this script came is a draft too.
const early = form()?.elements.content;
if (early && early.value !== early.defaultValue) saveSoon();

document.addEventListener("visibilitychange", () => document.hidden && save({ keepalive: true }));
addEventListener("pagehide", () => save({ keepalive: true }));
// Only a text that could not be saved keeps anybody from leaving.
addEventListener("beforeunload", (event) => {
  const isLost = document.querySelector("[data-draft-state]")?.textContent === "Not saved yet";
  if (isUnsaved && isLost) event.preventDefault();
});

// A refreshed page may have been read before the draft was kept.
function sayAgain() {
  if (kept.trim() && kept === document.getElementById("reply")?.value) say("Draft saved");
}

const main = document.getElementById("main");
new MutationObserver(sayAgain).observe(main, {
  childList: true,
  subtree: true,
  characterData: true,
});
