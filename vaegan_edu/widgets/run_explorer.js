// A recorded training: the sheet of samples that an epoch had come to, and the curves so far.

const WIDTH = 420;
const HEIGHT = 112; // of a panel
const STEP = HEIGHT + 34; // from one panel to the next
const STROKES = ["", "9 7", "0.1 6", "9 6 0.1 6"]; // by which curves differ beside their colours

function render({ model, el }) {
  const { runs, panels, colours } = model.get("data");
  const names = Object.keys(runs);
  const longest = Math.max(...names.map((name) => runs[name].epochs));
  const px = (epoch, last) => (last > 1 ? ((epoch - 1) / (last - 1)) * WIDTH : WIDTH / 2);
  const short = (value) => {
    const size = Math.abs(value);
    const plain = size === 0 || (size >= 1e-3 && size < 1e5);
    const text = plain ? String(Number(value.toPrecision(3))) : value.toExponential(1);
    return text.replaceAll("-", "\u2212");
  };

  // All runs share a panel's axis, so that they can be compared.
  const scales = panels.map(({ columns, log }, number) => {
    const every = names.flatMap((name) => columns.flatMap((column) => runs[name].curves[column]));
    const on = log ? Math.log10 : (value) => value;
    const [low, high] = [on(Math.min(...every)), on(Math.max(...every))];
    const margin = 0.06 * (high - low || 1);
    const [bottom, top] = [low - margin, high + margin];
    return {
      at: (value) => STEP * number + HEIGHT * ((top - on(value)) / (top - bottom)),
      ticks: log ? powers(10 ** bottom, 10 ** top) : ticks(bottom, top),
      top: STEP * number,
      bottom: STEP * number + HEIGHT,
    };
  });

  // 1, 2 and 5 times the powers of ten; where they are many, the powers alone.
  function powers(low, high) {
    const found = [];
    for (let p = Math.floor(Math.log10(low)); 10 ** p <= high; p++) {
      for (const digit of [1, 2, 5]) found.push({ value: digit * 10 ** p, whole: digit === 1 });
    }
    const inside = found.filter(({ value }) => value >= low && value <= high);
    const chosen = inside.length > 5 ? inside.filter(({ whole }) => whole) : inside;
    return chosen.map(({ value }) => ({ value, text: short(value) }));
  }

  const below = STEP * (panels.length - 1) + HEIGHT;
  // Epochs are each run's own: a short one fills the plot, and its slider ends with it.
  const epochs = (last) => axes(WIDTH, {
    ticks: last > 1
      ? ticks(1, last).filter(({ value }) => Number.isInteger(value)) : [{ value: 1, text: "1" }],
    at: (epoch) => px(epoch, last),
    name: "epoch",
  }, scales);
  const curves = panels.flatMap(({ columns }, number) =>
    columns.map((column, place) => ({ column, number, place })));
  const colour = (i) => `--base:${colours[i % colours.length]}`;

  const find = build(el, model.get("title"), `
      <div class="side">
        <div class="sheet"><img><div class="said"></div></div>
        <div class="controls run">
          <table>${curves.map(({ place }, i) =>
            `<tr class="class" style="${colour(i)}">
               <th scope="row" data-stroke="${place}"><code></code></th><td></td></tr>`).join("")}
          </table>
        </div>
      </div>
      <svg class="plane curves" viewBox="-78 -24 520 ${below + 74}" role="img">
        <g class="axes"></g>
        <g class="axes">
          ${panels.map((_, n) => `<text class="name panel" x="0" y="${STEP * n - 8}"></text>`).join("")}
        </g>
        <path class="cross"/>
        ${curves.map(({ place }, i) => `<g class="class" style="${colour(i)}">
          <path class="line course" stroke-dasharray="${STROKES[place]}"/><path class="dots"/>
        </g>`).join("")}
      </svg>`);
  const all = (selector) => [...el.querySelectorAll(selector)];
  const controls = find(".controls");
  const table = find("table");
  write(all(".name.panel"), panels.map(({ name }) => name));
  write(all("th code"), curves.map(({ column }) => column));
  const change = (run, epoch) => // not every run is as long
    changer(model, show)({ run, epoch: Math.min(epoch, runs[run].epochs) });
  const choose = addChoice(controls, "run", names, (name) => change(name, model.get("epoch")));
  const slide = addSlider(controls, "epoch", "epoch", [1, longest],
    (epoch) => change(model.get("run"), epoch), true);
  const input = find("input");
  input.removeAttribute("max"); // each run sets its own
  controls.append(table); // below what it follows
  const say = announcer(el);

  function show() {
    const [name, epoch] = [model.get("run"), model.get("epoch")];
    const run = runs[name];
    const recorded = Object.keys(run.sheets).map(Number).filter((number) => number <= epoch);
    const sheet = recorded.length ? Math.max(...recorded) : null;
    find(".sheet img").hidden = sheet === null;
    if (sheet !== null) find(".sheet img").src = run.sheets[sheet];
    const samples = sheet === null ? "No samples were recorded yet" : `Samples after epoch ${sheet}`;
    find(".sheet img").alt = `${samples} of the run ${name}`;
    find(".said").textContent = samples;

    if (input.max !== String(run.epochs)) {
      input.max = run.epochs;
      find(".axes").innerHTML = epochs(run.epochs);
    }
    const courses = all(".line.course");
    const dots = all(".plane .dots");
    const cells = all("td");
    const told = curves.map(({ column, number }, i) => {
      const [values, { at }] = [run.curves[column], scales[number]];
      const points = values.map((v, t) => `${px(t + 1, run.epochs).toFixed(1)} ${at(v).toFixed(1)}`);
      courses[i].setAttribute("d", `M${points.join("L")}`);
      dots[i].setAttribute("d", `M${points[epoch - 1]}h0`);
      cells[i].textContent = short(values[epoch - 1]);
      return `${column} ${cells[i].textContent}`;
    });
    find(".cross").setAttribute("d", `M${px(epoch, run.epochs)} 0V${below}`);
    choose(name);
    slide(epoch);
    const words = `${name}, epoch ${epoch} of ${run.epochs}: ${told.join(", ")}`;
    find(".plane").setAttribute("aria-label", `Curves over epochs. ${words}.`);
    say(`${samples}. ${words}.`);
  }

  return follow(model, ["run", "epoch"], show);
}
