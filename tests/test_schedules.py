"""The learning-rate rules against cases worked out by hand, and what each must keep."""

import inspect
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaegan_edu import records, schedules
from vaegan_edu.schedules import (
    Constant,
    Cosine,
    Linear,
    PeakDecay,
    Plateau,
    WindowedDecay,
    replay,
    two_time_scales,
)

NAN = float("nan")
rates = st.floats(1e-6, 1.0)
shares = st.floats(0.0, 1.0)
factors = st.floats(0.01, 0.99)
counts = st.integers(1, 8)
losses = st.lists(st.one_of(st.integers(-3, 3), st.floats(-1e6, 1e6)), max_size=40)


@st.composite
def rules(draw):
    """Any rule but `Constant`: all of them may only fall, and have a floor."""
    initial, epochs = draw(rates), draw(counts)
    minimum = initial * draw(shares)
    return draw(
        st.sampled_from(
            [
                Plateau(initial, draw(factors), minimum, epochs),
                WindowedDecay(initial, draw(factors), minimum, epochs),
                WindowedDecay(initial, draw(factors), minimum, epochs, "improvement"),
                PeakDecay(initial, draw(factors), minimum, epochs, draw(st.integers(2, 12))),
                Cosine(initial, epochs, minimum),
                Linear(initial, epochs, minimum, draw(st.floats(0.0, 0.99))),
            ]
        )
    )


def test_constant_stays():
    assert replay(Constant(5e-4), [3.0, 9.0, -1.0]) == [5e-4] * 3
    assert replay(Constant(5e-4), []) == []


def test_plateau_by_hand():
    """Loss, and the count of epochs without a new best: 8 0, 6 0, 6 1, 7 2, 9 3 (decays), 6 1,
    5 0, 5 1, 5 2, 5 3 (decays), 5 1."""
    found = replay(Plateau(1.0, 0.5, 0.0, 3), [8, 6, 6, 7, 9, 6, 5, 5, 5, 5, 5])
    assert found == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_plateau_starts_to_count_again_after_a_decay():
    """Without a new best it decays every `patience` epochs, not in every epoch from then on."""
    found = replay(Plateau(1.0, 0.5, 0.0, 2), [1.0] * 8)
    assert found == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125]


def test_a_new_best_restarts_patience():
    found = replay(Plateau(1.0, 0.5, 0.0, 2), [5, 6, 4, 6, 3, 3, 2, 9])
    assert found == [1.0] * 8


def test_plateau_compares_with_the_best_not_with_the_last():
    """8, 7, 6 fall, but none is below 5."""
    assert replay(Plateau(1.0, 0.5, 0.0, 3), [5, 8, 7, 6]) == [1, 1, 1, 0.5]


def test_plateau_of_patience_one_decays_at_every_tie():
    assert replay(Plateau(1.0, 0.5, 0.0, 1), [2, 2, 1, 1]) == [1, 0.5, 0.5, 0.25]


def test_plateau_stops_at_its_floor():
    found = replay(Plateau(1.0, 0.5, 0.3, 1), [1] * 5)
    assert found == [1, 0.5, 0.3, 0.3, 0.3]


def test_stagnation_by_hand():
    """Window 2: 5 and 4 fill it; 4 ties with min(5, 4) and decays; 3 < min(4, 4); 3.5 >= min(4, 3)
    decays; 3 ties with min(3, 3.5) and decays; 2 is below."""
    rule = WindowedDecay(1.0, 0.5, 0.0, 2)
    assert replay(rule, [5, 4, 4, 3, 3.5, 3, 2]) == [1, 1, 0.5, 0.5, 0.25, 0.125, 0.125]


def test_improvement_by_hand():
    """The same losses: only 3 < min(4, 4) and 2 < min(3.5, 3) are below."""
    rule = WindowedDecay(1.0, 0.5, 0.0, 2, decay_on="improvement")
    assert replay(rule, [5, 4, 4, 3, 3.5, 3, 2]) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


@pytest.mark.parametrize("decay_on", ["stagnation", "improvement"])
@pytest.mark.parametrize("window", [1, 4, 6])
def test_nothing_decays_until_the_window_is_full(window, decay_on):
    rising, falling = list(range(window + 1)), list(range(window, -1, -1))
    decaying, other = (rising, falling) if decay_on == "stagnation" else (falling, rising)
    rule = WindowedDecay(1.0, 0.5, 0.0, window, decay_on)
    assert replay(rule, decaying) == [1.0] * window + [0.5]
    assert replay(rule, other) == [1.0] * (window + 1)


