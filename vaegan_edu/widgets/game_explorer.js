// A GAN's game in one dimension: two sliders for the generator, two for the discriminator.

const WIDTH = 420;
const UPPER = 190; // height of the densities' panel
const TOP = 222; // where the lower panel begins
const LOWER = 150;
const BOTTOM = TOP + LOWER;
const X = [-7, 7];
const DENSITY = [0, 1.05];
const RANGES = { mean: [-4, 4], deviation: [0.4, 3], slope: [-4, 4], offset: [-6, 6] };
const GRID = Array.from({ length: 3001 }, (_, i) => -30 + 0.02 * i);

const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// V for this discriminator, V for the best one, and both generator losses' slope over the mean.
function play({ mean, deviation, slope, offset }) {
  let [value, best, fooled] = [0, 0, 0];
  for (const x of GRID) {
    const [logP, logQ] = [logNormal(x, 0, 1), logNormal(x, mean, deviation)];
    const [p, q] = [Math.exp(logP) * 0.02, Math.exp(logQ) * 0.02];
    const logit = slope * x + offset;
    value -= p * softplus(-logit) + q * softplus(logit);
    best -= p * softplus(logQ - logP) + q * softplus(logP - logQ);
    fooled += q * sigmoid(logit);
  }
  return { value, best, minimax: -slope * fooled, nonSaturating: -slope * (1 - fooled) };
}

function render({ model, el }) {
  const px = (x) => ((x - X[0]) / (X[1] - X[0])) * WIDTH;
  const py = (density) => UPPER * (1 - density / DENSITY[1]);
  const pd = (probability) => BOTTOM - probability * LOWER;
  const curve = curveOver(X, px);
  const density = (mean, deviation) => curve((x) => py(Math.exp(logNormal(x, mean, deviation))));

  const find = build(el, model.get("title"), `
      <svg class="plane" viewBox="-66 -8 496 ${BOTTOM + 66}" role="img">
        <g class="axes">${axes(WIDTH, { ticks: ticks(...X), at: px, name: "x" }, [
          { ticks: ticksAt([0, 0.5, 1], 1), at: py, name: "density", top: 0, bottom: UPPER },
          { ticks: ticksAt([0, 0.5, 1], 1), at: pd, name: "D(x)", top: TOP, bottom: BOTTOM }])}</g>
        <path class="area p" d="${density(0, 1)}"/>
        <path class="area q"/>
        <path class="best"/>
        <path class="own"/>
        <text class="tag p">p, data</text>
        <text class="tag q" text-anchor="middle">q, generator</text>
        <text class="tag name" x="6" y="${BOTTOM - 12}">D solid, best D* dashed</text>
      </svg>
      <div class="side">
        <div class="controls game">
          <div class="value">V <strong></strong> nats</div>
          <table>
            <tr><th scope="row">at the best, V(D*)</th><td></td></tr>
            <tr><th scope="row">minimax loss, slope over mean</th><td></td></tr>
            <tr><th scope="row">non-saturating, slope over mean</th><td></td></tr>
          </table>
        </div>
      </div>`);
  const controls = find(".controls");
  const descriptions = {
    mean: "mean of the generator", deviation: "standard deviation of the generator",
    slope: "slope of the discriminator", offset: "offset of the discriminator",
  };
  const place = addSliders(controls, model, RANGES, descriptions, show);
  const tell = teller(el);

  // q's name stands over its top, the data's on the slope that q is not on.
  function placeNames({ mean, deviation }) {
    const margin = 62; // half of the name, so that it stays in the panel
    const top = py(Math.exp(logNormal(mean, mean, deviation)));
    find(".tag.q").setAttribute("x", Math.min(WIDTH - margin, Math.max(margin, px(mean))));
    find(".tag.q").setAttribute("y", Math.max(14, top - 9));
    const side = mean < 0 ? 1 : -1;
    find(".tag.p").setAttribute("text-anchor", side < 0 ? "end" : "start");
    find(".tag.p").setAttribute("x", px(1.3 * side));
    find(".tag.p").setAttribute("y", py(0.2));
  }

  function show() {
    const at = Object.fromEntries(Object.keys(RANGES).map((name) => [name, model.get(name)]));
    const game = play(at);
    find(".area.q").setAttribute("d", density(at.mean, at.deviation));
    find(".own").setAttribute("d", curve((x) => pd(sigmoid(at.slope * x + at.offset))));
    find(".best").setAttribute("d", curve((x) =>
      pd(sigmoid(logNormal(x, 0, 1) - logNormal(x, at.mean, at.deviation)))));
    placeNames(at);
    const numbers = [game.best, game.minimax, game.nonSaturating].map((x) => format(x));
    write(el.querySelectorAll("td"), numbers);
    find(".value strong").textContent = format(game.value);
    place();
    tell("Densities of data and generator, and the discriminator.",
      `The value of the game is ${format(game.value)} nats, at the best ${numbers[0]}. ` +
      `Over the mean, the minimax loss has slope ${numbers[1]}, the non-saturating ${numbers[2]}`);
  }

  return follow(model, Object.keys(RANGES), show);
}
