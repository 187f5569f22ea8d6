"""Behaviour twice: among all customers, and at the same number of orders; the verdict follows the second."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segmentation import behaviour
from segmentation.exploring import spearman
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP


def people(size=4000, own=0.0, seed=0) -> pd.DataFrame:
    """Customers whose clicks and spend grow with their orders; `own` ties clicks to spend per order as well."""
    rng = np.random.default_rng(seed)
    orders = rng.geometric(0.2, size)
    engaged = rng.normal(size=size)
    spend = orders * np.exp(0.5 * (own * engaged + np.sqrt(1 - own**2) * rng.normal(size=size)))
    names = pd.Categorical.from_codes(np.digitize(-orders, [-9, -5, -1]), SEGMENTS)
    table = pd.DataFrame({"Recency": rng.integers(1, 300, size), "Frequency": orders, "Monetary": spend.round(2)})
    return table.assign(Clicks=np.round(orders * np.exp(0.3 * engaged), 3), Segment_Name=names)


def everybody(table) -> pd.Series:
    return pd.Series(0, table.index)


# With spend


def test_what_only_counts_orders_again_is_no_finding_at_the_same_number_of_orders(words):
    habits = behaviour.with_spend(people(), seed=0)
    assert habits.raw.loc["Clicks", "rho"] > 0.6
    assert habits.same.loc["Clicks", "low"] < 0 < habits.same.loc["Clicks", "high"]
    assert not habits.holds["Clicks"]
    assert behaviour.shown(habits)["At the same number of orders"].tolist() == ["no finding"]
    assert words.text(behaviour.reading(habits)) == "nothing of the kind can be said of clicks."


def test_what_goes_with_spend_beyond_orders_is_found_at_its_own_strength(words):
    habits = behaviour.with_spend(people(own=0.5), seed=0)
    assert habits.raw.loc["Clicks", "rho"] > 0.7 and habits.same.loc["Clicks", "rho"] == pytest.approx(0.46, abs=0.04)
    assert habits.holds["Clicks"]
    assert "clicks still go with what they spend" in words.text(behaviour.reading(habits))
    assert "all, 0.4" in words.text(behaviour.finding(habits))


@pytest.mark.parametrize(("low", "high", "holds"), [(0.1, 0.2, False), (0.11, 0.2, True), (-0.2, -0.11, True)])
def test_an_interval_must_reach_beyond_a_tenth(low, high, holds):
    same = pd.DataFrame({"rho": [0.15], "low": [low], "high": [high]}, ["Clicks"])
    assert behaviour.Habits(same, same, 100).holds["Clicks"] == holds


def test_among_everybody_it_is_the_ordinary_rank_correlation_with_its_interval():
    table = people(500)
    found = behaviour.correlation(table["Clicks"], table["Monetary"], everybody(table))
    assert found == pytest.approx(spearman(table["Clicks"], table["Monetary"]), abs=1e-3)


def test_the_interval_covers_about_ninety_five_percent_within_groups():
    covered = []
    for seed in range(150):
        table = people(300, own=0.4, seed=seed)
        found = behaviour.correlation(table["Clicks"], table["Monetary"], table["Frequency"])
        covered.append(found.low < 0.385 < found.high)  # 6 / pi * asin(0.4 / 2), what a rank correlation makes of 0.4
    assert 0.9 <= np.mean(covered) <= 0.99


def test_customers_alone_with_their_number_of_orders_say_nothing():
    table = people(60).assign(Frequency=range(60))
    assert np.isnan(behaviour.correlation(table["Clicks"], table["Monetary"], table["Frequency"]).rho)
    assert isinstance(behaviour.with_spend(table, 0), LeftOut)
    assert isinstance(behaviour.with_spend(people().drop(columns="Clicks"), 0), LeftOut)


# Between segments


def test_among_everybody_it_is_the_kruskal_wallis_test():
    table = people(400).assign(Clicks=lambda customers: customers["Clicks"].where(customers.index % 7 > 0))
    parts = [part.dropna() for _, part in table.groupby("Segment_Name", observed=True)["Clicks"]]
    h, p = stats.kruskal(*parts)
    found = behaviour.difference(table["Clicks"], table["Segment_Name"], everybody(table))
    assert found.p == pytest.approx(p) and found.effect == pytest.approx(h / (table["Clicks"].count() - 1))


def test_segments_made_of_orders_do_not_differ_at_the_same_number_of_orders():
    table = people()
    some = table["Recency"] < 60
    table["Segment_Name"] = table["Segment_Name"].mask(some, VIP)  # so segments overlap in orders
    table["Wishlist_Adds"] = table["Clicks"] + 3 * some
    found = behaviour.by_segment(table, 0.05, seed=0)
    assert found.loc["Clicks", "raw"] > 0.2
    assert found.loc["Clicks", "same"] < 0.01 and not found.loc["Clicks", "differs"]
    assert found.loc["Wishlist_Adds", "same"] > 0.06 and found.loc["Wishlist_Adds", "differs"]
    said = behaviour.segments_shown(found)["At the same number of orders"]
    assert said["Clicks"] == "no finding" and said["Wishlist adds"] in ("medium", "large")


def test_a_segment_test_within_orders_gives_false_alarms_as_often_as_it_says():
    rng = np.random.default_rng(0)
    table = people(400)
    table["Segment_Name"] = table["Segment_Name"].mask(table["Recency"] < 60, LOYAL)
    alarms = [
        behaviour.difference(pd.Series(rng.normal(size=400)), table["Segment_Name"], table["Frequency"]).p < 0.05
        for _ in range(300)
    ]
    assert 0.02 <= np.mean(alarms) <= 0.08


def test_one_segment_or_one_value_is_no_difference():
    table = people(100)
    assert behaviour.difference(table["Clicks"], pd.Series(VIP, table.index), everybody(table)).effect == 0
    assert behaviour.difference(everybody(table), table["Segment_Name"], everybody(table)).p == 1
    assert isinstance(behaviour.by_segment(table.assign(Clicks=1.0), 0.05, 0), LeftOut)


@pytest.mark.parametrize(
    ("effect", "word"),
    [(0.0099, "negligible"), (0.01, "small"), (0.0599, "small"), (0.06, "medium"), (0.1399, "medium"), (0.14, "large")],
)
def test_effects_in_words_step_where_cohen_put_the_steps(effect, word):
    assert behaviour.effect_word(effect) == word


# Carts


def test_carts_are_told_as_a_rate_and_as_carts_left_per_customer(words):
    table = pd.DataFrame({"Segment_Name": pd.Categorical(np.repeat(SEGMENTS, 10), SEGMENTS)})
    table["Frequency"] = np.repeat([20.0, 10, 4, 1], 10)
    table["Cart_Abandon_Rate"] = np.repeat([50.0, 50, 60, 75], 10)
    left = behaviour.carts(table)
    assert left.loc[[VIP, PROMISING, AT_RISK], "left"].tolist() == pytest.approx([20, 6, 3])
    assert words.text(behaviour.carts_finding(left)) == (
        f"{AT_RISK} abandon 75 % of their carts, {VIP} 50 %; counted in carts, {VIP} leave most"
    )
    table.loc[table["Segment_Name"] == AT_RISK, "Cart_Abandon_Rate"] = 100.0  # and one order: it cannot be counted
    assert np.isnan(behaviour.carts(table).loc[AT_RISK, "left"])
    assert isinstance(behaviour.carts(table.drop(columns="Cart_Abandon_Rate")), LeftOut)


def test_a_rate_that_falls_only_because_orders_grow_is_no_reason_to_act(words):
    differences = pd.DataFrame({"differs": [False]}, ["Cart_Abandon_Rate"])
    assert "no reason to act" in words.text(behaviour.on_carts(differences))
    assert "still differ" in words.text(behaviour.on_carts(~differences))
    assert words.text(behaviour.on_carts(differences.iloc[:0])) == ""


# Engagement


def test_engagement_is_drawn_among_all_and_among_those_with_as_many_orders():
    table = people(own=0.5).assign(Engagement_Score=lambda customers: customers["Clicks"])
    engaged = behaviour.engaged_spend(table)
    assert (
        engaged.spend["mid"].is_monotonic_increasing
        and engaged.spend["mid"].iloc[-1] > 5 * engaged.spend["mid"].iloc[0]
    )
    assert engaged.same.loc[1, "mid"] < 0.8 < 1.2 < engaged.same.loc[10, "mid"]
    alike = behaviour.engaged_spend(people().assign(Engagement_Score=lambda customers: customers["Clicks"]))
    assert alike.same["mid"].between(0.85, 1.15).all()
    assert isinstance(behaviour.engaged_spend(table.assign(Engagement_Score=np.nan)), LeftOut)
