// The table of cases: thumbnails, order and filters. table.js, case.js and volume.js share one scope.
const table = document.querySelector("table.cases");
if (!table) return;
const facts = JSON.parse(document.querySelector("#casebook").textContent);
const form = document.querySelector("form.filters");
const ordering = document.querySelector(".ordering");
const [body] = table.tBodies;
const all = [...body.rows]; // in the order of facts.cases: worst first
const caseOf = (node) => facts.cases[node.dataset.case];
const listed = () => [...body.rows].filter((row) => !row.hidden);

// A browser lays out a hundred rows at once; more follow when the end of the list is seen.
const AT_ONCE = 100;
const end = made("p", { className: "end" });
let limit = AT_ONCE;
function trim(most = AT_ONCE) {
  limit = most;
  listed().forEach((row, n) => row.classList.toggle("later", n >= limit));
}
new IntersectionObserver(([{ isIntersecting }]) => {
  if (isIntersecting && limit < all.length) trim(limit + AT_ONCE);
}).observe(end);
table.after(end);

function made(name, properties = {}, ...children) {
  const one = Object.assign(document.createElement(name), properties);
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
function layer(of, colour, { outline, box: [left, top, right, bottom] = [], point: [x, y] = [] } = {}) {
  const marks = [];
  if (outline) marks.push(drawn("polygon", { class: "stroke", points: outline }));
  if (right) marks.push(drawn("rect", { class: "stroke box", x: left, y: top, width: right - left, height: bottom - top }));
  if (x !== undefined) marks.push(drawn("path", { class: "stroke", d: `M${x - 2} ${y}h4m-2-2v4` }), drawn("circle", { class: "stroke", cx: x, cy: y, r: 1.2 }));
  return drawn("g", { class: colour, "data-of": of }, ...marks);
}

// Dark edges below all strokes keep them visible on bright tissue.
function casing(strokes) {
  const copy = strokes.cloneNode(true);
  copy.setAttribute("class", "casing");
  for (const mark of copy.children) mark.classList.remove("stroke");
  return copy;
}

function layers(one, backends) {
  const reference = layer("reference", "reference", { ...one.outlined, box: undefined });
  const answers = [...backends].reverse().map((n) => layer(n, `arm-${facts.backends[n].arm}`, one.backends[n]));
  const strokes = [reference, ...answers];
  return [drawn("image", { href: one.picture, width: 100, height: 100 }), ...strokes.map(casing), ...strokes];
}

const thumbnails = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    thumbnails.unobserve(target);
    target.append(...layers(caseOf(target), facts.models));
  }
}, { rootMargin: "200px" });
for (const one of document.querySelectorAll("svg.thumb")) thumbnails.observe(one);

// Order.
const sorters = [ordering.querySelector("[data-sorts]"), ...table.tHead.querySelectorAll("[data-sorts]")];
const measure = ordering.querySelector("select");
const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);
const keyOf = (one, rank, by) => {
  const own = { rank, study: one.id, reference: one.reference };
  return by in own ? own[by] : one.backends[by].keys?.[measure.value];
};
let order = ["rank", false];

function sort(by, falling) {
  order = [by, falling];
  for (const one of sorters) {
    const isUsed = one.dataset.sorts === by;
    if (one.localName === "button") one.ariaPressed = isUsed;
    else one.ariaSort = isUsed ? (falling ? "descending" : "ascending") : null;
  }
  const keyed = all.map((row, rank) => [keyOf(caseOf(row), rank, by) ?? null, row]);
  const known = keyed.filter(([key]) => key !== null).sort(([a], [b]) => compare(a, b) * (falling ? -1 : 1));
  body.append(...[...known, ...keyed.filter(([key]) => key === null)].map(([, row]) => row));
  trim();
}
for (const one of sorters) one.addEventListener("click", () => sort(one.dataset.sorts, one.ariaSort === "ascending"));
measure.addEventListener("input", () => sort(...order));

// Filters.
const isMissed = (outcome) => outcome === "wrong" || outcome === "failed";
const CHOICES = {
  split: (outcomes) => outcomes.includes("right") && outcomes.some(isMissed),
  none: (outcomes) => outcomes.some(isMissed) && !outcomes.includes("right"),
  all: (outcomes) => outcomes.includes("right") && !outcomes.some(isMissed),
  only: (outcomes, answer) => answer.outcome === "right" && outcomes.filter((one) => one === "right").length === 1,
  right: (_, answer) => answer.outcome === "right",
  wrong: (_, answer) => answer.outcome === "wrong",
};
const wordsOf = (row) => {
  const answers = caseOf(row).backends.flatMap(({ why = [], words = "" }) => [...why, words]);
  return [row.textContent, ...answers].join(" ").toLowerCase();
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