def test_a_decay_does_not_clear_the_window():
    assert replay(WindowedDecay(1.0, 0.5, 0.0, 3), [1] * 6) == [1, 1, 1, 0.5, 0.25, 0.125]


def test_the_window_forgets_what_is_older():
    """At 5 the lowest of the two before is 6: the 1 is forgotten."""
    assert replay(WindowedDecay(1.0, 0.5, 0.0, 2), [1, 7, 6, 5]) == [1, 1, 0.5, 0.5]
    improvement = WindowedDecay(1.0, 0.5, 0.0, 2, "improvement")
    assert replay(improvement, [1, 7, 6, 5]) == [1, 1, 1, 0.5]


@pytest.mark.parametrize("decay_on", ["stagnation", "improvement"])
def test_windowed_decay_stops_at_its_floor(decay_on):
    found = replay(
        WindowedDecay(1.0, 0.5, 0.2, 1, decay_on),
        [0.0] * 6 if decay_on == "stagnation" else range(6, 0, -1),
    )
    assert found == [1, 0.5, 0.25, 0.2, 0.2, 0.2]


@given(losses, counts)
def test_windowed_decay_is_its_definition(values, window):
    """Epoch by epoch from slices of the whole list, without a buffer."""
    for decay_on in ("stagnation", "improvement"):
        rate, expected = 1.0, []
        for t, loss in enumerate(values):
            if t >= window:
                lowest = min(values[t - window : t])
                if (loss >= lowest) if decay_on == "stagnation" else (loss < lowest):
                    rate = max(rate * 0.6, 1e-3)
            expected.append(rate)
        assert replay(WindowedDecay(1.0, 0.6, 1e-3, window, decay_on), values) == expected


@given(losses, counts)
def test_plateau_is_its_definition(values, patience):
    """Count from the later of the last new best and the last decay, over the whole list."""
    rate, expected, since = 1.0, [], 0
    for t, loss in enumerate(values):
        if t == 0 or loss < min(values[:t]):
            since = t
        elif t - since == patience:
            rate, since = max(rate * 0.85, 1e-2), t
        expected.append(rate)
    assert replay(Plateau(1.0, 0.85, 1e-2, patience), values) == expected


def test_peak_decay_by_hand():
    """Start 3, patience 2. Loss, and the losses it is compared with: 1, 2 (no tests yet), 3 [2]
    (decays), 9 (waits), 9 [9], 8 [9 9], 9 [9 8], 9.5 [8 9] (decays), 1, 2 [1] (decays), 5, 4 [5].
    """
    found = replay(PeakDecay(1.0, 0.5, 0.0, 2, 3), [1, 2, 3, 9, 9, 8, 9, 9.5, 1, 2, 5, 4])
    assert found == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.125]


def test_peak_decay_forgets_what_lies_before_its_wait():
    """The 9 of epoch 2 is no obstacle for the 4 of epoch 6; nor is what lies before the start."""
    assert replay(PeakDecay(1.0, 0.5, 0.0, 4, 2), [1, 9, 2, 2, 3, 4]) == [1, *[0.5] * 4, 0.25]
    assert replay(PeakDecay(1.0, 0.5, 0.0, 4, 4), [9, 9, 1, 2]) == [1, 1, 1, 0.5]


def test_peak_decay_stops_at_its_floor():
    found = replay(PeakDecay(1.0, 0.5, 0.2, 1, 2), range(7))
    assert found == [1, 0.5, 0.25, 0.2, 0.2, 0.2, 0.2]


def peak_decay(values, factor, minimum, patience, start, initial=1.0, **otherwise):
    """Peak decay from slices of the whole list, without a buffer; or, `otherwise`, a variant."""
    rate, expected, first, kept_from = initial, [], start, start - 1
    if otherwise.get("full_at_start"):
        kept_from = 1
    for epoch, loss in enumerate(values, start=1):
        if epoch >= first:
            oldest = max(kept_from, epoch - otherwise.get("window", patience))
            highest = max(values[oldest - 1 : epoch - 1])
            if loss >= highest if otherwise.get("ties") else loss > highest:
                rate, first = max(rate * factor, minimum), epoch + patience
                kept_from = first - 1
        expected.append(rate)
    return expected


@given(losses, counts, st.integers(2, 12))
def test_peak_decay_is_its_definition(values, patience, start):
    expected = peak_decay(values, 0.6, 1e-2, patience, start)
    assert replay(PeakDecay(1.0, 0.6, 1e-2, patience, start), values) == expected


S2_LOG = (0.85, 1e-4, 10, 11)
S3_LOG = (0.75, 5e-6, 6, 53)


