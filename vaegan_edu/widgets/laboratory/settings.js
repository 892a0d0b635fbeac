// What the laboratory starts from: settings, the questions, and the six faults.

// Larsen's Algorithm 1: which term reaches which network.
const LARSEN = {
  prior: { encoder: 1 },
  feature: { encoder: 1, decoder: 1 },
  adversarial_decoder: { decoder: 1 },
  adversarial_discriminator: { discriminator: 1 },
};
const VAE_ROUTING = { prior: { encoder: 1 }, pixel: { encoder: 1, decoder: 1 } };
const GAN_ROUTING = {
  adversarial_decoder: { decoder: 1 }, adversarial_discriminator: { discriminator: 1 },
};
const KERNELS = 8; // of minibatch discrimination, where it is on

const DEFAULTS = {
  latent_dim: 8,
  hidden: 128,
  batch_size: 64,
  learning_rate: 1e-3, // of encoder and decoder
  discriminator_rate: 1e-3,
  kl_weight: 1,
  feature_weight: 1,
  gamma: 1,
  kernels: 0,
  kernel_dim: 4,
  kernel_scale: 0.1, // about 1 / (batch - 1), gentler than a sum
  sampled: true, // z is drawn; a plain autoencoder takes z_mean
  reconstructions_are_fakes: true,
  adversarial_loss: "non-saturating",
  routing: LARSEN,
  // The faults that are no routing, all off.
  mean_kl: false,
  sigmoid_features: false,
  one_batch: false,
};

// The questions. `settings` changes the defaults, `watch` says what to look for.
const PRESETS = {
  autoencoder: {
    title: "Autoencoder: what does it make of random codes?",
    settings: { routing: { pixel: { encoder: 1, decoder: 1 } }, sampled: false },
    question: "An autoencoder learns to copy. What does its decoder make of random codes?",
    watch: "Compare copies and samples. Then look where the codes lie: under the circles of the prior, from which the samples are drawn, or far outside?",
  },
  vae: {
    title: "VAE: what does the prior term buy, and what does it cost?",
    settings: { routing: VAE_ROUTING },
    question: "The prior term pulls the codes under the prior. What becomes of the samples, and what of the copies?",
    watch: "Precision and coverage of the samples rise; sharpness stays well below that of the digits.",
  },
  gan: {
    title: "GAN: what does the game do alone?",
    settings: { routing: GAN_ROUTING },
    question: "No encoder, no copies: only the game is left. Do its losses say how good the samples are?",
    watch: "Watch the losses and the means of D while the samples improve. Neither loss falls steadily, since each network's task changes with the other.",
  },
  "vae-gan": {
    title: "VAE-GAN: can a copy be sharp without being exact?",
    settings: {},
    question: "Copies are compared in the discriminator's features, no longer by pixels. Are they as sharp as the originals?",
    watch: "Sharpness comes close to that of the digits, for copies and samples. Then move gamma by powers of ten: a large one favours copies, a small one the game.",
  },
  "posterior-collapse": {
    title: "Posterior collapse: why are all copies the same?",
    settings: { routing: VAE_ROUTING, kl_weight: 20 },
    question: "This VAE copies every digit to the same picture. Why?",
    watch: "Look at the KL, the active latent dimensions and the codes. Then lower kl_weight in small steps while it trains: when does the first dimension wake?",
  },
  "mode-collapse-and-its-cure": {
    title: "Mode collapse and its cure: where did the other digits go?",
    settings: { routing: GAN_ROUTING, discriminator_rate: 3e-4 },
    question: "The discriminator of this GAN learns too slowly. Which classes does the generator leave out?",
    watch: "Look at the histogram: a few classes, and other ones a little later. Then switch minibatch discrimination on under Settings, which begins anew. The classes come back within thirty epochs or so; until the samples are digits takes longer.",
  },
  "break-it": {
    title: "Break it: which fault is it?",
    settings: { kernels: KERNELS, latent_dim: 16 },
    question: "This VAE-GAN with minibatch discrimination has one fault, hidden. Train it and find out which.",
    watch: "Look at everything: losses, means of D, copies, samples, codes, and D on images in a batch of their own. The button below trains a sound one from the same start; the fault stays when you come back.",
  },
};

