"""Who is in each segment: profiles, doubts about names, the criteria, and claims with intervals and effect sizes."""

import itertools

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from segmentation.decisions import Criteria
from segmentation.evidence import jaccard_word
from segmentation.exploring import mean_interval, spearman, strength, wilson
from segmentation.features import cut_points, engagement, present
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LEVELS, LOYAL, PROMISING, SEGMENTS, VIP
from segmentation.words import Sentence, each, sentence

PROFILE_ROWS = {  # column of the profile table: (label, how it is written)
    "Customers": ("Customers", "{x:#}"),
    "Customer_Share": ("Share of customers", "{x:%}"),
    "Revenue": ("Revenue", "{x:$}"),
    "Revenue_Share": ("Share of revenue", "{x:%}"),
    "Recency_Median": ("Days since last order, median", "{x:#}"),
    "Recency_Mean": ("Days since last order, mean", "{x:.1f}"),
    "Frequency_Median": ("Orders, median", "{x:#}"),
    "Frequency_Mean": ("Orders, mean", "{x:.1f}"),
    "Monetary_Median": ("Spend, median", "{x:$}"),
    "Monetary_Mean": ("Spend, mean", "{x:$}"),
    "Monetary_Capped": ("Spend up to the cap, mean", "{x:$}"),
    "Largest_Share": ("The largest customer's share of it", "{x:%}"),
    "Order_Value": ("Spend per order", "{x:$}"),
    "Engagement_Score_Mean": ("Engagement score (0-100), mean", "{x:.1f}"),
    "Session_Count_Mean": ("Sessions, mean", "{x:.1f}"),
    "Cart_Abandon_Rate_Mean": ("Carts abandoned, mean %", "{x:.1f}"),
    "Campaign_Response_Mean": ("Responded to the campaign", "{x:%}"),
    "Returns_per_Order": ("Returns per order", "{x:.2f}"),
    "Stability_Jaccard": ("Comes back on resamples (Jaccard)", "{x:.3f}, {word}"),
    "Boundary_Share": ("On a boundary", "{x:%}"),
}
TESTED = {  # not returns: more orders mean more of them by construction; the profile shows them per order
    "Cart_Abandon_Rate": "Cart abandonment",
    "Engagement_Score": "Engagement",
    "Campaign_Response": "Campaign response",
    "Avg_Session_Duration": "Session duration",
    "Wishlist_Adds": "Wishlist adds",
}
ONE_CUSTOMER = 0.5  # of a segment's revenue from one customer, above which its mean is that customer
LIKE = 1.05  # means closer than this count as equal, whichever is ahead
STEPS = {"negligible": -np.inf, "small": 0.01, "medium": 0.06, "large": 0.14}  # eta squared in words (Cohen 1988)
H = "Kruskal-Wallis H"  # columns of the tests
P = "p (Holm)"
EFFECT = "Effect (epsilon squared)"
FLAT = "no difference worth acting on"


def describe(customers: pd.DataFrame, stability: pd.Series, boundary: pd.Series, cap: float) -> pd.DataFrame:
    """One row per segment, the columns of PROFILE_ROWS as far as the table knows them; cap: quantile of spend."""
    groups = customers.groupby("Segment_Name", observed=False)
    table = pd.DataFrame({"Customers": groups.size(), "Revenue": groups["Monetary"].sum()})
    table["Customer_Share"] = table["Customers"] / len(customers)
    table["Revenue_Share"] = table["Revenue"] / (table["Revenue"].sum() or 1)
    for column in PROFILE_ROWS:
        name, _, statistic = column.rpartition("_")
        if statistic in ("Median", "Mean") and present(customers, [name]):
            table[column] = groups[name].agg(statistic.lower())
    capped = customers["Monetary"].clip(upper=cut_points(customers["Monetary"], [cap])[0])
    table["Monetary_Capped"] = capped.groupby(customers["Segment_Name"], observed=False).mean()
    table["Largest_Share"] = groups["Monetary"].max() / table["Revenue"].where(table["Revenue"] > 0)
    table["Order_Value"] = table["Revenue"] / groups["Frequency"].sum().replace(0, np.nan)
    if present(customers, ["Returns"]):
        asked = customers.dropna(subset="Returns").groupby("Segment_Name", observed=False)
        table["Returns_per_Order"] = asked["Returns"].sum() / asked["Frequency"].sum().replace(0, np.nan)
    table = table.assign(Stability_Jaccard=stability, Boundary_Share=boundary)
    return table[[column for column in PROFILE_ROWS if column in table]].rename_axis("Segment_Name")


