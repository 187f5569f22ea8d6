"""The campaign plan: who is in which arm, whether the arms are alike, and how a result is read."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from segmentation.decisions import Action
from segmentation.experiments import POOLED, Design
from segmentation.problems import InputError, LeftOut
from segmentation.vocabulary import LOYAL, RFM, SEGMENTS, VIP
from segmentation.words import Sentence, as_given, count, percent, sentence, short

MAX_RATIO_P = 0.001  # a sample ratio less likely than this is a broken experiment, not chance
MIN_COVERAGE = 0.9  # share of a segment's customers in the plan who need an outcome; leaving out non-buyers misleads
ARMS = ["control", "treatment"]


def hash_position(ids, salt: str) -> np.ndarray:
    """A number in [0, 1) per customer id, from nothing but the salt and that id."""
    digests = b"".join(hashlib.sha256(f"{salt}|{name}".encode()).digest()[:8] for name in ids)
    return (np.frombuffer(digests, dtype=">u8") >> np.uint64(11)) / 2.0**53


def deal(ids, control_share: float, salt: str) -> np.ndarray:
    """'control' or 'treatment' per customer id; a smaller share only turns control into treatment.

    >>> deal(["CUST00001", "CUST00003"], 0.5, "segment-actions-1").tolist()
    ['control', 'treatment']
    """
    return np.where(hash_position(ids, salt) < control_share, *ARMS)


def next_action(customers: pd.DataFrame, segment: pd.Series, actions: dict[str, Action], slipped: str) -> pd.Series:
    """The first step of the segment's action, or what is done for those who slipped out of the two best segments."""
    first = segment.map({name: action.first for name, action in actions.items()})
    if "Previous_Segment" not in customers:
        return first
    before = customers["Previous_Segment"].astype(str)
    lower = before.map({name: rank for rank, name in enumerate(SEGMENTS)}) < segment.cat.codes
    return first.astype(str).mask(before.isin([VIP, LOYAL]) & lower, f"{slipped} " + before)  # others: the season


def campaign_plan(customers, stakes, worth: pd.DataFrame | LeftOut, actions, control_share, design) -> pd.DataFrame:
    """One row per customer, in the order given: who gets what, by which channel, in which arm, for how much at most.

    Control gets nothing: channel 'none (control)', Max_Spend 0. Max_Spend is blank where no worth is known.
    """
    segment = customers["Segment_Name"].astype(pd.CategoricalDtype(SEGMENTS))  # few texts in many rows
    control = deal(customers["Customer_ID"], control_share, design.salt) == "control"
    channel = segment.map({name: action.channel.split(",")[0] for name, action in actions.items()}).astype("category")
    most = {} if isinstance(worth, LeftOut) else worth["Max_Spend"].round(2).to_dict()
    most = segment.map(most).astype(float)
    plan = pd.DataFrame({"Customer_ID": customers["Customer_ID"], "Segment_Name": segment})
    plan["Action"] = next_action(customers, segment, actions, design.slipped)
    plan["Channel"] = channel.cat.add_categories("none (control)").mask(control, "none (control)")
    plan["Arm"] = pd.Categorical.from_codes((~control).astype(np.int8), ARMS)
    plan["Priority"] = segment.map(stakes.set_index("Segment")["Priority"].to_dict()).astype(int)
    plan["Max_Spend"] = most.mask(control & most.notna(), 0.0)
    return plan


def plan_in_words(plan: pd.DataFrame, design: Design) -> Sentence:
    """How many the plan holds, how many are control, and how many slipped."""
    slipped = plan["Action"].str.startswith(design.slipped).sum()
    held = "`campaign_plan.csv` holds {size:# customer}, {control:%} of them control"
    told = "; {slipped:# customer} slipped and get an action of their own." if slipped else "."
    return sentence(held + told, size=len(plan), control=(plan["Arm"] == "control").mean(), slipped=slipped)


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

    table: pd.DataFrame  # by segment: Customers, Control, Ratio p, R, F and M (treatment - control, in sd), By chance
    groups: int  # of segment and value half
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
    def shown(self) -> pd.DataFrame:
        """The table as it is shown."""
        chance = [sentence("up to {p:.2f}", p=p) if p > 0 else np.nan for p in self.table["By chance"]]
        return self.table.assign(**{"By chance": chance})


