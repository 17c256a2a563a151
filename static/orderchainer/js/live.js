// Follow the stream of events from the position at which the page was rendered (`data-after`).
import { tellSignedIn, tellSignedOut, toast } from "./announce.js";
import { receive, refreshAll } from "./changes.js";
import { changing, requireReader } from "./fragments.js";

const OPENS_WITHIN = 8000;
const PING_EVERY = 25000;
const HIDDEN_FOR = 60000;

const page = document.body.dataset;
const { live: path, ticket: ticketUrl } = page;
let position = Number(page.after);
let socket = null;
let state = "";
let failures = 0;
let signedOut = 0;
// Nothing brings this page back.
let isOver = false;
const timers = {};

function show(next) {
  state = next;
  const element = document.querySelector("[data-connection]");
  if (!element) return;
  element.dataset.state = next;
  if (element.textContent !== next) element.textContent = next;
}

function later(name, wait, run) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(run, wait);
}

// --- The socket -------------------------------------------------------------------------------

async function connect() {
  if (socket || isOver) return;
  const mine = {};
  socket = mine;
  try {
    const ticket = await fetchTicket();
    if (socket !== mine) return;
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("after", position);
    follow(new WebSocket(url, ["bearer", ticket]));
  } catch (error) {
    if (socket !== mine) return;
    socket = null;
    if (error.status === 403) startAgain();
    else failed(error);
  }
}

function failed(error) {
  if (error.isSomebodyElse) endForReader();
  else if (error.status === 401) endSession();
  else retry();
}

async function fetchTicket() {
  const signal = AbortSignal.timeout(OPENS_WITHIN);
  const answer = await fetch(ticketUrl, { method: "POST", headers: changing(), signal });
  if (!answer.ok) throw Object.assign(new Error("No ticket"), { status: answer.status });
  const { ticket, person } = await answer.json();
  requireReader(person);
  return ticket;
}

function follow(opened) {
  socket = opened;
  // A socket that the content policy blocks neither opens nor closes.
  later("opening", OPENS_WITHIN, () => drop(opened));
  opened.addEventListener("open", () => {
    clearTimeout(timers.opening);
    failures = 0;
    show("Live");
    tellSignedIn();
    ping(opened);
  });
  opened.addEventListener("message", ({ data }) => {
    clearTimeout(timers.silent);
    signedOut = 0;
    const message = JSON.parse(data);
    if (message.position) position = message.position;
    receive(message);
  });
  opened.addEventListener("close", ({ code }) => {
    if (socket === opened) closed(code);
  });
}

// A line that was cut without a word looks open. Only an answer tells.
function ping(opened) {
  later("ping", PING_EVERY, () => {
    if (socket !== opened || opened.readyState !== WebSocket.OPEN) return;
    opened.send('{"type": "ping"}');
    later("silent", OPENS_WITHIN, () => drop(opened));
    ping(opened);
  });
}

function drop(opened) {
  if (socket !== opened) return;
  leave();
  retry();
}

function leave() {
  for (const name of ["opening", "ping", "silent", "retry"]) clearTimeout(timers[name]);
  const left = socket;
  socket = null;
  left?.close?.();
}

function closed(code) {
  leave();
  if (code === 4401 && signedOut++ > 0) endSession();
  else if (code === 4403 || code === 4404) end("This project is not yours any more.");
  else if (code === 4400) startAgain();
  else retry();
}

// The position is unknown, or the page's token is: read the page anew, and follow from there.
async function startAgain() {
  try {
    position = (await refreshAll()) || position;
    retry();
  } catch (error) {
    if ([403, 404].includes(error.status)) end("This page is not there for you any more.");
    else failed(error);
  }
}

function endSession() {
  show("Signed out");
  tellSignedOut();
}

function endForReader() {
  const run = () => location.reload();
  end("Somebody else has signed in in this browser.", { label: "Reload the page", run });
}

function end(text, action) {
  isOver = true;
  show("Signed out");
  toast(text, { kind: "danger", action });
}

function retry() {
  show(navigator.onLine ? "Reconnecting" : "Offline");
  const wait = Math.min(30000, 500 * 2 ** failures++);
  later("retry", wait * (0.5 + Math.random() / 2), connect);
}

// --- Coming and going -------------------------------------------------------------------------

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) comeBack();
  else if (!page.notifies) later("hidden", HIDDEN_FOR, leave);
});
// An open socket keeps a page out of the cache for Back and Forward.
addEventListener("pagehide", leave);
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) comeBack();
});
addEventListener("online", comeBack);
addEventListener("offline", () => {
  if (!isOver) show("Offline");
});

function comeBack() {
  clearTimeout(timers.hidden);
  failures = 0;
  if (socket && state !== "Offline") return;
  leave();
  connect();
}

show("Connecting");
connect();
