"use strict";
(() => {
  const section = document.querySelector("#cases");
  const table = section && section.querySelector("table.cases");
  if (!table) return;
  const facts = JSON.parse(document.querySelector("#casebook").textContent);
  const form = section.querySelector(".filters");
  const dialog = section.querySelector("dialog");
  const within = (selector) => dialog.querySelector(selector);
  const rows = () => [...table.tBodies[0].rows];
  const listed = () => rows().filter((row) => !row.hidden);
  const caseOf = (row) => facts.cases[row.dataset.case];

  function made(name, properties = {}, ...children) {
    const one = document.createElement(name);
    Object.assign(one, properties);
    one.append(...children);
    return one;
  }

  function drawn(name, attributes, ...children) {
    const one = document.createElementNS(within(".slice svg").namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    one.append(...children);
    return one;
  }

  // Sorting: the cells of a row are in the order of the sortable headings.
  const headings = [...table.tHead.querySelectorAll("[data-sorts]")];
  const ordered = [...headings.filter((one) => one.rowSpan > 1), ...headings.filter((one) => one.rowSpan === 1)];
  const key = (row, column) => row.cells[column].dataset.key;
  const compare = (a, b) => (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
  ordered.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const falling = heading.getAttribute("aria-sort") === "ascending";
      ordered.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const known = rows().filter((row) => key(row, column) !== "");
      const unknown = rows().filter((row) => key(row, column) === "");
      known.sort((one, other) => compare(key(one, column), key(other, column)) * (falling ? -1 : 1));
      table.tBodies[0].append(...known, ...unknown);
    });
  });

  // Filtering.
  const right = (verdicts) => verdicts.filter((one) => one === "right").length;
  const CHOICES = {
    "": () => true,
    failed: (row) => "failed" in row.dataset,
    split: (_, verdicts) => right(verdicts) > 0 && verdicts.some((one) => one === "wrong" || one === "failed"),
    all: (_, verdicts) => right(verdicts) > 0 && verdicts.every((one) => one === "right" || one === "unknown"),
    none: (_, verdicts) => right(verdicts) === 0 && verdicts.some((one) => one !== "unknown"),
    only: (_, verdicts, n) => verdicts[n] === "right" && right(verdicts) === 1,
    right: (_, verdicts, n) => verdicts[n] === "right",
    wrong: (_, verdicts, n) => verdicts[n] === "wrong",
  };
  function filter() {
    const { text, grade, site, choice } = form.elements;
    const wanted = text.value.trim().toLowerCase();
    const [name, n] = choice.value.split(" ");
    for (const row of rows()) {
      const [, where, reference] = row.cells;
      row.hidden = !(
        (!wanted || row.textContent.toLowerCase().includes(wanted)) &&
        (!grade || !grade.value || reference.dataset.key === grade.value) &&
        (!site || !site.value || where.dataset.key === site.value) &&
        CHOICES[name](row, row.dataset.verdicts.split(" "), n)
      );
    }
    form.querySelector("output").textContent = `${listed().length} of ${rows().length} cases`;
  }
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  filter();

  // One case: the answers, drawn on the scoring plane.
  let open = null;
  const answersOf = (row) => {
    let at = 3;
    return facts.backends.map((backend) =>
      Object.fromEntries(backend.columns.map((title) => [title, row.cells[at++]])),
    );
  };
  const inWords = (cells) => Object.entries(cells).map(([title, cell]) => `${title} ${cell.textContent}`).join("; ");

  function marks(shapes) {
    const found = [];
    if (shapes.outline) found.push(drawn("polygon", { class: "stroke", points: shapes.outline.join(" ") }));
    if (shapes.box) {
      const [x, y, right, bottom] = shapes.box;
      found.push(drawn("rect", { class: "stroke box", x, y, width: right - x, height: bottom - y }));
    }
    if (shapes.point) {
      const [x, y] = shapes.point;
      found.push(drawn("path", { class: "stroke", d: `M${x - 2} ${y}h4m-2-2v4` }), drawn("circle", { class: "stroke", cx: x, cy: y, r: 1.2 }));
    }
    return found;
  }

  function drawSlice(one, cells) {
    const figure = within(".slice");
    const svg = figure.querySelector("svg");
    figure.querySelector("figcaption").textContent = one.picture
      ? `${one.modality}, ${one.plane}. The patient’s right is on the left.`
      : "No picture: the run stored none for this case, or its reference has no tumour.";
    svg.toggleAttribute("hidden", !one.picture);
    svg.style.display = one.picture ? "" : "none";
    svg.replaceChildren();
    if (!one.picture) return;
    svg.append(drawn("image", { href: one.picture, width: 100, height: 100 }));
    const reference = { outline: one.reference && one.reference.outline, point: one.reference && one.reference.point };
    svg.append(drawn("g", { class: "reference", "data-of": "reference" }, drawn("title", {}, "Reference"), ...marks(reference)));
    facts.backends.forEach((backend, n) => {
      const title = drawn("title", {}, `${backend.name}: ${inWords(cells[n])}`);
      svg.append(drawn("g", { class: `arm-${backend.arm}`, "data-of": n }, title, ...marks(one.backends[n])));
    });
  }

  function offerToggles(one) {
    const stored = new Set(parts(open).map((part) => part.dataset.part));
    const shown = within(".shown");
    const before = new Map([...shown.querySelectorAll("input")].map((box) => [box.name, box.checked]));
    const toggle = (name, label, ink) => {
      const box = made("input", { type: "checkbox", name, checked: before.get(name) ?? true });
      const swatch = made("span", { className: `swatch ${ink}` });
      swatch.setAttribute("aria-hidden", "true");
      return made("label", {}, box, swatch, label);
    };
    const has = (shapes) => shapes && (shapes.point || shapes.box || shapes.outline);
    const toggles = facts.backends
      .map((backend, n) => (has(one.backends[n]) || stored.has(String(n)) ? toggle(String(n), backend.name, `arm-${backend.arm}`) : null))
      .filter(Boolean);
    if (has(one.reference) || stored.has("reference")) toggles.unshift(toggle("reference", "Reference", "reference"));
    shown.replaceChildren(shown.querySelector("legend"), ...toggles);
    shown.hidden = !toggles.length;
  }

  function applyToggles() {
    const on = new Map([...within(".shown").querySelectorAll("input")].map((box) => [box.name, box.checked]));
    for (const group of within(".slice").querySelectorAll("[data-of]")) {
      group.style.display = on.get(group.dataset.of) ? "" : "none";
    }
    const groups = [...within(".slice").querySelectorAll("[data-of]")].filter((group) => group.style.display === "" && group.childElementCount > 1);
    const titles = groups.map((group) => group.querySelector("title").textContent);
    within(".slice svg").setAttribute("aria-label", `Slice of ${facts.cases[open].id} with outlines, boxes and centres. ${titles.join(". ")}`);
    showMasks(on);
  }

  function fillAnswers(one, cells) {
    const heading = (text) => made("th", { scope: "col", textContent: text });
    const head = made("thead", {}, made("tr", {}, ...["Backend", ...facts.columns, "Failure reason / raw answer"].map(heading)));
    const body = made("tbody");
    facts.backends.forEach((backend, n) => {
      const copies = facts.columns.map((title) => {
        const cell = made("td");
        if (cells[n][title]) cell.append(...[...cells[n][title].childNodes].map((node) => node.cloneNode(true)));
        return cell;
      });
      const answer = one.backends[n];
      const remark = [...(answer.why || []), ...(answer.words ? [`“${answer.words}”`] : [])].join(" · ");
      body.append(made("tr", {}, made("th", { scope: "row", textContent: backend.name }), ...copies, made("td", { className: "said", textContent: remark })));
    });
    within(".answers").replaceChildren(head, body);
  }

  function show(row) {
    const one = caseOf(row);
    const cells = answersOf(row);
    open = Number(row.dataset.case);
    within("h3").textContent = one.id;
    const stamps = (one.stamps || []).map((stamp) => `${stamp} · `).join("");
    within(".about").textContent = `${stamps}Reference ${row.cells[2].textContent}, site ${row.cells[1].textContent}`;
    const around = listed();
    for (const button of dialog.querySelectorAll("[data-step]")) {
      button.disabled = !around[around.indexOf(row) + Number(button.dataset.step)];
    }
    drawSlice(one, cells);
    offerToggles(one);
    fillAnswers(one, cells);
    if (!dialog.open) dialog.showModal();
    within("h3").focus();
    applyToggles();
    showVolume(open);
  }

  function follow() {
    const [, name] = /^#case=(.*)$/.exec(location.hash) || [];
    if (name === undefined) return dialog.close();
    let id = name;
    try { id = decodeURIComponent(name); } catch { /* not encoded */ }
    const row = rows().find((candidate) => caseOf(candidate).id === id);
    if (row) return show(row);
    form.querySelector("output").textContent = `No case ${id} in this report`;
    section.scrollIntoView();
  }

  dialog.addEventListener("close", () => {
    if (open === null) return;
    const row = rows().find((candidate) => candidate.dataset.case === String(open));
    open = null;
    if (/^#case=/.test(location.hash)) history.replaceState(null, "", location.pathname + location.search + "#cases");
    row.querySelector("a").focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    const step = event.target.closest("[data-step]");
    if (!step) return;
    const around = listed();
    const at = around.findIndex((row) => row.dataset.case === String(open));
    const next = around[at + Number(step.dataset.step)];
    if (next) location.replace(next.querySelector("a").hash);
  });
  within(".shown").addEventListener("input", applyToggles);

  // The volume: the viewer is unpacked and run when the first volume is opened.
  const parts = (n) => [...document.querySelectorAll("[data-volume]")].filter((part) => part.dataset.volume === String(n));
  const state = (text) => { within(".state").textContent = text; };
  let viewer = null;
  let masks = new Map();

  async function unpacked(node) {
    const packed = Uint8Array.from(atob(node.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  async function loadViewer() {
    if (viewer) return viewer;
    const code = new TextDecoder().decode(await unpacked(document.querySelector("#packed-viewer")));
    document.head.append(made("script", { textContent: code }));
    const nv = new niivue.Niivue({
      backColor: [0, 0, 0, 1],
      crosshairColor: [1, 1, 1, 0.6],
      crosshairWidth: 0.25,
      isAntiAlias: false,
      dragAndDropEnabled: false,
      isRadiologicalConvention: true,
      logLevel: "silent",
      multiplanarShowRender: niivue.SHOW_RENDER.ALWAYS,
      multiplanarLayout: niivue.MULTIPLANAR_TYPE.GRID,
      sliceType: niivue.SLICE_TYPE.MULTIPLANAR,
    });
    await nv.attachToCanvas(within("canvas"));
    viewer = nv;
    return nv;
  }

  function colourOf(name) {
    const swatch = within(`.shown [name="${name}"] + .swatch`);
    return getComputedStyle(swatch).color.match(/\d+/g).slice(0, 3).map(Number);
  }

  async function showVolume(n) {
    const files = parts(n);
    within(".volume").style.display = files.length ? "" : "none";
    if (!files.length) return;
    const canvas = within("canvas");
    if (!made("canvas").getContext("webgl2")) {
      within(".canvas").style.display = within(".turns").style.display = "none";
      return state("This browser cannot show the volume: WebGL 2 is missing.");
    }
    state("Loading the volume …");
    try {
      const nv = await loadViewer();
      const images = [];
      for (const file of files) {
        const name = file.dataset.part;
        const image = await niivue.NVImage.loadFromUrl({ url: await unpacked(file), name: `${name}.nii` });
        images.push([name, image]);
      }
      if (open !== n) return;
      while (nv.volumes.length) nv.removeVolume(nv.volumes[0]);
      masks = new Map();
      for (const [name, image] of images) {
        if (name !== "grey") {
          const [r, g, b] = colourOf(name);
          nv.addColormap(`mask-${name}`, { R: [0, r, r], G: [0, g, g], B: [0, b, b], A: [0, 110, 160], I: [0, 85, 255] });
          Object.assign(image, { colormap: `mask-${name}`, cal_min: 0, cal_max: 3, opacity: 0.6 });
          masks.set(name, image);
        }
        nv.addVolume(image);
      }
      within('[name="height"]').value = 100 * facts.cases[n].middle[2];
      nv.scene.crosshairPos.set(facts.cases[n].middle);
      canvas.setAttribute("aria-label", `Volume of ${facts.cases[n].id} in three planes and as a 3D rendering, with ${[...masks.keys()].map((name) => (name === "reference" ? "the reference" : facts.backends[name].name)).join(", ") || "no mask"}`);
      applyToggles();
      lookFrom();
      dialog.dataset.volume = n;
      state("Drag in a plane to move the crosshair; drag the head to rotate it.");
    } catch (error) {
      state(`The volume cannot be shown: ${error.message}`);
    }
  }

  function showMasks(on) {
    if (!viewer) return;
    for (const [name, image] of masks) {
      const at = viewer.volumes.indexOf(image);
      if (at > 0) viewer.setOpacity(at, on.get(name) ? 0.6 : 0);
    }
  }

  function lookFrom() {
    if (!viewer) return;
    const [height, turn] = ["height", "turn"].map((name) => Number(within(`[name="${name}"]`).value));
    viewer.scene.crosshairPos[2] = height / 100;
    viewer.setRenderAzimuthElevation(turn, 15);
    viewer.drawScene();
  }
  within(".turns").addEventListener("input", lookFrom);

  addEventListener("hashchange", follow);
  if (location.hash.startsWith("#case=")) follow();
})();
