// A Gaussian q that two sliders shape, against a fixed p: both KL divergences and where they come from.

const WIDTH = 420;
const TOP = 170; // height of the upper panel, the densities
const GAP = 34;
const BOTTOM = 180; // height of the lower panel, the integrands
const Z = [-7, 7];
const DENSITY = [0, 1.05];
const RANGES = { mean: [-4, 4], deviation: [0.4, 3] };
const GRID = { low: -30, step: 0.02, count: 3001 }; // beyond it every density here is zero
const TOPS = [0.5, 1, 2, 5, 10, 20, 50, 100]; // of the lower panel's axis; a quarter goes below zero

function logSum(values) {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, v) => sum + Math.exp(v - largest), 0));
}

function render({ model, el }) {
  const z = Array.from({ length: GRID.count }, (_, i) => GRID.low + i * GRID.step);
  const components = model.get("components");
  const logP = z.map((at) => logSum(components.map(([w, m, s]) => Math.log(w) + logNormal(at, m, s))));
  const seen = z.flatMap((at, i) => (at >= Z[0] && at <= Z[1] && i % 2 === 0 ? [i] : []));

  const px = (at) => ((at - Z[0]) / (Z[1] - Z[0])) * WIDTH;
  const py = (density) => TOP - (density / DENSITY[1]) * TOP;
  const path = (y, zero) => {
    const points = seen.map((i) => `${px(z[i]).toFixed(1)} ${y(i).toFixed(1)}`);
    return `M0 ${zero}L${points.join("L")}L${WIDTH} ${zero}`;
  };

  const find = build(el, model.get("title"), `
      <svg class="plane" viewBox="-66 -8 496 ${TOP + GAP + BOTTOM + 66}" role="img">
        <g class="axes">
          ${axes(WIDTH, { ticks: ticks(...Z), at: px, name: "z" }, [
            { ticks: ticks(...DENSITY), at: py, name: "density", top: 0, bottom: TOP },
            { name: "integrand", top: TOP + GAP, bottom: TOP + GAP + BOTTOM }])}
          <g class="scale"></g>
        </g>
        <path class="area p" d="${path((i) => py(Math.exp(logP[i])), TOP)}"/>
        <path class="area q"/>
        <path class="area forward"/>
        <path class="area reverse"/>
        <text class="tag p" text-anchor="middle">p</text>
        <text class="tag q" text-anchor="middle">q</text>
      </svg>
      <div class="side">
        <div class="controls kl">
          <table class="sums">
            <tr class="forward"><th scope="row">forward, <b>KL(p\u2016q)</b><br>
                <i>area of p log(p/q)</i></th><td></td></tr>
            <tr class="reverse"><th scope="row">reverse, <b>KL(q\u2016p)</b><br>
                <i>area of q log(q/p)</i></th><td></td></tr>
            <tr><th scope="row">Jensen\u2013Shannon<br><i>at most log 2</i></th><td></td></tr>
          </table>
        </div>
        <div class="legend stops"></div>
      </div>`);
  const controls = find(".controls");
  const descriptions = { mean: "mean of q", deviation: "standard deviation of q" };
  const place = addSliders(controls, model, RANGES, descriptions, show);
  for (const [name, mean, deviation] of model.get("stops")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => changer(model, show)({ mean, deviation }));
    find(".stops").append(button);
  }
  const tell = teller(el);

  // q's name stands over its top, p's over the component that is farthest from q.
  function placeNames(mean, deviation) {
    const far = components.reduce((a, b) => (Math.abs(b[1] - mean) > Math.abs(a[1] - mean) ? b : a));
    const height = components.reduce(
      (sum, [w, m, s]) => sum + w * Math.exp(logNormal(far[1], m, s)), 0);
    const places = { p: [far[1], height], q: [mean, Math.exp(logNormal(mean, mean, deviation))] };
    for (const [name, [at, density]] of Object.entries(places)) {
      find(`.tag.${name}`).setAttribute("x", px(at));
      find(`.tag.${name}`).setAttribute("y", Math.max(py(density) - 8, 12));
    }
  }

  // Both integrands share one axis, so that equal areas are equal nats.
  function drawIntegrands(integrands) {
    const values = Object.values(integrands).flatMap((list) => seen.map((i) => list[i]));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const top = TOPS.find((t) => t >= high && t >= -4 * low) ?? TOPS[TOPS.length - 1];
    const y = (value) => TOP + GAP + BOTTOM * (1 - (value + top / 4) / (1.25 * top));
    find(".scale").innerHTML = lines(ticks(-top / 4, top), y, WIDTH, true);
    for (const [name, list] of Object.entries(integrands)) {
      find(`.area.${name}`).setAttribute("d", path((i) => y(list[i]), y(0)));
    }
  }

  function show() {
    const [mean, deviation] = [model.get("mean"), model.get("deviation")];
    const logQ = z.map((at) => logNormal(at, mean, deviation));
    const logM = z.map((_, i) => logSum([logP[i], logQ[i]]) - Math.LN2);
    const terms = (a, b) => a.map((log, i) => Math.exp(log) * (log - b[i]));
    const sum = (list) => list.reduce((total, value) => total + value, 0) * GRID.step;
    const integrands = { forward: terms(logP, logQ), reverse: terms(logQ, logP) };
    const sums = [
      sum(integrands.forward),
      sum(integrands.reverse),
      0.5 * (sum(terms(logP, logM)) + sum(terms(logQ, logM))),
    ].map((value) => format(value));
    find(".area.q").setAttribute("d", path((i) => py(Math.exp(logQ[i])), TOP));
    placeNames(mean, deviation);
    drawIntegrands(integrands);
    write(el.querySelectorAll(".sums td"), sums);
    place();
    tell("Densities p and q, and both integrands.",
      `For q with mean ${format(mean)} and deviation ${format(deviation)}, forward KL is ${sums[0]}, ` +
      `reverse KL ${sums[1]} and Jensen\u2013Shannon ${sums[2]} nats`);
  }

  return follow(model, Object.keys(RANGES), show);
}
