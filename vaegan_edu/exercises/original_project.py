"""Checks of chapter 11, reading the original project."""

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers
from vaegan_edu.records import original_logs
from vaegan_edu.schedules import PeakDecay, Plateau, WindowedDecay, replay


def _peak(losses, initial, factor, minimum, patience, start, **wrong):
    rate, rates, next_test = initial, [], start
    kept: list[float] = []
    for epoch, loss in enumerate(losses, start=1):
        before = losses[max(epoch - 1 - patience, 0) : epoch - 1]
        compared = wrong.get("compared", lambda kept, before: kept)(kept, before)
        too_high = epoch > 1 and wrong.get("decays", lambda x, c: x > max(c))(loss, compared)
        if epoch < next_test:
            kept = [loss]
        elif too_high:
            rate = max(rate * factor, minimum)
            next_test = epoch + wrong.get("wait", patience)
            kept = [loss]
        else:
            kept = [*kept, loss][-patience:]
        rates.append(rate)
    return rates


@exercise("find_rule")
def _(answer):
    """Compare with the logs alone: all rules that they cannot tell apart pass."""
    for name, rule in (
        ("S2", PeakDecay(5e-4, factor=0.85, minimum=1e-4, patience=10, start=11)),
        ("S3", PeakDecay(5e-4, factor=0.75, minimum=5e-6, patience=6, start=53)),
    ):
        logs = original_logs()[f"faces-{name.lower()}"]
        settings = rule.get_config()
        networks = ("encoder", "decoder", "discriminator")
        losses = {n: np.array(logs[f"val_{n}_loss"]) for n in networks}
        logged = {n: np.array(logs[f"learning_rate_{n}"]) for n in networks}
        found = {}
        for network in networks:
            found[network] = numbers(answer(losses[network], *settings.values()), "the rates")
            if found[network].shape != (100,):
                raise Hint(
                    "return one rate for each of the 100 losses. "
                    f"Received: shape {found[network].shape}"
                )
        agree = {n: np.isclose(found[n], logged[n], rtol=1e-4, atol=0) for n in networks}
        counts = {n: int(right.sum()) for n, right in agree.items()}
        if sum(counts.values()) == 300:
            continue
        mistakes: dict[str, dict] = {
            "yours decays at any rise over the epoch before. The log lets some rises pass: look "
            "at more losses.": dict(compared=lambda kept, before: before[-1:]),
            "your window still holds losses from before the decay. What if a decay forgets them?": (
                dict(compared=lambda kept, before: before)
            ),
            "yours lowers the rate on a new low, as S4's log does. The decays of S2 and S3 come "
            "after a rise.": dict(decays=lambda loss, compared: loss < min(compared)),
            "after a decay the log shows none for `patience` epochs. Yours does not wait.": dict(
                wait=1
            ),
            "yours waits one epoch too long: the first test comes `patience` epochs after the "
            "decay.": dict(wait=settings["patience"] + 1),
            "yours waits one epoch too few: the first test comes `patience` epochs after the "
            "decay.": dict(wait=settings["patience"] - 1),
            "compare with the highest of the losses, not with their mean.": dict(
                decays=lambda loss, compared: loss > np.mean(compared)
            ),
        }
        known = {
            hint: {n: _peak(losses[n], **settings, **wrong) for n in networks}
            for hint, wrong in mistakes.items()
        }
        later = {**settings, "start": settings["start"] + 1}
        known["epochs count from 1: the first test is that of epoch `start`."] = {
            n: _peak(losses[n], **later) for n in networks
        }
        known["this is the patience of the README's words, as in schedules.Plateau."] = {
            n: replay(Plateau(*list(settings.values())[:4]), losses[n]) for n in networks
        }
        known["these are the rates before each loss was seen: append after the update."] = {
            n: [settings["initial"], *replay(rule, losses[n])[:-1]] for n in networks
        }
        score = (
            f"your rule gives {sum(counts.values())} of the 300 logged rates of {name} "
            f"({', '.join(f'{n} {count}' for n, count in counts.items())})"
        )
        for hint, wrong in known.items():
            if all(np.allclose(found[n], wrong[n], rtol=1e-4, atol=0) for n in networks):
                raise Hint(f"{score}. In words: {hint}")
        network = min(counts, key=lambda name: counts[name])
        at = int(np.argmin(agree[network]))
        raise Hint(
            f"{score}. The {network}'s first differs in epoch {at + 1}, where the log has "
            f"{logged[network][at]:.3g}. Received: {found[network][at]:.3g}. "
            f"Its losses up to there: ..., "
            f"{', '.join(f'{loss:.3f}' for loss in losses[network][max(at - 4, 0) : at + 1])}"
        )
    return (
        "your rule gives 300 of 300 logged rates of S2, and with factor 0.75, patience 6 and start "
        "53 also 300 of 300 of S3."
    )


