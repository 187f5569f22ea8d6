"""Which recommendations can be tested: how tests are planned, base rates from the log, and what tests can find."""

import datetime
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.clusters import Model, place
from segmentation.decisions import Assumptions
from segmentation.orders import covers, rfm_from_orders
from segmentation.power import Comparison, weeks_needed
from segmentation.problems import LeftOut
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, sentence

MIN_BASE = 30  # customers known, below which there is no base rate to speak of
POOLED = "All together"
CANDIDATES = ["Orders", "Spend", "Spend, CUPED", "Orders, long"]  # after the planned measure, in this order


@dataclass(frozen=True)
class Design:
    """How tests are planned: an analyst's choices."""

    days: int  # in which an outcome counts
    long_days: int  # the longer window to fall back on
    splits: dict[str, float]  # name: share of customers who get the action; tests are planned with the first
    lifts: tuple[float, ...]  # whose sizes are shown
    max_weeks: int  # to an answer that still comes in time
    never_weeks: int  # an answer that takes longer never comes
    season_points: float  # by which shares who order again differ when the season matters
    salt: str  # of the arms
    slipped: str  # what is done for those who slipped out of one of the two best segments; its name follows

    @property
    def counted(self) -> dict[str, str]:
        """What each measure (KPI) counts per customer, in words."""
        return {
            "Response": "responds to the campaign",
            "Orders": f"orders within {self.days} days",
            "Spend": f"spend over {self.days} days",
            "Spend, CUPED": f"spend over {self.days} days, with CUPED",
            "Orders, long": f"orders within {self.long_days} days",
        }

    def heading(self, kpi: str) -> str:
        """What a measure counts, as a heading."""
        return self.counted[kpi][0].upper() + self.counted[kpi][1:]


def placed_on(log: pd.DataFrame, model: Model, day: pd.Timestamp, months: int) -> pd.DataFrame:
    """Who ordered in the months before the day, as the model places them: R, F, M and Segment_Name, by id."""
    then = rfm_from_orders(log, day, months).dropna().sort_index()
    return then.assign(Segment_Name=place(model, then).columns(then.index)["Segment_Name"])


def past_customers(log, model: Model, day, months: int, snapshot, design: Design) -> pd.DataFrame:
    """Who was placed on a past day, by id: Segment_Name; Prior (spend before); Spend (in the days after, less refunds);
    Orders and "Orders, long" (0/1: ordered within days, long_days; blank where the log ends earlier).
    """
    placed = placed_on(log, model, day, months)
    later = log[log["Order_Date"] >= day]
    after = (later["Order_Date"] - day).dt.days
    spend = later[after < design.days].groupby("Customer_ID", observed=True)["Amount"].sum()
    table = pd.DataFrame({"Segment_Name": placed["Segment_Name"], "Prior": placed["Monetary"].astype(float)})
    table["Spend"] = spend.reindex(placed.index, fill_value=0.0).round(2)
    for kpi, days in (("Orders", design.days), ("Orders, long", design.long_days)):
        buyers = later.loc[(after < days) & (later["Amount"] >= 0), "Customer_ID"]
        known = day + pd.Timedelta(days=days) <= snapshot
        table[kpi] = placed.index.isin(buyers).astype(float) if known else np.nan
    return table


def weekly_arrivals(log: pd.DataFrame, model: Model, snapshot: pd.Timestamp, months: int) -> pd.Series:
    """By segment, customers a week who were in it at one of the last four quarter ends and not a year ago."""
    quarters = {back: placed_on(log, model, snapshot - pd.DateOffset(months=back), months) for back in (12, 9, 6, 3, 0)}
    seen = pd.concat(quarters, names=["Back", "Customer_ID"]).reset_index()
    joined = seen.drop_duplicates(["Customer_ID", "Segment_Name"])
    return joined.loc[joined["Back"] < 12, "Segment_Name"].value_counts().reindex(list(SEGMENTS)) / 52


def base_rates(customers: pd.DataFrame, kpi: str) -> pd.DataFrame:
    """Base (mean) and SD (of spend; nan for a share) of a measure, by segment and POOLED; nan below MIN_BASE known.

    CUPED (Deng and others 2013) shrinks the SD of later spend by what prior spend predicts: sqrt(1 - r squared).
    """
    groups = {name: customers[customers["Segment_Name"] == name] for name in SEGMENTS} | {POOLED: customers}
    rates = pd.DataFrame(index=pd.Index(groups, name="Segment"), columns=["Base", "SD"], dtype=float)
    for name, here in groups.items():
        values = here[kpi.removesuffix(", CUPED")].dropna()
        if len(values) >= MIN_BASE:
            rates.loc[name, "Base"] = values.mean()
            rates.loc[name, "SD"] = values.std() if kpi.startswith("Spend") else np.nan
        if kpi.endswith("CUPED") and here[["Prior", "Spend"]].nunique().min() > 1:
            rates.loc[name, "SD"] *= np.sqrt(1 - here["Prior"].corr(values) ** 2)
    return rates