def balance_of(customers: pd.DataFrame, plan: pd.DataFrame, share: float) -> Balance:
    """The arms compared within segments, and control's share within their halves of spend (equal spend, equal half)."""
    segment = customers["Segment_Name"].astype(pd.CategoricalDtype(SEGMENTS))
    control = plan["Arm"] == "control"
    sizes = control.groupby(segment, observed=False).agg(["size", "sum", "mean"])
    means = [customers.loc[arm, RFM].groupby(segment[arm], observed=False).mean() for arm in (control, ~control)]
    sd = customers[RFM].groupby(segment, observed=False).std()
    apart = ((means[1] - means[0]) / sd.where(sd > 0)).round(6)
    spread = np.sqrt(1 / sizes["sum"] + 1 / (sizes["size"] - sizes["sum"]))
    chance = stats.norm.isf(0.025 / apart.size) * spread.where(np.isfinite(spread))
    table = pd.DataFrame({"Customers": sizes["size"], "Control": sizes["mean"].fillna(0)})
    table["Ratio p"] = ratio_p(sizes["sum"], sizes["size"], share)
    table = table.join(apart).assign(**{"By chance": chance}).rename_axis("Segment").reset_index()
    upper = customers["Monetary"] > customers.groupby(segment, observed=True)["Monetary"].transform("median")
    halves = control.groupby([segment, upper], observed=True).agg(["sum", "size"])
    return Balance(table, len(halves), ratio_p(halves["sum"], halves["size"], share).min())


