"""Checks of the page "Before you start": one function per exercise, NumPy alone."""

import numpy as np

from vaegan_edu.exercises import Hint, compare, exercise, numbers


@exercise("expectation")
def _(answer):
    samples = np.array([-1.0, 0.5, 2.0, 3.5, -0.25])
    for f, formula, count in ((np.square, "z**2", 5), (np.exp, "exp(z)", 4)):
        z = samples[:count]
        where = f"f(z) = {formula} and z = {z.tolist()}"
        estimate, error = _two_numbers(answer(f, z))
        values = f(z)
        mean, deviation = values.mean(), values.std(ddof=1)
        compare(
            estimate,
            mean,
            {
                "you took f of the average. E[f(z)] is the average of f: apply f first, then take "
                "the mean.": f(z.mean()),
                "you summed the values of f. Divide by their number: use the mean.": values.sum(),
                "you averaged the samples themselves. Apply f to them first.": z.mean(),
                "the two numbers stand in the wrong order: the estimate first, then its standard "
                "error.": deviation / np.sqrt(count),
                "you took the median. An expectation is the mean.": np.median(values),
            },
            what="the estimate",
            where=where,
        )
        compare(
            error,
            deviation / np.sqrt(count),
            {
                "this is the standard deviation of one value of f. The standard error is that of "
                "their average: divide by sqrt(N).": deviation,
                "you divided the standard deviation by N. The error of an average shrinks more "
                "slowly, with sqrt(N).": deviation / count,
                "you divided the sum of squares by N. The samples' own mean makes it a little too "
                "small: divide by N - 1 (`ddof=1`).": values.std() / np.sqrt(count),
                "this is the variance of the average. Take its square root.": deviation**2 / count,
                "you measured the spread of the samples. It is the spread of f(z) that "
                "counts.": z.std(ddof=1) / np.sqrt(count),
            },
            what="the standard error",
            where=where,
        )
    rng = np.random.default_rng(0)
    few = _two_numbers(answer(np.square, rng.standard_normal(100)))
    many = _two_numbers(answer(np.square, rng.standard_normal(10_000)))
    return (
        f"for z ~ N(0, 1) your estimate of E[z**2] = 1 is {few[0]:.2f} +- {few[1]:.2f} from 100 "
        f"draws and {many[0]:.3f} +- {many[1]:.3f} from 10,000: a hundred times the draws, about a "
        "tenth of the error."
    )


def _two_numbers(result):
    values = numbers(result, "the pair (estimate, standard error)")
    if values.shape != (2,):
        raise Hint(
            "return two numbers, `return estimate, standard_error`. "
            f"Received: an array of shape {values.shape}"
        )
    return values


@exercise("gaussian_log_density")
def _(answer):
    rng = np.random.default_rng(1)
    for batch, latent_dim in ((3, 2), (4, 5)):
        z, z_mean = rng.normal(size=(2, batch, latent_dim))
        z_log_var = rng.uniform(-1.5, 1.5, size=(batch, latent_dim))
        variance, square = np.exp(z_log_var), (z - z_mean) ** 2
        constant = np.log(2 * np.pi)
        terms = -0.5 * (constant + z_log_var + square / variance)
        compare(
            answer(z, z_mean, z_log_var),
            terms.sum(axis=1),
            {
                "this is one value per dimension. The dimensions are independent, so their log "
                "densities add up: sum over axis 1.": terms,
                "you averaged over the dimensions. The density of the whole code is a product, so "
                "its logarithm is a sum.": terms.mean(axis=1),
                "you summed over the batch (axis 0). Sum over the dimensions of each code "
                "(axis 1).": terms.sum(axis=0),
                "you summed over everything. Each code keeps its own log density: sum over axis 1 "
                "only.": terms.sum(),
                "this is the density. Its logarithm is asked for.": np.exp(terms.sum(axis=1)),
                "the term log(2 pi) is missing.": (terms + 0.5 * constant).sum(axis=1),
                "log(2 pi) counts once per dimension, not once per code.": (
                    terms + 0.5 * constant
                ).sum(axis=1)
                - 0.5 * constant,
                "the sign is reversed: this is the negative log density.": -terms.sum(axis=1),
                "you divided by z_log_var. It is the logarithm of the variance: divide by "
                "exp(z_log_var).": -0.5 * (constant + z_log_var + square / z_log_var).sum(axis=1),
                "you divided by the standard deviation. The exponent has the variance: "
                "exp(z_log_var), without the factor 1/2.": -0.5
                * (constant + z_log_var + square / np.exp(0.5 * z_log_var)).sum(axis=1),
                "you squared exp(z_log_var). It is the variance already.": -0.5
                * (constant + 2 * z_log_var + square / variance**2).sum(axis=1),
                "the term z_log_var is missing: a wide density must also be a low one.": -0.5
                * (constant + square / variance).sum(axis=1),
                "z - z_mean must be squared.": -0.5
                * (constant + z_log_var + (z - z_mean) / variance).sum(axis=1),
                "the factor 1/2 is missing.": 2 * terms.sum(axis=1),
            },
        )
    far = answer(np.full((1, 2), 60.0), np.zeros((1, 2)), np.zeros((1, 2)))
    expected = -3600.0 - np.log(2 * np.pi)
    compare(
        far,
        [expected],
        what="the log density",
        where="z = [60, 60] under the standard normal",
        unfinite="right nearby, but not far out: at z = [60, 60] the density is too small for a "
        "float and becomes 0, whose logarithm is -inf. Write the logarithm out, never take the "
        "log of a density.",
    )
    return (
        "it agrees with the formula in every dimension, and at z = [60, 60] it still gives "
        f"{expected:.0f}, where the density itself is too small for a float."
    )


