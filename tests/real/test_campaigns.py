"""Real outcomes and the read-out: a mailing that no lot dealt is refused; a lot without an action shows none."""

import campaigns
import pandas as pd
import pytest
import shops

from segmentation import arms
from segmentation.experiments import MIN_ARM

pytestmark = pytest.mark.skipif(bool(shops.absent()), reason=shops.absent())
START, END = pd.Timestamp("2017-08-08"), pd.Timestamp("2017-09-24")  # of campaign 13


@pytest.fixture(scope="module")
def log():
    """The orders of Complete Journey."""
    return campaigns.JOURNEY.log()


@pytest.fixture(scope="module")
def plan(log, decisions):
    """Who was mailed in campaign 13."""
    return campaigns.households(log, 13, START, decisions.RECIPE)


def test_a_mailing_to_chosen_households_is_refused(log, plan, decisions):
    assert (plan["Arm"] == "treatment").sum() == 1077
    said = campaigns.answer(log, plan, (START, END), decisions)
    assert said.startswith("refused: outcomes: ") and "The split is broken, so no lift is computed" in said


@pytest.mark.parametrize("salt", ["first", "second", "third"])
def test_arms_by_lot_that_nobody_treated_show_no_effect(log, plan, salt, decisions):
    lot = plan.assign(Arm=arms.deal(plan["Customer_ID"], len(plan) // 2, salt))
    table = arms.read_out(lot, campaigns.outcomes(log, lot, START, END), START, decisions.DESIGN, 0.05, share=0.5)
    large = table["Customers"] > 3 * MIN_ARM
    assert set(table.loc[large, "Verdict"]) == {"not shown"} and large.sum() >= 2
    assert set(table["Verdict"]) <= {"not shown", "too few"}


def test_a_mailing_of_a_dozen_is_too_few_to_work(log, decisions):
    """Campaign 3: no check of sizes can see that its households were chosen, so their number has to be enough."""
    start, end = pd.Timestamp("2017-03-13"), pd.Timestamp("2017-05-08")
    mailed = campaigns.households(log, 3, start, decisions.RECIPE)
    assert (mailed["Arm"] == "treatment").sum() in (12, 13)
    said = campaigns.answer(log, mailed, (start, end), decisions)
    assert "too few" in said and "works" not in said
