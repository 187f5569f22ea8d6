"""What customers will spend: forecasts chosen on earlier periods and judged on the last, none of which they saw."""

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from segmentation import lifetime
from segmentation.clusters import Model, place
from segmentation.decisions import Belief
from segmentation.features import cut_points
from segmentation.lifetime import FIRST_SEEN_DAYS, Lifetime, in_order, rank_correlation
from segmentation.orders import covers, rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.vocabulary import MIN_CUSTOMERS, SEGMENTS
from segmentation.words import Sentence, sentence

CANDIDATES = ("The same again", "Segment mean", "Boosted trees")  # the simplest first
SAME_AGAIN, SEGMENT_MEAN, BOOSTED = CANDIDATES
BGNBD = "BG/NBD + Gamma-Gamma"  # the field's reference; it speaks for some customers only, so it never ships
BUSY_MONTHS = (11, 12)  # Christmas shoppers come for the season
MOST_PERIODS = 6  # judged at most, to bound the cost; more hardly narrow a t-quantile
FLATTERED = 3.7  # points of the total, in simulated shops: tests/benchmarks/coverage.py, data/README.md


@dataclass(frozen=True)
class Terms:
    """On what terms customers are forecast, at every date alike."""

    model: Model  # frozen
    window_months: int | None  # of Frequency and Monetary; None: the whole log
    horizon_months: int  # how far ahead
    belief: Belief
    seed: int

    @property
    def subject(self) -> str:
        """What is left out where it cannot be told."""
        return f"value over the next {self.horizon_months} months"


class Prediction(NamedTuple):
    """What the candidates expect of the months after a day."""

    now: pd.DataFrame  # customers of the day, see people_at; a column per candidate
    then: pd.DataFrame  # those of one horizon before, who were learned from; actual: what they spent until the day


@dataclass(frozen=True)
class Period:
    """A hold-out: as many months as the forecast looks ahead, of which the candidates saw nothing."""

    start: pd.Timestamp
    people: pd.DataFrame  # at the start, by number: Segment, a column per candidate, actual (what they spent), again


@dataclass(frozen=True)
class Judged:
    """The candidates, chosen on all periods but the last and judged on the last; where there is one, both on it."""

    log: pd.DataFrame  # see numbered
    ids: pd.Index
    snapshot: pd.Timestamp
    terms: Terms
    periods: list[Period]  # the last one first
    reference: Lifetime  # BG/NBD with Gamma-Gamma, as of the start of the last period
    chosen_on: pd.DataFrame | None = None  # how good each candidate was where it was chosen; see decided and measures
    candidates: pd.DataFrame | None = None  # how good each was on the last period
    ships: str | None = None  # the candidate that ships, if it can be believed

    @property
    def people(self) -> pd.DataFrame:
        """The customers of the last period."""
        return self.periods[0].people

    @property
    def start(self) -> pd.Timestamp:
        """Of the last period."""
        return self.periods[0].start

    @property
    def on_seen(self) -> pd.DataFrame:
        """All candidates and the reference on the customers for whom it can speak; empty without any."""
        expected = self.reference.spend.reindex(self.people.index)
        seen = self.people.assign(**{BGNBD: expected})[expected.notna()]
        return measures(seen, [*CANDIDATES, BGNBD]) if len(seen) and not self.reference.refusal else pd.DataFrame()


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
    trees = boosted(features_at(log, before, then), then["actual"], terms.seed)
    now[SAME_AGAIN] = spend_between(log, before, when, now.index)
    now[SEGMENT_MEAN] = now["Segment"].map(then.groupby("Segment")["actual"].mean()).fillna(then["actual"].mean())
    now[BOOSTED] = trees(features_at(log, when, now))
    return Prediction(now, then)


