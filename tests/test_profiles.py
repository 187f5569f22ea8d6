"""Segments described: names that are earned, criteria that can fail, claims that carry their uncertainty."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segmentation import profiles
from segmentation.evidence import Choice
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP


def segments(**changes):
    """A profile table whose names are all earned, but for the changes: column_row=value."""
    table = pd.DataFrame(
        {
            "Customers": [1000, 2000, 1000, 6000],
            "Customer_Share": [0.1, 0.2, 0.1, 0.6],
            "Revenue_Share": [0.4, 0.4, 0.1, 0.1],
            "Monetary_Mean": [2000.0, 800, 300, 50],
            "Monetary_Capped": [2000.0, 800, 300, 50],
            "Largest_Share": [0.1, 0.1, 0.1, 0.1],
            "Frequency_Mean": [20.0, 10, 5, 1],
            "Recency_Mean": [10.0, 20, 30, 200],
            "Stability_Jaccard": [0.9, 0.9, 0.9, 0.9],
        },
        index=SEGMENTS,
    )
    for place, value in changes.items():
        column, row = place.rsplit("_", 1)
        table.loc[SEGMENTS[int(row)], column] = value
    return table


def people(sizes=(50, 50, 50, 50), seed=0, **columns):
    """Customers of the four segments with made-up R, F and M."""
    name = np.repeat(SEGMENTS, sizes)
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "Segment_Name": pd.Categorical(name, SEGMENTS),
            "Recency": rng.integers(1, 300, len(name)),
            "Frequency": rng.integers(1, 30, len(name)),
            "Monetary": rng.exponential(300, len(name)).round(2),
        }
    )
    return table.assign(**columns)


# Profiles


def test_a_profile_holds_sizes_sums_medians_and_what_is_per_order():
    customers = people((10, 10, 10, 10), Returns=[1.0] * 39 + [np.nan], Cart_Abandon_Rate=50.0, Session_Count=np.nan)
    customers.loc[customers.index[-1], "Frequency"] = 1000  # returns unknown: no part of returns per order
    nothing = LeftOut("no log")
    table = profiles.describe(customers, pd.Series(0.9, SEGMENTS), pd.Series(0.1, SEGMENTS), 0.99, nothing)
    vip = customers[customers["Segment_Name"] == VIP]
    assert table.loc[VIP, ["Customers", "Customer_Share"]].tolist() == [10, 0.25]
    assert table.loc[VIP, "Revenue"] == pytest.approx(vip["Monetary"].sum())
    assert table["Revenue_Share"].sum() == pytest.approx(1)
    assert table.loc[VIP, "Monetary_Median"] == vip["Monetary"].median()
    assert table.loc[VIP, "Order_Value"] == pytest.approx(vip["Monetary"].sum() / vip["Frequency"].sum())
    at_risk = customers[customers["Segment_Name"] == AT_RISK].iloc[:-1]
    assert table.loc[AT_RISK, "Returns_per_Order"] == pytest.approx(9 / at_risk["Frequency"].sum())
    assert "Cart_Abandon_Rate_Mean" in table and "Session_Count_Mean" not in table


def test_the_profile_is_shown_a_measure_a_row_and_a_blank_stays_blank(words):
    customers = people(Cart_Abandon_Rate=[np.nan] * 50 + [40.0] * 150)
    described = (pd.Series(0.8, SEGMENTS), pd.Series(0.055, SEGMENTS), 0.99, LeftOut("no log"))
    shown = profiles.as_rows(profiles.describe(customers, *described))
    assert list(shown.columns) == list(SEGMENTS)
    assert pd.isna(shown.loc["Carts abandoned, mean %", VIP])
    assert words.text(shown.loc["Carts abandoned, mean %", LOYAL]) == "40.0"


def test_the_relative_profile_is_one_for_whoever_is_like_the_average():
    table = segments().assign(Order_Value=[10.0, 20, 20, 20], Cart_Abandon_Rate_Mean=0.0)
    times = profiles.relative(table)
    assert times.loc[VIP, "Monetary_Mean"] == pytest.approx(2000 / 420)  # 420: mean over customers
    orders = np.array([20_000, 20_000, 5_000, 6_000])
    assert times.loc[VIP, "Order_Value"] == pytest.approx(10 / np.average([10, 20, 20, 20], weights=orders), abs=1e-6)
    assert (times["Cart_Abandon_Rate_Mean"] == 1).all()  # nobody abandons: all are like the average


# Names


def test_names_that_fit_raise_no_doubt(words):
    assert profiles.doubts(segments()) == []
    assert words.text(profiles.names_fit([], [])).startswith("Each segment is what its name says")


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"Recency_Mean_0": 300}, f"{VIP} bought longer ago than {AT_RISK}"),
        ({"Recency_Mean_0": 150}, f"{VIP} bought longer ago than the average customer"),
        ({"Recency_Mean_1": 250}, f"{LOYAL} bought longer ago than {AT_RISK}"),
        ({"Recency_Mean_3": 30}, f"{AT_RISK} bought as recently as {PROMISING}"),
        ({"Frequency_Mean_1": 25}, f"{LOYAL} order more often than {VIP}"),
        ({"Monetary_Capped_3": 350}, f"{AT_RISK} spend more than {PROMISING}"),
        ({"Monetary_Capped_2": 0, "Frequency_Mean_2": 0}, f"{PROMISING} bought nothing"),
    ],
)
def test_names_that_do_not_fit_are_doubted(change, doubt, words):
    found = profiles.doubts(segments(**change))
    assert doubt in found
    assert doubt in words.text(profiles.names_fit(found, []))


@pytest.mark.parametrize(
    ("column", "close", "apart", "doubt"),
    [
        ("Monetary_Capped", 2000 / 1.05 + 1, 2000 / 1.05 - 1, f"{LOYAL} spend nearly as much as {VIP}"),
        ("Frequency_Mean", 20 * 1.05 + 0.1, 20 * 1.05 - 0.1, f"{LOYAL} order more often than {VIP}"),
    ],
)
def test_means_within_five_percent_count_as_equal(column, close, apart, doubt):
    assert doubt in profiles.doubts(segments(**{f"{column}_1": close}))
    assert doubt not in profiles.doubts(segments(**{f"{column}_1": apart}))


def test_one_enormous_order_costs_nobody_a_name_and_is_said(decisions, words):
    customers = people((100, 100, 100, 100))
    spend = np.repeat([2000.0, 800, 300, 50], 100)
    customers = customers.assign(Monetary=spend, Frequency=np.repeat([20, 10, 5, 1], 100))
    customers["Recency"] = np.repeat([10, 20, 30, 200], 100)
    nothing = pd.Series(0.9, SEGMENTS)
    even = profiles.describe(customers, nothing, nothing, 0.99, LeftOut("no log"))
    assert profiles.doubts(even) == [] and words.text(profiles.on_one_customer(even)) == ""
    customers.loc[399, "Monetary"] = 1e9
    lone = profiles.describe(customers, nothing, nothing, 0.99, LeftOut("no log"))
    assert lone.loc[AT_RISK, "Monetary_Mean"] > 1e6 and profiles.doubts(lone) == []
    said = words.text(profiles.on_one_customer(lone))
    assert said.startswith(f"**One customer brings 100.0 % of the revenue of {AT_RISK}**")
    verdicts = profiles.check(lone, decisions.CRITERIA, choice_of(), []).set_index("Criterion")
    assert verdicts.loc["Ordered in value", "Met"] == "yes"


@pytest.mark.parametrize(("share", "said"), [(0.5, False), (0.51, True)])
def test_a_segment_lives_on_one_customer_above_half_of_its_revenue(share, said, words):
    found = words.text(profiles.on_one_customer(segments(Largest_Share_2=share)))
    assert bool(found) == said
    assert not words.text(profiles.on_one_customer(segments(Largest_Share_2=share, Customers_2=1)))


def test_a_segment_that_bought_hardly_longer_ago_is_not_doubted_for_it():
    assert profiles.doubts(segments(Recency_Mean_0=20.9)) == []
    assert profiles.doubts(segments(Recency_Mean_0=21.1)) == [f"{VIP} bought longer ago than {LOYAL}"]


def at_risk(lapsed: int, of: int = 100) -> pd.DataFrame:
    """So many of At-Risk ordered once, 181 days ago; half of the others once but lately, half twice but long ago."""
    rest = of - lapsed
    late, twice = rest // 2, rest - rest // 2
    days, orders = [181] * lapsed + [180] * late + [300] * twice, [1] * (lapsed + late) + [2] * twice
    table = people((50, 50, 50, of))
    table.loc[table["Segment_Name"] == AT_RISK, ["Recency", "Frequency"]] = np.column_stack([days, orders])
    return table


def test_a_name_is_judged_by_what_the_customers_are_and_not_only_by_their_order(decisions, words):
    criteria = replace(decisions.CRITERIA, lapsed_days=180, lapsed_share=0.5)
    assert profiles.lapsed(at_risk(49), criteria) == []
    found = profiles.lapsed(at_risk(50), criteria)
    said = f"{AT_RISK} are mostly lapsed: 50.0 % ordered once at most, more than 180 days ago"
    assert [words.text(doubt) for doubt in found] == [said]
    assert profiles.doubts(segments()) == [], "their order is as the names promise, and says nothing of this"
    fit = words.text(profiles.names_fit([], found))
    assert fit.startswith("Each segment is what its name says") and fit.endswith(f"But {said}.")


# Criteria

LEAST = {
    "Large enough": {"Customer_Share_2": 0.05},
    "Reachable": {"Customers_2": 200},
    "Ordered in value": {"Monetary_Capped_1": 1.5 * 300},
}


def choice_of(silhouette=0.6, rand=0.99) -> Choice:
    """Four clusters beside tables without groups, of which nineteen in twenty stay below 0.5, 0.97 and 0.85."""
    quality = pd.DataFrame({"silhouette": silhouette, "rand": rand}, index=[4])
    rising = np.append(np.linspace(-0.1, -0.01, 18), 0)
    without = pd.DataFrame({"silhouette": 0.5 + rising, "rand": 0.97 + rising, "jaccard": 0.85 + rising})
    return Choice(quality, without, without.iloc[0], np.zeros((2, 4), int))


def met(decisions, silhouette=0.6, rand=0.99, doubts=(), **changes):
    table = profiles.check(segments(**changes), decisions.CRITERIA, choice_of(silhouette, rand), list(doubts))
    return table.set_index("Criterion")["Met"]


def test_a_good_segmentation_meets_every_criterion(decisions, words):
    assert (met(decisions) == "yes").all() and len(met(decisions)) == 7
    table = profiles.check(segments(), decisions.CRITERIA, choice_of(), [])
    assert "meets every limit set for it" in words.text(profiles.reading(segments(Revenue_Share_0=0.4), table))
    assert words.text(table["Found"][5]) == "smallest step x2.50"


@pytest.mark.parametrize("criterion", LEAST)
def test_each_criterion_of_the_segments_is_just_met_and_just_missed(decisions, criterion):
    just = LEAST[criterion]
    missed = {place: value - (1 if value == 200 else 1e-6) for place, value in just.items()}
    assert (met(decisions, **just) == "yes").all()
    assert met(decisions, **missed)[criterion] == "NO" and (met(decisions, **missed) == "NO").sum() == 1


@pytest.mark.parametrize(
    ("criterion", "just", "missed"),
    [
        ("Distinct", {"silhouette": 0.5001}, {"silhouette": 0.5}),
        ("Stable", {"rand": 0.9701}, {"rand": 0.97}),
        ("Each one stable", {"Stability_Jaccard_1": 0.8501}, {"Stability_Jaccard_1": 0.85}),
    ],
)
def test_what_tables_without_groups_reach_is_not_enough(decisions, criterion, just, missed, words):
    assert (met(decisions, **just) == "yes").all()
    assert met(decisions, **missed)[criterion] == "NO" and (met(decisions, **missed) == "NO").sum() == 1


def test_a_high_stability_that_slices_of_a_continuum_share_is_none(decisions):
    """The first edition passed 0.969 and 0.951, which shuffled columns reached, against 0.95 and 0.75."""
    choice = choice_of(rand=0.96)
    assert profiles.check(segments(Stability_Jaccard_2=0.8), decisions.CRITERIA, choice, [])["Met"][3:5].tolist() == [
        "NO",
        "NO",
    ]


def test_each_yardstick_stands_beside_what_was_found(decisions, words):
    found = profiles.check(segments(), decisions.CRITERIA, choice_of(), [])["Found"]
    assert words.text(found[2]) == "0.600; without groups 0.500, shuffled 0.400"


def test_what_cannot_be_measured_is_not_met_and_every_failure_is_named(decisions, words):
    assert met(decisions, silhouette=np.nan)["Distinct"] == "NO"
    table = profiles.check(segments(), decisions.CRITERIA, choice_of(0.1, 0.5), ["a doubt"])
    assert "fails on: distinct, stable and worth its name." in words.text(profiles.reading(segments(), table))
    assert words.text(table["Found"].iloc[-1]) == "1 doubt"


# Claims


def test_interval_of_the_revenue_ratio_agrees_with_the_bootstrap(shipped_customers):
    some = shipped_customers.iloc[:1500]
    table = some.assign(Segment_Name=np.where(some["Monetary"] > 1300, VIP, AT_RISK))
    ratio, low, high = profiles.share_ratio(table, VIP)
    rng = np.random.default_rng(0)
    again = [profiles.share_ratio(table.iloc[rng.integers(0, 1500, 1500)], VIP)[0] for _ in range(200)]
    assert low < ratio < high
    assert (high - low) / (2 * 1.96) == pytest.approx(np.std(again), rel=0.2)


@pytest.mark.parametrize(
    ("spend", "said"), [((900.0, 100), "VIP Champions bring 4.1 times"), ((100.0, 100), "not more than")]
)
def test_whether_the_best_bring_more_than_their_share_is_said_with_its_interval(spend, said, words):
    customers = people((60, 60, 60, 220))
    customers["Monetary"] = np.where(customers["Segment_Name"] == VIP, *spend) + np.arange(400) / 100
    if spend[0] == spend[1]:
        customers["Monetary"] = 100.0
    assert said in words.text(profiles.on_share(customers))
