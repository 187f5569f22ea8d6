"""profiles"""

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from segmentation.constants import (
    AT_RISK,
    MIN_JACCARD,
    MIN_REACH,
    MIN_SHARE,
    MIN_STABILITY,
    MIN_VALUE_STEP,
    MIN_VALUES,
    NULL_MARGIN,
    PROMISING,
    RFM,
    SEGMENTS,
    VIP,
)
from segmentation.evidence import jaccard_word
from segmentation.exploring import spearman, strength, wilson
from segmentation.features import engagement, mid_ranks
from segmentation.words import count, money, percent


def profile(customers: pd.DataFrame) -> pd.DataFrame:
    """One row per segment: size, revenue, and medians and means of what the columns at hand describe."""
    groups = customers.groupby("Segment_Name", observed=False)
    table = pd.DataFrame({"Customers": groups.size(), "Customer_Share": groups.size() / len(customers)})
    table["Revenue"] = groups["Monetary"].sum()
    table["Revenue_Share"] = table["Revenue"] / (table["Revenue"].sum() or 1)
    for name in RFM:
        table[f"{name}_Median"], table[f"{name}_Mean"] = groups[name].median(), groups[name].mean()
    table["Order_Value"] = table["Revenue"] / groups["Frequency"].sum().replace(0, np.nan)
    for name in ("Engagement_Score", "Session_Count", "Cart_Abandon_Rate", "Campaign_Response"):
        if name in customers and customers[name].notna().sum() >= MIN_VALUES:
            table[f"{name}_Mean"] = groups[name].mean()
    if "Returns" in customers and customers["Returns"].notna().sum() >= MIN_VALUES:
        known = customers[customers["Returns"].notna()].groupby("Segment_Name", observed=False)
        table["Returns_per_Order"] = known["Returns"].sum() / known["Frequency"].sum().replace(0, np.nan)
    return table.rename_axis("Segment_Name")


PROFILE_ROWS = {  # column: (label, how it is written)
    "Customers": ("Customers", count),
    "Customer_Share": ("Share of customers", percent),
    "Revenue": ("Revenue", money),
    "Revenue_Share": ("Share of revenue", percent),
    "Recency_Median": ("Days since last order, median", count),
    "Recency_Mean": ("Days since last order, mean", "{:.1f}".format),
    "Frequency_Median": ("Orders, median", count),
    "Frequency_Mean": ("Orders, mean", "{:.1f}".format),
    "Monetary_Median": ("Spend, median", money),
    "Monetary_Mean": ("Spend, mean", money),
    "Order_Value": ("Spend per order", money),
    "Engagement_Score_Mean": ("Engagement score (0-100), mean", "{:.1f}".format),
    "Session_Count_Mean": ("Sessions, mean", "{:.1f}".format),
    "Cart_Abandon_Rate_Mean": ("Carts abandoned, mean %", "{:.1f}".format),
    "Campaign_Response_Mean": ("Responded to the campaign", percent),
    "Returns_per_Order": ("Returns per order", "{:.2f}".format),
    "Stability_Jaccard": ("Comes back on resamples (Jaccard)", lambda value: f"{value:.3f}, {jaccard_word(value)}"),
    "Boundary_Share": ("On a boundary", percent),
}


TIE = 1.05  # means closer than this are a tie, whichever is ahead


def doubts(profiles: pd.DataFrame) -> list[str]:
    """Where a segment is not what its name says; an empty list means that every name is earned."""
    spend, orders, days = (profiles[f"{name}_Mean"] for name in ("Monetary", "Frequency", "Recency"))
    found = []
    for better, worse in itertools.combinations(SEGMENTS, 2):
        if spend[better] <= TIE * spend[worse]:
            found.append(
                f"{worse} spend {'more than' if spend[worse] > spend[better] else 'nearly as much as'} {better}"
            )
        if orders[worse] > TIE * orders[better]:
            found.append(f"{worse} order more often than {better}")
        if days[better] > TIE * days[worse]:
            found.append(f"{better} bought longer ago than {worse}")
    if days[VIP] > np.average(days, weights=profiles["Customers"]):
        found.append(f"{VIP} bought longer ago than the average customer")
    if days[PROMISING] >= days[AT_RISK]:
        found.append(f"{AT_RISK} bought as recently as {PROMISING}")
    return found


