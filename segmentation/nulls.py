"""Tables without groups, to measure evidence by: what k-means finds in them, it finds in anything."""

import numpy as np
from scipy.stats import norm, rankdata

ROUNDS = 5  # that bring the rank correlations of a table without groups within 0.005 of the customers'


def rank_correlations(points: np.ndarray) -> np.ndarray:
    """Spearman's rank correlations of the columns, shape (columns, columns); equal values share a rank."""
    return correlations(rankdata(points, axis=0))


def correlations(values: np.ndarray) -> np.ndarray:
    """Pearson's correlations of the columns; none (0) of a column that does not differ."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.atleast_2d(np.corrcoef(values, rowvar=False)))


def shuffled(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same columns, each shuffled on its own: same marginals, no correlation."""
    return np.column_stack([rng.permutation(column) for column in points.T])


def arranged(points: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The values of each column in the order of another table's column: its smallest where that has its smallest.

    >>> arranged(np.array([[1], [2], [2], [9]]), np.array([[0.5], [-3.0], [7.0], [0.0]])).ravel()
    array([2, 1, 9, 2])
    """
    place = order.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return np.take_along_axis(np.sort(points, axis=0), place, axis=0)


def without_groups(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One population without groups by a Gaussian copula: every column's values as they are, and the rank correlations.

    The columns are rearranged in the order of correlated normal variables (Iman and Conover 1982), which begin with
    the correlations of the normal scores of mid-ranks. Ties weaken what comes out, so these are corrected until the
    rank correlations are the customers'.
    """
    wanted, normal = rank_correlations(points), rng.standard_normal(points.shape)
    scores = norm.ppf((rankdata(points, axis=0) - 0.5) / len(points))
    latent = correlations(scores)
    for _ in range(ROUNDS):
        values, vectors = np.linalg.eigh(latent)
        found = arranged(points, normal @ (vectors * np.sqrt(values.clip(0))) @ vectors.T)
        latent = latent + wanted - rank_correlations(found)
    return found


def box(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uniform points in the box along the principal axes of the given ones (Tibshirani and others 2001, their 1b)."""
    middle = points.mean(axis=0)
    axes = np.linalg.svd(points - middle, full_matrices=False)[2]
    along = (points - middle) @ axes.T
    return rng.uniform(along.min(axis=0), along.max(axis=0), along.shape) @ axes + middle
