// Minibatch discrimination on a batch of points: what one point tells, and what its batch tells.

const WIDTH = 420;
const X = [-1.5, 2.5];
const UNIT = WIDTH / (X[1] - X[0]); // pixels a unit, the same upwards
const Y = 1.45;
const UPPER = 2 * Y * UNIT;
const TOP = UPPER + 26; // where the rows of dots begin
const ROWS = { real: TOP + 26, generated: TOP + 76 };
const BOTTOM = TOP + 102;
const CLUSTERS = [1, 8];
const SPREAD = [0, 0.3];
const SHIFT = [0, 1];
const KERNEL = [0.01, 100];

// o of each point: the mean over the others of exp(-kernel * L1 distance).
function closeness(points, kernel) {
  return points.map((a, i) => points.reduce((sum, b, j) =>
    i === j ? sum : sum + Math.exp(-kernel * (Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]))), 0) /
    (points.length - 1));
}

// The chance that the better of two thresholds orders a real and a generated example.
function toldApart(real, generated) {
  let larger = 0;
  for (const g of generated) {
    for (const r of real) if (Math.abs(g - r) > 1e-12) larger += Math.sign(g - r);
  }
  return 0.5 + 0.5 * Math.abs(larger / (real.length * generated.length));
}

function look({ noise, modes, std }, { clusters, spread, shift, kernel }) {
  const at = ([x, y], [u, v], deviation, moved) =>
    [x + deviation * u + moved, y + deviation * v];
  const real = noise[0].map((n, i) => at(modes[i % modes.length], n, std, 0));
  const points = noise[1].map((n, i) =>
    at(modes[Math.floor(((i % clusters) * modes.length) / clusters)], n, spread, shift));
  const distances = (point) => modes.map(([x, y]) => Math.hypot(point[0] - x, point[1] - y));
  const nearest = (batch) => batch.map((point) => Math.min(...distances(point)));
  const hit = new Set();
  points.forEach((point) => {
    const to = distances(point);
    const least = Math.min(...to);
    if (least <= 3 * std) hit.add(to.indexOf(least));
  });
  const features = { real: closeness(real, kernel), generated: closeness(points, kernel) };
  return {
    points, features, covered: hit.size,
    byPlace: toldApart(nearest(real), nearest(points)),
    byBatch: toldApart(features.real, features.generated),
  };
}

function render({ model, el }) {
  const data = model.get("data");
  const px = (x) => (x - X[0]) * UNIT;
  const py = (y) => (Y - y) * UNIT;
  const po = (o) => o * WIDTH;
  const dot = (x, y, radius) =>
    `M${(x - radius).toFixed(1)} ${y.toFixed(1)}a${radius.toFixed(1)} ${radius.toFixed(1)} 0 1 0 ` +
    `${(2 * radius).toFixed(1)} 0a${radius.toFixed(1)} ${radius.toFixed(1)} 0 1 0 ` +
    `${(-2 * radius).toFixed(1)} 0`;

  const find = build(el, model.get("title"), `
      <svg class="plane" viewBox="-12 -6 444 ${BOTTOM + 58}" role="img">
        <rect class="ground" x="0" y="0" width="${WIDTH}" height="${UPPER}"/>
        <g class="axes">${axes(WIDTH, {
          ticks: [0, 0.25, 0.5, 0.75, 1].map((value) => ({ value, text: `${value}` })),
          at: po, name: "o",
        }, [{ top: TOP, bottom: BOTTOM }])}</g>
        <path class="target" d="${data.modes.map(([x, y]) =>
          `M${px(x) - 8} ${py(y)}h16M${px(x)} ${py(y) - 8}v16`).join("")}"/>
        <path class="heap generated"/>
        <path class="heap real row"/>
        <path class="heap generated row"/>
        <text class="tag" x="${WIDTH - 4}" y="${ROWS.real - 14}" text-anchor="end">real batch</text>
        <text class="tag q" x="${WIDTH - 4}" y="${ROWS.generated - 14}"
              text-anchor="end">generated batch</text>
      </svg>
      <div class="side">
        <div class="controls minibatch">
          <div class="value"><strong></strong> of 8 modes covered</div>
          <table>
            <tr><th scope="row">told apart by one point's place</th><td></td></tr>
            <tr><th scope="row">told apart by its batch, o</th><td></td></tr>
            <tr><th scope="row">mean o, real</th><td></td></tr>
            <tr><th scope="row">mean o, generated</th><td></td></tr>
          </table>
        </div>
      </div>`);
  const controls = find(".controls");
  const change = changer(model, show);
  const set = {
    clusters: addSlider(controls, "clusters", "Gaussians at which generated points lie", CLUSTERS,
      (clusters) => change({ clusters }), true),
    spread: addSlider(controls, "spread", "deviation of the generated points there", SPREAD,
      (spread) => change({ spread })),
    shift: addSlider(controls, "shift", "how far they are moved to the right", SHIFT,
      (shift) => change({ shift })),
    // A kernel spans decades, so its slider goes by the logarithm.
    kernel: addSlider(controls, "log10(kernel)", "logarithm of the kernel", KERNEL.map(Math.log10),
      (power) => change({ kernel: Math.min(KERNEL[1], Math.max(KERNEL[0], round(10 ** power))) })),
  };
  const tell = teller(el);

  function show() {
    const chosen = Object.fromEntries(Object.keys(set).map((name) => [name, model.get(name)]));
    const { points, features, covered, byPlace, byBatch } = look(data, chosen);
    find(".heap.generated").setAttribute("d", points.map(([x, y], i) =>
      dot(px(x), py(y), 2 + 4 * features.generated[i])).join(""));
    for (const [name, height] of Object.entries(ROWS)) {
      find(`.heap.${name}.row`).setAttribute("d", features[name].map((o, i) =>
        dot(po(o), height + 2.2 * ((i % 9) - 4), 3)).join(""));
    }
    const mean = (values) => values.reduce((a, b) => a + b) / values.length;
    const numbers = [byPlace, byBatch, mean(features.real), mean(features.generated)]
      .map((value) => format(value));
    find(".value strong").textContent = covered;
    write(el.querySelectorAll("td"), numbers);
    for (const name of ["clusters", "spread", "shift"]) set[name](chosen[name]);
    set.kernel(Math.log10(chosen.kernel));
    tell("Generated points among eight modes, and o of each point of two batches.",
      `${covered} of 8 modes covered. Told apart by a point's place ${numbers[0]}, by ` +
      `its batch ${numbers[1]}. Mean o of real points ${numbers[2]}, of generated ${numbers[3]}`);
  }

  return follow(model, Object.keys(set), show);
}
