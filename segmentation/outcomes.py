"""Segments of a past day against what came later, beside plain rankings that are as coarse, or as fine."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from segmentation.clusters import Model, fit, place, standardised
from segmentation.decisions import Recipe
from segmentation.exploring import mean_interval, spearman, wilson
from segmentation.features import fifths, rfm_scores
from segmentation.orders import covers, rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, MIN_CUSTOMERS, SEGMENTS
from segmentation.words import Sentence, sentence, written

AS_WELL = 0.01  # by which a measure may be lower and still be as good: about its error in 10,000 customers
LATELY = 3  # months: "of late"
SEGMENT, AS_FOUR = "the four segments", "the RFM score in four groups as large"
PAUSED, AS_TWO = f"{AT_RISK} or not", "the RFM score in two groups as large"
DISTANCE, RECENCY = "nearness to the segments' centres", "days since the last order"
ORDERS, LATE_ORDERS = "number of orders", f"orders of the last {LATELY} months"
LEVELS = {SEGMENT: "4", AS_FOUR: "4", PAUSED: "2", AS_TWO: "2"}  # the rest is continuous
FINE = "no ties"
SPEND, AGAIN = "Later spend, rank correlation", "Bought again, AUC"
CLAUSES = {
    AGAIN: "of who buys again than {rival} (AUC",
    SPEND: "of how much is spent than {rival} (rank correlation",
}


@dataclass(frozen=True)
class Afterwards:
    """What customers of a past day spent in the months after it."""

    day: date
    months: int
    table: pd.DataFrame  # by segment of that day: see outcome
    rankings: pd.DataFrame  # by ranking: Levels, AGAIN and SPEND; compared only where levels are equally many

    @property
    def customers(self) -> int:
        """How many they were."""
        return self.table["n"].sum()

    @property
    def segments_rho(self) -> float:
        """Rank correlation of the order of segments with later spend."""
        return self.rankings.loc[SEGMENT, SPEND]

    @property
    def sizes_rho(self) -> float:
        """Of the RFM score cut into groups as large."""
        return self.rankings.loc[AS_FOUR, SPEND]

    @property
    def verb(self) -> str:
        """What the segments do to later spend, in words: rank it where the mean falls from segment to segment."""
        means = self.table["mean"].dropna()
        return "rank" if means.is_monotonic_decreasing and means.is_unique else "**do not rank**"

    def known(self, measure: str) -> bool:
        """Whether customers differed on it: of nobody, or everybody, who bought again nothing can be ranked."""
        return bool(self.rankings[measure].notna().all())

    def rival(self, measure: str) -> str:
        """The plain ranking that does best against the segments' with as many levels."""
        values, fine = self.rankings[measure], self.rankings["Levels"] == FINE
        lead = values[fine].drop(DISTANCE) - values[DISTANCE]
        lead[AS_FOUR] = values[AS_FOUR] - values[SEGMENT]
        return str(lead.fillna(0).idxmax())

    def beside(self, measure: str) -> tuple[float, float]:
        """What the rival reaches, and what the segments' ranking with as many levels does."""
        name, values = self.rival(measure), self.rankings[measure]
        return float(values[name]), float(values[SEGMENT if name in LEVELS else DISTANCE])


def later_spend(log: pd.DataFrame, snapshot: pd.Timestamp, window: int | None, months: int, recipe: Recipe):
    """Segments fitted on what was known `months` before the snapshot, against what was spent since: Afterwards.

    Left out where the log has no whole window (in months; None: one month) before that day, or too few customers.
    """
    needed = "an order log with a whole window before its last twelve months"
    impossible = LeftOut(f"this needs {needed}, and enough different customers in it")
    day = snapshot - pd.DateOffset(months=months)
    then = rfm_from_orders(log, day, window).sort_index()
    if not covers(log, day, window or 1) or len(then) < MIN_CUSTOMERS:
        return impossible
    if isinstance(fitted := fit(then, recipe), LeftOut):
        return impossible
    later = rfm_from_orders(log, snapshot, months)["Monetary"].reindex(then.index, fill_value=0.0)
    if not later.any():
        return LeftOut(f"this needs spend in the {months} months since {day.date()}, and there is none")
    lately = rfm_from_orders(log, day, LATELY)["Frequency"].reindex(then.index, fill_value=0)
    cluster = pd.Series(place(fitted.model, then).cluster, then.index)
    by_segment = outcome(pd.Series(pd.Categorical.from_codes(cluster, SEGMENTS), then.index), later)
    orders = rankings(then.assign(Lately=lately, Cluster=cluster, Nearness=nearness(fitted.model, then)))
    return Afterwards(day.date(), months, by_segment, judged(orders, later))


def nearness(model: Model, customers: pd.DataFrame) -> np.ndarray:
    """A continuous place on the way from the last segment (0) to the first (3), from the distances to the centroids.

    The mean of the segments' ranks, each with the inverse of its squared distance as weight: the memberships of fuzzy
    c-means at m = 2 (Bezdek 1981).
    """
    points = standardised(model, customers)
    squared = ((points[:, None] - np.array(model.centroids)) ** 2).sum(axis=2)
    weights = 1 / np.maximum(squared, 1e-12)
    return weights @ np.arange(len(SEGMENTS))[::-1] / weights.sum(axis=1)


