"""Customers over time under one frozen model: who moves between the segments, and what follows."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from segmentation.clusters import BOUNDARY, Model, place
from segmentation.exploring import wilson
from segmentation.orders import covers, rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, each, sentence, written

QUARTER = 3  # months between two dates
YEAR = 12 // QUARTER  # dates
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
    confidence: np.ndarray  # 1 for who is absent
    spend: np.ndarray  # in the window
    later: np.ndarray  # spend in the quarter that follows

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
    def seasons(self) -> list[int]:
        """The last date and those one and two years before it; of less than a year, the first and the last."""
        last = len(self.dates) - 1
        return [*range(last, -1, -YEAR)][:3][::-1] if last >= YEAR else [0, last]

    @property
    def returned(self) -> int:
        """New customers of the latest quarter who had been there at an earlier date."""
        return ((self.latest.path == "New") & (self.cluster[:, :-2] != ABSENT).any(axis=1)).sum()

    @property
    def arrived(self) -> Sentence:
        """Who came in the latest quarter: for the first time, and back again."""
        back, new = self.returned, self.latest.sizes["New"]
        text = "{first:# customer} are new, {back:#} came back who had been there at an earlier quarter end"
        return sentence(text, first=new - back, back=back)

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

    @property
    def on_boundary(self) -> int:
        """Latest moves up or down that began or ended on a boundary."""
        moved = np.isin(self.latest.path, ["Up", "Down"])
        return (self.confidence[moved, -2:] < BOUNDARY).any(axis=1).sum()

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
    def stayed(self) -> Sentence:
        """The segments that kept most and fewest of their customers between the last two of the seasons."""
        start, end = self.seasons[-2:]
        kept = self.between(start, end).paths
        kept = (kept["Stayed"] / kept.sum(axis=1)).dropna().sort_values(ascending=False)
        shares = each("{value:%} of {name}", kept.iloc[[0, -1][: len(kept)]])
        text = "From {start} to {end}, " + ("{shares:&} stayed so" if shares else "nobody was a customer before")
        return sentence(text, start=self.dates[start].date(), end=self.dates[end].date(), shares=shares)

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


def quarter_ends(log: pd.DataFrame, snapshot: pd.Timestamp, months: int) -> pd.DatetimeIndex:
    """The snapshot and every QUARTER months back, as far as the log covers a whole window; the oldest first."""
    dates = (snapshot - pd.DateOffset(months=QUARTER * n) for n in itertools.count())
    return pd.DatetimeIndex([*itertools.takewhile(lambda date: covers(log, date, months), dates)][::-1])


def follow(log: pd.DataFrame, snapshot: pd.Timestamp, months: int | None, model: Model) -> Movement | LeftOut:
    """Every customer of the log at every quarter end, placed by the model on what the window before it holds."""
    dates = quarter_ends(log, snapshot, months) if months else []
    if len(dates) < 2:
        return LeftOut("movement needs an order log that reaches back a whole window in months and a quarter")
    customer, ids = pd.factorize(log["Customer_ID"])
    numbered = log.assign(Customer_ID=customer)
    shape = (len(ids), len(dates))
    moves = Movement(dates, ids.astype(str), np.full(shape, ABSENT), np.ones(shape), *np.zeros((2, *shape)))
    for number, date in enumerate(dates):
        then = rfm_from_orders(numbered, date, months)
        placed = place(model, then)
        moves.cluster[then.index, number] = placed.cluster
        moves.confidence[then.index, number] = placed.confidence
        moves.spend[then.index, number] = then["Monetary"]
    quarter = np.searchsorted(dates, log["Order_Date"], side="right") - 1
    after = quarter >= 0
    np.add.at(moves.later, (customer[after], quarter[after]), log["Amount"][after])
    return moves


def matrix(transition: Transition, label: str = "Before (down), now (across)") -> pd.DataFrame:
    """A transition's matrix as it is shown."""
    return transition.matrix.rename_axis(label)


def until_now(moves: Movement, start: int) -> pd.DataFrame:
    """The matrix from a date to the last, as it is shown."""
    return matrix(moves.between(start, -1), "{} (down) to {}".format(*moves.dates[[start, -1]].date))


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
        table["A year before: up, down"] = written(rates, {"rates": "{Up:%}, {Down:%}"})
    return table.rename_axis("{} to {}".format(*moves.dates[-2:].date))


def like_quarters(moves: Movement) -> list[int]:
    """Where earlier quarters of the latest one's season begin, the quarter after which is in the log, too."""
    return [*range(len(moves.dates) - 2 - YEAR, -1, -YEAR)]


def spend_after(moves: Movement) -> pd.DataFrame | LeftOut:
    """Mean spend in the quarter after a move of the same season (of any, in a short log), by segment and path."""
    parts = []
    for start in like_quarters(moves) or range(len(moves.dates) - 2):
        move = moves.between(start, start + 1)
        parts.append(pd.DataFrame({"before": move.before, "path": move.path, "later": moves.later[:, start + 1]}))
    if not parts:
        return LeftOut("what followed the moves needs a third quarter end")
    means = pd.concat(parts).groupby(["before", "path"])["later"].mean().unstack()
    means = means.reindex(index=CLUSTERS[:-1], columns=PATHS).set_axis(SEGMENTS)
    return means.rename_axis("Spend in the next quarter, mean")


def against_staying(moves: Movement, means: pd.DataFrame) -> Sentence:
    """What the latest moves bring in the next quarter: the means of their paths less those of staying, summed."""
    gain = (means.sub(means["Stayed"], axis=0) * moves.latest.paths).sum(min_count=1)
    years = len(like_quarters(moves))
    judged = sentence("the same season ({years:# year})" if years else "all earlier quarters", years=years)
    text = "Judged by {judged}: against staying, the latest moves up bring {up:$} in the next quarter, "
    text += "the moves down {down:$}"
    return sentence(text, judged=judged, up=gain["Up"], down=gain["Down"])


def since_when(cluster: np.ndarray, now: np.ndarray) -> np.ndarray:
    """First date (column) of each customer's unbroken stay in today's segment; cluster (customers, dates).

    >>> since_when(np.array([[1, 0, 0], [0, 0, 2]]), np.array([0, 1]))
    array([1, 2])
    """
    stay = np.cumprod(cluster[:, ::-1] == now[:, None], axis=1).sum(axis=1)
    return np.minimum(cluster.shape[1] - stay, cluster.shape[1] - 1)
