"""The laboratory over several seeds: whether each question and each fault shows what it says.

    python -m benchmarks.laboratory --seeds 5 --steps 1800
    python -m benchmarks.laboratory --arms posterior-collapse cure leak

The page's own kernels train in Node, so Node must be there. An arm is a question, `cure` (mode
collapse with minibatch discrimination), one of the changes that the page asks for, `sound` (what is
broken in "break it") or one of the six faults. A row holds the smallest and the largest value over
the seeds, measured after the last step on as many samples as there are test images: classes with at
least a fiftieth of the samples, then precision, coverage and sharpness as in the page; the pixel
error of copies of the test images; active latent dimensions; the KL and the feature term as the
training logs them, D on real images in training, and D on test images and on samples in a batch of
their own. `ms` is the processor's time for a step.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import markdown
from vaegan_edu.widgets import laboratory

QUESTIONS = [name for name in laboratory.QUESTIONS if name != "break-it"]
# What the page asks a reader to change: a question, and the settings that differ.
CHANGES = {
    "vae, kl_weight 0.1": ("vae", {"kl_weight": 0.1}),
    "gan, a tenth of the discriminator's rate": ("gan", {"discriminator_rate": 1e-4}),
    "gan, ten times the discriminator's rate": ("gan", {"discriminator_rate": 1e-2}),
    "vae-gan, gamma 10": ("vae-gan", {"gamma": 10}),
    "vae-gan, gamma 0.1": ("vae-gan", {"gamma": 0.1}),
    "vae-gan, a tenth of the discriminator's rate": ("vae-gan", {"discriminator_rate": 1e-4}),
    "vae-gan, ten times the discriminator's rate": ("vae-gan", {"discriminator_rate": 1e-2}),
    "vae-gan, no feature term for the decoder": ("vae-gan", {"decoder_feature": 0}),
    "posterior-collapse, kl_weight 5": ("posterior-collapse", {"kl_weight": 5}),
    "posterior-collapse, kl_weight 2.5": ("posterior-collapse", {"kl_weight": 2.5}),
}
ARMS = [*QUESTIONS, "cure", *CHANGES, "sound", *laboratory.FAULTS]
COLUMNS = (
    "classes",
    "precision",
    "coverage",
    "sharpness",
    "pixel",
    "active",
    "prior",
    "feature",
    "d_real",
    "d_test",
    "d_samples",
    "ms",
)
SCRIPT = """
simdProduct = makeSimdProduct();
const bytes = Uint8Array.from(engine.pixels, (letter) => letter.charCodeAt(0) - 97);
const images = toImages(bytes);
const count = engine.labels.length - engine.held;
const [train, held] = [images.subarray(0, count * PIXELS), images.subarray(count * PIXELS)];
const reference = makeJudge(train, Uint8Array.from(engine.labels, Number), held);

function settingsOf(arm) {
  if (PRESETS[arm]) return { ...DEFAULTS, ...PRESETS[arm].settings };
  if (CHANGES[arm]) {
    const [question, { decoder_feature: decoder, ...changed }] = CHANGES[arm];
    const settings = { ...settingsOf(question), ...changed };
    if (decoder === undefined) return settings;
    const { routing } = settings;
    return { ...settings, routing: { ...routing, feature: { ...routing.feature, decoder } } };
  }
  if (arm === "cure") return { ...settingsOf("mode-collapse-and-its-cure"), kernels: KERNELS };
  const sound = settingsOf("break-it");
  return arm === "sound" ? sound : { ...sound, ...FAULTS[arm].settings(sound) };
}

function measure(arm, seed, steps) {
  const settings = settingsOf(arm);
  const training = startTraining(train, settings, seed);
  const begin = process.cpuUsage().user;
  const logged = { prior: 0, feature: 0, d_real: 0 };
  for (let i = 0; i < steps; i++) {
    const { terms, d } = training.advance();
    if (i < steps - 22) continue; // the last epoch
    logged.prior += (terms.prior ?? NaN) / 22;
    logged.feature += (terms.feature ?? NaN) / 22;
    logged.d_real += (d.real ?? NaN) / 22;
  }
  const ms = (process.cpuUsage().user - begin) / 1000 / steps;
  const { networks } = training;
  const z = Float64Array.from({ length: engine.held * settings.latent_dim }, gaussian(uniform(1)));
  const samples = decode(networks, z);
  const found = judgeSamples(samples, reference);
  const codes = encode(networks, held); // of each image all means, then all log-variances
  const length = settings.latent_dim;
  const means = z.map((_, i) => codes[i + length * Math.floor(i / length)]);
  let pixel = 0;
  decode(networks, means).forEach((value, i) => { pixel += 0.5 * (value - held[i]) ** 2; });
  const alone = (some) => mean(forward(networks.discriminator,
    some.slice(0, settings.batch_size * PIXELS)).out, sigmoid);
  return {
    classes: found.histogram.filter((n) => n >= 0.02 * engine.held).length,
    precision: found.precision, coverage: found.coverage, sharpness: found.sharpness,
    pixel: settings.routing.pixel || settings.routing.feature ? pixel / engine.held : NaN,
    active: activeUnits(codes, settings.latent_dim),
    ...logged, d_test: alone(held), d_samples: alone(samples), ms,
  };
}
console.log(JSON.stringify(measure(...asked)));
"""


def measure(arm, seed, steps, node):
    """Train one arm from one seed; returns its row, a dict."""
    engine = laboratory.make_engine()
    sources = Path(laboratory.__file__).parent
    text = "\n".join(
        [
            laboratory.engine_source(),
            (sources / "settings.js").read_text(encoding="utf-8"),
            f"const engine = {json.dumps({k: engine[k] for k in ('pixels', 'labels', 'held')})};",
            f"const CHANGES = {json.dumps(CHANGES)};",
            f"const asked = {json.dumps([arm, seed, steps])};",
            SCRIPT,
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.js")
        script.write_text(text, encoding="utf-8")
        done = subprocess.run([node, script], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"Node ended with an error on {arm!r}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def main(arguments=None):
    """Train every arm from every seed and print the table, an arm as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1800)
    given = parser.parse_args(arguments)
    node = shutil.which("node")
    if node is None:
        sys.exit("benchmarks.laboratory needs Node: install it, or look at the page itself.")
    print(markdown.table(("arm", *COLUMNS), []), flush=True)
    for arm in given.arms:
        runs = [measure(arm, seed, given.steps, node) for seed in range(given.seeds)]
        cells = [_span([run[name] for run in runs]) for name in COLUMNS]
        print(f"| {arm} | {' | '.join(cells)} |", flush=True)


def _span(values):
    """Return the smallest and the largest of the values as text; a dash where there are none."""
    values = [value for value in values if value is not None]  # JSON has no NaN
    if not values:
        return "–"
    low, high = (f"{value:.2g}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


if __name__ == "__main__":
    main()
