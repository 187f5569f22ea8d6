"""Who is in each segment: profiles, doubts about names, the criteria, and what can be said of size and revenue."""

import itertools

import numpy as np
import pandas as pd

from segmentation.decisions import Criteria
from segmentation.evidence import Choice
from segmentation.exploring import wilson
from segmentation.features import cut_points, present
from segmentation.problems import LeftOut
from segmentation.seasons import Seasons
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP
from segmentation.words import Sentence, each, sentence

PROFILE_ROWS = {  # column of the profile table: (label, how it is written)
    "Customers": ("Customers", "{x:#}"),
    "Customer_Share": ("Share of customers", "{x:%}"),
    "Customer_Share_Low": ("Lowest share at a quarter end", "{x:%}"),
    "Customer_Share_High": ("Highest share at a quarter end", "{x:%}"),
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
    "Stability_Jaccard": ("Comes back on resamples (Jaccard)", "{x:.3f}"),
    "Boundary_Share": ("On a boundary", "{x:%}"),
}
NOT_SHOWN = [  # only in the file
    "Recency_Mean",
    "Frequency_Mean",
    "Monetary_Capped",
    "Largest_Share",
    "Stability_Jaccard",
    "Boundary_Share",
]
ONE_CUSTOMER = 0.5  # of a segment's revenue from one customer, above which its mean is that customer
LIKE = 1.05  # means closer than this count as equal, whichever is ahead
BESIDE = "{x:.3f}; without groups {bar:.3f}, shuffled {mixed:.3f}"


def describe(customers: pd.DataFrame, stability: pd.Series, boundary: pd.Series, cap: float, by_date) -> pd.DataFrame:
    """One row per segment, the columns of PROFILE_ROWS as far as the table knows them; cap: quantile of spend.

    by_date: seasons.Seasons, or LeftOut where only one day is known.
    """
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
    if not isinstance(by_date, LeftOut):
        table[["Customer_Share_Low", "Customer_Share_High"]] = by_date.range[["low", "high"]]
    return table[[column for column in PROFILE_ROWS if column in table]].rename_axis("Segment_Name")


def as_rows(segments: pd.DataFrame) -> pd.DataFrame:
    """The profile table as it is shown: a measure a row, each cell a Sentence."""
    rows = {}
    for column, values in segments.filter(list(PROFILE_ROWS)).drop(columns=NOT_SHOWN, errors="ignore").items():
        label, template = PROFILE_ROWS[column]
        cells = [sentence(template, x=x) for x in values]
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


def lapsed(customers: pd.DataFrame, criteria: Criteria) -> list[Sentence]:
    """What is to be said of At-Risk who are mostly gone: as many as criteria say ordered once, and too long ago.

    An order of recency tells who is worse off than whom; whether there is anybody left to keep, it does not tell.
    """
    at_risk = customers[customers["Segment_Name"] == AT_RISK]
    gone = ((at_risk["Frequency"] <= 1) & (at_risk["Recency"] > criteria.lapsed_days)).mean()
    text = "{name} are mostly lapsed: {gone:%} ordered once at most, more than {days} days ago"
    said = sentence(text, name=AT_RISK, gone=gone, days=criteria.lapsed_days)
    return [said] if gone >= criteria.lapsed_share else []


def names_fit(doubts: list[str], lapsed: list[Sentence]) -> Sentence:
    """What the doubts come to, and whether At-Risk are mostly gone."""
    text = "Each segment is what its name says: spend, orders and recency fall into the order that the names promise."
    if doubts:
        text = "> **Warning: the names do not fit these data well.** {doubts:; }. "
        text += "The files keep the four names; read the first two as ranks by spend, the last two by last order."
    text += " But {lapsed:; }." if lapsed else ""
    return sentence(text, doubts=doubts, lapsed=lapsed)


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


def check(segments: pd.DataFrame, criteria: Criteria, choice: Choice, doubts: list[str]) -> pd.DataFrame:
    """Criterion, what was Found (a Sentence), and whether that is enough: Met is "yes" or "NO".

    choice: what four clusters reach here and in tables without groups; NaN is not met.
    """
    share, size, jaccard = segments[["Customer_Share", "Customers", "Stability_Jaccard"]].min()
    spend = segments["Monetary_Capped"]
    step = (spend / spend.shift(-1).clip(lower=1e-9)).min()
    lowest = choice.bar("jaccard", criteria.percentile)
    weakest = sentence(BESIDE, x=jaccard, bar=lowest, mixed=choice.shuffled["jaccard"])
    found = [
        ("Large enough", sentence("smallest {x:%}", x=share), share >= criteria.smallest_share),
        ("Reachable", sentence("smallest {x:#} customers", x=size), size >= criteria.smallest_size),
        ("Distinct", beside(choice, "silhouette", criteria), choice.beyond("silhouette", criteria)),
        ("Stable", beside(choice, "rand", criteria), choice.beyond("rand", criteria)),
        ("Each one stable", weakest, jaccard > lowest),
        ("Ordered in value", sentence("smallest step x{x:.2f}", x=step), step >= criteria.value_step),
        ("Worth its name", sentence("{x:# doubt}" if doubts else "no doubts", x=len(doubts)), not doubts),
    ]
    table = pd.DataFrame(found, columns=["Criterion", "Found", "Met"])
    return table.assign(Met=np.where(table["Met"].astype(bool), "yes", "NO"))


def beside(choice: Choice, measure: str, criteria: Criteria) -> Sentence:
    """A measure of the four segments beside its yardsticks."""
    bar, mixed = choice.bar(measure, criteria.percentile), choice.shuffled[measure]
    return sentence(BESIDE, x=choice.of(measure), bar=bar, mixed=mixed)


def reading(segments: pd.DataFrame, verdicts: pd.DataFrame) -> Sentence:
    """Whether the criteria are met, and what the two best segments bring."""
    failed = verdicts.loc[verdicts["Met"] == "NO", "Criterion"].str.lower().to_list()
    verdict = "fails on: {failed:&}" if failed else "meets every limit set for it"
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


def on_share(customers: pd.DataFrame) -> Sentence:
    """Whether the best segment brings more than its share of revenue, with a 95 % interval."""
    ratio, low, high = share_ratio(customers, VIP)
    text = "{vip} bring {ratio:.1f} times as much revenue as their number would suggest ({low:.1f} to {high:.1f})"
    more = "" if low > 1 else ": that is not more than their share"
    return sentence(text + more, vip=VIP, ratio=ratio, low=low, high=high)


def on_majority(customers: pd.DataFrame, by_date: Seasons | LeftOut) -> Sentence:
    """Whether most customers are At-Risk: over a year where the log tells, else on the day of the export."""
    at_risk = customers["Segment_Name"].eq(AT_RISK)
    if isinstance(by_date, LeftOut):
        low, high = wilson(at_risk.sum(), len(at_risk))
        most = "Most customers are" if low > 0.5 else "Not most customers are" if high < 0.5 else "About half are"
        text = most + " {name} ({share:%}; {low:%} to {high:%}) on the day of the export"
        return sentence(text, name=AT_RISK, share=at_risk.mean(), low=low, high=high)
    year = by_date.year[AT_RISK]
    often = (year > 0.5).sum()
    always = "Most customers are {name} all year" if often == len(year) else "At no time of the year are most {name}"
    text = always if often in (0, len(year)) else "Whether most customers are {name} depends on the season"
    text += " ({low:%0} to {high:%0} at the last {n:# quarter end})"
    return sentence(text, name=AT_RISK, low=year.min(), high=year.max(), n=len(year))
