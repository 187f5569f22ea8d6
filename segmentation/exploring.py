"""What customers look like before anyone groups them: shapes, rank correlations, response, tiers, scores."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from segmentation.features import cut_points, draw, present
from segmentation.problems import LeftOut
from segmentation.vocabulary import ENGAGEMENT, MIN_VALUES, OPTIONAL, RFM, TIER
from segmentation.words import Sentence, plural, sentence, short

RANKED = 100_000  # customers behind rank correlations
MOST_TIERS = 12  # more different labels are no tiers
TIED = 0.3  # of customers with one score: half as many again as a fifth
PER_ORDER = ["Session_Count", "Pages_Viewed", "Clicks", "Engagement_Score", "Returns", "Cart_Abandon_Rate"]
BY_CONSTRUCTION = {  # column: columns whose correlation with it says little
    "Monetary": ["Frequency", "Avg_Order_Value", *PER_ORDER],  # spend is orders times order value
    "Frequency": PER_ORDER,  # an order takes a session with its pages and clicks, can be returned, and leaves no cart
    "Session_Count": ["Pages_Viewed", "Clicks"],  # both happen in sessions
    "Pages_Viewed": ["Clicks"],
    "Engagement_Score": ["Session_Count", "Clicks", "Wishlist_Adds", "Pages_Viewed"],  # the last grows with its parts
}


class Correlation(NamedTuple):
    """A rank correlation with its 95 % interval."""

    rho: float
    low: float
    high: float

    @property
    def relation(self) -> str:
        """What the two do, in words."""
        return relation(self.rho)


def spearman(one: pd.Series, other: pd.Series) -> Correlation:
    """Rank correlation with its 95 % interval (Fisher's z, standard error after Bonett and Wright 2000).

    Without a width where it is 1 or rests on fewer than MIN_VALUES pairs; NaN where a column does not differ.
    """
    both = pd.concat([one, other], axis=1).dropna()
    rho = float(both.corr(method="spearman").iloc[0, 1])
    if len(both) < MIN_VALUES or not abs(rho) < 1:
        return Correlation(rho, rho, rho)
    half = 1.96 * np.sqrt((1 + rho**2 / 2) / (len(both) - 3))
    return Correlation(rho, float(np.tanh(np.arctanh(rho) - half)), float(np.tanh(np.arctanh(rho) + half)))


def strength(rho: float) -> str:
    """A correlation in words.

    >>> strength(-0.65), strength(0.3), strength(0.05)
    ('strongly', 'moderately', 'hardly')
    """
    steps = ((0.6, "strongly"), (0.3, "moderately"), (0.1, "weakly"))
    return next((word for step, word in steps if abs(rho) >= step), "hardly")


def relation(rho: float) -> str:
    """What two columns do, in words.

    >>> relation(-0.4)
    'run moderately against each other'
    """
    if not abs(rho) >= 0.1:
        return "have hardly anything to do with each other"
    return f"go {strength(rho)} together" if rho > 0 else f"run {strength(rho)} against each other"


def wilson(hits, trials) -> tuple:
    """95 % interval of a share (Wilson 1927): (low, high), numbers or arrays like hits and trials.

    >>> np.round(wilson(10, 100), 4).tolist()
    [0.0552, 0.1744]
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # of nobody nothing is known: NaN
        return proportion_confint(hits, trials, method="wilson")


def mean_interval(values: pd.Series, groups: pd.Series) -> pd.DataFrame:
    """Mean per group with its 95 % interval (normal approximation) and the number of values: mean, low, high, n."""
    table = values.groupby(groups, observed=False).agg(mean="mean", sd="std", n="count")
    half = 1.96 * table["sd"] / np.sqrt(table["n"])
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)[["mean", "low", "high", "n"]]


