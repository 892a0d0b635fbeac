// Small dense networks: forward, backward and Adam, on batches of rows in Float64Array.
//
// A network is a list of layers. `forward` keeps what each layer gave (the tape); `backward` takes
// the gradient of a loss at the outputs of some layers, its adjoints, back to the parameters and to
// the input.

// out (m, n) = a (m, k) b (k, n), in floats by simd.js where there is one, else in doubles.
let simdProduct = null;
const multiply = (a, b, m, k, n) =>
  (simdProduct && simdProduct(a, b, m, k, n)) || plainProduct(a, b, m, k, n);

// Two rows and four terms of the sum at a time.
function plainProduct(a, b, m, k, n) {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i += 2) {
    const two = i + 1 < m;
    const [r0, r1] = [i * n, two ? (i + 1) * n : i * n];
    const [s0, s1] = [i * k, two ? (i + 1) * k : i * k];
    let p = 0;
    for (; p + 3 < k; p += 4) {
      const a00 = a[s0 + p], a01 = a[s0 + p + 1], a02 = a[s0 + p + 2], a03 = a[s0 + p + 3];
      const a10 = a[s1 + p], a11 = a[s1 + p + 1], a12 = a[s1 + p + 2], a13 = a[s1 + p + 3];
      let [q0, q1, q2, q3] = [p * n, (p + 1) * n, (p + 2) * n, (p + 3) * n];
      for (let j = 0; j < n; j++) {
        const b0 = b[q0++], b1 = b[q1++], b2 = b[q2++], b3 = b[q3++];
        out[r0 + j] += a00 * b0 + a01 * b1 + a02 * b2 + a03 * b3;
        if (two) out[r1 + j] += a10 * b0 + a11 * b1 + a12 * b2 + a13 * b3;
      }
    }
    for (; p < k; p++) {
      for (let j = 0; j < n; j++) {
        out[r0 + j] += a[s0 + p] * b[p * n + j];
        if (two) out[r1 + j] += a[s1 + p] * b[p * n + j];
      }
    }
  }
  return out;
}

function transpose(a, m, n) {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j];
  return out;
}

