// A choice such as the theme, which holds at once and is saved: <form data-sets="theme">.

/** Choose the value of a button, and tell with `announce` and `toast` what comes of it. */
export async function choose(form, button, { announce, toast }) {
  const { sets } = form.dataset;
  // The attribute of <html> has the same name.
  document.documentElement.dataset[sets] = button.value;
  for (const each of document.querySelectorAll(`[data-sets="${sets}"] [value]`)) {
    each.setAttribute("aria-checked", String(each.value === button.value));
  }
  const body = new URLSearchParams(new FormData(form, button));
  document.querySelector(":popover-open")?.hidePopover();
  try {
    const headers = { "X-Requested-With": "XMLHttpRequest" };
    const answer = await fetch(form.action, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(answer.statusText);
    announce("Saved");
  } catch {
    toast("Your choice was not saved. It holds until you leave this page.", { kind: "warning" });
  }
}
