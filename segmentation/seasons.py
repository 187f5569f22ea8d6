"""The same shop on other days: its customers at every quarter end, and the segments that a fit makes of them there."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from segmentation.clusters import Fitted, Placed, fit, place
from segmentation.decisions import Recipe
from segmentation.features import draw
from segmentation.orders import covers, rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.vocabulary import MIN_CUSTOMERS, SEGMENTS
from segmentation.words import Sentence, sentence

QUARTER = 3  # months between two dates
YEAR = 12 // QUARTER  # dates
REFITTED = 50_000  # customers behind each fit: shares to a fifth of a point
STEADY = 0.1  # of all customers: a share that moves less keeps its meaning from day to day
UNKNOWN = "as of the day of the export; without a log of a whole window and a quarter the season is not known"


@dataclass(frozen=True)
class Quarters:
    """What the order log says of its customers at every quarter end that has a whole window behind it."""

    dates: pd.DatetimeIndex  # the last one is the snapshot
    tables: list[pd.DataFrame]  # R, F and M by customer (as the log's Customer_ID), one for each date


def quarter_ends(log: pd.DataFrame, snapshot: pd.Timestamp, months: int) -> pd.DatetimeIndex:
    """The snapshot and every QUARTER months back, as far as the log covers a whole window; the oldest first."""
    dates = (snapshot - pd.DateOffset(months=QUARTER * n) for n in itertools.count())
    return pd.DatetimeIndex([*itertools.takewhile(lambda date: covers(log, date, months), dates)][::-1])


def look_back(log: pd.DataFrame, snapshot: pd.Timestamp, months: int | None) -> Quarters | LeftOut:
    """Recency, Frequency and Monetary of everybody at every quarter end."""
    dates = quarter_ends(log, snapshot, months) if months else []
    if len(dates) < 2:
        return LeftOut("other quarter ends need an order log that reaches back a whole window in months and a quarter")
    return Quarters(dates, [rfm_from_orders(log, date, months) for date in dates])


def fit_then(customers: pd.DataFrame, recipe: Recipe) -> Fitted | LeftOut:
    """A fit on the customers of one day, on at most REFITTED of them."""
    if len(customers) < MIN_CUSTOMERS:
        return LeftOut(f"fewer than {MIN_CUSTOMERS} customers")
    return fit(draw(customers, REFITTED, recipe.seed), recipe)


@dataclass(frozen=True)
class Seasons:
    """The segments as they would have been made on other days, each by a fit of its own."""

    quarters: Quarters
    fits: list[Fitted | LeftOut]  # one for each date
    placed: list[Placed | LeftOut]  # the customers of each date by the fit of that date

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Share of customers by date (down; only where a fit was possible) and segment (across)."""
        rows = {
            date: np.bincount(placed.cluster, minlength=len(SEGMENTS)) / len(placed.cluster)
            for date, placed in zip(self.quarters.dates, self.placed, strict=True)
            if not isinstance(placed, LeftOut)
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(SEGMENTS))

    @property
    def range(self) -> pd.DataFrame:
        """The smallest and the largest share of each segment: low, high, and over how many quarter ends (dates)."""
        return pd.DataFrame({"low": self.shares.min(), "high": self.shares.max(), "dates": len(self.shares)})

    @property
    def year(self) -> pd.DataFrame:
        """The shares at the last quarter ends, one for each season."""
        return self.shares.tail(YEAR)


def refit_each(quarters: Quarters, recipe: Recipe) -> Seasons:
    """Segments anew at every quarter end, by the same recipe."""
    fits = [fit_then(table, recipe) for table in quarters.tables]
    placed = [
        fitted if isinstance(fitted, LeftOut) else place(fitted.model, table)
        for fitted, table in zip(fits, quarters.tables, strict=True)
    ]
    return Seasons(quarters, fits, placed)


def swing(seasons: Seasons | LeftOut) -> Sentence:
    """How much the day decides: the segment whose share differs most between quarter ends, or that it is not known."""
    if isinstance(seasons, LeftOut):
        return sentence("Sizes are {unknown}.", unknown=UNKNOWN)
    reach = seasons.range
    name = (reach["high"] - reach["low"]).idxmax()
    low, high, dates = reach.loc[name]
    text = "Made anew at each of {dates:# quarter end}, {name} are {low:%0} to {high:%0} of customers"
    text += ": the day decides" if high - low > STEADY else ", and no other share moves more"
    return sentence(text, dates=dates, name=name, low=low, high=high)
