"""What is said of customers before anyone groups them: intervals, correlations, response, tiers, scores."""

import numpy as np
import pandas as pd
import pytest

from segmentation import exploring
from segmentation.exploring import mean_interval, relation, spearman, strength, wilson
from segmentation.problems import LeftOut
from segmentation.vocabulary import RFM


def test_spearman_interval_covers_about_ninety_five_percent():
    rng, covered = np.random.default_rng(0), 0
    truth = 6 / np.pi * np.arcsin(0.5 / 2)
    for _ in range(300):
        x, y = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 150).T
        found = spearman(pd.Series(x), pd.Series(y))
        covered += found.low < truth < found.high
    assert 0.91 < covered / 300 < 0.99


def test_rank_correlation_leaves_out_blanks_and_has_no_width_where_it_rests_on_few():
    one = pd.Series([*range(9), np.nan], dtype=float)
    other = pd.Series([0, 1, 2, 3, 4, 5, 6, 8, 7, 100.0])
    found = spearman(one, other)
    assert found.rho == found.low == found.high == pytest.approx(1 - 6 * 2 / (9 * 80))
    ten = spearman(one.fillna(9), other)
    assert ten == pytest.approx((1 - 6 * 2 / (10 * 99), 0.928, 0.998), abs=0.001), "Bonett and Wright by hand"
    assert np.isnan(spearman(pd.Series([1.0, 1, 1]), pd.Series([1.0, 2, 3])).rho)


@pytest.mark.parametrize(
    ("rho", "word"), [(0.6, "strongly"), (0.599, "moderately"), (0.299, "weakly"), (-0.1, "weakly"), (0.099, "hardly")]
)
def test_correlations_in_words_just_met_and_just_missed(rho, word):
    assert strength(rho) == word
    assert relation(0.099) == relation(np.nan) == "have hardly anything to do with each other"
    assert relation(0.1) == "go weakly together"


def test_intervals_of_shares_and_means_worked_by_hand():
    low, high = wilson(pd.Series([10, 0]), pd.Series([100, 0]))
    assert (low[0], high[0]) == pytest.approx((0.0552, 0.1744), abs=5e-5)
    assert np.isnan(low[1]), "of nobody nothing is known"
    groups = pd.Series(pd.Categorical(["a", "a", "b"], categories=["a", "b", "c"]))
    found = mean_interval(pd.Series([1.0, 3, 5]), groups)
    assert found.loc["a"].tolist() == pytest.approx([2, 2 - 1.96, 2 + 1.96, 2])
    assert found["n"].tolist() == [2, 1, 0]


def customers(n=200) -> pd.DataFrame:
    """Spend follows orders, sessions follow orders; clicks are noise."""
    rng = np.random.default_rng(0)
    orders = rng.integers(1, 20, n)
    table = pd.DataFrame({"Recency": rng.integers(1, 300, n), "Frequency": orders, "Monetary": orders * 10.0})
    sessions = orders * 3 + rng.integers(0, 4, n)
    return table.assign(Session_Count=sessions, Clicks=rng.integers(0, 99, n), Engagement_Score=orders + 0.5)


def test_pairs_by_construction_are_never_the_finding(words):
    pairs = exploring.correlations(customers(), 0)
    assert pairs.rho.loc["Frequency", "Monetary"] == 1
    assert pairs.expected.loc["Frequency", "Monetary"] and pairs.expected.loc["Monetary", "Frequency"]
    strongest = exploring.strongest(pairs)
    assert strongest["Rank correlation"].abs().is_monotonic_decreasing
    built = {"Frequency and Monetary", "Frequency and Session Count", "Monetary and Session Count"}
    assert len(strongest) and not built & set(strongest["Pair"])
    assert words.text(pairs.finding).endswith(", the largest)")


def test_customers_who_do_not_differ_have_no_correlations():
    alike = customers()[RFM].assign(Recency=1, Frequency=1)
    assert isinstance(exploring.correlations(alike, 0), LeftOut)
    assert isinstance(exploring.correlations(alike.assign(Monetary=1), 0), LeftOut)  # no column that differs at all


def test_tiers_are_compared_by_median_spend():
    spend = np.arange(1.0, 101)
    tiers = pd.Series(np.where(spend > 50, "Gold", "Basic"))
    tiers[[98, 99]] = "Basic"
    tiers[0] = ""
    found = exploring.loyalty_tiers(pd.DataFrame({"Monetary": spend, "Segment_Label": tiers}))
    assert found.highest == "Gold"
    assert found.outside == pytest.approx(2 / 11), "two of the eleven who spend 90 or more"


@pytest.mark.parametrize(("kinds", "left_out"), [(1, True), (2, False), (12, False), (13, True)])
def test_tiers_are_two_to_twelve(kinds, left_out):
    table = pd.DataFrame({"Monetary": np.arange(130.0), "Segment_Label": [f"T{n % kinds}" for n in range(130)]})
    found = exploring.loyalty_tiers(table)
    assert isinstance(found, LeftOut) == left_out
    if kinds == 1:
        assert found.reason.endswith("`Segment_Label` has 1 different value")


def scored(**columns) -> pd.DataFrame:
    table = pd.DataFrame({"R_Score": 1, "F_Score": 1, "M_Score": 1, "Monetary": 10.0} | columns)
    return table.assign(RFM_Score=table[["R_Score", "F_Score", "M_Score"]].sum(axis=1))


def test_scores_that_are_no_fifths_are_named_from_thirty_percent_on(words):
    fifths = np.repeat([1, 2, 3, 4, 5], [30, 20, 20, 20, 10])
    tied = np.repeat([1, 2, 3, 4, 5], [31, 20, 20, 20, 9])
    said = words.text(exploring.on_ties(scored(R_Score=fifths, F_Score=tied, M_Score=fifths)))
    assert said == "Many customers share one value of frequency, so scores are not fifths there. "
    assert words.text(exploring.on_ties(scored(R_Score=fifths, F_Score=fifths, M_Score=fifths))) == ""


def test_the_top_fifth_of_few_is_at_least_one():
    assert exploring.top_share(pd.Series([3.0, 1])) == 0.75
    assert exploring.top_share(pd.Series([0.0, 0])) == 0
