// A rule that follows a validation loss: the loss above, the learning rate that it leads to below.

const WIDTH = 420;
const HEIGHT = 150; // of each of the two panels
const LOWER = HEIGHT + 34; // where the second begins
const SPAN = 1000; // the lowest floor is the initial rate over this
const FACTORS = [0.1, 0.95];
const EPOCHS = [1, 12]; // of patience or window
const STARTS = [2, 60]; // of "peak"
const RULES = {
  plateau: "patience", stagnation: "window", improvement: "window", peak: "patience",
};

// `schedules.replay` of Plateau (patience), of WindowedDecay (window) and of PeakDecay (patience
// and start), operation by operation.
function replay(rule, losses, { initial, factor, minimum, epochs, start }) {
  let [rate, best, waited, kept, test] = [initial, Infinity, 0, [], start];
  return losses.map((loss, t) => {
    let decays = false;
    if (rule === "plateau") {
      if (loss < best) [best, waited] = [loss, 0];
      else {
        waited = (waited + 1) % epochs;
        decays = waited === 0;
      }
    } else if (rule === "peak") {
      decays = t + 1 >= test && loss > Math.max(...kept);
      if (decays) test = t + 1 + epochs;
      kept = t + 1 < test ? [loss] : [...kept, loss].slice(-epochs);
    } else if (t >= epochs) {
      const improved = loss < Math.min(...losses.slice(t - epochs, t));
      decays = improved === (rule === "improvement");
    }
    if (decays) rate = Math.max(rate * factor, minimum);
    return rate;
  });
}

function render({ model, el }) {
  const { curves, initial, logged } = model.get("data");
  const lowest = initial / SPAN;
  const short = (rate) => rate.toExponential(1).replace("-", "\u2212");
  const count = Object.values(curves)[0].length;
  const px = (epoch) => ((epoch - 1) / (count - 1)) * WIDTH;
  // A little air above the initial rate and below the lowest floor.
  const decades = Math.log10(SPAN) + 0.4;
  const ry = (rate) => LOWER + HEIGHT * ((Math.log10(initial / rate) + 0.2) / decades);
  const powers = [];
  for (let p = Math.ceil(Math.log10(lowest)); 10 ** p <= initial; p++) {
    powers.push({ value: 10 ** p, text: `1e${format(p, 0)}` });
  }

  const whole = ticks(1, count).filter(({ value }) => Number.isInteger(value));
  const find = build(el, model.get("title"), `
      <svg class="plane" viewBox="-78 -8 520 ${LOWER + HEIGHT + 62}" role="img">
        <g class="axes">${axes(WIDTH, { ticks: whole, at: px, name: "epoch" }, [
          { name: "loss", top: 0, bottom: HEIGHT }, // its ticks follow the curve
          { ticks: powers, at: ry, name: "rate", top: LOWER, bottom: LOWER + HEIGHT }], 60)}
          <g class="losses"></g></g>
        <path class="floor"/>
        <path class="line loss"/>
        <path class="dots decay"/>
        <path class="line rate"/>
        <path class="line logged"/>
      </svg>
      <div class="side">
        <div class="controls schedule">
          <div class="value"><strong></strong> <span></span></div>
        </div>
      </div>`);
  const controls = find(".controls");
  const change = changer(model, show);
  const choose = {
    curve: addChoice(controls, "loss", Object.keys(curves), (curve) => change({ curve })),
    rule: addChoice(controls, "rule", Object.keys(RULES), (rule) => change({ rule })),
  };
  const set = {
    factor: addSlider(controls, "factor", "factor of a decay", FACTORS,
      (factor) => change({ factor })),
    epochs: addSlider(controls, "patience", "epochs of patience or window", EPOCHS,
      (epochs) => change({ epochs }), true),
    // A floor spans decades, so its slider goes by the logarithm; two digits are enough.
    minimum: addSlider(controls, "log10(minimum)", "logarithm of the floor",
      [Math.log10(lowest), Math.log10(initial)],
      (power) => change({ minimum: Math.min(initial, Number((10 ** power).toPrecision(2))) })),
  };
  set.start = addSlider(controls, "start", "first epoch that is tested", STARTS,
    (start) => change({ start }), true);
  const tell = teller(el);
  const names = [...Object.keys(choose), ...Object.keys(set)];

  function show() {
    const [curve, rule, factor, epochs, minimum, start] = names.map((name) => model.get(name));
    const losses = curves[curve];
    const [low, high] = [Math.min(...losses), Math.max(...losses)];
    const margin = 0.08 * (high - low || 1);
    const py = (loss) => HEIGHT * (1 - (loss - low + margin) / (high - low + 2 * margin));
    find(".losses").innerHTML = lines(ticks(low - margin, high + margin), py, WIDTH);
    const rates = replay(rule, losses, { initial, factor, minimum, epochs, start });
    const changed = rates.map((rate, t) => rate !== (t ? rates[t - 1] : initial));
    const at = (value, y) => value.map((v, t) => `${px(t + 1).toFixed(1)} ${y(v).toFixed(1)}`);
    find(".line.loss").setAttribute("d", `M${at(losses, py).join("L")}`);
    find(".dots.decay").setAttribute(
      "d", at(losses, py).filter((_, t) => changed[t]).map((point) => `M${point}h0`).join(""));
    // A rate holds for a whole epoch: a staircase. The first epoch's is the initial one.
    const stairs = (rates) => [initial, ...rates.slice(0, -1)].map((rate, t) =>
      `${t ? "H" + px(t + 1).toFixed(1) + "V" : "M0 "}${ry(rate).toFixed(1)}`).join("");
    find(".line.rate").setAttribute("d", stairs(rates));
    const record = logged[curve];
    find(".line.logged").setAttribute("d", record ? stairs(record) : "");
    find(".floor").setAttribute("d", `M0 ${ry(minimum).toFixed(1)}H${WIDTH}`);
    choose.curve(curve);
    choose.rule(rule);
    set.factor(factor);
    set.epochs(epochs);
    set.minimum(Math.log10(minimum));
    set.start(start);
    const sliders = controls.querySelectorAll(".slider");
    sliders[1].querySelector("code").textContent = RULES[rule];
    sliders[3].style.display = rule === "peak" ? "" : "none"; // the others have no start
    const decays = changed.filter(Boolean).length;
    const times = decays === 1 ? "once" : `${decays} times`;
    // As NumPy's isclose: the log holds single precision.
    const right = record?.filter((rate, t) => Math.abs(rates[t] - rate) <= 1e-4 * rate).length;
    const agree = record ? `${right} of ${count} epochs as logged` : "";
    find(".value strong").textContent = agree || short(rates.at(-1));
    find(".value span").textContent = agree
      ? `the rate fell ${times} and ends at ${short(rates.at(-1))}`
      : `in the end; the rate fell ${times}, floor ${short(minimum)}`;
    tell("Loss and learning rate over epochs.",
      `${rule} on the ${curve} loss: the rate falls ${times} and ends at ${short(rates.at(-1))}` +
      (agree && `, ${agree}`));
  }

  return follow(model, names, show);
}
