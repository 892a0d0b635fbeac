// Samples that the reader changes, and the measures of what is left of them.

const SLIDERS = {
  truncation: [0.2, 1, "truncation, the factor on every code before it is decoded"],
  contrast: [0.5, 4, "contrast, the factor by which it is raised"],
  repetition: [0, 0.95, "repetition, the share of samples that are copies of others"],
  noise: [0, 0.5, "noise, the standard deviation that is added to each pixel"],
};
const PLAIN = { truncation: 1, contrast: 1, repetition: 0, noise: 0 };
const CONTROL = { ...PLAIN, contrast: 2 };
const MEASURES = {
  frechet: ["Fréchet distance", 1], precision: ["precision", 3], recall: ["recall", 3],
  coverage: ["coverage", 3],
};
const SHOWN = 40;

function render({ model, el }) {
  const columns = ["now", "as drawn", "control", "floor"];
  const find = build(el, model.get("title"), `
      <div class="fool">
        <p class="said ask">Two decoders, the classifier and the features of real images, about
          a megabyte, are loaded when you ask for them. Nothing leaves this page.</p>
        <p><button type="button" class="begin">Load and draw samples</button>
          <span class="state" role="status"></span></p>
        <div class="panels bench" hidden>
          <canvas role="img" width="231" height="144"></canvas>
          <div class="controls"></div>
          <table class="measures"><thead><tr><td></td>${columns.map((name) =>
            `<th scope="col">${name}</th>`).join("")}</tr></thead>
            <tbody>${Object.values(MEASURES).map(([name]) =>
              `<tr><th scope="row">${name}</th>${columns.map(() => "<td></td>").join("")}</tr>`).join("")}
            </tbody></table>
          <p><button type="button" class="plain">As drawn</button></p>
        </div>
      </div>`);
  const say = announcer(el);
  const canvas = find("canvas");
  let worker = null;
  let number = 0; // of the last question
  let waiting = null; // what to ask when the worker is free
  let busy = false;
  const asked = new Map();

  const settings = () => Object.fromEntries(
    ["model", ...Object.keys(SLIDERS)].map((name) => [name, model.get(name)]));

  function put(column, measured) {
    Object.entries(MEASURES).forEach(([name, [, digits]], row) => {
      const cells = find("tbody").rows[row].querySelectorAll("td");
      cells[columns.indexOf(column)].textContent = measured ? format(measured[name], digits) : "";
    });
  }

  function ask(question) {
    const { then, ...given } = question;
    busy = true;
    asked.set(++number, then);
    worker.postMessage({ number, ...given });
  }

  // The hand may be quicker than the measures: of all its places the last one counts.
  function next() {
    if (busy || !waiting?.length) return;
    ask(waiting.shift());
  }

  function show() {
    slide();
    choose(model.get("model"));
    if (!worker) return;
    const now = settings();
    const drawn = { model: now.model };
    waiting = [
      { ...now, then: ({ images, measured }) => {
        const grey = images.subarray(0, SHOWN * 784).map((x) => (x + 1) * 127.5);
        sheet(canvas, grey, 8);
        canvas.setAttribute("aria-label", `${SHOWN} of the samples of the ${now.model}`);
        put("now", measured);
        model.set("measured", measured);
        say(`Fréchet distance ${format(measured.frechet, 1)}, ${["precision", "recall", "coverage"]
          .map((name) => `${name} ${format(measured[name], 2)}`).join(", ")}`);
      } },
    ];
    if (model.get("beside") !== now.model) {
      put("as drawn");
      put("control");
      waiting.push({ ...drawn, ...PLAIN, then: ({ measured }) => put("as drawn", measured) });
      waiting.push({ ...drawn, ...CONTROL, then: ({ measured }) => {
        put("control", measured);
        model.set("beside", now.model);
      } });
    }
    next();
  }

  async function begin() {
    find(".begin").disabled = true;
    find(".state").textContent = "Loading.";
    try {
      const { engine, ...data } = await loadScript(model.get("address"), "vaeganTrial");
      worker = new Worker(URL.createObjectURL(new Blob([engine], { type: "text/javascript" })));
      worker.onerror = (event) => { find(".state").textContent = `It broke off: ${event.message}`; };
      worker.onmessage = ({ data: told }) => {
        if (told.floor) {
          put("floor", told.floor);
        } else if (told.share !== undefined) {
          find(".state").textContent = told.share < 1 ? `${Math.round(100 * told.share)} %` : "";
          return;
        } else {
          busy = false;
          find(".state").textContent = "";
          asked.get(told.number)(told);
          asked.delete(told.number);
        }
        next();
      };
      worker.postMessage({ data });
      find(".begin").parentElement.prepend(find(".state"));
      find(".begin").remove();
      find(".ask").remove();
      find(".bench").hidden = false;
      find("select").focus({ preventScroll: true });
      show();
    } catch (error) {
      find(".begin").disabled = false;
      find(".state").textContent = `${error.message}. Try again.`;
    }
  }

  const controls = find(".controls");
  const change = changer(model, show);
  const choose = addChoice(controls, "model", model.get("models"), (value) => change({ model: value }));
  const ranges = Object.fromEntries(Object.entries(SLIDERS).map(([k, [low, high]]) => [k, [low, high]]));
  const words = Object.fromEntries(Object.entries(SLIDERS).map(([k, [, , text]]) => [k, text]));
  const slide = addSliders(controls, model, ranges, words, show);
  find(".begin").addEventListener("click", begin);
  find(".plain").addEventListener("click", () => change(PLAIN));
  return follow(model, ["model", ...Object.keys(SLIDERS)], show);
}
