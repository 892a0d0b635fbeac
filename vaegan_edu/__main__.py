"""The command line: train an experiment, measure a run, generate and reconstruct with it."""

import argparse
import json
import signal
import sys
import warnings
from collections.abc import Sequence

BACKENDS = ("tensorflow", "jax", "torch", "openvino")  # what Keras runs on


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. What goes wrong is told in one line."""
    options = _parser().parse_args(words)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _tell  # of files left out, say
            return options.command(options)
    except (OSError, ValueError, FloatingPointError) as error:
        return _fail(options, error, 1)
    except ModuleNotFoundError as error:
        if error.name not in BACKENDS:
            raise
        named = f"KERAS_BACKEND names the backend {error.name}, or keras.json does"
        line = f"{named}, which is not installed: install it, or set KERAS_BACKEND=tensorflow"
        return _fail(options, line, 1)
    except KeyboardInterrupt:
        if words is None:  # the process ends: a second Ctrl-C has nothing left to interrupt
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        resumable = options.command is _train
        again = "; continue with the same words and --resume" if resumable else ""
        return _fail(options, f"interrupted{again}", 130)


def _fail(options, line, code):
    if options.command in (_train, _retrain) and sys.stdout.isatty():
        print()  # the bar may stand in the middle of its line
    _tell(line)
    return code


def _tell(message, *_, **__):
    print("vaegan_edu:", " ".join(str(message).split()), file=sys.stderr)


def _list(options):
    from vaegan_edu.experiments import EXPERIMENTS

    for name, experiment in EXPERIMENTS.items():
        epochs, data = experiment.settings["epochs"], experiment.settings["data"]
        print(f"{name:21} {experiment.summary}; {epochs} epochs of {data}")
    return 0


def _show(options):
    from vaegan_edu.experiments import describe

    print(describe(options.experiment))
    return 0


def _train(options):
    from vaegan_edu.experiments import train

    words = {key: value for key, value in vars(options).items() if key != "command"}
    chosen = {key: words.pop(key) for key in ("schedule", "train_count", "precision")}
    settings = dict(words.pop("set"))
    settings |= {key: value for key, value in chosen.items() if value is not None}
    folder = train(words.pop("experiment"), **words, settings=settings)
    print(f"\nThe record is in {folder}; open {folder / 'index.html'}")
    return 0


def _retrain(options):
    from vaegan_edu.experiments import retrain

    different = retrain(options.run, options.data)
    print(f"\nThe weights are in {options.run}")
    if different:
        print(
            "The history differs from the record's, as on another machine or with other versions: "
            f"{', '.join(different)}"
        )
    else:
        print("The history is the record's, to the last digit")
    return 0


def _evaluate(options):
    from vaegan_edu.experiments import evaluate_run
    from vaegan_edu.experiments.page import tables

    measured = tables(evaluate_run(options.run, options.data))
    print("\n\n".join(f"{title}\n\n{table}" for title, table in measured.items()))
    return 0


def _generate(options):
    from vaegan_edu.experiments import generate_pictures

    written = generate_pictures(options.run, options.count, options.seed, options.output)
    print(f"{options.count} images are in {written}")
    return 0


def _reconstruct(options):
    from vaegan_edu.experiments import reconstruct_pictures

    with warnings.catch_warnings(record=True, action="always") as left_out:
        count = reconstruct_pictures(options.run, options.pictures, options.output)
    for warning in left_out:
        print(f"vaegan_edu: {warning.message}", file=sys.stderr)
    print(f"{count} reconstructions are in {options.output}")
    return 0


def _pack(options):
    from vaegan_edu.experiments import pack

    print(f"The model is in {pack(options.run, options.output)}")
    return 0


def _setting(word):
    """Return `(name, value)` of NAME=VALUE; what is no JSON is a text."""
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE. Received: {word!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong with the words in one line; `--help` shows how it is meant."""

    def error(self, message):
        self.exit(2, f"vaegan_edu: {message}\n")


def _parser():
    parser = _Parser(prog="python -m vaegan_edu", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list the experiments")
    listing.set_defaults(command=_list)
    showing = commands.add_parser("show", help="print an experiment's settings and networks")
    showing.set_defaults(command=_show)
    training = commands.add_parser("train", help="train an experiment and write its record")
    for command in (showing, training):
        command.add_argument(
            "experiment", help="its name, as `list` prints it, or my_file.py:name of your own"
        )
    training.add_argument(
        "--data",
        metavar="NAME_OR_PATH",
        help="digits, mnist, rendered-faces, congress, us-adult-faces or lfw, or a folder or zip "
        "of pictures, in place of the experiment's own",
    )
    training.add_argument("--epochs", type=int, help="default: the experiment's own")
    training.add_argument("--seed", type=int, help="default: 0")
    training.add_argument("--batch-size", type=int, help="examples in a step")
    training.add_argument("--latent-dim", type=int, help="numbers in a code")
    training.add_argument("--image-size", type=int, help="of faces and pictures: 32 or 64")
    training.add_argument("--train-count", type=int, help="how many faces to render to train with")
    training.add_argument(
        "--schedule",
        metavar="RULE",
        help="of the learning rates: s1, s2-text, s2-log, s3-text, s3-log, s4-text, s4-log "
        "(chapter 11), plateau, constant, linear, cosine or cosine-steps, which falls step by step",
    )
    training.add_argument(
        "--precision",
        help="in which layers compute: float32, or mixed_bfloat16, which saves time on processors "
        "and GPUs that have it",
    )
    training.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="any other setting that `show` prints, such as --set beta=4; may be said again",
    )
    training.add_argument("--output", metavar="DIR", help="default: runs/EXPERIMENT/seed-SEED")
    training.add_argument("--resume", action="store_true", help="continue the run in the output")
    training.set_defaults(command=_train)

    evaluating = commands.add_parser("evaluate", help="measure a run anew: metrics.json")
    retraining = commands.add_parser(
        "retrain", help="make the weights of a record that was kept without them"
    )
    generating = commands.add_parser("generate", help="generate images with a run")
    reconstructing = commands.add_parser("reconstruct", help="reconstruct a folder of pictures")
    packing = commands.add_parser("pack", help="make a small model of a run, with a card")
    for command in (evaluating, retraining, generating, reconstructing, packing):
        command.add_argument("run", metavar="RUN_DIR", help="folder of a finished run")
    for command in (evaluating, retraining):
        command.add_argument(
            "--data",
            metavar="PATH",
            help="where the run's pictures are, if no longer in their place",
        )
    retraining.set_defaults(command=_retrain)
    evaluating.set_defaults(command=_evaluate)
    generating.add_argument("--count", type=int, default=64, help="of images; default: 64")
    generating.add_argument("--seed", type=int, default=0, help="of the codes; default: 0")
    generating.add_argument(
        "--output", required=True, metavar="FILE_OR_DIR", help="a .png for one sheet, or a folder"
    )
    generating.set_defaults(command=_generate)
    reconstructing.add_argument("pictures", metavar="FOLDER", help="folder or zip of pictures")
    reconstructing.add_argument("--output", required=True, metavar="DIR")
    reconstructing.set_defaults(command=_reconstruct)
    packing.add_argument("--output", required=True, metavar="DIR", help="a new folder")
    packing.set_defaults(command=_pack)
    return parser


if __name__ == "__main__":
    sys.exit(main())
