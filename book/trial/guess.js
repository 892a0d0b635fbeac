// Forty images, one by one: real or not? Then the reader's own D beside the network's and chance.

const HALF = 20; // real ones among twice as many
const Z = 1.959964; // of an interval of 95 %

// Wilson's interval of a share.
function wilson(hits, count) {
  const p = hits / count;
  const middle = (p + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  const reach = (Z / (1 + Z ** 2 / count)) * Math.sqrt((p * (1 - p)) / count + (Z / (2 * count)) ** 2);
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}

function shuffled(items) {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

// Twenty of the real images and twenty of the others, of each kind about as many.
function draw(kinds, each) {
  const of = (kind) => shuffled(Array.from({ length: each }, (_, i) => ({ kind, at: kind * each + i })));
  const fakes = kinds.slice(1).map((_, i) => of(i + 1));
  const turns = Array.from({ length: HALF }, (_, i) => fakes[i % fakes.length][Math.floor(i / fakes.length)]);
  return shuffled([...of(0).slice(0, HALF), ...turns]);
}

// By kind: how many there were, and how many of them each judge took for real.
function tally(asked, answers, kinds, d) {
  return kinds.map((name, kind) => {
    const mine = asked.map((image, i) => ({ ...image, i })).filter((image) => image.kind === kind);
    return {
      name,
      count: mine.length,
      reader: mine.filter(({ i }) => answers[i]).length,
      network: mine.filter(({ at }) => d[at] > 0.5).length,
    };
  });
}

function render({ model, el }) {
  const find = build(el, model.get("title"), `
      <div class="guess">
        <p class="said ask">You see ${2 * HALF} images for as long as you like. Half of them were
          written by people. The images are loaded when you begin; your answers stay in this page.</p>
        <p><button type="button" class="begin">Begin</button> <span class="state" role="status"></span></p>
        <div class="trial" hidden>
          <canvas role="img" width="28" height="28" aria-label="A digit: real or not?"></canvas>
          <p class="answers"><button type="button" data-real="true">Real</button>
            <button type="button" data-real="false">Not real</button></p>
          <p class="said">Keys: R for real, N for not.</p>
        </div>
        <div class="verdict" hidden></div>
      </div>`);
  const canvas = find("canvas");
  let data = null;
  let pixels = null;
  let asked = [];
  let answers = [];

  const percent = (x) => `${Math.round(100 * x)}\u00a0%`;
  const between = (hits, count) => {
    const [low, high] = wilson(hits, count);
    return `${percent(hits / count)} [${percent(low)}, ${percent(high)}]`;
  };

  function showImage() {
    const { at } = asked[answers.length];
    sheet(canvas, pixels.subarray(784 * at, 784 * (at + 1)), 1);
    find(".state").textContent = `${answers.length + 1} of ${asked.length}`;
  }

  function answer(real) {
    if (!asked.length || answers.length === asked.length) return;
    answers.push(real);
    if (answers.length < asked.length) showImage();
    else judge();
  }

  function judge() {
    const rows = tally(asked, answers, data.kinds, data.d);
    const [real, ...fakes] = rows;
    const sum = (list, key) => list.reduce((total, row) => total + row[key], 0);
    const right = (who) => real[who] + sum(fakes, "count") - sum(fakes, who);
    const total = sum(rows, "count");
    const lines = [real, ...fakes, { name: "not real, together", count: sum(fakes, "count"),
      reader: sum(fakes, "reader"), network: sum(fakes, "network") }];
    find(".trial").hidden = true;
    find(".verdict").hidden = false;
    find(".state").textContent = "";
    find(".verdict").innerHTML = `<table><caption>Taken for real, with intervals of 95 %</caption>
      <thead><tr><th scope="col">images</th><th scope="col">count</th><th scope="col">your D</th>
        <th scope="col">the network's</th></tr></thead>
      <tbody>${lines.map(() => "<tr><th scope=row></th><td></td><td></td><td></td></tr>").join("")}
        <tr class="right"><th scope="row">right answers</th><td></td><td></td><td></td></tr></tbody></table>
      <p class="summary"></p><p><button type="button" class="again">Another ${total}</button></p>`;
    const cells = [...find("tbody").rows];
    lines.forEach((row, i) => write(cells[i].cells, [row.name, row.count,
      between(row.reader, row.count), between(row.network, row.count)]));
    const [mine, its] = [right("reader"), right("network")];
    write(cells.at(-1).cells, ["right answers", total, between(mine, total), between(its, total)]);
    const [low, high] = wilson(mine, total);
    const chance = low <= 0.5 && high >= 0.5
      ? "Chance, one half, lies in your interval: on these images you cannot be told from a coin."
      : low > 0.5 ? "Chance, one half, lies below your interval."
        : "Chance, one half, lies above your interval: what you took for real was not.";
    find(".summary").textContent = `You were right ${mine} times of ${total}, the network ${its}. ${chance}`;
    find(".again").addEventListener("click", start);
    find(".again").focus();
  }

  function start() {
    asked = draw(data.kinds, data.d.length / data.kinds.length);
    answers = [];
    find(".verdict").hidden = true;
    find(".trial").hidden = false;
    showImage();
    find("[data-real]").focus();
  }

  find(".begin").addEventListener("click", async () => {
    find(".state").textContent = "Loading.";
    try {
      data = await loadScript(model.get("address"), "vaeganTrial");
      pixels = Uint8Array.from(atob(data.images), (letter) => letter.charCodeAt(0));
      find(".begin").remove();
      find(".ask").remove();
      start();
    } catch (error) {
      find(".state").textContent = `${error.message}. Try again.`;
    }
  });
  for (const button of el.querySelectorAll("[data-real]")) {
    button.addEventListener("click", () => answer(button.dataset.real === "true"));
  }
  find(".trial").addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey }) => {
    if (ctrlKey || metaKey || altKey) return;
    if (key === "r" || key === "R") answer(true);
    if (key === "n" || key === "N") answer(false);
  });
  return () => {};
}
