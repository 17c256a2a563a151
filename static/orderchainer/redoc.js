"use strict";

// A file of its own, since the content security policy lets no inline script run.
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
