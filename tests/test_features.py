"""Scores, engagement and samples, in the words of those who rely on them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.features import (
    FIFTHS,
    cut_points,
    draw,
    engagement,
    fifths,
    present,
    rfm_scores,
    score,
    score_ranges,
)
from segmentation.vocabulary import MIN_VALUES, RFM, SCORES

PARTS = ["Session_Count", "Clicks", "Wishlist_Adds"]
numbers = st.lists(st.integers(0, 50), min_size=5, max_size=80).map(pd.Series)


@given(numbers)
def test_equal_values_get_equal_scores_and_larger_ones_no_smaller(values):
    scores = pd.Series(score(values, cut_points(values, FIFTHS)))
    assert scores.between(1, 5).all()
    assert (scores.groupby(values).nunique() == 1).all()
    assert scores.groupby(values).first().is_monotonic_increasing
    assert (score(values, cut_points(values, FIFTHS), low_is_best=True) == 6 - scores).all()


@given(numbers)
def test_cut_points_are_observed_values_and_doubling_the_base_changes_nothing(values):
    cuts = cut_points(values, FIFTHS)
    assert set(cuts) <= set(values)
    assert (cut_points(pd.concat([values, values]), FIFTHS) == cuts).all()


def test_fifths_of_distinct_values_are_fifths_and_a_value_on_a_cut_belongs_below_it():
    values = pd.Series(np.arange(1.0, 101))
    assert cut_points(values, FIFTHS).tolist() == [20, 40, 60, 80]
    assert (np.bincount(score(values, cut_points(values, FIFTHS)))[1:] == 20).all()
    assert score([20, 20.01, 80, 80.01], [20, 40, 60, 80]).tolist() == [1, 2, 4, 5]
    assert score([20, 20.01], [20, 40, 60, 80], low_is_best=True).tolist() == [5, 4]


@pytest.fixture
def five():
    """Five customers, the first the best on everything."""
    table = pd.DataFrame({"Recency": [1, 2, 3, 4, 5], "Frequency": [9, 7, 5, 3, 1], "Monetary": [90.0, 70, 50, 30, 10]})
    return table.set_axis(list("abcde"))


def test_rfm_score_is_the_sum_of_three_and_a_recent_order_scores_high(five):
    scores = rfm_scores(five, fifths(five))
    assert scores.columns.tolist() == SCORES
    assert scores.loc["a"].tolist() == [5, 5, 5, 15]
    assert scores.loc["e"].tolist() == [1, 1, 1, 3]


def test_thresholds_of_other_customers_score_a_newcomer(five):
    newcomer = pd.DataFrame({"Recency": [2], "Frequency": [100], "Monetary": [5.0]})
    assert rfm_scores(newcomer, fifths(five)).iloc[0].tolist() == [4, 5, 1, 10]


def test_ranges_name_what_each_score_holds_and_where_nobody_is(five, words):
    five.loc[["a", "b"], "Frequency"] = 9
    ranges = score_ranges(five.join(rfm_scores(five, fifths(five))))
    assert ranges["Score"].tolist() == [5, 4, 3, 2, 1]
    assert [words.text(cell) for cell in ranges["Frequency"]] == ["nobody", "9 to 9", "5 to 5", "3 to 3", "1 to 1"]


def people(n=60) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).integers(0, 30, (n, 3)), columns=PARTS).astype(float)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_counts_the_same_for_engagement(part):
    frame = people()
    before = engagement(frame, PARTS)["Engagement_Score"]
    frame[part] = frame[part] * 1000  # a larger unit is no larger weight
    assert engagement(frame, PARTS)["Engagement_Score"].equals(before)
    frame.loc[frame[part].idxmin(), part] = 1e6
    assert (engagement(frame, PARTS)["Engagement_Score"] - before).max() > 20


def test_engagement_of_a_worked_case_is_a_mean_percentile_cut_at_its_terciles():
    found = engagement(pd.DataFrame({"Clicks": np.arange(1.0, 13)}), PARTS)
    assert found["Engagement_Score"].iloc[[0, 1, -1]].tolist() == [4.2, 12.5, 95.8]
    assert found["Engagement_Level"].tolist() == 4 * ["Low"] + 4 * ["Medium"] + 4 * ["High"]
    tied = engagement(pd.DataFrame({"Clicks": [1.0, 1, *range(2, 12)]}), PARTS)["Engagement_Score"]
    assert tied.iloc[0] == tied.iloc[1] == 8.3


def test_engagement_survives_ties_blanks_and_absent_parts():
    frame = people()
    frame[PARTS] = 1.0
    frame.iloc[1] = 2.0
    frame.iloc[0] = np.nan
    found = engagement(frame, PARTS)
    assert found["Engagement_Level"].iloc[2:].nunique() == 1
    assert found.iloc[0].isna().all()
    assert engagement(frame[["Clicks"]], PARTS)["Engagement_Score"].notna().sum() == 59
    assert engagement(frame[[]], PARTS).isna().all(axis=None)


def test_a_part_that_is_the_same_for_everybody_does_not_count():
    frame = people()
    others = [name for name in PARTS if name != "Clicks"]
    pd.testing.assert_frame_equal(engagement(frame.assign(Clicks=7.0), PARTS), engagement(frame, others))
    assert engagement(frame.assign(Clicks=7.0)[["Clicks"]], PARTS).isna().all(axis=None)


def test_a_column_with_fewer_than_ten_values_counts_as_absent():
    table = pd.DataFrame({"few": [1.0] * (MIN_VALUES - 1) + [np.nan], "enough": 1.0, "text": [""] + ["Gold"] * 9})
    assert present(table, ["text", "enough", "few", "missing"]) == ["enough"]


def test_a_sample_does_not_depend_on_the_order_of_rows():
    table = pd.DataFrame(np.random.default_rng(0).integers(0, 9, (500, 3)) * [1.0, 1.0, 0.25], columns=RFM)
    some = draw(table, 50, 7)
    assert len(some) == 50 and (some.index == draw(table, 50, 7).index).all()
    again = draw(table.sample(frac=1, random_state=1), 50, 7)
    assert (again.to_numpy() == some.to_numpy()).all()
    assert draw(table, 500, 7)[RFM].apply(tuple, axis=1).is_monotonic_increasing
