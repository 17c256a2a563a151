"use strict";

// A file of its own, since the content security policy lets no inline script run.
// Redoc advertises itself with a logo from its maker's server, and has no option against it. The policy
// would refuse it; here it is not even asked for.
const createElement = document.createElement.bind(document);
document.createElement = (name, options) => {
  const element = createElement(name, options);
  if (name === "img") {
    const setAttribute = element.setAttribute.bind(element);
    element.setAttribute = (attribute, value) => {
      if (attribute !== "src" || new URL(value, location).origin === location.origin) {
        setAttribute(attribute, value);
      }
    };
    Object.defineProperty(element, "src", { set: (value) => element.setAttribute("src", value) });
  }
  return element;
};

const place = document.getElementById("documentation");
const system = "system-ui, sans-serif";

// Redoc has no dark theme. These are the colours of the rest of the service, as in `documentation.css`.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const darkTheme = {
  colors: {
    primary: { main: "#0d9488" },
    success: { main: "#4ade80" },
    warning: { main: "#fbbf24" },
    error: { main: "#f87171" },
    gray: { 50: "#1e293b", 100: "#334155" },
    text: { primary: "#e2e8f0", secondary: "#94a3b8" },
    border: { dark: "#475569", light: "#334155" },
    responses: {
      success: { color: "#4ade80", backgroundColor: "#132e25", tabTextColor: "#4ade80" },
      error: { color: "#f87171", backgroundColor: "#35191f", tabTextColor: "#f87171" },
      redirect: { color: "#fbbf24", backgroundColor: "#33290f", tabTextColor: "#fbbf24" },
      info: { color: "#7dd3fc", backgroundColor: "#12293b", tabTextColor: "#7dd3fc" },
    },
  },
  schema: {
    linesColor: "#475569",
    nestedBackground: "#172033",
    typeNameColor: "#94a3b8",
    typeTitleColor: "#94a3b8",
    requireLabelColor: "#f87171",
  },
  sidebar: { backgroundColor: "#0b1220", textColor: "#e2e8f0" },
  rightPanel: { backgroundColor: "#0b1220", textColor: "#e2e8f0" },
  codeBlock: { backgroundColor: "#111a2c" },
};
const darkCode = { color: "#fca5a5", backgroundColor: "#1e293b" };

Redoc.init(
  place.dataset.document,
  {
    expandResponses: "200,201",
    jsonSampleExpandLevel: 4,
    theme: {
      ...(dark.matches ? darkTheme : { colors: { primary: { main: "#0f766e" } } }),
      typography: {
        fontFamily: system,
        headings: { fontFamily: system },
        code: { fontFamily: "ui-monospace, monospace", ...(dark.matches ? darkCode : {}) },
      },
    },
  },
  place,
);

// A theme is chosen once, when the page is drawn.
dark.addEventListener("change", () => location.reload());
