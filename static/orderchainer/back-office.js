"use strict";

// Tell the back office the reader's time zone, in which its next page shows all times.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `back_office_zone=${zone}; path=/admin; max-age=31536000; samesite=lax${secure}`;
}

// Add a row to a form with rows. The script of the pickers hears the event, like that of Django's own forms.
document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-adds-row]")?.dataset.addsRow;
  if (!name) return;
  const total = document.getElementById(`id_${name}-TOTAL_FORMS`);
  const template = document.querySelector(`template[data-row-of="${name}"]`);
  const rows = document.querySelector(`[data-rows="${name}"]`);
  rows.insertAdjacentHTML("beforeend", template.innerHTML.replaceAll("__prefix__", total.value));
  total.value = Number(total.value) + 1;
  rows.lastElementChild.dispatchEvent(new CustomEvent("formset:added", { bubbles: true }));
});
