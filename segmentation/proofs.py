"""What tests can prove, in tables and words."""

import numpy as np
import pandas as pd

from segmentation.experiments import POOLED, Design, Feasibility
from segmentation.power import weeks_needed
from segmentation.problems import LeftOut
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, percent, sentence

INSTEAD = {  # what it means to take a measure in place of the planned one
    "Orders": "watch orders instead",
    "Spend": "watch spend instead",
    "Spend, CUPED": "watch spend, less what last year's spend predicts (CUPED)",
    "Orders, long": "a longer window",
}


def measured(feasible: Feasibility) -> Feasibility | LeftOut:
    """The same, unless nothing was measured."""
    reason = "power and sizes. There is no campaign response either, so no test can be sized"
    return feasible if len(feasible.table) else LeftOut(reason)


def base_table(feasible: Feasibility) -> pd.DataFrame:
    """By segment: customers, newcomers a week where known, and base rates; of spend, mean and standard deviation."""
    table = feasible.table.groupby(level="Segment", sort=False)[["Customers", "Arrivals"]].first()
    table = table.rename(columns={"Arrivals": "New a week"}).dropna(axis=1, how="all")
    for kpi, rows in feasible.table.drop("Spend, CUPED", level="KPI", errors="ignore").groupby(level="KPI", sort=False):
        spend = [sentence("{mean:$} ({sd:$})", mean=row.Base, sd=row.SD) for row in rows.itertuples()]
        shown = rows["Base"].astype(object).where(rows["SD"].isna(), spend)
        table[feasible.design.heading(kpi)] = shown.droplevel("KPI")
    return table.rename_axis("Base rates (spend: mean and sd)")


def lift_found(lift: float) -> Sentence:
    """A detectable lift in words."""
    if np.isnan(lift):
        return sentence("none")
    return sentence("over 100 %" if lift > 1 else "{lift:%}", lift=lift)


def detectable_table(feasible: Feasibility) -> pd.DataFrame:
    """By segment: the lift to prove, and the smallest one that each measure finds at each split."""
    splits = list(feasible.design.splits)
    table = feasible.table.groupby(level="Segment", sort=False)[["Lift"]].first().set_axis(["Lift to prove"], axis=1)
    for kpi, rows in feasible.table[splits].groupby(level="KPI", sort=False):
        cells = [sentence("{lifts: / }", lifts=[*map(lift_found, row)]) for row in rows.to_numpy()]
        table[feasible.design.heading(kpi)] = pd.Series(cells, rows.index.droplevel("KPI"))
    return table.rename_axis(f"Detectable relative lift, split {' / '.join(splits)}")


def in_weeks(weeks: float, design: Design) -> Sentence:
    """A time in words."""
    return sentence("{weeks:.0f} weeks" if weeks <= design.never_weeks else "never", weeks=weeks)


def instead(feasible: Feasibility, segment: str) -> Sentence:
    """What to do: the test as planned, another measure, or what may work where no test proves the lift."""
    best = feasible.best(segment)
    if best is not None:
        return sentence("as planned" if best == feasible.planned(segment) else INSTEAD[best])
    kpi, lift = feasible.smallest(segment)
    _, pooled = feasible.smallest(POOLED)
    ways = []
    if lift <= 1:
        contrast = "a bigger contrast: lifts from {lift:%} on show in '{counted}'"
        ways.append(sentence(contrast, lift=lift, counted=feasible.design.counted[kpi]))
    if pooled <= 1:
        ways.append(sentence("pool the segments: {lift:%}", lift=pooled))
    return sentence("{ways:; or }" if ways else "judge it by cost: not even a doubling would show", ways=ways)


def size(feasible: Feasibility, row: pd.Series, lift: float) -> Sentence:
    """Customers needed for a lift and the weeks that takes; 'no room' above a share of 100 %."""
    needed = float(feasible.compared(row).needed(lift))
    if np.isinf(needed):
        return sentence("no room" if np.isnan(row["SD"]) and row["Base"] * (1 + lift) > 1 else "-")
    weeks = weeks_needed(needed, row["Customers"], np.nan_to_num(row["Arrivals"]), row["Days"])
    return sentence("{needed:#} ({weeks})", needed=np.ceil(needed), weeks=in_weeks(weeks, feasible.design))


