"""Columns made from columns: engagement, caps, RFM scores; and the fixed samples that bound the cost of a look."""

import numpy as np
import pandas as pd

from segmentation.vocabulary import ENGAGEMENT, LEVELS, MIN_VALUES, RFM, SCORES
from segmentation.words import sentence

FIFTHS = [0.2, 0.4, 0.6, 0.8]  # where scores are cut
BANDS = {"3-5": 5, "6-8": 8, "9-11": 11, "12-15": 15}  # band of the RFM score: its highest score


def present(customers: pd.DataFrame, names: list[str]) -> list[str]:
    """Those of the columns that the table has, with at least MIN_VALUES values."""
    filled = {name: (customers[name].notna() & customers[name].ne("")).sum() for name in names if name in customers}
    return [name for name in filled if filled[name] >= MIN_VALUES]


def cut_points(values: pd.Series, shares: list[float]) -> np.ndarray:
    """Observed values at the given quantiles; the same when rows are shuffled, or every customer is doubled.

    >>> cut_points(pd.Series([1, 2, 3, 4]), [0.5])
    array([2])
    """
    return np.quantile(values.dropna(), shares, method="inverted_cdf")


def beyond_caps(customers: pd.DataFrame, quantile: float) -> pd.DataFrame:
    """How far R, F and M reach beyond a quantile: that, the largest, customers above and their share of the total."""
    values = customers[RFM]
    caps = pd.Series({name: cut_points(values[name], [quantile])[0] for name in RFM}, dtype=float)
    above = values > caps
    share = (values * above).sum() / values.sum().replace(0, 1)
    names = [f"{100 * quantile:.0f}th percentile", "Largest", "Customers above", "Their share of the total"]
    return pd.concat([caps, values.max(), above.sum(), share], axis=1, keys=names).rename_axis("Feature")


def engagement(customers: pd.DataFrame, parts: list[str]) -> pd.DataFrame:
    """Engagement_Score, the mean percentile of the parts (0-100, ties share one), and Engagement_Level, its terciles.

    Blank where a customer has none of the parts. A part that the table lacks, or that is the same for all, is left out.
    """
    known = [name for name in present(customers, parts) if customers[name].nunique() > 1]
    if not known:
        return pd.DataFrame({ENGAGEMENT[0]: np.nan, ENGAGEMENT[1]: None}, index=customers.index, dtype=object).astype(
            {ENGAGEMENT[0]: float}
        )
    percentile = 100 * (customers[known].rank() - 0.5) / customers[known].notna().sum()
    score = percentile.mean(axis=1).round(1)
    third = np.searchsorted(cut_points(score, [1 / 3, 2 / 3]), score, side="left").clip(max=2)
    level = pd.Series(np.array(LEVELS, dtype=object)[third], index=score.index).where(score.notna())
    return pd.DataFrame({ENGAGEMENT[0]: score, ENGAGEMENT[1]: level})


def score(values: pd.Series, cuts: np.ndarray, low_is_best: bool = False) -> np.ndarray:
    """Scores 1 to 5 from four cut points; a value on a cut belongs below it.

    >>> score([1, 4, 9], [2, 4, 6, 8])
    array([1, 2, 5])
    """
    place = np.searchsorted(cuts, values, side="left")
    return 5 - place if low_is_best else 1 + place


def fifths(customers: pd.DataFrame) -> dict[str, list[float]]:
    """Four cut points for each of R, F and M."""
    return {name[0]: cut_points(customers[name], FIFTHS).tolist() for name in RFM}


def rfm_scores(customers: pd.DataFrame, thresholds: dict[str, list[float]]) -> pd.DataFrame:
    """The columns SCORES: 1 (worst) to 5 for each of R, F and M, and their sum."""
    parts = [score(customers[name], thresholds[name[0]], low_is_best=name == "Recency") for name in RFM]
    return pd.DataFrame(np.column_stack([*parts, np.sum(parts, axis=0)]), customers.index, SCORES)


def score_ranges(customers: pd.DataFrame) -> pd.DataFrame:
    """The smallest and the largest value at each score, 5 down to 1; a column for each of R, F and M."""
    ranges = pd.DataFrame({"Score": range(5, 0, -1)})
    for name, scores in zip(RFM, SCORES, strict=False):
        span = customers[name].groupby(customers[scores]).agg(["min", "max"]).reindex(ranges["Score"])
        ranges[name] = [
            sentence("nobody") if pd.isna(low) else sentence("{low:#} to {high:#}", low=low, high=high)
            for low, high in span.to_numpy()
        ]
    return ranges


def draw(customers: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """At most `size` customers, from the table sorted by R, F and M, so that the order of rows does not matter."""
    ordered = customers.sort_values(RFM, kind="stable")
    if len(ordered) <= size:
        return ordered
    return ordered.iloc[np.sort(np.random.default_rng(seed).choice(len(ordered), size, replace=False))]