@exercise("negative_log_likelihood")
def _(answer):
    rng = np.random.default_rng(2)
    for shape in ((2, 3, 3), (4, 2, 5)):
        images = rng.integers(0, 2, size=shape).astype("float64")
        # A few grey pixels, so that both terms of the formula count at once.
        images[:, 0, 0] = rng.uniform(0.2, 0.8, size=shape[0])
        reconstruction = rng.uniform(0.05, 0.95, size=shape)
        ink = images * np.log(reconstruction)
        blank = (1 - images) * np.log(1 - reconstruction)
        per_image = -(ink + blank).sum(axis=(1, 2))
        swapped = -(
            reconstruction * np.log(np.clip(images, 1e-7, 1 - 1e-7))
            + (1 - reconstruction) * np.log(np.clip(1 - images, 1e-7, 1 - 1e-7))
        ).sum(axis=(1, 2))
        compare(
            answer(images, reconstruction),
            per_image.mean(),
            {
                "you averaged over the pixels too. Sum over the pixels of an image, then take the "
                "mean over the batch: else the loss shrinks by the number of pixels.": (
                    per_image.mean() / images[0].size
                ),
                "you summed over the batch too. Take the mean over the images, so that the loss "
                "does not grow with the batch.": per_image.sum(),
                "this is one loss per image. Take the mean over the batch at the end.": per_image,
                "this is one value per pixel. Sum over the pixels of each image, then take the "
                "mean over the batch.": -(ink + blank),
                "the sign: a likelihood below 1 has a negative logarithm, and the loss is minus "
                "that.": -per_image.mean(),
                "the blank pixels are missing: add (1 - images) * log(1 - "
                "reconstruction).": -ink.sum() / shape[0],
                "the inked pixels are missing: add images * log(reconstruction).": (
                    -blank.sum() / shape[0]
                ),
                "the logarithm is the natural one, `np.log`; you used base 2.": (
                    per_image.mean() / np.log(2)
                ),
                "this is the squared error, the negative log-likelihood of a Gaussian. The "
                "exercise asks for that of black and white pixels.": (
                    0.5 * ((images - reconstruction) ** 2).sum() / shape[0]
                ),
                "the arguments are swapped inside the logarithm: it is the reconstruction that "
                "gives the probabilities.": swapped.mean(),
            },
            what="the loss",
            where=f"images of shape {shape}",
            unfinite="the loss is not finite: you take the logarithm of the images, which may be "
            "0. The logarithm is that of the reconstruction.",
        )
    reconstruction = np.full((1, 60, 60), 0.5)
    compare(
        answer(np.ones((1, 60, 60)), reconstruction),
        3600 * np.log(2),
        what="the loss",
        where="a large image",
        unfinite="right for small images, but infinite for one of 60 x 60 pixels: the product of "
        "3600 probabilities is too small for a float. Sum the logarithms and multiply nothing.",
    )
    return (
        "sum over pixels, mean over the batch. A reconstruction that says 1/2 everywhere costs "
        "log 2 = 0.693 nats for each pixel, whatever the image."
    )