def as_rows(segments: pd.DataFrame) -> pd.DataFrame:
    """The profile table as it is shown: a measure a row, each cell a Sentence."""
    rows = {}
    for column, values in segments.filter(list(PROFILE_ROWS)).items():
        label, template = PROFILE_ROWS[column]
        cells = [sentence(template, x=x, word=jaccard_word(x)) for x in values]
        rows[label] = pd.Series(cells, SEGMENTS).where(values.notna())
    return pd.DataFrame(rows).T.rename_axis("Per segment")


def doubts(segments: pd.DataFrame) -> list[str]:
    """Where a segment is not what its name says; an empty list means that every name is earned.

    Spend counts up to the cap, as it does for the names: one enormous order must not cost everybody theirs.
    """
    spend, orders, days = (segments[name] for name in ("Monetary_Capped", "Frequency_Mean", "Recency_Mean"))
    found = [f"{name} bought nothing" for name in SEGMENTS[:-1] if orders[name] == 0 and spend[name] == 0]
    for better, worse in itertools.combinations(SEGMENTS, 2):
        if spend[better] <= LIKE * spend[worse]:
            much = "more than" if spend[worse] > spend[better] else "nearly as much as"
            found.append(f"{worse} spend {much} {better}")
        if orders[worse] > LIKE * orders[better]:
            found.append(f"{worse} order more often than {better}")
        if days[better] > LIKE * days[worse]:
            found.append(f"{better} bought longer ago than {worse}")
    if days[VIP] > np.average(days, weights=segments["Customers"]):
        found.append(f"{VIP} bought longer ago than the average customer")
    if days[PROMISING] >= days[AT_RISK]:
        found.append(f"{AT_RISK} bought as recently as {PROMISING}")
    return found


def names_fit(doubts: list[str]) -> Sentence:
    """What the doubts come to."""
    text = "Each segment is what its name says: spend, orders and recency fall into the order that the names promise."
    if doubts:
        text = "> **Warning: the names do not fit these data well.** {doubts:; }. "
        text += "The files keep the four names; read the first two as ranks by spend, the last two by last order."
    return sentence(text, doubts=doubts)


def on_one_customer(segments: pd.DataFrame) -> Sentence:
    """Which segments' revenue lives on one customer; empty where none does."""
    text = "**One customer brings {shares:&}**: without that one, means and money of the segment are others."
    large = segments["Largest_Share"]
    shares = each("{value:%} of the revenue of {name}", large[(large > ONE_CUSTOMER) & (segments["Customers"] > 1)])
    return sentence(text if shares else "", shares=shares)


def relative(segments: pd.DataFrame) -> pd.DataFrame:
    """Each segment's means as multiples of the average customer's (what is per order: of the average order's)."""
    means = segments.filter(list(PROFILE_ROWS)).filter(regex="_Mean$|Order")
    orders = segments["Customers"] * segments["Frequency_Mean"] + 1e-9
    weights = {name: orders if "Order" in name else segments["Customers"] for name in means}
    average = pd.Series({name: np.average(means[name].fillna(0), weights=weights[name]) for name in means})
    return (means + (average == 0)).div(average.replace(0, 1)).round(6)


def gini(values: pd.Series) -> float:
    """Gini coefficient: 0 when all spend the same, near 1 when one customer spends everything.

    >>> gini(pd.Series([0, 0, 0, 1]))
    0.75
    """
    ordered = np.sort(values.to_numpy(float))
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum())) if ordered.any() else 0.0


def engagement_levels(customers: pd.DataFrame) -> pd.DataFrame | LeftOut:
    """Share of each engagement level (across) within each segment (down), of customers whose level is known."""
    if not present(customers, ["Engagement_Score"]):
        return LeftOut("engagement by segment, the file has no sessions, clicks or wishlist adds")
    level = pd.Categorical(customers["Engagement_Level"], LEVELS)
    sizes = customers.groupby(["Segment_Name", level], observed=False).size().unstack()
    return sizes.div(sizes.sum(axis=1), axis=0).round(3)


