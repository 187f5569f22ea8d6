"""lifetime"""

import numpy as np
import pandas as pd
from scipy import optimize, special

from segmentation.exploring import spearman
from segmentation.words import plural

VALUE_SAMPLE = 100_000  # customers that a model is fitted on at most


def in_order(table: pd.DataFrame, later: np.ndarray, seed: int) -> np.ndarray:
    """Rows sorted by value, so that neither ids nor row order matter; a sample above VALUE_SAMPLE customers."""
    rows = np.lexsort([later, *table.to_numpy().T])
    if len(rows) <= VALUE_SAMPLE:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), VALUE_SAMPLE, replace=False))]


def maximise(log_likelihood, largest: list[float]) -> np.ndarray:
    """Positive parameters, up to `largest`, that maximise a log-likelihood; the search runs on their logarithms."""
    bounds = [(-7, np.log(most)) for most in largest]
    search = {"x0": np.zeros(len(largest)), "method": "L-BFGS-B", "bounds": bounds}
    return np.exp(optimize.minimize(lambda logs: -log_likelihood(np.exp(logs)), **search).x)


def bgnbd_fit(x: np.ndarray, last: np.ndarray, known: np.ndarray) -> np.ndarray:
    """BG/NBD parameters (r, alpha, a, b) by maximum likelihood.

    Fader, Hardie and Lee 2005, "Counting Your Customers" the Easy Way. Per customer: x repeat purchases,
    the last of them `last` weeks after the first purchase, `known` weeks from the first purchase to today.
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

    return maximise(log_likelihood, [150, 10_000, 150, 150])  # beyond these, customers are as good as alike


def bgnbd_expect(parameters, x, last, known, ahead: float) -> np.ndarray:
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


MAX_CORRELATION = 0.3  # of frequency and order value; the Gamma-Gamma model takes them to be unrelated


MIN_REPEATERS = 30  # customers with a second purchase; below that neither model can be fitted


def gamma_gamma_fit(number: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Gamma-Gamma parameters (p, q, gamma) by maximum likelihood; q > 1, so that a mean exists.

    Fader and Hardie 2013, "The Gamma-Gamma Model of Monetary Value". Per customer: purchases and their mean value.
    """
    unit = value.mean()
    value = value / unit

    def log_likelihood(parameters) -> float:
        """Mean over customers."""
        p, q, scale = parameters[0], 1 + parameters[1], parameters[2]
        terms = -special.betaln(p * number, q) + q * np.log(scale) + (p * number - 1) * np.log(value)
        return (terms + p * number * np.log(number) - (p * number + q) * np.log(scale + number * value)).mean()

    p, q, scale = maximise(log_likelihood, [400, 400, 10_000])
    return np.array([p, 1 + q, scale * unit])


def gamma_gamma_expect(parameters, number: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Expected value of a purchase, between the customer's own mean and everybody's."""
    p, q, scale = parameters
    return p * (scale + number * value) / (p * number + q - 1)


FIRST_SEEN_DAYS = 365  # without an order in the log's first year a customer counts as new; a rarer visitor may not be


def purchases_at(log: pd.DataFrame, when: pd.Timestamp) -> pd.DataFrame:
    """Per customer whose first order the log shows: x repeat purchases, last and known (weeks), mean value.

    A purchase is a day with an order. First seen: no order in the log's first FIRST_SEEN_DAYS days.
    """
    past = log[log["Order_Date"] < when]
    days = past[past["Amount"] >= 0].drop_duplicates(["Customer_ID", "Order_Date"]).groupby("Customer_ID")["Order_Date"]
    table = days.agg(["first", "last", "size"])
    table = table[table["first"] >= log["Order_Date"].min() + pd.Timedelta(days=FIRST_SEEN_DAYS)]
    spend = past.groupby("Customer_ID")["Amount"].sum().reindex(table.index)
    weeks = {"last": table["last"] - table["first"], "known": when - table["first"]}
    columns = {name: span.dt.days / 7 for name, span in weeks.items()}
    return pd.DataFrame({"x": table["size"] - 1.0, **columns, "value": spend / table["size"]})


def bgnbd_spend(known: pd.DataFrame, seed: int) -> tuple[pd.Series, dict]:
    """Expected spend over the next twelve months by BG/NBD and Gamma-Gamma; and what was found, with a refusal if any.

    known: see purchases_at. Fitted on at most VALUE_SAMPLE of these customers.
    """
    rows = in_order(known, np.zeros(len(known)), seed)
    some = known.iloc[rows]
    again = some[(some["x"] > 0) & (some["value"] > 0)]
    found = {"customers": len(known), "repeaters": len(again), "rho": np.nan, "refused": ""}
    if len(again) < MIN_REPEATERS:
        reason = f"only {plural(len(again), 'customer')} with a second purchase; it needs {MIN_REPEATERS}"
        return pd.Series(np.nan, index=known.index), found | {"refused": reason}
    found["rho"] = float(np.nan_to_num(spearman(again["x"], again["value"])[0]))  # all equal: no relation
    if abs(found["rho"]) > MAX_CORRELATION:
        found["refused"] = (
            f"frequency and order value correlate with {found['rho']:.2f}, beyond {MAX_CORRELATION}; "
            "Gamma-Gamma takes them to be unrelated"
        )
    found["bgnbd"] = bgnbd_fit(*some[["x", "last", "known"]].to_numpy().T)
    paid = some[some["value"] > 0]
    found["gamma_gamma"] = gamma_gamma_fit(paid["x"].to_numpy() + 1, paid["value"].to_numpy())
    number = bgnbd_expect(found["bgnbd"], *known[["x", "last", "known"]].to_numpy().T, 365.25 / 7)
    value = gamma_gamma_expect(found["gamma_gamma"], known["x"].to_numpy() + 1, known["value"].clip(lower=0).to_numpy())
    return pd.Series(number * value, index=known.index), found
