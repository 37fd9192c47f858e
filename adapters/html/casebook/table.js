// The table of cases: thumbnails, order and filters. table.js, case.js and volume.js share one scope.
const table = document.querySelector("table.cases");
if (!table) return;
const facts = JSON.parse(document.querySelector("#casebook").textContent);
const form = document.querySelector("form.filters");
const ordering = document.querySelector(".ordering");
const all = [...table.tBodies[0].rows]; // in the order of facts.cases: worst first
const caseOf = (row) => facts.cases[row.dataset.case];
const listed = () => [...table.tBodies[0].rows].filter((row) => !row.hidden);

// A browser lays out a hundred rows at once; more follow when the end of the list is seen.
const AT_ONCE = 100;
const end = made("p", { className: "end" });
let limit = AT_ONCE;
function trim(least = AT_ONCE) {
  limit = least;
  listed().forEach((row, n) => row.classList.toggle("later", n >= limit));
}
new IntersectionObserver(([{ isIntersecting }]) => {
  if (isIntersecting && limit < all.length) trim(limit + AT_ONCE);
}).observe(end);
table.after(end);

function made(name, properties = {}, ...children) {
  const one = document.createElement(name);
  Object.assign(one, properties);
  one.append(...children);
  return one;
}

function drawn(name, attributes, ...children) {
  const one = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
}

// Pictures: the saved slice and the answers on it.
function marks({ outline, box, point } = {}) {
  const found = [];
  if (outline) found.push(drawn("polygon", { class: "stroke", points: outline }));
  if (box) {
    const [x, y, right, bottom] = box;
    found.push(drawn("rect", { class: "stroke box", x, y, width: right - x, height: bottom - y }));
  }
  if (point) {
    const [x, y] = point;
    found.push(drawn("path", { class: "stroke", d: `M${x - 2} ${y}h4m-2-2v4` }), drawn("circle", { class: "stroke", cx: x, cy: y, r: 1.2 }));
  }
  return found;
}

function layers(one, backends) {
  const { outline, point } = one.outlined || {};
  const reference = drawn("g", { class: "reference", "data-of": "reference" }, ...marks({ outline, point }));
  const answers = [...backends].reverse().map((n) => drawn("g", { class: `arm-${facts.backends[n].arm}`, "data-of": n }, ...marks(one.backends[n])));
  return [drawn("image", { href: one.picture, width: 100, height: 100 }), reference, ...answers];
}

const thumbnails = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    thumbnails.unobserve(target);
    target.append(...layers(facts.cases[target.dataset.case], facts.models));
  }
}, { rootMargin: "200px" });
for (const one of document.querySelectorAll("svg.thumb")) thumbnails.observe(one);

// Order.
const sorters = [ordering.querySelector("[data-sorts]"), ...table.tHead.querySelectorAll("[data-sorts]")];
const measure = ordering.querySelector("select");
const KEYS = {
  rank: (one, n) => n,
  study: (one) => one.id,
  reference: (one) => one.reference,
};
const keyOf = (n, by) => {
  const one = facts.cases[n];
  return KEYS[by] ? KEYS[by](one, n) : one.backends[by].keys?.[measure.value];
};
const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);
let order = { by: "rank", falling: false };

function sort(by, falling) {
  order = { by, falling };
  for (const one of sorters) {
    const isUsed = one.dataset.sorts === by;
    if (one.localName === "button") one.setAttribute("aria-pressed", isUsed);
    else if (isUsed) one.setAttribute("aria-sort", falling ? "descending" : "ascending");
    else one.removeAttribute("aria-sort");
  }
  const keyed = all.map((row, n) => [keyOf(n, by) ?? null, row]);
  const known = keyed.filter(([key]) => key !== null).sort(([a], [b]) => compare(a, b) * (falling ? -1 : 1));
  table.tBodies[0].append(...[...known, ...keyed.filter(([key]) => key === null)].map(([, row]) => row));
  trim();
}
for (const one of sorters) {
  one.addEventListener("click", () => sort(one.dataset.sorts, one.getAttribute("aria-sort") === "ascending"));
}
measure.addEventListener("input", () => sort(order.by, order.falling));

// Filters.
const CHOICES = {
  split: (outcomes) => outcomes.includes("right") && outcomes.some(isMissed),
  none: (outcomes) => outcomes.some(isMissed) && !outcomes.includes("right"),
  all: (outcomes) => outcomes.includes("right") && !outcomes.some(isMissed),
  only: (outcomes, answer) => answer.outcome === "right" && outcomes.filter((one) => one === "right").length === 1,
  right: (_, answer) => answer.outcome === "right",
  wrong: (_, answer) => answer.outcome === "wrong",
};
function isMissed(outcome) {
  return outcome === "wrong" || outcome === "failed";
}
const wordsOf = (row) => {
  const { backends } = caseOf(row);
  return [row.textContent, ...backends.flatMap(({ why = [], words = "" }) => [...why, words])].join(" ").toLowerCase();
};

function filter() {
  const wanted = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim().toLowerCase()]));
  const [choice, n] = wanted.who.split(" ");
  const isListed = (row) => {
    const { backends, reference, groups = [] } = caseOf(row);
    const reasons = backends.flatMap((answer) => answer.reasons || []);
    return (
      (!wanted.text || wordsOf(row).includes(wanted.text)) &&
      (!choice || CHOICES[choice](facts.models.map((model) => backends[model].outcome), backends[n])) &&
      (!wanted.reference || (reference || "").toLowerCase() === wanted.reference) &&
      (!wanted.group || groups.includes(Number(wanted.group))) &&
      (!wanted.failure || (wanted.failure === "any" ? reasons.length > 0 : reasons.includes(wanted.failure)))
    );
  };
  for (const row of all) row.hidden = !isListed(row);
  trim();
  form.querySelector("output").textContent = `${listed().length} of ${all.length} cases`;
}
form.hidden = ordering.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));
filter();