@exercise("base_rate", takes="value")
def _(answer):
    base_rate, hit_rate, false_alarm_rate = 0.05, 0.80, 0.10
    joint = base_rate * hit_rate
    flagged = joint + (1 - base_rate) * false_alarm_rate
    right = joint / flagged
    mistakes = {
        "this is p(flagged | generated). Bayes' rule inverts it.": hit_rate,
        "this is the base rate, as if the flag said nothing.": base_rate,
        "this is p(flagged and generated), the numerator. Divide it by p(flagged), the share of "
        "all pictures that are flagged.": joint,
        "this is p(flagged), the denominator.": flagged,
        "this leaves out the base rate: it would be right if half of the pictures were "
        "generated.": hit_rate / (hit_rate + false_alarm_rate),
        "this is the ratio of flagged generated pictures to flagged real ones. Divide by all "
        "flagged pictures.": joint / (flagged - joint),
        "this is the probability that the flagged picture is real.": 1 - right,
        "the false alarms are counted as if every picture were real: weigh their rate by "
        "1 - base_rate.": joint / (joint + false_alarm_rate),
        "this is p(not flagged | real).": 1 - false_alarm_rate,
        "this is p(flagged | real), the rate of false alarms.": false_alarm_rate,
        "this is 1 - base_rate, the share of real pictures.": 1 - base_rate,
    }
    answer = numbers(answer, "the answer")
    if answer.shape:
        raise Hint(f"one number is asked for. Received: an array of shape {answer.shape}")
    if not 0 <= answer <= 1:
        raise Hint(
            "a probability lies between 0 and 1, so 5 percent is 0.05. "
            f"Received: {float(answer):.4g}"
        )
    # Two decimals are enough; every known mistake is further than that from the right answer.
    tolerance = 0.004
    for hint, wrong in mistakes.items():
        if abs(answer - wrong) < tolerance:
            raise Hint(hint)
    if abs(answer - right) > tolerance:
        raise Hint(
            "not yet. Imagine 1000 pictures: how many are generated and flagged, and how many are "
            f"flagged at all? Received: {float(answer):.4g}"
        )
    return (
        f"{right:.3f}. Of 1000 pictures {1000 * flagged:.0f} are flagged, and only "
        f"{1000 * joint:.0f} of these are generated: even after a flag the rare kind is the less "
        "likely one."
    )


@exercise("gradient_descent")
def _(answer):
    scale = np.array([1.0, 3.0])

    def bowl(w):
        return scale * w

    def tilted(w):
        return w**3 - 1.0

    for gradient, start, learning_rate, steps in (
        (bowl, np.array([2.0, -1.0]), 0.1, 4),
        (tilted, np.array([0.5, -0.5, 1.5]), 0.2, 3),
    ):
        path = _descend(gradient, start, learning_rate, steps)
        first = gradient(start)
        times = np.arange(steps + 1)[:, None]
        compare(
            answer(gradient, start, learning_rate, steps),
            path,
            {
                "you walk uphill: the gradient points to where the loss grows, so subtract "
                "it.": _descend(gradient, start, -learning_rate, steps),
                "you use the gradient at the start for every step. Compute it anew at each new "
                "w.": start - learning_rate * times * first,
                "the start is missing: it is the first row of the path.": path[1:],
                "one step is missing: `steps` steps give steps + 1 rows, with the start.": (
                    path[:-1]
                ),
                "one step too many: `steps` steps give steps + 1 rows, with the start.": _descend(
                    gradient, start, learning_rate, steps + 1
                ),
                "this is only the last w. Keep all of them, the start first.": path[-1],
                "all rows are the same array, changed in place: append a copy, or write "
                "`w = w - ...` in place of `w -= ...`.": np.tile(path[-1], (steps + 1, 1)),
                "you forgot the learning rate.": _descend(gradient, start, 1.0, steps),
                "you divide by the learning rate. Multiply the gradient by it.": _descend(
                    gradient, start, 1 / learning_rate, steps
                ),
            },
            what="the path",
            where=f"start = {start.tolist()}, learning_rate = {learning_rate}, steps = {steps}",
        )
    compare(
        answer(bowl, np.array([1.0, 1.0]), 0.1, 0),
        [[1.0, 1.0]],
        what="the path",
        where="steps = 0, which leaves only the start,",
    )
    far = answer(bowl, np.array([1.0, 1.0]), 0.7, 20)[-1]
    return (
        "each step goes against the gradient at the present w. With a learning rate of 0.7 in a "
        f"bowl of curvatures 1 and 3, twenty steps from (1, 1) end at ({far[0]:.1g}, "
        f"{far[1]:.1f}): too large for the steep direction, where each step overshoots by more."
    )


