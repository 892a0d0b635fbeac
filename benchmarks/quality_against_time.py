"""Where does the adversary pay? Quality of MNIST samples against the time of training.

    python -m benchmarks.quality_against_time [--shares 0.0625 0.125 ...] [--seeds 0 1 2]

The best VAE, the best VAE-GAN and a GAN of `benchmarks.light_recipe`, with the same decoder, each
trained anew for every length, so that its rates have fallen to zero at the end of each.

Registered before the runs:

- **Length.** Operations, as there, in shares of the same work; each doubles the one before. The
  figure shows them as minutes of one core, the processor time of the training itself, mean over
  seeds.
- **Data.** As there: trained on 55,000 of MNIST's training images, compared with the other 5,000.
- **Ways of sampling.** One for each model, the one that was best by Fréchet distance in the last
  round there: of the VAE "mixture x4", of the VAE-GAN "mixture x2"; of the GAN, which encodes
  nothing and so has no mixture, "average". Beside them the samples as they come from the decoder,
  without contrast.
- **Seeds.** 0, 1 and 2, shown as dots, with their mean as a line.
- **Verdict.** The VAE-GAN pays from the shortest length on from which its mean Fréchet distance is
  below that of the other model at every length, by more than the 95 % interval of the difference
  (Welch) at that length. Against the VAE and against the GAN by itself.

Not run yet. Each run leaves a file in `benchmarks/results/quality_against_time/`. The command makes
those that are missing and prints the table.
"""

import argparse
import os
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

from benchmarks import light_recipe, markdown
from benchmarks.light_recipe import GAME_BASE, PLAYED, VAE_BASE

# What the game of a VAE-GAN has and a GAN has not.
_NOT_OF_A_GAN = (
    "gamma kl_weight feature_weight feature_scale reconstructions_are_fakes fake_weight "
    "prior_is_played r1 r2 relativistic pixels"
).split()
GAN_BASE = {name: value for name, value in GAME_BASE.items() if name not in _NOT_OF_A_GAN}

STUDY = replace(
    light_recipe.STUDY,
    name="quality_against_time",
    arms={
        "VAE": (VAE_BASE, {"preset": "quick", "beta": 0.3}),
        "GAN": (GAN_BASE, {"preset": "tiny"}),
        "VAE-GAN": (GAME_BASE, PLAYED),
    },
)
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
# The registered way of sampling of each model, and the one without contrast.
WAYS = {"VAE": ("mixture x4", "mixture"), "GAN": ("average",), "VAE-GAN": ("mixture x2", "mixture")}


def main(argv=None, study=STUDY):
    """Make what is missing, the short runs first, and print the table."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{STUDY.name}")
    parser.add_argument("--shares", type=float, nargs="*", default=SHARES)
    parser.add_argument("--seeds", type=int, nargs="*", default=(0, 1, 2))
    given = parser.parse_args(argv)
    data = None
    for share in given.shares:
        for seed in given.seeds:
            for name in study.arms:
                if not study.path_of(name, share, seed).exists():
                    data = data or study.load()
                    light_recipe.run(study, name, data, share, seed)
    ways = {way for some in WAYS.values() for way in some}
    print(markdown.table_of(light_recipe.rows(study.results / study.name, ways)))


if __name__ == "__main__":
    main()
