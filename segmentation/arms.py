"""The campaign plan: who is in which arm, whether the arms are alike, and how a result is read."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from segmentation.experiments import MIN_ARM, Design, capped
from segmentation.groups import slipped_from
from segmentation.planning import Plan
from segmentation.problems import InputError, LeftOut
from segmentation.vocabulary import RFM
from segmentation.words import Sentence, as_given, count, percent, safe_for_spreadsheets, sentence, short

MAX_RATIO_P = 0.001  # a sample ratio less likely than this is a broken experiment, not chance
MIN_COVERAGE = 0.9  # share of a group's customers in the plan who need an outcome; leaving out non-buyers misleads
POOLED = "All together"
ARMS = ["control", "treatment"]
NO_TEST = "no test"  # in place of an arm
NOTHING = "nothing beyond the usual"


def hash_position(ids, salt: str) -> np.ndarray:
    """A number in [0, 1) per customer id, from nothing but the salt and that id."""
    digests = b"".join(hashlib.sha256(f"{salt}|{name}".encode()).digest()[:8] for name in ids)
    return (np.frombuffer(digests, dtype=">u8") >> np.uint64(11)) / 2.0**53


def deal(ids, control: int, salt: str) -> np.ndarray:
    """'control' for so many customers, those with the lowest hash; 'treatment' for the others.

    A smaller control group only turns control into treatment, and the order of the ids does not matter.

    >>> deal(["CUST00001", "CUST00003"], 1, "segment-actions-1").tolist()
    ['control', 'treatment']
    """
    order = np.argsort(hash_position(ids, salt), kind="stable")
    arms = np.full(len(order), ARMS[1], dtype=object)
    arms[order[:control]] = ARMS[0]
    return arms


def dealt_arms(plan: Plan, ids: pd.Series, salt: str) -> pd.Series:
    """The arm of every customer: dealt within the groups that have a test."""
    arms = pd.Series(NO_TEST, ids.index, dtype=object)
    for group, control in plan.table["Control"].items():
        members = plan.groups.index[plan.groups == group]
        if control:
            arms[members] = deal(ids[members], min(control, len(members)), salt)
    return arms


def actions_of(plan: Plan, customers: pd.DataFrame) -> pd.Series:
    """What is done for each customer: the first step of the group's action; for who fell from a segment, the way back.

    So who slips keeps the urgency and the ceiling of the segment that he comes from.
    """
    first = plan.groups.map({name: action.first for name, action in plan.actions.items()}).fillna(NOTHING)
    if "Previous_Segment" not in customers:
        return first
    home = slipped_from(customers["Segment_Name"], customers["Previous_Segment"])
    return first.mask(home != customers["Segment_Name"].astype(str), f"{plan.design.slipped} " + home)


def campaign_plan(plan: Plan, customers: pd.DataFrame) -> pd.DataFrame:
    """One row per customer, in the order given: for whom what is done, how, from when, in which arm, for how much.

    Control gets nothing: channel 'none (control)', Max_Spend 0. Who is in no group has no Priority. Max_Spend is blank
    where nothing was measured. Texts are safe for spreadsheets.
    """
    arm = dealt_arms(plan, customers["Customer_ID"], plan.design.salt)
    control = arm == ARMS[0]
    by_group = plan.table.assign(Channel=[plan.actions[name].channel.split(",")[0] for name in plan.table.index])
    start = by_group["Start"].fillna(plan.snapshot).dt.strftime("%Y-%m-%d").fillna("")
    table = pd.DataFrame({"Customer_ID": customers["Customer_ID"].astype(str)})
    table["Segment_Name"] = customers["Segment_Name"].astype(str)
    table["Group"] = plan.groups
    table["Action"] = actions_of(plan, customers)
    table["Channel"] = plan.groups.map(by_group["Channel"]).fillna("").mask(control, "none (control)")
    table["Start"] = plan.groups.map(start).fillna("")
    table["Arm"] = arm
    table["Priority"] = plan.groups.map(by_group["Priority"]).astype("Int64")
    most = plan.groups.map(by_group["Max_Spend"]).astype(float)
    idle = (plan.groups == "") & bool(plan.ranked)
    table["Max_Spend"] = most.mask(control | idle, 0.0)
    texts = table.columns[:7]
    return table.assign(**{name: safe_for_spreadsheets(table[name]) for name in texts})


def plan_in_words(campaign: pd.DataFrame, design: Design) -> Sentence:
    """How many the plan holds, how many it asks something for, how many are control, and how many slipped."""
    slipped = campaign["Action"].str.startswith(design.slipped).sum()
    acted = (campaign["Group"] != "").sum()
    control = (campaign["Arm"] == ARMS[0]).sum()
    held = "`campaign_plan.csv` holds {size:# customer}; the plan asks something for {acted:#} of them"
    held += (
        ", of whom {control:#} are control and get nothing"
        if control
        else ", none is control, because no test could show anything"
    )
    told = "; {slipped:# customer} fell from one of the two best segments and get an action of their own."
    return sentence(
        held + (told if slipped else "."), size=len(campaign), acted=acted, control=control, slipped=slipped
    )


def ratio_p(control, total, share: float):
    """Sample-ratio check: chi-square p of so many controls among so many customers.

    >>> float(ratio_p(50, 100, 0.5))
    1.0
    """
    apart = (control - share * total) ** 2 / (share * (1 - share) * np.maximum(total, 1))
    return stats.chi2.sf(apart, 1)


@dataclass(frozen=True)
class Balance:
    """Whether the arms are alike."""

    table: pd.DataFrame  # by group: Customers, Control, R, F and M (treatment - control, in sd), By chance
    groups: int  # of group and value half
    smallest_p: float  # of their sample-ratio checks

    @property
    def beyond(self) -> int | str:
        """Differences larger than chance gives in one shop of twenty."""
        return int(self.table[RFM].abs().gt(self.table["By chance"], axis=0).to_numpy().sum()) or "none"

    @property
    def shares(self) -> Sentence:
        """Whether the control share is as drawn in every group (Bonferroni)."""
        if self.smallest_p < MAX_RATIO_P / self.groups:
            return sentence("**not what was drawn: use another salt**")
        return sentence("what a fair coin gives (smallest p {p:.3f})", p=self.smallest_p)

    @property
    def compared(self) -> int:
        """How many differences were looked at."""
        return self.table[RFM].size


def balance_of(customers: pd.DataFrame, campaign: pd.DataFrame) -> Balance | LeftOut:
    """The arms of the planned tests compared within groups, and control's share within halves of spend."""
    tested = campaign["Arm"] != NO_TEST
    if not tested.any():
        return LeftOut("the balance of arms; no test is planned, so nobody is control")
    people, group = customers[tested], campaign.loc[tested, "Group"].astype(str)
    control = campaign.loc[tested, "Arm"] == ARMS[0]
    sizes = control.groupby(group).agg(["size", "sum", "mean"])
    means = [people.loc[arm, RFM].groupby(group[arm]).mean() for arm in (control, ~control)]
    sd = people[RFM].groupby(group).std()
    apart = ((means[1] - means[0]) / sd.where(sd > 0)).round(6)
    spread = np.sqrt(1 / sizes["sum"] + 1 / (sizes["size"] - sizes["sum"]))
    table = pd.DataFrame({"Customers": sizes["size"], "Control": sizes["mean"]})
    table = table.join(apart).assign(**{"By chance": stats.norm.isf(0.025 / apart.size) * spread})
    upper = people["Monetary"] > people.groupby(group)["Monetary"].transform("median")
    halves = control.groupby([group, upper]).agg(["sum", "size"])
    share = sizes["mean"].reindex(halves.index.get_level_values(0)).to_numpy()
    smallest = ratio_p(halves["sum"], halves["size"], share).min()
    return Balance(table.rename_axis("Group").reset_index(), len(halves), float(smallest))


