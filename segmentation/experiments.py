"""Which actions of the plan can be proved by a test, with how large a control group, and what the others would need."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.decisions import Assumptions
from segmentation.groups import MIN_GROUP, Measured
from segmentation.power import Comparison
from segmentation.problems import LeftOut
from segmentation.vocabulary import VIP
from segmentation.words import Sentence, sentence

MIN_ARM = 200  # customers: arms of 13 with capped spend of real shops alarm in 22 of 100 tests asked for 5, of 200 in 7
COUNTED = {"Orders": "order within {days} days", "VIP": f"be {VIP} after {{days}} days"}  # a success, in words


@dataclass(frozen=True)
class Design:
    """How tests are planned: an analyst's choices."""

    days: int  # in which an outcome counts
    cap: float  # quantile at which money is capped (winsorised) before it is compared
    salt: str  # of the arms
    slipped: str  # what is done for those who slipped out of one of the two best segments; its name follows

    def counted(self, measure: str) -> Sentence:
        """What a measure counts as a success of a customer, in words."""
        return sentence(COUNTED[measure], days=self.days)


def points(row: pd.DataFrame | pd.Series):
    """What an action is assumed to add to the share with the success: Success of those who have it not by themselves.

    >>> float(points(pd.Series({"Success": 0.05, "By_Itself": 0.4})))
    0.03
    """
    return row["Success"] * (1 - row["By_Itself"])


def compared(rows: pd.DataFrame | pd.Series, alpha: float, power: float) -> Comparison:
    """A test of treated against control customers on the share with the success, for rows of the plan."""
    return Comparison(rows["By_Itself"], np.full(np.shape(rows["By_Itself"]), np.nan), alpha, power)


def add_tests(table: pd.DataFrame, assumptions: Assumptions) -> pd.DataFrame:
    """The plan's rows, the most important first, with the test of each; NaN where no base rate is known.

    Needed: customers in both arms together. Control: how many get nothing; 0 where no test can show the assumed
    success. Smallest: the success share that a test on all these customers would find. The error level is shared out
    among the tests that are planned (Bonferroni), and as many are planned as still find their success at that level.
    """
    lift = points(table) / table["By_Itself"].where(table["By_Itself"] > 0)
    for tests in range(len(table), 0, -1):
        found = compared(table, assumptions.alpha / tests, assumptions.power)
        control = pd.Series(found.smallest_control(lift, table["Reached"]), table.index)
        control = control.where((table["Reached"] >= 2 * MIN_ARM) & (table["Margin"] > 0))
        if control.notna().sum() >= tests:
            break
    planned = control.notna() & (control.notna().cumsum() <= tests)
    control = np.ceil(control * table["Customers"] / table["Reached"])  # some are back before the action starts
    control = control.clip(lower=MIN_ARM)
    smallest = found.detectable(table["Reached"]) * table["By_Itself"] / (1 - table["By_Itself"])
    return table.assign(
        Needed=np.ceil(found.needed(lift)),
        Control=control.where(planned, 0.0).astype(int),
        Smallest=smallest.where(smallest <= 1),
        Alpha=assumptions.alpha / tests,
    )


def tests_table(plan: pd.DataFrame) -> pd.DataFrame:
    """By action, as it is shown: what a test would be compared with, what it needs, and what it could find."""
    rows = plan[plan["By_Itself"].notna()]
    shown = pd.DataFrame({"Customers still silent": rows["Reached"]}, rows.index).rename_axis("Group")
    shown["Succeed by themselves"] = [sentence("{x:%}", x=share) for share in rows["By_Itself"]]
    shown["Success assumed"] = [sentence("{x:%0}", x=share) for share in rows["Success"]]
    shown["A test needs"] = rows["Needed"].where(np.isfinite(rows["Needed"]))
    shown["Smallest success found"] = [found(share) for share in rows["Smallest"]]
    shown["Control"] = [sentence("{n:#}" if n else "none: keep the cost low", n=n) for n in rows["Control"]]
    return shown


def found(lift: float) -> Sentence:
    """The smallest effect that a test finds, in words."""
    if np.isnan(lift):
        return sentence("none")
    return sentence("over 100 %" if lift > 1 else "{lift:%}", lift=lift)


def capped(values: pd.Series, quantile: float) -> tuple[pd.Series, float]:
    """Money, winsorised: what lies above the quantile is set to it; and that cap. Counts of 0 and 1 stay.

    >>> capped(pd.Series([1.0, 2, 3, 1000]), 0.75)[0].tolist()
    [1.0, 2.0, 3.0, 3.0]
    """
    if values.isin([0, 1]).all():
        return values, np.nan
    cap = float(np.quantile(values, quantile, method="inverted_cdf"))
    return values.clip(upper=cap), cap


def money_table(plan: pd.DataFrame, measured: Measured | LeftOut, assumptions: Assumptions, design: Design):
    """By group: what a test on spend would find instead, with money capped, and less what prior spend predicts (CUPED).

    CUPED (Deng and others 2013) shrinks the spread by sqrt(1 - r squared), r the correlation of later with prior spend,
    both capped. Lifts are relative, in spend; no lift in spend is taken for one in a share of customers.
    """
    rows = {}
    for name, row in [] if isinstance(measured, LeftOut) else plan.iterrows():
        past = measured.people[(measured.people["Group"] == name) & measured.people["Reached"]]
        if len(past) < MIN_GROUP:
            continue
        spend, cap = capped(past["Spend"], design.cap)
        prior, _ = capped(past["Prior"], design.cap)
        r = spend.corr(prior) if min(spend.nunique(), prior.nunique()) > 1 else 0.0
        wide = np.array([1.0, np.sqrt(1 - r**2)]) * spend.std()
        lifts = Comparison(spend.mean(), wide, row["Alpha"], assumptions.power).detectable(row["Reached"])
        known = {"Customers": row["Reached"], "Mean spend": spend.mean(), "Capped at": cap, "Correlation": r}
        rows[name] = known | {"Lift found": found(lifts[0]), "With CUPED": found(lifts[1])}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Group")
