// In a worker: decodes codes, changes the images and measures them, as vaegan_edu.metrics does.
// Above it stand decoder.js, unpack.js and the laboratory's simd.js.

const BATCH = 8; // images at a time: they fit the memory of the product
const K = 5; // neighbours that span a manifold

const product = makeSimdProduct() ?? (() => null);

function multiply(a, b, m, k, n) {
  const quick = product(a, b, m, k, n);
  if (quick) return quick;
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let p = 0; p < k; p++) {
    const x = a[i * k + p];
    for (let j = 0; j < n; j++) out[i * n + j] += x * b[p * n + j];
  }
  return out;
}

// ----- networks on a batch: (batch, ...) in and out, channels last

// Each place of the small grid meets size[0] x size[1] places of the large one; `visit` gets both.
function pairs({ small, large, size, stride, pad }, batch, visit) {
  const [height, width] = small;
  for (let b = 0, place = 0; b < batch; b++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++, place++) {
      for (let ky = 0; ky < size[0]; ky++) for (let kx = 0; kx < size[1]; kx++) {
        const [Y, X] = [y * stride[0] + ky - pad[0], x * stride[1] + kx - pad[1]];
        if (Y < 0 || Y >= large[0] || X < 0 || X >= large[1]) continue;
        visit(place, ky * size[1] + kx, (b * large[0] + Y) * large[1] + X);
      }
    }
  }
}

function convolveBatch(input, layer, kernel, batch) {
  const { small, large, size, transposed } = layer;
  const [from, to, taps] = [small[2], large[2], size[0] * size[1]];
  const places = batch * small[0] * small[1];
  const width = taps * to;
  if (!transposed) {
    const patches = new Float32Array(places * width);
    pairs(layer, batch, (s, tap, l) => {
      for (let i = 0; i < to; i++) patches[s * width + tap * to + i] = input[l * to + i];
    });
    return multiply(patches, kernel, places, width, from);
  }
  const turned = new Float32Array(from * width); // the kernel, (from, taps * to)
  for (let r = 0; r < width; r++) for (let j = 0; j < from; j++) turned[j * width + r] = kernel[r * from + j];
  const spread = multiply(input, turned, places, from, width);
  const out = new Float64Array(batch * large[0] * large[1] * to);
  pairs(layer, batch, (s, tap, l) => {
    for (let i = 0; i < to; i++) out[l * to + i] += spread[s * width + tap * to + i];
  });
  return out;
}

function apply({ layers }, weights, input, batch) {
  let values = Float64Array.from(input);
  for (const layer of layers) {
    const kernel = weights.subarray(...layer.kernel);
    const bias = weights.subarray(...layer.bias);
    const activation = ACTIVATIONS[layer.activation[0]](layer.activation[1]);
    if (layer.operation === "dense") {
      const size = kernel.length / layer.units;
      values = multiply(values, kernel, values.length / size, size, layer.units);
    } else if (layer.operation === "convolve") {
      values = convolveBatch(values, layer, kernel, batch);
    } else if (layer.operation === "scale") {
      for (let i = 0; i < values.length; i++) values[i] *= kernel[i % kernel.length];
    }
    const shifts = bias.length;
    for (let i = 0; i < values.length; i++) {
      values[i] = activation(shifts ? values[i] + bias[i % shifts] : values[i]);
    }
  }
  return values;
}

function pool(input, [height, width, channels], batch) {
  const [h, w] = [height >> 1, width >> 1];
  const out = new Float64Array(batch * h * w * channels);
  for (let b = 0, at = 0; b < batch; b++) for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    for (let c = 0; c < channels; c++, at++) {
      const of = (dy, dx) => input[((b * height + 2 * y + dy) * width + 2 * x + dx) * channels + c];
      out[at] = Math.max(of(0, 0), of(0, 1), of(1, 0), of(1, 1));
    }
  }
  return out;
}

