"""Segments described: names that are earned, criteria that can fail, claims that carry their uncertainty."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segmentation import profiles
from segmentation.decisions import Criteria
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
    table = profiles.describe(customers, pd.Series(0.9, SEGMENTS), pd.Series(0.1, SEGMENTS), 0.99)
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
    shown = profiles.as_rows(profiles.describe(customers, pd.Series(0.8, SEGMENTS), pd.Series(0.055, SEGMENTS), 0.99))
    assert list(shown.columns) == list(SEGMENTS)
    assert words.text(shown.loc["Comes back on resamples (Jaccard)", VIP]) == "0.800, valid"
    assert words.text(shown.loc["On a boundary", VIP]) == "5.5 %"
    assert pd.isna(shown.loc["Carts abandoned, mean %", VIP])
    assert words.text(shown.loc["Carts abandoned, mean %", LOYAL]) == "40.0"


def test_the_relative_profile_is_one_for_whoever_is_like_the_average():
    table = segments().assign(Order_Value=[10.0, 20, 20, 20], Cart_Abandon_Rate_Mean=0.0)
    times = profiles.relative(table)
    assert times.loc[VIP, "Monetary_Mean"] == pytest.approx(2000 / 420)  # 420: mean over customers
    orders = np.array([20_000, 20_000, 5_000, 6_000])
    assert times.loc[VIP, "Order_Value"] == pytest.approx(10 / np.average([10, 20, 20, 20], weights=orders), abs=1e-6)
    assert (times["Cart_Abandon_Rate_Mean"] == 1).all()  # nobody abandons: all are like the average


@pytest.mark.parametrize(("spend", "expected"), [([5, 5, 5, 5], 0), ([0, 0, 0, 1], 0.75), ([0, 0], 0), ([1, 3], 0.25)])
def test_gini_worked_by_hand(spend, expected):
    assert profiles.gini(pd.Series(spend)) == pytest.approx(expected)


# Names


def test_names_that_fit_raise_no_doubt(words):
    assert profiles.doubts(segments()) == []
    assert words.text(profiles.names_fit([])).startswith("Each segment is what its name says")


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
    assert doubt in words.text(profiles.names_fit(found))


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


def test_one_enormous_order_costs_nobody_a_name_and_is_said(words):
    customers = people((100, 100, 100, 100))
    spend = np.repeat([2000.0, 800, 300, 50], 100)
    customers = customers.assign(Monetary=spend, Frequency=np.repeat([20, 10, 5, 1], 100))
    customers["Recency"] = np.repeat([10, 20, 30, 200], 100)
    nothing = pd.Series(0.9, SEGMENTS)
    even = profiles.describe(customers, nothing, nothing, 0.99)
    assert profiles.doubts(even) == [] and words.text(profiles.on_one_customer(even)) == ""
    customers.loc[399, "Monetary"] = 1e9
    lone = profiles.describe(customers, nothing, nothing, 0.99)
    assert lone.loc[AT_RISK, "Monetary_Mean"] > 1e6 and profiles.doubts(lone) == []
    said = words.text(profiles.on_one_customer(lone))
    assert said.startswith(f"**One customer brings 100.0 % of the revenue of {AT_RISK}**")
    verdicts = profiles.check(lone, Criteria(0, 0, 0, 0, 0, 1.5), 1, 1, []).set_index("Criterion")
    assert verdicts.loc["Ordered in value", "Met"] == "yes"


@pytest.mark.parametrize(("share", "said"), [(0.5, False), (0.51, True)])
def test_a_segment_lives_on_one_customer_above_half_of_its_revenue(share, said, words):
    found = words.text(profiles.on_one_customer(segments(Largest_Share_2=share)))
    assert bool(found) == said
    assert not words.text(profiles.on_one_customer(segments(Largest_Share_2=share, Customers_2=1)))


def test_a_segment_that_bought_hardly_longer_ago_is_not_doubted_for_it():
    assert profiles.doubts(segments(Recency_Mean_0=20.9)) == []
    assert profiles.doubts(segments(Recency_Mean_0=21.1)) == [f"{VIP} bought longer ago than {LOYAL}"]


# Criteria

LEAST = {
    "Large enough": {"Customer_Share_2": 0.05},
    "Reachable": {"Customers_2": 200},
    "Each one stable": {"Stability_Jaccard_1": 0.75},
    "Ordered in value": {"Monetary_Capped_1": 1.5 * 300},
}


def met(decisions, lead=0.2, rand=0.99, doubts=(), **changes):
    table = profiles.check(segments(**changes), decisions.CRITERIA, lead, rand, list(doubts))
    return table.set_index("Criterion")["Met"]


def test_a_good_segmentation_meets_every_criterion(decisions, words):
    assert (met(decisions) == "yes").all() and len(met(decisions)) == 7
    table = profiles.check(segments(), decisions.CRITERIA, 0.2, 0.99, [])
    assert "meets every criterion that chapter 1 fixed" in words.text(
        profiles.reading(segments(Revenue_Share_0=0.4), table)
    )
    assert words.text(table["Found"][5]) == "smallest step x2.50"


@pytest.mark.parametrize("criterion", LEAST)
def test_each_criterion_of_the_segments_is_just_met_and_just_missed(decisions, criterion):
    just = LEAST[criterion]
    missed = {place: value - (1 if value == 200 else 1e-6) for place, value in just.items()}
    assert (met(decisions, **just) == "yes").all()
    assert met(decisions, **missed)[criterion] == "NO" and (met(decisions, **missed) == "NO").sum() == 1


@pytest.mark.parametrize(
    ("criterion", "just", "missed"),
    [("Distinct", {"lead": 0.05}, {"lead": 0.0499}), ("Stable", {"rand": 0.95}, {"rand": 0.9499})],
)
def test_distinct_and_stable_are_just_met_and_just_missed(decisions, criterion, just, missed, words):
    assert met(decisions, **just)[criterion] == "yes"
    assert met(decisions, **missed)[criterion] == "NO"


def test_what_cannot_be_measured_is_not_met_and_every_failure_is_named(decisions, words):
    assert met(decisions, lead=np.nan)["Distinct"] == "NO"
    table = profiles.check(segments(), decisions.CRITERIA, 0.0, 0.5, ["a doubt"])
    assert "fails on: distinct, stable and worth its name." in words.text(profiles.reading(segments(), table))
    assert words.text(table["Found"].iloc[-1]) == "1 doubts"


# Engagement and carts


def test_engagement_levels_are_shares_of_whom_the_level_is_known():
    customers = people(
        Engagement_Score=1.0, Engagement_Level=["High"] * 30 + ["Low"] * 10 + [None] * 10 + ["Low"] * 150
    )
    levels = profiles.engagement_levels(customers)
    assert levels.loc[VIP].tolist() == [0.25, 0, 0.75]
    assert levels.loc[AT_RISK, "Low"] == 1
    left_out = profiles.engagement_levels(customers.assign(Engagement_Score=np.nan))
    assert isinstance(left_out, LeftOut) and "no sessions" in left_out.reason


@pytest.mark.parametrize(("gap", "end"), [(1.0, f"{AT_RISK} 40 %"), (0.9, "others as many")])
def test_carts_are_compared_where_they_differ_by_a_point(words, gap, end):
    rates = np.repeat([40.0 + gap, 40.5, 40.5, 40.0], 50)
    abandoned = profiles.cart_abandonment(people(Cart_Abandon_Rate=rates))
    assert words.text(profiles.who_abandons(abandoned)) == f"{VIP} abandon 41 % of their carts, {end}"
    assert isinstance(profiles.cart_abandonment(people()), LeftOut)


# Claims


def test_interval_of_the_revenue_ratio_agrees_with_the_bootstrap(shipped_customers):
    some = shipped_customers.iloc[:1500]
    table = some.assign(Segment_Name=np.where(some["Monetary"] > 1300, VIP, AT_RISK))
    ratio, low, high = profiles.share_ratio(table, VIP)
    rng = np.random.default_rng(0)
    again = [profiles.share_ratio(table.iloc[rng.integers(0, 1500, 1500)], VIP)[0] for _ in range(200)]
    assert low < ratio < high
    assert (high - low) / (2 * 1.96) == pytest.approx(np.std(again), rel=0.2)


def test_claims_hold_or_do_not_by_their_intervals(decisions, words):
    parts = decisions.ENGAGEMENT_PARTS if hasattr(decisions, "ENGAGEMENT_PARTS") else ["Session_Count", "Clicks"]
    spend = np.repeat([900.0, 300, 200, 100], (60, 60, 60, 220)) + np.arange(400) / 100
    customers = people((60, 60, 60, 220), Monetary=spend, Engagement_Score=spend, Session_Count=spend, Clicks=-spend)
    claims = profiles.main_claims(customers, parts)
    assert claims["Verdict"].tolist() == ["holds, far above", "holds", "holds strongly", "does not hold"]
    assert words.text(claims.iloc[1, 0]).startswith("55.0 % (50.")
    equal = customers.assign(Monetary=100.0, Engagement_Score=np.nan).drop(columns="Session_Count")
    claims = profiles.main_claims(equal.iloc[:360], parts)  # half of them at risk, nobody's engagement known
    assert claims["Verdict"].tolist() == ["does not hold", "cannot be decided"]
    assert profiles.main_claims(equal.iloc[:250], parts)["Verdict"].iloc[1] == "does not hold"


# Differences between segments


def test_kruskal_is_scipys_and_its_effect_size_lies_between_none_and_all():
    customers = people(Wishlist_Adds=np.r_[np.arange(150.0), np.full(49, 7.0), np.nan])
    h, p, effect = profiles.kruskal(customers["Wishlist_Adds"], customers["Segment_Name"])
    parts = [part.dropna() for _, part in customers.groupby("Segment_Name", observed=True)["Wishlist_Adds"]]
    assert (h, p) == pytest.approx(tuple(stats.kruskal(*parts)))
    assert effect == pytest.approx(h / 198)
    assert profiles.kruskal(customers["Wishlist_Adds"] * 0 + 1, customers["Segment_Name"]) == (0, 1, 0)


@pytest.mark.parametrize(
    ("effect", "word"),
    [(0.0099, "negligible"), (0.01, "small"), (0.0599, "small"), (0.06, "medium"), (0.1399, "medium"), (0.14, "large")],
)
def test_effects_in_words_step_where_cohen_put_the_steps(effect, word):
    assert profiles.effect_word(effect) == word


def test_a_significant_difference_too_small_to_matter_is_not_worth_acting_on():
    rng = np.random.default_rng(0)
    sizes = (5_000, 5_000, 5_000, 5_000)
    shift = np.repeat([0.12, 0, 0, 0], sizes)
    noise = rng.normal(size=20_000)
    customers = people(sizes, Cart_Abandon_Rate=noise + shift, Wishlist_Adds=noise, Engagement_Score=noise + 9 * shift)
    tests = profiles.segment_tests(customers, 0.05)
    assert tests.loc["Cart abandonment", profiles.P] < 0.001 and tests.loc["Cart abandonment", profiles.EFFECT] < 0.01
    assert tests["Verdict"].to_dict() == {
        "Cart abandonment": profiles.FLAT,
        "Engagement": "differs, large effect",
        "Wishlist adds": profiles.FLAT,
    }


def test_a_large_effect_in_a_handful_of_customers_may_be_chance_and_holm_counts_the_tests():
    values = np.tile([1.0, 2, 3, 4], 4)
    values[:4] += [0, 1.5, 1.5, 1.5]
    customers = people((4, 4, 4, 4), Wishlist_Adds=values, Cart_Abandon_Rate=values)
    tests = profiles.segment_tests(customers, 0.05)
    _, alone, effect = profiles.kruskal(customers["Wishlist_Adds"], customers["Segment_Name"])
    assert effect >= 0.01 and (tests[profiles.P] == min(1, 2 * alone)).all()  # Holm over two equal tests
    assert (tests["Verdict"] == profiles.FLAT).all()
    assert profiles.segment_tests(people(), 0.05).empty


def test_findings_say_each_claim_the_carts_and_what_makes_no_difference(decisions, words):
    rng = np.random.default_rng(0)
    carts = np.repeat([40.0, 50, 60, 70], 50)
    customers = people(
        Engagement_Score=rng.normal(size=200), Cart_Abandon_Rate=carts, Wishlist_Adds=rng.normal(size=200)
    )
    claims, tests = profiles.main_claims(customers, ["Clicks"]), profiles.segment_tests(customers, 0.05)
    lines = [words.text(line) for line in profiles.findings(claims, tests, profiles.cart_abandonment(customers))]
    assert len(lines) == len(claims) + 2
    assert lines[0].startswith(f"{VIP} bring more than their share of revenue: ")
    assert lines[-2].startswith(f"Cart abandonment by segment: differs, large effect - {AT_RISK} 70.")
    assert lines[-1] == "No difference worth acting on: engagement and wishlist adds."
    assert len(profiles.findings(claims, tests.iloc[:1], LeftOut("no carts"))) == len(claims)


@pytest.mark.parametrize(("p", "text"), [(0.00099, "< 0.001"), (0.001, "0.001"), (0.25, "0.250")])
def test_tiny_p_values_are_not_shown_as_zero(words, p, text):
    assert words.text(profiles.p_value(p)) == text