def cart_abandonment(customers: pd.DataFrame) -> pd.DataFrame | LeftOut:
    """Mean rate of abandoned carts (0-100) by segment with its 95 % interval: mean, low, high, n."""
    if not present(customers, ["Cart_Abandon_Rate"]):
        return LeftOut("cart abandonment by segment, the file has no `Cart_Abandon_Rate`")
    return mean_interval(customers["Cart_Abandon_Rate"], customers["Segment_Name"])


def who_abandons(abandoned: pd.DataFrame) -> Sentence:
    """The segments that abandon most and least of their carts, if they differ by a point."""
    mean = abandoned["mean"]
    others = "{least} {low:.0f} %" if mean.max() - mean.min() >= 1 else "others as many"
    numbers = {"most": mean.idxmax(), "high": mean.max(), "least": mean.idxmin(), "low": mean.min()}
    return sentence("{most} abandon {high:.0f} % of their carts, " + others, **numbers)


def check(segments: pd.DataFrame, criteria: Criteria, lead: float, rand: float, doubts: list[str]) -> pd.DataFrame:
    """Criterion, what was Found (a Sentence), and whether that is enough: Met is "yes" or "NO".

    lead: silhouette above that of shuffled columns; rand: mean adjusted Rand index over pairs of resamples.
    """
    share, size, jaccard = segments[["Customer_Share", "Customers", "Stability_Jaccard"]].min()
    spend = segments["Monetary_Capped"]
    step = (spend / spend.shift(-1).clip(lower=1e-9)).min()
    rows = [
        ("Large enough", "smallest {x:%}", share, share >= criteria.smallest_share),
        ("Reachable", "smallest {x:#} customers", size, size >= criteria.smallest_size),
        ("Distinct", "silhouette {x:+.3f} against shuffled columns", lead, lead >= criteria.silhouette_lead),
        ("Stable", "mean adjusted Rand index {x:.3f}", rand, rand >= criteria.rand),
        ("Each one stable", "lowest Jaccard index {x:.3f}", jaccard, jaccard >= criteria.jaccard),
        ("Ordered in value", "smallest step x{x:.2f}", step, step >= criteria.value_step),
        ("Worth its name", "{x} doubts" if doubts else "no doubts", len(doubts), not doubts),
    ]
    found = [(name, sentence(template, x=x), "yes" if met else "NO") for name, template, x, met in rows]
    return pd.DataFrame(found, columns=["Criterion", "Found", "Met"])


def reading(segments: pd.DataFrame, verdicts: pd.DataFrame) -> Sentence:
    """Whether the criteria are met, and what the two best segments bring."""
    failed = verdicts.loc[verdicts["Met"] == "NO", "Criterion"].str.lower().to_list()
    verdict = "fails on: {failed:&}" if failed else "meets every criterion that chapter 1 fixed"
    best = segments.loc[[VIP, LOYAL]]
    return sentence(
        "**What this tells us.** The segmentation " + verdict + ". {best:&} together are {people:%} of customers and "
        "{revenue:%} of revenue.",
        failed=failed,
        best=[VIP, LOYAL],
        people=best["Customer_Share"].sum(),
        revenue=best["Revenue_Share"].sum(),
    )


def share_ratio(customers: pd.DataFrame, name: str) -> tuple[float, float, float]:
    """Share of revenue over share of customers of one segment, with its 95 % interval (delta method)."""
    spend = customers["Monetary"]
    if not spend.any():
        return 1.0, 1.0, 1.0
    member = customers["Segment_Name"] == name
    revenue = spend[member].sum() / spend.sum()
    ratio = revenue / member.mean()
    influence = spend / spend.mean() * (member - revenue) - ratio * (member - member.mean())
    half = 1.96 * influence.std(ddof=0) / member.mean() / np.sqrt(len(spend))
    return ratio, ratio - half, ratio + half


def goes_with_spend(engagement_score: pd.Series, spend: pd.Series) -> tuple:
    """Statistic and verdict of a claim that engagement goes with value; no verdict where no correlation can be had."""
    rho, low, high = spearman(engagement_score, spend)
    word = f"holds {strength(rho)}" if low > 0.1 else "does not hold"
    statistic = sentence("rank correlation {rho:.2f} ({low:.2f} to {high:.2f})", rho=rho, low=low, high=high)
    return statistic, None if np.isnan(rho) else word


