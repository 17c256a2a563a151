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

Redoc.init(
  place.dataset.document,
  {
    expandResponses: "200,201",
    jsonSampleExpandLevel: 4,
    theme: {
      colors: { primary: { main: "#0f766e" } },
      typography: {
        fontFamily: system,
        headings: { fontFamily: system },
        code: { fontFamily: "ui-monospace, monospace" },
      },
    },
  },
  place,
);
