// One case: its slice, the overlays and the answers.
const dialog = document.querySelector("dialog.case");
const within = (selector) => dialog.querySelector(selector);
const range = (name) => within(`[name="${name}"]`);
const nameOf = (part) => (part === "reference" ? "reference" : facts.backends[part].name);
const isAlone = dialog.open; // on the page of a single study
let open = null;

// The square that shows the picture and every slice of the volume, in hundredths of the picture.
function frameOf({ volume }) {
  const [left, top, right, bottom] = volume?.at || [0, 0, 100, 100];
  const [x, y, beyond, below] = [Math.min(left, 0), Math.min(top, 0), Math.max(right, 100), Math.max(bottom, 100)];
  const size = Math.max(beyond - x, below - y);
  return { x: (x + beyond - size) / 2, y: (y + below - size) / 2, size };
}

function frameSlice(one) {
  const { x, y, size } = frameOf(one);
  const guides = drawn("svg", { x, y, width: size, height: size, viewBox: "0 0 100 100" });
  for (const [letter, at] of [["R", 4], ["L", 96]]) guides.append(drawn("text", { class: "side", x: at, y: 52 }, letter));
  const mm = ((one.mm || one.volume?.mm) * size) / 100;
  if (mm) {
    const length = mm > 120 ? 50 : 20;
    const bar = drawn("path", { d: `M4 96h${(100 * length) / mm}` });
    guides.append(drawn("g", { class: "scale" }, bar, drawn("text", { x: 4, y: 94 }, `${length} mm`)));
  }
  within(".slice svg").setAttribute("viewBox", `${x} ${y} ${size} ${size}`);
  within(".slice svg").replaceChildren(...(one.picture ? layers(one, facts.order) : []), guides);
  within(".frame").hidden = !one.picture && !one.volume;
  within(".planes").hidden = !one.volume;
  if (!one.volume) return;
  const { planes, scored, start } = one.volume;
  range("plane").max = planes - 1;
  range("plane").value = scored ?? Math.floor(start[2] * planes);
}

function captionOf(one, scored) {
  if (!one.picture && !one.volume) return "No picture: the run saved none of this case, or its reference has no tumour.";
  const side = "The patient’s right is on the left.";
  if (!scored) return `${one.modality}, slice ${range("plane").value} of 0 to ${one.volume.planes - 1} of the saved volume. ${side}`;
  const outlined = [one.outlined, ...one.backends].some((shapes) => shapes?.outline);
  return `${one.modality}, ${one.plane}. ${side}${outlined ? " Outlines show the largest part of a mask." : ""}`;
}

function drawSlice() {
  const one = facts.cases[open];
  const on = shownParts();
  const scored = Boolean(one.picture) && (!one.volume || Number(range("plane").value) === one.volume.scored);
  const caption = captionOf(one, scored);
  for (const layer of within(".slice svg").querySelectorAll("image, [data-of]")) {
    layer.style.display = scored && (layer.localName === "image" || on.has(layer.dataset.of)) ? "" : "none";
    if (layer.localName !== "image") layer.style.opacity = range("opacity").value / 100;
  }
  within(".slice canvas").hidden = scored || !one.volume;
  within(".slice figcaption").textContent = range("plane").ariaValueText = caption;
  const drawnParts = scored ? [...on].filter((part) => within(`.slice [data-of="${part}"]`)?.hasChildNodes()) : [...on];
  within(".slice svg").setAttribute("aria-label", `Slice of ${one.id} with ${drawnParts.map(nameOf).join(", ") || "no overlay"}`);
  if (one.volume) drawVolumeSlice(on);
}

const shownParts = () => new Set([...within(".shown").querySelectorAll("input:checked")].map((box) => box.name));

