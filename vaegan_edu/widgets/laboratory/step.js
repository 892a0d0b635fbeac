// One training step as a value: play -> terms -> losses, and from them each network's gradient.
//
// The terms are means over the batch, with the names of `vaegan_edu.models.VAEGAN`:
//
//   prior   = KL(q(z|x) || N(0, I)), summed over latent dimensions
//   pixel   = 1/2 ||x - x_tilde||^2, summed over pixels
//   feature = 1/2 ||Dis_l(x) - Dis_l(x_tilde)||^2, summed over features
//   adversarial_discriminator = -log D(x) - log(1 - D(x_tilde)) - log(1 - D(x_p))
//   adversarial_decoder       = -log D(x_tilde) - log D(x_p)
//
// with the reconstruction x_tilde = decoder(z) and the prior sample x_p = decoder(z_prior). Each
// network follows a loss of its own: a row of weights on the terms. Larsen's Algorithm 1 is
//
//   encoder:       kl_weight prior + feature_weight feature
//   decoder:       gamma feature + adversarial_decoder
//   discriminator: adversarial_discriminator

// The weight of each term in each network's loss: the switch, times the sliders' factor.
function weigh({ routing, kl_weight, feature_weight, gamma }) {
  const factors = {
    prior: { encoder: kl_weight },
    feature: { encoder: feature_weight, decoder: gamma, discriminator: gamma },
  };
  return Object.fromEntries(NETWORKS.map((network) => [network, Object.fromEntries(
    TERMS.map((term) =>
      [term, (routing[term]?.[network] ?? 0) * (factors[term]?.[network] ?? 1)]))]));
}

const uses = (weights, ...terms) =>
  NETWORKS.some((network) => terms.some((term) => weights[network][term] !== 0));

// The forward pass: all that the terms are made of. What no loss uses is not played.
function play(networks, images, noise, settings) {
  const weights = weigh(settings);
  const { encoder, decoder, discriminator } = networks;
  const game = uses(weights, "adversarial_decoder", "adversarial_discriminator");
  const reconstructs = uses(weights, "prior", "pixel", "feature");
  const played = { weights, images, noise, settings, reconstructs, fakes: [] };
  if (reconstructs) {
    played.encoded = forward(encoder, images);
    played.z = sample(played.encoded.out, noise.posterior, settings);
    played.reconstruction = forward(decoder, played.z);
  }
  if (game) {
    played.generated = forward(decoder, noise.prior);
    if (reconstructs && settings.reconstructions_are_fakes) played.fakes.push("reconstruction");
    played.fakes.push("generated");
  }
  const judged = { real: images };
  if (reconstructs && (played.fakes.includes("reconstruction") || uses(weights, "feature"))) {
    judged.reconstruction = played.reconstruction.out;
  }
  if (game) judged.generated = played.generated.out;
  if (Object.keys(judged).length > 1) {
    played.calls = judge(discriminator, judged, settings.one_batch);
    played.logits = collect(played.calls, discriminator.length - 1);
    played.features = collect(played.calls, discriminator.features);
  }
  return played;
}

// z = z_mean + exp(z_log_var / 2) noise (Kingma & Welling 2014, section 2.4); a plain autoencoder
// takes z_mean.
function sample(codes, noise, { latent_dim, sampled }) {
  const z = new Float64Array(codes.length / 2);
  for (let i = 0; i < z.length; i++) {
    const at = 2 * i - (i % latent_dim); // the row's first half holds the means
    z[i] = codes[at];
    if (sampled) z[i] += Math.exp(0.5 * codes[at + latent_dim]) * noise[i];
  }
  return z;
}

// The discriminator sees each kind of image in a call of its own. In one batch, which is a fault,
// minibatch discrimination mixes real and fake.
function judge(discriminator, judged, oneBatch) {
  const names = Object.keys(judged);
  if (!oneBatch) {
    return names.map((name) => ({ names: [name], tape: forward(discriminator, judged[name]) }));
  }
  const all = new Float64Array(names.length * judged.real.length);
  names.forEach((name, i) => all.set(judged[name], i * judged.real.length));
  return [{ names, tape: forward(discriminator, all) }];
}

