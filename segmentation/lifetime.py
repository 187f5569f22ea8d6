"""What customers will buy, by the field's reference: BG/NBD for purchases, Gamma-Gamma for their value."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special

from segmentation.words import Sentence, sentence

FITTED = 100_000  # customers that a model is fitted on at most, to bound the cost
MIN_REPEATERS = 30  # customers with a second purchase; with fewer neither model can be fitted
FIRST_SEEN_DAYS = 365  # without an order in the log's first year a customer counts as new; a rarer visitor may not be


@dataclass(frozen=True)
class Lifetime:
    """What the two models expect, and why they may not be believed."""

    spend: pd.Series  # expected, by customer; nan where nothing could be fitted
    refusal: Sentence | None
    correlation: float = np.nan  # of frequency and order value, which Gamma-Gamma takes to be unrelated


def in_order(table: pd.DataFrame, seed: int) -> np.ndarray:
    """Positions of rows sorted by value, so that neither ids nor row order matter; a sample above FITTED rows."""
    rows = np.lexsort(table.to_numpy().T)
    if len(rows) <= FITTED:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), FITTED, replace=False))]


def rank_correlation(one, other) -> float:
    """Spearman's, nan below three pairs or where either side is all equal."""
    return float(pd.DataFrame({"one": one, "other": other}).corr("spearman", min_periods=3).loc["one", "other"])


def maximise(log_likelihood, largest: list[float]) -> np.ndarray:
    """Positive parameters, up to `largest`, that maximise a log-likelihood; the search runs on their logarithms."""
    bounds = [(-7, np.log(most)) for most in largest]
    search = {"x0": np.zeros(len(largest)), "method": "L-BFGS-B", "bounds": bounds}
    return np.exp(optimize.minimize(lambda logs: -log_likelihood(np.exp(logs)), **search).x)


def fit_purchasing(x: np.ndarray, last: np.ndarray, known: np.ndarray) -> np.ndarray:
    """BG/NBD parameters (r, alpha, a, b) by maximum likelihood (Fader, Hardie and Lee 2005).

    Per customer: x repeat purchases, the last of them `last` weeks after the first, `known` weeks from that to today.
    """
    rows, times = np.unique(np.column_stack([x, last, known]), axis=0, return_counts=True)
    x, last, known = rows.T

    def log_likelihood(parameters) -> float:
        """Mean over customers."""
        r, alpha, a, b = parameters
        common = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
        common += special.betaln(a, b + x) - special.betaln(a, b)
        alive = -(r + x) * np.log(alpha + known)
        gone = np.log(a) - np.log(np.maximum(b + x - 1, 1e-12)) - (r + x) * np.log(alpha + last)
        return np.average(common + np.where(x > 0, np.logaddexp(alive, gone), alive), weights=times)

    return maximise(log_likelihood, [150, 10_000, 150, 150])  # beyond these, customers are all but alike


def expected_purchases(parameters, x, last, known, ahead: float) -> np.ndarray:
    """Expected purchases in the next `ahead` weeks (same paper).

    2F1 is taken after Euler's transformation, which leaves small parameters and so no overflow for frequent buyers.
    """
    r, alpha, a, b = parameters
    a = a if abs(a - 1) > 1e-6 else 1 + 1e-6
    z = ahead / (alpha + known + ahead)
    series = (1 - z) ** (a - 1) * special.hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
    gone = np.log(a) - np.log(np.maximum(b + x - 1, 1e-12)) + (r + x) * np.log((alpha + known) / (alpha + last))
    odds = np.where(x > 0, np.exp(np.minimum(gone, 700)), 0.0)
    expected = (a + b + x - 1) / (a - 1) * (1 - series) / (1 + odds)
    most = (r + x) / (alpha + known) * ahead  # nobody drops out
    return np.clip(np.where(np.isfinite(expected), expected, most / (1 + odds)), 0, most)


def fit_order_value(number: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Gamma-Gamma (p, q, gamma) by maximum likelihood (Fader and Hardie 2013); q > 1, so that a mean exists.

    Per customer: number of purchases and their mean value.
    """
    unit = value.mean()
    value = value / unit

    def log_likelihood(parameters) -> float:
        """Mean over customers."""
        p, q, scale = np.add(parameters, [0, 1, 0])
        terms = -special.betaln(p * number, q) + q * np.log(scale) + (p * number - 1) * np.log(value)
        return (terms + p * number * np.log(number) - (p * number + q) * np.log(scale + number * value)).mean()

    return maximise(log_likelihood, [400, 400, 10_000]) * [1, 1, unit] + [0, 1, 0]


def expected_order_value(parameters, number: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Expected value of a purchase, between the customer's own mean and everybody's."""
    p, q, scale = parameters
    return p * (scale + number * value) / (p * number + q - 1)


def purchases_at(log: pd.DataFrame, when: pd.Timestamp) -> pd.DataFrame:
    """Per customer whose first order the log shows: x repeat purchases, last and known (weeks), mean value.

    A purchase is a day with an order. First seen: no order in the log's first FIRST_SEEN_DAYS days.
    """
    past = log[log["Order_Date"] < when]
    days = past[past["Amount"] >= 0].drop_duplicates(["Customer_ID", "Order_Date"]).groupby("Customer_ID")["Order_Date"]
    table = days.agg(["first", "last", "size"])
    table = table[table["first"] >= log["Order_Date"].min() + pd.Timedelta(days=FIRST_SEEN_DAYS)]
    spend = past.groupby("Customer_ID")["Amount"].sum().reindex(table.index)
    last, known = (table["last"] - table["first"]).dt.days / 7, (when - table["first"]).dt.days / 7
    return pd.DataFrame({"x": table["size"] - 1.0, "last": last, "known": known, "value": spend / table["size"]})


def expect(known: pd.DataFrame, weeks: float, max_correlation: float, seed: int) -> Lifetime:
    """Expected spend over the next weeks of the customers of purchases_at, by both models fitted on them."""
    some = known.iloc[in_order(known, seed)]
    again = some[(some["x"] > 0) & (some["value"] > 0)]
    if len(again) < MIN_REPEATERS:
        text = "{n:# customer} with first order seen bought again; it needs {least}"
        return Lifetime(pd.Series(np.nan, known.index), sentence(text, n=len(again), least=MIN_REPEATERS))
    purchasing = fit_purchasing(*some[["x", "last", "known"]].to_numpy().T)
    paid = some[some["value"] > 0]
    order_value = fit_order_value(paid["x"].to_numpy() + 1, paid["value"].to_numpy())
    purchases = expected_purchases(purchasing, *known[["x", "last", "known"]].to_numpy().T, weeks)
    value = expected_order_value(order_value, known["x"] + 1, known["value"].clip(lower=0))
    correlation = float(np.nan_to_num(rank_correlation(again["x"], again["value"])))  # all equal: no relation
    text = "frequency and order value correlate with {rho:.2f}, beyond {most}; Gamma-Gamma takes them to be unrelated"
    related = sentence(text, rho=correlation, most=max_correlation) if abs(correlation) > max_correlation else None
    return Lifetime(purchases * value, related, correlation)
