"""The customer table made by SQL from an orders table: rule by rule, and every customer of a shop, on two engines."""

import sqlite3
from types import SimpleNamespace

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation import clusters
from segmentation.inputs import Shop
from segmentation.joining import APART
from segmentation.orders import rfm_from_orders
from segmentation.placing import customers_statement, export, statement
from segmentation.problems import LeftOut
from segmentation.vocabulary import ORDER_COLUMNS, RFM, SEGMENTS

SNAPSHOT = pd.Timestamp("2026-07-01")


def on_sqlite(orders: pd.DataFrame, *statements: str, types=("TEXT", "REAL")) -> pd.DataFrame:
    """What the last statement returns on SQLite; each makes the table `customers` that the next one reads."""
    base = sqlite3.connect(":memory:")
    base.execute(f"CREATE TABLE orders (Customer_ID TEXT, Order_ID TEXT, Order_Date {types[0]}, Amount {types[1]})")
    rows = orders.astype(object).where(orders.notna(), None).to_numpy().tolist()
    base.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
    for sql in statements[:-1]:
        base.execute(f"CREATE TABLE customers AS {sql}")
    found = pd.read_sql_query(statements[-1], base)
    base.close()
    return found.set_index("Customer_ID").sort_index()


def on_duckdb(orders: pd.DataFrame, *statements: str, types=("DATE", "DECIMAL(12, 2)")) -> pd.DataFrame:
    """The same on DuckDB."""
    with duckdb.connect() as base:
        base.execute(f"CREATE TABLE orders (Customer_ID TEXT, Order_ID TEXT, Order_Date {types[0]}, Amount {types[1]})")
        base.register("given", orders)
        base.execute("INSERT INTO orders SELECT * FROM given")
        for sql in statements[:-1]:
            base.execute(f"CREATE TABLE customers AS {sql}")
        found = base.execute(statements[-1]).df()
    return found.set_index("Customer_ID").sort_index()


ENGINES = pytest.mark.parametrize("engine", [on_sqlite, on_duckdb])


def orders_of(*rows) -> pd.DataFrame:
    """Orders from (customer, order, day, amount)."""
    return pd.DataFrame(rows, columns=ORDER_COLUMNS).astype({"Amount": float})


def made(engine, *rows, snapshot: str = "2026-07-01", months: int | None = 12) -> dict[str, list]:
    """Customer: [Recency, Frequency, Monetary], made from these orders."""
    found = engine(orders_of(*rows), customers_statement(pd.Timestamp(snapshot), months))
    return {name: [float(value) for value in row] for name, row in zip(found.index, found[RFM].to_numpy(), strict=True)}


@ENGINES
def test_recency_frequency_and_monetary_of_a_worked_example(engine):
    found = made(engine, ("a", "1", "2026-06-01", 10.25), ("a", "2", "2026-06-21", 5.5), ("b", "3", "2026-05-31", 0.01))
    assert found == {"a": [10, 2, 15.75], "b": [31, 1, 0.01]}


@ENGINES
def test_the_window_begins_on_its_first_day_and_ends_before_the_snapshot(engine):
    rows = [
        ("a", "1", "2025-07-01", 1),
        ("b", "2", "2025-06-30", 2),
        ("c", "3", "2026-06-30", 4),
        ("d", "4", "2026-07-01", 8),
    ]
    assert made(engine, *rows) == {"a": [365, 1, 1], "c": [1, 1, 4]}
    assert made(engine, *rows, months=None) == {"a": [365, 1, 1], "b": [366, 1, 2], "c": [1, 1, 4]}
    old_and_new = [("a", "1", "2025-06-30", 1), ("a", "2", "2026-01-01", 2), ("a", "3", "2026-07-01", 4)]
    assert made(engine, *old_and_new) == {"a": [181, 1, 2]}


@ENGINES
def test_the_window_of_other_lengths_begins_on_the_same_day_of_the_month(engine):
    rows = [("a", "1", "2026-02-28", 1), ("b", "2", "2026-02-27", 2)]
    assert list(made(engine, *rows, snapshot="2026-05-31", months=3)) == ["a"]  # there is no 31 February


