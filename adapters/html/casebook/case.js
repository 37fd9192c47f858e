// One case: its slice, the overlays and the answers.
const dialog = document.querySelector("dialog.case");
const within = (selector) => dialog.querySelector(selector);
const range = (name) => within(`[name="${name}"]`);
const nameOf = (part) => (part === "reference" ? "reference" : facts.backends[part].name);
const isAlone = dialog.open; // on the page of a single study
let open = null;

const isScored = () => {
  const { picture, volume } = facts.cases[open];
  return Boolean(picture) && (!volume || Number(range("plane").value) === volume.scored);
};

// The square that shows the picture and every slice of the volume, in hundredths of the picture.
function frameOf({ volume }) {
  const [left, top, right, bottom] = volume?.at || [0, 0, 100, 100];
  const [x, y, beyond, below] = [Math.min(left, 0), Math.min(top, 0), Math.max(right, 100), Math.max(bottom, 100)];
  const size = Math.max(beyond - x, below - y);
  return { x: (x + beyond - size) / 2, y: (y + below - size) / 2, size };
}

function scaleBar(mm) {
  const length = mm > 120 ? 50 : 20;
  const label = drawn("text", { x: 4, y: 94 }, `${length} mm`);
  return drawn("g", { class: "scale" }, drawn("path", { d: `M4 96h${(100 * length) / mm}` }), label);
}

function frameSlice(one) {
  const { x, y, size } = frameOf(one);
  const mm = ((one.mm || one.volume?.mm) * size) / 100;
  const sides = [["R", 4], ["L", 96]].map(([letter, at]) => drawn("text", { class: "side", x: at, y: 52 }, letter));
  const guides = drawn("svg", { x, y, width: size, height: size, viewBox: "0 0 100 100" }, ...sides, ...(mm ? [scaleBar(mm)] : []));
  within(".slice svg").setAttribute("viewBox", `${x} ${y} ${size} ${size}`);
  within(".slice svg").replaceChildren(...(one.picture ? layers(one, facts.order) : []), guides);
  within(".frame").hidden = !one.picture && !one.volume;
  within(".planes").hidden = !one.volume;
  if (!one.volume) return;
  const { planes, scored, start } = one.volume;
  range("plane").max = planes - 1;
  range("plane").value = scored ?? Math.floor(start[2] * planes);
}

function captionOf(one) {
  if (!one.picture && !one.volume) return "No picture: the run saved none of this case, or its reference has no tumour.";
  if (isScored()) return `${one.modality}, ${one.plane}. The patient’s right is on the left.`;
  return `${one.modality}, slice ${Number(range("plane").value) + 1} of ${one.volume.planes} of the saved volume.`;
}

function drawSlice() {
  const one = facts.cases[open];
  const on = shownParts();
  const scored = isScored();
  for (const layer of within(".slice svg").querySelectorAll("image, [data-of]")) {
    layer.style.display = scored && (layer.localName === "image" || on.has(layer.dataset.of)) ? "" : "none";
    if (layer.localName !== "image") layer.style.opacity = range("opacity").value / 100;
  }
  within(".slice canvas").hidden = scored || !one.volume;
  within(".slice figcaption").textContent = captionOf(one);
  range("plane").setAttribute("aria-valuetext", captionOf(one));
  const drawnParts = scored ? [...on].filter((part) => within(`.slice [data-of="${part}"]`)?.hasChildNodes()) : [...on];
  within(".slice svg").setAttribute("aria-label", `Slice of ${one.id} with ${drawnParts.map(nameOf).join(", ") || "no overlay"}`);
  if (one.volume) drawVolumeSlice(on);
}

const shownParts = () => new Set([...within(".shown").querySelectorAll("input:checked")].map((box) => box.name));

