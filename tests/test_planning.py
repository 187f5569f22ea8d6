"""The plan: one currency, one order, what is measured and what is assumed."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from segmentation import arms, cards, experiments, groups, planning
from segmentation.power import Comparison
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
    SEGMENTS,
    VIP,
    WIN_BACK,
)
from segmentation.yearly import Season

DAY = pd.Timestamp("2026-07-01")
CHRISTMAS = Season(pd.Series(1.0, range(1, 13)), (11, 12), 2)


def measured_as(**rates) -> groups.Measured:
    """Rates of groups: name -> (share by itself, gain); ten per cent either way; others were not measured."""
    columns = ["Then", "Reached", "By_Itself", "By_Itself_Low", "By_Itself_High", "Gain", "Gain_Low", "Gain_High"]
    table = pd.DataFrame(np.nan, GROUPS, columns)
    for name, (share, gain) in rates.items():
        group = {"vip": KEEP_VIP, "loyal": KEEP_LOYAL, "grow": GROW, "develop": DEVELOP, "back": WIN_BACK}[name]
        table.loc[group] = [500, 1.0, share, 0.9 * share, 1.1 * share, gain, 0.9 * gain, 1.1 * gain]
    return groups.Measured(table, [DAY - pd.DateOffset(years=1)], pd.DataFrame(), 12, CHRISTMAS, None)


def customers_of(**sizes) -> pd.DataFrame:
    """So many customers of each group."""
    usual = {"Recency": 200, "Frequency": 9, "Monetary": 50.0, "Runner_Up": AT_RISK, "Segment_Confidence": 0.9}
    kinds = {
        "vip": {"Segment_Name": VIP, "Overdue_Ratio": 3.0},
        "loyal": {"Segment_Name": LOYAL, "Overdue_Ratio": 3.0},
        "grow": {"Segment_Name": LOYAL, "Runner_Up": VIP, "Segment_Confidence": 0.1},
        "develop": {"Segment_Name": PROMISING, "Frequency": 1},
        "back": {"Segment_Name": AT_RISK},
        "other": {"Segment_Name": PROMISING},
    }
    rows = [usual | {"Overdue_Ratio": 0.5} | kinds[name] for name, n in sizes.items() for _ in range(n)]
    return pd.DataFrame(rows).assign(Customer_ID=[f"C{n}" for n in range(len(rows))])


@pytest.fixture(scope="module")
def plan_of(decisions):
    """plan_of(measured, success=..., vip=100, ...)."""

    def made(measured, success=0.1, **sizes):
        given = {name: dataclasses.replace(action, success=success) for name, action in decisions.ACTIONS.items()}
        parts = [measured, given, decisions.ASSUMPTIONS, decisions.DESIGN, DAY]
        return planning.make_plan(customers_of(**sizes), *parts)

    return made


@pytest.fixture(scope="module")
def worked(plan_of):
    """A hundred VIPs of whom half come back by themselves, for 40 more; ten Promising, a tenth, for 20 more."""
    return plan_of(measured_as(vip=(0.5, 40.0), develop=(0.1, 20.0)), vip=100, develop=10, back=7, other=3)


def test_a_plan_of_a_worked_case(worked):
    first = worked.first
    assert first.name == KEEP_VIP and first["Successes"] == pytest.approx(0.1 * 100 * 0.5)
    assert first["Margin"] == pytest.approx(5 * 40) and first["Max_Spend"] == 2.0
    assert first["Margin_Low"] == pytest.approx(0.1 * 100 * 0.45 * 36)
    assert first["Margin_High"] == pytest.approx(0.1 * 100 * 0.55 * 44)
    assert worked.table["Margin"].iloc[1] == pytest.approx(0.1 * 10 * 0.9 * 20)
    assert worked.table["Priority"].tolist()[:2] == [1, 2] and worked.table["Priority"].isna().sum() == 3
    assert (worked.groups == "").sum() == 3


def test_the_order_is_that_of_expected_margin_and_of_nothing_else(plan_of):
    rates = {
        "vip": (0.5, 400.0),
        "loyal": (0.5, 300.0),
        "grow": (0.5, 200.0),
        "develop": (0.2, 100.0),
        "back": (0.1, 5.0),
    }
    found = plan_of(measured_as(**rates), vip=10, loyal=10, grow=10, develop=20, back=5_000).table
    assert found.index[0] == WIN_BACK and found["Margin"].is_monotonic_decreasing
    assert found["Margin"].sum() == pytest.approx((found["Successes"] * found["Gain"]).sum())


def test_a_loss_is_no_gain(plan_of):
    found = plan_of(measured_as(vip=(0.5, -40.0), back=(0.1, 1.0)), vip=100, back=10)
    assert found.table.loc[KEEP_VIP, "Margin"] == 0 and found.table.loc[KEEP_VIP, "Margin_Low"] == 0
    assert np.isnan(found.table.loc[KEEP_VIP, "Priority"]) and found.first.name == WIN_BACK


def test_headline_table_campaign_calendar_and_slide_say_the_same_first(worked, words):
    first = words.text(worked.do(worked.first.name))
    assert first == "keep slipping VIP Champions"
    assert words.text(planning.next_step(worked)).startswith(f"{first}, now: 100 customers, $200 of margin")
    assert f"First: **{first}**" in words.text(planning.reading(worked))
    assert words.text(planning.finding(worked)).startswith(f"Expected to bring most: to {first}, $200")
    assert words.text(planning.in_short(worked)).startswith(f"{first}, now: 100 customers")
    assert words.text(planning.plan_table(worked)["Do"].iloc[0]) == "Keep slipping VIP Champions"
    assert words.text(planning.tasks(worked, VIP)[0]) == "1. Keep slipping VIP Champions: 100 customers, now"
    table = customers_of(vip=100, develop=10, back=7, other=3)
    campaign = arms.campaign_plan(worked, table)
    assert set(campaign.loc[campaign["Priority"] == 1, "Group"]) == {KEEP_VIP}
    steps = planning.calendar_of(worked)["What to do"]
    assert words.text(steps.iloc[0]).startswith(f"start: {first}")


def test_what_is_assumed_is_marked_and_said(worked, words):
    shown = planning.plan_table(worked)
    assert [name for name in shown if name.endswith("*")] == [
        "More by the action *",
        "Expected margin *",
        "At most, each *",
    ]
    said = words.text(planning.how_made(worked))
    assert "* Assumed: how many of those who would not succeed by themselves do because of the action" in said
    assert "Measured on customers of 2025-07-01, who were followed for 12 months." in said


def test_the_sensitivity_names_the_share_at_which_another_comes_first(plan_of, words):
    """The first brings 200 at 10 %, the second 150: 7.5 % makes them equal, and so does 13.3 % of the second."""
    rates = measured_as(vip=(0.5, 40.0), develop=(0.5, 30.0))
    text = words.text(planning.what_would_change(plan_of(rates, vip=100, develop=100)))
    assert "fewer than 7.5 % of the others succeed (assumed: 10 %; then develop" in text
    assert "or if 'develop Promising Regulars after one or two orders' won 13.3 % of the others (assumed: 10 %)" in text
    assert text.endswith("could come first as well.")  # 150 * 1.1 * 1.1 is more than 200 * 0.9 * 0.9
    apart = words.text(planning.what_would_change(plan_of(rates, vip=1_000, develop=100)))
    assert "could come first as well" not in apart and "brought 133.3 %" not in apart and "or if" not in apart
    assert words.text(planning.what_would_change(plan_of(measured_as(vip=(0.5, 40.0)), vip=100))) == ""


def test_equal_at_the_named_share(plan_of, words):
    """Break-even is checked by making the plan again with it."""
    rates = measured_as(vip=(0.5, 40.0), develop=(0.5, 30.0))
    made = plan_of(rates, vip=100, develop=100)
    share = made.first["Success"] * made.rivals.iloc[0]["Margin"] / made.first["Margin"]
    assert plan_of(rates, success=share, vip=100, develop=0).first["Margin"] == pytest.approx(
        made.rivals.iloc[0]["Margin"]
    )


def test_without_a_log_the_plan_says_what_it_cannot_rank(plan_of, words):
    found = plan_of(LeftOut("there is no order log"), develop=5, back=9)
    assert not found.ranked and found.table["Priority"].isna().all() and not found.table["Control"].any()
    assert words.text(planning.next_step(found)) == (
        "nothing yet. The plan cannot be ranked: there is no order log. What an action brings was not measured, so no "
        "money is named."
    )
    blind = words.text(planning.next_step(dataclasses.replace(found, late_known=False)))
    assert blind.endswith("so no money is named, and who is slipping cannot be told.")
    said = words.text(planning.reading(found)) + words.text(planning.how_made(found))
    assert "$" not in said and "nan" not in said.lower()
    assert {words.text(cell) for cell in planning.plan_table(found)["Test"]} == {
        "none: nothing was measured to compare with; keep the cost low"
    }
    assert isinstance(planning.with_money(found), LeftOut) and isinstance(planning.with_rates(found), LeftOut)


def test_what_too_few_did_is_named_and_not_ranked(worked, words):
    said = words.text(planning.unranked(worked))
    assert WIN_BACK in said and KEEP_VIP not in said and said.startswith("Not ranked, because too few were there")
    sure = measured_as(vip=(0.98, np.nan))
    assert sure.table.loc[KEEP_VIP, "By_Itself"] == 0.98


def test_what_nearly_all_do_by_themselves_needs_no_test(plan_of, words):
    for share, few in ((0.98, "nearly all"), (0.01, "hardly any")):
        text = words.text(planning.proof(plan_of(measured_as(vip=(share, np.nan)), vip=100), KEEP_VIP))
        assert text == f"none: {few} succeed by themselves, so what a success brings is not known"


# Tests of the plan


def test_control_is_as_large_as_the_test_needs_and_at_most_a_tenth_beyond(plan_of, decisions, words):
    found = plan_of(measured_as(back=(0.2, 20.0)), vip=0, back=5_000)
    row = found.first
    lift = 0.1 * 0.8 / 0.2
    at_need = [
        Comparison(0.2, np.nan, 0.05, 0.8, 1 - n / 5_000).chance(lift, 5_000)
        for n in (row["Control"], row["Control"] / 1.1)
    ]
    assert at_need[0] >= 0.8 > at_need[1]
    assert row["Control"] > experiments.MIN_ARM and row["Alpha"] == decisions.ASSUMPTIONS.alpha  # the only test
    text = words.text(planning.proof(found, WIN_BACK))
    assert (
        text
        == f"the share to order within 90 days, against {row['Control']} of them who get nothing; read on 29 September 2026"
    )
    assert "for 1 of 5 actions: win back lapsed" in words.text(planning.on_tests(found))


def test_where_no_test_can_show_anything_there_is_no_control(plan_of, words):
    found = plan_of(measured_as(vip=(0.5, 40.0)), vip=100)
    assert not found.table["Control"].any()
    smallest = found.first["Smallest"]
    assert (
        words.text(planning.proof(found, KEEP_VIP))
        == f"no test can: only a success of {100 * smallest:.0f} % or more would show; keep the cost low"
    )
    seen = Comparison(0.5, np.nan, 0.05, 0.8).chance(smallest * 0.5 / 0.5, 100)
    assert seen == pytest.approx(0.8, abs=0.001)
    assert words.text(planning.on_tests(found)).startswith("No test can prove")


def test_an_arm_below_the_smallest_is_raised_to_it_or_not_planned(plan_of):
    easy = measured_as(back=(0.2, 20.0))
    assert plan_of(easy, success=0.6, back=5_000).first["Control"] == experiments.MIN_ARM
    assert plan_of(easy, success=0.6, back=2 * experiments.MIN_ARM).first["Control"] == experiments.MIN_ARM
    assert plan_of(easy, success=0.6, back=2 * experiments.MIN_ARM - 1).first["Control"] == 0


def test_the_error_level_is_shared_among_planned_tests_only(plan_of, decisions):
    rates = measured_as(develop=(0.2, 20.0), back=(0.2, 20.0), vip=(0.5, 1.0))
    found = plan_of(rates, develop=4_000, back=5_000, vip=10).table
    alpha = decisions.ASSUMPTIONS.alpha / 2
    assert (found["Control"] > 0).sum() == 2 and set(found["Alpha"]) == {alpha}
    control = found.loc[WIN_BACK, "Control"]
    for size, enough in ((control, True), (control - 1, False)):
        assert (Comparison(0.2, np.nan, alpha, 0.8, 1 - size / 5_000).chance(0.4, 5_000) >= 0.8) == enough


def test_a_lift_of_a_share_is_never_one_of_spend(decisions):
    """What is assumed, sized and read out is the same: points of the share with the success."""
    row = pd.Series({"Success": 0.05, "By_Itself": 0.4})
    assert experiments.points(row) == pytest.approx(0.03)
    assert {action.measure for action in decisions.ACTIONS.values()} <= set(experiments.COUNTED)


def test_spend_is_capped_before_it_is_compared(plan_of, decisions):
    found = plan_of(measured_as(back=(0.2, 20.0)), back=5_000)
    rng = np.random.default_rng(0)
    prior = rng.lognormal(3, 0.5, 1_000)
    people = pd.DataFrame(
        {"Group": WIN_BACK, "Reached": True, "Prior": prior, "Spend": 0.5 * prior + rng.normal(0, 5, 1_000)}
    )
    measured = dataclasses.replace(found.measured, people=people)
    row = experiments.money_table(found.table, measured, decisions.ASSUMPTIONS, decisions.DESIGN).loc[WIN_BACK]
    row = row.map(lambda cell: getattr(cell, "numbers", {"lift": cell})["lift"])
    assert row["With CUPED"] < row["Lift found"]
    assert row["With CUPED"] / row["Lift found"] == pytest.approx(np.sqrt(1 - row["Correlation"] ** 2), rel=0.05)
    whale = people.assign(
        Spend=people["Spend"].mask(people.index == 0, 1e6), Prior=people["Prior"].mask(people.index == 0, 1e6)
    )
    wild = experiments.money_table(
        found.table, dataclasses.replace(measured, people=whale), decisions.ASSUMPTIONS, decisions.DESIGN
    )
    assert wild.loc[WIN_BACK, "Correlation"] == pytest.approx(
        row["Correlation"], abs=0.02
    )  # not 1.00 by one wholesaler
    few = dataclasses.replace(measured, people=people.head(29))
    assert not len(experiments.money_table(found.table, few, decisions.ASSUMPTIONS, decisions.DESIGN))


# Calendar, cards, map


def test_the_calendar_says_when_actions_start_and_tests_are_read(plan_of, words):
    measured = dataclasses.replace(measured_as(back=(0.2, 20.0), vip=(0.5, 1.0)), start=pd.Timestamp("2026-10-01"))
    table = planning.calendar_of(plan_of(measured, back=5_000, vip=10))
    steps = {month: words.text(text) for month, text in table["What to do"].items()}
    assert steps["July 2026"] == "start: keep slipping VIP Champions"
    assert steps["October 2026"] == "start: win back silent At-Risk Customers; new export, new plan"
    assert steps["December 2026"] == "read the test: win back silent At-Risk Customers"
    assert steps["August 2026"] == "" and len(steps) == 12
    assert list(table) == ["Spend, times an average month", "What to do"]


def test_the_headline_says_what_to_do_until_the_first_begins(plan_of, words):
    measured = dataclasses.replace(measured_as(back=(0.2, 20.0), vip=(0.5, 40.0)), start=pd.Timestamp("2026-10-01"))
    text = words.text(planning.next_step(plan_of(measured, back=5_000, vip=10)))
    assert text.startswith("win back silent At-Risk Customers, on 1 October 2026: 5,000 customers")
    assert text.endswith(
        "Until then: keep slipping VIP Champions (10 customers, $20.00 of margin, at most $2.00 each)."
    )


def test_a_calendar_needs_a_day(decisions, plan_of):
    found = dataclasses.replace(plan_of(LeftOut("no log"), back=3), snapshot=None)
    assert "SNAPSHOT_DATE" in planning.calendar_of(found).reason


def test_a_card_for_each_segment_in_three_lines(worked, words):
    people = customers_of(vip=100, develop=10, back=7, other=3)
    medians = {"Frequency_Median": 9.0, "Monetary_Median": 50.0, "Recency_Median": 200.0, "Revenue_Share": 0.25}
    segments = pd.DataFrame(medians, SEGMENTS)
    said = [words.text(card) for card in cards.cards(people, segments, worked)]
    assert len(said) == 4 and all(text.count("\n") == 3 for text in said)
    assert said[0].startswith("**VIP Champions.** A typical customer made 9 orders for $50.00, the last 200 days ago.")
    assert "they usually order every 67 days, and 100 of 100 are overdue; they brought 25 % of revenue" in said[0]
    assert "for the 100 slipping VIP Champions, now, at most $2.00 each." in said[0]
    assert "What to do: nothing beyond the usual." in said[1]
    once = words.text(cards.cards(people, segments.assign(Frequency_Median=1.0), worked)[0])
    assert "usually order every" not in once and "made 1 order for" in once


def test_cells_of_the_map_bear_name_customers_margin_and_what_to_do(decisions, words):
    table = pd.DataFrame({"F_Score": [5, 5, 5, 1], "R_Score": [5, 5, 5, 1], "Monetary": [100.0, 100, 100, 10]})
    table["Segment_Name"] = [VIP, LOYAL, LOYAL, AT_RISK]
    found = cards.score_cells(table, 0.3, decisions.ACTIONS)
    assert found.index.tolist() == [5, 1]  # no empty rows
    assert found.loc[5, [("Segment", 5), ("Customers", 5), ("Goal", 5)]].tolist() == [LOYAL, 3, "Grow"]
    assert found.loc[5, ("Margin", 5)] == pytest.approx(90) and pd.isna(found.loc[5, ("Segment", 4)])
    assert words.text(cards.richest_cell(found)).startswith(
        "3 customers (75.0 %) with recency score 5 and frequency score 5"
    )
    tie = cards.score_cells(table.head(2), 0.3, decisions.ACTIONS)
    assert tie.loc[5, ("Segment", 5)] == VIP
