// What tests/test_trainer.py asks of the laboratory's kernels.

const SMALL = { hidden: 16, latent_dim: 3, batch_size: 6 };

function settingsOf({ preset = "vae-gan", ...given }) {
  return { ...DEFAULTS, ...PRESETS[preset].settings, ...given };
}

function networksWith(settings, weights) {
  const random = uniform(1);
  const networks = buildNetworks(settings, random, gaussian(random));
  for (const name of NETWORKS) {
    networks[name].forEach(({ parameters }, l) => {
      for (const [key, { values }] of Object.entries(parameters)) {
        values.set(weights[name][l][key].flat(Infinity));
      }
    });
  }
  return networks;
}

const plain = (gradients) => Object.fromEntries(Object.entries(gradients).map(([name, layers]) =>
  [name, layers.map((layer) => Object.fromEntries(
    Object.entries(layer).map(([key, values]) => [key, Array.from(values)])))]));

function stepFrom(given, weights, images, noise, simd) {
  simdProduct = simd ? makeSimdProduct() : null;
  const settings = settingsOf(given);
  const arrays = Object.fromEntries(
    Object.entries(noise).map(([name, values]) => [name, Float64Array.from(values)]));
  const networks = networksWith(settings, weights);
  const taken = step(networks, Float64Array.from(images), arrays, settings);
  simdProduct = null;
  return { ...taken, gradients: plain(taken.gradients) };
}

// A random start: networks whose every weight counts, a batch and its noise.
function begin(settings, seed = 3) {
  const random = uniform(seed);
  const normal = gaussian(random);
  const networks = buildNetworks(settings, random, normal);
  for (const name of NETWORKS) {
    for (const { parameters } of networks[name]) {
      for (const { values } of Object.values(parameters)) {
        for (let i = 0; i < values.length; i++) values[i] += 0.1 * normal();
      }
    }
  }
  const draw = (count) => Float64Array.from({ length: count }, () => normal());
  const size = settings.batch_size * settings.latent_dim;
  return {
    networks,
    normal,
    images: draw(settings.batch_size * PIXELS).map(Math.tanh),
    noise: { posterior: draw(size), prior: draw(size) },
  };
}

// [network, slope measured along a random direction, slope computed], for each loss.
function slopesOf(settings) {
  const { networks, normal, images, noise } = begin(settings);
  const { losses, gradients } = step(networks, images, noise, settings);
  return Object.keys(losses).map((name) => {
    const direction = networks[name].map(({ parameters }) => Object.fromEntries(
      Object.entries(parameters).map(([key, { values }]) => [key, values.map(() => normal())])));
    const move = (by) => networks[name].forEach(({ parameters }, l) => {
      for (const [key, { values }] of Object.entries(parameters)) {
        addInto(values, direction[l][key], by);
      }
    });
    const h = 1e-6;
    const at = (by) => {
      move(by);
      const loss = step(networks, images, noise, settings).losses[name];
      move(-by);
      return loss;
    };
    let computed = 0;
    gradients[name].forEach((layer, l) => {
      for (const [key, values] of Object.entries(layer)) {
        values.forEach((value, i) => { computed += value * direction[l][key][i]; });
      }
    });
    return [name, (at(h) - at(-h)) / (2 * h), computed];
  });
}

function slopes() {
  const found = {};
  const base = { ...SMALL, kernels: 3, gamma: 0.4, kl_weight: 1.7, feature_weight: 0.6 };
  for (const preset of Object.keys(PRESETS)) {
    found[preset] = slopesOf(settingsOf({ preset, ...SMALL }));
  }
  for (const [name, fault] of Object.entries(FAULTS)) {
    const sound = settingsOf(base);
    found[`fault ${name}`] = slopesOf({ ...sound, ...fault.settings(sound) });
  }
  for (const term of TERMS) { // beside Larsen's own, so that there is a game
    for (const network of NETWORKS) {
      const row = { ...LARSEN[term], [network]: 1 };
      found[`${term} to ${network}`] = slopesOf(settingsOf({
        ...base, routing: { ...LARSEN, [term]: row },
      }));
    }
  }
  return found;
}

