"""What customers are worth in margin, and the most one may spend: no more than an action can bring."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from segmentation import budget, calibration, value
from segmentation.figures.style import Canvas
from segmentation.figures.value import plot_values
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, CLV, LOYAL, PROMISING, SEGMENTS, VIP


@pytest.fixture(scope="module")
def customers(judged, shop):
    """The small shop's customers with their segments, and one whom the window does not show."""
    table = shop[1][["Customer_ID", "Recency", "Frequency", "Monetary"]].astype({"Customer_ID": str})
    names = pd.Categorical.from_codes(value.place(judged.terms.model, table).cluster, SEGMENTS)
    stranger = pd.DataFrame({"Customer_ID": ["?"], "Monetary": [77.0], "Segment_Name": [PROMISING]})
    return pd.concat([table.assign(Segment_Name=names.astype(str)), stranger], ignore_index=True)


@pytest.fixture(scope="module")
def valued(judged, customers, decisions):
    """Their value."""
    with threadpool_limits(limits=1):
        return budget.value_customers(calibration.ship(judged), customers, decisions.ASSUMPTIONS)


def test_a_dollar_spent_in_the_year_is_worth_its_margin_discounted_by_half_a_year(decisions):
    given = dataclasses.replace(decisions.ASSUMPTIONS, margin=0.5, discount_rate=0.21)
    assert given.kept_of_spend == pytest.approx(0.5 / 1.1)


def test_spend_further_ahead_is_discounted_more(decisions):
    given = dataclasses.replace(decisions.ASSUMPTIONS, margin=0.5, discount_rate=0.21, horizon_months=24)
    assert given.kept_of_spend == pytest.approx(0.5 / 1.21)


def test_every_customer_is_valued_in_margin_within_his_interval(valued, decisions):
    table = valued.customers
    kept = decisions.ASSUMPTIONS.margin / (1 + decisions.ASSUMPTIONS.discount_rate) ** 0.5
    assert table["CLV_12M"].to_numpy() == pytest.approx((kept * table["Expected"]).round(2))
    assert table[CLV].notna().all(axis=None) and table[CLV].ge(0).all(axis=None)
    assert table["CLV_12M"].between(table["CLV_12M_Low"], table["CLV_12M_High"]).all()


def test_what_is_expected_was_learned_up_to_the_snapshot(valued, judged, customers):
    ahead = value.predict(judged.log, judged.snapshot, judged.terms).now[judged.ships]
    expected = valued.customers["Expected"].to_numpy()[:-1]
    assert expected == pytest.approx(ahead[judged.ids.get_indexer(customers["Customer_ID"][:-1])].to_numpy())
    spent = value.spend_between(judged.log, judged.start, judged.snapshot, ahead.index)
    assert valued.customers["Spent"].iloc[:-1].sum() == pytest.approx(spent.sum())


def test_who_is_not_in_the_log_takes_the_mean_of_his_segment(valued, words):
    stranger, others = valued.customers.iloc[-1], valued.customers.iloc[:-1]
    assert stranger["Expected"] == pytest.approx(others.loc[others["Segment"] == PROMISING, "Expected"].mean())
    assert stranger["Spent"] == 77
    assert words.text(valued.note) == " 1 customer not in the log's window: the segment's mean."
    assert words.text(dataclasses.replace(valued, filled=0).note) == ""


def test_segments_are_the_sums_of_their_customers(valued, customers):
    table, profiles = customers.copy(), pd.DataFrame(index=list(SEGMENTS))
    for _ in range(2):  # a cell that is run twice writes the same
        budget.add_columns(valued, table, profiles)
    sums = table.groupby("Segment_Name")["CLV_12M"].sum()[list(SEGMENTS)]
    assert profiles["CLV_12M_Total"].to_numpy() == pytest.approx(sums.to_numpy(), abs=0.006)
    assert (profiles["CLV_12M_Low"] <= profiles["CLV_12M_Mean"]).all()
    assert (profiles["CLV_12M_Mean"] <= profiles["CLV_12M_High"]).all()
    assert valued.by_segment.loc["All", "Total"] == pytest.approx(sums.sum(), abs=0.006)
    assert budget.shown_values(valued)["Share"].drop("All").sum() == pytest.approx(1)


def test_segments_carry_the_ranges_of_the_forecast_in_margin(valued):
    found = valued.by_segment
    half = valued.assumptions.kept_of_spend * calibration.reach(valued.forecast, found["Customers"])
    assert (found["high"] - found["predicted"]).to_numpy() == pytest.approx(half.to_numpy())
    assert found["low"].to_numpy() == pytest.approx((found["predicted"] - half).clip(lower=0).to_numpy())
    own = valued.forecast.misses.abs().iloc[0] * valued.assumptions.kept_of_spend
    assert (half >= own).all()


def test_a_segment_without_customers_has_no_value_and_is_drawn_as_nothing(valued, words):
    nobody = valued.customers[valued.customers["Segment"] != VIP]
    found = budget.segment_values(valued.forecast, nobody, 0.3)
    assert found.loc[VIP, ["Customers", "Total"]].tolist() == [0, 0] and np.isnan(found.loc[VIP, "predicted"])
    plot_values(dataclasses.replace(valued, by_segment=found), Canvas("Finding", words))


@pytest.mark.parametrize(("periods", "name"), [(2, "range"), (3, "95 % interval")])
def test_what_is_shown_is_called_what_it_holds(valued, words, periods, name):
    misses = pd.concat([valued.forecast.misses] * periods)
    found = dataclasses.replace(valued, forecast=dataclasses.replace(valued.forecast, misses=misses))
    table = budget.shown_values(found)
    assert table.columns.tolist() == ["Customers", "Past", f"Ahead ({name})", f"In total ({name})", "Share"]
    assert table.index.name == "Margin per customer, 12 months"
    assert name in words.text(found.ranges)