def _descend(gradient, w, learning_rate, steps):
    path = [w]
    with np.errstate(all="ignore"):  # some of the mistakes overflow
        for _ in range(steps):
            w = w - learning_rate * gradient(w)
            path.append(w)
    return np.stack(path)


@exercise("convolution")
def _(answer):
    rng = np.random.default_rng(3)
    for (height, width), (rows, columns), stride in (
        ((6, 8), (3, 2), 1),
        ((7, 10), (3, 3), 2),
        ((9, 6), (2, 4), 3),
    ):
        image = rng.normal(size=(height, width))
        kernel = rng.normal(size=(rows, columns))
        right = _correlate(image, kernel, stride)
        padded = np.pad(
            image,
            (((rows - 1) // 2, rows // 2), ((columns - 1) // 2, columns // 2)),
        )
        compare(
            answer(image, kernel, stride),
            right,
            {
                "you flipped the kernel, as mathematicians do. Networks slide it as it is: "
                "multiply image[i + a, j + b] by kernel[a, b].": _correlate(
                    image, kernel[::-1, ::-1], stride
                ),
                "the output is larger than it should be: you padded the border. In a 'valid' "
                "convolution the kernel stays inside the image.": _correlate(
                    padded, kernel, stride
                ),
                "the stride is ignored: output [i, j] starts at image [stride * i, "
                "stride * j].": _correlate(image, kernel, 1) if stride > 1 else None,
                "the output has the right size, but its windows lie side by side at distance 1: "
                "output [i, j] starts at image [stride * i, stride * j].": _correlate(
                    image, kernel, 1
                )[: right.shape[0], : right.shape[1]]
                if stride > 1
                else None,
                "the last row and column are missing: along each side there are "
                "(size - kernel size) // stride + 1 places. Did you forget the + 1?": (
                    right[:-1, :-1]
                ),
                "rows and columns are exchanged.": right.T,
                "you averaged over the window. A convolution is the weighted sum.": (
                    right / kernel.size
                ),
            },
            what="the output",
            where=f"an image of {height} x {width}, a kernel of {rows} x {columns} and "
            f"stride {stride}",
        )
    side = numbers(answer(np.ones((28, 28)), np.ones((4, 4)), 2)).shape[0]
    return (
        "every output value is the weighted sum under the kernel. An image of 28 x 28, a kernel of "
        f"4 x 4 and stride 2 give {side} x {side}."
    )


def _correlate(image, kernel, stride):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)[::stride, ::stride]
    return np.einsum("ijab,ab->ij", windows, kernel)


@exercise("batch_norm")
def _(answer):
    rng = np.random.default_rng(4)
    for (batch, features), eps in (((4, 3), 0.3), ((6, 2), 1e-3)):
        x = rng.normal(size=(batch, features)) * np.linspace(0.5, 2.0, features) + 3.0
        scale = rng.uniform(0.5, 2.0, size=features)
        offset = rng.normal(size=features)
        centred = x - x.mean(axis=0)
        variance = x.var(axis=0)
        normalised = centred / np.sqrt(variance + eps)
        mistakes = {
            "you divided the sum of squares by N - 1. In training BatchNorm divides by N (NumPy's "
            "default, `ddof=0`).": scale * centred / np.sqrt(x.var(axis=0, ddof=1) + eps) + offset,
            "eps is missing: it stands beside the variance, under the square root.": (
                scale * centred / np.sqrt(variance) + offset
            ),
            "eps stands outside the square root. It is added to the variance first.": (
                scale * centred / (np.sqrt(variance) + eps) + offset
            ),
            "you divided by the variance. Take the square root of variance + eps.": (
                scale * centred / (variance + eps) + offset
            ),
            "you took mean and variance over the features of each example (axis 1). BatchNorm "
            "takes them over the batch (axis 0), for each feature alone.": (
                scale
                * (x - x.mean(axis=1, keepdims=True))
                / np.sqrt(x.var(axis=1, keepdims=True) + eps)
                + offset
            ),
            "you took one mean and variance of the whole array. Each feature has its own: use "
            "axis 0.": scale * (x - x.mean()) / np.sqrt(x.var() + eps) + offset,
            "scale and offset are missing: multiply by scale, then add offset.": normalised,
            "the offset is missing.": scale * normalised,
            "the scale is missing.": normalised + offset,
            "scale and offset have changed places: multiply by scale, add offset.": (
                offset * normalised + scale
            ),
            "you added the offset before multiplying. Multiply by scale first.": (
                scale * (normalised + offset)
            ),
            "the mean is not subtracted.": scale * x / np.sqrt(variance + eps) + offset,
        }
        compare(
            answer(x, scale, offset, eps),
            scale * normalised + offset,
            mistakes,
            where=f"a batch of {batch} with {features} features and eps = {eps:g}",
        )
    constant = answer(np.full((3, 2), 7.0), np.ones(2), np.array([0.5, -1.0]), 1e-3)
    compare(
        constant,
        np.tile([0.5, -1.0], (3, 1)),
        where="a batch of equal examples",
        unfinite="a batch of equal examples gives NaN: eps must keep the denominator from 0.",
    )
    # `scale` and `offset` alone decide what comes out, whatever the batch.
    x = rng.normal(5.0, 3.0, size=(64, 1))
    out = numbers(answer(x, np.array([2.0]), np.array([10.0]), 1e-6))
    return (
        f"a batch with mean {x.mean():.2f} and standard deviation {x.std():.2f} comes out with "
        f"{out.mean():.2f} and {out.std():.2f}, the offset and the scale that were asked for."
    )


@exercise("dense")
def _(answer):
    rng = np.random.default_rng(5)
    for count, inputs, units in ((4, 3, 2), (2, 3, 3)):
        x = rng.normal(size=(count, inputs))
        kernel, bias = rng.normal(size=(inputs, units)), rng.normal(size=units)
        linear = x @ kernel + bias
        compare(
            answer(x, kernel, bias),
            np.maximum(linear, 0),
            {
                "the activation is missing: ReLU replaces what is negative by 0.": linear,
                "the bias is missing: add it before the activation.": np.maximum(x @ kernel, 0),
                "you added the bias after the activation. ReLU comes last.": (
                    np.maximum(x @ kernel, 0) + bias
                ),
                "you took the absolute value. ReLU makes what is negative 0.": np.abs(linear),
                "you took the smaller of each number and 0. ReLU keeps the larger.": (
                    np.minimum(linear, 0)
                ),
                "you took one maximum of the whole array. `np.maximum(array, 0)` compares element "
                "by element.": max(linear.max(), 0),
                "this is the sigmoid. The exercise asks for ReLU.": 1 / (1 + np.exp(-linear)),
                "you multiplied by the kernel turned on its side. Column j of the kernel holds "
                "the weights of unit j.": np.maximum(x @ kernel.T + bias, 0)
                if inputs == units
                else None,
            },
            where=f"x of shape {x.shape} and kernel of shape {kernel.shape}",
        )
    return "each unit weighs all inputs, adds its bias, and passes on what is positive."


@exercise("backpropagation")
def _(answer):
    rng = np.random.default_rng(6)
    for units in (3, 5):
        w1, w2 = rng.normal(size=(2, units))
        w1[0], w1[1] = -abs(w1[0]), abs(w1[1])  # one unit is silent, one is not
        x, target = 1.7, -0.6
        a = w1 * x
        h = np.maximum(a, 0)
        dy = np.sum(w2 * h) - target
        dw1, dw2 = dy * w2 * (a > 0) * x, dy * h
        compare(
            answer(x, target, w1, w2),
            np.stack([dw1, dw2]),
            {
                "the two gradients stand in the wrong order: dw1 first.": np.stack([dw2, dw1]),
                "a silent unit learns nothing: where a is negative, ReLU passes no derivative "
                "back.": np.stack([dy * w2 * x, dw2]),
                "dw1 lacks the factor x: a changes by x when w1 changes by 1.": np.stack(
                    [dy * w2 * (a > 0), dw2]
                ),
                "dw1 lacks the factor w2: what reaches the hidden layer comes through it.": (
                    np.stack([dy * (a > 0) * x, dw2])
                ),
                "the sign is reversed: the derivative of the loss for y is y - target.": np.stack(
                    [-dw1, -dw2]
                ),
                "the loss has the factor 1/2, which cancels the 2 of its derivative.": np.stack(
                    [2 * dw1, 2 * dw2]
                ),
                "you took y for its derivative. The loss compares y with the target.": np.stack(
                    [dw1, dw2]
                )
                / dy
                * (dy + target),
                "dw2 has h as its factor, what came out of ReLU; you used a.": np.stack(
                    [dw1, dy * a]
                ),
            },
            what="the pair (dw1, dw2)",
            where=f"{units} hidden units",
        )
    return "the error travels back through w2 and ReLU, and a silent unit learns nothing."


@exercise("adam")
def _(answer):
    scale = np.array([1.0, 30.0])
    for start, learning_rate, steps in (
        (np.array([2.0, -1.0]), 0.1, 5),
        (np.array([-0.5, 3.0]), 0.02, 3),
    ):
        path = _adam(scale, start, learning_rate, steps)
        given = scale, start, learning_rate, steps
        compare(
            answer(lambda w: scale * w, start, learning_rate, steps),
            path,
            {
                "m and v start at 0 and are too small at first: divide them by 1 - beta**t.": (
                    _adam(*given, corrected=False)
                ),
                "t counts from 1: in the first step the correction is 1 - beta.": _adam(
                    *given, first=2
                ),
                "beta_1 and beta_2 have changed places.": _adam(*given, beta_1=0.999, beta_2=0.9),
                "v averages the *squares* of the gradient.": _adam(*given, square=np.abs),
                "divide by the square root of v_hat.": _adam(*given, root=lambda v: v),
                "you walk uphill: subtract the step.": _adam(scale, start, -learning_rate, steps),
                "this is gradient descent: the step is m_hat / sqrt(v_hat), not the "
                "gradient.": _descend(lambda w: scale * w, start, learning_rate, steps),
                "the start is missing: it is the first row of the path.": path[1:],
                "you step along the gradient and not along its running mean m_hat.": _adam(
                    *given, beta_1=0.0
                ),
            },
            what="the path",
            where=f"start = {start.tolist()}, learning_rate = {learning_rate}, steps = {steps}",
        )
    return (
        "the first step has the length of the learning rate in every direction, the flat one and "
        "the one that is thirty times as steep alike."
    )


def _adam(
    scale,
    w,
    learning_rate,
    steps,
    beta_1=0.9,
    beta_2=0.999,
    corrected=True,
    first=1,
    square=np.square,
    root=np.sqrt,
):
    m = v = np.zeros_like(w)
    path = [w]
    for t in range(first, first + steps):
        g = scale * w
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * square(g)
        m_hat = m / (1 - beta_1**t) if corrected else m
        v_hat = v / (1 - beta_2**t) if corrected else v
        w = w - learning_rate * m_hat / (root(v_hat) + 1e-7)
        path.append(w)
    return np.stack(path)


@exercise("training_steps", takes="value")
def _(answer):
    compare(
        numbers(answer, "the number of steps"),
        460,
        {
            "the last, smaller batch counts too: round the batches of an epoch up.": 440,
            "a part of a batch is a step as well: round up to whole batches.": 20 * 1437 / 64,
            "these are the steps of one epoch.": 23,
            "you counted every image of every epoch. One step takes a whole batch.": 20 * 1437,
            "this is the number of epochs.": 20,
            "round up in each epoch, not once at the end: every epoch ends with its own small "
            "batch.": 450,
        },
        what="the number of steps",
    )
    return "23 steps in each of 20 epochs, and the last step of an epoch sees 29 images."


@exercise("conv_layer")
def _(answer):
    for height, width, channels, filters, kernel, stride, padding in (
        (28, 28, 1, 16, 4, 2, "same"),
        (15, 9, 3, 8, 4, 2, "same"),
        (28, 28, 1, 16, 4, 2, "valid"),
        (15, 12, 3, 8, 5, 3, "valid"),
    ):
        h, w = (_side(n, kernel, stride, padding) for n in (height, width))
        other = [
            _side(n, kernel, stride, "valid" if padding == "same" else "same")
            for n in (height, width)
        ]
        weights = kernel**2 * channels * filters
        down = height // stride, width // stride
        compare(
            answer(height, width, channels, filters, kernel, stride, padding),
            [h, w, filters, weights + filters],
            {
                "the biases are missing: one for each filter.": [h, w, filters, weights],
                "each kernel reaches through all input channels, so they multiply the number of "
                "weights.": [h, w, filters, kernel**2 * filters + filters],
                "one bias for each filter, not for each weight or channel.": [
                    h,
                    w,
                    filters,
                    weights + channels * filters,
                ],
                "the output has one channel for each filter.": [h, w, channels, weights + filters],
                'the sizes belong to the other padding. "same" pads, so only the stride counts; '
                '"valid" keeps the kernel inside.': [*other, filters, weights + filters],
                'with "same" a side that the stride does not divide is rounded up.': [
                    *down,
                    filters,
                    weights + filters,
                ],
                "one place along each side is missing: (size - kernel) // stride + 1.": [
                    h - 1,
                    w - 1,
                    filters,
                    weights + filters,
                ],
                "a kernel is a square: its side counts twice.": [
                    h,
                    w,
                    filters,
                    kernel * channels * filters + filters,
                ],
            },
            what="the result",
            where=f"{height} x {width} x {channels}, {filters} filters of {kernel} x {kernel}, "
            f'stride {stride} and padding="{padding}"',
        )
    return (
        "the first layer of chapter 1, 16 filters of 4 x 4 on 28 x 28 x 1 with stride 2 and "
        'padding "same", returns 14 x 14 x 16 and has 272 weights.'
    )


def _side(n, kernel, stride, padding):
    return -(-n // stride) if padding == "same" else (n - kernel) // stride + 1


@exercise("transposed_convolution")
def _(answer):
    rng = np.random.default_rng(7)
    for (height, width), (rows, columns), stride in (
        ((3, 4), (3, 2), 1),
        ((2, 3), (4, 4), 2),
        ((3, 2), (2, 3), 2),
    ):
        x, kernel = rng.normal(size=(height, width)), rng.normal(size=(rows, columns))
        right = _spread(x, kernel, stride)
        compare(
            answer(x, kernel, stride),
            right,
            {
                "you flipped the kernel. Each value adds the kernel as it is.": _spread(
                    x, kernel[::-1, ::-1], stride
                ),
                "where copies overlap they must add up: `+=` in place of `=`.": _spread(
                    x, kernel, stride, add=False
                ),
                "the stride is ignored: the copy of x[i, j] begins at output [stride * i, "
                "stride * j].": _spread(x, kernel, 1) if stride > 1 else None,
                "you cropped the border, as padding does. Keep every place that a copy "
                "reaches.": right[: height * stride, : width * stride]
                if right.shape != (height * stride, width * stride)
                else None,
                "rows and columns are exchanged.": right.T,
                "the values of x are not used: each copy of the kernel is multiplied by "
                "x[i, j].": _spread(np.ones_like(x), kernel, stride),
                "you averaged over the kernel. Copies are added.": right / kernel.size,
            },
            what="the output",
            where=f"a map of {height} x {width}, a kernel of {rows} x {columns} and stride "
            f"{stride}",
        )
    # What "transposed" means: <conv(y), x> = <y, conv_transposed(x)> for every x and y.
    x, kernel = rng.normal(size=(3, 3)), rng.normal(size=(4, 4))
    y = rng.normal(size=(8, 8))
    gathered = np.sum(_correlate(y, kernel, 2) * x)
    compare(np.sum(y * numbers(answer(x, kernel, 2))), gathered, what="the sum of products")
    return (
        "copies of the kernel, one for each value, added up. A convolution with the same kernel "
        "gathers with exactly the weights by which this one spreads, hence its name."
    )


def _spread(x, kernel, stride, add=True):
    (height, width), (rows, columns) = x.shape, kernel.shape
    output = np.zeros(((height - 1) * stride + rows, (width - 1) * stride + columns))
    for i in range(height):
        for j in range(width):
            place = np.s_[stride * i : stride * i + rows, stride * j : stride * j + columns]
            output[place] = (output[place] if add else 0) + x[i, j] * kernel
    return output