@dataclass(frozen=True)
class Past:
    """Customers as the published model places them on a past day, and what they did afterwards."""

    day: datetime.date
    customers: pd.DataFrame  # see past_customers
    recent: pd.DataFrame  # the same for the last day that leaves time to look
    arrivals: pd.Series  # see weekly_arrivals; nan where the log does not reach
    design: Design

    @property
    def season(self) -> Sentence:
        """Whether other shares order again lately than then."""
        if self.arrivals.isna().all():
            unknown = "The log does not reach back a year further, so they may be of another season than the test."
            return sentence(unknown)
        then, now = (base_rates(table, "Orders")["Base"].drop(POOLED) for table in (self.customers, self.recent))
        apart = (now - then).abs()
        if not apart.max() > self.design.season_points:
            hardly = "The season hardly matters: the latest {days} days give much the same shares who order again."
            return sentence(hardly, days=self.design.days)
        name = apart.idxmax()
        matters = (
            "The season matters: of {name} {then:%} ordered again then, but {now:%} of those whom the same model finds "
            "{days} days before the snapshot. Run the test in the season of the base rates."
        )
        return sentence(matters, name=name, then=then[name], now=now[name], days=self.design.days)


def look_back(log, snapshot: pd.Timestamp, model: Model, months: int | None, design: Design) -> Past | LeftOut:
    """The Past a year ago, the season of a test that starts now; where the log is too short for that, `days` ago."""
    year_ago = snapshot - pd.DateOffset(months=12)
    latest = snapshot - pd.Timedelta(days=design.days)
    day = next((day for day in (year_ago, latest) if months and covers(log, day, months)), None)
    customers = [] if day is None else past_customers(log, model, day, months, snapshot, design)
    if len(customers) < MIN_BASE:
        return LeftOut(
            "repurchase, spend and CUPED. They need an order log, a fixed window, and a log that is longer than the "
            f"window by the {design.days} days to look at"
        )
    recent = past_customers(log, model, latest, months, snapshot, design)
    unknown = pd.Series(np.nan, index=list(SEGMENTS))
    arrivals = weekly_arrivals(log, model, snapshot, months) if day == year_ago else unknown
    return Past(day.date(), customers, recent, arrivals, design)


def lift_to_prove(stakes: pd.DataFrame, segments: pd.DataFrame) -> pd.Series:
    """Relative lift in revenue that chapter 8 assumes, by segment and POOLED, at most 1.

    0 where nothing is at stake, nan where something is, but there is no revenue that it would lift.
    """
    money = pd.DataFrame({"stake": stakes.set_index("Segment")["At stake"], "revenue": segments["Revenue"]})
    money = money.reindex(list(SEGMENTS))
    money.loc[POOLED] = money.sum()
    lift = (money["stake"] / money["revenue"].where(money["revenue"] > 0)).clip(0, 1)
    return lift.mask(money["stake"] == 0, 0.0)


