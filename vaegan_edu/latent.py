"""Draws and moves in latent space, on arrays of codes; decode the result to see it."""

import numpy as np
from numpy.typing import ArrayLike

from vaegan_edu.validation import check_codes, check_count, check_features


def interpolate(a: ArrayLike, b: ArrayLike, steps: int) -> np.ndarray:
    """Return `steps` codes on the straight line from `a` to `b`, both ends included.

    Args:
        a, b: codes, (latent_dim,).
        steps: how many, at least 2.

    Returns:
        (steps, latent_dim), float32: `(1 - t) a + t b` with t from 0 to 1.

    Raises:
        ValueError: `a` and `b` are no finite codes of one length, or `steps` is less than 2.
    """
    steps = check_count(steps, "steps", minimum=2)
    a = _code(a, "a")
    b = _code(b, "b", latent_dim=a.shape[1])
    t = np.linspace(0.0, 1.0, steps, dtype="float32")[:, None]
    return (1.0 - t) * a + t * b


def traverse(z: ArrayLike, direction: ArrayLike, steps: int) -> np.ndarray:
    """Return the codes `z + t * direction` for `steps` values of t from -1 to 1.

    Args:
        z, direction: (latent_dim,); the length of `direction` sets how far the walk goes.
        steps: how many, at least 2; an odd number has `z` itself in the middle.

    Returns:
        (steps, latent_dim), float32.

    Raises:
        ValueError: as for `interpolate`.
    """
    z = _code(z, "z")
    direction = _code(direction, "direction", latent_dim=z.shape[1])
    return interpolate((z - direction)[0], (z + direction)[0], steps)


def draw_codes(z: ArrayLike, count: int, gaussians: int = 50, seed: int = 0) -> np.ndarray:
    """Return codes drawn from a mixture of Gaussians that is fitted to codes of images.

    A decoder learned from codes of images. Where these do not lie as the prior does, it meets
    strange codes in samples of the prior, but none in samples of such a fit (Ghosh et al. 2020,
    section 4, "ex-post density estimation").

    Example:
        >>> samples = model.decode(draw_codes(model.encode(x_train), 64))

    Args:
        z: codes of images, (images, latent_dim).
        count: how many codes to draw, at least 1.
        gaussians: of the mixture, each with a covariance of its own; fewer, if there are not
            `latent_dim + 1` different codes for each, for so many span a covariance.
        seed: of the fit's start and the draws.

    Returns:
        (count, latent_dim), float32, in random order.

    Raises:
        ValueError: codes that are not finite or fewer than two, `count` or `gaussians` below 1.
    """
    from sklearn.mixture import GaussianMixture  # slow to import, and the other moves need none

    z = check_features(z, "z", minimum=2)
    count, seed = check_count(count, "count"), check_count(seed, "seed", minimum=0)
    spanned = len(np.unique(z, axis=0)) // (z.shape[1] + 1)
    gaussians = min(check_count(gaussians, "gaussians"), max(spanned, 1))
    mixture = GaussianMixture(gaussians, random_state=seed).fit(z)
    codes, _ = mixture.sample(count)  # sorted by Gaussian
    return np.random.default_rng(seed).permutation(codes).astype("float32")


def attribute_vector(z: ArrayLike, attribute: ArrayLike) -> np.ndarray:
    """Return the direction from codes without an attribute to codes with it.

    The mean code of the images that have the attribute less the mean code of those that do not
    (Larsen et al. 2016, section 4.2).

    Args:
        z: codes, (count, latent_dim).
        attribute: (count,), true where the image has the attribute; both kinds must occur.

    Returns:
        (latent_dim,), float32.

    Raises:
        ValueError: lengths differ, or the attribute is the same everywhere.
    """
    z = check_codes(z)
    attribute = np.asarray(attribute)
    has_both = attribute.shape == (len(z),) and set(np.unique(attribute)) == {0, 1}
    if not has_both:
        raise ValueError(
            f"`attribute` must be {len(z)} values, true or false, with both present. "
            f"Received: shape {attribute.shape}, values {np.unique(attribute)[:4].tolist()}"
        )
    mask = attribute.astype(bool)
    return z[mask].mean(axis=0) - z[~mask].mean(axis=0)


def attribute_vectors(z: ArrayLike, attributes: ArrayLike, together: bool = False) -> np.ndarray:
    """Return the direction of each of several attributes, which may be continuous.

    The slope of a least-squares line through codes over an attribute. Of an attribute that is 0 or
    1 the slope is the difference of the two mean codes, `attribute_vector`: this is the same for
    what has no two kinds. Where attributes go together in the data, the slope of one carries part
    of the other. Slopes of all attributes in one regression hold each of the others still.

    Args:
        z: codes, (count, latent_dim).
        attributes: (count, attributes), numbers; each must vary.
        together: whether all attributes are regressed on at once.

    Returns:
        (attributes, latent_dim), float32: the change of the code a unit of the attribute.

    Raises:
        ValueError: lengths differ, an attribute is the same everywhere, or `together` is asked for
            with attributes that determine each other.
    """
    z = check_codes(z).astype("float64")
    attributes = check_features(attributes, "attributes", minimum=2)
    centred = attributes - attributes.mean(axis=0)  # of equal numbers not always 0, by rounding
    if len(attributes) != len(z) or not (attributes != attributes[0]).any(axis=0).all():
        raise ValueError(
            f"`attributes` must be {len(z)} rows, each column of which varies. "
            f"Received: shape {attributes.shape}"
        )
    if not together:
        slopes = centred.T @ z / (centred**2).sum(axis=0)[:, None]
    elif np.linalg.matrix_rank(centred) < attributes.shape[1]:
        raise ValueError(
            "`attributes` must not determine each other, for each to be moved alone. "
            f"Received: {attributes.shape[1]} of rank {np.linalg.matrix_rank(centred)}"
        )
    else:
        slopes = np.linalg.lstsq(centred, z - z.mean(axis=0), rcond=None)[0]
    return slopes.astype("float32")


def _code(code: ArrayLike, name: str, latent_dim: int | None = None) -> np.ndarray:
    code = np.asarray(code)
    if code.ndim != 1:
        raise ValueError(f"`{name}` must be one code, (latent_dim,). Received: {code.shape}")
    return check_codes(code[None], name, latent_dim)
