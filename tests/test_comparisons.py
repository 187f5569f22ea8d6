"""Segments compared: with other choices and other starts, in plain thresholds."""

import numpy as np
import pandas as pd
import pytest

from segmentation import comparisons
from segmentation.evidence import Sample
from segmentation.vocabulary import RFM, SEGMENTS


def test_bands_of_the_score_end_where_they_say():
    scores = pd.Series(range(3, 16))
    bands = comparisons.band(scores)
    assert scores.groupby(bands, observed=True).agg(["min", "max"]).to_numpy().tolist() == [
        [3, 5],
        [6, 8],
        [9, 11],
        [12, 15],
    ]


def test_rule_card_covers_every_customer_once_and_its_rules_are_what_they_say(shipped_customers):
    card = comparisons.rule_card(shipped_customers, 0)
    rules = card.rules
    assert rules["Customers"].sum() == len(shipped_customers)
    assert (rules["Customers"] * rules["Right"]).sum() / len(shipped_customers) == pytest.approx(card.fidelity)
    assert len(rules) <= 8
    for _, rule in rules.iterrows():
        query = " and ".join(
            f"{part.split()[0]} {bound}"
            for part in rule["If"].split(", ")
            for bound in part.split(" ", 1)[1].split(" and ")
        )
        there = shipped_customers.query(query)
        assert len(there) == pytest.approx(rule["Customers"], abs=3), "thresholds are shown in six digits"
        assert (there["Segment_Name"] == rule["then mostly"]).mean() == pytest.approx(rule["Right"], abs=0.02)


def test_shares_by_band_add_up_within_each_segment(shipped_customers):
    shares = comparisons.score_bands(shipped_customers)
    assert np.allclose(shares.sum(axis=1), 1)
    assert shares.loc[SEGMENTS[0], "12-15"] > 0.9


def test_other_choices_are_compared_with_the_published_segments(decisions, words, monkeypatch):
    monkeypatch.setattr(comparisons, "PAIR_SAMPLE", 200)
    rng, segment = np.random.default_rng(0), np.repeat(range(4), 100)
    centres = np.array([[0, 0, 6], [0, 3, 4], [3, 0, 2], [3, 3, 0]])  # Recency, Frequency, Monetary
    points = rng.normal(centres[segment], 0.3)
    sample = Sample(pd.DataFrame(points + 2, columns=RFM).assign(Cluster=segment), tuple(RFM), points, 400, seed=0)
    others = comparisons.other_choices(sample, decisions.RECIPE)
    table = others.set_index("Other choice")
    assert table.loc["no cap", "Adjusted Rand"] == 1
    assert table.loc[["no cap", "Ward's method"], "Customers"].tolist() == [400, 200]
    assert words.text(table.loc["no cap"].iloc[-1]) == "25.0 / 25.0 / 25.0 / 25.0"
    assert "changes least" in words.text(comparisons.on_choices(others))


def sample_of(points, segment) -> Sample:
    """A sample of standardised points as the fit sees them."""
    customers = pd.DataFrame(points - points.min() + 1, columns=RFM).assign(Cluster=segment)
    return Sample(customers, tuple(RFM), points, len(points), seed=0)


def test_starts_that_end_in_another_solution_are_counted(decisions, words):
    """Three groups far apart and four centres: which of the three is cut in two depends on the start."""
    rng, segment = np.random.default_rng(0), np.repeat(range(3), 100)
    points = rng.normal(np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0]])[segment], [1.0, 1, 1])
    optima = comparisons.single_starts(sample_of(points, segment), decisions.RECIPE)
    assert len(optima.rand) == comparisons.WHOLE * decisions.RECIPE.kmeans["n_init"] == 100
    assert 0.2 < optima.elsewhere.mean() < 0.9
    assert optima.inertia[optima.second] > optima.inertia.min() and optima.rand[optima.second] < comparisons.SAME
    assert len(optima.whole) == 10
    text = words.text(comparisons.on_starts(optima))
    assert f"{optima.elsewhere.mean():.0%}".replace("%", " %") in text and "of 10 such fits find the best" in text


def test_starts_that_agree_are_said_to(decisions, words):
    rng, segment = np.random.default_rng(0), np.repeat(range(4), 100)
    centres = np.array([[0, 0, 6], [0, 3, 4], [3, 0, 2], [3, 3, 0]])
    optima = comparisons.single_starts(sample_of(rng.normal(centres[segment], 0.3), segment), decisions.RECIPE)
    other = optima.elsewhere.mean()
    assert (optima.whole > 0.99).all() and other < 0.5
    same = comparisons.Optima(np.ones(20), np.full(20, comparisons.SAME), 10)
    assert words.text(comparisons.on_starts(same)) == "All of 20 single starts of k-means end in the same segments."
    assert not same.elsewhere.any(), "just met"
    assert comparisons.Optima(np.ones(20), np.full(20, comparisons.SAME - 1e-9), 10).elsewhere.all()


def test_whole_fits_take_the_best_of_their_starts():
    optima = comparisons.Optima(np.array([3.0, 1, 2, 2, 3, 4]), np.array([0.1, 1, 0.5, 0.6, 0.2, 0.3]), 3)
    assert optima.whole.tolist() == [1, 0.6]


def test_the_logarithm_is_shown_as_the_alternative_it_is(decisions, words):
    others = pd.DataFrame({"Other choice": [comparisons.LOG], "Adjusted Rand": 0.51, comparisons.SHARES: "4 / 6"})
    assert words.text(comparisons.on_log(others)) == (
        "With a logarithm in place of the cap, the four groups are 4 / 6 % of customers (adjusted Rand index with the "
        "published segments 0.51)."
    )