function collect(calls, layer) {
  const found = {};
  for (const { names, tape } of calls) {
    const { out } = tape.kept[layer];
    const size = out.length / names.length;
    names.forEach((name, i) => { found[name] = out.subarray(i * size, (i + 1) * size); });
  }
  return found;
}

const mean = (values, f = (x) => x) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += f(values[i]);
  return sum / values.length;
};

const halfSquares = (a, b, batch) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return (0.5 * sum) / batch;
};

// What the feature loss compares: a hidden layer, or, which is a fault, D(x) itself.
function comparedFeatures({ features, logits, settings }, name) {
  return settings.sigmoid_features ? logits[name].map(sigmoid) : features[name];
}

// The decoder's loss on its fakes: -log D, or, in the minimax form, log(1 - D).
const FOOL = {
  "non-saturating": { loss: (logit) => softplus(-logit), slope: (logit) => sigmoid(logit) - 1 },
  minimax: { loss: (logit) => -softplus(logit), slope: (logit) => -sigmoid(logit) },
};

// All terms of what was played, scalars, and the means of D.
function computeTerms(played) {
  const { images, encoded, reconstruction, logits, settings, fakes } = played;
  const batch = images.length / PIXELS;
  const terms = {};
  if (encoded) {
    const { out } = encoded;
    let kl = 0;
    for (let i = 0; i < out.length / 2; i++) {
      const at = 2 * i - (i % settings.latent_dim);
      const [z_mean, z_log_var] = [out[at], out[at + settings.latent_dim]];
      kl += 0.5 * (z_mean * z_mean + Math.exp(z_log_var) - z_log_var - 1);
    }
    terms.prior = (settings.mean_kl ? kl / settings.latent_dim : kl) / batch;
    terms.pixel = halfSquares(images, reconstruction.out, batch);
  }
  if (logits?.reconstruction) {
    const [real, copied] = ["real", "reconstruction"].map((k) => comparedFeatures(played, k));
    terms.feature = halfSquares(real, copied, batch);
  }
  if (fakes.length) {
    const { loss } = FOOL[settings.adversarial_loss];
    terms.adversarial_decoder = 0;
    terms.adversarial_discriminator = mean(logits.real, (logit) => softplus(-logit));
    for (const fake of fakes) {
      terms.adversarial_decoder += mean(logits[fake], loss);
      terms.adversarial_discriminator += mean(logits[fake], softplus);
    }
  }
  const d = {};
  if (logits) for (const name of Object.keys(logits)) d[name] = mean(logits[name], sigmoid);
  return { terms, d };
}

// The loss of each network that has one: its weights times the terms.
function computeLosses(weights, terms) {
  const losses = {};
  for (const network of NETWORKS) {
    const used = TERMS.filter((term) => weights[network][term] !== 0);
    if (used.length) {
      losses[network] = used.reduce((sum, t) => sum + weights[network][t] * (terms[t] ?? 0), 0);
    }
  }
  return losses;
}

// The gradient of one network's loss in that network's parameters. The loss is followed back
// through the other networks, whose parameters it never touches.
function gradient(networks, played, network) {
  const { images, encoded, z, noise, reconstruction, generated, settings } = played;
  const weights = played.weights[network];
  const gradients = zeroGradients(networks[network]);
  const batch = images.length / PIXELS;

  const toImages = throughDiscriminator(networks, played, weights,
    network === "discriminator" ? gradients : null);
  if (network === "discriminator") return gradients;

  const own = network === "decoder" ? gradients : null;
  let dz = null;
  if (reconstruction) {
    const dx = toImages.reconstruction ?? new Float64Array(images.length);
    for (let i = 0; i < dx.length; i++) {
      dx[i] += (weights.pixel * (reconstruction.out[i] - images[i])) / batch;
    }
    dz = backward(networks.decoder, reconstruction, { 5: dx }, own, network === "encoder");
  }
  if (network === "decoder") {
    if (toImages.generated) {
      backward(networks.decoder, generated, { 5: toImages.generated }, own, false);
    }
    return gradients;
  }

  // Through z = z_mean + exp(z_log_var / 2) noise, and the prior's own slope.
  if (!encoded) return gradients;
  const { out } = encoded;
  const dCodes = new Float64Array(out.length);
  const share = weights.prior / batch / (settings.mean_kl ? settings.latent_dim : 1);
  for (let i = 0; i < z.length; i++) {
    const at = 2 * i - (i % settings.latent_dim);
    const [z_mean, z_log_var] = [out[at], out[at + settings.latent_dim]];
    dCodes[at] = dz[i] + share * z_mean;
    dCodes[at + settings.latent_dim] = share * 0.5 * (Math.exp(z_log_var) - 1);
    if (settings.sampled) {
      dCodes[at + settings.latent_dim] += dz[i] * 0.5 * Math.exp(0.5 * z_log_var) * noise.posterior[i];
    }
  }
  backward(networks.encoder, encoded, { 2: dCodes }, gradients, false);
  return gradients;
}

