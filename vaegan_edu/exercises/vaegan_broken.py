"""Checks of the workshop, six broken trainings."""

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise

FAULTS = ("sign", "leak", "mean", "sigmoid", "batch", "saturating")


@exercise("diagnose", takes="value")
def _(answer):
    if not isinstance(answer, list | tuple) or len(answer) != 3:
        raise Hint('give a list of three names, such as ["sign", "leak", "mean"].')
    unknown = [name for name in answer if not isinstance(name, str) or name not in FAULTS]
    if unknown:
        raise Hint(f"the names are {', '.join(FAULTS)}. Received: {str(unknown[0])[:40]!r}")
    first, second, third = answer
    if first == "leak":
        raise Hint(
            "the first: with a leak the loss starts at several nats and shrinks. This one was tiny "
            "from the first step on."
        )
    if first != "sigmoid":
        raise Hint(
            "the first: half of the squared difference of two numbers between 0 and 1 is never "
            "above one half. Which features are such numbers?"
        )
    if second == "leak":
        raise Hint("the second: a leak makes copies worse, for their loss means nothing any more.")
    if second != "mean":
        raise Hint(
            "the second: closer copies need codes that say more, yet the KL is smaller. So the KL "
            "is not what its name says."
        )
    if third == "saturating":
        raise Hint(
            "the third: a saturating loss lets D on samples fall towards zero, alone or not. Here "
            "the answer changes with the company."
        )
    if third != "batch":
        raise Hint(
            "the third: D on the same samples depends on what else is in the batch. What did the "
            "batch hold in training?"
        )
    return "each was found by the one number in which it cannot be any of the others."


def _step(routing, in_place=False, rate=0.1):
    """A step on terms whose slope in a network's weights is the weights themselves."""

    def step(weights, terms):
        after = weights if in_place else {name: values.copy() for name, values in weights.items()}
        slopes = {
            name: sum(
                terms.get(term, 1.0) * factors.get(name, 0.0) for term, factors in routing.items()
            )
            * weights[name]
            for name in weights
        }
        for name, slope in slopes.items():
            after[name] -= rate * slope
        return after

    return step


_LARSEN = {
    "prior": {"encoder": 1.0},
    "feature": {"encoder": 1.0, "decoder": 0.3},
    "adversarial_decoder": {"decoder": 1.0},
    "adversarial_discriminator": {"discriminator": 1.0},
}


def _leaking(factor):
    return {**_LARSEN, "feature": {**_LARSEN["feature"], "discriminator": factor}}


@exercise("leaks")
def _(answer):
    def asked(routing, **kwargs):
        rng = np.random.default_rng(0)
        shapes = {"encoder": (3, 2), "decoder": (2, 3), "discriminator": (3, 1)}
        weights = {name: rng.normal(1.0, 0.2, shape) for name, shape in shapes.items()}
        found = answer(_step(routing, **kwargs), weights)
        if not isinstance(found, bool | np.bool_):
            raise Hint(f"return True or False. Received: {str(found)[:40]!r}")
        return bool(found)

    sound, leak = asked(_LARSEN), asked(_leaking(0.3))
    if sound and not leak:
        raise Hint("the answers are the wrong way round: True means that there is a leak.")
    if sound:
        raise Hint(
            "your test calls a sound step a leak. Switch all terms off but the feature term, and "
            "look at the discriminator alone: encoder and decoder may follow it."
        )
    if not leak:
        raise Hint(
            "your test misses a leak. Leave the feature term on, and compare the discriminator's "
            "weights before and after."
        )
    if not asked(_leaking(1e-6)):
        raise Hint("your test misses a small leak. Sound is a change of exactly zero.")
    if not asked(_leaking(0.3), in_place=True):
        raise Hint(
            "your test misses a leak in a step that changes the arrays it is given: before and "
            "after are then the same object. Copy the weights first."
        )
    return "it catches the leak, small or large, and lets the sound step pass."


@exercise("pulls")
def _(answer):
    logits = np.array([-10.0, -1.0, 0.0, 3.0])
    d = 1 / (1 + np.exp(-logits))
    found = answer(logits)
    right = np.array([1 - d, d])
    compare(
        list(found) if isinstance(found, tuple) else found,
        right,
        {
            "the two are exchanged: where D is near zero, -log D pulls hard and log(1 - D) hardly "
            "at all.": right[::-1],
            "those are the slopes with their sign. Asked is their size.": -right,
            "those are slopes in D. By the chain rule, multiply by D (1 - D).": [
                1 / d,
                1 / (1 - d),
            ],
            "those are the losses. Take their slopes in the logit.": [-np.log(d), np.log(1 - d)],
            "that is the slope of D itself. Divide by D, or by 1 - D, for the logarithm.": [
                d * (1 - d)
            ]
            * 2,
            "both are the same here: only one of the two forms saturates.": [d, d],
        },
        what="the slopes",
    )
    return "1 - D and D: at a logit of -10 the first is nearly 1, the second 0.00005."