@ENGINES
def test_a_refund_is_no_order_and_lowers_spend_but_not_below_zero(engine):
    found = made(
        engine,
        *(("a", "1", "2026-06-01", 50), ("a", "1", "2026-06-20", -20)),  # Recency stays that of the order
        *(("b", "2", "2026-06-01", 50), ("b", "2", "2026-06-05", -50)),  # all paid back: a customer without spend
        *(("c", "3", "2026-06-01", 50), ("c", "3", "2026-06-05", -80)),
        ("d", "4", "2026-06-05", -80),  # no order at all: no customer
        *(("e", "5", "2026-06-05", 50), ("e", "6", "2026-06-06", -20), ("e", "6", "2026-06-06", -20)),
    )
    assert found == {"a": [30, 1, 30], "b": [30, 1, 0], "c": [30, 1, 0], "e": [26, 1, 10]}


@ENGINES
def test_a_refund_counts_on_its_own_day(engine):
    before = [("a", "1", "2025-06-20", 50), ("a", "1", "2025-06-30", -7), ("a", "1", "2025-07-01", -20)]
    assert made(engine, *before, ("a", "2", "2026-01-01", 30)) == {"a": [181, 1, 10]}
    after = [("a", "1", "2026-06-30", 50), ("a", "1", "2026-07-01", -20)]
    assert made(engine, *after) == {"a": [1, 1, 50]}
    earlier = [("a", "1", "2026-06-01", 50), ("a", "2", "2025-06-30", -20)]
    assert made(engine, *earlier) == {"a": [30, 1, 50]}


@ENGINES
def test_further_lines_are_one_order_on_its_first_day(engine):
    lines = [
        ("a", "1", "2026-06-03", 10),
        ("a", "1", "2026-06-01", 5),
        ("a", "1", "2026-06-01", 5),
        ("a", "1", "2026-05-31", 0),
    ]
    assert made(engine, *lines) == {"a": [31, 1, 20]}
    assert made(engine, *lines, ("b", "1", "2026-06-03", 7))["b"] == [28, 1, 7]  # a number of two customers: two orders


@ENGINES
def test_an_order_that_began_before_the_window_is_none_of_it(engine):
    second = ("a", "2", "2026-01-01", 1)
    assert made(engine, second, ("a", "1", "2025-06-30", 5), ("a", "1", "2025-07-01", 5)) == {"a": [181, 1, 1]}
    far = pd.Timestamp("2025-07-01") - pd.Timedelta(days=APART)
    assert made(engine, second, ("a", "1", f"{far:%Y-%m-%d}", 5), ("a", "1", "2025-07-01", 5)) == {"a": [181, 1, 1]}
    farther = far - pd.Timedelta(days=1)  # more than 90 days apart: two orders, as in the notebook
    assert made(engine, second, ("a", "1", f"{farther:%Y-%m-%d}", 5), ("a", "1", "2025-07-01", 5)) == {"a": [181, 2, 6]}


@ENGINES
def test_an_order_that_began_before_the_snapshot_is_whole(engine):
    assert made(engine, ("a", "1", "2026-06-30", 5), ("a", "1", "2026-07-02", 5)) == {"a": [1, 1, 10]}


@ENGINES
def test_an_order_of_zero_is_none(engine):
    rows = [("a", "1", "2026-06-01", 0), ("b", "2", "2026-06-01", 0), ("b", "3", "2026-05-31", 4)]
    assert made(engine, *rows) == {"b": [31, 1, 4]}


@ENGINES
def test_rows_without_customer_order_day_or_amount_are_left_out(engine):
    whole = ("a", "1", "2026-06-01", 3)
    holes = [tuple(None if n == hole else value for n, value in enumerate(whole)) for hole in range(4)]
    assert made(engine, whole, *holes, ("a", "1", "2026-05-31", None)) == {"a": [30, 1, 3]}


@pytest.mark.parametrize("types", [("TIMESTAMP", "DOUBLE"), ("VARCHAR", "DECIMAL(18, 2)")])
def test_time_stamps_and_texts_are_days(types):
    orders = orders_of(("a", "1", "2026-06-30 23:59:59", 10.1), ("b", "2", "2025-07-01 00:00:00", 10.2))
    found = on_duckdb(orders, customers_statement(SNAPSHOT, 12), types=types)
    assert found[RFM].to_numpy().tolist() == [[1, 1, 10.1], [365, 1, 10.2]]


@given(day=st.dates(pd.Timestamp("1970-01-01").date(), pd.Timestamp("2104-12-31").date()), days=st.integers(1, 3000))
def test_days_between_any_two_dates(day, days):
    until = pd.Timestamp(day) + pd.Timedelta(days=days)
    assert made(on_sqlite, ("a", "1", f"{day}", 1), snapshot=f"{until}", months=None) == {"a": [days, 1, 1]}