def hold_out(log: pd.DataFrame, end: pd.Timestamp, terms: Terms) -> Period | LeftOut:
    """What the candidates expected of the period before `end`, and what it brought."""
    start = end - pd.DateOffset(months=terms.horizon_months)
    past = predict(log, start, terms)
    if min(len(past.now), len(past.then)) < MIN_CUSTOMERS:
        return LeftOut(f"{terms.subject}; fewer than {MIN_CUSTOMERS} customers at a past date")
    inside = log[(log["Order_Date"] >= start) & (log["Order_Date"] < end)]
    people = past.now[["Segment", *CANDIDATES]].assign(actual=spend_between(inside, start, end, past.now.index))
    bought = inside.loc[inside["Amount"] >= 0, "Customer_ID"]
    return Period(start, people.assign(again=people.index.isin(bought)))


def judge(log: pd.DataFrame, snapshot: pd.Timestamp, terms: Terms) -> Judged | LeftOut:
    """Let all candidates forecast the periods before the snapshot, each from what was known before it.

    Rolling origin (Tashman 2000), as far back as the log allows to learn and to look back.
    """
    horizon = terms.horizon_months
    needed = 2 * horizon + max(horizon, terms.window_months or 0)  # to judge, to learn, to look back
    if not covers(log, snapshot, needed):
        first = log["Order_Date"].min().date()
        return LeftOut(f"{terms.subject}; the order log begins on {first}; learning and judging need {needed} months")
    orders, ids = numbered(log)
    ages = [age * horizon for age in range(MOST_PERIODS) if covers(log, snapshot, needed + age * horizon)]
    found = [hold_out(orders, snapshot - pd.DateOffset(months=age), terms) for age in ages]
    periods = [period for period in found if isinstance(period, Period)]
    if isinstance(found[0], LeftOut):
        return found[0]
    known = lifetime.purchases_at(orders, periods[0].start)
    weeks = horizon / 12 * 365.25 / 7
    reference = lifetime.expect(known, weeks, terms.belief.max_correlation, terms.seed)
    return decided(Judged(orders, ids, snapshot, terms, periods, reference))


def decided(judged: Judged) -> Judged:
    """Choose a candidate on the earlier periods, and let it ship if the last one bears it out."""
    earlier = judged.periods[1:] or judged.periods
    chosen_on = measures(pd.concat([period.people for period in earlier]))
    candidates = measures(judged.people)
    belief = judged.terms.belief
    chosen = choose(chosen_on, belief)
    ships = chosen if chosen in believed(candidates, belief).index else None
    return dataclasses.replace(judged, chosen_on=chosen_on, candidates=candidates, ships=ships)


