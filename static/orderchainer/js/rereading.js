// Read the whole page again, and swap its content.
import { fetchHtml, morph, requireReader } from "./fragments.js";

let last = Promise.resolve();

/**
 * Read this page again and swap its content. Returns the position at which it was rendered, or 0. Raises
 * as `fetchParts` does. One reading waits for the other, so a slow answer never replaces a newer one.
 */
export function refreshPage() {
  last = last.catch(() => {}).then(read);
  return last;
}

async function read() {
  const { href } = location;
  const fresh = await fetchHtml(href);
  // Meanwhile its reader has filtered the list, or asked for more of it.
  if (href !== location.href) return read();
  requireReader(fresh.querySelector('meta[name="person"]')?.content);
  const [old, made] = [document, fresh].map((page) => page.getElementById("main"));
  if (old && made) morph(old, made);
  // Signing in again in another tab changes the token.
  const [token, newer] = [document, fresh].map((page) => page.querySelector("[name=csrf-token]"));
  if (token && newer) renewTokens(token, newer.content);
  document.dispatchEvent(new CustomEvent("page-refreshed"));
  return Number(fresh.body.dataset.after) || 0;
}

// Django looks at the field of a form first, also of a form beside the content.
function renewTokens(token, text) {
  token.content = text;
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = text;
}
