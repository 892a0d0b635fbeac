// One latent dimension: the posterior q(z|x) that two sliders shape, against the prior N(0, 1).

const WIDTH = 420;
const HEIGHT = 300;
const Z = [-5, 5];
const DENSITY = [0, 1.9];
const RANGES = { z_mean: [-3, 3], z_log_var: [-3, 2] };

function render({ model, el }) {
  const px = (z) => ((z - Z[0]) / (Z[1] - Z[0])) * WIDTH;
  const py = (d) => HEIGHT - (d / DENSITY[1]) * HEIGHT;
  const curve = (mean, logVar) => {
    const points = [];
    for (let i = 0; i <= 400; i++) {
      const z = Z[0] + ((Z[1] - Z[0]) * i) / 400;
      const density =
        Math.exp(-((z - mean) ** 2) / (2 * Math.exp(logVar))) / Math.sqrt(2 * Math.PI * Math.exp(logVar));
      points.push(`${px(z).toFixed(1)} ${py(density).toFixed(1)}`);
    }
    return `M${points.join("L")}`;
  };

  const find = build(el, model.get("title"), `
      <svg class="plane" viewBox="-66 -8 496 366" role="img">
        <g class="axes">${axes(WIDTH, { ticks: ticks(...Z), at: px, name: "z" }, [
          { ticks: ticks(...DENSITY), at: py, name: "density", top: 0, bottom: HEIGHT }])}</g>
        <path class="area p" d="${curve(0, 0)}"/>
        <path class="area q"/>
        <text class="tag p">prior p(z)</text>
        <text class="tag q" text-anchor="middle">q(z|x)</text>
      </svg>
      <div class="side">
        <div class="controls kl">
          <div class="value"><code>kl_loss</code> <strong></strong> nats</div>
          <table>
            <tr><th scope="row">from the mean<br><i>\u00bd z_mean\u00b2</i></th><td></td></tr>
            <tr><th scope="row">from the variance<br>
                <i>\u00bd (exp(z_log_var) \u2212 1 \u2212 z_log_var)</i></th><td></td></tr>
          </table>
        </div>
      </div>`);
  const controls = find(".controls");
  const descriptions = { z_mean: "z_mean, mean of q", z_log_var: "z_log_var, log-variance of q" };
  const place = addSliders(controls, model, RANGES, descriptions, show);
  const tell = teller(el);

  // q's name stands over its top, the prior's on the slope that q is not on.
  function placeNames(mean, logVar) {
    const top = py(1 / Math.sqrt(2 * Math.PI * Math.exp(logVar)));
    find(".tag.q").setAttribute("x", px(mean));
    find(".tag.q").setAttribute("y", top - 9);
    const side = mean < 0 ? 1 : -1;
    find(".tag.p").setAttribute("text-anchor", side < 0 ? "end" : "start");
    find(".tag.p").setAttribute("x", px(1.3 * side));
    find(".tag.p").setAttribute("y", py(0.2));
  }

  function show() {
    const [mean, logVar] = [model.get("z_mean"), model.get("z_log_var")];
    const parts = [0.5 * mean ** 2, 0.5 * (Math.exp(logVar) - 1 - logVar)];
    const total = format(parts[0] + parts[1]);
    find(".area.q").setAttribute("d", curve(mean, logVar));
    placeNames(mean, logVar);
    write(el.querySelectorAll("td"), parts.map((part) => format(part)));
    find(".value strong").textContent = total;
    place();
    tell("Densities of the prior and of q.",
      `kl_loss is ${total} nats at z_mean ${format(mean)} and z_log_var ${format(logVar)}`);
  }

  return follow(model, Object.keys(RANGES), show);
}