function offerOverlays(one) {
  const saved = new Set(parts(open).map((part) => part.dataset.part));
  const shown = within(".shown");
  const before = new Map([...shown.querySelectorAll("[type=checkbox]")].map((box) => [box.name, box.checked]));
  const offers = ({ point, box, outline } = {}, name) => point || box || outline || saved.has(name);
  const overlay = (name, colour) => {
    const box = made("input", { type: "checkbox", name, checked: before.get(name) ?? true });
    const swatch = made("span", { className: `swatch ${colour}` });
    swatch.setAttribute("aria-hidden", "true");
    return made("label", {}, box, swatch, name === "reference" ? "Reference" : nameOf(name));
  };
  const overlays = facts.order.map((n) => offers(one.backends[n], String(n)) && overlay(String(n), `arm-${facts.backends[n].arm}`));
  overlays.unshift(offers(one.outlined, "reference") && overlay("reference", "reference"));
  shown.hidden = !overlays.some(Boolean);
  shown.replaceChildren(within(".shown legend"), ...overlays.filter(Boolean), within(".opacity"));
}

const OUTCOMES = { right: "✓ correct", wrong: "✗ wrong", failed: "failed", unknown: "" };

function answerBlock({ name, arm }, answer) {
  const swatch = made("span", { className: `dot arm-${arm}` });
  const outcome = made("span", { className: answer.outcome || "", textContent: OUTCOMES[answer.outcome] || "" });
  const block = made("li", {}, made("h4", {}, swatch, name, " ", outcome));
  const values = made("dl");
  facts.columns.forEach((title, n) => {
    if (answer.values?.[n]) values.append(made("dt", { textContent: title }), made("dd", { textContent: answer.values[n] }));
  });
  block.append(values.hasChildNodes() ? values : made("p", { textContent: "This backend has not read the case." }));
  for (const reason of answer.why || []) block.append(made("p", { className: "failed", textContent: reason }));
  if (answer.words) block.append(made("p", { className: "quiet", textContent: "Raw answer" }), made("blockquote", { textContent: answer.words }));
  return block;
}

function show(row) {
  const one = caseOf(row);
  open = Number(row.dataset.case);
  within("h3").textContent = one.id;
  const around = listed();
  const position = `case ${around.indexOf(row) + 1} of ${around.length}`;
  const about = [...(one.stamps || []), `reference ${one.reference || "unknown"}`, one.site && `site ${one.site}`, row.hidden ? "not in the list" : position];
  within(".about").textContent = about.filter(Boolean).join(" · ");
  for (const button of dialog.querySelectorAll("[data-step]")) {
    button.disabled = !around[around.indexOf(row) + Number(button.dataset.step)];
  }
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

function step(by) {
  const around = listed();
  const next = around[around.indexOf(all[open]) + by];
  if (next) location.replace(next.querySelector("a").hash);
}

function follow() {
  const [, name] = /^#case=(.*)$/.exec(location.hash) || [];
  if (name === undefined) return dialog.close();
  let id = name;
  try { id = decodeURIComponent(name); } catch { /* not encoded */ }
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
  if (/^#case=/.test(location.hash)) history.replaceState(null, "", location.pathname + location.search);
  if (document.activeElement?.hash !== link.hash) link.focus();
});
dialog.addEventListener("click", (event) => {
  if ((event.target === dialog && !isAlone) || event.target.closest("[data-close]")) dialog.close();
  const button = event.target.closest("[data-step]");
  if (button) step(Number(button.dataset.step));
});
dialog.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.localName === "canvas") return;
  const usesArrows = event.target.type === "range";
  const cases = { j: 1, k: -1, ...(usesArrows ? {} : { ArrowRight: 1, ArrowLeft: -1 }) }[event.key];
  if (cases) return step(cases);
  const planes = usesArrows || !facts.cases[open].volume ? 0 : { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (!planes) return;
  event.preventDefault();
  range("plane").value = Number(range("plane").value) + planes;
  range("plane").dispatchEvent(new Event("input", { bubbles: true }));
});
dialog.addEventListener("input", (event) => {
  drawSlice();
  look(event.target.name);
});