// The classifier's features (count, 64) of images (count, 28 * 28) in [-1, 1].
function see(stages, images, count, tell = () => {}) {
  const size = images.length / count;
  const found = [];
  for (let start = 0; start < count; start += BATCH) {
    const batch = Math.min(BATCH, count - start);
    let values = images.subarray(start * size, (start + batch) * size);
    stages.forEach((stage, i) => {
      if (i) values = pool(values, stages[i - 1].image, batch);
      values = apply(stage, stage.floats, values, batch);
    });
    found.push(...values);
    tell((start + batch) / count);
  }
  return Float64Array.from(found);
}

// ----- what is done to samples

// Standard normal numbers from a seed, the same on every machine.
function normals(count, seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return Float32Array.from({ length: count }, () =>
    Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

function sample(decoder, count, truncation, tell = () => {}) {
  const width = decoder.input[0];
  const codes = normals(count * width, 1).map((z) => truncation * z);
  const size = decoder.image.reduce((a, b) => a * b);
  const images = new Float32Array(count * size);
  for (let start = 0; start < count; start += BATCH) {
    const batch = Math.min(BATCH, count - start);
    const z = codes.subarray(start * width, (start + batch) * width);
    images.set(apply(decoder, decoder.floats, z, batch), start * size);
    tell((start + batch) / count);
  }
  return images;
}

// Contrast as `experiments.sharpen` raises it; then copies of the first images in place of the last
// ones; then noise, cut off where grey ends.
function change(images, count, { contrast, repetition, noise }) {
  const size = images.length / count;
  const kept = Math.max(1, Math.round(count * (1 - repetition)));
  const grain = noise ? normals(images.length, 2) : null;
  const edge = 1 - 1e-6;
  return images.map((_, i) => {
    const from = (Math.floor(i / size) % kept) * size + (i % size);
    let x = images[from];
    if (contrast !== 1) x = Math.tanh(contrast * Math.atanh(Math.min(edge, Math.max(-edge, x))));
    return noise ? Math.min(1, Math.max(-1, x + noise * grain[i])) : x;
  });
}

// ----- measures of features (count, width), as in vaegan_edu.metrics

function squares(a, b, width) {
  const [m, n] = [a.length / width, b.length / width];
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += (a[i * width + c] - b[j * width + c]) ** 2;
    out[i * n + j] = sum;
  }
  return out;
}

// Squared distance of each point to its k-th neighbour; the point itself is the zeroth.
function radii(points, width) {
  const count = points.length / width;
  const all = squares(points, points, width);
  return Float64Array.from({ length: count }, (_, i) =>
    all.slice(i * count, (i + 1) * count).sort()[K]);
}

function overlap(real, generated, width) {
  const [m, n] = [real.length / width, generated.length / width];
  const [own, theirs] = [radii(real, width), radii(generated, width)];
  const between = squares(real, generated, width);
  const inside = new Uint8Array(n);
  let [recalled, covered] = [0, 0];
  for (let i = 0; i < m; i++) {
    let [held, met] = [0, 0];
    for (let j = 0; j < n; j++) {
      const square = between[i * n + j];
      if (square <= own[i]) held = inside[j] = 1;
      if (square <= theirs[j]) met = 1;
    }
    covered += held;
    recalled += met;
  }
  return {
    precision: inside.reduce((sum, x) => sum + x, 0) / n, recall: recalled / m, coverage: covered / m,
  };
}

function moments(features, width) {
  const count = features.length / width;
  const mean = new Float64Array(width);
  features.forEach((x, i) => { mean[i % width] += x / count; });
  const covariance = new Float64Array(width * width);
  for (let i = 0; i < count; i++) for (let a = 0; a < width; a++) {
    const x = features[i * width + a] - mean[a];
    for (let b = 0; b < width; b++) {
      covariance[a * width + b] += (x * (features[i * width + b] - mean[b])) / (count - 1);
    }
  }
  return { mean, covariance };
}

// Eigenvalues and vectors (columns) of a symmetric matrix, by Jacobi's rotations.
function eigen(matrix, width) {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(width * width);
  for (let i = 0; i < width; i++) v[i * width + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let total = 0;
    for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) {
      total += a[i * width + j] ** 2;
      if (i !== j) off += a[i * width + j] ** 2;
    }
    if (off <= 1e-28 * total) break;
    for (let p = 0; p < width; p++) for (let q = p + 1; q < width; q++) {
      const apq = a[p * width + q];
      if (apq === 0) continue;
      const theta = (a[q * width + q] - a[p * width + p]) / (2 * apq);
      const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
      const c = 1 / Math.sqrt(t * t + 1);
      const s = t * c;
      const turn = (m, x, y) => {
        const [mx, my] = [m[x], m[y]];
        m[x] = c * mx - s * my;
        m[y] = s * mx + c * my;
      };
      for (let k = 0; k < width; k++) turn(a, k * width + p, k * width + q);
      for (let k = 0; k < width; k++) turn(a, p * width + k, q * width + k);
      for (let k = 0; k < width; k++) turn(v, k * width + p, k * width + q);
    }
  }
  return { values: Float64Array.from({ length: width }, (_, i) => a[i * width + i]), vectors: v };
}