// The faults. `settings` makes one; `why` explains its symptoms; `otherwise` says what one would
// see if it were this one.
const FAULTS = {
  sign: {
    label: "The sign of the decoder's adversarial loss is flipped",
    settings: ({ routing }) => ({ routing: { ...routing, adversarial_decoder: { decoder: -1 } } }),
    why: "The decoder descends on minus its loss, so it helps the discriminator to tell its pictures from digits. Both then want the same: the discriminator's loss falls towards zero, D goes to 1 on digits and to 0 on fakes, and samples turn into harsh patterns that no digit has, several times as sharp as digits are. Only the feature term still holds the copies.",
    fix: "minimise -log D(x_tilde) - log D(x_p). A test that takes one step of the decoder and asks for a higher D on its fakes finds the sign.",
    otherwise: "With a flipped sign both networks would want the same: D goes to 1 and 0, and samples turn into harsh patterns, far sharper than digits.",
  },
  leak: {
    label: "The gradient of the feature term leaks into the discriminator",
    settings: ({ routing, gamma }) => ({
      routing: { ...routing, feature: { ...routing.feature, discriminator: 1 / gamma } },
    }),
    why: "The discriminator can lower the feature term without any help: it shrinks the features in which copies are compared. The term starts at several nats and falls close to zero while the copies stay unlike; with nothing left to gain, the encoder follows the prior term alone, and its latent dimensions fall asleep.",
    fix: "take each network's gradient of its own loss alone, so that the discriminator follows only its adversarial term. A test on one step with the feature term alone sees whether the discriminator moves.",
    otherwise: "With a leak the encoder's loss would start at several nats and fall close to zero within some ten epochs, although the copies do not get better, and the latent dimensions would fall asleep.",
  },
  mean: {
    label: "The KL divergence is a mean over latent dimensions, not a sum",
    settings: () => ({ mean_kl: true }),
    why: "The prior term is divided by the number of latent dimensions, here 16, so the encoder hardly feels it. Copies come much closer to their originals than in a sound training, and yet the KL that is shown is smaller: a contradiction, since closer copies need codes that say more. The true KL is 16 times what is shown.",
    fix: "sum over latent dimensions, then take the mean over the batch. A test against the formula for a code of two dimensions finds the factor.",
    otherwise: "With a mean the prior term would weigh a sixteenth: the pixel error of the copies falls far below that of a sound training, while the KL that is shown is smaller, too.",
  },
  sigmoid: {
    label: "The features are taken after the discriminator's sigmoid",
    settings: () => ({ sigmoid_features: true }),
    why: "The only feature left is D(x), one number from 0 to 1. Half of a squared difference of two such numbers is below one half, so the encoder's loss is tiny from the first step on. A copy has to be only as real as its original, not like it: any digit will do, the codes say nothing, and all latent dimensions fall asleep.",
    fix: "take the features of a hidden layer, before the logits. A look at the shape of what is compared, or a loss below one half at the start, gives it away.",
    otherwise: "With D(x) as the only feature the feature term could never exceed one half: the encoder's loss would be tiny from the very first step.",
  },
  batch: {
    label: "Real and fake images go through the discriminator in one batch",
    settings: () => ({ one_batch: true }),
    why: "Minibatch discrimination compares each image with all others of its batch, and here that batch holds digits, copies and samples. The discriminator learns what such a mixture looks like, and its answer means little for a batch of one kind: D on samples and on test images in a batch of their own lies far above what the curves show for training, although the pictures are alike.",
    fix: "call the discriminator three times, on digits, copies and samples. A test that changes the fakes and asks whether the logits of the real images stay the same finds the mixture.",
    otherwise: "With one batch for all, D on samples in a batch of their own would lie far above the curve of D on samples in training.",
  },
  saturating: {
    label: "The decoder's adversarial loss is the saturating one",
    settings: () => ({ adversarial_loss: "minimax" }),
    why: "log(1 - D) is flat where the discriminator is sure: its slope in the logit is -D. Once D on fakes is close to 0, the decoder gets hardly any pull from the game, and D keeps digits and fakes apart. Only the feature term still teaches the decoder, so samples look like digits, but softer than those of a sound training.",
    fix: "minimise -log D instead, whose slope is largest where the discriminator is sure. A test of the slope at a logit of -10 tells the two apart.",
    otherwise: "With the saturating loss D would part digits from fakes and keep them apart, while the samples still look like digits, only softer than in a sound training.",
  },
};
