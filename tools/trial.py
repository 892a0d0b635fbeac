"""Write what the two games with a judge and the first page's walk need: book/trial/.

    python -m tools.trial vaegan_edu/weights/vae-mnist vaegan_edu/weights/vaegan-mnist

The runs are folders of the experiments vae-mnist and vaegan-mnist with their weights, as
`python -m vaegan_edu train` or `pack` leaves them. The decoders are rounded to eight bits a weight,
so that a page may load them; all samples are those of the rounded decoders. The classifier is the
package's.
"""

import argparse
import base64
import json
from pathlib import Path

import keras
import numpy as np
from matplotlib.figure import Figure

from vaegan_edu import datasets, metrics, networks, plotting
from vaegan_edu.experiments import load_run, sharpen
from vaegan_edu.experiments.evaluation import thin_out
from vaegan_edu.widgets import export_decoder

TARGET = Path(__file__).resolve().parents[1] / "book" / "trial"
COUNT = 400  # images of each set that are measured
SHOWN = 40  # images of each kind in the reader's own test
WALK = 8  # images of the still strip
SEED = 7


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vae", type=Path)
    parser.add_argument("vaegan", type=Path)
    given = parser.parse_args(arguments)
    write(load_run(given.vae), load_run(given.vaegan), datasets.load_mnist())


def write(vae, vaegan, data, target=TARGET):
    """Write the data of both games, the walk's decoder, its strip and the preview of links."""
    (x_train, _), (x_test, _) = data
    classifier = metrics.load_classifier("mnist")
    runs = {"VAE": vae, "VAE-GAN": vaegan}
    decoders = {name: pack(export_decoder(run.model.decoder)) for name, run in runs.items()}
    for name, run in runs.items():
        round_weights(run.model.decoder, decoders[name])
    codes = np.random.default_rng(SEED).standard_normal((SHOWN, 10)).astype("float32")
    drawn = {name: networks.apply(run.model.decoder, codes) for name, run in runs.items()}
    kinds = {
        "real": thin_out(x_test[1::2], SHOWN),
        **drawn,
        "VAE, contrast doubled": sharpen(drawn["VAE"], 2),
    }
    images = np.concatenate([to_bytes(x) for x in kinds.values()])
    logits = networks.apply(vaegan.model.discriminator, from_bytes(images))[0]
    real, held = (metrics.classify(classifier, thin_out(x, COUNT))[1] for x in (x_train, x_test))
    data = {
        "runs": {name: describe(run.config) for name, run in runs.items()},
        "count": COUNT,
        "decoders": decoders,
        "judge": metrics.classifier_digest("mnist"),
        "stages": stages(classifier),
        "real": encode(real),
        "held": encode(held),
        "kinds": list(kinds),
        "images": base64.b64encode(images.tobytes()).decode("ascii"),
        "stops": stops(vaegan.model.decoder, classifier),
        "d": [round(float(p), 4) for p in 1 / (1 + np.exp(-np.ravel(logits)))],
    }
    target.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    (target / "data.json").write_text(text + "\n", encoding="utf-8")
    draw(vaegan.model.decoder, data["stops"], target)


def stops(decoder, classifier):
    """Return codes at which the walk rests: of many draws, two of each class that are read surest.

    In their order each digit is followed by its successor.
    """
    codes = np.random.default_rng(SEED).standard_normal((1000, decoder.input_shape[-1]))
    read = metrics.classify(classifier, networks.apply(decoder, codes.astype("float32")))[0]
    surest = [
        np.flatnonzero(read.argmax(axis=1) == digit)[
            np.argsort(-read[read.argmax(axis=1) == digit, digit], kind="stable")[:2]
        ]
        for digit in range(read.shape[1])
    ]
    order = [chosen[turn] for turn in range(2) for chosen in surest if len(chosen) > turn]
    return [[round(float(z), 3) for z in codes[index]] for index in order]


def describe(config):
    """Return which run it was, without what names a machine."""
    return {key: config[key] for key in ("experiment", "seed", "arguments")}