def worked_moves():
    """Ten VIP, four Promising and five At-Risk customers of a year ago, and where they are today."""
    segment = [VIP] * 10 + [PROMISING] * 4 + [AT_RISK] * 5
    later = [VIP] * 8 + [LOYAL] + [VIP] + [PROMISING] * 3 + [VIP] + [AT_RISK] + [None] * 4
    again = [True] * 9 + [False] + [True] * 5 + [False] * 4  # the tenth VIP is still in the window, but stopped
    people = pd.DataFrame({"Segment": segment, "again": again, "actual": 0.0})
    return people, pd.Series(later)


def test_who_bought_nothing_since_has_stopped():
    moves = budget.moves_in_year(*worked_moves())
    assert moves.loc[VIP].tolist() == [8, 1, 0, 0, 1]
    assert moves.loc[LOYAL].sum() == 0
    assert moves.loc[AT_RISK].tolist() == [0, 0, 0, 1, 4]


def test_the_most_one_may_spend_of_a_worked_case(words):
    clv = pd.Series([400.0, 200, 100, 10, 200], index=[*SEGMENTS, "All"])
    limits = budget.spending_limits(clv, budget.moves_in_year(*worked_moves()), returned=30.0)
    assert limits["Max_Spend"].tolist() == [60, 0, 25, 6]  # 0.1 x 200 + 0.1 x 400; nobody; 1/4 x 100; 1/5 x 30
    assert limits["Per_Success"].tolist() == [300, 200, 100, 30]
    why = [words.text(reason) for reason in limits["Why"]]
    assert why[0] == "of 10 a year ago 20.0 % left (10.0 % stopped buying), which costs $300 each"
    assert why[1] == "nobody was in the segment a year ago, so nothing was measured"
    assert why[2] == "of 4 a year ago 25.0 % moved up; High-Value Loyalists are worth $100 more each"
    assert why[3] == "of 5 a year ago 20.0 % bought again and left $30.00 each"


def test_keeping_those_who_stayed_anyway_gains_nothing():
    moves = pd.DataFrame(0, list(SEGMENTS), [*SEGMENTS, "Stopped"])
    moves.loc[VIP, VIP] = 10
    limits = budget.spending_limits(pd.Series([400.0, 200, 100, 10], SEGMENTS), moves, returned=0.0)
    assert limits.loc[VIP, ["Per_Success", "Max_Spend"]].tolist() == [0, 0]


def test_a_step_down_in_value_is_no_gain():
    moves = pd.DataFrame(5, list(SEGMENTS), [*SEGMENTS, "Stopped"])
    limits = budget.spending_limits(pd.Series([100.0, 200, 300, 10], SEGMENTS), moves, returned=0.0)
    assert limits.loc[[LOYAL, PROMISING], "Max_Spend"].tolist() == [0, 0]
    assert limits.loc[VIP, "Max_Spend"] == pytest.approx(0.2 * 90 + 0.2 * 100)  # to At-Risk, and stopped


def test_winning_back_is_priced_by_those_who_came_back():
    people = pd.DataFrame({"Segment": [AT_RISK] * 4 + [VIP], "again": [True, True, False, False, True]})
    people["actual"] = [100.0, 0, 0, 0, 9_999]  # the second bought and returned it
    assert budget.returned_value(people, kept=0.5) == 25
    assert budget.returned_value(people.assign(again=False), kept=0.5) == 0


def test_limits_stand_beside_the_value_they_come_from(valued, decisions, words):
    worth = budget.worth_of(valued)
    assert worth.columns.tolist() == [*CLV, "Per_Success", "Max_Spend", "Why"]
    assert worth["CLV_12M"].tolist() == valued.by_segment["predicted"].drop("All").tolist()
    assert budget.shown_limits(worth, decisions.ACTIONS)["Goal"].tolist() == ["Keep", "Grow", "Develop", "Win back"]
    text = words.text(budget.reading(valued, worth, decisions.ACTIONS))
    assert f"Spend at most {words.money(worth.loc[VIP, 'Max_Spend'])} to keep {VIP}, " in text
    assert f"worth {words.money(valued.by_segment.loc['All', 'Total'])} (" in text and "margin of 30 %" in text


def test_who_holds_most_of_the_value(valued, words):
    table = valued.by_segment.assign(Total=[10.0, 60, 20, 10, 100])
    clv = pd.DataFrame({"CLV_12M": [1.0] * 19 + [81.0]})
    text = words.text(budget.holders(dataclasses.replace(valued, by_segment=table, customers=clv)))
    assert text == f"{LOYAL} hold 60.0 % of the expected margin, the top tenth of customers 82.0 %"


def test_without_a_forecast_only_the_past_is_valued(words):
    customers = pd.DataFrame(
        {"Segment_Name": [VIP, VIP, LOYAL, PROMISING, AT_RISK], "Monetary": [400.0, 200, 200, 100, 100]}
    )
    earned = budget.past_value(LeftOut("no orders"), customers, margin=0.5)
    assert earned["Total"].tolist() == [300, 100, 50, 50]
    assert earned["Historic value, per customer"].tolist() == [150, 100, 50, 50]
    text = words.text(budget.past_reading(earned, 0.5))
    assert f"at a margin of 50 %, {VIP} left most: $300, 60.0 % of all." in text
    assert isinstance(budget.past_value("a forecast", customers, 0.5), LeftOut)
