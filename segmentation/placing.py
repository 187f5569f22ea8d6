"""Placing anyone without the notebook: the exported SQL statements; and how many orders put a customer further up."""

from pathlib import Path

import jinja2
import numpy as np
import pandas as pd

from segmentation.clusters import Fitted, Model, Placed, place
from segmentation.inputs import Shop
from segmentation.joining import APART
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, plural, sentence

BEGINNING = pd.Timestamp("1970-01-01")  # no order is read from before it: lines.order_problems
MAX_ORDERS = 24  # additional orders: two a month for a year; who needs more will not get there by ordering


def sql_number(value: float) -> str:
    """A float as an approximate SQL literal that reads back as the same float.

    >>> sql_number(-1.5)
    '(-1.5E+00)'
    """
    text = np.format_float_scientific(value, trim="0").upper()
    return f"({text})" if text.startswith("-") else text


def _filled(template: str, months: int | None, **values) -> str:
    """A template of the folder sql, filled in."""
    folder = jinja2.FileSystemLoader(Path(__file__).parent / "sql")
    templates = jinja2.Environment(loader=folder, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    templates.filters["number"] = sql_number
    window = f"{months} months" if months else "the whole order log"
    return templates.get_template(f"{template}.j2").render(months=months, window=window, **values)


def statement(model: Model, months: int | None) -> str:
    """The SELECT that places every row of a table `customers` as clusters.place does, to the last bit."""
    return _filled("assign_segments.sql", months, model=model, segments=SEGMENTS)


def customers_statement(snapshot: pd.Timestamp, months: int | None, refunds: bool = True) -> str:
    """The SELECT that makes the table `customers` from a table `orders`, as orders.rfm_from_orders does from a log.

    refunds: whether they lower spend; otherwise their rows are left out.
    """
    first = snapshot - pd.DateOffset(months=months) if months else BEGINNING
    days = {"snapshot": snapshot, "first_day": first, "read_from": first - pd.Timedelta(days=APART)}
    days = {name: f"{day:%Y-%m-%d}" for name, day in days.items()}
    return _filled("customers_from_orders.sql", months, apart=APART, refunds=refunds, **days)


def export(folder: Path, model: Model, shop: Shop, months: int | None) -> Sentence:
    """Write the statements into a folder, that of the customer table only where the snapshot is known; says so."""
    files = {"assign_segments.sql": statement(model, months)}
    text = "`assign_segments.sql` places customers in a warehouse."
    if shop.snapshot is not None:
        files["customers_from_orders.sql"] = customers_statement(shop.snapshot, months, shop.refunds_count)
        text = "`customers_from_orders.sql` makes the customer table in a warehouse, `assign_segments.sql` places it."
    for name, sql in files.items():
        (folder / name).write_text(sql, encoding="utf-8", newline="\n")
    return sentence(text + " SQLite, DuckDB, PostgreSQL, MariaDB and Spark take such a file as it is.")


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


def on_rounding(fitted: Fitted, reread: Placed, customers: pd.DataFrame) -> Sentence:
    """What rounding the published numbers changed; reread: the customers, placed by the model as written and read."""
    moved = (place(fitted.exact, customers).cluster != place(fitted.model, customers).cluster).sum()
    return sentence(
        "Read from its file again, the model places {same:%} of customers as here. The fit before rounding would "
        "place {whom} elsewhere; only the published numbers count.",
        same=(reread.cluster == customers["Cluster"]).mean(),
        whom=plural(moved, "customer") if moved else "nobody",
    )