def top_share(spend: pd.Series) -> float:
    """Share of spend that the top fifth of customers brings.

    >>> top_share(pd.Series([8, 1, 1, 0, 0]))
    0.8
    """
    return float(spend.nlargest(max(1, len(spend) // 5)).sum() / (spend.sum() or 1))


@dataclass(frozen=True)
class Pairs:
    """Rank correlations of pairs of columns."""

    rho: pd.DataFrame  # column by column
    expected: pd.DataFrame  # of the same shape: True where a correlation is so by construction
    compared: int  # customers
    customers: int

    @property
    def finding(self) -> Sentence:
        """What the strongest pair does."""
        pair, rho = strongest(self).iloc[0]
        words = f"{pair.capitalize()} {relation(rho)}"
        return sentence("{words} (rank correlation {rho:.2f}, the largest)", words=words, rho=rho)


def strongest(pairs: Pairs) -> pd.DataFrame:
    """The five strongest pairs that are not so by construction: Pair, Rank correlation."""
    wanted = np.triu(~pairs.expected, 1)
    rho = pairs.rho.where(wanted).stack().dropna().sort_index()
    rho = rho.sort_values(key=lambda values: -values.abs(), kind="stable")
    names = [f"{one} and {other}".replace("_", " ") for one, other in rho.index]
    return pd.DataFrame({"Pair": names, "Rank correlation": rho.to_numpy()}).head(5)


def correlations(customers: pd.DataFrame, seed: int) -> Pairs | LeftOut:
    """Columns that differ between customers, each pair of them on at most RANKED customers."""
    columns = present(customers, [*RFM, *OPTIONAL, ENGAGEMENT[0]])
    columns = [name for name in columns if customers[name].min() < customers[name].max()]
    some = draw(customers, RANKED, seed)
    rho = some[columns].corr(method="spearman").round(3) + 0.0
    table = [[other in BY_CONSTRUCTION.get(one, ()) for other in columns] for one in columns]
    expected = np.array(table, bool).reshape(len(columns), len(columns))
    pairs = Pairs(rho, pd.DataFrame(expected | expected.T, columns, columns), len(some), len(customers))
    return pairs if len(strongest(pairs)) else LeftOut("rank correlations need two columns that differ")


def quartiles(spend: pd.Series, groups) -> pd.DataFrame:
    """Quartiles of spend by group: low, mid, high."""
    return spend.groupby(groups).quantile([0.25, 0.5, 0.75]).unstack().set_axis(["low", "mid", "high"], axis=1)


@dataclass(frozen=True)
class Tiers:
    """The shop's own loyalty tiers."""

    highest: str  # the tier with the highest median spend
    outside: float  # share of the top tenth of spenders that are not in it


def loyalty_tiers(customers: pd.DataFrame) -> Tiers | LeftOut:
    """What the shop's own loyalty tier knows of spend."""
    labels = customers[TIER] if present(customers, [TIER]) else pd.Series(dtype=str)
    labels = labels[labels.notna() & labels.ne("")]
    if not 2 <= labels.nunique() <= MOST_TIERS:
        found = f"; `{TIER}` has {plural(labels.nunique(), 'different value')}" if len(labels) else ""
        return LeftOut(f"this needs a loyalty tier with 2 to {MOST_TIERS} values{found}")
    spend = customers.loc[labels.index, "Monetary"]
    highest = quartiles(spend, labels).sort_values(["mid", "low"]).index[-1]
    best = spend >= cut_points(customers["Monetary"], [0.9])[0]
    return Tiers(short(highest), (labels[best] != highest).mean())


def on_ties(customers: pd.DataFrame) -> Sentence:
    """Which scores are no fifths, because one of them holds more than TIED of all customers."""
    largest = {name: customers[f"{name[0]}_Score"].value_counts(normalize=True).max() for name in RFM}
    tied = [name.lower() for name in RFM if largest[name] > TIED]
    text = "Many customers share one value of {tied:&}, so scores are not fifths there. "
    return sentence(text if tied else "", tied=tied)
