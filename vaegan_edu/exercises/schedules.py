"""Checks of chapter 7, learning-rate schedules."""

from typing import Any

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers
from vaegan_edu.schedules import Plateau, WindowedDecay, replay

# By hand: WindowedDecay(8.0, factor=0.5, minimum=1.0, window=3) over these. A tie in epoch 4, a
# loss below the last but not below the lowest in epoch 7, the floor in epoch 8.
BY_HAND = [5.0, 3.0, 4.0, 3.0, 2.0, 4.0, 3.0, 5.0]


@exercise("rates_by_hand", takes="value")
def _(answer):
    initial, factor, minimum, window = 8.0, 0.5, 1.0, 3

    def rates(decays, floor=minimum, shift=0, start=initial):
        """The rates if `decays(t)` says whether the loss of epoch t, from 0, lowers the rate."""
        found = [start]
        for t in range(len(BY_HAND)):
            found.append(max(found[-1] * factor, floor) if decays(t) else found[-1])
        return found[1 - shift : len(found) - shift]

    def lowest(t, last=0):
        return min(BY_HAND[max(t - window, 0) : t + last] or [np.inf])

    right = rates(lambda t: t >= window and BY_HAND[t] >= lowest(t))
    compare(
        answer,
        right,
        {
            "a tie is no improvement: in epoch 4 the loss equals the lowest of the three before "
            "it, and the rate falls.": rates(lambda t: t >= window and BY_HAND[t] > lowest(t)),
            "the floor is forgotten: no rate is below 1.": rates(
                lambda t: t >= window and BY_HAND[t] >= lowest(t), floor=0.0
            ),
            "nothing decays until there are three losses before the present one: the first that "
            "can lower the rate is that of epoch 4.": rates(lambda t: BY_HAND[t] >= lowest(t)),
            "you compared with the last loss alone. Compare with the lowest of the last three.": (
                rates(lambda t: t >= window and BY_HAND[t] >= BY_HAND[t - 1])
            ),
            "this is the other rule: the rate falls when the loss is *not* below the lowest.": (
                rates(lambda t: t >= window and BY_HAND[t] < lowest(t))
            ),
            "these are the rates that led each epoch. Asked is the rate after its loss was seen, "
            "one epoch earlier.": rates(lambda t: t >= window and BY_HAND[t] >= lowest(t), shift=1),
            "the present loss does not belong to the window: no loss is below the lowest of a "
            "window that holds it.": rates(lambda t: t >= window and BY_HAND[t] >= lowest(t, 1)),
        },
        what="the rates",
    )
    return "the rate holds until the window is full, falls on a tie, and stops at the floor."


def _plateau(
    losses, initial, factor, minimum, patience, tie=False, restart=True, patient=0, against="best"
):
    rate, best, waited, rates = initial, np.inf, 0, []
    for loss in losses:
        if loss < best or (tie and loss == best):
            best, waited = loss, 0
        else:
            waited += 1
            if against == "last":
                best = loss
        if waited >= patience + patient:
            rate = max(rate * factor, minimum)
            waited = 0 if restart else waited
            if against == "since":
                best = np.inf
        rates.append(rate)
    return rates


@exercise("plateau")
def _(answer):
    rng = np.random.default_rng(7)
    # Losses on which all the mistakes below lead to different rates.
    losses = [5.5, 4.0, 1.0, 5.5, 1.0, 4.5, 3.5, 1.5, 3.0, 3.0, 1.5, 4.0, 2.5, 2.0]
    cases = [
        (losses, 1.0, 0.5, 0.1, 2),
        (losses[:1] * 9, 1.0, 0.5, 0.2, 3),
        (list(np.round(3 + rng.standard_normal(30), 1)), 1.0, 0.8, 0.25, 4),
    ]
    for case in cases:
        losses, initial, factor, minimum, patience = case
        right = replay(Plateau(initial, factor, minimum, patience), losses)
        compare(
            answer(np.array(losses), *case[1:]),
            right,
            {
                "the count of epochs starts again after a decay. Yours goes on, and the rate falls "
                "at each epoch that follows.": _plateau(*case, restart=False),
                "a tie is no new best: compare with <, not with <=.": _plateau(*case, tie=True),
                "you wait one epoch too long: the rate falls when the count reaches `patience`.": (
                    _plateau(*case, patient=1)
                ),
                "you wait one epoch too few: the epoch of the best itself does not count.": (
                    _plateau(*case, patient=-1)
                ),
                "the floor is forgotten: no rate may be below `minimum`.": _plateau(
                    losses, initial, factor, 0.0, patience
                ),
                "you compared with the last loss. The best of all losses before is meant.": (
                    _plateau(*case, against="last")
                ),
                "a decay does not forget the best. Only the count starts again.": _plateau(
                    *case, against="since"
                ),
                "these are the rates before each loss was seen: append after the update, not "
                "before it.": [initial, *right[:-1]],
                "only the last rate. Return one for each epoch.": right[-1],
            },
            what="the rates",
            where=f"losses = {np.round(losses, 1).tolist()[:8]}..., patience = {patience}",
        )
    return "a new best must be strictly below, each decay starts a new count, and the floor holds."


