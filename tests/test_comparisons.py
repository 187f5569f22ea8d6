"""Segments compared: with other choices, with what came later, in plain thresholds."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from segmentation import comparisons
from segmentation.evidence import Sample
from segmentation.problems import LeftOut
from segmentation.vocabulary import RFM, SEGMENTS

SNAPSHOT = pd.Timestamp("2026-07-01")


@pytest.fixture(scope="module")
def log(shop):
    """The order log of a small shop."""
    return shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))


def test_segments_of_a_past_day_rank_what_was_spent_since(log, decisions, words):
    found = comparisons.later_spend(log, SNAPSHOT, 12, 12, decisions.RECIPE)
    assert (str(found.day), words.text(found.verb)) == ("2025-07-01", "rank")
    assert found.table.index[:4].tolist() == list(SEGMENTS)
    assert found.customers == found.table["n"].iloc[4:].sum(), "segments and bands hold the same customers"
    assert found.segments_rho > 0.5 and found.scores_rho > 0.5
    shown = comparisons.outcome_table(found)
    assert shown.index.name == "As of 2025-07-01"
    assert words.text(shown.loc[SEGMENTS[0], "Later spend, mean"]).startswith("$")


@pytest.mark.parametrize(
    ("scores", "said"),
    [(0.51, "rank"), (0.52, "rank (**less well than the RFM score cut into groups of the same sizes**, 0.52)")],
)
def test_segments_that_rank_less_well_than_plain_scores_as_coarse_say_so(log, decisions, words, scores, said):
    found = comparisons.later_spend(log, SNAPSHOT, 12, 12, decisions.RECIPE)
    assert words.text(dataclasses.replace(found, segments_rho=0.505, sizes_rho=scores).verb) == said


def test_scores_are_cut_into_groups_as_large_as_the_segments():
    spend, score = pd.Series([1, 2, 3, 4, 5]), pd.Series([9, 12, 9, 3, 15])
    groups = comparisons.as_coarse(spend, score, pd.Series([0, 1, 1, 2, 3]))
    assert groups.tolist() == [2, 1, 1, 3, 0], "of the two with 9 points the one who spent more comes first"


def test_segments_that_do_not_rank_the_future_are_called_out(log, decisions, words):
    early = log["Order_Date"] < "2025-07-01"
    spent = log[early].groupby("Customer_ID", observed=True)["Amount"].sum().sort_values(ascending=False)
    swap = dict(zip(spent.index, spent.index[::-1], strict=True))  # those who were poor are rich later
    later = log[~early & log["Customer_ID"].isin(swap)]
    turned = pd.concat([log[early], later.assign(Customer_ID=later["Customer_ID"].map(swap))])
    found = comparisons.later_spend(turned, SNAPSHOT, 12, 12, decisions.RECIPE)
    assert words.text(found.verb).startswith("**do not rank**")


def test_the_future_needs_a_whole_window_before_it(log, decisions):
    short = log[log["Order_Date"] >= "2024-08-02"]
    assert isinstance(comparisons.later_spend(short, SNAPSHOT, 12, 12, decisions.RECIPE), LeftOut)
    assert isinstance(comparisons.later_spend(log, SNAPSHOT, 36, 12, decisions.RECIPE), LeftOut)
    few = log[log["Customer_ID"].isin(log["Customer_ID"].unique()[:30])]
    assert isinstance(comparisons.later_spend(few, SNAPSHOT, 12, 12, decisions.RECIPE), LeftOut)


def test_outcome_of_a_worked_case():
    table = comparisons.outcome(pd.Series(["a"] * 4 + ["b"] * 2), pd.Series([0.0, 0, 100, 300, 0, 0]))
    assert table.loc["a", ["n", "mean", "again"]].tolist() == [4, 100, 0.5]
    assert table.loc["a", ["again_low", "again_high"]].tolist() == pytest.approx([0.15, 0.85], abs=0.001)
    assert table.loc["b", "again"] == 0


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
    table = others.table.set_index("Other choice")
    assert table.loc["no cap", "Adjusted Rand"] == 1
    assert table.loc[["no cap", "Ward's method"], "Customers"].tolist() == [400, 200]
    assert words.text(table.loc["no cap"].iloc[-1]) == "25.0 / 25.0 / 25.0 / 25.0"
    assert others.at_other_k.sum(axis=1).tolist() == pytest.approx([2] * 4), "shares at three and at five groups"
    assert others.at_other_k.loc[SEGMENTS[0], ["k=3: 1", "k=5: 1"]].sum() > 1, "1 is the highest spend"
    assert "changes least" in words.text(comparisons.on_choices(others))


def test_what_falls_together_and_what_comes_apart_is_named(words):
    three = pd.DataFrame([[1, 0, 0], [0, 1, 0], [0, 0.9, 0.1], [0, 0, 1]], SEGMENTS, ["k=3: 1", "k=3: 2", "k=3: 3"])
    five = pd.DataFrame(np.eye(4), SEGMENTS, [f"k=5: {n}" for n in range(1, 5)])
    five.loc[SEGMENTS[3]] = [0, 0, 0.4, 0.6]
    text = words.text(comparisons.on_other_k(comparisons.Others(pd.DataFrame(), three.join(five))))
    assert text == (
        "With three groups, High-Value Loyalists and Promising Regulars fall together; with five, At-Risk Customers "
        "come apart most (their largest part is 60.0 %)."
    )