function offerOverlays(one) {
  const shown = within(".shown");
  const off = new Set([...shown.querySelectorAll("[type=checkbox]:not(:checked)")].map((box) => box.name));
  const overlay = (name, { point, box, outline } = {}, colour, title) => {
    if (!point && !box && !outline && !parts(open).some((part) => part.dataset.part === name)) return [];
    const input = made("input", { type: "checkbox", name, checked: !off.has(name) });
    return made("label", {}, input, made("span", { className: `swatch ${colour}`, ariaHidden: "true" }), title);
  };
  const answers = facts.order.flatMap((n) => overlay(String(n), one.backends[n], `arm-${facts.backends[n].arm}`, nameOf(n)));
  const overlays = [overlay("reference", one.outlined, "reference", "Reference"), answers].flat();
  shown.hidden = !overlays.length;
  shown.replaceChildren(within(".shown legend"), ...overlays, within(".opacity"));
}

const OUTCOMES = { right: "✓ correct", wrong: "✗ wrong", failed: "failed" };

function answerBlock({ name, arm }, { outcome = "", values = [], findings, why = [], words }) {
  const known = facts.columns.flatMap((title, n) => (values[n] ? [made("dt", {}, title), made("dd", {}, values[n])] : []));
  return made(
    "li",
    {},
    made("h4", {}, made("span", { className: `dot arm-${arm}` }), name, " ", made("span", { className: outcome }, OUTCOMES[outcome] || "")),
    known.length ? made("dl", {}, ...known) : made("p", {}, "This backend has not read the case."),
    ...(findings ? [made("p", {}, made("span", { className: "quiet" }, `${facts.findings} `), findings)] : []),
    ...why.map((reason) => made("p", { className: "failed" }, reason)),
    ...(words ? [made("p", { className: "quiet" }, "Raw answer"), made("blockquote", {}, words)] : []),
  );
}

function show(row) {
  const one = caseOf(row);
  open = Number(row.dataset.case);
  within("h3").textContent = one.id;
  const position = `case ${listed().indexOf(row) + 1} of ${listed().length}`;
  const about = [...(one.stamps || []), `reference ${one.reference || "unknown"}`, one.site && `site ${one.site}`, row.hidden ? "not in the list" : position];
  within(".about").textContent = about.filter(Boolean).join(" · ");
  for (const button of dialog.querySelectorAll("[data-step]")) button.disabled = !beside(button);
  dialog.classList.toggle("flat", !one.volume);
  frameSlice(one);
  offerOverlays(one);
  within(".answers").replaceChildren(...facts.order.map((n) => answerBlock(facts.backends[n], one.backends[n])));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  if (!isAlone) within("h3").focus();
  drawSlice();
  showVolume(open);
}

// The row that a button leads to, among those that are listed.
const beside = (button) => listed()[listed().indexOf(all[open]) + Number(button.dataset.step)];

function follow() {
  if (!location.hash.startsWith("#case=")) return dialog.close();
  let id = location.hash.slice("#case=".length);
  try { id = decodeURIComponent(id); } catch { /* not encoded */ }
  const row = all.find((candidate) => caseOf(candidate).id === id);
  if (row) return show(row);
  form.querySelector("output").textContent = `No case ${id} in this report`;
  table.scrollIntoView();
}

// A closed dialog gives the focus back to the link that opened it; another case's link is nearer.
dialog.addEventListener("close", () => {
  const link = all[open].querySelector("a");
  trim(Math.max(limit, listed().indexOf(all[open]) + 1));
  open = null;
  if (location.hash.startsWith("#case=")) history.replaceState(null, "", location.pathname + location.search);
  if (document.activeElement?.hash !== link.hash) link.focus();
});
dialog.addEventListener("click", (event) => {
  if ((event.target === dialog && !isAlone) || event.target.closest("[data-close]")) dialog.close();
  const button = event.target.closest("[data-step]");
  if (button) location.replace(beside(button).querySelector("a").hash);
});
dialog.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || target.localName === "canvas") return;
  if (target.type === "range" && key.startsWith("Arrow")) return; // they move the slider
  const cases = { j: 1, k: -1, ArrowRight: 1, ArrowLeft: -1 }[key];
  const planes = { ArrowUp: 1, ArrowDown: -1 }[key];
  if (cases) within(`[data-step="${cases}"]`).click();
  if (!planes || !facts.cases[open].volume) return;
  event.preventDefault();
  range("plane").stepUp(planes);
  range("plane").dispatchEvent(new Event("input", { bubbles: true }));
});
dialog.addEventListener("input", (event) => {
  drawSlice();
  look(event.target.name);
});
