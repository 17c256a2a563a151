// Which drafts this page knows. One that was written in another tab is not replaced unseen.
import { toast } from "./announce.js";

const MOST = 4;
let known = [];
let told = "";

const field = () => document.getElementById("reply");

// However the form is sent: the draft that the server had last, and what we have sent since. Of these
// requests we may not know whether they arrived.
document.addEventListener("formdata", ({ target, formData }) => {
  if (target.id !== "composer") return;
  formData.delete("was");
  for (const text of new Set([field().dataset.was, ...known])) formData.append("was", text);
});

/** Return what a request to keep the draft sends of the form, and note that it is on its way. */
export function draftIn(data) {
  known = [...known, data.get("content")].slice(-MOST);
  const names = ["content", "suggestion", "key", "was"];
  return new URLSearchParams([...data].filter(([name]) => names.includes(name)));
}

/** Note that a text is the draft now. */
export function isKept(text) {
  known = [text];
  field()?.setAttribute("data-was", text);
}

/** Offer the draft that another tab has kept. `answer` is a refusal of ours. */
export async function tellOvertaken(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const other = page.querySelector("[data-other-draft]")?.textContent;
  if (!other || other === told) return;
  told = other;
  const run = () => {
    known = [...known, other];
    field().value = `${field().value.trimEnd()}\n\n${other}`.trimStart();
    field().dispatchEvent(new Event("input", { bubbles: true }));
  };
  const text = "You have written something else here in another tab. This text is not saved.";
  toast(text, { kind: "danger", action: { label: "Add it here", run } });
}
