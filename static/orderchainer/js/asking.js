// Asking the assistant. The form works without this: here we only keep what somebody has typed when
// another page comes in place of an answer, and bring the focus back from a button that vanishes.
//
//   <form data-asking> … <button data-cancels>Cancel</button> … </form>
import { keepOnRefusal } from "./refused.js";

document.addEventListener("answered", (event) => {
  if (event.detail.requestConfig.elt.closest("[data-asking]")) keepOnRefusal(event);
});

document.addEventListener("click", ({ target }) => {
  target.closest("[data-cancels]")?.form.elements.question.focus();
});
