"""Whom an action is for, and what such customers did by themselves: measured on the same day of earlier years."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.clusters import Model, fit, place
from segmentation.decisions import Assumptions, Recipe
from segmentation.exploring import wilson
from segmentation.orders import covers, rfm_from_orders
from segmentation.overdue import due
from segmentation.problems import LeftOut
from segmentation.seasons import QUARTER
from segmentation.vocabulary import (
    AT_RISK,
    DEVELOP,
    GROUPS,
    GROW,
    KEEP_LOYAL,
    KEEP_VIP,
    LOYAL,
    OVERDUE,
    PROMISING,
    SEGMENTS,
    VIP,
    WIN_BACK,
)
from segmentation.words import Sentence, sentence
from segmentation.yearly import Season, season_in

NEAR = 0.5  # Segment_Confidence up to which a Loyalist is near VIP: that centre is at most 1.4 times as far as his own
FIRST_ORDERS = 2  # after so many orders a Promising customer is still new
MIN_GROUP = 30  # customers of a group in the past, below which nothing is said of it
MIN_SIDE = 5  # of them with, and without, the success
LEAST_MONTHS = 4  # to look ahead from a past day
YEAR = 12


@dataclass(frozen=True)
class History:
    """An order log and how its customers are placed."""

    log: pd.DataFrame
    snapshot: pd.Timestamp
    months: int | None  # of the window; None: the whole log
    model: Model
    recipe: Recipe
    season: Season | LeftOut

    @property
    def length(self) -> int:
        """Whole months that the log covers."""
        first = self.log["Order_Date"].min()
        return int((self.snapshot - first).days / (365.25 / YEAR))

    def window(self, day: pd.Timestamp) -> int | None:
        """Months that Frequency and Monetary look back on from a day; None, the whole log, where it holds no window."""
        return self.months if self.months and covers(self.log, day, self.months) else None

    def past_days(self) -> list[pd.Timestamp]:
        """The day of the snapshot in earlier years, each with a whole window before it, the latest first."""
        days = [self.snapshot - pd.DateOffset(months=YEAR * n) for n in range(1, self.length // YEAR + 1)]
        return [day for day in days if self.window(day)]


def slipped_from(segment: pd.Series, before: pd.Series) -> pd.Series:
    """The better of the two best segments that a customer left since the last quarter; otherwise today's segment."""
    rank = {name: number for number, name in enumerate(SEGMENTS)}
    lower = before.astype(str).map(rank) < segment.astype(str).map(rank)
    return segment.astype(str).mask(lower & before.isin([VIP, LOYAL]), before.astype(str))


def group_of(people: pd.DataFrame, overdue_from: float, season: Season | LeftOut) -> pd.Series:
    """The group of GROUPS that each customer belongs to, '' where none: nobody is in two.

    people: Segment_Name, Runner_Up, Segment_Confidence, Frequency; Previous_Segment, Overdue_Ratio and Last (the day of
    the last order) as far as they are known. Slipping: overdue, or fallen from the segment since the last quarter.
    """
    segment = people["Segment_Name"].astype(str)
    home = slipped_from(segment, people.get("Previous_Segment", pd.Series("", people.index)))
    late = people.get(OVERDUE[1], pd.Series(np.nan, people.index)) >= overdue_from
    slips = (home != segment) | (late & segment.isin([VIP, LOYAL]))
    near = (people["Runner_Up"].astype(str) == VIP) & (people["Segment_Confidence"] < NEAR)
    known = not isinstance(season, LeftOut) and season.busy and "Last" in people
    rules = {
        KEEP_VIP: slips & (home == VIP),
        KEEP_LOYAL: slips & (home == LOYAL),
        GROW: (segment == LOYAL) & near,
        DEVELOP: (segment == PROMISING) & (people["Frequency"] <= FIRST_ORDERS),
        WIN_BACK: (segment == AT_RISK) & (season.holds(people["Last"]) if known else True),
    }
    return pd.Series(np.select(list(rules.values()), list(rules), ""), people.index)