HEAT_ROWS = [
    "Recency_Mean", "Frequency_Mean", "Monetary_Mean", "Order_Value", "Engagement_Score_Mean",
    "Session_Count_Mean", "Cart_Abandon_Rate_Mean", "Campaign_Response_Mean", "Returns_per_Order",
]  # fmt: skip


def relative(profiles: pd.DataFrame) -> pd.DataFrame:
    """Each segment's means as multiples of the average customer's (order value and returns: of the average order's)."""
    names = [name for name in HEAT_ROWS if name in profiles]
    weights = {"Order_Value": "Orders", "Returns_per_Order": "Orders"}
    table = profiles.assign(Orders=profiles["Customers"] * profiles["Frequency_Mean"])
    average = {n: np.average(table[n].fillna(0), weights=table[weights.get(n, "Customers")] + 1e-9) for n in names}
    return pd.DataFrame({n: table[n] / average[n] if average[n] else 0 * table[n] + 1 for n in names}).round(6)


def gini(values: pd.Series) -> float:
    """Gini coefficient: 0 when all spend the same, near 1 when one customer spends everything. gini([1, 1]) -> 0.0"""
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    return (
        float(2 * (np.arange(1, n + 1) * ordered).sum() / (n * ordered.sum()) - (n + 1) / n) if ordered.sum() else 0.0
    )


def check_criteria(profiles: pd.DataFrame, lead: float, rand: float, problems: list) -> pd.DataFrame:
    """The criteria of chapter 1 with what was found and whether it is enough."""
    spend, share, size = (profiles[name].to_numpy() for name in ("Monetary_Mean", "Customer_Share", "Customers"))
    jaccard = profiles["Stability_Jaccard"]
    step = float(np.min(spend[:-1] / np.maximum(spend[1:], 1e-9)))
    rows = [
        ("Large enough", f"smallest {percent(share.min())}", share.min() >= MIN_SHARE),
        ("Reachable", f"smallest {count(size.min())} customers", size.min() >= MIN_REACH),
        ("Distinct", f"silhouette {lead:+.3f} against shuffled columns", lead >= NULL_MARGIN),
        ("Stable", f"mean adjusted Rand index {rand:.3f}", rand >= MIN_STABILITY),
        ("Each one stable", f"lowest Jaccard index {jaccard.min():.3f}", jaccard.min() >= MIN_JACCARD),
        ("Ordered in value", f"smallest step x{step:.2f}", step >= MIN_VALUE_STEP),
        ("Worth its name", f"{len(problems)} doubts" if problems else "no doubts", not problems),
    ]
    return pd.DataFrame(rows, columns=["Criterion", "Found", "Met"]).replace({"Met": {True: "yes", False: "NO"}})


def share_ratio(customers: pd.DataFrame, name: str) -> tuple[float, float, float]:
    """Share of revenue over share of customers of one segment, with its 95 % interval (delta method)."""
    spend, member = customers["Monetary"].to_numpy(), (customers["Segment_Name"] == name).to_numpy()
    if not spend.sum():
        return 1.0, 1.0, 1.0
    n, p, revenue = len(spend), member.mean(), spend[member].sum() / spend.sum()
    ratio = revenue / p
    influence = spend * (member - revenue) / (spend.mean() * p) - ratio * (member - p) / p
    half = 1.96 * influence.std() / np.sqrt(n)
    return ratio, ratio - half, ratio + half


