// Saved volumes: their slices, drawn here, and NiiVue's views, unpacked when the first volume is opened.
const parts = (n) => [...document.querySelectorAll(`[data-volume="${n}"]`)];
const state = (text) => { within(".state").textContent = text; };
const unpackedVolumes = new Map();
let viewer = null;
let masks = []; // names, in the viewer's order

async function unpacked(node) {
  const packed = Uint8Array.from(atob(node.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// By the case's number: a promise of its NIfTI files, by part.
function filesOf(n) {
  if (!unpackedVolumes.has(n)) {
    const files = parts(n).map(async (node) => [node.dataset.part, await unpacked(node)]);
    unpackedVolumes.set(n, Promise.all(files).then((found) => new Map(found)));
  }
  return unpackedVolumes.get(n);
}

// An axial slice of an RAS+ volume, radiological: the patient's right on the left, anterior at the top.
function planeOf(file, k) {
  const header = new DataView(file);
  const [width, height] = [42, 44].map((at) => header.getInt16(at, true));
  const bytes = new Uint8Array(file, header.getFloat32(108, true) + k * width * height, width * height);
  return { width, height, bytes: bytes.slice().reverse() };
}

function colourOf(name) {
  const swatch = within(`.shown [name="${name}"] + .swatch`);
  return getComputedStyle(swatch).color.match(/\d+/g).slice(0, 3).map(Number);
}

const neighbours = (at, width) => [at - 1, at + 1, at - width, at + width];

// Darken what surrounds a mask, like the casing of a stroke.
function encase(pixels, { width, bytes }, opacity) {
  bytes.forEach((depth, at) => {
    if (depth || !neighbours(at, width).some((near) => bytes[near])) return;
    for (const channel of [0, 1, 2]) pixels[4 * at + channel] *= 1 - 0.5 * opacity;
  });
}

// Blend a mask into grey pixels: its edge strongly, its inside lightly, core and enhancing tumour more.
function blend(pixels, { width, bytes }, colour, opacity, isDashed) {
  bytes.forEach((depth, at) => {
    if (!depth) return;
    const isDrawn = !isDashed || (at + Math.floor(at / width)) % 2 === 0;
    const isEdge = isDrawn && neighbours(at, width).some((near) => !bytes[near]);
    const share = opacity * (isEdge ? 0.9 : 0.12 * depth);
    colour.forEach((value, channel) => {
      pixels[4 * at + channel] += share * (value - pixels[4 * at + channel]);
    });
  });
}

async function drawVolumeSlice(on) {
  const n = open;
  const files = await filesOf(n);
  if (open !== n) return;
  const k = Number(range("plane").value);
  const canvas = within(".slice canvas");
  const { width, height, bytes } = planeOf(files.get("grey"), k);
  Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  bytes.forEach((grey, at) => image.data.set([grey, grey, grey, 255], 4 * at));
  const opacity = range("opacity").value / 100;
  const names = [...facts.order.map(String).reverse(), "reference"].filter((name) => files.has(name) && on.has(name));
  const planes = names.map((name) => planeOf(files.get(name), k));
  for (const plane of planes) encase(image.data, plane, opacity);
  names.forEach((name, at) => blend(image.data, planes[at], colourOf(name), opacity, name === "reference"));
  canvas.getContext("2d").putImageData(image, 0, 0);
  const [left, top, right, bottom] = facts.cases[n].volume.at;
  const { x, y, size } = frameOf(facts.cases[n]);
  const share = (length) => `${(100 * length) / size}%`;
  Object.assign(canvas.style, { left: share(left - x), top: share(top - y), width: share(right - left), height: share(bottom - top) });
  canvas.dataset.plane = k;
}

async function loadViewer() {
  if (viewer) return;
  const code = new TextDecoder().decode(await unpacked(document.querySelector("#packed-viewer")));
  document.head.append(made("script", { textContent: code }));
  const nv = new niivue.Niivue({
    crosshairColor: [1, 1, 1, 0.6],
    crosshairWidth: 0.25,
    isAntiAlias: false,
    dragAndDropEnabled: false,
    isRadiologicalConvention: true,
    sagittalNoseLeft: true,
    showAllOrientationMarkers: true,
    logLevel: "silent",
    multiplanarShowRender: niivue.SHOW_RENDER.ALWAYS,
    multiplanarLayout: niivue.MULTIPLANAR_TYPE.GRID,
    sliceType: niivue.SLICE_TYPE.MULTIPLANAR,
  });
  await nv.attachToCanvas(within(".canvas canvas"));
  viewer = nv;
}

function whyFlat(one) {
  if (one.volume) return made("canvas").getContext("webgl2") ? "" : "No 3D view here: this browser lacks WebGL 2.";
  if (one.flat) return `No 3D view here: ${one.flat}.`;
  const saved = facts.cases.filter(({ volume }) => volume).length;
  return `No 3D view here: the run saved the volumes of ${saved} of ${all.length} cases. To save more, repeat its command with --set, without new inference: gliobench --set keep.volumes=${all.length} evaluate …`;
}

async function showVolume(n) {
  const one = facts.cases[n];
  const reason = whyFlat(one);
  within(".canvas").hidden = within(".turn").hidden = Boolean(reason);
  state(reason || "Loading the volume …");
  if (reason) return;
  try {
    await loadViewer();
    const files = [...(await filesOf(n))];
    const [grey, ...images] = await Promise.all(
      files.map(([name, file]) => niivue.NVImage.loadFromUrl({ url: file.slice(0), name: `${name}.nii` })),
    );
    if (open !== n) return;
    while (viewer.volumes.length) viewer.removeVolume(viewer.volumes[0]);
    viewer.addVolume(grey);
    masks = files.slice(1).map(([name]) => name);
    images.forEach((image, at) => {
      const [r, g, b] = colourOf(masks[at]);
      const colormap = `mask-${masks[at]}`;
      viewer.addColormap(colormap, { R: [0, r, r], G: [0, g, g], B: [0, b, b], A: [0, 110, 160], I: [0, 85, 255] });
      viewer.addVolume(Object.assign(image, { colormap, cal_min: 0, cal_max: 3 }));
    });
    viewer.scene.crosshairPos.set(one.volume.start);
    within(".canvas canvas").setAttribute("aria-label", `Volume of ${one.id} in three planes and as a 3D rendering, with ${masks.map(nameOf).join(", ") || "no mask"}`);
    look("turn");
    dialog.dataset.volume = n;
    state("Drag in a plane to move the crosshair; drag the head to rotate it.");
  } catch (error) {
    state(`The volume cannot be shown: ${error.message}`);
  }
}

// Bring NiiVue's views up to date after an input of this name.
function look(name) {
  if (!viewer || !facts.cases[open].volume) return;
  const on = shownParts();
  masks.forEach((name, at) => viewer.setOpacity(at + 1, on.has(name) ? (0.6 * range("opacity").value) / 100 : 0));
  if (name === "plane") viewer.scene.crosshairPos[2] = (Number(range("plane").value) + 0.5) / facts.cases[open].volume.planes;
  viewer.setRenderAzimuthElevation(Number(range("turn").value), 15);
  viewer.drawScene();
}

if (isAlone) show(all[0]);
else {
  addEventListener("hashchange", follow);
  follow();
}