def agreeing(run, rule):
    """Count the logged rates of a run, of 300, that a rule gives; `rule` maps losses to rates.

    The log holds float32: relative errors of 2^-24 a decay, against 0.15 of the smallest step.
    """
    logs = records.original_logs()[run]
    return sum(
        int(np.isclose(rule(logs[f"val_{network}_loss"]), logged, rtol=1e-6, atol=0).sum())
        for network in ("encoder", "decoder", "discriminator")
        for logged in [logs[f"learning_rate_{network}"]]
    )


@pytest.mark.parametrize(
    ("run", "words", "log", "of_the_words"),
    [
        ("faces-s2", Plateau(5e-4, 0.85, 1e-4, 10), PeakDecay(5e-4, *S2_LOG), 173),
        ("faces-s3", Plateau(5e-4, 0.75, 5e-6, 6), PeakDecay(5e-4, *S3_LOG), 40),
        (
            "faces-s4",
            WindowedDecay(5e-4, 0.6, 5e-6, 6),
            WindowedDecay(5e-4, 0.6, 5e-6, 4, "improvement"),
            165,
        ),
    ],
)
def test_the_rules_of_the_logs_give_900_of_900_logged_rates(run, words, log, of_the_words):
    """And the words of the README as many as chapter 11 counts."""
    assert agreeing(run, lambda values: replay(log, values)) == 300
    assert agreeing(run, lambda values: replay(words, values)) == of_the_words


@pytest.mark.parametrize(
    ("run", "settings", "windows"),
    [("faces-s2", S2_LOG, range(8, 12)), ("faces-s3", S3_LOG, range(5, 9))],
)
def test_what_the_logs_leave_open(run, settings, windows):
    """Each variant gives all logged rates as well; one step further, none of them does."""
    factor, minimum, patience, start = settings

    def count(start=start, minimum=minimum, **variant):
        return agreeing(
            run, lambda v: peak_decay(v, factor, minimum, patience, start, 5e-4, **variant)
        )

    assert count() == count(ties=True) == count(minimum=0.0) == 300
    assert {patience - 1, patience, patience + 1} <= set(windows)  # common to S2 and S3
    assert [n for n in range(1, 20) if count(window=n) == 300] == list(windows)
    assert count(start=start - 1) < 300 and count(start=start + 1) < 300
    # How S3 opens is open: with nothing kept before epoch 52, or with a window full by then.
    assert (count(full_at_start=True) == 300) == (run == "faces-s3")


def test_other_rules_than_those_of_the_logs_fail():
    for window in (3, 5):
        rule = WindowedDecay(5e-4, 0.6, 5e-6, window, "improvement")
        assert agreeing("faces-s4", lambda values, rule=rule: replay(rule, values)) < 300
    assert agreeing("faces-s4", lambda v: peak_decay(v, 0.6, 5e-6, 10, 11, 5e-4)) < 300
    assert agreeing("faces-s2", lambda v: replay(PeakDecay(5e-4, 0.85, 1e-4, 9, 11), v)) < 300
    assert agreeing("faces-s3", lambda v: replay(PeakDecay(5e-4, 0.75, 5e-6, 7, 53), v)) < 300


def test_the_original_projects_four():
    """S1 to S4, by their words, over 12 losses that never improve."""
    flat = [1.0] * 12
    assert replay(Constant(5e-4), flat)[-1] == 5e-4
    assert replay(Plateau(5e-4, 0.85, 1e-4, 10), flat) == [5e-4] * 10 + [5e-4 * 0.85] * 2
    assert replay(Plateau(5e-4, 0.75, 5e-6, 6), flat) == [5e-4] * 6 + [5e-4 * 0.75] * 6
    s4 = replay(WindowedDecay(5e-4, 0.6, 5e-6, 6), flat)
    assert s4 == pytest.approx([5e-4] * 6 + [5e-4 * 0.6**n for n in range(1, 7)])


def test_cosine_by_hand():
    found = replay(Cosine(1.0, epochs=4, minimum=0.2), [0] * 6)
    half = 0.8 * math.sqrt(0.5) / 2
    assert found == pytest.approx([0.6 + half, 0.6, 0.6 - half, 0.2, 0.2, 0.2])
    assert replay(Cosine(1.0, epochs=3), [0] * 3)[-1] == 0.0


def test_linear_by_hand():
    assert replay(Linear(1.0, epochs=4), [0] * 5) == [0.75, 0.5, 0.25, 0.0, 0.0]
    found = replay(Linear(1.0, epochs=10, minimum=0.2, start=0.6), [0] * 12)
    assert found == pytest.approx([1.0] * 6 + [0.8, 0.6, 0.4, 0.2, 0.2, 0.2])


