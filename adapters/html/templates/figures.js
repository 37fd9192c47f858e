// Saves a figure as a picture that stands alone, or its numbers.
const MARGIN = 8;
const STAMP_ROOM = 14;
// Only rules outside of @media: a saved picture has light colours.
const ours = (rule) => /^(:root|\.arm-\d|\.drawn)/.test(rule.selectorText ?? "");
const style = () => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter(ours).map((rule) => rule.cssText).join("\n");

const element = (name, text, attributes = {}) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const picture = (figure) => {
  const shown = [...figure.querySelectorAll("svg.drawn")].find((svg) => svg.getClientRects().length);
  const stamps = [...figure.querySelectorAll(".stamped")].map((stamp) => stamp.textContent).join(" · ");
  const top = stamps ? STAMP_ROOM : 0;
  const width = shown.viewBox.baseVal.width + 2 * MARGIN;
  const height = shown.viewBox.baseVal.height + 2 * MARGIN + top;
  const box = { x: -MARGIN, y: -MARGIN - top, width, height };
  const title = figure.querySelector("figcaption strong").textContent;
  const file = shown.cloneNode(true);
  file.setAttribute("class", "drawn");
  file.setAttribute("viewBox", Object.values(box).join(" "));
  file.setAttribute("width", 2 * width);
  file.setAttribute("height", 2 * height);
  file.prepend(
    element("title", stamps ? `[${stamps}] ${title}` : title),
    element("desc", shown.getAttribute("aria-label")),
    element("style", style()),
    element("rect", "", { class: "paper", ...box }),
    element("text", stamps, { class: "stamped", y: 4 - top }),
  );
  return new XMLSerializer().serializeToString(file);
};

const save = (text, type, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name.replace(/[^\w.-]+/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

for (const figure of document.querySelectorAll("figure[data-name]")) {
  const { name } = figure.dataset;
  const [svg, csv] = figure.querySelectorAll(".save button");
  svg.addEventListener("click", () => save(picture(figure), "image/svg+xml", `${name}.svg`));
  csv.addEventListener("click", () => save(figure.querySelector("template").content.textContent, "text/csv", `${name}.csv`));
  svg.parentElement.hidden = false;
}
