"""What an analyst decides, as the notebook passes it in. No values here: they stand in the notebook, with reasons."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class DataRules:
    """What a file must be like, and what is too little to go on."""

    contract: object  # pandera's DataFrameSchema of a customer table
    most_aside: float  # share of unusable rows above which the file is at fault, not the customers
    log_agreement: float  # share of customers whose R, F and M the order log must reproduce before it is used
    many_once: float  # share of one-time buyers from which RFM hardly pays
    least_months: int  # of history
    few_old: float  # share of customers who bought before the window; more, and the totals are of a lifetime


@dataclass(frozen=True)
class Recipe:
    """How segments are made, at every date alike."""

    cap_quantile: float  # Recency, Frequency and Monetary are capped there, for clustering only
    kmeans: dict  # keyword arguments of scikit-learn's KMeans: n_init, tol, max_iter
    name_order: Callable[[pd.DataFrame], list[int]]  # means of R, F, M by cluster -> clusters in order of SEGMENTS
    seed: int


@dataclass(frozen=True)
class Criteria:
    """What a segmentation must be before money is spent on it."""

    smallest_share: float  # of customers
    smallest_size: int  # customers
    percentile: float  # of tables without groups, beyond which silhouette and stability must be
    value_step: float  # mean spend of a segment over the next lower one's
    lapsed_days: int  # since the only order, from which a customer counts as lapsed
    lapsed_share: float  # of At-Risk, from which they are mostly lapsed


@dataclass(frozen=True)
class Action:
    """What is done for one group of customers."""

    segment: str  # of which its customers are, or from which they slip
    goal: str
    actions: str
    channel: str  # and cadence
    measure: str  # what its test counts per customer: "Orders" or "VIP", see experiments.COUNTED
    success: float  # assumed: of those who would not order (be VIP) by themselves, the share who do because of it

    @property
    def first(self) -> str:
        """Goal and first step."""
        return f"{self.goal}: {self.actions.split(';')[0]}"


@dataclass(frozen=True)
class Belief:
    """What a forecast must be before budgets rest on it."""

    total_off: float  # share of the actual total that the forecast total may be off by
    min_rank: float  # rank correlation of forecast and actual spend
    max_correlation: float  # of frequency and order value, up to which the Gamma-Gamma model is shown


@dataclass(frozen=True)
class Assumptions:
    """Numbers that no data gave: put your own."""

    margin: float  # of spend left after goods, shipping and payment
    discount_rate: float  # a year
    overdue_from: float  # times the usual gap between a customer's orders, from which he is overdue
    horizon_months: int  # how far ahead value looks
    keep_from: float  # adjusted Rand index with a refit from which the frozen model is kept
    alpha: float  # false alarms of a test
    power: float  # chance that a test finds a lift that is there

    @property
    def kept_of_spend(self) -> float:
        """Margin of the spend of the months ahead, discounted by half of them, because it comes bit by bit."""
        return self.margin / (1 + self.discount_rate) ** (self.horizon_months / 24)


@dataclass(frozen=True)
class EarlyGuess:
    """When the segment of a new customer is guessed, and which one."""

    days: int  # of history that the guess sees, the day of the first order included
    months: int  # after the first order: the segment then is what is guessed
