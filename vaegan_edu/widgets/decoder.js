// Runs in plain JavaScript the decoder that widgets/export.py wrote down. Channels last, one code.

const ACTIVATIONS = {
  linear: () => (x) => x,
  relu: () => (x) => Math.max(x, 0),
  leaky_relu: (slope) => (x) => (x < 0 ? slope * x : x),
  tanh: () => Math.tanh,
  sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
};

// Weights travel as base64 of little-endian float32: exact, and four times shorter than decimals.
function floats(base64) {
  return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
}

function dense(input, { units }, kernel) {
  const size = kernel.length / units;
  return Float64Array.from({ length: (input.length / size) * units }, (_, index) => {
    const column = index % units;
    const row = (index - column) / units;
    let sum = 0;
    for (let i = 0; i < size; i++) sum += input[row * size + i] * kernel[i * units + column];
    return sum;
  });
}

// A convolution and a transposed one walk the same pairs of pixels, in opposite directions: pixel
// (y, x) of the small grid meets pixel (y * stride + ky - pad, ...) of the large one. Keras keeps
// both kernels as [ky, kx, channel of the large grid, channel of the small grid].
function convolve(input, { transposed, small, large, size, stride, pad }, kernel) {
  const [height, width, from] = small;
  const [Height, Width, to] = large;
  const output = new Float64Array(transposed ? Height * Width * to : height * width * from);
  for (let y = 0; y < height; y++) for (let ky = 0; ky < size[0]; ky++) {
    const Y = y * stride[0] + ky - pad[0];
    if (Y < 0 || Y >= Height) continue;
    for (let x = 0; x < width; x++) for (let kx = 0; kx < size[1]; kx++) {
      const X = x * stride[1] + kx - pad[1];
      if (X < 0 || X >= Width) continue;
      const s = (y * width + x) * from;
      const l = (Y * Width + X) * to;
      let k = (ky * size[1] + kx) * to * from;
      for (let i = 0; i < to; i++) for (let j = 0; j < from; j++, k++) {
        if (transposed) output[l + i] += kernel[k] * input[s + j];
        else output[s + j] += kernel[k] * input[l + i];
      }
    }
  }
  return output;
}

function upsample(input, { shape: [height, width, channels], factor }) {
  const columns = width / factor[1];
  return Float64Array.from({ length: height * width * channels }, (_, index) => {
    const pixel = Math.floor(index / channels);
    const row = Math.floor(Math.floor(pixel / width) / factor[0]);
    const column = Math.floor((pixel % width) / factor[1]);
    return input[(row * columns + column) * channels + (index % channels)];
  });
}

const OPERATIONS = {
  dense,
  convolve,
  upsample,
  scale: (input, layer, kernel) => input.map((x, i) => x * kernel[i % kernel.length]),
  activate: (input) => input,
};

// A code in, the image's height * width * channels values out.
function decode({ layers }, weights, z) {
  let values = Float64Array.from(z);
  for (const layer of layers) {
    const kernel = weights.subarray(...layer.kernel);
    const bias = weights.subarray(...layer.bias);
    const activation = ACTIVATIONS[layer.activation[0]](layer.activation[1]);
    values = OPERATIONS[layer.operation](values, layer, kernel).map((x, i) =>
      activation(bias.length ? x + bias[i % bias.length] : x));
  }
  return values;
}