def main_claims(customers: pd.DataFrame, engagement_parts: list[str]) -> pd.DataFrame:
    """The claims of the study, one a row: Statistic (a Sentence with a 95 % interval) and Verdict."""
    ratio, low, high = share_ratio(customers, VIP)
    times = sentence("x{x:.2f} their share of customers (x{low:.2f} to x{high:.2f})", x=ratio, low=low, high=high)
    more = "holds, far above" if low > 2 else "holds, above" if low > 1 else "does not hold"
    at_risk = customers["Segment_Name"].eq(AT_RISK)
    bottom, top = wilson(at_risk.sum(), len(at_risk))
    share = sentence("{x:%} ({low:%} to {high:%})", x=at_risk.mean(), low=bottom, high=top)
    majority = "holds" if bottom > 0.5 else "does not hold" if top < 0.5 else "cannot be decided"
    claims = {
        f"{VIP} bring more than their share of revenue": (times, more),
        f"Most are {AT_RISK}": (share, majority),
        "Engagement goes with value": goes_with_spend(customers["Engagement_Score"], customers["Monetary"]),
    }
    if "Session_Count" in customers:  # sessions contain the visits in which orders were placed
        rest = engagement(customers, [part for part in engagement_parts if part != "Session_Count"])
        claims["The same without sessions"] = goes_with_spend(rest["Engagement_Score"], customers["Monetary"])
    table = pd.DataFrame.from_dict(claims, orient="index", columns=["Statistic (95 % interval)", "Verdict"])
    return table.dropna().rename_axis("Claim")


def effect_word(effect: float) -> str:
    """An epsilon squared in words.

    >>> effect_word(0.2)
    'large'
    """
    return [word for word, step in STEPS.items() if effect >= step][-1]


def kruskal(values: pd.Series, groups: pd.Series) -> tuple[float, float, float]:
    """Kruskal-Wallis H, p-value and effect size epsilon squared (0-1; Tomczak and Tomczak 2014)."""
    parts = [part for _, part in values.dropna().groupby(groups, observed=True)]
    if len(parts) < 2 or values.nunique() < 2:
        return 0.0, 1.0, 0.0
    h, p = stats.kruskal(*parts)
    return h, p, h / (values.count() - 1)


def segment_tests(customers: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Does a column that played no part in the clustering differ by segment? One a row, Holm over all of them."""
    known = present(customers, list(TESTED))
    rows = [kruskal(customers[name], customers["Segment_Name"]) for name in known]
    table = pd.DataFrame(rows, [TESTED[name] for name in known], [H, P, EFFECT]).rename_axis("Column")
    table[P] = multipletests(table[P], method="holm")[1]
    words = [f"differs, {effect_word(effect)} effect" for effect in table[EFFECT]]
    return table.assign(Verdict=np.where((table[P] < alpha) & (table[EFFECT] >= STEPS["small"]), words, FLAT))


def p_value(p: float) -> Sentence:
    """A p-value as it is shown."""
    return sentence("< 0.001" if p < 0.001 else "{p:.3f}", p=p)


def findings(claims: pd.DataFrame, tests: pd.DataFrame, abandoned: pd.DataFrame | LeftOut) -> list[Sentence]:
    """Each claim with its verdict, carts by segment, and what makes no difference."""
    line = "{claim}: {verdict} - {statistic}."
    found = [sentence(line, claim=c, statistic=s, verdict=v) for c, s, v in claims.itertuples(name=None)]
    if not isinstance(abandoned, LeftOut):
        rates = each("{name} {value:.1f} %", abandoned["mean"].dropna().sort_values(ascending=False, kind="stable"))
        carts = tests.loc["Cart abandonment", "Verdict"]
        found.append(sentence("Cart abandonment by segment: {carts} - {rates:, }.", carts=carts, rates=rates))
    flat = tests.index[tests["Verdict"] == FLAT]
    if len(flat):
        found.append(sentence("No difference worth acting on: {flat:&}.", flat=[name.lower() for name in flat]))
    return found
