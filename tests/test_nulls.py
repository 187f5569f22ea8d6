"""Tables without groups keep what they promise: values, ties and rank correlations."""

import numpy as np
import pytest

from segmentation import nulls


@pytest.fixture(scope="module")
def points():
    """2,000 customers: orders with many ties, spend that follows them, days that run against them."""
    rng = np.random.default_rng(4)
    orders = rng.poisson(0.9, 2000) + 1.0
    return np.column_stack([rng.integers(1, 365, 2000) / orders, orders, orders * rng.exponential(50, 2000)])


@pytest.mark.parametrize("make", [nulls.shuffled, nulls.without_groups])
def test_every_column_keeps_its_values(points, make):
    found = make(points, np.random.default_rng(0))
    assert (np.sort(found, axis=0) == np.sort(points, axis=0)).all()
    assert (found != points).any(axis=1).mean() > 0.9


def test_shuffled_columns_lose_their_rank_correlations_and_the_copula_keeps_them(points):
    own = nulls.rank_correlations(points)
    assert np.abs(own - np.eye(3)).max() > 0.5, "there is something to keep"
    mixed = nulls.shuffled(points, np.random.default_rng(0))
    assert np.abs(nulls.rank_correlations(mixed) - np.eye(3)).max() < 0.08
    for seed in range(5):
        found = nulls.without_groups(points, np.random.default_rng(seed))
        assert np.abs(nulls.rank_correlations(found) - own).max() < 0.005


def test_groups_are_gone():
    """Two groups along a diagonal: a population with as high a rank correlation fills the gap in neither column."""
    rng = np.random.default_rng(0)
    ring = rng.uniform(0, 2 * np.pi, 2000)
    around = np.column_stack([np.cos(ring), np.sin(ring)])  # nobody in the middle
    found = nulls.without_groups(around, rng)
    assert np.hypot(*around.T).min() > 0.99
    assert np.hypot(*found.T).min() < 0.2


def test_a_column_that_does_not_differ_is_no_obstacle(points):
    flat = np.column_stack([points[:, 0], np.ones(len(points))])
    found = nulls.without_groups(flat, np.random.default_rng(0))
    assert (found[:, 1] == 1).all() and nulls.rank_correlations(found)[0, 1] == 0
    alone = nulls.without_groups(points[:, :1], np.random.default_rng(0))
    assert (np.sort(alone, axis=0) == np.sort(points[:, :1], axis=0)).all()


def test_the_box_lies_along_the_points():
    rng = np.random.default_rng(0)
    along = rng.uniform(-1, 1, 500)
    thin = np.column_stack([along, along + rng.normal(0, 0.01, 500)])
    uniform = nulls.box(thin, rng)
    assert uniform.shape == thin.shape
    assert np.corrcoef(uniform.T)[0, 1] > 0.99, "not the square around a diagonal line"
    assert np.abs(uniform).max() < 1.1