def standing(history: History, day: pd.Timestamp, model: Model) -> pd.DataFrame:
    """Customers of a past day as group_of asks for them, by Customer_ID."""
    window = history.window(day)
    then = rfm_from_orders(history.log[history.log["Order_Date"] < day], day, window).dropna().sort_index()
    then = then.join(place(model, then).columns(then.index))
    then = then.join(due(history.log, day, then["Segment_Name"]))
    quarter = day - pd.DateOffset(months=QUARTER)
    if window and covers(history.log, quarter, window):
        earlier = rfm_from_orders(history.log, quarter, window).dropna()
        before = place(model, earlier).columns(earlier.index)["Segment_Name"].astype(str)
        then["Previous_Segment"] = before.reindex(then.index, fill_value="")
    return then


def spent(log: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """Net spend from start to before end, by Customer_ID as text."""
    rows = log[(log["Order_Date"] >= start) & (log["Order_Date"] < end)]
    total = rows.groupby("Customer_ID", observed=True)["Amount"].sum()
    return total.set_axis(total.index.astype(str))


def ordered(log: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.Index:
    """Who ordered from start to before end; a refund is no order."""
    rows = log[(log["Order_Date"] >= start) & (log["Order_Date"] < end) & (log["Amount"] >= 0)]
    return pd.Index(rows["Customer_ID"].astype(str).unique())


@dataclass(frozen=True)
class Asked:
    """What is asked of the past."""

    days: int  # in which a success counts
    lead: pd.DateOffset  # from the day to the start of the action for lapsed customers
    months: int  # after the day whose spend counts
    season: Season | LeftOut
    assumptions: Assumptions


def best_after(history: History, day: pd.Timestamp, length: pd.Timedelta, model: Model) -> pd.Index:
    """Who is VIP when so much time has passed since a past day, by a window as long as the one before that day."""
    end = day + length
    window = history.window(day)
    first = pd.Timestamp.min if window else history.log["Order_Date"].min() + length
    rows = history.log[(history.log["Order_Date"] >= first) & (history.log["Order_Date"] < end)]
    later = rfm_from_orders(rows, end, window).dropna()
    return later.index[place(model, later).cluster == 0]


def followed(history: History, day: pd.Timestamp, model: Model, asked: Asked) -> pd.DataFrame:
    """By customer of a past day: Group, Reached (not back before the action starts), Success, Margin over the months.

    Success: an order within the days after the start; of Loyalists near the VIP line, to be VIP when they are over.
    Also Spend in these days, and Prior, the spend in the window before the day.
    """
    then = standing(history, day, model)
    group = group_of(then, asked.assumptions.overdue_from, asked.season)
    table = pd.DataFrame({"Group": group, "Day": day, "Prior": then["Monetary"]})[group != ""]
    log, length, lapsed = history.log, pd.Timedelta(days=asked.days), table["Group"] == WIN_BACK
    table["Reached"] = ~(lapsed & table.index.isin(ordered(log, day, day + asked.lead)))
    success = table.index.isin(best_after(history, day, length, model))
    for rows, start in ((table["Group"].isin([KEEP_VIP, KEEP_LOYAL, DEVELOP]), day), (lapsed, day + asked.lead)):
        success = np.where(rows, table.index.isin(ordered(log, start, start + length)), success)
    early, late = (spent(log, start, start + length) for start in (day, day + asked.lead))
    spend = np.where(lapsed, late.reindex(table.index), early.reindex(table.index))
    margin = spent(log, day, day + pd.DateOffset(months=asked.months)).reindex(table.index, fill_value=0.0)
    margin = asked.assumptions.kept_of_spend * margin.clip(lower=0.0) * YEAR / asked.months
    return table.assign(Success=success.astype(bool), Spend=np.nan_to_num(spend), Margin=margin)


@dataclass(frozen=True)
class Measured:
    """What customers of each group did by themselves, on the same day of earlier years."""

    table: pd.DataFrame  # by group (GROUPS), see rates_of; NaN where too few were there
    days: list[pd.Timestamp]  # the past days, the latest first
    people: pd.DataFrame  # see followed, of all past days
    months: int  # after them that were watched
    season: Season | LeftOut
    start: pd.Timestamp | None  # of the action for lapsed customers, at this snapshot; None: at once

    @property
    def note(self) -> Sentence:
        """On what the rates rest."""
        text = "Measured on customers of {days:&}, who were followed for {months} months"
        text += (
            ", times {scale:.1f} to make twelve: the log holds no whole year before and after a day, so neither the "
            "season nor a whole window is in it."
            if self.months < YEAR
            else "."
        )
        return sentence(text, days=[day.date() for day in self.days], months=self.months, scale=YEAR / self.months)


def rates_of(past: pd.DataFrame) -> dict:
    """Of a group's past customers: Then, Reached (share), By_Itself and Gain, each with low and high; NaN if too few.

    By_Itself: share with the success. Gain: their mean margin less that of those without (NaN where either are fewer
    than MIN_SIDE). The range of the share is
    Wilson's, widened to single years' shares; that of the gain is two standard errors either way.
    """
    reached = past[past["Reached"]]
    won, not_won = (reached.loc[reached["Success"] == side, "Margin"] for side in (True, False))
    found = {"Then": len(past), "Reached": reached.shape[0] / max(len(past), 1)}
    names = ["By_Itself", "By_Itself_Low", "By_Itself_High", "Gain", "Gain_Low", "Gain_High"]
    if len(reached) < MIN_GROUP:
        return found | dict.fromkeys(names, np.nan)
    low, high = wilson(len(won), len(reached))
    years = reached.groupby("Day")["Success"].agg(["mean", "size"])
    single = years.loc[years["size"] >= MIN_GROUP, "mean"]
    shares = [len(won) / len(reached), min([low, *single]), max([high, *single])]
    if min(len(won), len(not_won)) < MIN_SIDE:
        return found | dict(zip(names, [*shares, *[np.nan] * 3], strict=True))
    gain = won.mean() - not_won.mean()
    wide = 2 * np.hypot(won.std() / np.sqrt(len(won)), not_won.std() / np.sqrt(len(not_won)))
    return found | dict(zip(names, [*shares, gain, gain - wide, gain + wide], strict=True))


def history_of(log: pd.DataFrame, snapshot: pd.Timestamp, months: int | None, model: Model, recipe: Recipe) -> History:
    """The log with its season, as far as it shows one."""
    return History(log, snapshot, months, model, recipe, season_in(log, snapshot))


def halved(history: History) -> tuple[int, pd.Timestamp, Model] | LeftOut:
    """Of a log too short for a year ahead: months ahead, the day in its middle, and segments made on that day."""
    months = min(YEAR, history.length // 2)
    if months < LEAST_MONTHS:
        return LeftOut(f"what customers do by themselves; the log covers less than {2 * LEAST_MONTHS} months")
    day = history.snapshot - pd.DateOffset(months=months)
    before = history.log[history.log["Order_Date"] < day]
    then = rfm_from_orders(before, day, history.window(day)).dropna().sort_index()
    found = fit(then, history.recipe)
    if isinstance(found, LeftOut):
        return LeftOut(f"what customers do by themselves; {found.reason} on {day.date()}")
    return months, day, found.model


def start_of(history: History, days: int) -> pd.Timestamp | None:
    """When the action for lapsed customers starts: before the season, if its outcome is known within twelve months."""
    start = None if isinstance(history.season, LeftOut) else history.season.starts(history.snapshot)
    last = history.snapshot + pd.DateOffset(months=YEAR) - pd.Timedelta(days=days)
    return start if start is not None and start <= last else None


def measure(history: History, days: int, assumptions: Assumptions) -> Measured | LeftOut:
    """What customers of each group did by themselves in the `days` after the action would have started, and earned.

    On the same day of all earlier years that have a whole window before them; where the log has none, half of it looks
    back, with segments of their own, and half ahead, scaled to twelve months.
    """
    past, months, model = history.past_days(), YEAR, history.model
    start = start_of(history, days) if past else None
    if not past:
        found = halved(history)
        if isinstance(found, LeftOut):
            return found
        months, day, model = found
        past = [day]
    ahead = 0 if start is None else (start.to_period("M") - history.snapshot.to_period("M")).n
    asked = Asked(days, pd.DateOffset(months=ahead), months, history.season, assumptions)
    people = pd.concat([followed(history, day, model, asked) for day in past])
    table = pd.DataFrame({name: rates_of(people[people["Group"] == name]) for name in GROUPS}).T
    return Measured(table, past, people, months, history.season, start)