function addInto(target, values, factor = 1) {
  for (let i = 0; i < values.length; i++) target[i] += factor * values[i];
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// Layers. Each has `width` (of its output), `parameters` (name -> {shape, values}), and two
// functions: `forward(x, batch) -> {out, ...what backward needs}` and
// `backward(kept, dy, x, batch, gradients, needsInput) -> dx`, which adds the parameters' gradients
// to `gradients` where that is not null.

// y = x kernel + bias
function dense(inputs, width, random, zeros = false) {
  const limit = zeros ? 0 : Math.sqrt(6 / (inputs + width)); // Glorot & Bengio 2010, uniform
  const kernel = Float64Array.from({ length: inputs * width }, () => limit * (2 * random() - 1));
  const parameters = {
    kernel: { shape: [inputs, width], values: kernel },
    bias: { shape: [width], values: new Float64Array(width) },
  };
  return {
    width,
    parameters,
    forward(x, batch) {
      const out = multiply(x, kernel, batch, inputs, width);
      const bias = parameters.bias.values;
      for (let i = 0; i < batch; i++) for (let j = 0; j < width; j++) out[i * width + j] += bias[j];
      return { out };
    },
    backward(kept, dy, x, batch, gradients, needsInput) {
      if (gradients) {
        addInto(gradients.kernel, multiply(transpose(x, batch, inputs), dy, inputs, batch, width));
        for (let i = 0; i < batch; i++) {
          for (let j = 0; j < width; j++) gradients.bias[j] += dy[i * width + j];
        }
      }
      if (!needsInput) return null;
      return multiply(dy, transpose(kernel, inputs, width), batch, width, inputs);
    },
  };
}

// max(x, slope x): ReLU with slope 0, LeakyReLU with a small one.
function rectifier(width, slope = 0) {
  return {
    width,
    parameters: {},
    forward(x) {
      const out = new Float64Array(x.length);
      for (let i = 0; i < x.length; i++) out[i] = x[i] > 0 ? x[i] : slope * x[i];
      return { out };
    },
    backward(kept, dy, x) {
      const dx = new Float64Array(x.length);
      for (let i = 0; i < x.length; i++) dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
      return dx;
    },
  };
}

function tanh(width) {
  return {
    width,
    parameters: {},
    forward(x) {
      const out = new Float64Array(x.length);
      for (let i = 0; i < x.length; i++) out[i] = Math.tanh(x[i]);
      return { out };
    },
    backward({ out }, dy) {
      const dx = new Float64Array(dy.length);
      for (let i = 0; i < dy.length; i++) dx[i] = dy[i] * (1 - out[i] * out[i]);
      return dx;
    },
  };
}

// Minibatch discrimination (Salimans et al. 2016, section 3.2): to the features of each example the
// layer appends o[i, b] = scale * sum over j != i of exp(-||M[i, b] - M[j, b]||_1), M = x kernel.
function minibatchDiscrimination(inputs, kernels, kernelDim, scale, normal) {
  const columns = kernels * kernelDim;
  const width = inputs + kernels;
  // So small that examples of unit variance start at a distance of about one.
  const stddev = 1 / (kernelDim * Math.sqrt(inputs));
  const kernel = Float64Array.from({ length: inputs * columns }, () => stddev * normal());
  return {
    width,
    parameters: { kernel: { shape: [inputs, kernels, kernelDim], values: kernel } },
    forward(x, batch) {
      const m = multiply(x, kernel, batch, inputs, columns);
      const closeness = new Float64Array(batch * batch * kernels); // by pairs, i > j
      const out = new Float64Array(batch * width);
      for (let i = 0; i < batch; i++) {
        for (let f = 0; f < inputs; f++) out[i * width + f] = x[i * inputs + f];
        for (let j = 0; j < i; j++) {
          for (let b = 0; b < kernels; b++) {
            let distance = 0;
            for (let c = b * kernelDim; c < (b + 1) * kernelDim; c++) {
              distance += Math.abs(m[i * columns + c] - m[j * columns + c]);
            }
            const e = scale * Math.exp(-distance);
            closeness[(i * batch + j) * kernels + b] = e;
            out[i * width + inputs + b] += e;
            out[j * width + inputs + b] += e;
          }
        }
      }
      return { out, m, closeness };
    },
    backward({ m, closeness }, dy, x, batch, gradients, needsInput) {
      const dm = new Float64Array(batch * columns);
      for (let i = 0; i < batch; i++) {
        for (let j = 0; j < i; j++) {
          for (let b = 0; b < kernels; b++) {
            // The pair's closeness stands in o[i, b] and in o[j, b].
            const d = (dy[i * width + inputs + b] + dy[j * width + inputs + b]) *
              closeness[(i * batch + j) * kernels + b];
            for (let c = b * kernelDim; c < (b + 1) * kernelDim; c++) {
              const slope = d * Math.sign(m[i * columns + c] - m[j * columns + c]);
              dm[i * columns + c] -= slope;
              dm[j * columns + c] += slope;
            }
          }
        }
      }
      if (gradients) {
        const dk = multiply(transpose(x, batch, inputs), dm, inputs, batch, columns);
        addInto(gradients.kernel, dk);
      }
      if (!needsInput) return null;
      const dx = multiply(dm, transpose(kernel, inputs, columns), batch, columns, inputs);
      for (let i = 0; i < batch; i++) {
        for (let f = 0; f < inputs; f++) dx[i * inputs + f] += dy[i * width + f];
      }
      return dx;
    },
  };
}

// A batch through all layers: the tape holds the input and what each layer kept.
function forward(layers, input) {
  const batch = input.length / layers.inputs;
  const kept = [];
  let x = input;
  for (const layer of layers) {
    kept.push(layer.forward(x, batch));
    x = kept[kept.length - 1].out;
  }
  return { batch, input, kept, out: x };
}

// Takes adjoints, {layer index: gradient at its output}, back through a tape. Returns the gradient
// at the input, or null where nobody needs it.
function backward(layers, tape, adjoints, gradients = null, needsInput = true) {
  let dy = null;
  for (let l = layers.length - 1; l >= 0; l--) {
    if (adjoints[l]) {
      if (dy) addInto(dy, adjoints[l]);
      else dy = adjoints[l].slice();
    }
    if (!dy) continue;
    const x = l ? tape.kept[l - 1].out : tape.input;
    const own = gradients && gradients[l];
    dy = layers[l].backward(tape.kept[l], dy, x, tape.batch, own, l > 0 || needsInput);
  }
  return dy;
}

const zeroGradients = (layers) => layers.map(({ parameters }) => Object.fromEntries(
  Object.entries(parameters).map(([name, { values }]) => [name, new Float64Array(values.length)])));

// The three networks. `random` is uniform in [0, 1), `normal` standard normal.
const PIXELS = 64;
const LEAK = 0.2; // slope of the LeakyReLU below zero

function withInputs(inputs, layers) {
  return Object.assign(layers, { inputs });
}

// Images to (z_mean, z_log_var), side by side. A zero kernel starts every variance at 1.
function buildEncoder({ hidden, latent_dim }, random) {
  const heads = dense(hidden, 2 * latent_dim, random);
  const { values } = heads.parameters.kernel;
  for (let i = 0; i < hidden; i++) {
    values.fill(0, (2 * i + 1) * latent_dim, (2 * i + 2) * latent_dim);
  }
  return withInputs(PIXELS, [
    dense(PIXELS, hidden, random), rectifier(hidden, LEAK), heads,
  ]);
}

function buildDecoder({ hidden, latent_dim }, random) {
  return withInputs(latent_dim, [
    dense(latent_dim, hidden, random), rectifier(hidden),
    dense(hidden, hidden, random), rectifier(hidden),
    dense(hidden, PIXELS, random), tanh(PIXELS),
  ]);
}

// `features` is the layer whose outputs the feature loss compares, upstream of minibatch
// discrimination: what depends on the other images of a batch is no description of one.
function buildDiscriminator({ hidden, kernels, kernel_dim, kernel_scale }, random, normal) {
  const half = hidden / 2;
  const layers = [
    dense(PIXELS, hidden, random), rectifier(hidden, LEAK),
    dense(hidden, half, random), rectifier(half, LEAK),
  ];
  const features = layers.length - 2; // before its activation
  if (kernels) {
    layers.push(minibatchDiscrimination(half, kernels, kernel_dim, kernel_scale, normal));
  }
  layers.push(dense(layers[layers.length - 1].width, 1, random));
  return Object.assign(withInputs(PIXELS, layers), { features });
}

// Adam (Kingma & Ba 2015, in the form before section 2.1, as Keras computes it).
function adam(layers, beta1 = 0.5, beta2 = 0.999, epsilon = 1e-7) {
  const [m, v] = [zeroGradients(layers), zeroGradients(layers)];
  let t = 0;
  return (gradients, rate) => {
    t += 1;
    const alpha = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    layers.forEach(({ parameters }, l) => {
      for (const [name, { values }] of Object.entries(parameters)) {
        const g = gradients[l][name];
        const first = m[l][name];
        const second = v[l][name];
        for (let i = 0; i < values.length; i++) {
          const f = first[i] + (1 - beta1) * (g[i] - first[i]);
          const s = second[i] + (1 - beta2) * (g[i] * g[i] - second[i]);
          first[i] = f;
          second[i] = s;
          values[i] -= (alpha * f) / (Math.sqrt(s) + epsilon);
        }
      }
    });
  };
}
