"""Placing anyone without the notebook: the exported SQL statement; and how many orders put a customer further up."""

from pathlib import Path

import jinja2
import numpy as np
import pandas as pd

from segmentation.clusters import Fitted, Model, place
from segmentation.features import draw
from segmentation.problems import LeftOut
from segmentation.vocabulary import LOYAL, PROMISING, SEGMENTS
from segmentation.words import Sentence, plural, sentence

SAMPLE = 20_000  # customers moved up step by step; more change nothing but the time
MAX_ORDERS = 24  # additional orders: two a month for a year; who needs more will not get there by ordering


def sql_number(value: float) -> str:
    """A float as an approximate SQL literal that reads back as the same float.

    >>> sql_number(-1.5)
    '(-1.5E+00)'
    """
    text = np.format_float_scientific(value, trim="0").upper()
    return f"({text})" if text.startswith("-") else text


def statement(model: Model, window: int | None) -> str:
    """The SELECT that places every row of a table `customers` as clusters.place does, to the last bit."""
    folder = jinja2.FileSystemLoader(Path(__file__).parent / "sql")
    templates = jinja2.Environment(loader=folder, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    templates.filters["number"] = sql_number
    span = f"{window} months" if window else "the whole order log"
    return templates.get_template("assign_segments.sql.j2").render(model=model, segments=SEGMENTS, window=span)


def orders_to_rise(model: Model, customers: pd.DataFrame, most: int = MAX_ORDERS) -> np.ndarray:
    """Fewest additional orders, placed at the snapshot, that put a customer into a better segment; inf above `most`.

    Each is worth the customer's usual order (Monetary / Frequency; the median of the others without one) and sets
    Recency to 0; older orders stay in the window. Shape (customers,).
    """
    orders = customers["Frequency"]
    usual = customers["Monetary"] / orders.where(orders > 0)
    usual = usual.fillna(usual.median()).fillna(0)
    needed = np.full(len(customers), np.inf)
    for more in range(most, 0, -1):
        after = customers.assign(Recency=0, Frequency=orders + more, Monetary=customers["Monetary"] + more * usual)
        needed[place(model, after).cluster < customers["Cluster"]] = more
    return needed


def ways_up(model: Model, customers: pd.DataFrame, seed: int) -> pd.DataFrame | LeftOut:
    """Per segment, for a fixed sample: customers, share that rises with 1, 2 and 3 orders, median of those needed."""
    some = draw(customers, SAMPLE, seed)
    rows = {}
    for name in (PROMISING, LOYAL):
        part = some[some["Segment_Name"] == name]
        if len(part):
            needed = orders_to_rise(model, part)
            shares = {plural(n, "order"): (needed <= n).mean() for n in (1, 2, 3)}
            middle = np.quantile(needed, 0.5, method="inverted_cdf")
            out_of_reach = sentence("over {most}", most=MAX_ORDERS)
            wanted = middle if middle <= MAX_ORDERS else out_of_reach
            rows[name] = {"Customers": len(part)} | shares | {"Orders needed": wanted}
    if not rows:
        return LeftOut(f"nobody is among {PROMISING} or {LOYAL}")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Rises to a better segment with")


def on_ways_up(ways: pd.DataFrame, customers: pd.DataFrame) -> Sentence:
    """For whom `ways_up` holds, and which segment is nearest to rising."""
    whom = "all {n:# customer}" if len(customers) <= SAMPLE else "a fixed sample of {n:# customer}"
    near = ways["3 orders"].idxmax()
    return sentence(
        "Medians by segment, for {whom}. An order counts as the customer's usual one, placed at the snapshot "
        "(Recency 0). Nearest to rising are **{near}**: {one:%} need one order, {three:%} at most three. This is "
        "arithmetic on the borders, not a forecast: it says what it takes, not who will do it.",
        whom=sentence(whom, n=min(len(customers), SAMPLE)),
        near=near,
        one=ways.loc[near, "1 order"],
        three=ways.loc[near, "3 orders"],
    )


def on_rounding(fitted: Fitted, customers: pd.DataFrame) -> Sentence:
    """What rounding the published numbers changed, and where they can be used."""
    moved = (place(fitted.exact, customers).cluster != place(fitted.model, customers).cluster).sum()
    return sentence(
        "The fit before rounding would place {whom} elsewhere; only the published numbers count. "
        "`assign_segments.sql` holds nothing but SQL-92, so a warehouse can run it where the customers are.",
        whom=plural(moved, "customer") if moved else "nobody",
    )
