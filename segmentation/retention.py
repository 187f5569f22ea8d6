"""Who comes back: customers by the quarter of their first order, and the share that orders in each quarter after it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.cohorts import first_orders
from segmentation.problems import LeftOut
from segmentation.words import Sentence, sentence
from segmentation.yearly import Season, season_in

SHOWN = 12  # quarters of joining at most, the latest
YEAR = 4  # quarters


@dataclass(frozen=True)
class Retention:
    """Share of each quarter's joiners who order in a later quarter; only quarters that are over count."""

    shares: pd.DataFrame  # by quarter of the first order (down) and quarters since (across, from 1); NaN: not over yet
    sizes: pd.Series  # joiners by quarter
    born: pd.Period  # the log's first quarter: most of these were customers before the log began
    busy: list[pd.Period]  # quarters of the season
    again: pd.DataFrame  # by kind of quarter (season, other): Joiners, and Again, the share that ordered within a year

    @property
    def labels(self) -> list[str]:
        """The quarters in words: those of the season are marked, the log's first is named for what it is."""
        mark = [" (from before)" if q == self.born else " *" if q in self.busy else "" for q in self.shares.index]
        return [f"{q.year} Q{q.quarter}{note}" for q, note in zip(self.shares.index, mark, strict=True)]

    @property
    def finding(self) -> Sentence:
        """Whether who joins in the season comes back as others do."""
        if len(self.again) < 2:
            text = "{x[Again]:%} of new customers ordered again in the four quarters after the one they joined in"
            return sentence(text, x=self.again.iloc[0])
        text = (
            "{a[Again]:%} of those who joined in the season ordered again in the four quarters after, {b[Again]:%} of "
            "the others"
        )
        return sentence(text, a=self.again.loc["season"], b=self.again.loc["other"])


def retention_of(log: pd.DataFrame, snapshot: pd.Timestamp) -> Retention | LeftOut:
    """Retention by quarter of the first order, the season's marked where the log shows one."""
    return by_quarter(log, snapshot, season_in(log, snapshot))


def by_quarter(log: pd.DataFrame, snapshot: pd.Timestamp, season: Season | LeftOut) -> Retention | LeftOut:
    """Retention by calendar quarter of the first order; refunds are no orders."""
    over = (snapshot - pd.Timedelta(days=1)).to_period("Q")
    over = over if over.end_time.normalize() < snapshot else over - 1
    bought = log.loc[(log["Amount"] >= 0) & (log["Order_Date"] < over.end_time), ["Customer_ID", "Order_Date"]]
    visits = pd.DataFrame({"Customer_ID": bought["Customer_ID"], "Quarter": bought["Order_Date"].dt.to_period("Q")})
    visits = visits.drop_duplicates()
    joined = first_orders(bought.assign(Amount=0.0)).dt.to_period("Q")
    visits["Joined"] = visits["Customer_ID"].map(joined)
    visits["Since"] = visits["Quarter"].astype("int64") - visits["Joined"].astype("int64")
    sizes = joined.value_counts().sort_index()
    known = [quarter for quarter in sizes.index[1:] if over.ordinal - quarter.ordinal >= YEAR]
    if not known:
        return LeftOut("retention needs orders of six quarters: the log's first, one of joining and four after it")
    since = range(1, over.ordinal - sizes.index[0].ordinal + 1)
    shares = pd.crosstab(visits["Joined"], visits["Since"]).reindex(columns=since, fill_value=0).div(sizes, axis=0)
    ahead = over.ordinal - shares.index.astype("int64").to_numpy()
    shares = shares.where(np.asarray(shares.columns)[None, :] <= ahead[:, None])
    busy = [] if isinstance(season, LeftOut) else [q for q in sizes.index if holds(season, q)]
    again = again_in_a_year(visits, sizes, busy, known)
    shown = shares.dropna(how="all").tail(SHOWN)
    return Retention(shown, sizes[shown.index], sizes.index[0], busy, again)


def holds(season: Season, quarter: pd.Period) -> bool:
    """Whether a quarter holds a busy month."""
    return bool(set(range(quarter.start_time.month, quarter.start_time.month + 3)) & set(season.busy))


def again_in_a_year(visits: pd.DataFrame, sizes: pd.Series, busy: list, known: list) -> pd.DataFrame:
    """Joiners, and the share of them that ordered in one of the four quarters after joining, by kind of quarter.

    known: the quarters that count, without the log's first, and those whose four quarters are not over.
    """
    came = visits[visits["Since"].between(1, YEAR) & visits["Joined"].isin(known)]
    came = came.drop_duplicates("Customer_ID")["Joined"].value_counts().reindex(known, fill_value=0)
    kind = np.where(pd.Index(known).isin(busy), "season", "other")
    table = pd.DataFrame({"Joiners": sizes[known].groupby(kind).sum(), "Again": came.groupby(kind).sum()})
    return table.assign(Again=table["Again"] / table["Joiners"])
