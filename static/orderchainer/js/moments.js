// Moments such as "3 min ago" stay true. The server wrote them first, in the same words:
// orderchainer/core/web/tags.py.

const STEPS = [
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [30 * 86400, 86400, "d"],
];

// Say how long ago `seconds` are, or nothing if a date says it better.
function ago(seconds) {
  const size = Math.abs(seconds);
  if (size < 60) return "just now";
  if (size >= STEPS.at(-1)[0]) return "";
  const text = lasting(size);
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

// Say how long something has lasted.
function lasting(seconds) {
  if (seconds < 60) return "under 1 min";
  const [, unit, name] = STEPS.find(([below]) => seconds < below) ?? STEPS.at(-1);
  return `${Math.floor(seconds / unit)} ${name}`;
}

/** Rewrite all moments of the page. */
export function refreshMoments() {
  for (const element of document.querySelectorAll("time:is([data-ago], [data-age])")) {
    const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
    const isAge = "age" in element.dataset;
    const text = isAge ? lasting(seconds) : ago(seconds) || element.title;
    if (element.textContent !== text) element.textContent = text;
  }
}
