"""Real outcomes and the read-out: a mailing that no lot dealt is refused; a lot without an action shows none."""

import campaigns
import pandas as pd
import pytest
import shops

from segmentation import arms

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


def test_a_mailing_to_chosen_households_is_refused(log, plan):
    assert (plan["Arm"] == "treatment").sum() == 1077
    said = campaigns.answer(log, plan, (START, END), alpha=0.05)
    assert said.startswith("refused: outcomes: ") and "The split is broken, so no lift is computed" in said


@pytest.mark.parametrize("salt", ["first", "second", "third"])
def test_arms_by_lot_that_nobody_treated_show_no_effect(log, plan, salt):
    lot = plan.assign(Arm=arms.deal(plan["Customer_ID"], 0.5, salt))
    table = arms.read_out(lot, campaigns.outcomes(log, lot, START, END), START, 0.5, alpha=0.05)
    assert set(table["Verdict"]) == {"not shown"}