// The part of a loss that is measured in the discriminator. Returns its gradient at each kind of
// fake; with `gradients` given, adds the discriminator's own and returns nothing.
function throughDiscriminator({ discriminator }, played, weights, gradients) {
  const toImages = {};
  if (!played.calls) return toImages;
  const { logits, features, settings, fakes } = played;
  const batch = played.images.length / PIXELS;
  const { slope } = FOOL[settings.adversarial_loss];
  const [dLogits, dFeatures] = [{}, {}];
  for (const name of Object.keys(logits)) {
    dLogits[name] = new Float64Array(logits[name].length);
    dFeatures[name] = new Float64Array(features[name].length);
  }
  const touched = { logits: false, features: false };
  if (weights.adversarial_discriminator || weights.adversarial_decoder) {
    touched.logits = true;
    for (const [i, logit] of logits.real.entries()) {
      dLogits.real[i] += (weights.adversarial_discriminator * (sigmoid(logit) - 1)) / batch;
    }
    for (const fake of fakes) {
      for (const [i, logit] of logits[fake].entries()) {
        dLogits[fake][i] += (weights.adversarial_discriminator * sigmoid(logit) +
          weights.adversarial_decoder * slope(logit)) / batch;
      }
    }
  }
  if (weights.feature && logits.reconstruction) {
    touched[settings.sigmoid_features ? "logits" : "features"] = true;
    const [real, copied] = ["real", "reconstruction"].map((k) => comparedFeatures(played, k));
    for (let i = 0; i < real.length; i++) {
      const d = (weights.feature * (copied[i] - real[i])) / batch;
      if (settings.sigmoid_features) {
        dLogits.reconstruction[i] += d * copied[i] * (1 - copied[i]);
        dLogits.real[i] -= d * real[i] * (1 - real[i]);
      } else {
        dFeatures.reconstruction[i] += d;
        dFeatures.real[i] -= d;
      }
    }
  }
  if (!touched.logits && !touched.features) return toImages;
  for (const { names, tape } of played.calls) {
    // Where only the fakes' own gradient is asked for, the call on real images has none to give.
    if (!gradients && names.length === 1 && names[0] === "real") continue;
    const adjoints = {};
    if (touched.logits) adjoints[discriminator.length - 1] = join(names.map((k) => dLogits[k]));
    if (touched.features) adjoints[discriminator.features] = join(names.map((k) => dFeatures[k]));
    const dx = backward(discriminator, tape, adjoints, gradients, !gradients);
    if (gradients) continue;
    const size = dx.length / names.length;
    names.forEach((name, i) => { toImages[name] = dx.slice(i * size, (i + 1) * size); });
  }
  return toImages;
}

function join(parts) {
  if (parts.length === 1) return parts[0];
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// The whole step: terms, losses and the gradient of each network that has a loss. All gradients
// are taken from the same weights; nothing has moved yet.
function step(networks, images, noise, settings) {
  const played = play(networks, images, noise, settings);
  const { terms, d } = computeTerms(played);
  const losses = computeLosses(played.weights, terms);
  const gradients = Object.fromEntries(
    Object.keys(losses).map((network) => [network, gradient(networks, played, network)]));
  return { terms, losses, d, gradients };
}