def with_ids_as_given(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the ids of the data, where the plan's file has them made safe for spreadsheets."""
    return table.assign(Customer_ID=as_given(table["Customer_ID"])) if "Customer_ID" in table else table


def on_balance(balance: Balance) -> Sentence:
    """Whether the arms are alike."""
    text = (
        "Differences of the arms in standard deviations: {x.beyond} of {x.compared} beyond chance. In the {x.groups:#} "
        "halves of groups by spend the share of control is {x.shares}."
    )
    return sentence(text, x=balance)


def check_plan(plan: pd.DataFrame) -> None:
    """Raise InputError for a plan that cannot have been followed."""
    twice = plan[plan["Customer_ID"].duplicated(keep=False)]
    if len(twice):
        both = twice.groupby("Customer_ID")["Arm"].nunique().gt(1).sum()
        found = f"{both} ids in both arms" if both else f"{twice['Customer_ID'].nunique()} ids more than once"
        raise InputError(f"plan: {found}; expected one row per customer")
    odd = plan.loc[~plan["Arm"].isin([*ARMS, NO_TEST]), "Arm"]
    if len(odd):
        raise InputError(f"plan: {len(odd)} rows with the arm '{short(odd.iloc[0])}'; expected control or treatment")
    if not plan["Arm"].isin(ARMS).any():
        raise InputError("plan: no test was planned, so nobody is control and nothing can be read")


def check_outcomes(plan: pd.DataFrame, outcomes: pd.DataFrame, started: pd.Timestamp) -> None:
    """Raise InputError for outcomes that do not belong to the plan: columns, ids, numbers, dates."""
    missing = [name for name in ("Customer_ID", "Value", "Date") if name not in outcomes]
    if missing or not len(outcomes):
        raise InputError(f"outcomes: no {missing[0] if missing else 'rows'}; expected Customer_ID, Value and Date")
    known = [safe_for_spreadsheets(table["Customer_ID"].astype(str)) for table in (outcomes, plan)]
    strange = ~known[0].isin(known[1])
    wrong = {
        "rows repeat an id; expected one row per customer": outcomes["Customer_ID"].duplicated(),
        "ids are not in the plan; expected the plan's ids, exactly as given": strange,
    }
    for name in outcomes.columns.intersection(["Value", "Prior"]):
        numbers = pd.to_numeric(outcomes[name], errors="coerce")
        wrong[f"rows hold no number as {name}; expected a number in every row"] = ~np.isfinite(numbers)
    late = pd.to_datetime(outcomes["Date"], errors="coerce") >= started
    expected = f"expected dates from the start of the test on, {started.date()}"
    wrong[f"rows without a date or dated before the test began; {expected}"] = ~late
    for what, rows in wrong.items():
        if rows.any():
            raise InputError(f"outcomes: {rows.sum()} {what}")


def check_arms(plan: pd.DataFrame, joined: pd.DataFrame, share: float | None = None) -> None:
    """Raise InputError where the arms with outcomes are not as large as drawn, or too few customers have one.

    share: of control, as drawn; None: as the plan has it, group by group.
    """
    asked = plan.groupby("Group")["Arm"].agg(size="size", control=lambda arm: (arm == ARMS[0]).mean())
    for name, here in joined.groupby("Group", sort=True):
        control = (here["Arm"] == ARMS[0]).sum()
        drawn = asked.loc[name, "control"] if share is None else share
        if ratio_p(control, len(here), drawn) < MAX_RATIO_P / len(asked):
            raise InputError(
                f"outcomes: {name}: {percent(control / len(here))} of {count(len(here))} customers are control; "
                f"expected {percent(drawn)}. The split is broken, so no lift is computed"
            )
        if len(here) < MIN_COVERAGE * asked.loc[name, "size"]:
            raise InputError(
                f"outcomes: {name}: {count(len(here))} of the {count(asked.loc[name, 'size'])} customers in the plan "
                f"have an outcome; expected at least {percent(MIN_COVERAGE, 0)}, with 0 for those who did nothing"
            )


def cuped_part(values: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """What prior spend predicts of the values beyond their mean (CUPED); zeros where prior spend is all equal."""
    away = prior - prior.mean()
    return away * (away @ values) / (away @ away) if away.any() else away


def by_arm(joined: pd.DataFrame) -> pd.DataFrame:
    """By group, and POOLED (weighted by group): mean outcome per arm, its squared standard error, and Customers.

    nan where an arm has fewer than MIN_ARM customers. With a column Prior, less what it predicts (CUPED).
    """
    values = joined["Value"].astype(float)
    if "Prior" in joined:
        for here in joined.groupby("Group").groups.values():
            values[here] -= cuped_part(values[here], joined.loc[here, "Prior"].astype(float))
    found = values.groupby([joined["Group"], joined["Arm"]]).agg(["mean", "var", "size"]).unstack()
    found = found.reindex(columns=pd.MultiIndex.from_product([["mean", "var", "size"], ARMS]))
    sizes = found["size"].fillna(0)
    noise = found["var"] / found["size"]
    table = found["mean"].join(noise.add_prefix("noise_")).where(sizes.min(axis=1) >= MIN_ARM)
    sizes = sizes.sum(axis=1)
    known = table.dropna()
    if len(known) > 1:
        weight = sizes[known.index] / sizes[known.index].sum()
        table.loc[POOLED] = pd.concat([weight @ known[ARMS], weight**2 @ known.filter(like="noise_")])
        sizes[POOLED] = sizes[known.index].sum()
    return table.assign(Customers=sizes.astype(int))


def lifts_of(means: pd.DataFrame) -> pd.DataFrame:
    """Relative lift of each row of by_arm with its 95 % interval (delta method), and the two-sided p (Welch's z)."""
    noise = np.sqrt(means["noise_control"] + means["noise_treatment"])
    apart = means["treatment"] - means["control"]
    base = means["control"].where(means["control"] > 0)
    ratio = means["treatment"] / base
    half = 1.96 * np.sqrt(means["noise_treatment"] + ratio**2 * means["noise_control"]) / base
    p = pd.Series(2 * stats.norm.sf((apart / noise).abs()), means.index).mask(apart == 0, 1.0)
    return pd.DataFrame({"Lift": ratio - 1, "Low": ratio - 1 - half, "High": ratio - 1 + half, "p": p})


def joined_with(plan: pd.DataFrame, outcomes: pd.DataFrame, cap: float) -> tuple[pd.DataFrame, float]:
    """Outcomes with Group and Arm of those in a test, money capped at a quantile over both arms; and that cap."""
    tested = plan.loc[plan["Arm"] != NO_TEST, ["Customer_ID", "Group", "Arm"]].astype(str)
    named = outcomes.assign(Customer_ID=outcomes["Customer_ID"].astype(str))
    joined = named.merge(tested, on="Customer_ID").sort_values("Customer_ID", kind="stable", ignore_index=True)
    joined["Value"], at = capped(joined["Value"].astype(float), cap)
    if "Prior" in joined:
        joined["Prior"], _ = capped(joined["Prior"].astype(float), cap)
    return joined, at


def by_holm(p: pd.Series) -> pd.Series:
    """p of groups, adjusted for their number; that of POOLED stays, and so does what is not known."""
    one_of_several = p.drop(POOLED, errors="ignore").dropna()
    return pd.Series(multipletests(one_of_several, method="holm")[1], one_of_several.index).reindex(p.index).fillna(p)


def read_out(plan: pd.DataFrame, outcomes: pd.DataFrame, started, design: Design, alpha: float, share=None):
    """Lift by group and for all, p after Holm over the groups, and a verdict; InputError if it would mislead.

    plan: Customer_ID, Group, Arm. outcomes: Customer_ID, Value, Date, and Prior for CUPED; one row per customer, 0 for
    those who did nothing. Value is what the test was planned with: 1 for a success, else 0; or money, which is capped
    at design.cap, as Prior is (Capped_At says where). started: first day on which an outcome counts. share: of control
    as drawn; None: as the plan has it.

    >>> plan = pd.DataFrame({"Customer_ID": range(400), "Group": "A", "Arm": 200 * ARMS})
    >>> outcomes = plan[["Customer_ID"]].assign(Value=50 * [10, 20, 14, 22, 6, 18, 10, 20], Date="2026-09-29")
    >>> found = read_out(plan, outcomes, "2026-07-01", Design(90, 0.99, "", ""), alpha=0.05).loc["A"]
    >>> print(found["Control"], found["Treatment"], found["Lift"], found["Verdict"])
    10.0 20.0 1.0 works
    """
    plan, outcomes = map(with_ids_as_given, (plan, outcomes))
    check_plan(plan)
    check_outcomes(plan, outcomes, pd.Timestamp(started))
    joined, at = joined_with(plan, outcomes, design.cap)
    check_arms(plan[plan["Arm"] != NO_TEST], joined, share)
    means = by_arm(joined)
    table = means[["Customers", *ARMS]].rename(columns=str.capitalize).join(lifts_of(means))
    table["p (Holm)"] = p = by_holm(table["p"])
    verdicts = {"too few": p.isna(), "not shown": p >= alpha, "works": table["Treatment"] > table["Control"]}
    return table.assign(Capped_At=at, Verdict=np.select(list(verdicts.values()), list(verdicts), "harms"))
