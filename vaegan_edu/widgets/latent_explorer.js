// The latent plane beside the image decoded from the chosen point.

const SIDE = 400; // the plane's side in SVG units

function render({ model, el }) {
  const data = model.get("data");
  const { classes, labels, limits, prior } = data;
  const weights = floats(data.decoder.weights);
  const codes = floats(data.codes);
  const [low, span] = [[limits[0][0], limits[1][0]], limits[0][1] - limits[0][0]];
  const px = (x) => ((x - low[0]) / span) * SIDE;
  const py = (y) => SIDE - ((y - low[1]) / span) * SIDE;

  const find = build(el, data.title, `
      <svg class="plane" viewBox="-66 -6 472 460" tabindex="0" role="application"
           aria-label="Latent plane. Arrow keys move the point, with Shift by smaller steps.">
        <g class="axes">${axes(SIDE, { ticks: ticks(...limits[0]), at: px, name: "z[0]" }, [
          { ticks: ticks(...limits[1]), at: py, name: "z[1]", top: 0, bottom: SIDE }])}</g>
        <svg class="inside" width="${SIDE}" height="${SIDE}" viewBox="0 0 ${SIDE} ${SIDE}">
          <rect class="ground" width="${SIDE}" height="${SIDE}"/>
          ${classes.map((_, c) => `<g class="class" style="--base:${data.colours[c]}">
            <path class="rim" d="${dots(c)}"/><path class="dots" d="${dots(c)}"/></g>`).join("")}
          ${(prior ? [1, 2] : []).map((r) =>
            `<circle class="prior" cx="${px(0)}" cy="${py(0)}" r="${(r / span) * SIDE}"/>
             <text class="sd" x="${px(0)}" y="${py(r) - 4}" text-anchor="middle">${r} sd</text>`).join("")}
          ${classes.map((_, c) => {
            const [x, y] = centre(c);
            return `<text class="mark" x="${px(x)}" y="${py(y) + 7}" text-anchor="middle"></text>`;
          }).join("")}
          <path class="cross"/>
          <circle class="reach" r="26"/><circle class="handle" r="8"/>
        </svg>
      </svg>
      <div class="side">
        <canvas role="img" width="${data.image[1]}" height="${data.image[0]}"></canvas>
        <div class="controls"><div class="said"></div></div>
      </div>`,
    '<div class="legend" role="group" aria-label="Go to the centre of a class"></div>');

  // A class is one path of zero-length strokes with round caps: light, and coloured by the style.
  function dots(c) {
    let path = "";
    labels.forEach((label, i) => {
      if (label === c) path += `M${px(codes[2 * i]).toFixed(1)} ${py(codes[2 * i + 1]).toFixed(1)}h0`;
    });
    return path;
  }
  function centre(c) {
    const sum = [0, 0, 0];
    labels.forEach((label, i) => {
      if (label !== c) return;
      sum[0] += codes[2 * i];
      sum[1] += codes[2 * i + 1];
      sum[2] += 1;
    });
    return [sum[0] / sum[2], sum[1] / sum[2]];
  }
  function nearest([x, y]) {
    let best = 0;
    let shortest = Infinity;
    labels.forEach((_, i) => {
      const distance = Math.hypot(codes[2 * i] - x, codes[2 * i + 1] - y);
      if (distance < shortest) [best, shortest] = [i, distance];
    });
    return { name: classes[labels[best]], distance: shortest };
  }

  const plane = find(".plane");
  const inside = find(".inside");
  const canvas = find("canvas");
  const context = canvas.getContext("2d");
  const image = context.createImageData(data.image[1], data.image[0]);
  write(el.querySelectorAll(".mark"), classes);

  const said = find(".said");
  const sliders = [0, 1].map((axis) =>
    addSlider(find(".controls"), `z[${axis}]`, `z[${axis}], latent coordinate ${axis + 1} of 2`,
      limits[axis], (value) => {
        const point = [...model.get("point")];
        point[axis] = value;
        choose(point);
      }));
  const say = announcer(el);
  classes.forEach((name, c) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "class";
    button.style.setProperty("--base", data.colours[c]);
    button.textContent = name;
    button.title = `Go to the centre of class ${name}`;
    button.addEventListener("click", () => choose(centre(c)));
    find(".legend").append(button);
  });

  function choose(point) {
    const within = (v, axis) => Math.min(limits[axis][1], Math.max(limits[axis][0], v));
    changer(model, show)({ point: point.map((v, axis) => round(within(v, axis))) });
  }

  function show() {
    const point = model.get("point");
    const [x, y] = [px(point[0]), py(point[1])];
    find(".cross").setAttribute("d", `M${x} 0V${SIDE}M0 ${y}H${SIDE}`);
    for (const circle of [find(".reach"), find(".handle")]) {
      circle.setAttribute("cx", x);
      circle.setAttribute("cy", y);
    }
    sliders.forEach((set, axis) => set(point[axis]));

    const values = decode(data.decoder, weights, point);
    const channels = data.image[2];
    for (let i = 0; i < image.data.length; i++) {
      const [pixel, colour] = [i >> 2, i & 3];
      const value = values[pixel * channels + (channels === 3 ? colour : 0)];
      image.data[i] = colour === 3 ? 255 : (value + 1) * 127.5; // [-1, 1] to [0, 255], clamped
    }
    context.putImageData(image, 0, 0);

    const { name, distance } = nearest(point);
    said.textContent = `Nearest code: class ${name}, ${format(distance)} away`;
    const where = `z = (${format(point[0])}, ${format(point[1])})`;
    canvas.setAttribute("aria-label", `Image decoded from ${where}`);
    say(`${where}. ${said.textContent}.`);
  }

  let dragging = false;
  const drag = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(inside.getScreenCTM().inverse());
    choose([low[0] + (at.x / SIDE) * span, low[1] + ((SIDE - at.y) / SIDE) * span]);
  };
  plane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dragging = true;
    drag(event);
    plane.setPointerCapture(event.pointerId); // the drag goes on outside the plane
  });
  plane.addEventListener("pointermove", (event) => { if (dragging) drag(event); });
  for (const end of ["pointerup", "pointercancel"]) {
    plane.addEventListener(end, () => { dragging = false; });
  }
  plane.addEventListener("keydown", (event) => {
    const move = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
    }[event.key];
    if (!move) return;
    event.preventDefault(); // the page must not scroll
    event.stopPropagation(); // nor a notebook change its cell
    const step = (span / 50) * (event.shiftKey ? 0.2 : 1);
    choose(model.get("point").map((v, axis) => v + step * move[axis]));
  });

  return follow(model, ["point"], show);
}
