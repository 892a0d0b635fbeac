"""Checks of chapter 10, the faces experiment."""

import numpy as np

from vaegan_edu.exercises import compare, exercise, numbers
from vaegan_edu.schedules import Constant, Plateau, WindowedDecay, replay


@exercise("count_weights", takes="value")
def _(answer):
    flat, units = 14 * 14 * 128, 1024
    compare(
        numbers(answer, "the count"),
        (flat + 16) * units + units,
        {
            "the biases are missing: one for each of the 1024 units.": (flat + 16) * units,
            "the 16 features of minibatch discrimination are missing: the layer reads them beside "
            "the map.": flat * units + units,
            "biases and the 16 features are both missing.": flat * units,
            "a kernel of 4 without padding and a stride of 2 lead from 64 to 31 and on to 14. With "
            "padding it would be 32 and 16.": (16 * 16 * 128 + 16) * units + units,
            "the map has 128 channels after the second convolution.": (14 * 14 * 64 + 16) * units
            + units,
            "that is what the layer reads. Each of its 1024 units has a weight for each of "
            "those.": flat + 16,
            "that is the whole discriminator without its kernel. Asked is its dense layer.": (
                25_847_489
            ),
        },
        what="the count",
        rtol=0.0,
        atol=0.5,
    )
    return "one dense layer holds nearly all of the discriminator's weights."


@exercise("best_guess")
def _(answer):
    def loss(d, target, weight, fakes=2):
        return -target * np.log(d) - (1 - target + fakes * weight) * np.log(1 - d)

    for target, weight in ((1.0, 1.0), (0.9, 1.0), (0.9, 0.5), (0.8, 0.25)):
        d = target / (1 + 2 * weight)
        right = np.array([d, loss(d, target, weight)])

        def at(guess, fakes=2, target=target, weight=weight):
            return [guess, loss(guess, target, weight, fakes)]

        mistakes = {
            "one half is the best guess where real and fake examples weigh the same. Set the "
            "derivative to zero.": at(0.5),
            "there are two kinds of fakes, reconstructions and samples: each weighs "
            "`fake_weight`.": at(target / (1 + weight), fakes=1),
            "`real_target` does not appear: the label of a real example is not 1.": [
                1 / (1 + 2 * weight), loss(1 / (1 + 2 * weight), 1.0, weight)
            ],
            "`fake_weight` does not appear: it says how much each kind of fake weighs.": [
                target / 3, loss(target / 3, target, 1.0)
            ],
            'that is the probability of "fake". D is that of "real".': at(1 - d),
            "the order is d, then the loss.": right[::-1],
            "a real example with a soft label also pays for the rest: (1 - real_target) times "
            "-log(1 - d).": [d, -target * np.log(d) - 2 * weight * np.log(1 - d)],
            "the sign is turned round: a loss is never negative here.": [d, -right[1]],
            "return two numbers: the guess d, and its loss.": d,
        }  # fmt: skip
        compare(
            answer(target, weight),
            right,
            # With hard labels or full weight some mistakes are none.
            {hint: wrong for hint, wrong in mistakes.items() if not np.allclose(wrong, right)},
            what="the guess and its loss",
            where=f"real_target = {target}, fake_weight = {weight}",
        )
    return (
        "a discriminator that never looks says target / (1 + 2 weight), and pays what you return."
    )


def _ranks(values):
    return np.argsort(np.argsort(values))


@exercise("pair_agreement")
def _(answer):
    rng = np.random.default_rng(10)
    for count in (4, 7, 9):
        losses = rng.permutation(count) ** 2 + 1.0
        distances = np.exp(_ranks(losses) / 3 + rng.normal(0.0, 1.0, count))
        first, second = np.triu_indices(count, 1)
        agree = (losses[first] < losses[second]) == (distances[first] < distances[second])
        share = agree.mean()
        next_to = (np.diff(losses) > 0) == (np.diff(distances) > 0)
        compare(
            answer(losses, distances),
            share,
            {
                "that is the share of pairs that *dis*agree.": 1 - share,
                "that is Kendall's rank correlation, from -1 to 1. Asked is the share of pairs "
                "that agree.": 2 * share - 1,
                "that is the number of pairs that agree. Divide by the number of all pairs.": (
                    agree.sum()
                ),
                "a run makes no pair with itself: there are N (N - 1) / 2 pairs.": (
                    2 * agree.sum() / count**2
                ),
                "you counted each run's pair with itself as one that agrees.": (
                    2 * agree.sum() + count
                )
                / count**2,
                "you compared neighbours in the list alone. Take every pair.": next_to.mean(),
                "that is the correlation of the numbers. Only their order is asked for.": (
                    np.corrcoef(losses, distances)[0, 1]
                ),
                "that is the correlation of the ranks. Count pairs.": np.corrcoef(
                    _ranks(losses), _ranks(distances)
                )[0, 1],
            },
            what="the share",
            where=f"{count} runs",
        )
    return "only the order matters, every pair counts once, and a coin would get one half."


@exercise("match_rules")
def _(answer):
    rng = np.random.default_rng(11)
    for epochs, true in ((30, 1), (40, 2)):
        losses = np.round(3 - 0.05 * np.arange(epochs) + 0.2 * rng.standard_normal(epochs), 2)

        def rules():
            return [
                Constant(5e-4),
                WindowedDecay(5e-4, 0.6, 5e-6, window=6, decay_on="stagnation"),
                WindowedDecay(5e-4, 0.6, 5e-6, window=4, decay_on="improvement"),
                Plateau(5e-4, 0.85, 1e-4, patience=4),
            ]

        replays = np.array([replay(rule, losses) for rule in rules()])
        rates = np.float32(replays[true]).astype("float64")  # as a log has them
        same = np.isclose(replays, rates)
        led = np.isclose(np.column_stack([np.full(len(replays), 5e-4), replays[:, :-1]]), rates)
        falls = (np.diff(replays) < 0) == (np.diff(rates) < 0)
        compare(
            answer(losses, rates, rules()),
            same.mean(axis=1),
            {
                "a log has its rates rounded: compare with np.isclose, not with ==.": (
                    (replays == rates).mean(axis=1)
                ),
                "these are numbers of epochs. Divide by how many there are.": same.sum(axis=1),
                "you compared the rates that led each epoch. The log has the rate after the "
                "epoch's loss was seen, as `replay` returns it.": led.mean(axis=1),
                "that says only whether all epochs agree. Return the share of those that do.": (
                    same.all(axis=1)
                ),
                "you compared the last epoch alone. Compare all.": same[:, -1],
                "you compared when the rates fall. Compare the rates themselves.": falls.mean(
                    axis=1
                ),
                "you averaged over the rules. There is one share for each rule.": same.mean(axis=0),
                "you averaged over everything. There is one share for each rule.": same.mean(),
            },
            what="the shares",
            where=f"{epochs} epochs",
        )
    return "the rule that ran agrees in every epoch, and no other does."