@dataclass(frozen=True)
class Feasibility:
    """Which tests can prove the lifts; no rows where no measure is known for anybody."""

    table: pd.DataFrame  # see feasibility
    kpis: dict[str, str]  # segment: measure that its action names
    power: float
    design: Design
    lifts: pd.Series  # see lift_to_prove

    def lift(self, segment: str) -> float:
        """The lift to prove; see lift_to_prove."""
        return float(self.lifts[segment])

    @property
    def split(self) -> str:
        """The split that tests are planned with."""
        return next(iter(self.design.splits))

    @property
    def panels(self) -> list[str]:
        """Measures in the figure."""
        known = list(self.table.index.unique("KPI"))
        return [kpi for kpi in ("Orders", "Spend, CUPED", "Orders, long") if kpi in known] or known[:1]

    def compared(self, rows, split: str | None = None) -> Comparison:
        """One row of the table, or several, as a Comparison."""
        return Comparison(rows["Base"], rows["SD"], rows["Alpha"], self.power, self.design.splits[split or self.split])

    def planned(self, segment: str) -> str | None:
        """The measure that the action names if its base rate is known, else the campaign response, else None."""
        known = self.table["Base"].dropna().index
        return next((kpi for kpi in (self.kpis[segment], "Response") if (segment, kpi) in known), None)

    def best(self, segment: str) -> str | None:
        """The first measure that proves the lift in time: the planned one, else a candidate; None without a plan."""
        candidates = [planned, *CANDIDATES] if (planned := self.planned(segment)) else []
        return next((kpi for kpi in candidates if self.table["Feasible"].get((segment, kpi), False)), None)

    def smallest(self, segment: str) -> tuple[str, float]:
        """The measure, campaign response aside where there is another, that finds the smallest lift; and that lift."""
        lifts = self.table[self.split].xs(segment).dropna()
        lifts = lifts.drop("Response", errors="ignore") if len(lifts) > 1 else lifts
        return (lifts.idxmin(), float(lifts.min())) if len(lifts) else ("", np.nan)

    @property
    def proved(self) -> dict[str, list[str]]:
        """What each measure in the figure counts: the segments whose lift it can prove with today's customers."""
        enough = self.table["Needed"] <= self.table["Customers"]
        return {self.design.counted[kpi]: [s for s in SEGMENTS if enough[(s, kpi)]] for kpi in self.panels}

    @property
    def finding(self) -> Sentence:
        """For how many segments today's customers suffice."""
        first, names = next(iter(self.proved.items()))
        alone = sentence(", with '{first}' alone for {number}", first=first, number=len(names))
        provable = len(set().union(*self.proved.values()))
        template = "The assumed lift can be proved for {provable} of {all} segments{alone}"
        return sentence(template, provable=provable, all=len(SEGMENTS), alone=alone if len(self.proved) > 1 else "")

    @property
    def by_measure(self) -> list[Sentence]:
        """For which segments each measure in the figure suffices."""
        return [sentence("{what}: {who:&}", what=what, who=who or ["none"]) for what, who in self.proved.items()]


def known_rates(customers: pd.DataFrame, past: Past | LeftOut, design: Design) -> pd.DataFrame:
    """base_rates by Segment and KPI, of measures known for anybody: the response of today, all else of the past."""
    response = customers.reindex(columns=["Segment_Name", "Campaign_Response"])
    rates = {"Response": base_rates(response.rename(columns={"Campaign_Response": "Response"}), "Response")}
    if not isinstance(past, LeftOut):
        rates |= {kpi: base_rates(past.customers, kpi) for kpi in design.counted if kpi != "Response"}
    table = pd.concat(rates, names=["KPI"]).swaplevel()
    return table[table.groupby(level="KPI")["Base"].transform("count") > 0]


def feasibility(customers, past: Past | LeftOut, lifts, actions: dict, assumptions: Assumptions, design: Design):
    """What tests of today's customers can find, as Feasibility; lifts: see lift_to_prove; actions: segment to Action.

    Its table by Segment and KPI: Base, SD (known_rates); Customers; Lift to prove; Arrivals a week; Days; Alpha (over
    the number of segments, Bonferroni's step, so that Holm's is safe; whole for POOLED); the smallest lift found at
    each split, under its name; customers Needed for the Lift; Weeks to an answer; whether that is Feasible in time.
    """
    table = known_rates(customers, past, design)
    segment, kpi = (table.index.get_level_values(level) for level in ("Segment", "KPI"))
    sizes = customers["Segment_Name"].value_counts().to_dict() | {POOLED: len(customers)}
    table = table.assign(Customers=[sizes.get(name, 0) for name in segment], Lift=lifts[segment].to_numpy())
    table["Arrivals"] = np.nan if isinstance(past, LeftOut) else past.arrivals.reindex(segment).to_numpy()
    table["Days"] = np.where(kpi == "Orders, long", design.long_days, design.days)
    table["Alpha"] = np.where(segment == POOLED, assumptions.alpha, assumptions.alpha / len(SEGMENTS))
    kpis = {name: action.kpi for name, action in actions.items()}
    feasible = Feasibility(table, kpis, assumptions.power, design, lifts)
    for split in design.splits:
        table[split] = feasible.compared(table, split).detectable(table["Customers"])
    table["Needed"] = feasible.compared(table).needed(table["Lift"])
    table["Weeks"] = weeks_needed(table["Needed"], table["Customers"], table["Arrivals"].fillna(0), table["Days"])
    table["Feasible"] = table["Weeks"] <= design.max_weeks
    return feasible