def test_infinite_losses_are_compared_like_any_other():
    inf = float("inf")
    assert replay(Plateau(1.0, 0.5, 0.0, 1), [inf, inf, 1]) == [1, 0.5, 0.5]
    assert replay(WindowedDecay(1.0, 0.5, 0.0, 1), [inf, 1, inf]) == [1, 1, 0.5]
    assert replay(PeakDecay(1.0, 0.5, 0.0, 1, 2), [1, inf, inf]) == [1, 0.5, 0.5]


@pytest.mark.parametrize(
    "rule",
    [
        Constant(1.0),
        Plateau(1.0, 0.5, 0.0, 1),
        WindowedDecay(1.0, 0.5, 0.0, 2),
        PeakDecay(1.0, 0.5, 0.0, 2, 2),
        Cosine(1.0, 3),
        Linear(1.0, 3),
    ],
    ids=repr,
)
def test_a_nan_loss_names_its_epoch_and_changes_nothing(rule):
    with pytest.raises(ValueError, match="epoch 4 .* Received: nan$"):
        replay(rule, [1.0, 2.0, 3.0, np.float32("nan"), 4.0])
    for loss in (1.0, 2.0):
        rule.update(loss)
    before = rule.state()
    with pytest.raises(ValueError, match="epoch 3 "):
        rule.update(NAN)
    assert rule.state() == before
    with pytest.raises(ValueError, match="epoch 3 must be a number. Received: 'high'$"):
        rule.update("high")


@given(rules(), losses)
def test_replay_is_stepping_and_leaves_its_rule_alone(rule, values):
    before = rule.state()
    found = replay(rule, values)
    assert rule.state() == before and rule.learning_rate == rule.initial
    assert [rule.update(loss) for loss in values] == found
    assert len(found) == len(values) and all(type(rate) is float for rate in found)
    # From the first epoch also when the rule has led a run already.
    used = rule.state()
    assert replay(rule, np.asarray(values, dtype="float64")) == found
    assert rule.state() == used and rule.epoch == len(values)


@given(rules(), losses)
def test_rates_never_rise_nor_pass_their_floor(rule, values):
    found = [rule.initial, *replay(rule, values)]
    assert all(later <= earlier for earlier, later in zip(found, found[1:], strict=False))
    assert min(found) >= rule.minimum


@given(rules(), losses, st.integers(0, 40))
def test_a_restored_rule_goes_on_as_if_never_stopped(rule, values, at):
    for loss in values[:at]:
        rule.update(loss)
    state = json.loads(json.dumps(rule.state(), allow_nan=False))
    resumed = rule.fresh()
    resumed.restore(state)
    assert [resumed.update(x) for x in values[at:]] == [rule.update(x) for x in values[at:]]
    assert resumed.state() == rule.state()


@pytest.mark.parametrize(
    "rule",
    [
        Plateau(1.0, 0.5, 0.0, 3),
        WindowedDecay(1.0, 0.5, 0.0, 3),
        PeakDecay(1.0, 0.5, 0.0, 3, 3),
        Cosine(1.0, 9),
        Linear(1.0, 9),
    ],
    ids=repr,
)
def test_a_rule_can_stop_anywhere(rule):
    """Also amid its patience, and with a window half full."""
    losses = [2.0, 1.0, 1.0, 1.5, 2.0, 1.0, 0.5, 0.5, 0.5]
    for at in range(len(losses)):
        first, second = rule.fresh(), rule.fresh()
        begun = [first.update(loss) for loss in losses[:at]]
        second.restore(first.state())
        assert begun + [second.update(loss) for loss in losses[at:]] == replay(rule, losses)


def test_a_state_is_a_copy():
    rule = WindowedDecay(1.0, 0.5, 0.0, 2)
    rule.update(1.0)
    state = rule.state()
    state["previous"].append(-9.0)
    assert rule.previous == [1.0]
    rule.restore({**state, "previous": [1.0]})
    rule.update(3.0)
    assert state["previous"] == [1.0, -9.0]


@pytest.mark.parametrize("state", [None, {}, Constant(1.0).state()])
def test_a_foreign_state_is_refused(state):
    rule = Plateau(1.0, 0.5, 0.0, 1)
    with pytest.raises(ValueError, match="state of Plateau must hold epoch, learning_rate, best"):
        rule.restore(state)


@given(rules())
def test_a_rule_says_how_to_make_it_anew(rule):
    again = eval(repr(rule), vars(schedules))
    assert type(again) is type(rule) and again.get_config() == rule.get_config()
    assert list(rule.get_config()) and json.dumps(rule.get_config())
    names = set(inspect.signature(type(rule)).parameters)
    assert set(rule.get_config()) == names


