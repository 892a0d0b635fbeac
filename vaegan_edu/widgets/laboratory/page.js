// The laboratory as one sees it. The training itself runs in a worker (worker.js); nothing of it
// is loaded before somebody asks.

const KINDS = { real: "real", reconstruction: "reconstruction", generated: "generated" };
const PANELS = [...NETWORKS, "d"];
const PANEL_NAMES = {
  encoder: "encoder loss", decoder: "decoder loss", discriminator: "discriminator loss",
  d: "means of D",
};
const TERM_NAMES = {
  prior: "prior (KL)", pixel: "pixel", feature: "feature",
  adversarial_decoder: "adversarial, decoder's",
  adversarial_discriminator: "adversarial, discriminator's",
};
// Where a term has a gradient at all.
const REACHES = {
  prior: ["encoder"], pixel: ["encoder", "decoder"], feature: NETWORKS,
  adversarial_decoder: NETWORKS, adversarial_discriminator: NETWORKS,
};
const POWERS = { // sliders over powers of ten
  gamma: [-3, 2, "weight of the feature term in the decoder's loss"],
  kl_weight: [-2, 2, "weight of the prior term in the encoder's loss"],
  learning_rate: [-4, -2, "learning rate of encoder and decoder"],
  discriminator_rate: [-4, -2, "learning rate of the discriminator"],
};
const KEPT = 300; // points of a curve; more are merged in pairs

const power = (x) => Number((10 ** x).toPrecision(3));
const short = (x) => format(x, Math.abs(x) < 10 ? 2 : Math.abs(x) < 100 ? 1 : 0);

function markup() {
  return `
    <div class="title"></div>
    <div class="laboratory">
      <div class="question"></div>
      <p class="said ask"></p>
      <div class="buttons">
        <button type="button" data-do="run">Load and train</button>
        <button type="button" data-do="step">One step</button>
        <button type="button" data-do="restart">Restart</button>
        <span class="state"></span>
      </div>
      <p class="said lost" role="alert" hidden></p>
      <div class="bench" hidden>
        <div class="panels pictures">
          <figure><canvas class="samples" role="img" width="80" height="80"></canvas>
            <figcaption>samples of the prior</figcaption></figure>
          <figure class="copied"><canvas class="copies" role="img" width="50" height="40"></canvas>
            <figcaption>test images; below each its copy</figcaption></figure>
          <figure class="coded"><canvas class="codes" role="img" width="320" height="320"></canvas>
            <figcaption></figcaption></figure>
        </div>
        <div class="panels curves">
          ${PANELS.map((name) => `<figure data-panel="${name}">
            <svg viewBox="-40 -8 250 106" role="img"><g class="axes"></g>
              ${(name === "d" ? Object.keys(KINDS) : ["loss"])
                .map((k) => `<path class="line ${k}"/>`).join("")}</svg>
            <figcaption>${PANEL_NAMES[name]} <b></b></figcaption></figure>`).join("")}
        </div>
        <div class="panels numbers">
          <figure class="classes"><svg viewBox="0 0 210 92" role="img"></svg>
            <figcaption>samples by the class of the nearest training image</figcaption></figure>
          <table class="measures"><thead><tr><td></td><th scope="col">samples</th>
            <th scope="col">test images</th></tr></thead><tbody></tbody></table>
        </div>
      </div>
      <div class="verdict" hidden></div>
      <details class="settings"><summary>Settings</summary>
        <div class="panels"><div class="controls sliders"></div>
        <table class="routing"><caption>Which term reaches which network</caption>
          <thead><tr><td></td>${NETWORKS.map((n) => `<th scope="col">${n}</th>`).join("")}</tr></thead>
          <tbody>${TERMS.map((term) => `<tr><th scope="row">${TERM_NAMES[term]}</th>${NETWORKS.map((n) =>
            `<td>${REACHES[term].includes(n)
              ? `<input type="checkbox" data-term="${term}" data-network="${n}"
                   aria-label="${TERM_NAMES[term]} term reaches the ${n}">`
              : `<span aria-label="has no gradient there">\u2013</span>`}</td>`).join("")}</tr>`).join("")}
          </tbody></table></div>
      </details>
    </div>`;
}

