// Buttons that copy a text of the page. Few pages have one, so the first click on one loads this.
// It imports nothing: imports in a circle cannot be collected for production.

/** Copy the text of the element that the button names, and say so with these functions. */
export async function copy(button, { announce, toast }) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    button.dataset.done = "";
    setTimeout(() => delete button.dataset.done, 2000);
    announce("Copied");
  } catch {
    // The clipboard is closed to pages without https. Then mark the text, so that a key copies it.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    toast("Press Ctrl+C to copy the marked text.");
  }
}
