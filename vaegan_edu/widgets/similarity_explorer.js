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
  const offsets = Array.from({ length: 2 * REACH + 1 }, (_, i) => i - REACH);
  const raw = offsets.map((k) => Math.exp(-0.5 * (k / blur) ** 2));
  const total = raw.reduce((sum, weight) => sum + weight);
  const along = (values, size, stride) => values.map((_, i) => {
    const at = Math.floor(i / stride) % size;
    return offsets.reduce((sum, k, j) => {
      const inside = at + k >= 0 && at + k < size;
      return sum + (raw[j] / total) * (inside ? values[i + k * stride] : BLACK);
    }, 0);
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

  // Errors at every shift; kept until the image or the blur is another.
  let known = {};
  function errors(name, blur) {
    if (known.name === name && known.blur === blur) return known;
    const original = image(name);
    const features = decode(network, weights, original);
    known = { name, blur, pixels: [], features: [] };
    for (const shift of shifts) {
      const copy = changed(original, [height, width], shift, blur);
      known.pixels.push(halfSquares(original, copy));
      known.features.push(halfSquares(features, decode(network, weights, copy)));
    }
    return known;
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
            <tr><th></th><th scope="col">pixels</th><th scope="col">features</th></tr>
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

  function show() {
    const [name, shift, blur] = ["image", "shift", "blur"].map((key) => model.get(key));
    const found = errors(name, blur);
    const [original, other] = el.querySelectorAll("canvas");
    draw(original, image(name), `Image ${name}`);
    draw(other, changed(image(name), [height, width], shift, blur),
      `Image ${name}, shifted by ${format(shift, 0)} and blurred by ${format(blur)} pixels`);
    const now = shifts.indexOf(shift);
    const cells = el.querySelectorAll("td");
    const words = ["pixels", "features"].map((kind, column) => {
      const relative = found[kind].map((error) => error / data.another[kind]);
      const points = relative.map((error, i) => `${px(shifts[i])} ${py(error).toFixed(1)}`);
      find(`.line.${kind}`).setAttribute("d", `M${points.join("L")}`);
      find(`.at-${kind}`).setAttribute("cx", px(shift));
      find(`.at-${kind}`).setAttribute("cy", py(relative[now]));
      cells[column].textContent = format(found[kind][now], 1);
      cells[2 + column].textContent = format(relative[now]);
      return `${format(relative[now])} by ${kind}`;
    });
    choose(name);
    slide.shift(shift);
    slide.blur(blur);
    tell("Error over shift, by pixels and by features.",
      `The copy's error is ${words.join(", ")}, times that of another image`);
  }

  return follow(model, ["image", "shift", "blur"], show);
}
