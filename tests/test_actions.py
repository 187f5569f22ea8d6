"""What each action would be worth under its assumption, and which comes first."""

import dataclasses

import pandas as pd
import pytest

from segmentation import actions
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP


@pytest.fixture
def segments():
    """Sizes, revenue and median spend by segment."""
    table = {"Customers": [100, 200, 300, 400], "Revenue": [200e3, 160e3, 60e3, 20e3]}
    return pd.DataFrame(table | {"Monetary_Median": [1900.0, 800, 200, 40]}, index=SEGMENTS)


@pytest.fixture
def stakes(segments, decisions):
    """What is at stake, by segment."""
    return actions.at_stake(segments, decisions.ASSUMPTIONS, decisions.ACTIONS).set_index("Segment")


def test_each_action_is_priced_by_its_own_assumption(stakes, words):
    assert stakes["At stake"].to_dict() == {
        LOYAL: 0.10 * 200 * (1900 - 800),
        VIP: 0.10 * 200_000,
        PROMISING: 0.10 * 300 * (800 - 200),
        AT_RISK: 0.05 * 400 * 200,  # who returns spends like the median Promising customer
    }
    assert words.text(stakes.loc[AT_RISK, "Assumption"]) == "5 % of 400 return and spend $200"
    assert words.text(stakes.loc[VIP, "Assumption"]) == "10 % of $200,000 revenue kept"
    assert words.text(stakes.loc[LOYAL, "Assumption"]) == "10 % of 200 spend $1,100 more"


def test_nothing_to_gain_is_said_in_words(segments, decisions, words):
    flat = segments.assign(Monetary_Median=[800.0, 800, 200, 40])
    table = actions.at_stake(flat, decisions.ASSUMPTIONS, decisions.ACTIONS).set_index("Segment")
    assert words.text(table.loc[LOYAL, "Assumption"]) == f"none: they spend as much as {VIP}"
    assert table.loc[LOYAL, "At stake"] == 0


def test_two_cautions_are_two_sentences(stakes, words):
    abandoned = pd.DataFrame({"mean": [39.4, 51.5, 64.2, 74.9]}, index=SEGMENTS)
    tests = pd.DataFrame({"Verdict": ["differs, large effect"]}, index=["Cart abandonment"])
    said = words.text(actions.reading(stakes.reset_index(), abandoned, tests, ["a doubt"]))
    assert f"remind {PROMISING} of theirs. The names are in doubt" in said and "profile. Track" in said


def test_the_most_valuable_action_comes_first(stakes, words):
    assert stakes.index.tolist() == [LOYAL, VIP, PROMISING, AT_RISK]
    assert stakes["Priority"].tolist() == [1, 2, 3, 4]
    assert stakes["Goal"].tolist() == ["Grow", "Keep", "Develop", "Win back"]
    assert stakes["Per customer"].tolist() == [110, 200, 60, 10]
    said = words.text(actions.reading(stakes.reset_index(), LeftOut("no carts"), None, []))
    assert f"the first thing to do is **grow {LOYAL}**: $22,000 a window, $110 a customer. " in said


def test_other_assumptions_give_another_order(segments, decisions):
    eager = dataclasses.replace(decisions.ASSUMPTIONS, win_back_share=0.5)
    assert actions.at_stake(segments, eager, decisions.ACTIONS)["Segment"].iloc[0] == AT_RISK


def test_a_segment_that_spends_more_than_the_next_has_nothing_to_gain(segments, decisions):
    segments.loc[PROMISING, "Monetary_Median"] = 900
    table = actions.at_stake(segments, decisions.ASSUMPTIONS, decisions.ACTIONS).set_index("Segment")
    assert table.loc[PROMISING, "At stake"] == 0


def test_without_money_there_is_nothing_to_do(segments, decisions, words):
    segments[["Revenue", "Monetary_Median"]] = 0.0
    table = actions.at_stake(segments, decisions.ASSUMPTIONS, decisions.ACTIONS)
    said = words.text(actions.reading(table, LeftOut("no carts"), None, []))
    assert "the first thing to do is **nothing yet, no money is at stake**" in said


def test_the_playbook_names_an_action_for_every_segment(decisions):
    table = actions.playbook(decisions.ACTIONS)
    assert list(table.index) == list(SEGMENTS) and table.map(len).min().min() > 0


@pytest.mark.parametrize(
    ("promising", "verdict", "reminded"),
    [
        (64.2, "differs, large effect", True),
        (39.4, "differs, large effect", False),  # as many as VIP
        (64.2, "no difference worth acting on", False),
    ],
)
def test_promising_are_reminded_of_carts_where_they_leave_more_than_vip(words, promising, verdict, reminded):
    abandoned = pd.DataFrame({"mean": [39.4, 51.5, promising, 74.9]}, index=SEGMENTS)
    tests = pd.DataFrame({"Verdict": [verdict]}, index=["Cart abandonment"])
    text = "".join(map(words.text, actions.cautions(abandoned, tests, [])))
    assert text == (f"{PROMISING} leave 64 % of their carts, {VIP} 39 %: remind {PROMISING} of theirs." * reminded)


def test_names_in_doubt_call_for_a_check_of_each_action(words):
    found = actions.cautions(LeftOut("no carts"), pd.DataFrame(), ["a doubt"])
    assert words.text(found[0]).startswith("The names are in doubt on these data")
    assert actions.cautions(LeftOut("no carts"), pd.DataFrame(), []) == []
