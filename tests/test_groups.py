"""Whom an action is for, and what such customers did by themselves in earlier years."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from segmentation import groups
from segmentation.clusters import Model
from segmentation.problems import LeftOut
from segmentation.vocabulary import (
    AT_RISK,
    DEVELOP,
    GROUPS,
    GROW,
    KEEP_LOYAL,
    KEEP_VIP,
    LOYAL,
    PROMISING,
    RFM,
    VIP,
    WIN_BACK,
)
from segmentation.yearly import Season

DAY = pd.Timestamp("2026-07-01")
MODEL = Model(tuple(RFM), (365, 20, 1000), (0, 0, 0), (100, 5, 100), ((0, 4, 9), (0, 2, 4), (0, 1, 1), (3, 0, 0)))
NO_SEASON = LeftOut("one year")
CHRISTMAS = Season(pd.Series(1.0, range(1, 13)), (11, 12), 2)


def person(segment, **known):
    """One customer as group_of asks for him: in the middle of his segment, on time, many orders."""
    usual = {"Runner_Up": PROMISING, "Segment_Confidence": 0.9, "Frequency": 9, "Previous_Segment": segment}
    return usual | {"Segment_Name": segment, "Overdue_Ratio": 0.5, "Last": pd.Timestamp("2025-12-01")} | known


def groups_of(*people, season=NO_SEASON):
    """Their groups; overdue from twice the usual gap on."""
    return groups.group_of(pd.DataFrame(people), 2.0, season).tolist()


def test_who_is_overdue_is_slipping_from_twice_the_usual_gap_on():
    late, hardly = ({"Overdue_Ratio": ratio} for ratio in (2.0, 1.99))
    assert groups_of(person(VIP, **late), person(VIP, **hardly)) == [KEEP_VIP, ""]
    assert groups_of(person(LOYAL, **late), person(LOYAL, **hardly)) == [KEEP_LOYAL, ""]
    assert groups_of(person(PROMISING, **late)) == [""]  # the season's buyers are always late


def test_who_fell_keeps_the_group_of_the_segment_he_comes_from():
    fell = [(LOYAL, VIP), (PROMISING, VIP), (AT_RISK, VIP), (PROMISING, LOYAL), (AT_RISK, LOYAL)]
    found = groups_of(*(person(now, Previous_Segment=before, Frequency=1) for now, before in fell))
    assert found == [KEEP_VIP] * 3 + [KEEP_LOYAL] * 2
    assert groups_of(person(VIP, Previous_Segment=LOYAL), person(LOYAL, Previous_Segment="")) == ["", ""]
    assert groups_of(person(AT_RISK, Previous_Segment=PROMISING)) == [WIN_BACK]


def test_near_the_line_are_loyalists_next_to_vip():
    near = {"Runner_Up": VIP, "Segment_Confidence": groups.NEAR - 0.001}
    assert groups_of(person(LOYAL, **near), person(LOYAL, **near | {"Segment_Confidence": groups.NEAR})) == [GROW, ""]
    assert groups_of(person(LOYAL, **near | {"Runner_Up": PROMISING}), person(PROMISING, **near)) == ["", ""]
    assert groups_of(person(LOYAL, **near, Overdue_Ratio=3.0)) == [KEEP_LOYAL]  # nobody is in two groups


def test_promising_are_developed_after_their_first_or_second_order():
    assert groups_of(*(person(PROMISING, Frequency=n) for n in (1, 2, 3))) == [DEVELOP, DEVELOP, ""]


def test_lapsed_customers_are_won_back_where_their_last_order_was_in_the_season():
    days = [{"Last": pd.Timestamp(day)} for day in ("2025-09-30", "2025-10-01", "2026-01-31", "2026-02-01")]
    people = [person(AT_RISK, **day) for day in days]
    assert groups_of(*people, season=CHRISTMAS) == ["", WIN_BACK, WIN_BACK, ""]
    assert groups_of(*people) == [WIN_BACK] * 4  # no season known: all of them


def test_without_an_order_log_nobody_is_known_to_slip():
    table = pd.DataFrame([person(VIP), person(PROMISING, Frequency=1)])
    known = table.drop(columns=["Previous_Segment", "Overdue_Ratio", "Last"])
    assert groups.group_of(known, 2.0, LeftOut("no log")).tolist() == ["", DEVELOP]


# What they did by themselves


def rates(**columns):
    """rates_of for 100 past customers of whom 40 succeed, with other columns."""
    table = {"Reached": True, "Success": np.arange(100) < 40, "Margin": np.where(np.arange(100) < 40, 50.0, 20.0)}
    return groups.rates_of(pd.DataFrame({"Day": DAY} | table | columns, index=range(100)))


def test_rate_and_gain_of_a_worked_case():
    found = rates()
    assert (found["Then"], found["Reached"], found["By_Itself"], found["Gain"]) == (100, 1.0, 0.4, 30.0)
    assert found["By_Itself_Low"] < 0.4 < found["By_Itself_High"]
    noisy = rates(Margin=np.where(np.arange(100) < 40, 50.0, 20.0) + np.tile([-10.0, 10.0], 50))
    sd = np.std([-10.0, 10.0] * 20, ddof=1), np.std([-10.0, 10.0] * 30, ddof=1)
    assert noisy["Gain_High"] - noisy["Gain"] == pytest.approx(2 * np.hypot(sd[0] / 40**0.5, sd[1] / 60**0.5))


def test_who_was_back_before_the_action_is_not_counted():
    found = rates(Reached=np.arange(100) % 2 == 0)
    assert found["Reached"] == 0.5 and found["By_Itself"] == 0.4


def test_the_range_reaches_to_the_rates_of_single_years():
    years = np.where(np.arange(100) < 50, DAY, DAY - pd.DateOffset(years=1))
    assert rates(Day=years)["By_Itself_High"] == 0.8 and rates(Day=years)["By_Itself_Low"] == 0.0


@pytest.mark.parametrize(("there", "known"), [(29, False), (30, True)])
def test_fewer_than_thirty_say_nothing(there, known):
    assert pd.notna(rates(Reached=(np.arange(100) >= 40) & (np.arange(100) < 40 + there))["By_Itself"]) == known


@pytest.mark.parametrize(("won", "known"), [(4, False), (5, True), (95, True), (96, False)])
def test_a_gain_needs_some_on_both_sides(won, known):
    found = rates(Success=np.arange(100) < won)
    assert pd.notna(found["Gain"]) == known and found["By_Itself"] == won / 100


def log_of(rows):
    """An order log from (customer, day, amount)."""
    log = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    return log.assign(Order_Date=pd.to_datetime(log["Order_Date"]), Amount=log["Amount"].astype(float))


@pytest.fixture(scope="module")
def history(decisions):
    """Three years in which one-time buyers of December come back the December after if their number is even."""
    rows = [("always", day, 10) for day in pd.date_range("2023-07-01", "2026-06-30", freq="7D")]
    for year in (2023, 2024):
        for number in range(60):
            name = f"{year} {number}"
            rows.append((name, f"{year}-12-01", 10))
            rows += [(name, f"{year + 1}-12-10", 100)] if number % 2 == 0 else []
    rows.append(("2024 1", "2025-08-01", 7))  # back before the action
    return groups.History(log_of(rows), DAY, 12, MODEL, decisions.RECIPE, CHRISTMAS)


def test_lapsed_customers_are_measured_from_the_day_the_action_would_have_started(history, decisions):
    found = groups.measure(history, 90, decisions.ASSUMPTIONS)
    row = found.table.loc[WIN_BACK]
    assert found.days == [pd.Timestamp("2025-07-01"), pd.Timestamp("2024-07-01")] and found.months == 12
    assert found.start == pd.Timestamp("2026-10-01")
    assert row["Then"] == 60 + 60 + 30 and row["Reached"] == pytest.approx(149 / 150)  # 30 of 2023 came back in 2024
    assert row["By_Itself"] == pytest.approx(60 / 149)
    assert row["Gain"] == pytest.approx(decisions.ASSUMPTIONS.kept_of_spend * 100)
    assert found.people.loc["2024 1", "Spend"] == 0 and found.people.loc["2024 0", "Spend"] == 100


def test_without_a_season_they_are_measured_at_once(history, decisions):
    found = groups.measure(dataclasses.replace(history, season=NO_SEASON), 90, decisions.ASSUMPTIONS)
    assert found.start is None and found.table.loc[WIN_BACK, "By_Itself"] == 1 / 150


def test_what_comes_after_the_snapshot_or_the_horizon_changes_nothing(history, decisions):
    later = pd.concat([history.log, log_of([(f"2024 {n}", "2026-07-01", 999) for n in range(60)])])
    same = groups.measure(dataclasses.replace(history, log=later), 90, decisions.ASSUMPTIONS)
    pd.testing.assert_frame_equal(same.table, groups.measure(history, 90, decisions.ASSUMPTIONS).table)


def test_a_short_log_is_halved_and_says_so(history, decisions, words, shop):
    orders = shop[0].assign(
        Customer_ID=shop[0]["Customer_ID"].astype(str), Order_Date=pd.to_datetime(shop[0]["Order_Date"])
    )
    year = orders[orders["Order_Date"] >= "2025-07-01"]
    short = dataclasses.replace(history, log=year, season=NO_SEASON)
    found = groups.measure(short, 90, decisions.ASSUMPTIONS)
    assert found.months == 5 and found.days == [pd.Timestamp("2026-02-01")]
    assert words.text(found.note).startswith(
        "Measured on customers of 2026-02-01, who were followed for 5 months, times 2.4"
    )
    assert list(found.table.index) == list(GROUPS)
    spent = year[year["Order_Date"] >= "2026-02-01"].groupby("Customer_ID")["Amount"].sum().clip(lower=0)
    expected = decisions.ASSUMPTIONS.kept_of_spend * spent.reindex(found.people.index, fill_value=0.0) * 12 / 5
    assert found.people["Margin"].to_numpy() == pytest.approx(expected.to_numpy()) and expected.max() > 0
    weeks = dataclasses.replace(history, log=year[year["Order_Date"] >= "2025-12-01"])
    assert "less than 8 months" in groups.measure(weeks, 90, decisions.ASSUMPTIONS).reason


def test_moving_up_is_judged_by_windows_of_equal_length(history):
    """Orders that leave the window do not count; a log that only grows longer moves nobody up."""
    steady = log_of([("x", day, 50) for day in pd.date_range("2025-07-01", "2026-06-30", freq="18D")])
    half = dataclasses.replace(history, log=steady, months=None)
    day = pd.Timestamp("2026-01-01")
    assert groups.standing(half, day, MODEL).loc["x", "Segment_Name"] == LOYAL
    assert (
        groups.standing(half, pd.Timestamp("2026-04-01"), MODEL).loc["x", "Segment_Name"] == VIP
    )  # by its length only
    assert "x" not in groups.best_after(half, day, pd.Timedelta(days=90), MODEL)
    more = pd.concat([steady, log_of([("x", f"2026-01-{n:02d}", 90) for n in range(2, 20)])])
    assert "x" in groups.best_after(dataclasses.replace(half, log=more), day, pd.Timedelta(days=90), MODEL)


@pytest.mark.parametrize(
    ("day", "start"), [("2026-07-01", "2026-10-01"), ("2026-10-01", "2026-10-01"), ("2026-10-02", None)]
)
def test_an_outcome_that_comes_after_the_twelve_months_cannot_be_waited_for(history, day, start):
    """From 2 October on the next first of October is so late that its 90 days end beyond the year."""
    found = groups.start_of(dataclasses.replace(history, snapshot=pd.Timestamp(day)), 90)
    assert found == (start and pd.Timestamp(start))