function matrixProduct(a, b, width) {
  const out = new Float64Array(width * width);
  for (let i = 0; i < width; i++) for (let p = 0; p < width; p++) {
    for (let j = 0; j < width; j++) out[i * width + j] += a[i * width + p] * b[p * width + j];
  }
  return out;
}

function root(matrix, width) {
  const { values, vectors } = eigen(matrix, width);
  const scaled = vectors.map((x, i) => x * Math.sqrt(Math.max(values[i % width], 0)));
  const turned = new Float64Array(width * width);
  for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) turned[i * width + j] = vectors[j * width + i];
  return matrixProduct(scaled, turned, width);
}

// ||m - n||^2 + tr A + tr B - 2 tr (A^1/2 B A^1/2)^1/2
function frechet(real, generated, width) {
  const [p, q] = [moments(real, width), moments(generated, width)];
  const half = root(p.covariance, width);
  const middle = matrixProduct(matrixProduct(half, q.covariance, width), half, width);
  const { values } = eigen(middle.map((x, i) =>
    (x + middle[(i % width) * width + Math.floor(i / width)]) / 2), width);
  let sum = 0;
  for (let i = 0; i < width; i++) {
    sum += (p.mean[i] - q.mean[i]) ** 2 + p.covariance[i * width + i] + q.covariance[i * width + i];
    sum -= 2 * Math.sqrt(Math.max(values[i], 0));
  }
  return Math.max(sum, 0);
}

const compare = (real, generated, width) =>
  ({ frechet: frechet(real, generated, width), ...overlap(real, generated, width) });

// ----- the worker

function serve(scope) {
  let data;
  let width;
  let real;
  const drawn = {}; // images by model and truncation: these take long
  scope.onmessage = ({ data: asked }) => {
    if (asked.data) {
      data = asked.data;
      for (const stage of data.stages) stage.floats = floats(stage.weights);
      for (const decoder of Object.values(data.decoders)) decoder.floats = unpack(decoder);
      [width, real] = [data.stages.at(-1).image[2], floats(data.real)];
      scope.postMessage({ floor: compare(real, floats(data.held), width) });
      return;
    }
    const { number, model, truncation } = asked;
    const tell = (from, to) => (share) =>
      scope.postMessage({ number, share: from + (to - from) * share });
    const key = `${model} ${truncation}`;
    const fresh = drawn[key] ? 0 : 0.8;
    drawn[key] ??= sample(data.decoders[model], data.count, truncation, tell(0, fresh));
    const images = change(drawn[key], data.count, asked);
    const features = see(data.stages, images, data.count, tell(fresh, 1));
    scope.postMessage({ number, images, features, measured: compare(real, features, width) });
  };
}
