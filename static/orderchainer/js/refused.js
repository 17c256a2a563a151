// What a refusal does to a form in which somebody types: it is told beside the page, because in its place
// it would take away what they have typed.
import { toast } from "./announce.js";
import { askAgain } from "./fragments.js";
import { refreshPage } from "./rereading.js";

// Answers with these are other pages than the one that the form belongs to.
const OTHER_PAGES = [403, 404, 429];

/** Keep an answer out of the page if it is another one, and say what is in it. For `answered`. */
export function keepOnRefusal(event) {
  const { requestConfig, xhr } = event.detail;
  if (!OTHER_PAGES.includes(xhr.status)) return;
  event.preventDefault();
  tell(requestConfig, xhr);
}

async function tell(asked, { status, responseText }) {
  const page = new DOMParser().parseFromString(responseText, "text/html");
  const words = page.querySelector('[role="alert"] p:not(.title)')?.textContent ?? `${status}`;
  const isFresh = status === 403 && (await refreshPage().catch(() => null)) !== null;
  if (!isFresh || !asked.elt.isConnected) return toast(words, { kind: "danger" });
  const action = { label: "Try again", run: () => askAgain(asked) };
  return toast("The page was out of date and was read again. What you typed is still here.", {
    kind: "danger",
    action,
  });
}
