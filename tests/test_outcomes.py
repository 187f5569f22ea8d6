"""Segments of a past day against what came later, beside plain rankings without an advantage by ties."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from segmentation import outcomes
from segmentation.clusters import fit, place
from segmentation.outcomes import AGAIN, AS_FOUR, DISTANCE, FINE, LATE_ORDERS, ORDERS, RECENCY, SEGMENT, SPEND
from segmentation.problems import LeftOut
from segmentation.vocabulary import SEGMENTS

SNAPSHOT = pd.Timestamp("2026-07-01")


@pytest.fixture(scope="module")
def log(shop):
    """The order log of a small shop."""
    return shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))


@pytest.fixture(scope="module")
def found(log, decisions):
    """The small shop a year ago, and the year since."""
    return outcomes.later_spend(log, SNAPSHOT, 12, 12, decisions.RECIPE)


def with_rankings(found, **changes) -> outcomes.Afterwards:
    """The same outcome, but every ranking reaches 0.8 on both measures, save for the changes: name=(AUC, rank)."""
    rankings = found.rankings.assign(**{AGAIN: 0.8, SPEND: 0.8})
    for name, values in changes.items():
        rankings.loc[globals()[name], [AGAIN, SPEND]] = values
    return dataclasses.replace(found, rankings=rankings)


def test_segments_of_a_past_day_rank_what_was_spent_since(found, words):
    assert (str(found.day), found.verb) == ("2025-07-01", "rank")
    assert found.table.index.tolist() == list(SEGMENTS)
    assert found.customers == found.table["n"].sum()
    assert found.segments_rho > 0.5 and found.sizes_rho > 0.5
    shown = outcomes.outcome_table(found)
    assert shown.index.name == "As of 2025-07-01"
    assert words.text(shown.loc[SEGMENTS[0], "Later spend, mean"]).startswith("$")


def test_rankings_with_ties_are_compared_only_with_as_many_levels(log, decisions):
    day = SNAPSHOT - pd.DateOffset(months=12)
    then = outcomes.rfm_from_orders(log, day, 12).sort_index()
    model = fit(then, decisions.RECIPE).model
    then = then.assign(Cluster=place(model, then).cluster, Nearness=outcomes.nearness(model, then), Lately=0)
    orders = outcomes.rankings(then)
    levels = orders.nunique()
    assert levels[[SEGMENT, AS_FOUR]].tolist() == [4, 4] and levels[[outcomes.PAUSED, outcomes.AS_TWO]].tolist() == [
        2,
        2,
    ]
    assert (orders[SEGMENT].value_counts().sort_index() == orders[AS_FOUR].value_counts().sort_index()).all()
    fine = levels.drop(list(outcomes.LEVELS))
    assert (fine == len(then)).all(), "no two customers share a place"
    assert set(fine.index) == {DISTANCE, RECENCY, ORDERS, LATE_ORDERS, "the RFM score"}


def test_a_coarse_ranking_no_longer_beats_a_fine_one_by_its_ties(words):
    """Half buy nothing later. Yes or no hits that half and no more; the full order knows who spends most."""
    later = pd.Series([0.0] * 50 + list(range(1, 51)))
    noisy = pd.Series([*range(50), *range(50, 100)]) + np.random.default_rng(0).normal(0, 15, 100)
    orders = pd.DataFrame({outcomes.PAUSED: (later > 0).astype(int), outcomes.AS_TWO: (noisy > 49).astype(int)})
    judged = outcomes.judged(orders.assign(**{DISTANCE: noisy.rank()}), later)
    assert judged["Levels"].tolist() == ["2", "2", FINE]
    assert judged.loc[outcomes.PAUSED, AGAIN] == 1


def test_a_score_of_distances_is_a_whole_number_at_a_centre_and_lies_between_on_the_way(decisions, log):
    then = outcomes.rfm_from_orders(log, SNAPSHOT, 12)
    model = fit(then, decisions.RECIPE).model
    centres = np.array(model.centroids) * model.scales + model.means
    at = pd.DataFrame(centres, columns=list(model.features))
    assert outcomes.nearness(model, at) == pytest.approx([3, 2, 1, 0], abs=1e-6)
    halfway = outcomes.nearness(model, at.iloc[[0, 1]].mean().to_frame().T)
    assert 1.9 < halfway[0] < 2.6


@pytest.mark.parametrize(("own", "word"), [(0.7899, "less"), (0.79, "no more"), (0.81, "no more"), (0.8101, "more")])
def test_a_hundredth_is_no_difference(own, word):
    assert outcomes.compared(0.8, own) == word


def test_where_a_plain_ranking_tells_more_that_is_said_and_what_segments_are_good_for(found, words):
    better = with_rankings(found, RECENCY=(0.9, 0.8), AS_FOUR=(0.8, 0.85))
    text = words.text(outcomes.lesson(better))
    assert "tell **less** of who buys again than days since the last order (AUC 0.80 against 0.90)" in text
    assert "**less** of how much is spent than the RFM score in four groups as large (rank correlation 0.80" in text
    assert "sort by the plain ranking; the segments are good for saying what to write" in text


def test_where_the_segments_tell_as_much_they_are_not_called_better(found, words):
    text = words.text(outcomes.lesson(with_rankings(found)))
    assert text.count("**no more**") == 2 and "sort by the plain ranking" in text


def test_segments_that_tell_more_than_every_plain_ranking_may_say_so(found, words):
    text = words.text(outcomes.lesson(with_rankings(found, SEGMENT=(0.9, 0.9), DISTANCE=(0.9, 0.9))))
    assert text.count("**more**") == 2 and "sort by" not in text
    half = with_rankings(found, SEGMENT=(0.9, 0.9), DISTANCE=(0.9, 0.8))
    assert "sort by" in words.text(outcomes.lesson(half))


def test_scores_are_cut_into_groups_as_large_as_the_segments():
    spend, score = pd.Series([1, 2, 3, 4, 5]), pd.Series([9, 12, 9, 3, 15])
    groups = outcomes.as_coarse(spend, score, pd.Series([0, 1, 1, 2, 3]))
    assert groups.tolist() == [2, 1, 1, 3, 0], "of the two with 9 points the one who spent more comes first"


def test_segments_that_do_not_rank_the_future_are_called_out(log, decisions, words):
    early = log["Order_Date"] < "2025-07-01"
    spent = log[early].groupby("Customer_ID", observed=True)["Amount"].sum().sort_values(ascending=False)
    swap = dict(zip(spent.index, spent.index[::-1], strict=True))  # those who were poor are rich later
    later = log[~early & log["Customer_ID"].isin(swap)]
    turned = pd.concat([log[early], later.assign(Customer_ID=later["Customer_ID"].map(swap))])
    found = outcomes.later_spend(turned, SNAPSHOT, 12, 12, decisions.RECIPE)
    assert found.verb == "**do not rank**"


def test_where_nobody_spends_later_nothing_is_said_of_the_future(log, decisions):
    nobody = log[log["Order_Date"] < "2025-07-01"]
    left_out = outcomes.later_spend(nobody, SNAPSHOT, 12, 12, decisions.RECIPE)
    assert isinstance(left_out, LeftOut) and "there is none" in left_out.reason


def test_what_cannot_be_ranked_is_not_compared(found, words):
    unranked = dataclasses.replace(found, rankings=found.rankings.assign(**{AGAIN: np.nan}))
    assert "of who buys again than" not in words.text(outcomes.lesson(unranked))
    even = dataclasses.replace(found, rankings=found.rankings.assign(**{SPEND: 0.5}))
    assert "**no more** of how much is spent" in words.text(outcomes.lesson(even))


def test_the_future_needs_a_whole_window_before_it(log, decisions):
    short = log[log["Order_Date"] >= "2024-08-02"]
    assert isinstance(outcomes.later_spend(short, SNAPSHOT, 12, 12, decisions.RECIPE), LeftOut)
    assert isinstance(outcomes.later_spend(log, SNAPSHOT, 36, 12, decisions.RECIPE), LeftOut)
    few = log[log["Customer_ID"].isin(log["Customer_ID"].unique()[:30])]
    assert isinstance(outcomes.later_spend(few, SNAPSHOT, 12, 12, decisions.RECIPE), LeftOut)


def test_outcome_of_a_worked_case():
    table = outcomes.outcome(pd.Series(["a"] * 4 + ["b"] * 2), pd.Series([0.0, 0, 100, 300, 0, 0]))
    assert table.loc["a", ["n", "mean", "again"]].tolist() == [4, 100, 0.5]
    assert table.loc["a", ["again_low", "again_high"]].tolist() == pytest.approx([0.15, 0.85], abs=0.001)
    assert table.loc["b", "again"] == 0
