"""features"""

import numpy as np
import pandas as pd

from segmentation.constants import ENGAGEMENT_PARTS, LEVELS, MIN_VALUES, RFM


def mid_ranks(values: pd.Series) -> pd.Series:
    """Ranks from 1, ties share their mean rank, blanks stay blank. mid_ranks(pd.Series([5, 1, 1])) -> [3, 1.5, 1.5]"""
    sizes = values.value_counts(sort=False).sort_index()
    return values.map(sizes.cumsum() - (sizes - 1) / 2)


def percentile(values: pd.Series) -> pd.Series:
    """Mid-rank percentile, 0-100; ties share one. percentile(pd.Series([1, 1, 5])) -> [33.3, 33.3, 83.3]"""
    return 100 * (mid_ranks(values) - 0.5) / values.notna().sum()


def cut_points(values: pd.Series, shares: list[float]) -> np.ndarray:
    """Observed values at the given quantiles; the same when rows are shuffled, or every customer is doubled."""
    return np.quantile(values.dropna(), shares, method="inverted_cdf")


def engagement(customers: pd.DataFrame) -> pd.DataFrame:
    """Engagement_Score (0-100, one decimal) and Engagement_Level; blank where a customer has none of the parts."""
    parts = [name for name in ENGAGEMENT_PARTS if name in customers and customers[name].notna().sum() >= MIN_VALUES]
    score = pd.Series(np.nan, index=customers.index)
    if parts:
        score = pd.concat([percentile(customers[name]) for name in parts], axis=1).mean(axis=1).round(1)
    places = (
        np.searchsorted(cut_points(score, [1 / 3, 2 / 3]), score, side="left") if parts else np.zeros(len(score), int)
    )
    level = pd.Series(np.array(LEVELS, dtype=object)[np.minimum(places, 2)], index=score.index).where(score.notna())
    return pd.DataFrame({"Engagement_Score": score, "Engagement_Level": level})


def by_value(customers: pd.DataFrame) -> np.ndarray:
    """Positions of the rows in the order of R, then F, then M (those given); equal rows stay in their order."""
    keys = [customers[name].to_numpy() for name in RFM[::-1] if name in customers]
    small = [len(key) and key.min() >= 0 and key.max() < 2**15 and (key == np.floor(key)).all() for key in keys]
    return np.lexsort([key.astype(np.int16) if fits else key for key, fits in zip(keys, small, strict=True)])


def draw(customers: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """At most `size` customers, from the table sorted by R, F and M, so that the order of rows does not matter."""
    order = by_value(customers)
    if len(order) > size:
        order = order[np.sort(np.random.default_rng(seed).choice(len(order), size, replace=False))]
    return customers.iloc[order]


def score_ranges(values: pd.Series, scores: pd.Series) -> list[str]:
    """The smallest and largest value at each score, 5 down to 1, as text."""
    span = values.groupby(scores).agg(["min", "max"]).reindex(range(5, 0, -1))
    return ["nobody" if pd.isna(low) else f"{low:,.0f} to {high:,.0f}" for low, high in span.to_numpy()]


def score(values: pd.Series, cuts: np.ndarray, low_is_best: bool = False) -> np.ndarray:
    """Scores 1-5 from four cut points; a value on a cut belongs below it. score([1, 9], [2, 4, 6, 8]) -> [1, 5]"""
    place = np.searchsorted(cuts, values, side="left")
    return 5 - place if low_is_best else 1 + place
