// The league table: sorted by a heading, columns hidden by a box.
const table = document.querySelector("table.league");
const cells = (column) => [...table.querySelectorAll(`[data-column="${column}"]`)];
for (const heading of table.querySelectorAll("th[data-column]")) {
  const key = (row) => row.querySelector(`[data-column="${heading.dataset.column}"]`).dataset.key;
  heading.querySelector("button").addEventListener("click", () => {
    const bestFirst = heading.dataset.sorted !== "best";
    for (const other of table.querySelectorAll("th[data-column]")) {
      other.removeAttribute("aria-sort");
      delete other.dataset.sorted;
    }
    heading.dataset.sorted = bestFirst ? "best" : "worst";
    const rising = bestFirst === "falls" in heading.dataset;
    heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows];
    const known = rows.filter((row) => key(row) !== "");
    known.sort((one, other) => (key(one) - key(other)) * (rising ? 1 : -1));
    table.tBodies[0].append(...known, ...rows.filter((row) => key(row) === ""));
  });
}
for (const box of document.querySelectorAll(".columns input")) {
  box.addEventListener("input", () => {
    for (const cell of cells(box.value)) cell.hidden = !box.checked;
  });
}

// What a term means, on touch and key too.
const tip = document.querySelector(".tip");
addEventListener("click", ({ target }) => {
  const term = target.closest(".term");
  if (!term) return;
  tip.hidePopover();
  tip.textContent = term.title;
  tip.showPopover({ source: term });
});

// A link into what is closed opens it.
const reveal = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
