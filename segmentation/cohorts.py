"""Who joined when, what they did since, and where they stood later: what the early guess learns from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.clusters import Model, place
from segmentation.decisions import EarlyGuess
from segmentation.problems import LeftOut
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, count, plural, sentence

TEST_MONTHS = 12  # the test customers joined in a whole year, so that every season is in it
WARM_UP_DAYS = 90  # a first order in the log's first days may be an older customer's next one
MIN_JOINERS = 200  # in training and in test; fewer say nothing
MIN_CLASS = 30  # a segment that fewer joiners reach, in training or test, is guessed together with its neighbour
MAX_JOINERS = 50_000  # with a known outcome; more change nothing but the time


@dataclass(frozen=True)
class Joiners:
    """Customers whose first order the log shows, and what they did since."""

    table: pd.DataFrame  # see cohort_table; Reached: cluster after guess.months; Class: rare ones together; Now: class
    orders: pd.DataFrame  # see since_joining
    names: list[str]  # of the classes, the best first
    guess: EarlyGuess
    snapshot: pd.Timestamp
    seed: int

    def history(self, days: int, cohort: str) -> pd.DataFrame:
        """See early_history; money in the median first basket of a cohort."""
        basket = first_baskets(self.orders)[self.table[cohort]].median()
        return early_history(self.orders, days, basket or 1.0)


def first_orders(log: pd.DataFrame) -> pd.Series:
    """The day of every customer's first order (refunds are none), by Customer_ID, sorted."""
    return log[log["Amount"] >= 0].groupby("Customer_ID", observed=True)["Order_Date"].min().sort_index()


def cohort_table(log: pd.DataFrame, snapshot: pd.Timestamp, guess: EarlyGuess, seed: int) -> pd.DataFrame:
    """First_Order of who joined after the warm-up, by Customer_ID, and whether they are Known, Train, Test, New.

    Known: the outcome, guess.months after joining, is known at the snapshot (a sample). Test: who joined in the last
    TEST_MONTHS of these. Train: whose outcome was known before the test began. New: who joined in the last guess.days.
    """
    ahead = pd.DateOffset(months=guess.months)
    test_from = snapshot - pd.DateOffset(months=guess.months + TEST_MONTHS)
    joined = first_orders(log).loc[lambda day: day >= log["Order_Date"].min() + pd.Timedelta(days=WARM_UP_DAYS)]
    known = joined[joined < snapshot - ahead]
    new = joined[joined >= max(snapshot - ahead, snapshot - pd.Timedelta(days=guess.days))]
    known = known.sample(min(len(known), MAX_JOINERS), random_state=seed)
    joined = pd.concat([known, new]).sort_index()
    table = pd.DataFrame({"First_Order": joined, "Known": joined.index.isin(known.index)})
    table["Train"] = joined < test_from - ahead
    table["Test"] = table["Known"] & (joined >= test_from)
    return table.assign(New=~table["Known"])


def mistaken(log: pd.DataFrame, cut: pd.Timestamp, months: int) -> float:
    """Share of seeming joiners who had ordered before `cut`, had the log begun there: how wrong a first order may be.

    Seeming joiners: first order since `cut`, after the warm-up and in the first `months` months.
    """
    firsts = first_orders(log[log["Order_Date"] >= cut])
    seeming = firsts[firsts.between(cut + pd.Timedelta(days=WARM_UP_DAYS), cut + pd.DateOffset(months=months))]
    before = log.loc[(log["Order_Date"] < cut) & (log["Amount"] >= 0), "Customer_ID"]
    return float(seeming.index.isin(before.unique()).mean()) if len(seeming) else 0.0


def since_joining(log: pd.DataFrame, joined: pd.Series) -> pd.DataFrame:
    """The orders of these customers, by Customer_ID: Order_Date, Amount, First_Order, Day (0: of the first order)."""
    orders = log[["Customer_ID", "Order_Date", "Amount"]].join(joined.rename("First_Order"), "Customer_ID", "inner")
    orders["Day"] = (orders["Order_Date"] - orders["First_Order"]).dt.days
    orders = orders[orders["Day"] >= 0].sort_values(["Customer_ID", "Day", "Amount"], kind="stable")
    return orders.set_index("Customer_ID")


def by_customer(column: pd.Series):
    """A column of since_joining, grouped by customer."""
    return column.groupby(level="Customer_ID", observed=True)


def cluster_after(orders: pd.DataFrame, age: pd.DateOffset, model: Model, window: int | None) -> np.ndarray:
    """Cluster of each customer so long after the first order: the model on R, F and M as known before that day."""
    when = orders["First_Order"] + age
    start = when - pd.DateOffset(months=window) if window else orders["First_Order"]
    orders = orders.assign(Ago=(when - orders["Order_Date"]).dt.days, Inside=orders["Order_Date"] >= start)
    past = orders[orders["Ago"] > 0]
    bought = past[past["Amount"] >= 0]
    rfm = {
        "Recency": by_customer(bought["Ago"]).min(),
        "Frequency": by_customer(bought["Inside"]).sum(),
        "Monetary": by_customer(past["Amount"] * past["Inside"]).sum().round(2),
    }
    return place(model, pd.DataFrame(rfm)).cluster


def first_baskets(orders: pd.DataFrame) -> pd.Series:
    """Spend on the day of the first order, by customer."""
    return by_customer(orders.loc[(orders["Day"] == 0) & (orders["Amount"] >= 0), "Amount"]).sum()