def sizes_table(feasible: Feasibility) -> pd.DataFrame:
    """By segment with a known base rate: customers and weeks for each of the lifts shown, and what to do."""
    rows = []
    for name in SEGMENTS:
        if (kpi := feasible.planned(name)) is not None:
            row = feasible.table.loc[(name, kpi)]
            sizes = [size(feasible, row, lift) for lift in feasible.design.lifts]
            works = "yes" if row["Feasible"] else "no"
            rows.append([name, feasible.design.counted[kpi], *sizes, works, instead(feasible, name)])
    needed = [f"For {percent(lift, 0)}" for lift in feasible.design.lifts]
    return pd.DataFrame(rows, columns=["Segment", "Planned measure", *needed, "Proves its lift", "What to do"])


def cuped_table(feasible: Feasibility) -> pd.DataFrame:
    """By segment: correlation of later with prior spend, customers for a lift of a tenth without and with CUPED."""
    sizes = feasible.table.assign(Needed=np.ceil(feasible.compared(feasible.table).needed(0.10)))
    measure = sizes.index.get_level_values("KPI")
    plain, less = (sizes[measure == kpi].droplevel("KPI") for kpi in ("Spend", "Spend, CUPED"))
    kept = (less["SD"] / plain["SD"]) ** 2
    table = pd.DataFrame({"Correlation": np.sqrt(1 - kept), "Customers for 10 %": plain["Needed"]})
    table = table.assign(**{"With CUPED": less["Needed"], "Smaller by": 1 - kept})
    return table[np.isfinite(plain["Needed"])].rename_axis("Later spend and prior spend")


def on_response(feasible: Feasibility) -> Sentence | LeftOut:
    """What a campaign response cannot show."""
    if "Response" not in feasible.table.index.unique("KPI"):
        return LeftOut("no campaign response")
    two_versions = "it compares two versions of a message and cannot show that the message pays."
    return sentence(f"Campaign response has no control without a campaign: {two_versions}")


def proof(feasible: Feasibility, segment: str) -> Sentence:
    """The test that would prove the segment's lift, or that none can and what to do instead."""
    if feasible.lift(segment) == 0:
        return sentence("none needed: no money is at stake")
    if np.isnan(feasible.lift(segment)):
        return sentence("none can: there is no revenue yet that a lift could be held against")
    if feasible.planned(segment) is None:
        return sentence("none can: no base rate is known")
    if (best := feasible.best(segment)) is None:
        return sentence("none can; instead {instead}", instead=instead(feasible, segment))
    row = feasible.table.loc[(segment, best)]
    smallest = row[feasible.split]
    seen = "needs {needed:#} customers" if np.isnan(smallest) else "finds lifts from {smallest:%} on"
    return sentence(
        "{counted}, {weeks} ({seen}; assumed are {lift:%})",
        counted=feasible.design.counted[best],
        weeks=in_weeks(row["Weeks"], feasible.design),
        seen=sentence(seen, needed=row["Needed"], smallest=smallest),
        lift=row["Lift"],
    )


def closing_table(stakes, segments, worth: pd.DataFrame | LeftOut, feasible: Feasibility) -> pd.DataFrame:
    """The recommendations in their order, what each may cost, and the test that would prove it."""
    final = stakes[["Segment", "Goal"]].assign(Customers=stakes["Segment"].map(segments["Customers"]))
    if not isinstance(worth, LeftOut):
        final["Most to spend each"] = final["Segment"].map(worth["Max_Spend"])
    final["At stake"] = stakes["At stake"]
    final["The test that would prove it"] = [proof(feasible, name) for name in final["Segment"]]
    return final


def what_this_tells(feasible: Feasibility) -> Sentence:
    """What can be proved where, and how to go about it."""
    best = {name: feasible.best(name) for name in SEGMENTS}
    staked = [name for name in SEGMENTS if feasible.lift(name) != 0]
    works = [name for name in staked if best[name]]
    weaker = [name for name in works if best[name] != feasible.planned(name)]
    brackets = [sentence("{name} ({counted})", name=s, counted=feasible.design.counted[best[s]]) for s in weaker]
    parts = {
        "What chapter 8 assumes can be proved within {weeks} weeks for {names:&}.": works,
        "The measure first planned is too weak for {names:&}: watch what stands in brackets.": brackets,
        "No test at hand would prove it for {names:&}: act there on cost, or not at all.": [
            name for name in staked if name not in works
        ],
        "No test is needed for {names:&}: no money is at stake.": [name for name in SEGMENTS if name not in staked],
    }
    weeks = feasible.design.max_weeks
    said = [sentence(template, names=names, weeks=weeks) for template, names in parts.items() if names]
    return sentence(
        "**What this tells us.** {said: } Use `campaign_plan.csv` as it is: give nothing to control, move nobody to "
        "the other arm, count every customer's outcome when the window is over and not before, and read it with "
        "`read_out`.",
        said=said,
    )
