// A list does not grow under its reader: the link `data-news` says how many new ones there are.
const news = new Set();

document.addEventListener("fresh-parts", ({ detail: { fresh, ids, created } }) => {
  for (const id of ids) {
    const made = fresh.getElementById(id);
    const isNew = made && created.has(id) && !document.getElementById(id);
    if (isNew && !made.querySelector(".unmatched")) news.add(id);
    else news.delete(id);
  }
  const link = document.querySelector("[data-news]");
  link.hidden = !news.size;
  link.textContent = `${news.size} new ${link.dataset.news}${news.size === 1 ? "" : "s"}`;
});

document.addEventListener("page-refreshed", () => news.clear());