def rankings(then: pd.DataFrame) -> pd.DataFrame:
    """Every ranking of customers by what was known, a column each, higher = better.

    then: R, F, M, Lately (orders), Cluster, Nearness. Equal values are ordered by spend, then by row, but for groups.
    """
    total = rfm_scores(then, fifths(then))["RFM_Score"]
    paused = (then["Cluster"] == SEGMENTS.index(AT_RISK)).astype(int)
    fine = {DISTANCE: then["Nearness"], RECENCY: -then["Recency"], ORDERS: then["Frequency"]}
    fine |= {LATE_ORDERS: then["Lately"], "the RFM score": total}
    groups = {SEGMENT: then["Cluster"], AS_FOUR: as_coarse(then["Monetary"], total, then["Cluster"])}
    groups |= {PAUSED: paused, AS_TWO: as_coarse(then["Monetary"], total, paused)}
    coarse = {name: -values for name, values in groups.items()}
    return pd.DataFrame(coarse | {name: without_ties(values, then["Monetary"]) for name, values in fine.items()})


def without_ties(values: pd.Series, spend: pd.Series) -> pd.Series:
    """Places from 0 = the lowest value; equal values by spend, then by row.

    >>> without_ties(pd.Series([1, 0, 1]), pd.Series([9.0, 7, 8])).tolist()
    [2, 0, 1]
    """
    places = np.empty(len(values), dtype=int)
    places[np.lexsort((spend, values))] = np.arange(len(values))
    return pd.Series(places, values.index)


def judged(orders: pd.DataFrame, later: pd.Series) -> pd.DataFrame:
    """How each ranking does: Levels, AGAIN (area under the ROC curve; 0.5 = chance), SPEND (Spearman)."""
    again = later > 0
    both = again.nunique() > 1
    rows = {
        name: (LEVELS.get(name, FINE), roc_auc_score(again, values) if both else np.nan, spearman(values, later).rho)
        for name, values in orders.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["Levels", AGAIN, SPEND]).rename_axis("Ranked by")


def as_coarse(spend: pd.Series, score: pd.Series, cluster: pd.Series) -> pd.Series:
    """The score cut into groups as large as the clusters, 0 = the highest; equal scores by spend, then by row.

    >>> as_coarse(pd.Series([9, 5, 7]), pd.Series([3, 15, 15]), pd.Series([1, 1, 0])).tolist()
    [1, 1, 0]
    """
    best_first = np.lexsort((-spend.to_numpy(), -score.to_numpy()))
    groups = np.empty(len(score), dtype=int)
    groups[best_first] = np.sort(cluster.to_numpy())
    return pd.Series(groups, score.index)


def outcome(groups: pd.Series, later: pd.Series) -> pd.DataFrame:
    """Per group: n customers; mean, low, high of later spend; again, again_low, again_high: share who bought again."""
    table = mean_interval(later, groups)
    again = (later > 0).groupby(groups, observed=False).sum()
    low, high = wilson(again, table["n"])
    return table.assign(again=again / table["n"], again_low=low, again_high=high).rename(str)


def outcome_table(afterwards: Afterwards) -> pd.DataFrame:
    """The outcome as it is shown."""
    columns = {
        "Customers": "{n:#}",
        "Later spend, mean": "{mean:$} ({low:$}-{high:$})",
        "Bought again": "{again:%} ({again_low:%}-{again_high:%})",
    }
    return written(afterwards.table.rename_axis(f"As of {afterwards.day}"), columns)


def ranking_table(afterwards: Afterwards) -> pd.DataFrame:
    """The rankings as they are shown."""
    return afterwards.rankings.rename(index=lambda name: name[0].upper() + name[1:])


def compared(plain: float, own: float) -> str:
    """How much the segments tell against a plain ranking, in words; differences within AS_WELL are none.

    >>> [compared(0.8, own) for own in (0.78, 0.795, 0.82)]
    ['less', 'no more', 'more']
    """
    return "less" if own < plain - AS_WELL else "more" if own > plain + AS_WELL else "no more"


def lesson(afterwards: Afterwards) -> Sentence:
    """Whether segments tell more of what comes than plain rankings do, and what they are good for if not."""
    measures = [measure for measure in CLAUSES if afterwards.known(measure)]
    text = "Fitted on {x.customers:#} customers as of {x.day}, the segments {x.verb} what they spent in the {x.months} "
    text += "months after. "
    text += "They tell {told:&}. " if measures else ""
    if any(compared(*afterwards.beside(measure)) != "more" for measure in measures):
        text += "To pick whom to write to, sort by the plain ranking; the segments are good for saying what to write: "
        text += "few groups, each with habits of its own, that a team can keep in mind."
    return sentence(text, x=afterwards, told=[told(afterwards, measure) for measure in measures])


def told(afterwards: Afterwards, measure: str) -> Sentence:
    """How much the segments tell of one measure against the best plain ranking."""
    plain, own = afterwards.beside(measure)
    text = f"**{{word}}** {CLAUSES[measure]} {{own:.2f}} against {{plain:.2f}})"
    return sentence(text, word=compared(plain, own), rival=afterwards.rival(measure), own=own, plain=plain)