def _windowed(losses, initial, factor, minimum, window, decay_on, **wrong):
    rate, rates = initial, []
    previous: list[float] = []
    for loss in losses:
        if wrong.get("present"):
            previous = [*previous, loss][-window:]
        full = len(previous) == window or (wrong.get("eager") and previous)
        reference = wrong.get("reference", min)(previous) if previous else 0.0
        improved = loss <= reference if wrong.get("tie") else loss < reference
        decays = bool(full) and improved == (decay_on == "improvement")
        if decays:
            rate = max(rate * factor, minimum)
        if not wrong.get("present"):
            previous = [*previous, loss][-window:]
        if decays and wrong.get("clear"):
            previous = []
        rates.append(rate)
    return rates


@exercise("windowed_decay")
def _(answer):
    rng = np.random.default_rng(8)
    # Losses on which all the mistakes below lead to different rates.
    telling = [5.0, 2.5, 3.5, 4.0, 1.5, 2.5, 4.0, 3.5, 1.5, 3.0, 1.0, 1.0, 3.5, 2.5]
    noisy = list(np.round(4 - 0.1 * np.arange(25) + 0.4 * rng.standard_normal(25), 1))
    cases: list[tuple[Any, float, float, float, int, str]] = [
        (telling, 1.0, 0.5, 0.05, 3, "stagnation"),
        (telling, 1.0, 0.5, 0.05, 3, "improvement"),
        (noisy, 1.0, 0.7, 0.2, 4, "stagnation"),
        (noisy, 1.0, 0.7, 0.2, 4, "improvement"),
    ]
    for case in cases:
        losses, *_, window, decay_on = case
        right = replay(WindowedDecay(*case[1:]), losses)
        other = {"stagnation": "improvement", "improvement": "stagnation"}[decay_on]
        compare(
            answer(np.array(losses), *case[1:]),
            right,
            {
                f'you decay on {other} where decay_on is "{decay_on}". Read the condition once '
                "more.": _windowed(*case[:-1], other),
                "the present loss does not belong to the window. Compare first, then append it.": (
                    _windowed(*case, present=True)
                ),
                "a tie is no improvement: the loss must lie strictly below the lowest of the "
                "window.": _windowed(*case, tie=True),
                "nothing decays until the window is full.": _windowed(*case, eager=True),
                "you compared with the highest of the window. Take the lowest.": _windowed(
                    *case, reference=max
                ),
                "you compared with the mean of the window. Take its lowest loss.": _windowed(
                    *case, reference=np.mean
                ),
                "you compared with the last loss alone. Take the lowest of the window.": _windowed(
                    *case, reference=lambda previous: previous[-1]
                ),
                "you compared with the oldest loss of the window. Take the lowest.": _windowed(
                    *case, reference=lambda previous: previous[0]
                ),
                "a decay does not clear the window.": _windowed(*case, clear=True),
                "the window is one loss too long.": _windowed(*case[:4], window + 1, decay_on),
                "the floor is forgotten: no rate may be below `minimum`.": _windowed(
                    *case[:3], 0.0, *case[4:]
                ),
                "these are the rates before each loss was seen: append after the update, not "
                "before it.": [case[1], *right[:-1]],
            },
            what="the rates",
            where=f'window = {window} and decay_on = "{decay_on}"',
        )
    return (
        "it agrees with schedules.WindowedDecay for both kinds of decay, in ties, before the "
        "window is full, and at the floor."
    )


@exercise("largest_rate")
def _(answer):
    rng = np.random.default_rng(9)
    for size in (2, 3, 5):
        basis, _ = np.linalg.qr(rng.standard_normal((size, size)))
        curvatures = rng.uniform(0.5, 8.0, size)
        hessian = basis @ np.diag(curvatures) @ basis.T
        hessian = (hessian + hessian.T) / 2
        compare(
            answer(hessian),
            2 / curvatures.max(),
            {
                "with 1 / curvature a step lands at the bottom. It may overshoot by as much again "
                "before w grows: 2 / curvature.": 1 / curvatures.max(),
                "you took the flattest direction. The steepest diverges first.": 2
                / curvatures.min(),
                "you took the mean of the curvatures. One direction that diverges is enough.": 2
                / curvatures.mean(),
                "the diagonal of the matrix holds the curvatures only if the axes are those of the "
                "ellipse. Take the eigenvalues.": 2 / np.diag(hessian).max(),
                "you took the largest entry of the matrix. The curvatures are its eigenvalues.": 2
                / np.abs(hessian).max(),
                "you added the curvatures. Each direction has a bound of its own.": 2
                / curvatures.sum(),
                "this is one bound for each direction. Take the smallest of them.": 2
                / np.linalg.eigvalsh(hessian),
                "the wrong way round: the bound is 2 / curvature.": curvatures.max() / 2,
            },
            what="the largest rate",
        )
        bound = numbers(answer(hessian)).item()
        for share, grows in ((0.99, False), (1.01, True)):
            w = basis @ np.ones(size)
            step = np.eye(size) - share * bound * hessian
            last = np.linalg.norm(np.linalg.matrix_power(step, 2000) @ w)
            if (last > 1.0) != grows:
                raise Hint(f"gradient descent at {share:g} of your rate says otherwise.")
    return (
        "gradient descent at 0.99 of your rate came to rest and at 1.01 of it ran away, in two, "
        "three and five dimensions."
    )
