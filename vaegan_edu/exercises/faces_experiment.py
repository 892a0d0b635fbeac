"""Checks of chapter 10, the faces experiment."""

import numpy as np

from vaegan_edu.exercises import compare, exercise, numbers
from vaegan_edu.schedules import Constant, Plateau, WindowedDecay, replay


@exercise("floor_by_hand", takes="value")
def _(answer):
    compare(
        numbers(answer, "the epoch"),
        14,
        {
            "nothing decays until there are four losses before the present one: the first decay "
            "comes after epoch 5.": 10,
            "nine decays lead to 0.6 ** 9 = 0.0101 of the first rate. The floor is 0.01 of it.": 13,
            "the first decay comes after epoch 5, the second after epoch 6: count once more.": 15,
            "the window of the log's rule is four. Six is that of the text.": 16,
            "a decay multiplies by 0.6 what is left. It does not take 40 % of the first rate.": 7,
        },
        what="the epoch",
        rtol=0.0,
        atol=0.01,
    )
    return "a loss that falls steadily stops its own network within a third of such a run."


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
                "the sign is turned round: minimum / initial and factor are both below 1.": (
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
