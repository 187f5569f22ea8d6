"""Customers over time under one frozen model: who moves between the segments, and who slips."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from segmentation.clusters import Model, place
from segmentation.exploring import wilson
from segmentation.seasons import YEAR, Quarters
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, each, sentence, written

ABSENT = -1  # in place of a cluster: no order in the window
CLUSTERS = [*range(len(SEGMENTS)), ABSENT]
PATHS = ["Up", "Stayed", "Down", "Lost"]


@dataclass(frozen=True)
class Transition:
    """The same customers at two dates, as clusters or ABSENT, shape (customers,) each.

    >>> Transition(np.array([1, 1, -1]), np.array([0, -1, 2])).path.tolist()
    ['Up', 'Lost', 'New']
    """

    before: np.ndarray
    now: np.ndarray

    @cached_property
    def path(self) -> np.ndarray:
        """Each customer's path: one of PATHS, or New, or "" when absent at both dates."""
        before, now = self.before, self.now
        absent = [(before == ABSENT) & (now == ABSENT), before == ABSENT, now == ABSENT]
        return np.select([*absent, now < before, now > before], ["", "New", "Lost", "Up", "Down"], "Stayed")

    @property
    def slipped(self) -> np.ndarray:
        """Whether a customer of the two best segments moved down or was lost."""
        return np.isin(self.path, ["Down", "Lost"]) & (self.before < 2)

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Customers by segment before (down; or New) and now (across; or Lost), with totals (All)."""
        there = self.path != ""
        cells = pd.crosstab(self.before[there], self.now[there], margins=True)
        cells = cells.reindex(index=[*CLUSTERS, "All"], columns=[*CLUSTERS, "All"], fill_value=0)
        return cells.set_axis([*SEGMENTS, "New", "All"]).set_axis([*SEGMENTS, "Lost", "All"], axis=1)

    @property
    def paths(self) -> pd.DataFrame:
        """Customers by segment before (down) and PATHS (across)."""
        cells = pd.crosstab(self.before, self.path)
        return cells.reindex(index=CLUSTERS[:-1], columns=PATHS, fill_value=0).set_axis(SEGMENTS)

    @cached_property
    def sizes(self) -> pd.Series:
        """Customers by path; Moved are up or down, Present at both dates."""
        sizes = pd.Series(self.path).value_counts().reindex([*PATHS, "New"], fill_value=0)
        sizes["Moved"] = sizes["Up"] + sizes["Down"]
        sizes["Present"] = sizes["Moved"] + sizes["Stayed"]
        return sizes

    @property
    def shares(self) -> pd.Series:
        """The sizes as shares of who was present at both dates."""
        return self.sizes / self.sizes["Present"]


@dataclass(frozen=True)
class Movement:
    """Every customer of an order log at every quarter end, under one frozen model; arrays (customers, dates)."""

    dates: pd.DatetimeIndex  # the last one is the snapshot
    ids: pd.Index  # Customer_ID as text
    cluster: np.ndarray  # or ABSENT
    spend: np.ndarray  # in the window

    def between(self, start: int, end: int) -> Transition:
        """From one date to another; dates are counted like list items."""
        return Transition(self.cluster[:, start], self.cluster[:, end])

    @cached_property
    def latest(self) -> Transition:
        """The latest quarter."""
        return self.between(-2, -1)

    @cached_property
    def year_before(self) -> Transition | None:
        """The same quarter a year before the latest, where the log reaches back."""
        return self.between(-2 - YEAR, -1 - YEAR) if len(self.dates) > YEAR + 1 else None

    @property
    def year_ago(self) -> int:
        """The date one year before the last, as a list position from the end; of less than a year, the first."""
        return max(-1 - YEAR, -len(self.dates))

    @cached_property
    def over_year(self) -> Transition:
        """From a year ago to the last date."""
        return self.between(self.year_ago, -1)

    @property
    def who(self) -> Sentence:
        """Where those who slipped are listed."""
        lost = (self.latest.slipped & (self.latest.path == "Lost")).sum()
        here = self.latest.slipped.sum() - lost
        text = "`Previous_Segment` and `Segment_Since` say who" if here or not lost else ""
        if lost:
            text += " is still here. " if here else ""
            text += "The {lost:#} lost have no order in the window, so they are in no file: look in the order log"
        return sentence(text + ".", lost=lost)

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """Customers by date (down) and segment (across)."""
        sizes = [np.bincount(column[column != ABSENT], minlength=len(SEGMENTS)) for column in self.cluster.T]
        return pd.DataFrame(sizes, self.dates, SEGMENTS)

    @property
    def swing(self) -> Sentence:
        """The segment whose size changes most."""
        low, high = self.sizes.min(), self.sizes.max()
        name = (high - low).idxmax()
        finding = "{name} swing most, between {low:#} and {high:#} customers over {n} quarter ends"
        return sentence(finding, name=name, low=low[name], high=high[name], n=len(self.dates))

    @property
    def since(self) -> Sentence:
        """How each segment's size changed in a year, or over a shorter log."""
        year = self.sizes.iloc[-1 - YEAR :]
        changes = each("{name} {value:+,d}", year.iloc[-1] - year.iloc[0])
        return sentence("Since {date}: {changes:, }", date=year.index[0].date(), changes=changes)

    @property
    def on_year(self) -> Sentence:
        """What became of everybody between the first and the last of a year's dates."""
        year = self.over_year
        text = (
            "From {start} to {end}, {stayed:%} of {n:# customer} stayed in their segment, {up:%} moved up, {down:%} "
            "down and {lost:%} were lost; {new:# customer} came or came back."
        )
        known = year.sizes[PATHS].sum()
        shares = year.sizes[PATHS] / max(known, 1)
        ends = {"start": self.dates[self.year_ago].date(), "end": self.dates[-1].date()}
        return sentence(text, n=known, new=year.sizes["New"], **ends, **shares.rename(str.lower))

    @property
    def slipping(self) -> Sentence:
        """How many of the best customers slipped in the latest quarter, and what they had spent."""
        slipped = self.latest.slipped
        text = "{n:# customer} of {best:&} slipped or were lost this quarter{usual}; "
        text += "they had spent {spend:$} in their window"
        usual = sentence("")
        if self.year_before:
            usual = sentence(" ({n:#} in the same quarter a year before)", n=self.year_before.slipped.sum())
        spend = self.spend[slipped, -2].sum()
        return sentence(text, n=slipped.sum(), best=SEGMENTS[:2], usual=usual, spend=spend)


