// An image beside its changed copy: how far apart they are by pixels, and by a network's features.

const WIDTH = 420;
const HEIGHT = 230;
const SHIFT = [-6, 6]; // whole pixels
const BLUR = [0, 3]; // standard deviation, pixels
const REACH = 9; // of the blur to each side, pixels: three times its greatest deviation
const BLACK = -1; // what comes in from outside the image
const ERROR = [0, 2]; // as a multiple of another image's; what is higher is drawn at the top

// The copy: moved to the right by whole pixels, then blurred along rows and along columns.
function changed(image, [height, width], shift, blur) {
  const moved = image.map((_, i) => {
    const from = (i % width) - shift;
    return from < 0 || from >= width ? BLACK : image[i - shift];
  });
  if (blur === 0) return moved;
  const weights = Array.from({ length: 2 * REACH + 1 }, (_, i) => Math.exp(-0.5 * ((i - REACH) / blur) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight);
  const along = (values, size, stride) => values.map((_, i) => {
    const at = Math.floor(i / stride) % size;
    let sum = 0;
    for (let k = -REACH; k <= REACH; k++) {
      const inside = at + k >= 0 && at + k < size;
      sum += (weights[k + REACH] / total) * (inside ? values[i + k * stride] : BLACK);
    }
    return sum;
  });
  return along(along(moved, width, 1), height, width);
}

const halfSquares = (a, b) => 0.5 * a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);

function render({ model, el }) {
  const data = model.get("data");
  const { names, network } = data;
  const [height, width] = network.input;
  const weights = floats(network.weights);
  const pixels = floats(data.images);
  const image = (name) => {
    const start = names.indexOf(name) * height * width;
    return Float64Array.from(pixels.subarray(start, start + height * width));
  };
  const shifts = Array.from({ length: SHIFT[1] - SHIFT[0] + 1 }, (_, i) => SHIFT[0] + i);
  const px = (shift) => ((shift - SHIFT[0]) / (SHIFT[1] - SHIFT[0])) * WIDTH;
  const py = (error) => HEIGHT * (1 - Math.min(error, ERROR[1]) / ERROR[1]);

  // Errors by shift, of one image and one blur, and the features of the original: a network's pass
  // takes longer than a hand waits, so no shift is measured twice.
  let known = {};
  let features = {};
  function measure(name, blur, place) {
    if (features.name !== name) features = { name, values: decode(network, weights, image(name)) };
    const copy = changed(image(name), [height, width], shifts[place], blur);
    known.pixels[place] = halfSquares(image(name), copy);
    known.features[place] = halfSquares(features.values, decode(network, weights, copy));
  }

  const find = build(el, data.title, `
      <svg class="plane" viewBox="-66 -14 496 ${HEIGHT + 72}" role="img">
        <g class="axes">${axes(WIDTH, { ticks: ticksAt([-6, -4, -2, 0, 2, 4, 6]), at: px, name: "shift" }, [
          { ticks: ticksAt([0, 0.5, 1, 1.5, 2], 1), at: py, name: "relative error",
            top: 0, bottom: HEIGHT }])}</g>
        <path class="floor" d="M0 ${py(1)}H${WIDTH}"/>
        <path class="line pixels"/><path class="line features"/>
        <circle class="handle at-pixels" r="6"/><circle class="handle at-features" r="6"/>
        <text class="tag" x="6" y="${py(1) - 6}">another image</text>
        <text class="tag pixels" x="${WIDTH - 6}" y="${HEIGHT - 30}" text-anchor="end">pixels, grey</text>
        <text class="tag features" x="${WIDTH - 6}" y="${HEIGHT - 9}" text-anchor="end">features</text>
      </svg>
      <div class="side">
        <div class="pair">
          <canvas role="img" width="${width}" height="${height}"></canvas>
          <canvas role="img" width="${width}" height="${height}"></canvas>
        </div>
        <div class="controls similarity">
          <table>
            <tr><td></td><th scope="col">pixels</th><th scope="col">features</th></tr>
            <tr><th scope="row">error</th><td></td><td></td></tr>
            <tr><th scope="row">over another image's</th><td></td><td></td></tr>
          </table>
        </div>
      </div>`);
  const controls = find(".controls");
  const change = changer(model, show);
  const choose = addChoice(controls, "image", names, (image) => change({ image }));
  const slide = {
    shift: addSlider(controls, "shift", "shift to the right in pixels", SHIFT,
      (shift) => change({ shift }), true),
    blur: addSlider(controls, "blur", "blur, standard deviation in pixels", BLUR,
      (blur) => change({ blur })),
  };
  const tell = teller(el);

  function draw(canvas, values, words) {
    const context = canvas.getContext("2d");
    const picture = context.createImageData(width, height);
    for (let i = 0; i < picture.data.length; i++) {
      picture.data[i] = (i & 3) === 3 ? 255 : (values[i >> 2] + 1) * 127.5;
    }
    context.putImageData(picture, 0, 0);
    canvas.setAttribute("aria-label", words);
  }

  // What was moved is shown at once. The errors follow, one shift at a time, so that no step of it
  // holds up the hand: first those of the copy, at last both curves.
  let waiting;
  function show() {
    const [name, shift, blur] = ["image", "shift", "blur"].map((key) => model.get(key));
    if (known.name !== name || known.blur !== blur) known = { name, blur, pixels: [], features: [] };
    const [original, other] = el.querySelectorAll("canvas");
    draw(original, image(name), `Image ${name}`);
    draw(other, changed(image(name), [height, width], shift, blur),
      `Image ${name}, shifted by ${format(shift, 0)} and blurred by ${format(blur)} pixels`);
    choose(name);
    slide.shift(shift);
    slide.blur(blur);
    const now = shifts.indexOf(shift);
    clearTimeout(waiting);
    if (known.features[now] !== undefined) point(now);
    const order = [now, ...shifts.keys()].filter((place) => known.features[place] === undefined);
    const next = () => {
      const place = order.shift();
      if (known.features[place] === undefined) measure(name, blur, place);
      if (place === now) point(now);
      if (order.length) waiting = setTimeout(next);
      else curves();
    };
    find(".plane").setAttribute("aria-busy", order.length > 0);
    if (order.length) waiting = setTimeout(next);
    else curves();
  }

  const relative = (kind, place) => known[kind][place] / data.another[kind];

  function point(now) {
    const cells = el.querySelectorAll("th[scope=row] ~ td");
    const words = ["pixels", "features"].map((kind, column) => {
      find(`.at-${kind}`).setAttribute("cx", px(shifts[now]));
      find(`.at-${kind}`).setAttribute("cy", py(relative(kind, now)));
      cells[column].textContent = format(known[kind][now], 1);
      cells[2 + column].textContent = format(relative(kind, now));
      return `${format(relative(kind, now))} by ${kind}`;
    });
    tell("Error over shift, by pixels and by features.",
      `The copy's error is ${words.join(", ")}, times that of another image`);
  }

  function curves() {
    for (const kind of ["pixels", "features"]) {
      const points = shifts.map((shift, i) => `${px(shift)} ${py(relative(kind, i)).toFixed(1)}`);
      find(`.line.${kind}`).setAttribute("d", `M${points.join("L")}`);
    }
    find(".plane").setAttribute("aria-busy", false);
  }

  return follow(model, ["image", "shift", "blur"], show);
}
