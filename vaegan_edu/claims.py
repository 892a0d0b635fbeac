"""What the original project concluded, and by which runs and numbers the course decides it.

This is the registration. It was committed before the runs of its arms, but for those that are named
as known; the record of each run names the commit that made it, and a test looks up what was
registered there. `verdicts` computes; nothing is decided here.

The rule, for every claim: the effect is the mean of the metric over the runs of `more` minus that
over the runs of `less`, so that a claim that holds has a large one. It is given with its 95 %
interval over seeds (`intervals.difference_interval`). What was registered was a bootstrap, which is
too narrow for so few runs; it was replaced by Student's t when all runs but those of C4 were known,
and C6, "refuted" before, is "open" since. Where the whole interval lies above `threshold` the
claim is "supported"; where it lies below, "refuted": the effect is smaller than the claim needs.
Otherwise the claim is "open", as it is with fewer than three seeds on a side, or where a
requirement is not met: a cure cannot be tried where nothing is ill.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Arm:
    """Runs that differ in their seed alone; the folder's first part names the experiment.

    Attributes:
        settings: what differs from the experiment's own.
        seeds: how many runs, seeds counted from 0.
    """

    settings: dict = field(default_factory=dict)
    seeds: int = 5


@dataclass(frozen=True)
class Side:
    """What one side of a comparison is measured on.

    Attributes:
        arm: its folder in `book/results/`.
        epochs: first and last epoch over which the metric is averaged; `None` takes the metric that
            was measured at the end.
    """

    arm: str
    epochs: tuple | None = None


@dataclass(frozen=True)
class Requirement:
    """Without which a comparison says nothing: a bound on the mean of a metric on one side."""

    side: Side
    metric: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Claim:
    """One conclusion of the original project, and what would decide it.

    Attributes:
        name: "C0" to "C6".
        claim: the conclusion, in a sentence.
        hypothesis: what it predicts of the runs.
        metric: a number of the records, or one that `verdicts.DERIVED` makes of them.
        more, less: the claim predicts more of the metric on the first side; `None` where no runs
            are registered.
        threshold: the effect that the claim needs.
        reason: why so much.
        relative: whether the effect is `1 - less / more`, a share, in place of the difference.
        requires: of the sides.
        beside: metrics that are shown with the verdict and do not decide it.
        caveat: what was known when this was written, or what the runs cannot tell.
    """

    name: str
    claim: str
    hypothesis: str
    metric: str
    more: Side | None = None
    less: Side | None = None
    threshold: float = 0.0
    reason: str = ""
    relative: bool = False
    requires: tuple = ()
    beside: tuple = ()
    caveat: str = ""


# The original networks and settings, on the built-in digits.
ORIGINAL = {"data": "digits"}
# The light GAN. "plain" has no trick; every other arm adds one to it.
PLAIN = {"epochs": 20, "real_target": 1.0}
# The ring, on which the plain game collapses; all arms take 4,000 steps.
LARGE, SMALL = {"batch_size": 128, "epochs": 40}, {"batch_size": 16, "epochs": 5}
KERNELS = {"minibatch_kernels": 8, "minibatch_dim": 4, "minibatch_scale": 1 / 16}
# Faces under a constant rate, the original project's.
USUAL_RATE = {
    "image_size": 32,
    "train_count": 1000,
    "epochs": 40,
    "learning_rate": 5e-4,
    "schedule": "s1",
}

ARMS = {
    "vaegan-mnist-original/digits": Arm(ORIGINAL),
    "gan-ring/large-batch": Arm(LARGE),
    "gan-ring/small-batch": Arm(SMALL),
    "gan-ring/large-batch-kernels": Arm({**LARGE, **KERNELS}),
    "gan-ring/small-batch-kernels": Arm({**SMALL, **KERNELS}),
    "faces-light/rendered-s1": Arm(USUAL_RATE, 3),
    "faces-light/rendered-small-rate": Arm({**USUAL_RATE, "learning_rate": 5e-5}, 3),
    "ae-digits": Arm(),
    "vae-digits": Arm(),
    "gan-digits/plain": Arm(PLAIN),
    "gan-digits/norm-after": Arm({**PLAIN, "batch_norm": "after"}),
    "gan-digits/noise": Arm({**PLAIN, "noise": (0.2, 10)}),
    "gan-digits/dropout-dense": Arm({**PLAIN, "dropout": 0.3}),
    "gan-digits/dropout-convolutions": Arm(
        {**PLAIN, "dropout": 0.3, "dropout_place": "convolutions"}
    ),
    "gan-digits/soft": Arm({**PLAIN, "real_target": 0.9}, 3),
    "gan-digits/noisy": Arm({**PLAIN, "flip_probability": 0.05}, 3),
    "gan-digits/norm-none": Arm({**PLAIN, "batch_norm": None}, 3),
}

_MIDDLE = Side("vaegan-mnist-original/digits", (31, 40))
_PLAIN = Side("gan-digits/plain", (11, 20))

CLAIMS = (
    Claim(
        "C0",
        "Between two codes of a plain autoencoder there is no meaningful image; between two codes "
        "of a VAE there is.",
        "Of images decoded from midpoints of the codes of two test digits, a larger share lies on "
        "the manifold of real digits (precision) with the VAE than with the autoencoder.",
        "between_precision",
        more=Side("vae-digits"),
        less=Side("ae-digits"),
        threshold=0.2,
        reason="A claim of all against nothing needs at least a fifth of the images.",
        beside=("between_low_confidence", "between_pixel_precision"),
        caveat="The runs are those of chapters 1 and 2. They were known when the threshold was "
        "written.",
    ),
    Claim(
        "C1",
        "The longer MNIST trains, the rarer some digits become, until they vanish.",
        "With the original networks and settings the classes of generated digits are less even in "
        "the last ten epochs than in epochs 31 to 40 of the same run.",
        "class_divergence",
        more=Side("vaegan-mnist-original/digits", (91, 100)),
        less=_MIDDLE,
        threshold=0.05,
        reason="In nats; half of what it costs to lose one digit of ten and keep the rest even.",
        requires=(Requirement(_MIDDLE, "sample_coverage", at_least=0.1),),
        beside=("smallest_class", "sample_frechet_distance"),
        caveat="The built-in digits stand in for MNIST: an epoch has 15 steps in place of 600, and "
        "100 epochs are as many steps as two and a half epochs of MNIST.",
    ),
    Claim(
        "C2",
        "BatchNorm must stand before the activation, or no image appears.",
        "With BatchNorm after each activation of the generator, generated digits cover next to "
        "nothing of the real ones in the last ten of 20 epochs.",
        "sample_coverage",
        more=_PLAIN,
        less=Side("gan-digits/norm-after", (11, 20)),
        threshold=0.9,
        reason='"No image" means that nine tenths of the coverage are lost, at least.',
        relative=True,
        requires=(Requirement(_PLAIN, "sample_coverage", at_least=0.1),),
        beside=("sample_frechet_distance",),
        caveat="The light GAN stands in for the original networks. Its generator has BatchNorm in "
        "every hidden layer as theirs; its discriminator has none.",
    ),
    Claim(
        "C3",
        "A smaller batch with minibatch discrimination cures mode collapse.",
        "On a ring of eight Gaussians, in a game that collapses, batches of 16 with minibatch "
        "discrimination bring back at least half of the modes that batches of 128 without it lose.",
        "modes_covered_strictly",
        more=Side("gan-ring/small-batch-kernels"),
        less=Side("gan-ring/large-batch"),
        threshold=4.0,
        reason="In modes; half of the eight.",
        requires=(Requirement(Side("gan-ring/large-batch"), "modes_covered_strictly", at_most=4),),
        beside=("high_quality_share",),
        caveat="That minibatch discrimination alone helps on this ring, with batches of 64, was "
        "known from a benchmark; of the rest, one epoch of each arm had been rehearsed.",
    ),
    Claim(
        "C4",
        "A small initial learning rate blurs the details of faces.",
        "Generated faces have less energy in high spatial frequencies after "
        "training that began at a tenth of the usual learning rate.",
        "random_sharpness",
        more=Side("faces-light/rendered-s1"),
        less=Side("faces-light/rendered-small-rate"),
        threshold=0.1,
        reason="A tenth of the energy: less would hardly be seen.",
        relative=True,
        beside=("random_frechet_distance",),
        caveat="The light networks, 32 pixels and 1,000 drawn faces stand in for the original's. "
        "Both arms take as many steps, so a small rate is also less training: the claim does not "
        "keep the two apart, and neither do the runs. They were registered after those of the "
        "other claims, and before they were made.",
    ),
    Claim(
        "C5",
        "The discriminator must be kept from overfitting, and dropout is hard to place.",
        "Where the discriminator has learned training digits by heart, dropout before its last "
        "layer lowers the Fréchet distance of generated digits in the last ten epochs.",
        "sample_frechet_distance",
        more=_PLAIN,
        less=Side("gan-digits/dropout-dense", (11, 20)),
        threshold=0.1,
        reason="A tenth of the distance, for something that must be.",
        relative=True,
        requires=(Requirement(_PLAIN, "overfitting", at_least=0.05),),
        beside=("overfitting", "sample_coverage"),
        caveat="The second place, after each convolution, is an arm of its own and is shown in "
        "chapter 8.",
    ),
    Claim(
        "C6",
        "Noise on the generator's inputs that decays by epoch helps.",
        "Noise of standard deviation 0.2 on the input of each generator layer, gone after ten "
        "epochs, lowers the Fréchet distance of generated digits in the last ten of 20.",
        "sample_frechet_distance",
        more=_PLAIN,
        less=Side("gan-digits/noise", (11, 20)),
        threshold=0.1,
        reason="A tenth of the distance: less would hardly be seen.",
        relative=True,
        beside=("sample_coverage",),
    ),
)
