"""The margin that customers are expected to leave, by customer and by segment."""

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


def test_what_this_tells_is_margin_and_nothing_that_an_action_adds(valued, decisions, words):
    text = words.text(budget.reading(valued))
    assert "of margin over the next twelve months" in text and "not what an action adds" in text
    assert "worth" not in text and "margin of 30 %" in text
    assert budget.margin_ahead(valued).tolist() == valued.by_segment["predicted"].drop("All").tolist()


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