def test_every_day_of_leap_years_and_others():
    days = pd.date_range("2095-12-25", "2105-01-10").union(pd.date_range("1999-12-25", "2005-01-10"))
    orders = orders_of(*((f"{day:%Y%m%d}", "1", f"{day:%Y-%m-%d}", 1) for day in days))
    until = pd.Timestamp("2105-02-01")
    for engine in (on_sqlite, on_duckdb):
        found = engine(orders, customers_statement(until, None))["Recency"]
        assert found.tolist() == (until - pd.to_datetime(found.index, format="%Y%m%d")).days.tolist()


@ENGINES
def test_sums_of_money_are_exact_in_any_order_of_the_rows(engine):
    rng = np.random.default_rng(0)
    cents = rng.integers(1, 10**7, 2000)
    rows = [("a", f"{n}", "2026-06-01", value / 100) for n, value in enumerate(cents)]
    for order in (rows, rows[::-1]):
        assert made(engine, *order)["a"][2] == cents.sum() / 100


@pytest.mark.parametrize("months", [12, 3, None])
@ENGINES
def test_every_customer_of_a_shop_is_made_and_placed_as_in_the_package(engine, months, shop, decisions):
    orders, _ = shop
    log = orders.assign(Customer_ID=orders["Customer_ID"].astype(str), Order_Date=pd.to_datetime(orders["Order_Date"]))
    wanted = rfm_from_orders(log, SNAPSHOT, months).sort_index()
    model = clusters.fit(wanted, decisions.RECIPE).model
    texts = log.assign(Order_Date=log["Order_Date"].dt.strftime("%Y-%m-%d"))[ORDER_COLUMNS]
    job = [customers_statement(SNAPSHOT, months), statement(model, months)]
    found = engine(texts, job[0])
    assert found.index.tolist() == wanted.index.tolist() and len(found) > 100
    assert found[RFM].to_numpy(float).tolist() == wanted[RFM].to_numpy(float).tolist()
    placed, there = clusters.place(model, wanted), engine(texts, *job)
    assert there.index.tolist() == wanted.index.tolist()
    assert there["Segment_Name"].tolist() == np.array(SEGMENTS)[placed.cluster].tolist()
    assert there["Segment_Confidence"].tolist() == placed.confidence.tolist()


def shop_of(log, snapshot=SNAPSHOT, orders=None) -> Shop:
    """A run's shop with this log."""
    return Shop(None, None, SimpleNamespace(log=log if orders is None else orders), log, snapshot, None)


def test_the_statements_are_written_and_without_a_snapshot_only_the_placing(tmp_path, shop, decisions, words):
    model = clusters.fit(shop[1], decisions.RECIPE).model
    said = words.text(export(tmp_path, model, shop_of(LeftOut("no log"), None), 12))
    assert said.startswith("`assign_segments.sql` places") and "customers_from_orders" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["assign_segments.sql"]
    said = words.text(export(tmp_path, model, shop_of(LeftOut("no log")), 12))
    assert "`customers_from_orders.sql` makes" in said
    written = {path.name: path.read_bytes().decode() for path in tmp_path.iterdir()}
    wanted = {"assign_segments.sql": statement(model, 12)}
    assert written == wanted | {"customers_from_orders.sql": customers_statement(SNAPSHOT, 12)}


@ENGINES
def test_refunds_are_left_out_where_the_shop_counts_spend_without_them(engine, tmp_path, shop, decisions):
    model = clusters.fit(shop[1], decisions.RECIPE).model
    orders = orders_of(("a", "1", "2026-06-01", 50), ("a", "1", "2026-06-20", -20), ("b", "2", "2026-07-01", -5))
    dated = orders.assign(Order_Date=pd.to_datetime(orders["Order_Date"]))
    for log, spend in ((dated.iloc[:2], 30), (dated.iloc[:1], 50)):
        export(tmp_path, model, shop_of(log, orders=dated), 12)
        found = engine(orders, (tmp_path / "customers_from_orders.sql").read_text(encoding="utf-8"))
        assert found[RFM].to_numpy().tolist() == [[30, 1, spend]]


@pytest.mark.parametrize("months, number", [(12, 3), (None, 1)])
def test_the_dates_to_replace_are_marked_and_no_others(months, number):
    first, again = (customers_statement(pd.Timestamp(day), months).split("\n") for day in ("2026-07-01", "2028-03-31"))
    changed = [line for line, other in zip(first, again, strict=True) if line != other]
    assert len(changed) == number and all("-- replace" in line for line in changed)
    assert "-- replace" not in "".join(line for line in first if line not in changed)
