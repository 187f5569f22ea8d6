"""exploring"""

import numpy as np
import pandas as pd

from segmentation.constants import BANDS, FIFTHS, MIN_VALUES, RFM, SEGMENTS
from segmentation.features import cut_points, mid_ranks, score
from segmentation.words import money, percent


def spearman(one: pd.Series, other: pd.Series) -> tuple[float, float, float]:
    """Rank correlation with its 95 % interval (Fisher's z, standard error after Bonett and Wright 2000)."""
    both = pd.concat([one, other], axis=1).dropna()
    rho, n = both.apply(mid_ranks).corr().iloc[0, 1], len(both)
    if n < MIN_VALUES or not abs(rho) < 1:
        return float(rho), float(rho), float(rho)
    half = 1.96 * np.sqrt((1 + rho**2 / 2) / (n - 3))
    return float(rho), float(np.tanh(np.arctanh(rho) - half)), float(np.tanh(np.arctanh(rho) + half))


def strength(rho: float) -> str:
    """A correlation in words. strength(-0.65) -> 'strongly'"""
    steps = [(0.6, "strongly"), (0.3, "moderately"), (0.1, "weakly")]
    return next((word for step, word in steps if abs(rho) >= step), "hardly")


def relation(rho: float) -> str:
    """What two columns do, in words. relation(-0.4) -> 'run moderately against each other'"""
    if not abs(rho) >= 0.1:
        return "have hardly anything to do with each other"
    return f"go {strength(rho)} together" if rho > 0 else f"run {strength(rho)} against each other"


BY_CONSTRUCTION = {  # pair: why its correlation says little
    ("Frequency", "Monetary"): "spend sums over orders",
    ("Monetary", "Avg_Order_Value"): "order value is spend per order",
    ("Frequency", "Session_Count"): "an order takes a session",
    ("Frequency", "Returns"): "only an order can be returned",
    ("Frequency", "Cart_Abandon_Rate"): "completed carts are its denominator",
    ("Session_Count", "Pages_Viewed"): "pages are viewed in sessions",
    ("Session_Count", "Clicks"): "clicks happen in sessions",
    ("Pages_Viewed", "Clicks"): "both grow with sessions",
    ("Pages_Viewed", "Engagement_Score"): "pages are viewed in sessions",
    ("Frequency", "Engagement_Score"): "an order takes a session",
    ("Session_Count", "Engagement_Score"): "part of the score",
    ("Clicks", "Engagement_Score"): "part of the score",
    ("Wishlist_Adds", "Engagement_Score"): "part of the score",
}


def correlations(customers: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Every pair with its Spearman correlation and, where it is so by construction, the reason; strongest first."""
    matrix = customers[columns].corr(method="spearman").round(3) + 0.0
    pairs = [(a, b) for i, a in enumerate(columns) for b in columns[i + 1 :]]
    reasons = [BY_CONSTRUCTION.get(pair, BY_CONSTRUCTION.get(pair[::-1], "")) for pair in pairs]
    table = pd.DataFrame({"pair": pairs, "rho": [matrix.loc[pair] for pair in pairs], "By construction": reasons})
    table = table.dropna(subset="rho").assign(strength=lambda t: -t["rho"].abs(), name=lambda t: t["pair"].map(str))
    return table.sort_values(["strength", "name"])[["pair", "rho", "By construction"]].reset_index(drop=True)


def wilson(hits: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a proportion (Wilson 1927). wilson(10, 100) -> (0.055, 0.174)"""
    z, share = 1.96, hits / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)


def mean_interval(values: pd.Series, groups: pd.Series) -> pd.DataFrame:
    """Mean per group with its 95 % interval (normal approximation) and the number of values."""
    table = values.groupby(groups, observed=False).agg(["mean", "std", "count"])
    half = 1.96 * table["std"] / np.sqrt(table["count"])
    return pd.DataFrame(
        {"mean": table["mean"], "low": table["mean"] - half, "high": table["mean"] + half, "n": table["count"]}
    )


def rate_table(flag: pd.Series, group: pd.Series) -> pd.DataFrame:
    """Share of 1s per group with its 95 % interval; customers with a blank are left out."""
    table = flag.dropna().groupby(group).agg(hits="sum", trials="size")
    table["low"], table["high"] = wilson(table["hits"], table["trials"])
    return table.assign(rate=table["hits"] / table["trials"])


MOST_TIERS = 12  # more different labels are no tiers


def tier_table(spend: pd.Series, labels: pd.Series) -> pd.DataFrame:
    """Quartiles of spend in each tier, from the lowest median to the highest."""
    table = spend.groupby(labels).quantile([0.25, 0.5, 0.75]).unstack().set_axis(["low", "mid", "high"], axis=1)
    return table.sort_values(["mid", "low"])


def rfm_total(customers: pd.DataFrame) -> pd.Series:
    """RFM score, 3 to 15, at the fifths of these customers."""
    parts = [score(customers[n], cut_points(customers[n], FIFTHS), low_is_best=n == "Recency") for n in RFM]
    return pd.Series(np.sum(parts, axis=0), index=customers.index)


def outcome(groups: pd.Series, later: pd.Series) -> pd.DataFrame:
    """Customers, mean later spend and share who bought again, with 95 % intervals, per group."""
    spend = mean_interval(later, groups)
    again = (later > 0).groupby(groups, observed=False).agg(["sum", "size"])
    low, high = wilson(again["sum"], again["size"])
    rate = [
        f"{percent(r)} ({percent(a)}-{percent(b)})"
        for r, a, b in zip(again["sum"] / again["size"], low, high, strict=True)
    ]
    money_in = [f"{money(m)} ({money(a)}-{money(b)})" for m, a, b in spend[["mean", "low", "high"]].to_numpy()]
    return pd.DataFrame({"Customers": again["size"], "Later spend, mean": money_in, "Bought again": rate})


def future_table(then: pd.DataFrame, rank: pd.Series, later: pd.Series) -> pd.DataFrame:
    """Later spend and repurchase of a past date's customers, by segment and by band of the RFM score."""
    by_segment = outcome(pd.Series(pd.Categorical.from_codes(rank, SEGMENTS), index=then.index), later)
    by_band = outcome(pd.cut(rfm_total(then), [0, *BANDS.values()], labels=list(BANDS)), later).iloc[::-1]
    by_band.index = [f"RFM score {band}" for band in by_band.index]
    return pd.concat([by_segment.set_axis(by_segment.index.astype(str)), by_band])
