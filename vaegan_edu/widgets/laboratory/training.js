// A training: random numbers, the order of the data, updates, and what is measured.

// mulberry32: small, seeded, good enough for batches and noise.
function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Standard normal numbers by Box & Muller 1958.
function gaussian(random) {
  let spare = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

// Digits as they travel: one byte a pixel, 0 to 16; here in [-1, 1] as in `datasets.load_digits`.
const toImages = (bytes) => Float64Array.from(bytes, (grey) => grey / 8 - 1);

function buildNetworks(settings, random, normal) {
  return {
    encoder: buildEncoder(settings, random),
    decoder: buildDecoder(settings, random),
    discriminator: buildDiscriminator(settings, random, normal),
  };
}

// One training that can be stepped. `images` (count * 64) in [-1, 1].
function startTraining(images, settings, seed) {
  const random = uniform(seed);
  const normal = gaussian(random);
  const networks = buildNetworks(settings, random, normal);
  const optimizers = Object.fromEntries(NETWORKS.map((name) => [name, adam(networks[name])]));
  const count = images.length / PIXELS;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let at = count; // the first step shuffles
  let steps = 0;

  function nextBatch(size) {
    if (at + size > count) { // what is left over waits for the next epoch: batches are of one size
      for (let i = count - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      at = 0;
    }
    const batch = new Float64Array(size * PIXELS);
    for (let i = 0; i < size; i++, at++) {
      batch.set(images.subarray(order[at] * PIXELS, (order[at] + 1) * PIXELS), i * PIXELS);
    }
    return batch;
  }
  const draw = (size) =>
    Float64Array.from({ length: size * settings.latent_dim }, () => normal());

  return {
    networks,
    settings,
    get steps() { return steps; },
    get epochs() { return steps / Math.floor(count / settings.batch_size); },
    advance() {
      const size = settings.batch_size;
      const noise = { posterior: draw(size), prior: draw(size) };
      const taken = step(networks, nextBatch(size), noise, settings);
      for (const [name, gradients] of Object.entries(taken.gradients)) {
        const rate = name === "discriminator" ? "discriminator_rate" : "learning_rate";
        optimizers[name](gradients, settings[rate]);
      }
      steps += 1;
      return { losses: taken.losses, terms: taken.terms, d: taken.d };
    },
  };
}

const decode = (networks, z) => forward(networks.decoder, z).out;
const encode = (networks, images) => forward(networks.encoder, images).out;

// Measures, those of `vaegan_edu.metrics`, here in pixels: an image is judged by the training images
// that lie nearest to it.

const NEIGHBOURS = 5;

// Calls use(i, distances) for each image i of `a` with its squared distances to all images of `b`,
// |a|^2 + |b|^2 - 2 a b: a matrix product, a block of rows at a time.
function eachDistances(a, b, use) {
  const [m, n] = [a.length / PIXELS, b.length / PIXELS];
  const square = (images, i) => {
    let sum = 0;
    for (let p = i * PIXELS; p < (i + 1) * PIXELS; p++) sum += images[p] * images[p];
    return sum;
  };
  const columns = transpose(b, n, PIXELS);
  const squares = Float64Array.from({ length: n }, (_, j) => square(b, j));
  for (let start = 0; start < m; start += 128) {
    const rows = Math.min(128, m - start);
    const block = a.subarray(start * PIXELS, (start + rows) * PIXELS);
    const products = multiply(block, columns, rows, PIXELS, n);
    for (let i = 0; i < rows; i++) {
      const distances = products.subarray(i * n, (i + 1) * n);
      const own = square(block, i);
      for (let j = 0; j < n; j++) distances[j] = own + squares[j] - 2 * distances[j];
      use(start + i, distances);
    }
  }
}

// The radius, squared, of each image's ball: the distance to its fifth nearest other image.
function findRadii(images) {
  const radii = new Float64Array(images.length / PIXELS);
  eachDistances(images, images, (i, distances) => {
    const nearest = new Float64Array(NEIGHBOURS).fill(Infinity);
    distances[i] = Infinity;
    for (let j = 0; j < distances.length; j++) {
      const d = distances[j];
      if (d >= nearest[NEIGHBOURS - 1]) continue;
      let at = NEIGHBOURS - 1;
      for (; at > 0 && nearest[at - 1] > d; at--) nearest[at] = nearest[at - 1];
      nearest[at] = d;
    }
    radii[i] = nearest[NEIGHBOURS - 1];
  });
  return radii;
}

// The energy of images in frequencies above a quarter of a cycle a pixel: all of it, less that of
// the image P x P which the low frequencies make alone.
const LOW = Float64Array.from({ length: 64 }, (_, at) => {
  const apart = (2 * Math.PI * ((at >> 3) - (at & 7))) / 8;
  return (1 + 2 * Math.cos(apart) + 2 * Math.cos(2 * apart)) / 8;
});

function sharpness(images) {
  const count = images.length / PIXELS;
  let energy = 0;
  for (let i = 0; i < count; i++) {
    const image = images.subarray(i * PIXELS, (i + 1) * PIXELS);
    const low = plainProduct(plainProduct(LOW, image, 8, 8, 8), LOW, 8, 8, 8);
    for (let p = 0; p < PIXELS; p++) energy += image[p] * image[p] - low[p] * low[p];
  }
  return energy / count;
}

// Counts samples (count * 64) against the training images:
// `histogram`, the class of the nearest training image of each sample; `precision`, the share of
// samples that lie in the ball of some training image; `coverage`, the share of balls that hold a
// sample; `sharpness`, over that of the training images.
function judgeSamples(samples, judge) {
  const { images, labels, radii } = judge;
  const count = samples.length / PIXELS;
  const histogram = new Array(10).fill(0);
  const covered = new Uint8Array(radii.length);
  let precise = 0;
  eachDistances(samples, images, (i, distances) => {
    let nearest = 0;
    let inside = false;
    for (let j = 0; j < radii.length; j++) {
      if (distances[j] < distances[nearest]) nearest = j;
      if (distances[j] <= radii[j]) {
        inside = true;
        covered[j] = 1;
      }
    }
    histogram[labels[nearest]] += 1;
    if (inside) precise += 1;
  });
  return {
    histogram,
    precision: precise / count,
    coverage: mean(covered),
    sharpness: sharpness(samples) / judge.sharpness,
  };
}

// What samples are judged by, made once. The floor is what images of the same kind reach that were
// not trained on, `held`: the measures are to be read beside it.
function makeJudge(images, labels, held) {
  const judge = { images, labels, radii: findRadii(images), sharpness: sharpness(images) };
  return { ...judge, floor: judgeSamples(held, judge) };
}

// Latent dimensions in which the means of the images vary by more than 0.01 (Burda et al. 2016).
function activeUnits(codes, latentDim) {
  const count = codes.length / (2 * latentDim);
  let active = 0;
  for (let d = 0; d < latentDim; d++) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < count; i++) {
      const value = codes[i * 2 * latentDim + d];
      sum += value;
      squares += value * value;
    }
    if (squares / count - (sum / count) ** 2 > 0.01) active += 1;
  }
  return active;
}