def with_ids_as_given(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the ids of the data, where the plan's file has them made safe for spreadsheets."""
    return table.assign(Customer_ID=as_given(table["Customer_ID"])) if "Customer_ID" in table else table


def check_plan(plan: pd.DataFrame) -> None:
    """Raise InputError for a plan that cannot have been followed."""
    twice = plan[plan["Customer_ID"].duplicated(keep=False)]
    if len(twice):
        both = twice.groupby("Customer_ID")["Arm"].nunique().gt(1).sum()
        found = f"{both} ids in both arms" if both else f"{twice['Customer_ID'].nunique()} ids more than once"
        raise InputError(f"plan: {found}; expected one row per customer")
    odd = plan.loc[~plan["Arm"].isin(ARMS), "Arm"]
    if len(odd):
        raise InputError(f"plan: {len(odd)} rows with the arm '{short(odd.iloc[0])}'; expected control or treatment")


def check_outcomes(plan: pd.DataFrame, outcomes: pd.DataFrame, started: pd.Timestamp) -> None:
    """Raise InputError for outcomes that do not belong to the plan: columns, ids, numbers, dates."""
    missing = [name for name in ("Customer_ID", "Value", "Date") if name not in outcomes]
    if missing or not len(outcomes):
        raise InputError(f"outcomes: no {missing[0] if missing else 'rows'}; expected Customer_ID, Value and Date")
    strange = ~outcomes["Customer_ID"].isin(plan["Customer_ID"])
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


def check_arms(plan: pd.DataFrame, joined: pd.DataFrame, share: float) -> None:
    """Raise InputError where the arms with outcomes are not as large as drawn, or too few customers have one."""
    asked = plan["Segment_Name"].astype(str).value_counts()
    for name, here in [(POOLED, joined), *joined.groupby("Segment_Name", sort=True)]:
        control = (here["Arm"] == "control").sum()
        limit = MAX_RATIO_P if name == POOLED else MAX_RATIO_P / len(SEGMENTS)
        if ratio_p(control, len(here), share) < limit:
            raise InputError(
                f"outcomes: {name}: {percent(control / len(here))} of {count(len(here))} customers are control; "
                f"expected {percent(share)}. The split is broken, so no lift is computed"
            )
        if name != POOLED and len(here) < MIN_COVERAGE * asked[name]:
            raise InputError(
                f"outcomes: {name}: {count(len(here))} of the {count(asked[name])} customers in the plan have an "
                f"outcome; expected at least {percent(MIN_COVERAGE, 0)}, with 0 for those who did nothing"
            )


def cuped_part(values: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """What prior spend predicts of the values beyond their mean (CUPED); zeros where prior spend is all equal."""
    away = prior - prior.mean()
    return away * (away @ values) / (away @ away) if away.any() else away


def by_arm(joined: pd.DataFrame) -> pd.DataFrame:
    """By segment, and POOLED (weighted by segment): mean outcome per arm, its squared standard error, and Customers.

    nan where an arm has fewer than two customers. With a column Prior, less what it predicts (CUPED).
    """
    values = joined["Value"].astype(float)
    if "Prior" in joined:
        for here in joined.groupby("Segment_Name").groups.values():
            values[here] -= cuped_part(values[here], joined.loc[here, "Prior"].astype(float))
    found = values.groupby([joined["Segment_Name"], joined["Arm"]]).agg(["mean", "var", "size"]).unstack()
    found = found.reindex([name for name in SEGMENTS if name in found.index])
    noise = found["var"] / found["size"]
    table = found["mean"].join(noise.add_prefix("noise_")).where(noise.notna().all(axis=1))
    sizes = found["size"].sum(axis=1)
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
    p = pd.Series(2 * stats.norm.sf((apart / noise.where(noise > 0)).abs()), means.index).mask(apart == 0, 1.0)
    return pd.DataFrame({"Lift": ratio - 1, "Low": ratio - 1 - half, "High": ratio - 1 + half, "p": p})


def read_out(plan: pd.DataFrame, outcomes: pd.DataFrame, started, control_share: float, alpha: float) -> pd.DataFrame:
    """Lift by segment and for all, p after Holm over the segments, and a verdict; InputError if it would mislead.

    plan: Customer_ID, Segment_Name, Arm. outcomes: Customer_ID, Value, Date, and Prior for CUPED; one row per customer,
    0 for those who did nothing; ids as in plan or data. started: first day that counts. control_share: as drawn.

    >>> plan = pd.DataFrame({"Customer_ID": [*"abcdefgh"], "Segment_Name": VIP, "Arm": 4 * ARMS})
    >>> outcomes = plan[["Customer_ID"]].assign(Value=[10, 20, 14, 22, 6, 18, 10, 20], Date="2026-09-29")
    >>> print(*read_out(plan, outcomes, "2026-07-01", 0.5, 0.05).loc[VIP, ["Control", "Treatment", "Lift", "Verdict"]])
    10.0 20.0 1.0 works
    """
    plan, outcomes = map(with_ids_as_given, (plan, outcomes))
    check_plan(plan)
    check_outcomes(plan, outcomes, pd.Timestamp(started))
    joined = outcomes.merge(plan[["Customer_ID", "Segment_Name", "Arm"]].astype(str), on="Customer_ID")
    joined = joined.sort_values("Customer_ID", kind="stable", ignore_index=True)
    check_arms(plan, joined, control_share)
    means = by_arm(joined)
    table = means[["Customers", *ARMS]].rename(columns=str.capitalize).join(lifts_of(means)).rename_axis("Segment")
    one_of_several = table["p"].drop(POOLED, errors="ignore").dropna()
    table["p (Holm)"] = table["p"]
    table.loc[one_of_several.index, "p (Holm)"] = multipletests(one_of_several, method="holm")[1]
    p = table["p (Holm)"]
    verdicts = {"too few": p.isna(), "not shown": p >= alpha, "works": table["Treatment"] > table["Control"]}
    return table.assign(Verdict=np.select(list(verdicts.values()), list(verdicts), "harms"))