@exercise("encoder_parameters")
def _(answer):
    for side, channels, latent_dim in ((28, 1, 64), (64, 3, 2048)):

        def count(
            channels=channels,
            maps=None,
            side=side,
            norm=4,
            bias=1,
            heads=2,
            first_norm=False,
            width=latent_dim,
        ):
            maps = ((side - 4) // 2 + 1 - 4) // 2 + 1 if maps is None else maps
            return (
                (16 * channels + bias) * 64
                + (norm * 64 if first_norm else 0)
                + (16 * 64 + bias) * 128
                + norm * 128
                + (maps * maps * 128 + bias) * 1024
                + norm * 1024
                + heads * (1024 + bias) * width
            )

        compare(
            answer(side, channels, latent_dim),
            count(),
            {
                "BatchNorm's statistics are counted too: four numbers a channel, of which two are "
                "learned.": count(norm=2),
                "BatchNorm is left out: four numbers a channel, after the second convolution and "
                "after the dense layer.": count(norm=0),
                "only two layers have a BatchNorm; the first convolution has none.": count(
                    first_norm=True
                ),
                "the biases are left out: one for each channel or unit.": count(bias=0),
                "that is one head. The encoder has two, mean and log-variance.": count(heads=1),
                "these are the maps of a convolution *with* padding. Without it a side of n gives "
                "(n - 4) // 2 + 1.": count(maps=side // 4),
                "the image's channels are left out of the first convolution's kernel.": count(
                    channels=1
                )
                if channels > 1
                else None,
            },
            what="the number",
            where=f"images of {side}x{side}x{channels} and a code of {latent_dim}",
            rtol=0.0,
        )
    return (
        "3,545,920 for MNIST and 30,028,480 for faces: what the shapes in the original's diagrams "
        "give with kernels of 4x4."
    )


@exercise("epochs_to_floor")
def _(answer):
    for case in (
        (5e-4, 0.6, 5e-6, 4),
        (1e-3, 0.85, 1e-4, 6),
        (8.0, 0.5, 0.9, 3),
        (1.0, 0.3, 0.2, 2),
    ):
        initial, factor, minimum, window = case
        share = np.log(minimum / initial) / np.log(factor)
        decays = np.ceil(share)
        right = replay(WindowedDecay(*case, "improvement"), range(200, 0, -1)).index(minimum) + 1
        compare(
            answer(*case),
            right,
            {
                "nothing decays until the window is full: the first decay comes after epoch "
                "window + 1.": decays,
                "a decay that would lead below the floor still counts: round up, not down.": (
                    window + np.floor(share)
                ),
                "epochs are whole: round the number of decays up.": window + share,
                "the first decay comes after epoch window + 1, so that `decays` of them end after "
                "epoch window + decays.": window + decays + 1,
                "a decay multiplies what is left of the rate. You took the same amount each "
                "time.": window + np.ceil((1 - minimum / initial) / (1 - factor)),
                "the sign is reversed: minimum / initial and factor are both below 1.": (
                    window + np.ceil(np.log(initial / minimum) / np.log(factor))
                ),
            },
            what="the epoch",
            where=f"initial = {initial:g}, factor = {factor:g}, minimum = {minimum:g}, "
            f"window = {window}",
        )
    return (
        "schedules.WindowedDecay reaches its floor after just that epoch when every loss is lowest."
    )