def tenths(values: pd.Series) -> np.ndarray:
    """Tenth of each value, 1 = lowest; equal values share one. Below 500 values fewer groups, of 50 or more.

    >>> np.bincount(tenths(pd.Series(range(100))))
    array([ 0, 50, 50])
    """
    groups = int(np.clip(len(values) // 50, 1, 10))
    return 1 + np.searchsorted(cut_points(values, list(np.arange(1, groups) / groups)), values, side="left")


def measures(people: pd.DataFrame, names=CANDIDATES) -> pd.DataFrame:
    """Per candidate: total, mean absolute error, rank correlation, gain.

    Gain: how much smaller the mean absolute error is than that of the same again, less 1.96 standard errors (pairwise
    by customer).
    """
    errors = people[list(names)].sub(people["actual"], axis=0).abs()
    gains = errors.rsub(errors[SAME_AGAIN], axis=0)
    table = pd.DataFrame({"Predicted / actual": people[list(names)].sum() / (people["actual"].sum() or np.nan)})
    table["MAE"] = errors.mean()
    table["Rank"] = [rank_correlation(people[name], people["actual"]) for name in names]
    table["Gain"] = gains.mean() - 1.96 * gains.std(ddof=0) / np.sqrt(len(people))
    return table


def believed(table: pd.DataFrame, belief: Belief) -> pd.DataFrame:
    """The candidates whose total is close to what was spent and who rank customers; table: see measures."""
    close = (table["Predicted / actual"] - 1).abs() <= belief.total_off
    return table[close & (table["Rank"] >= belief.min_rank)]


def choose(table: pd.DataFrame, belief: Belief) -> str | None:
    """The best candidate, or None; table: see measures.

    Of those that can be believed the smallest mean absolute error that is surely below that of the same again; else
    the same again. (Alone, that error would favour guessing low.)
    """
    candidates = believed(table, belief)
    surely = candidates[(candidates["Gain"] > 0) | (SAME_AGAIN not in candidates.index)]
    if len(surely):
        return str(surely["MAE"].round(6).idxmin())
    return SAME_AGAIN if SAME_AGAIN in candidates.index else None


def comparison(judged: Judged) -> pd.DataFrame:
    """Total (predicted / actual) and Off by (per customer) on the last period, and of those with first order seen."""
    names = {"Predicted / actual": "Total", "MAE": "Off by"}
    table = judged.candidates[list(names)].rename(columns=names)
    seen = judged.on_seen
    if len(seen):
        columns = {old: f"{new} (first order seen)" for old, new in names.items()}
        table = table.reindex(seen.index).join(seen[list(names)].rename(columns=columns))
    return table.assign(Used=np.where(table.index == judged.ships, "yes", "")).rename_axis("Forecast")


def judging(judged: Judged) -> Sentence:
    """On whom forecasts were judged, where they were chosen, which is used, and for whom the reference speaks."""
    text = "Judged on the {n:# customer} of {start} and the {spent:$} that they spent in the {months} months after."
    if len(judged.periods) > 1:
        text += " Chosen on {earlier:# earlier period} of {months} months, so choosing does not flatter."
    else:
        text += (
            " The log has no other period to choose on. Choosing and judging on the same one flatters: in simulated "
        )
        text += "shops the total was off by {flattered:.1f} points more in the year after."
    numbers = {"start": judged.start.date(), "spent": judged.people["actual"].sum(), "n": len(judged.people)}
    numbers |= {"months": judged.terms.horizon_months, "earlier": len(judged.periods) - 1, "flattered": FLATTERED}
    return sentence("{parts: }", parts=[sentence(text, **numbers), verdict(judged), on_reference(judged)])


def verdict(judged: Judged) -> Sentence:
    """Which candidate is used and why."""
    errors = judged.candidates["MAE"]
    chosen = choose(judged.chosen_on, judged.terms.belief)
    less = 1 - errors.get(judged.ships, np.nan) / (errors[SAME_AGAIN] or np.nan)
    if chosen is None:
        text = "**None can be used:** no forecast comes within {off:%0} of the total and ranks customers as well."
    elif judged.ships is None:
        text = "**None can be used:** {chosen}, chosen before, does not come within {off:%0} of the total and rank "
        text += "customers as well."
    elif judged.ships == SAME_AGAIN:
        text = "**Used: {chosen}.** No forecast that can be believed surely comes closer to each customer."
    elif less > 0:
        text = "**Used: {chosen}.** Per customer it is off by {less:%} less than the same again."
    else:
        text = "**Used: {chosen}.** Per customer it is no closer than the same again."
    return sentence(text, chosen=chosen, less=less, off=judged.terms.belief.total_off)


def on_reference(judged: Judged) -> Sentence:
    """For whom BG/NBD with Gamma-Gamma can speak, or why it cannot."""
    if judged.reference.refusal:
        text = "BG/NBD with Gamma-Gamma, the field's reference, is left out: {refusal}."
    else:
        text = (
            "BG/NBD with Gamma-Gamma, the field's reference, can speak for {n:# customer} only, whose first order the "
        )
        text += "log shows (none in its first {days} days)."
    known = judged.people.index.isin(judged.reference.spend.index).sum()
    return sentence(text, refusal=judged.reference.refusal, n=known, days=FIRST_SEEN_DAYS)