def early_history(orders: pd.DataFrame, days: int, basket: float) -> pd.DataFrame:
    """What is known of each customer after `days` days; nothing from day `days` on is used.

    Logarithms of 1 + value: orders, spend and first basket (in typical baskets), mean days between orders (`days` with
    one order), days from first to last; and the month of joining, on a circle.
    """
    seen = orders[orders["Day"] < days]
    bought = by_customer(seen.loc[seen["Amount"] >= 0, "Day"])
    number, span = bought.size(), bought.max()
    known = {
        "Orders": number,
        "Spend": by_customer(seen["Amount"]).sum().clip(lower=0) / basket,
        "First_Basket": first_baskets(seen) / basket,
        "Gap": (span / (number - 1)).where(number > 1, days),
        "Span": span,
    }
    angle = 2 * np.pi * by_customer(seen["First_Order"]).first().dt.month / 12
    return np.log1p(pd.DataFrame(known)).assign(Month_Sin=np.sin(angle), Month_Cos=np.cos(angle))


def classes_of(train: pd.Series, test: pd.Series, least: int = MIN_CLASS) -> list[list[int]]:
    """Neighbouring clusters put together, from the best down, until each class has `least` customers in both.

    >>> classes_of(pd.Series([0, 1, 1, 2]), pd.Series([1, 1, 2, 2]), least=1)
    [[0, 1], [2, 3]]
    """
    classes, waiting = [], []
    for cluster in range(len(SEGMENTS)):
        waiting = [*waiting, cluster]
        if min(train.isin(waiting).sum(), test.isin(waiting).sum()) >= least:
            classes, waiting = [*classes, waiting], []
    return [*classes[:-1], classes[-1] + waiting] if classes else [waiting]


def class_name(clusters: list[int]) -> str:
    """What clusters are called together.

    >>> class_name([0, 1]), class_name([2, 3])
    ('High-Value Loyalists or better', 'Promising Regulars or below')
    """
    if len(clusters) == 1:
        return SEGMENTS[clusters[0]]
    return f"{SEGMENTS[clusters[-1]]} or better" if clusters[0] == 0 else f"{SEGMENTS[clusters[0]]} or below"


def prepare(
    log: pd.DataFrame, snapshot: pd.Timestamp, model: Model, window: int | None, guess: EarlyGuess, seed: int
) -> Joiners | LeftOut:
    """Who joined, what they did and where they stood; left out where there is nothing to learn."""
    table = cohort_table(log, snapshot, guess, seed)
    train, test = table["Train"], table["Test"]
    if min(train.sum(), test.sum()) < MIN_JOINERS:
        found = f"{plural(train.sum(), 'customer')} to learn from, {count(test.sum())} to test on"
        return LeftOut(f"the order log shows too few first orders ({found}; expected {MIN_JOINERS} each)")
    orders = since_joining(log, table["First_Order"])
    table["Reached"] = cluster_after(orders, pd.DateOffset(months=guess.months), model, window)
    classes = classes_of(table.loc[train, "Reached"], table.loc[test, "Reached"])
    if len(classes) < 2:
        return LeftOut(f"nearly all new customers stand in one segment after {guess.months} months")
    class_of = np.repeat(range(len(classes)), [len(clusters) for clusters in classes])
    table["Class"] = class_of[table["Reached"]]
    table["Now"] = class_of[cluster_after(orders, pd.DateOffset(days=guess.days), model, window)]
    return Joiners(table, orders, [class_name(clusters) for clusters in classes], guess, snapshot, seed)


def who_taught(joiners: Joiners, log: pd.DataFrame) -> Sentence:
    """Who taught the guess, who tested it, who was left out, and how far a first order may be wrong."""
    table, begin = joiners.table, log["Order_Date"].min()
    days = {"n": "size", "since": "min", "until": "max"}
    train, test = (table.loc[table[part], "First_Order"].agg(**days) for part in ("Train", "Test"))
    sizes = np.bincount(table.loc[table["Test"], "Reached"], minlength=len(SEGMENTS))
    reached = [sentence("{name} {n:#}", name=name, n=n) for name, n in zip(SEGMENTS, sizes, strict=True)]
    rare = [name for name in joiners.names if name not in SEGMENTS]
    return sentence(
        "Trained on **{train.n:#}** customers who joined from {train.since:%B %Y} to {train.until:%B %Y}, tested on "
        "**{test.n:#}** who joined from {test.since:%B %Y} to {test.until:%B %Y}. Left out: {skipped:# customer} first "
        "seen in the log's first {warm_up} days. Even so a young log takes old customers for new ones: had it begun on "
        "{test.since:%Y-%m-%d}, {mistaken:%} of those who would have seemed to join had ordered before. Such customers "
        "are in the training, hardly in the test. Test customers after {months} months: {reached:&}."
        + (" Segments with fewer than {least} are guessed together: {rare:&}." if rare else ""),
        skipped=(first_orders(log) < begin + pd.Timedelta(days=WARM_UP_DAYS)).sum(),
        mistaken=mistaken(log, test["since"], max(1, round((train["until"] - begin).days / 30.4))),
        **{"train": train, "test": test, "reached": reached, "rare": rare},
        **{"warm_up": WARM_UP_DAYS, "months": joiners.guess.months, "least": MIN_CLASS},
    )
