"use strict";

// A file of its own, since the content security policy lets no inline script run.
// Swagger UI has a dark theme, and leaves it to the page to ask for it.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
followScheme();
dark.addEventListener("change", followScheme);

SwaggerUIBundle({
  url: document.getElementById("documentation").dataset.document,
  dom_id: "#documentation",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  // Its default asks a server on the internet whether the document is valid.
  validatorUrl: null,
});
