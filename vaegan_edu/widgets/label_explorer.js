// The best discriminator in one dimension under soft labels, turned labels and noise on its input.

const WIDTH = 420;
const UPPER = 150; // height of the densities' panel
const TOP = 182; // where the lower panel begins
const LOWER = 190;
const BOTTOM = TOP + LOWER;
const X = [-6, 6];
const DEVIATION = 0.5; // of data and generator, before noise
const DENSITY = 1;
const LIMIT = 12; // of the logits that are shown
const RANGES = { mean: [-4, 4], target: [0.5, 1], flip: [0, 0.5], noise: [0, 2] };
const GRID = Array.from({ length: 4001 }, (_, i) => -20 + 0.01 * i);

const logAddExp = (a, b) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
const widened = (noise) => Math.hypot(DEVIATION, noise);

// The best discriminator's logit at x, and its derivative.
function bestLogit(x, { mean, target, flip, noise }) {
  const real = (1 - flip) * target + flip * (1 - target); // the mean label of a real example
  const deviation = widened(noise);
  const [logP, logQ] = [logNormal(x, 0, deviation), logNormal(x, mean, deviation)];
  const up = [Math.log(real) + logP, Math.log(flip) + logQ];
  const down = [Math.log(1 - real) + logP, Math.log(1 - flip) + logQ];
  const [above, below] = [logAddExp(...up), logAddExp(...down)];
  const shares = Math.exp(up[0] - above) - Math.exp(down[0] - below);
  return [above - below, (-shares * mean) / deviation ** 2];
}

// D* at the data's middle and at the generator's, and the pull on the generator.
function judge(at) {
  const deviation = widened(at.noise);
  let pull = 0;
  for (const x of GRID) {
    const [logit, slope] = bestLogit(x, at);
    pull += Math.exp(logNormal(x, at.mean, deviation)) * 0.01 * sigmoid(-logit) * slope;
  }
  return [sigmoid(bestLogit(0, at)[0]), sigmoid(bestLogit(at.mean, at)[0]), pull];
}

function render({ model, el }) {
  const px = (x) => ((x - X[0]) / (X[1] - X[0])) * WIDTH;
  const py = (density) => UPPER * (1 - density / DENSITY);
  const pl = (logit) => TOP + (LOWER * (LIMIT - logit)) / (2 * LIMIT);
  const curve = curveOver(X, px);
  const density = (mean, noise) => curve((x) => py(Math.exp(logNormal(x, mean, widened(noise)))));

  const find = build(el, model.get("title"), `
      <svg class="plane" viewBox="-66 -8 496 ${BOTTOM + 66}" role="img">
        <g class="axes">${axes(WIDTH, { ticks: ticks(...X), at: px, name: "x" }, [
          { ticks: ticksAt([0, 0.4, 0.8], 1), at: py, name: "density", top: 0, bottom: UPPER },
          { ticks: ticksAt([-10, -5, 0, 5, 10]), at: pl, name: "best logit",
            top: TOP, bottom: BOTTOM }])}</g>
        <path class="area p"/>
        <path class="area q"/>
        <svg class="inside" x="0" y="${TOP}" width="${WIDTH}" height="${LOWER}"
             viewBox="0 ${TOP} ${WIDTH} ${LOWER}"><path class="best"/><path class="own"/></svg>
        <text class="tag p" text-anchor="middle" y="14">p, data</text>
        <text class="tag q" text-anchor="middle" y="14">q, generator</text>
        <text class="tag name" x="6" y="${BOTTOM - 8}">with tricks solid, without dashed</text>
      </svg>
      <div class="side">
        <div class="controls game">
          <div class="value">pull <strong></strong></div>
          <table>
            <tr><th scope="row">D* at the data</th><td></td></tr>
            <tr><th scope="row">D* at the generator</th><td></td></tr>
          </table>
        </div>
      </div>`);
  const controls = find(".controls");
  const descriptions = {
    mean: "mean of the generator", target: "label of real examples",
    flip: "share of turned labels", noise: "noise on the discriminator's input",
  };
  const place = addSliders(controls, model, RANGES, descriptions, show);
  const tell = teller(el);

  // The names stand apart even where the densities meet.
  function placeNames(mean) {
    const side = mean < 0 ? -1 : 1;
    const apart = Math.max(Math.abs(px(mean) - px(0)), 130);
    const margin = 62; // half of a name, so that it stays in the panel
    const q = Math.min(WIDTH - margin, Math.max(margin, px(0) + side * apart));
    find(".tag.q").setAttribute("x", q);
    find(".tag.p").setAttribute("x", px(0) - side * 40);
  }

  function show() {
    const at = Object.fromEntries(Object.keys(RANGES).map((name) => [name, model.get(name)]));
    const bare = { ...at, target: 1, flip: 0, noise: 0 };
    const numbers = judge(at).map((x) => format(x));
    find(".area.p").setAttribute("d", density(0, at.noise));
    find(".area.q").setAttribute("d", density(at.mean, at.noise));
    find(".own").setAttribute("d", curve((x) => pl(bestLogit(x, at)[0])));
    find(".best").setAttribute("d", curve((x) => pl(bestLogit(x, bare)[0])));
    placeNames(at.mean);
    write(el.querySelectorAll("td"), numbers);
    find(".value strong").textContent = numbers[2];
    place();
    tell("Densities of data and generator, and the logits of the best discriminator.",
      `The best discriminator is ${numbers[0]} at the data and ${numbers[1]} at the ` +
      `generator. The pull on the generator is ${numbers[2]}`);
  }

  return follow(model, Object.keys(RANGES), show);
}
