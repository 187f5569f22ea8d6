"""What customers do beside buying, twice: among all of them, and among those with the same number of orders.

Who orders more also visits, clicks and leaves carts more, so only the second number says something of behaviour. Ranks
are taken within groups of exactly as many orders and pooled: that asks for no straight line, as a partial correlation
does.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from segmentation.exploring import Correlation, quartiles, strength
from segmentation.features import cut_points, draw, present, score
from segmentation.problems import LeftOut
from segmentation.vocabulary import MIN_VALUES
from segmentation.words import Sentence, sentence, written

COMPARED = 100_000  # customers behind rank correlations and tests
HABITS = {  # not returns: more orders mean more of them by construction; the profile shows them per order
    "Engagement_Score": "Engagement score",
    "Session_Count": "Sessions",
    "Avg_Session_Duration": "Session duration",
    "Pages_Viewed": "Pages viewed",
    "Clicks": "Clicks",
    "Wishlist_Adds": "Wishlist adds",
    "Campaign_Response": "Campaign response",
    "Cart_Abandon_Rate": "Carts abandoned (rate)",
}
STEPS = {"negligible": -np.inf, "small": 0.01, "medium": 0.06, "large": 0.14}  # eta squared in words (Cohen 1988)
LEAST = 0.1  # a rank correlation whose interval does not reach beyond this is no finding


def ranks_within(values: pd.Series, strata: pd.Series) -> pd.Series:
    """Ranks within each stratum, as shares of it and around zero; ties share one.

    >>> ranks_within(pd.Series([5, 7, 1]), pd.Series([1, 1, 2])).tolist()
    [-0.25, 0.25, 0.0]
    """
    groups = values.groupby(strata)
    return (groups.rank() - (groups.transform("count") + 1) / 2) / groups.transform("count")


def correlation(one: pd.Series, other: pd.Series, strata: pd.Series) -> Correlation:
    """Rank correlation (Spearman) within strata, pooled, with its 95 % interval; one stratum: the ordinary one.

    Fisher's z, standard error after Bonett and Wright (2000), of as many customers as differ within their stratum.
    """
    known = pd.concat([one, other, strata], axis=1, keys=["one", "other", "strata"]).dropna()
    x, y = (ranks_within(known[name], known["strata"]) for name in ("one", "other"))
    size = len(known) - known["strata"].nunique()
    spread = np.sqrt((x**2).sum() * (y**2).sum())
    if size < MIN_VALUES or not spread:
        return Correlation(np.nan, np.nan, np.nan)
    rho = float((x * y).sum() / spread)
    half = 1.96 * np.sqrt((1 + rho**2 / 2) / (size - 3))
    centre = np.arctanh(np.clip(rho, -0.999999, 0.999999))
    return Correlation(rho, float(np.tanh(centre - half)), float(np.tanh(centre + half)))


class Difference(NamedTuple):
    """How a column differs between groups."""

    p: float
    effect: float  # epsilon squared, 0 to 1: share of the ranks' spread that lies between the groups


def difference(values: pd.Series, groups: pd.Series, strata: pd.Series) -> Difference:
    """Do ranks differ between groups within strata? One stratum: the Kruskal-Wallis test.

    The mean score test of Cochran, Mantel and Haenszel (Landis, Heyman and Koch 1978) on ranks; epsilon squared after
    Tomczak and Tomczak (2014).
    """
    known = pd.DataFrame({"value": values, "group": groups.astype(object), "strata": strata}).dropna()
    known["rank"] = ranks_within(known["value"], known["strata"])
    cells = known.groupby(["strata", "group"])["rank"].agg(["size", "sum"]).unstack(fill_value=0)
    sizes, sums = cells["size"].to_numpy(float), cells["sum"].to_numpy(float).sum(axis=0)
    members = sizes.sum(axis=1)
    squares = (known["rank"] ** 2).groupby(known["strata"]).sum().to_numpy()
    spread = squares / np.maximum(members - 1, 1)
    apart = np.diag(spread @ sizes) - (sizes * (spread / members)[:, None]).T @ sizes
    free = np.linalg.matrix_rank(apart)
    left = len(known) - len(members)
    if not free or left < MIN_VALUES:
        return Difference(1.0, 0.0)
    statistic = float(sums @ np.linalg.pinv(apart, hermitian=True) @ sums)
    return Difference(float(stats.chi2.sf(statistic, free)), statistic / left)


@dataclass(frozen=True)
class Habits:
    """How behaviour goes with spend; a row a column of HABITS that the table has."""

    raw: pd.DataFrame  # rho, low, high among all customers
    same: pd.DataFrame  # the same among customers with the same number of orders
    compared: int  # customers

    @property
    def holds(self) -> pd.Series:
        """Whether a column goes with spend at the same number of orders: its interval lies beyond LEAST."""
        return (self.same["low"] > LEAST) | (self.same["high"] < -LEAST)


def with_spend(customers: pd.DataFrame, seed: int) -> Habits | LeftOut:
    """Rank correlations of behaviour with Monetary, raw and at the same number of orders, on at most COMPARED."""
    some = draw(customers, COMPARED, seed)
    everybody = pd.Series(0, some.index)
    spend, orders = some["Monetary"], some["Frequency"]
    known = present(some, list(HABITS))
    raw = pd.DataFrame([correlation(some[name], spend, everybody) for name in known], known, Correlation._fields)
    same = pd.DataFrame([correlation(some[name], spend, orders) for name in known], known, Correlation._fields)
    told = raw["rho"].notna() & same["rho"].notna()
    if not told.any():
        return LeftOut("how behaviour goes with spend, no column of it differs among customers with as many orders")
    return Habits(raw[told], same[told], len(some))


def shown(habits: Habits) -> pd.DataFrame:
    """The two rank correlations side by side, and what follows from the second."""
    table = pd.DataFrame({"raw": habits.raw["rho"]}).join(habits.same)
    text = {"All customers": "{raw:z.2f}", "With the same number of orders": "{rho:z.2f} ({low:z.2f} to {high:z.2f})"}
    words = [verdict(rho, holds) for rho, holds in zip(habits.same["rho"], habits.holds, strict=True)]
    cells = written(table, text).assign(**{"At the same number of orders": words})
    return cells.rename(index=HABITS).rename_axis("With spend, rank correlation")


def verdict(rho: float, holds: bool) -> str:
    """What a correlation at the same number of orders says, in words.

    >>> verdict(-0.35, True), verdict(0.05, False)
    ('moderately less spend', 'no finding')
    """
    return f"{strength(rho)} {'more' if rho > 0 else 'less'} spend" if holds else "no finding"


def finding(habits: Habits) -> Sentence:
    """What engagement, or else the clearest column, has to do with spend."""
    name = "Engagement_Score" if "Engagement_Score" in habits.same.index else habits.same["rho"].abs().idxmax()
    raw, same = habits.raw["rho"][name], habits.same["rho"][name]
    text = "{what} and spend: rank correlation {raw:z.2f} among all, {same:z.2f} at the same number of orders"
    return sentence(text, what=HABITS[name], raw=raw, same=same)


def reading(habits: Habits) -> Sentence:
    """Which columns go with spend beyond the number of orders, and which do not."""
    yes, no = ([HABITS[name].lower() for name in habits.holds.index[habits.holds == holds]] for holds in (True, False))
    parts = []
    if yes:
        parts.append(sentence("At the same number of orders, {yes:&} still go with what they spend", yes=yes))
    if no:
        parts.append(sentence("nothing of the kind can be said of {no:&}", no=no))
    return sentence("{parts:; }.", parts=parts)


@dataclass(frozen=True)
class Engaged:
    """Spend as engagement grows: quartiles (low, mid, high) by tenth of the engagement score."""

    spend: pd.DataFrame  # of spend, among all customers
    same: pd.DataFrame  # of spend over the median of those with as many orders, by tenth among these


def engaged_spend(customers: pd.DataFrame) -> Engaged | LeftOut:
    """Spend by tenth of the engagement score, among all customers and among those with the same number of orders."""
    known = customers.dropna(subset=["Engagement_Score"])
    orders, spend = known["Frequency"], known["Monetary"]
    place = ranks_within(known["Engagement_Score"], orders)
    if len(known) < MIN_VALUES or known["Engagement_Score"].nunique() < 2 or not place.any():
        return LeftOut("no engagement in the file, or no differences in it")
    usual = spend.groupby(orders).transform("median")
    tenth = np.ceil(10 * (place[usual > 0] + 0.5)).clip(1, 10).astype(int)
    tenths = score(known["Engagement_Score"], cut_points(known["Engagement_Score"], np.arange(0.1, 1, 0.1)))
    return Engaged(quartiles(spend, tenths), quartiles((spend / usual)[usual > 0], tenth))


def effect_word(effect: float) -> str:
    """An epsilon squared in words.

    >>> effect_word(0.2)
    'large'
    """
    return [word for word, step in STEPS.items() if effect >= step][-1]


def by_segment(customers: pd.DataFrame, alpha: float, seed: int) -> pd.DataFrame | LeftOut:
    """Does behaviour differ by segment? A row a column: raw and same (epsilon squared), p (of same, Holm), differs.

    differs: beyond chance and at least a small effect, at the same number of orders.
    """
    some = draw(customers, COMPARED, seed)
    known = [name for name in present(some, list(HABITS)) if some[name].min() < some[name].max()]
    if not known:
        return LeftOut("behaviour by segment, the file has no column of it")
    everybody, segment = pd.Series(0, some.index), some["Segment_Name"]
    raw = [difference(some[name], segment, everybody).effect for name in known]
    same = [difference(some[name], segment, some["Frequency"]) for name in known]
    table = pd.DataFrame(same, known).rename(columns={"effect": "same"}).assign(raw=raw)
    table["p"] = multipletests(table["p"], method="holm")[1]
    return table.assign(differs=(table["p"] < alpha) & (table["same"] >= STEPS["small"]))


def segments_shown(differences: pd.DataFrame) -> pd.DataFrame:
    """The effects of the segments side by side, in words as well."""
    table = differences.rename(index=HABITS).rename_axis("Differences explained by segment")
    cells = written(table, {"All customers": "{raw:%}", "With the same number of orders": "{same:%}"})
    words = [effect_word(effect) if differs else "no finding" for effect, differs in table[["same", "differs"]].values]
    return cells.assign(**{"At the same number of orders": words})


def carts(customers: pd.DataFrame) -> pd.DataFrame | LeftOut:
    """By segment: the mean rate of abandoned carts (0-100), and how many carts a customer left, on average.

    rate = left / (left + orders), so left = orders * rate / (100 - rate); who ordered nothing or left all is unknown.
    """
    if not present(customers, ["Cart_Abandon_Rate"]):
        return LeftOut("cart abandonment by segment, the file has no `Cart_Abandon_Rate`")
    rate = customers["Cart_Abandon_Rate"]
    left = (customers["Frequency"] * rate / (100 - rate)).where((rate < 100) & (customers["Frequency"] > 0))
    table = pd.DataFrame({"rate": rate, "left": left, "segment": customers["Segment_Name"]})
    return table.groupby("segment", observed=False)[["rate", "left"]].mean()


def carts_finding(left: pd.DataFrame) -> Sentence:
    """Who abandons the largest share of carts, and who leaves most of them."""
    rates, numbers = left["rate"].dropna(), left["left"].dropna()
    text = "{high} abandon {rate:.0f} % of their carts, {low} {least:.0f} %; counted in carts, {most} leave most"
    share = {"high": rates.idxmax(), "rate": rates.max(), "low": rates.idxmin(), "least": rates.min()}
    return sentence(text, most=numbers.idxmax() if len(numbers) else "nobody is known to", **share)


def on_carts(differences: pd.DataFrame) -> Sentence:
    """Whether segments differ in carts by more than their orders; differences: see by_segment."""
    more = "Carts: at the same number of orders, the segments still differ in what they abandon."
    none = (
        "Carts: at the same number of orders, the segments hardly differ in what they abandon. The rate falls "
        "because orders grow, so a segment's rate alone is no reason to act."
    )
    if "Cart_Abandon_Rate" not in differences.index:
        return sentence("")
    return sentence(more if differences.loc["Cart_Abandon_Rate", "differs"] else none)


def on_segments(differences: pd.DataFrame) -> Sentence:
    """In which columns segments differ by more than their number of orders."""
    names = [HABITS[name].lower() for name in differences.index[differences["differs"]]]
    text = "At the same number of orders, segments still differ in {names:&}"
    if not names:
        text = "At the same number of orders, segments differ in no behaviour that is worth acting on"
    return sentence(text, names=names)