function render({ model, el }) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const style = document.createElement("style");
  style.textContent = LABORATORY_CSS;
  el.classList.add("vaegan-live");
  el.innerHTML = markup();
  el.append(style);
  const find = (selector) => el.querySelector(selector);
  const buttons = Object.fromEntries(
    Array.from(el.querySelectorAll("[data-do]"), (button) => [button.dataset.do, button]));
  const say = announcer(el);
  const colours = model.get("colours");

  let preset = null; // its name
  let settings = null; // as the learner sees them
  let fault = null; // the hidden one, while it is looked for
  let sound = false; // whether a training without it is shown instead
  let seed = model.get("seed");
  let worker = null;
  let loaded = null; // what the worker told once: test images, their classes, the floor
  let loading = false;
  let wanted = false; // whether it should run
  let number = 0; // of the training
  let curves = null;
  let shown = null; // the last progress
  let told = 0;
  let placeQuestion = null;

  // ----- the engine

  // Where the page has the engine beside it, as a classic script: that works from a folder too.
  function fetchEngine() {
    const engine = model.get("engine");
    if (typeof engine !== "string") return Promise.resolve(engine);
    return new Promise((resolve, reject) => {
      if (window.vaeganLaboratory) { resolve(window.vaeganLaboratory); return; }
      const script = document.createElement("script");
      script.src = engine;
      script.onload = () => resolve(window.vaeganLaboratory);
      script.onerror = () => reject(new Error(`${engine} could not be loaded`));
      document.head.append(script);
    });
  }

  async function load() {
    loading = true; // the button stays what it is: a disabled one would lose the focus
    find(".state").textContent = "loading\u2026";
    try {
      const engine = await fetchEngine();
      const address = URL.createObjectURL(new Blob([engine.source], { type: "text/javascript" }));
      worker = new Worker(address);
      URL.revokeObjectURL(address);
      worker.onmessage = ({ data }) => heard[data.type](data);
      worker.onerror = (event) => heard.failed({ message: event.message });
      worker.postMessage({ type: "load", pixels: engine.pixels, labels: engine.labels, held: engine.held });
    } catch (error) {
      heard.failed({ message: error.message });
    }
  }

  const heard = {
    loaded(message) {
      loaded = message;
      find(".bench").hidden = false;
      buttons.step.disabled = buttons.restart.disabled = false;
      if (calm) {
        wanted = false;
        worker.postMessage({ type: "pace", view: 2000, measure: 4000 });
      }
      start();
    },
    progress(message) {
      if (message.number !== number) return; // of the training before
      shown = { ...message, ...stay(message, "measures"), ...stay(message, "terms") };
      if (message.losses) keep(message);
      find(".laboratory").dataset.running = message.running;
      draw();
    },
    failed({ message }) {
      wanted = false;
      find(".lost").hidden = false;
      find(".lost").textContent = `The training stopped: ${message}. Reload the page to try again.`;
      label();
    },
  };

  // What is not in every message stays what it was.
  const stay = (message, name) => ({ [name]: message[name] ?? shown?.[name] });

  const hidden = () => ({ ...settings, ...(fault && !sound ? fault.settings(settings) : {}) });

  function start() {
    curves = [];
    shown = null;
    number += 1;
    worker.postMessage({ type: "start", settings: hidden(), seed, number });
    if (wanted) worker.postMessage({ type: "run" });
    label();
  }

  function run(on) {
    wanted = on;
    if (worker && loaded) worker.postMessage({ type: on ? "run" : "rest" });
    else if (on && !loading) load();
    label();
  }

  // What changes the networks themselves begins anew; all else takes effect at the next step.
  function change(patch, anew = false) {
    settings = { ...settings, ...patch };
    placeControls();
    if (!loaded) return;
    if (anew) start();
    else worker.postMessage({ type: "change", settings: hidden() });
  }

  function label() {
    buttons.run.textContent = loaded ? (wanted ? "Pause" : "Train") : calm ? "Load" : "Load and train";
    if (!loaded) buttons.step.disabled = buttons.restart.disabled = true;
  }

  // ----- questions and faults

  function choose(name) {
    preset = PRESETS[name] ? name : "vae-gan";
    const { question, watch, settings: own } = PRESETS[preset];
    settings = { ...DEFAULTS, ...own };
    fault = null;
    sound = false;
    placeQuestion(preset);
    find(".ask").textContent = `${question} ${watch}`;
    find(".verdict").hidden = true;
    find(".settings").hidden = false;
    if (preset === "break-it") breakIt();
    placeControls();
    if (loaded) start();
  }

  // One of the six, or the one that a test asks for.
  function breakIt() {
    const names = Object.keys(FAULTS);
    const asked = model.get("fault");
    const name = FAULTS[asked] ? asked : names[Math.floor(Math.random() * names.length)];
    fault = FAULTS[name];
    find(".settings").hidden = true;
    const verdict = find(".verdict");
    verdict.hidden = false;
    verdict.innerHTML = `<fieldset><legend>Which one is it?</legend>
      ${names.map((key) => `<label><input type="radio" name="fault" value="${key}">
        <span>${FAULTS[key].label}</span></label>`).join("")}</fieldset>
      <div class="buttons"><button type="button" data-do="judge">This is it</button>
        <button type="button" data-do="mend" hidden>Mend it and go on</button>
        <button type="button" data-do="compare">Compare with a sound one</button>
        <button type="button" data-do="another">Another fault</button></div>
      <p class="answer" aria-live="polite"></p>`;
    const [judge, mend, compare, another] = verdict.querySelectorAll("button");
    const answer = verdict.querySelector(".answer");
    judge.addEventListener("click", () => {
      const chosen = verdict.querySelector("input:checked")?.value;
      if (!chosen) { answer.textContent = "Choose one of the six first."; return; }
      const right = chosen === name;
      answer.textContent = right
        ? `Right. ${fault.why} The fix: ${fault.fix}`
        : `No. ${FAULTS[chosen].otherwise} Compare with what you see, and choose again.`;
      if (!right) return;
      mend.hidden = false;
      judge.disabled = true;
    });
    mend.addEventListener("click", () => {
      fault = null;
      sound = false;
      mend.hidden = compare.hidden = true;
      find(".settings").hidden = false;
      answer.textContent += " It is mended; the training goes on from the weights it had.";
      change({});
      run(true);
    });
    compare.addEventListener("click", () => {
      sound = !sound;
      compare.textContent = sound ? "Back to the broken one" : "Compare with a sound one";
      if (loaded) start();
    });
    another.addEventListener("click", () => {
      seed += 1;
      choose("break-it");
    });
  }

  // ----- controls

  const places = [];

  function addControls() {
    const parent = find(".sliders");
    for (const [name, [low, high, description]] of Object.entries(POWERS)) {
      const place = addSlider(parent, `log10(${name})`, `${description}, as a power of ten`,
        [low, high], (x) => change({ [name]: power(x) }));
      places.push(() => place(Math.log10(settings[name])));
    }
    const latent = addSlider(parent, "latent_dim", "length of a code; begins anew", [1, 16],
      (x) => { if (x !== settings.latent_dim) change({ latent_dim: x }, true); }, true);
    places.push(() => latent(settings.latent_dim));
    const batch = addSlider(parent, "batch_size", "images in a step", [8, 128],
      (x) => change({ batch_size: x }), true);
    places.push(() => batch(settings.batch_size));
    addBox(parent, "minibatch discrimination (begins anew)",
      () => settings.kernels > 0, (on) => change({ kernels: on ? KERNELS : 0 }, true));
    addBox(parent, "z is drawn, not its mean", () => settings.sampled,
      (on) => change({ sampled: on }));
    addBox(parent, "reconstructions count as fakes", () => settings.reconstructions_are_fakes,
      (on) => change({ reconstructions_are_fakes: on }));
    for (const box of el.querySelectorAll("[data-term]")) {
      const { term, network } = box.dataset;
      box.addEventListener("change", () => {
        const row = { ...settings.routing[term], [network]: box.checked ? 1 : 0 };
        change({ routing: { ...settings.routing, [term]: row } });
      });
      places.push(() => { box.checked = Boolean(settings.routing[term]?.[network]); });
    }
  }

  function addBox(parent, name, read, onInput) {
    const line = document.createElement("label");
    line.className = "box";
    line.innerHTML = "<input type=checkbox> <span></span>";
    line.lastChild.textContent = name;
    line.firstChild.addEventListener("change", () => onInput(line.firstChild.checked));
    parent.append(line);
    places.push(() => { line.firstChild.checked = read(); });
  }

  function placeControls() { for (const place of places) place(); }

  // ----- pictures

  // Images of 8x8 in rows on a canvas of one dot a pixel, with a gap of two.
  function paint(canvas, images, columns) {
    const rows = Math.ceil(images.length / columns);
    canvas.width = 10 * columns - 2;
    canvas.height = 10 * rows - 2;
    const context = canvas.getContext("2d");
    const picture = context.createImageData(canvas.width, canvas.height); // gaps stay clear
    images.forEach((image, i) => {
      const [left, top] = [10 * (i % columns), 10 * Math.floor(i / columns)];
      image.forEach((value, p) => {
        const at = 4 * ((top + Math.floor(p / 8)) * canvas.width + left + (p % 8));
        picture.data.fill(127.5 * (value + 1), at, at + 3);
        picture.data[at + 3] = 255;
      });
    });
    context.putImageData(picture, 0, 0);
  }

  const cut = (images) =>
    Array.from({ length: images.length / 64 }, (_, i) => images.subarray(64 * i, 64 * (i + 1)));

  function paintCodes([xs, ys], plane) {
    const canvas = find(".codes");
    const context = canvas.getContext("2d");
    const [size, reach] = [canvas.width, 4];
    const at = (value) => (size / 2) * (1 + Math.min(reach, Math.max(-reach, value)) / reach);
    context.clearRect(0, 0, size, size);
    context.strokeStyle = getComputedStyle(el).getPropertyValue("color");
    context.globalAlpha = 0.5;
    context.setLineDash([5, 4]);
    for (const radius of [1, 2]) { // the prior's first two standard deviations
      context.beginPath();
      context.arc(size / 2, size / 2, (radius * size) / (2 * reach), 0, 2 * Math.PI);
      context.stroke();
    }
    context.globalAlpha = 0.85;
    xs.forEach((x, i) => {
      context.fillStyle = colours[loaded.classes[i]];
      context.fillRect(at(x) - 2, size - at(ys ? ys[i] : 0) - 2, 4, 4);
    });
    find(".coded figcaption").textContent = ys
      ? `test images' codes: z_mean ${plane.map((d) => d + 1).join(" and ")}, circles of the prior`
      : "test images' codes: z_mean, circles of the prior";
  }

  function keep({ steps, losses, d }) {
    curves.push({ steps, ...losses, ...Object.fromEntries(
      Object.entries(d).map(([name, value]) => [`d_${name}`, value])) });
    if (curves.length <= KEPT) return;
    const merged = []; // the means of neighbours
    for (let i = 0; i + 1 < curves.length; i += 2) {
      const [a, b] = [curves[i], curves[i + 1]];
      merged.push(Object.fromEntries(Object.keys(b).map((name) =>
        [name, name === "steps" ? b.steps : ((a[name] ?? b[name]) + b[name]) / 2])));
    }
    curves = merged;
  }

  function drawCurves() {
    const [width, height] = [200, 80];
    const last = curves[curves.length - 1];
    for (const name of PANELS) {
      const panel = find(`[data-panel="${name}"]`);
      const kinds = name === "d" ? Object.keys(KINDS).map((kind) => `d_${kind}`) : [name];
      const values = kinds.flatMap((kind) => curves.map((point) => point[kind]))
        .filter((value) => Number.isFinite(value));
      panel.hidden = values.length === 0;
      if (panel.hidden) continue;
      // The first steps' losses, far above all later ones, may leave the panel.
      const ordered = values.slice().sort((a, b) => a - b);
      const top = name === "d" ? 1 : ordered[Math.floor(0.98 * (ordered.length - 1))];
      const bottom = Math.min(0, name === "d" ? 0 : ordered[Math.floor(0.02 * ordered.length)]);
      const span = top - bottom || 1;
      const y = (value) => height * (1 - Math.min(1.05, (value - bottom) / span));
      const x = (steps) => (width * steps) / last.steps;
      panel.querySelector(".axes").innerHTML = [bottom, top].map((value) =>
        `<path d="M0 ${y(value)}H${width}"/><text x="-5" y="${y(value) + 5}" text-anchor="end">${
          short(value)}</text>`).join("") +
        `<text x="${width}" y="${height + 16}" text-anchor="end">step ${last.steps}</text>`;
      panel.querySelectorAll(".line").forEach((line, i) => {
        const points = curves.filter((point) => Number.isFinite(point[kinds[i]]));
        line.setAttribute("d", points.map((point, k) =>
          `${k ? "L" : "M"}${x(point.steps).toFixed(1)} ${y(point[kinds[i]]).toFixed(1)}`).join(""));
      });
      const now = kinds.filter((kind) => Number.isFinite(last[kind])).map((kind) =>
        `${name === "d" ? `${kind.slice(2)} ` : ""}${short(last[kind])}`).join(", ");
      panel.querySelector("b").innerHTML = name === "d"
        ? kinds.filter((kind) => Number.isFinite(last[kind])).map((kind) =>
          `<span class="${kind.slice(2)}">${kind.slice(2)} ${short(last[kind])}</span>`).join(" ")
        : now;
      panel.querySelector("svg").setAttribute("aria-label",
        `${PANEL_NAMES[name]} over ${last.steps} steps; now ${now}`);
    }
  }

  function drawMeasures() {
    const { measures, active } = shown;
    const { floor } = loaded;
    const most = Math.max(...measures.histogram);
    const total = measures.histogram.reduce((sum, count) => sum + count, 0);
    const even = 70 * (total / 10 / most);
    find(".classes svg").innerHTML = measures.histogram.map((count, i) => {
      const tall = (70 * count) / most;
      return `<rect x="${21 * i + 3}" y="${74 - tall}" width="15" height="${tall}" fill="${colours[i]}"/>
        <text x="${21 * i + 10.5}" y="90" text-anchor="middle">${i}</text>`;
    }).join("") + `<path class="floor" d="M0 ${74 - even}H210"/>`;
    find(".classes svg").setAttribute("aria-label",
      `Of ${total} samples, by class from 0 to 9: ${measures.histogram.join(", ")}`);
    const classes = (histogram) => histogram.filter((count) =>
      count >= 0.02 * histogram.reduce((sum, n) => sum + n, 0)).length;
    const rows = [
      ["classes with at least 2 % of them", classes(measures.histogram), classes(floor.histogram)],
      ["precision", short(measures.precision), short(floor.precision)],
      ["coverage", short(measures.coverage), short(floor.coverage)],
      ["sharpness", short(measures.sharpness), short(floor.sharpness)],
    ];
    if (measures.alone) {
      rows.push(["D, in a batch of their own", short(measures.alone.samples), short(measures.alone.held)]);
    }
    if (active !== undefined) {
      rows.push(["active latent dimensions", `${active} of ${hidden().latent_dim}`, ""]);
      rows.push(["KL, nats", shown.terms ? short(shown.terms.prior) : "", ""]);
      rows.push(["pixel error of the copies", shown.terms ? short(shown.terms.pixel) : "", ""]);
    }
    find(".measures tbody").innerHTML = rows.map(([name, ...cells]) =>
      `<tr><th scope="row">${name}</th>${cells.map((c) => `<td>${c}</td>`).join("")}</tr>`).join("");
  }

  function draw() {
    const { samples, copies, codes, plane, steps, epochs, speed, losses } = shown;
    paint(find(".samples"), cut(samples), 8);
    for (const part of [".copied", ".coded"]) find(part).hidden = !copies;
    if (copies) {
      const originals = cut(loaded.originals);
      const own = cut(copies);
      const half = originals.length / 2;
      paint(find(".copies"), [0, half].flatMap((from) =>
        [...originals.slice(from, from + half), ...own.slice(from, from + half)]), half);
      paintCodes(codes, plane);
    }
    if (curves.length) drawCurves();
    if (shown.measures) drawMeasures();
    const pace = wanted && speed ? `, ${speed.toFixed(0)} steps a second` : "";
    const kind = sound ? "sound training, " : "";
    find(".state").textContent = `${kind}epoch ${epochs.toFixed(1)}, step ${steps}${pace}`;
    describe(losses);
  }

  // In words: on the pictures at each drawing, aloud at rest and every ten seconds.
  function describe(losses) {
    const { steps, measures, active } = shown;
    const parts = [`Step ${steps}`];
    for (const [name, value] of Object.entries(losses ?? {})) {
      parts.push(`${name} loss ${short(value)}`);
    }
    if (measures) {
      const seen = measures.histogram.map((count, i) => [count, i]).sort((a, b) => b[0] - a[0]);
      parts.push(`precision ${short(measures.precision)}, coverage ${short(measures.coverage)}, ` +
        `most frequent class ${seen[0][1]} with ${seen[0][0]} samples`);
    }
    if (active !== undefined) parts.push(`${active} active latent dimensions`);
    const words = `${parts.join("; ")}.`;
    find(".samples").setAttribute("aria-label", `64 samples of the prior. ${words}`);
    find(".copies").setAttribute("aria-label", `Ten test images and their copies. ${words}`);
    find(".codes").setAttribute("aria-label", `Codes of the test images in the latent plane. ${words}`);
    const now = performance.now();
    if (!wanted || now - told > 10000) {
      told = now;
      say(words);
    }
  }

  // ----- begin

  placeQuestion = addChoice(find(".question"), "question",
    Object.keys(PRESETS), (name) => choose(name));
  el.querySelectorAll(".question option").forEach((option) => {
    const name = option.value; // it is the text, until a value is set
    option.value = name;
    option.textContent = PRESETS[name].title;
  });
  addControls();
  buttons.run.addEventListener("click", () => run(!wanted || !loaded));
  buttons.step.addEventListener("click", () => {
    wanted = false;
    worker.postMessage({ type: "step" });
    label();
  });
  buttons.restart.addEventListener("click", () => {
    seed += 1; // other weights, other batches
    start();
  });
  // Nobody sees a page in the background; and a link to a question sets it up.
  const rest = () => {
    if (loaded && wanted) worker.postMessage({ type: document.hidden ? "rest" : "run" });
  };
  const follow = () => {
    const name = location.hash.slice(1).replace(/^lab-/, "");
    if (PRESETS[name]) choose(name);
  };
  const press = (event) => {
    const name = event.target.closest?.("[data-laboratory]")?.dataset.laboratory;
    if (!name) return;
    event.preventDefault();
    choose(name);
    el.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
    buttons.run.focus({ preventScroll: true });
  };
  const reveal = () => {
    for (const button of document.querySelectorAll("[data-laboratory]")) button.hidden = false;
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", reveal);
  else reveal();
  document.addEventListener("visibilitychange", rest);
  document.addEventListener("click", press);
  window.addEventListener("hashchange", follow);
  find(".title").textContent = model.get("title");
  choose(model.get("preset"));
  follow();
  label();
  return () => {
    worker?.terminate();
    document.removeEventListener("visibilitychange", rest);
    document.removeEventListener("click", press);
    window.removeEventListener("hashchange", follow);
  };
}