// How far each term alone moves each network: the largest gradient.
function reached() {
  const found = {};
  for (const term of TERMS) {
    const settings = settingsOf({ ...SMALL, routing: { ...LARSEN, [term]: { encoder: 1, decoder: 1, discriminator: 1 } } });
    const { networks, images, noise } = begin(settings);
    const played = play(networks, images, noise, settings);
    for (const network of NETWORKS) {
      for (const other of TERMS) if (other !== term) played.weights[network][other] = 0;
    }
    found[term] = Object.fromEntries(NETWORKS.map((network) => {
      const all = gradient(networks, played, network).flatMap((layer) =>
        Object.values(layer).flatMap((values) => Array.from(values, Math.abs)));
      return [network, Math.max(...all)];
    }));
  }
  return found;
}

function faults() {
  const sound = settingsOf({ ...SMALL, kernels: 3, gamma: 0.4 });
  const found = {};
  const all = { sound: { settings: () => ({}) }, ...FAULTS };
  for (const [name, fault] of Object.entries(all)) {
    const settings = { ...sound, ...fault.settings(sound) };
    const { networks, images, noise } = begin(settings);
    const played = play(networks, images, noise, settings);
    const { terms } = computeTerms(played);
    // A few weights of each network, the kernel of its first layer.
    const some = (network, weights = played.weights) => Array.from(
      gradient(networks, { ...played, weights }, network)[0].kernel.subarray(0, 40));
    found[name] = { terms, gradients: NETWORKS.map((n) => some(n)), calls: played.calls.length };
    if (name === "sound") {
      const only = Object.fromEntries(NETWORKS.map((network) => [network, Object.fromEntries(
        TERMS.map((term) => [term, term !== "feature" ? 0 : network === "decoder" ? 0.4 : 1]))]));
      found.sound.feature = NETWORKS.map((network) => some(network, only));
    }
    if (name === "sigmoid") {
      const d = (logits) => Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
      const [real, copied] = [d(played.logits.real), d(played.logits.reconstruction)];
      found.sigmoid.by_hand =
        real.reduce((sum, value, i) => sum + 0.5 * (value - copied[i]) ** 2, 0) / real.length;
    }
  }
  return found;
}

function products() {
  const fast = makeSimdProduct();
  if (!fast) return null;
  const random = uniform(5);
  const found = [];
  for (const m of [1, 3, 4, 9]) for (const k of [1, 2, 17]) for (const n of [1, 5, 8, 19]) {
    const draw = (count) => Float64Array.from({ length: count }, () => 2 * random() - 1);
    const [a, b] = [draw(m * k), draw(k * n)];
    const [got, expected] = [fast(a, b, m, k, n), plainProduct(a, b, m, k, n)];
    const error = Math.max(...got.map((value, i) => Math.abs(value - expected[i])));
    found.push([[m, k, n], error, got.length]);
  }
  return found;
}

function trained(pixels) {
  const images = toImages(Uint8Array.from(pixels, (letter) => letter.charCodeAt(0) - 97));
  const settings = settingsOf({ preset: "vae", hidden: 32, learning_rate: 1e-2 });
  const [a, b, c] = [4, 4, 5].map((seed) => startTraining(images, settings, seed));
  const pixel = [];
  for (let i = 0; i < 12; i++) {
    pixel.push(a.advance().terms.pixel);
    b.advance();
    c.advance();
  }
  const kernel = (training) => Array.from(training.networks.decoder[4].parameters.kernel.values);
  const equal = (x, y) => kernel(x).every((value, i) => value === kernel(y)[i]);
  return {
    same: equal(a, b), other: !equal(a, c), pixel: [pixel[0], pixel[11]],
    steps: a.steps, epochs: a.epochs,
  };
}