def follow(quarters: Quarters, log: pd.DataFrame, model: Model) -> Movement:
    """Every customer of the log at every quarter end, placed by the model on what the window before it holds."""
    ids = pd.Index(log["Customer_ID"].unique().astype(str))
    shape = (len(ids), len(quarters.dates))
    moves = Movement(quarters.dates, ids, np.full(shape, ABSENT), np.zeros(shape))
    for number, then in enumerate(quarters.tables):
        rows = ids.get_indexer(then.index.astype(str))
        moves.cluster[rows, number] = place(model, then).cluster
        moves.spend[rows, number] = then["Monetary"]
    return moves


def over_the_year(moves: Movement) -> pd.DataFrame:
    """The matrix from a year ago to the last date, as it is shown."""
    label = "From {} (rows) to {} (columns)".format(*moves.dates[[moves.year_ago, -1]].date)
    return moves.over_year.matrix.rename_axis(label)


def up_and_down(moves: Movement) -> pd.DataFrame:
    """The latest quarter's paths by segment before it, as they are shown; beside the same quarter a year before."""
    paths = moves.latest.paths
    table = pd.DataFrame({"Customers": paths.sum(axis=1)})
    for path in ("Up", "Down", "Lost"):
        low, high = wilson(paths[path], table["Customers"].clip(lower=1))
        rates = pd.DataFrame({"rate": paths[path] / table["Customers"].clip(lower=1), "low": low, "high": high})
        table[f"{path} (95 %)"] = written(rates, {path: "{rate:%} ({low:%}-{high:%})"})
    if moves.year_before:
        then = moves.year_before.paths
        rates = then.div(then.sum(axis=1).clip(lower=1), axis=0)
        table["Same quarter last year: up, down"] = written(rates, {"rates": "{Up:%}, {Down:%}"})
    return table.rename_axis("{} to {}".format(*moves.dates[-2:].date))


def since_when(cluster: np.ndarray, now: np.ndarray) -> np.ndarray:
    """First date (column) of each customer's unbroken stay in today's segment; cluster (customers, dates).

    >>> since_when(np.array([[1, 0, 0], [0, 0, 2]]), np.array([0, 1]))
    array([1, 2])
    """
    stay = np.cumprod(cluster[:, ::-1] == now[:, None], axis=1).sum(axis=1)
    return np.minimum(cluster.shape[1] - stay, cluster.shape[1] - 1)
