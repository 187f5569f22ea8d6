"""What customers will spend: four forecasts, judged on a year that none of them has seen."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from segmentation import lifetime
from segmentation.clusters import Model, place
from segmentation.decisions import Belief
from segmentation.features import cut_points
from segmentation.lifetime import FIRST_SEEN_DAYS, FITTED, Lifetime, in_order, rank_correlation
from segmentation.orders import covers, rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.vocabulary import MIN_CUSTOMERS, SEGMENTS
from segmentation.words import Sentence, count, sentence

CANDIDATES = ("Last year again", "Segment mean", "BG/NBD + Gamma-Gamma", "Boosted trees")  # the simplest first
LAST_YEAR, SEGMENT_MEAN, BGNBD, BOOSTED = CANDIDATES
BUSY_MONTHS = (11, 12)  # Christmas shoppers come for the season
SUBJECT = "value over the next twelve months"  # what is left out where it cannot be told


@dataclass(frozen=True)
class Terms:
    """On what terms customers are forecast, at every date alike."""

    model: Model  # frozen
    window_months: int | None  # of Frequency and Monetary; None: the whole log
    horizon_months: int  # how far ahead
    belief: Belief
    seed: int


class Prediction(NamedTuple):
    """What the candidates expect of the months after a day."""

    now: (
        pd.DataFrame
    )  # customers of the day, see people_at; a column per candidate; seen: the log has their first order
    then: pd.DataFrame  # those of one horizon before, who were learned from; actual: what they spent until the day
    lifetime: Lifetime


@dataclass(frozen=True)
class Judged:
    """The candidates on a hold-out: the last months before the snapshot."""

    log: pd.DataFrame  # see numbered
    ids: pd.Index
    snapshot: pd.Timestamp
    start: pd.Timestamp  # of the hold-out
    terms: Terms
    past: Prediction  # made at the start
    people: pd.DataFrame  # past.now with actual (what they spent since) and again (whether they bought)
    candidates: pd.DataFrame  # how good each was, see measures
    ships: str | None  # the candidate that ships, if any can be believed


def numbered(log: pd.DataFrame) -> tuple[pd.DataFrame, pd.Index]:
    """The log by customer, day and amount, with a number for each id; and the ids by number."""
    codes, ids = pd.factorize(log["Customer_ID"], sort=True)
    rows = log[["Order_Date", "Amount"]].assign(Customer_ID=codes.astype(np.int32))
    return rows.sort_values(["Customer_ID", "Order_Date", "Amount"], kind="stable", ignore_index=True), pd.Index(ids)


def people_at(log: pd.DataFrame, when: pd.Timestamp, terms: Terms) -> pd.DataFrame:
    """Customers with an order in the window before the date, by number: R, F, M and Segment by the frozen model."""
    people = rfm_from_orders(log[log["Order_Date"] < when], when, terms.window_months).sort_index()
    people = people[people["Frequency"] > 0]
    return people.assign(Segment=np.array(SEGMENTS, dtype=object)[place(terms.model, people).cluster])


def spend_between(log: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, people: pd.Index) -> pd.Series:
    """Net spend of each customer from start to before end; more refunds than orders count as nothing."""
    inside = log[(log["Order_Date"] >= start) & (log["Order_Date"] < end)]
    spend = inside.groupby("Customer_ID")["Amount"].sum().round(2).clip(lower=0.0)
    return spend.reindex(people, fill_value=0.0)


def features_at(log: pd.DataFrame, when: pd.Timestamp, people: pd.DataFrame) -> pd.DataFrame:
    """What is known of each customer on the date, from the twelve months before it only; days, orders and money.

    Same look-back at every date, so that a number means the same where it is learned and where it is used.
    """
    since = {months: when - pd.DateOffset(months=months) for months in (12, 6, 3)}
    year = log[(log["Order_Date"] >= since[12]) & (log["Order_Date"] < when)]
    bought = year[year["Amount"] >= 0]
    ago = (when - bought["Order_Date"]).dt.days.groupby(bought["Customer_ID"])
    table = pd.DataFrame({"recency": people["Recency"].astype(float), "tenure": ago.max()}, people.index)
    table[["mean_gap", "last_gap"]] = (-ago.diff()).groupby(bought["Customer_ID"]).agg(["mean", "last"])
    table["overdue"] = table["recency"] / table["mean_gap"].clip(lower=1)
    for months, first in since.items():
        orders = bought[bought["Order_Date"] >= first].groupby("Customer_ID").size()
        table[f"orders_{months}"] = orders.reindex(people.index, fill_value=0).astype(float)
        table[f"spend_{months}"] = spend_between(year, first, when, people.index)
    busy = bought["Order_Date"].dt.month.isin(BUSY_MONTHS).groupby(bought["Customer_ID"]).mean()
    table["busy_share"] = busy.reindex(people.index, fill_value=0.0)
    table["order_value"] = table["spend_12"] / table["orders_12"].clip(lower=1)
    table["trend"] = 2 * table["orders_6"] - table["orders_12"]
    return table


def boosted(table: pd.DataFrame, later: pd.Series, seed: int):
    """Gradient-boosted trees with Poisson loss, which suits spend with many zeros; a function table -> spend.

    Friedman 2001; scikit-learn's HistGradientBoostingRegressor. Spend is divided by its mean, so units do not matter.
    """
    if not later.sum() > 0:
        return lambda new: np.zeros(len(new))
    rows = in_order(pd.concat([later, table], axis=1), seed)
    # a small, slow model by rule of thumb; tuning it on the hold-out would make the hold-out part of the learning
    leaf = int(np.clip(len(rows) / 40, 5, 40))
    settings = {"max_iter": 80, "learning_rate": 0.07, "max_leaf_nodes": 8, "min_samples_leaf": leaf}
    trees = HistGradientBoostingRegressor(loss="poisson", early_stopping=False, random_state=seed, **settings)
    trees.fit(table.to_numpy()[rows], later.to_numpy()[rows] / later.mean())
    return lambda new: trees.predict(new.to_numpy()) * later.mean()


def predict(log: pd.DataFrame, when: pd.Timestamp, terms: Terms) -> Prediction:
    """What every candidate expects of the months after `when`, from what the numbered log holds before it."""
    before = when - pd.DateOffset(months=terms.horizon_months)
    then = people_at(log, before, terms)
    now = people_at(log, when, terms)
    then["actual"] = spend_between(log, before, when, then.index)
    means = then.groupby("Segment")["actual"].mean()
    known = features_at(log, before, then)
    trees = boosted(known, then["actual"], terms.seed)
    for people, features, day in ((then, known, before), (now, features_at(log, when, now), when)):
        people[LAST_YEAR] = spend_between(log, day - pd.DateOffset(months=terms.horizon_months), day, people.index)
        people[SEGMENT_MEAN] = people["Segment"].map(means).fillna(then["actual"].mean())
        people[BGNBD] = people[SEGMENT_MEAN]
        people[BOOSTED] = trees(features)
    weeks = terms.horizon_months / 12 * 365.25 / 7
    models = lifetime.expect(lifetime.purchases_at(log, when), weeks, terms.belief.max_correlation, terms.seed)
    now["seen"] = now.index.isin(models.spend.index)
    now[BGNBD] = models.spend.reindex(now.index).fillna(now[SEGMENT_MEAN])
    return Prediction(now, then, models)


def judge(log: pd.DataFrame, snapshot: pd.Timestamp, terms: Terms) -> Judged | LeftOut:
    """Let all candidates forecast the last horizon before the snapshot, from what was known before it."""
    needed = 2 * terms.horizon_months + max(terms.horizon_months, terms.window_months or 0)  # learn, judge, look back
    if not covers(log, snapshot, needed):
        first = log["Order_Date"].min().date()
        return LeftOut(f"{SUBJECT}; the order log begins on {first}; learning and judging need {needed} months")
    orders, ids = numbered(log)
    start = snapshot - pd.DateOffset(months=terms.horizon_months)
    past = predict(orders, start, terms)
    if min(len(past.now), len(past.then)) < MIN_CUSTOMERS:
        return LeftOut(f"{SUBJECT}; fewer than {MIN_CUSTOMERS} customers at a past date")
    bought = orders.loc[(orders["Order_Date"] >= start) & (orders["Amount"] >= 0), "Customer_ID"]
    spent = spend_between(orders, start, snapshot, past.now.index)
    people = past.now.assign(actual=spent, again=past.now.index.isin(bought))
    candidates = measures(people)
    ships = choose(candidates, terms.belief, past.lifetime.refusal is not None)
    return Judged(orders, ids, snapshot, start, terms, past, people, candidates, ships)


def tenths(values: pd.Series) -> np.ndarray:
    """Tenth of each value, 1 = lowest; equal values share one. Below 500 values fewer groups, of 50 or more.

    >>> np.bincount(tenths(pd.Series(range(100))))
    array([ 0, 50, 50])
    """
    groups = int(np.clip(len(values) // 50, 1, 10))
    return 1 + np.searchsorted(cut_points(values, list(np.arange(1, groups) / groups)), values, side="left")


def off_by(people: pd.DataFrame, name: str, groups) -> float:
    """Sum over groups of |predicted - actual| totals, as a share of the actual total; 0 = every group right."""
    apart = (people[name] - people["actual"]).groupby(groups).sum().abs().sum()
    return apart / (people["actual"].sum() or np.nan)


def measures(people: pd.DataFrame) -> pd.DataFrame:
    """Per candidate: total, what segments and tenths are off by, mean absolute error, rank correlation, gain.

    Gain: lower 95 % limit of how much smaller the mean absolute error is than last year's, pairwise by customer.
    """
    errors = people[list(CANDIDATES)].sub(people["actual"], axis=0).abs()
    gains = errors.rsub(errors[LAST_YEAR], axis=0)
    table = pd.DataFrame({"Predicted / actual": people[list(CANDIDATES)].sum() / (people["actual"].sum() or np.nan)})
    table["Segments off by"] = [off_by(people, name, people["Segment"]) for name in CANDIDATES]
    table["Tenths off by"] = [off_by(people, name, tenths(people[name])) for name in CANDIDATES]
    table["MAE"] = errors.mean()
    table["Rank"] = [rank_correlation(people[name], people["actual"]) for name in CANDIDATES]
    table["Gain"] = gains.mean() - 1.96 * gains.std(ddof=0) / np.sqrt(len(people))
    return table


def choose(table: pd.DataFrame, belief: Belief, refused: bool) -> str | None:
    """The candidate that ships, or None; table: see measures; refused: BG/NBD is.

    Of those that can be believed the smallest mean absolute error that is surely below last year's; else last year
    again. (Alone, that error would favour guessing low.)
    """
    close = (table["Predicted / actual"] - 1).abs() <= belief.total_off
    candidates = table[close & (table["Rank"] >= belief.min_rank) & ~(refused & (table.index == BGNBD))]
    surely = candidates[(candidates["Gain"] > 0) | (LAST_YEAR not in candidates.index)]
    if len(surely):
        return str(surely["MAE"].round(6).idxmin())
    return LAST_YEAR if LAST_YEAR in candidates.index else None


def described(judged: Judged) -> Sentence:
    """What was learned from and judged on."""
    seen = judged.log.loc[judged.log["Order_Date"] < judged.start, "Customer_ID"].nunique()
    text = (
        "Learned from {learned:#} customers a year before {start} and their spend in that year; judged on {n:#} as of "
        "{start} and the {spent:$} that they spent before {end}. As in the customer table, these have an order in the "
        "window before the date; the {lapsed:#} who had lapsed by {start} are left out."
    )
    text += " Models are fitted on {most:#} of them." if len(judged.past.then) > FITTED else ""
    sizes = {"learned": len(judged.past.then), "n": len(judged.people), "most": FITTED}
    lapsed = seen - len(judged.people)
    dates = {"start": judged.start.date(), "end": judged.snapshot.date()}
    return sentence(text, spent=judged.people["actual"].sum(), lapsed=lapsed, **sizes, **dates)


def comparison(judged: Judged) -> pd.DataFrame:
    """The measures of all candidates, and which ships or is refused."""
    table = judged.candidates.drop(columns="Gain").assign(Verdict="").rename_axis("All customers")
    table.loc[BGNBD, "Verdict"] = "refused" if judged.past.lifetime.refusal else ""
    table.loc[table.index == judged.ships, "Verdict"] = "ships"
    return table


def comparison_of_seen(judged: Judged) -> pd.DataFrame:
    """The same for the customers for whom BG/NBD can speak; empty without any."""
    seen = judged.people[judged.people["seen"]]
    table = measures(seen) if len(seen) else pd.DataFrame(columns=["Gain"])
    return table.drop(columns="Gain").rename_axis(f"The {count(len(seen))} whose first order is seen")


def verdict(judged: Judged) -> Sentence:
    """Which candidate ships and why, and what became of the reference models."""
    models = judged.past.lifetime
    errors = judged.candidates["MAE"]
    if judged.ships is None:
        text = "**Not from these data:** no candidate's total comes within {off:%0} of the actual one and ranks "
        text += "customers as well. The smallest error is that of {best} ({least:$})."
    elif judged.ships == LAST_YEAR:
        text = "**{ships} ships:** no candidate that can be believed surely has a smaller error."
    elif errors[judged.ships] < errors[LAST_YEAR]:
        text = "**{ships} ships:** its mean absolute error is {less:%} smaller than that of last year again."
    else:
        text = "**{ships} ships**, though its mean absolute error is no smaller than that of last year again: the "
        text += "total of that cannot be believed."
    text += " BG/NBD can speak for {n:# customer} who first ordered more than {days} days into the log"
    if models.refusal:
        text += ". It is refused: {models.refusal}."
    else:
        text += " (r = {fit[0]:.2f}, alpha = {fit[1]:.2f}, a = {fit[2]:.2f}, b = {fit[3]:.2f}, in weeks); "
        text += "frequency and order value correlate with {models.correlation:.2f}, which it allows."
    less = 1 - errors.get(judged.ships, np.nan) / (errors[LAST_YEAR] or np.nan)
    numbers = {"ships": judged.ships, "less": less, "best": errors.idxmin(), "least": errors.min(), "models": models}
    numbers |= {"fit": models.purchasing, "off": judged.terms.belief.total_off, "n": len(models.spend)}
    return sentence(text, days=FIRST_SEEN_DAYS, **numbers)