def test_two_time_scales_keep_the_shape_of_the_rule():
    rule = Plateau(1e-4, 0.5, 2e-5, 1)
    rule.update(1.0)
    rule.update(1.0)
    scaled = two_time_scales(rule, generator=1.0, discriminator=4.0)
    assert list(scaled) == ["generator", "discriminator"]
    slow, fast = (replay(scaled[name], [1.0] * 6) for name in scaled)
    assert slow == replay(rule, [1.0] * 6)
    assert fast == pytest.approx([4 * rate for rate in slow])
    assert rule.epoch == 2 and scaled["generator"].epoch == 0
    assert two_time_scales(Constant(1e-4), critic=4)["critic"].learning_rate == 4e-4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(0.0), "`initial` must be above 0"),
        (lambda: Constant(-1e-3), "`initial` must be finite and at least 0"),
        (lambda: Constant(NAN), "`initial` must be finite"),
        (lambda: Constant("1e-3"), "`initial` must be a number"),
        (lambda: Plateau(1.0, 1.0, 0.0, 3), "`factor` must lie between 0 and 1"),
        (lambda: Plateau(1.0, 0.0, 0.0, 3), "`factor` must lie between 0 and 1"),
        (lambda: Plateau(1.0, 0.5, 2.0, 3), "`minimum` must not be above `initial`, 1"),
        (lambda: Plateau(1.0, 0.5, -0.1, 3), "`minimum` must be finite and at least 0"),
        (lambda: Plateau(1.0, 0.5, 0.0, 0), "`patience` must be a whole number"),
        (lambda: Plateau(1.0, 0.5, 0.0, 2.5), "`patience` must be a whole number"),
        (lambda: WindowedDecay(1.0, 0.5, 0.0, 0), "`window` must be a whole number"),
        (lambda: WindowedDecay(1.0, 0.5, 0.0, 4, "rise"), '"stagnation" or "improvement"'),
        (lambda: PeakDecay(1.0, 1.5, 0.0, 3, 2), "`factor` must lie between 0 and 1"),
        (lambda: PeakDecay(1.0, 0.5, 2.0, 3, 2), "`minimum` must not be above `initial`, 1"),
        (lambda: PeakDecay(1.0, 0.5, 0.0, 0, 2), "`patience` must be a whole number"),
        (lambda: PeakDecay(1.0, 0.5, 0.0, 3, 1), "`start` must be a whole number of at least 2"),
        (lambda: PeakDecay(1.0, 0.5, 0.0, 3, "2"), "`start` must be a whole number of at least 2"),
        (lambda: Cosine(1.0, 0), "`epochs` must be a whole number"),
        (lambda: Linear(1.0, 10, minimum=1.5), "`minimum` must not be above `initial`"),
        (lambda: Linear(1.0, 10, start=1.0), "`start` must be at least 0 and below 1"),
        (lambda: Linear(1.0, 10, start=-0.1), "`start` must be finite and at least 0"),
        (lambda: replay(1e-3, [1.0]), "`schedule` must be a rule such as"),
        (lambda: two_time_scales(Constant(1.0), critic=0.0), "factor of `critic` must be above 0"),
        (lambda: two_time_scales("slow", critic=1.0), "`schedule` must be a rule such as"),
    ],
)
def test_bad_arguments_get_one_clear_line(make, message):
    with pytest.raises(ValueError) as failure:
        make()
    assert message in str(failure.value) and "Received: " in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("losses", [None, 3.0, np.array(1.0), "123", [1.0, 10**400], [1.0, "x"]])
def test_what_is_no_row_of_losses_gets_one_line(losses):
    with pytest.raises(ValueError, match="Received") as error:
        schedules.replay(schedules.Plateau(1.0, 0.5, 0.1, 2), losses)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [np.zeros((9, 9)), 1j, np.complex64(1), "a\nb", [1] * 99])
def test_what_is_no_number_gets_one_short_line(value):
    for rule, arguments in (
        (schedules.Constant, (value,)),
        (schedules.Plateau, (1.0, value, 0.1, 2)),
        (schedules.Plateau, (1.0, 0.5, 0.1, value)),
        (schedules.WindowedDecay, (1.0, 0.5, 0.1, 2, value)),
    ):
        with pytest.raises(ValueError, match="Received") as error:
            rule(*arguments)
        assert "\n" not in str(error.value) and len(str(error.value)) < 200


def test_a_rate_beyond_all_floats_is_not_finite():
    with pytest.raises(ValueError, match="`initial` must be finite"):
        schedules.Constant(10**400)
