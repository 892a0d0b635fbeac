// The worker's side: trains in short slices, so that it can always be told to stop, and posts what
// the page shows.

const SLICE = 40; // ms of training between two looks at the messages
const SAMPLES = 64; // shown
const COUNTED = 360; // judged, as many as there are test images
const SHOWN = 10; // test images and their copies

function serve(scope) {
  let data = null; // training images, their labels, test images, theirs
  let judge = null;
  let training = null;
  let number = 0; // of the training, so that the page knows whose post it reads
  let fixed = null; // the codes that the shown samples are made of
  let running = false;
  let sums = null; // since the last post
  let pace = { view: 150, measure: 1000 }; // ms between posts, at least
  const next = { view: 0, measure: 0 }; // when they are due
  const speed = { since: 0, steps: 0, rate: 0 };
  let plane = [0, 1];

  const clear = () => { sums = { count: 0, losses: {}, terms: {}, d: {} }; };

  function advance() {
    const taken = training.advance();
    sums.count += 1;
    for (const kind of ["losses", "terms", "d"]) {
      for (const [name, value] of Object.entries(taken[kind])) {
        sums[kind][name] = (sums[kind][name] ?? 0) + value;
      }
    }
  }

  const means = (kind) => Object.fromEntries(
    Object.entries(sums[kind]).map(([name, sum]) => [name, sum / sums.count]));

  // Codes of the test images in the two dimensions whose means vary most; the pair stays until
  // another is clearly ahead.
  function codesInPlane(codes, latentDim) {
    const count = codes.length / (2 * latentDim);
    const variances = Array.from({ length: latentDim }, (_, d) => {
      const values = Float64Array.from({ length: count }, (_, i) => codes[2 * i * latentDim + d]);
      const centre = mean(values);
      return mean(values, (x) => (x - centre) ** 2);
    });
    const best = variances.map((_, d) => d).sort((a, b) => variances[b] - variances[a]).slice(0, 2);
    const total = (dims) => dims.reduce((sum, d) => sum + (variances[d] ?? 0), 0);
    if (Math.max(...plane) >= latentDim || total(best) > 1.3 * total(plane)) plane = best.sort((a, b) => a - b);
    return plane.map((d) =>
      Float32Array.from({ length: count }, (_, i) => codes[2 * i * latentDim + d]));
  }

  function view() {
    const { networks, settings } = training;
    const shown = { samples: Float32Array.from(decode(networks, fixed)) };
    if (trainsEncoder(settings)) {
      const codes = encode(networks, data.held);
      const some = codes.subarray(0, SHOWN * 2 * settings.latent_dim);
      const means = sample(some, null, { ...settings, sampled: false });
      shown.copies = Float32Array.from(decode(networks, means));
      shown.codes = codesInPlane(codes, settings.latent_dim);
      shown.plane = plane.slice();
      shown.active = activeUnits(codes, settings.latent_dim);
    }
    return shown;
  }

  const trainsEncoder = (settings) =>
    Object.values(weigh(settings).encoder).some((weight) => weight !== 0);
  const plays = (settings) => uses(weigh(settings), ...TERMS.slice(3));

  // The means of D on samples and on test images, each in a batch of its own, as large as in
  // training: minibatch discrimination counts the others.
  function judgedAlone(samples) {
    const judged = (images) => {
      const size = PIXELS * Math.min(training.settings.batch_size, images.length / PIXELS);
      return mean(forward(training.networks.discriminator, images.slice(0, size)).out, sigmoid);
    };
    return { samples: judged(samples), held: judged(data.held) };
  }

  // Showing takes a fifth of the time at most, however slow the machine.
  function due(kind, begin) {
    const now = performance.now();
    next[kind] = now + Math.max(pace[kind], 5 * (now - begin));
  }

  function post() {
    const begin = performance.now();
    const message = {
      type: "progress",
      number,
      steps: training.steps,
      epochs: training.epochs,
      speed: speed.rate,
      running,
      ...view(),
    };
    if (sums.count) for (const kind of ["losses", "terms", "d"]) message[kind] = means(kind);
    if (begin >= next.measure || !running) {
      const normal = gaussian(uniform(1)); // the same codes each time: only the model moves
      const z = Float64Array.from({ length: COUNTED * training.settings.latent_dim }, normal);
      const samples = decode(training.networks, z);
      message.measures = judgeSamples(samples, judge);
      if (plays(training.settings)) message.measures.alone = judgedAlone(samples);
      due("measure", begin);
    }
    clear();
    scope.postMessage(message);
    due("view", begin);
  }

  function turn() {
    if (!running) return;
    const begin = performance.now();
    let now = begin;
    while (now - begin < SLICE) {
      advance();
      speed.steps += 1;
      now = performance.now();
    }
    if (now - speed.since > 1000) {
      speed.rate = (1000 * speed.steps) / (now - speed.since);
      Object.assign(speed, { since: now, steps: 0 });
    }
    if (now >= next.view) post();
    setTimeout(turn, 0);
  }

  const actions = {
    // The digits: one letter a pixel, "a" for 0 to "q" for 16, training images first.
    load({ pixels, labels, held }) {
      const bytes = Uint8Array.from(pixels, (letter) => letter.charCodeAt(0) - 97);
      const images = toImages(bytes);
      const count = labels.length - held;
      const classes = Uint8Array.from(labels, Number);
      data = { train: images.subarray(0, count * PIXELS), held: images.subarray(count * PIXELS) };
      judge = makeJudge(data.train, classes.subarray(0, count), data.held);
      scope.postMessage({
        type: "loaded",
        originals: Float32Array.from(data.held.subarray(0, SHOWN * PIXELS)),
        classes: classes.subarray(count),
        floor: judge.floor,
        simd: simdProduct !== null,
      });
    },
    start({ settings, seed, number: given }) {
      number = given;
      training = startTraining(data.train, settings, seed);
      const normal = gaussian(uniform(0));
      fixed = Float64Array.from({ length: SAMPLES * settings.latent_dim }, normal);
      running = false;
      clear();
      post();
    },
    // What can change while it trains: weights, rates, batch, routing, the form of a loss.
    change({ settings }) { Object.assign(training.settings, settings); },
    run() {
      if (running) return;
      running = true;
      Object.assign(speed, { since: performance.now(), steps: 0 });
      turn();
    },
    rest() {
      running = false;
      post();
    },
    step() {
      running = false;
      advance();
      post();
    },
    pace(given) { pace = { view: given.view, measure: given.measure }; },
  };

  scope.onmessage = ({ data: message }) => {
    try {
      actions[message.type](message);
    } catch (error) {
      running = false;
      scope.postMessage({ type: "failed", message: String(error) });
    }
  };
}