def pack(spec):
    """Return an exported decoder with kernels of 8 bits and all other weights of 16.

    `parts` says of each stretch of weights its end, its bits and the size of one step.
    """
    weights = np.frombuffer(base64.b64decode(spec["weights"]), "<f4")
    kernels = {tuple(layer["kernel"]) for layer in spec["layers"] if layer["operation"] != "scale"}
    ends = sorted(
        {end for layer in spec["layers"] for end in (layer["kernel"], layer["bias"]) for end in end}
        | {0}
    )
    parts, wide, narrow = [], [], []
    for start, end in zip(ends, ends[1:], strict=False):
        bits = 8 if (start, end) in kernels else 16
        step = float(np.abs(weights[start:end]).max() / (2 ** (bits - 1) - 1)) or 1.0
        whole = np.round(weights[start:end] / step)
        (narrow if bits == 8 else wide).append(whole.astype("<i1" if bits == 8 else "<i2"))
        parts.append([end, bits, float(f"{step:.8g}")])
    raw = b"".join(array.tobytes() for array in (*wide, *narrow))
    rest = {key: spec[key] for key in ("input", "image", "count", "layers")}
    return {**rest, "parts": parts, "weights": base64.b64encode(raw).decode("ascii")}


def unpack(packed):
    """Return the weights of a packed decoder, (count,) float32, as the page reads them."""
    raw = base64.b64decode(packed["weights"])
    lengths = np.diff([0, *(end for end, *_ in packed["parts"])])
    wide = sum(n for n, (_, bits, _) in zip(lengths, packed["parts"], strict=True) if bits == 16)
    sources = {16: np.frombuffer(raw, "<i2", wide), 8: np.frombuffer(raw, "<i1", offset=2 * wide)}
    taken = {8: 0, 16: 0}
    found = []
    for length, (_, bits, step) in zip(lengths, packed["parts"], strict=True):
        found.append(sources[bits][taken[bits] : taken[bits] + length].astype("float32"))
        found[-1] *= np.float32(step)
        taken[bits] += length
    return np.concatenate(found)


def round_weights(decoder, packed):
    """Give a decoder the weights that the page has: what is measured there is measured here."""
    weights = unpack(packed)
    rows = iter(packed["layers"])
    for layer in decoder.layers:
        if not layer.weights:
            continue
        row = next(rows)
        while row["operation"] == "activate":
            row = next(rows)
        kernel, bias = (weights[slice(*row[name])] for name in ("kernel", "bias"))
        if isinstance(layer, keras.layers.BatchNormalization):
            old = layer.get_weights()
            layer.set_weights(
                [
                    *([kernel] if layer.scale else []),
                    *([bias] if layer.center else []),
                    np.zeros_like(old[-2]),
                    np.full_like(old[-1], 1 - layer.epsilon),
                ]
            )
        else:
            shapes = [w.shape for w in layer.get_weights()]
            layer.set_weights([kernel.reshape(shapes[0]), bias][: len(shapes)])


def stages(classifier):
    """Return the classifier as exported chains; between two of them the page takes 2x2 maxima."""
    chains, current = [], []
    for layer in classifier.layers:
        kind = type(layer).__name__
        if kind == "MaxPooling2D":
            chains.append(current)
            current = []
        elif layer.name != "logits" and kind not in ("InputLayer", "Dropout"):
            current.append(layer)
    chains.append(current)
    found, shape = [], classifier.input_shape[1:]
    for chain in chains:
        inputs = h = keras.Input(shape)
        for layer in chain:
            h = layer(h)
        if len(h.shape) == 2:
            h = keras.layers.Reshape((1, 1, h.shape[-1]))(h)
        model = keras.Model(inputs, h)
        found.append(export_decoder(model))
        shape = (h.shape[1] // 2, h.shape[2] // 2, h.shape[3])
    return found


def to_bytes(images):
    return np.round((images + 1) * 127.5).astype("uint8")


def from_bytes(values):
    return values.astype("float32") / 127.5 - 1


def encode(array):
    return base64.b64encode(np.asarray(array, "<f4").tobytes()).decode("ascii")


def draw(decoder, rests, target):
    """Draw the strip that stands where nothing moves, and the picture that links show."""
    rng = np.random.default_rng(SEED)
    strip = plotting.tile(networks.apply(decoder, np.array(rests[:WALK], "float32")), WALK, gap=0)
    keras.utils.array_to_img(strip, scale=False).save(target / "strip.png", optimize=True)
    samples = networks.apply(decoder, rng.standard_normal((96, 10)).astype("float32"))
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="#121212")
    axes = figure.add_axes((0.03, 0.06, 0.94, 0.66))
    axes.imshow(plotting.tile(samples, 16), cmap="gray")
    axes.set_axis_off()
    title = "From the autoencoder to the VAE-GAN"
    figure.text(0.04, 0.84, title, color="white", fontsize=36, weight="bold")
    figure.text(0.04, 0.765, "Digits that nobody wrote", color="#c9d1d9", fontsize=20)
    figure.savefig(target / "preview.png")


if __name__ == "__main__":
    main()
