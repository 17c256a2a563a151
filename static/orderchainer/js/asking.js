// Asking the assistant. The form works without this: here we only keep what somebody has typed when
// another page comes in place of an answer.
//
//   <form data-asking>
import { keepOnRefusal } from "./refused.js";

document.addEventListener("answered", (event) => {
  if (event.detail.requestConfig.elt.closest("[data-asking]")) keepOnRefusal(event);
});
