// The data of both games, and the decoder of the walk, lie beside the pages as classic scripts: a
// page that was opened from a folder may load no other. Nothing is loaded before it is asked for.

const loadScript = (address, name) => new Promise((resolve, reject) => {
  if (globalThis[name]) { resolve(globalThis[name]); return; }
  const script = document.createElement("script");
  script.src = address;
  script.onload = () => resolve(globalThis[name]);
  script.onerror = () => reject(new Error(`${address} could not be loaded`));
  document.head.append(script);
});

// Draws grey images (values in [0, 255]) in rows onto a canvas, a gap of one pixel between them.
function sheet(canvas, values, columns, side = 28) {
  const size = side * side;
  const rows = Math.ceil(values.length / size / columns);
  canvas.width = columns * (side + 1) - 1;
  canvas.height = rows * (side + 1) - 1;
  const context = canvas.getContext("2d");
  for (let n = 0; n * size < values.length; n++) {
    const picture = context.createImageData(side, side);
    for (let i = 0; i < size; i++) {
      picture.data.fill(values[n * size + i], 4 * i, 4 * i + 3);
      picture.data[4 * i + 3] = 255;
    }
    context.putImageData(picture, (n % columns) * (side + 1), Math.floor(n / columns) * (side + 1));
  }
}