def kruskal(values: pd.Series, groups: pd.Series) -> tuple[float, float, float]:
    """Kruskal-Wallis H, p-value and effect size epsilon squared (0-1; Tomczak and Tomczak 2014)."""
    known, sizes = mid_ranks(values).dropna(), values.value_counts().to_numpy(float)
    parts, n = known.groupby(groups[known.index], observed=True).agg(["sum", "size"]), float(len(known))
    if len(parts) < 2 or len(sizes) < 2:
        return 0.0, 1.0, 0.0
    h = 12 / (n * (n + 1)) * (parts["sum"] ** 2 / parts["size"]).sum() - 3 * (n + 1)
    h /= 1 - (sizes**3 - sizes).sum() / (n**3 - n)  # ties
    return float(h), float(stats.chi2.sf(h, len(parts) - 1)), float(h / (n - 1))


def holm(p_values: list[float]) -> np.ndarray:
    """P-values adjusted for several tests (Holm 1979). holm([0.01, 0.04]) -> [0.02, 0.04]"""
    p, order = np.asarray(p_values), np.argsort(p_values, kind="stable")
    adjusted = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    return np.minimum(adjusted, 1)[np.argsort(order, kind="stable")]


def size_of(effect: float) -> str:
    """An epsilon squared in words, after Cohen's steps for eta squared (1988). size_of(0.2) -> 'large'"""
    steps = ((0.14, "large"), (0.06, "medium"), (0.01, "small"))
    return next((word for step, word in steps if effect >= step), "negligible")


def main_claims(customers: pd.DataFrame) -> list[tuple]:
    """The claims of the study: (claim, statistic with interval, verdict)."""
    ratio, low, high = share_ratio(customers, VIP)
    word = "holds, far above" if low > 2 else "holds, above" if low > 1 else "does not hold"
    at_risk = (customers["Segment_Name"] == AT_RISK).sum()
    bottom, top = wilson(at_risk, len(customers))
    majority = "holds" if bottom > 0.5 else "does not hold" if top < 0.5 else "cannot be decided"
    times = f"x{ratio:.2f} their share of customers (x{low:.2f} to x{high:.2f})"
    share = f"{percent(at_risk, len(customers))} ({percent(bottom)} to {percent(top)})"
    claims = [(f"{VIP} bring more than their share of revenue", times, word), (f"Most are {AT_RISK}", share, majority)]
    scores = {"Engagement goes with value": customers["Engagement_Score"]}
    if "Session_Count" in customers:  # sessions contain the visits in which orders were placed
        scores["The same without sessions"] = engagement(customers.drop(columns="Session_Count"))["Engagement_Score"]
    for claim, values in scores.items():
        rho, low, high = spearman(values, customers["Monetary"])
        word = f"holds {strength(rho)}" if low > 0.1 else "does not hold"
        if not np.isnan(rho):
            claims.append((claim, f"rank correlation {rho:.2f} ({low:.2f} to {high:.2f})", word))
    return claims


TESTED = {  # not returns: more orders mean more of them by construction; chapter 6 shows them per order
    "Cart_Abandon_Rate": "Cart abandonment",
    "Engagement_Score": "Engagement",
    "Campaign_Response": "Campaign response",
    "Avg_Session_Duration": "Session duration",
    "Wishlist_Adds": "Wishlist adds",
}


def segment_tests(customers: pd.DataFrame) -> pd.DataFrame:
    """Does a column that played no part in the clustering differ by segment? One row per column, Holm over all."""
    names = [name for name in TESTED if name in customers and customers[name].notna().sum() >= MIN_VALUES]
    rows = [(TESTED[name], *kruskal(customers[name], customers["Segment_Name"])) for name in names]
    table = pd.DataFrame(rows, columns=["Column", "H", "p", "Effect"])
    table["p"] = holm(table["p"].to_list()) if len(table) else table["p"]
    acts = (table["p"] < 0.05) & (table["Effect"] >= 0.01)
    words = [f"differs, {size_of(effect)} effect" for effect in table["Effect"]]
    return table.assign(Verdict=np.where(acts, words, "no difference worth acting on"))
