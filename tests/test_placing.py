"""The exported statement places everybody as the package does; the way up is the shortest."""

import functools
import json
import re
import sqlite3

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from segmentation.clusters import Fitted, Model, place
from segmentation.placing import on_rounding, orders_to_rise, sql_number, statement
from segmentation.vocabulary import PLACED, RFM, SEGMENTS

published = json.loads((ROOT / "data" / "segment_model.json").read_text(encoding="utf-8"))
SHIPPED = Model(
    *(tuple(published[name]) for name in ("features", "caps", "means", "scales")),
    centroids=tuple(map(tuple, published["centroids"])),
)
HALVES = Model(  # every number is exact in binary, so a customer can stand exactly on a border
    features=("Recency", "Frequency", "Monetary"),
    caps=(256.0, 64.0, 4096.0),
    means=(128.0, 8.0, 512.0),
    scales=(64.0, 4.0, 256.0),
    centroids=((-1.0, 3.0, 3.0), (-1.0, 1.0, 1.0), (-1.0, -1.0, -1.0), (1.0, -1.0, -1.0)),
)
CORNERS = Model(  # of a tetrahedron: any two or more of its centres can be equally near, first or second
    ("Recency", "Frequency", "Monetary"),
    caps=(256.0, 64.0, 4096.0),
    means=(128.0, 8.0, 512.0),
    scales=(64.0, 4.0, 256.0),
    centroids=((1.0, 1.0, 1.0), (1.0, -1.0, -1.0), (-1.0, 1.0, -1.0), (-1.0, -1.0, 1.0)),
)
NO_FREQUENCY = Model(
    ("Recency", "Monetary"), (256.0, 4096.0), (128.0, 512.0), (64.0, 256.0), ((-1, 3), (-1, 1), (-1, -1), (1, -1))
)
ONE_FEATURE = Model(("Monetary",), (4096.0,), (512.0,), (256.0,), ((3.0,), (1.0,), (-1.0,), (-1.0,)))  # always a tie
sql_of = functools.cache(lambda model: statement(model, 12))
MODELS = {"shipped": SHIPPED, "halves": HALVES, "no Frequency": NO_FREQUENCY, "one feature": ONE_FEATURE}


def table_of(*rows) -> pd.DataFrame:
    """Customers from (Recency, Frequency, Monetary)."""
    table = pd.DataFrame(rows, columns=RFM, dtype=float)
    table.insert(0, "Customer_ID", [f"C{n}" for n in range(len(table))])
    return table


def on_sqlite(model: Model, customers: pd.DataFrame, types=("REAL", "REAL", "REAL")) -> pd.DataFrame:
    """What the statement returns on SQLite, in the order of the customers."""
    base = sqlite3.connect(":memory:")
    base.execute(f"CREATE TABLE customers (Customer_ID TEXT, {', '.join(map(' '.join, zip(RFM, types, strict=True)))})")
    rows = customers[["Customer_ID", *RFM]].astype(object)
    base.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows.where(rows.notna(), None).to_numpy().tolist())
    found = pd.read_sql_query(sql_of(model), base).astype({"Segment_Confidence": float})
    base.close()
    return found.set_index("Customer_ID").loc[customers["Customer_ID"]]


def on_duckdb(model: Model, customers: pd.DataFrame, types=("DOUBLE", "DOUBLE", "DOUBLE")) -> pd.DataFrame:
    """What the statement returns on DuckDB, in the order of the customers."""
    with duckdb.connect() as base:
        base.execute(
            f"CREATE TABLE customers (Customer_ID TEXT, {', '.join(map(' '.join, zip(RFM, types, strict=True)))})"
        )
        base.register("given", customers[["Customer_ID", *RFM]])
        base.execute("INSERT INTO customers SELECT * FROM given")
        found = base.execute(sql_of(model)).df()
    return found.set_index("Customer_ID").loc[customers["Customer_ID"]]


def agree(found: pd.DataFrame, model: Model, customers: pd.DataFrame) -> None:
    """Fail unless the statement found what the package says, to the last bit; nowhere if a value is missing."""
    placed = place(model, customers)
    names = np.array([*SEGMENTS, "nowhere"])
    assert found["Cluster"].fillna(-1).tolist() == placed.cluster.tolist()
    assert found["Segment_Name"].fillna("nowhere").tolist() == names[placed.cluster].tolist()
    assert found["Runner_Up"].fillna("nowhere").tolist() == names[placed.runner_up].tolist()
    assert np.array_equal(found["Segment_Confidence"].to_numpy(), placed.confidence, equal_nan=True)


ENGINES = pytest.mark.parametrize("engine", [on_sqlite, on_duckdb])
EACH_MODEL = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@ENGINES
def test_every_shipped_customer_is_placed_as_in_the_file(engine, shipped_customers):
    found = engine(SHIPPED, shipped_customers)
    agree(found, SHIPPED, shipped_customers)
    assert found[PLACED].round(3).values.tolist() == shipped_customers[PLACED].values.tolist()


def test_the_statement_of_the_shipped_model_is_the_shipped_file():
    assert statement(SHIPPED, 12) == (ROOT / "data" / "assign_segments.sql").read_text(encoding="utf-8")
    assert "in the window (the whole order log)" in statement(SHIPPED, None)


AMOUNT = st.one_of(st.floats(0, 1e12), st.integers(0, 5000), st.integers(0, 500_000).map(lambda cents: cents / 100))
ROW = st.tuples(st.integers(0, 9000), st.one_of(st.integers(0, 200), st.integers(0, 10**12)), AMOUNT)


@EACH_MODEL
@settings(max_examples=10)
@given(rows=st.lists(ROW, min_size=1, max_size=40))
def test_customers_nobody_thought_of_are_placed_alike(model, rows):
    customers = table_of(*rows)
    agree(on_sqlite(model, customers), model, customers)


@EACH_MODEL
def test_thousands_of_customers_are_placed_alike_on_duckdb(model):
    rng = np.random.default_rng(5)
    spend = np.exp(rng.normal(5, 2, 4000)).round(2)
    rows = np.column_stack([rng.integers(0, 400, 4000), rng.integers(0, 60, 4000), spend])
    customers = table_of(*rows, (0, 0, 0), (9000, 10**12, 1e12))
    agree(on_duckdb(model, customers), model, customers)


@ENGINES
def test_on_an_exact_tie_the_better_segment_wins(engine):
    customers = table_of(*((r, f, m) for r in range(0, 257, 32) for f in range(0, 17, 2) for m in range(0, 1025, 128)))
    placed = place(CORNERS, customers)
    points = (customers[RFM].to_numpy() - CORNERS.means) / CORNERS.scales
    distance = ((points[:, None] - np.array(CORNERS.centroids)) ** 2).sum(axis=2)
    assert placed.cluster.tolist() == distance.argmin(axis=1).tolist()  # the first of equals
    assert (
        len({tuple(np.flatnonzero(row == row.min())) for row in distance}) == 15
    )  # any one, two, three or four of them
    agree(engine(CORNERS, customers), CORNERS, customers)


@pytest.mark.parametrize(
    "row, first, second",
    [
        ((64, 16, 1024), 0, 1),  # halfway between the first two centres
        ((64, 8, 512), 1, 2),
        ((128, 4, 256), 2, 3),
        ((256, 4, 256), 3, 2),
    ],
)
@ENGINES
def test_a_customer_between_two_centres_belongs_to_the_better(engine, row, first, second):
    found = engine(HALVES, table_of(row)).iloc[0]
    assert (found["Segment_Name"], found["Runner_Up"]) == (SEGMENTS[first], SEGMENTS[second])


@ENGINES
def test_confidence_is_0_on_a_border_1_at_a_centre_and_between_in_between(engine):
    found = engine(HALVES, table_of((64, 16, 1024), (64, 20, 1280), (64, 18, 1152)))
    # the third is a quarter of the way between the first two centres: squared distances 2/4 and 18/4
    assert found["Segment_Confidence"].tolist() == [0, 1, 1 - 0.5 / 4.5]


@ENGINES
def test_above_the_cap_more_changes_nothing(engine):
    caps = dict(zip(RFM, HALVES.caps, strict=True))
    start = table_of(*(3 * [(64, 4, 256)])).assign(Customer_ID=["a", "b", "c"])
    at, above = (
        start.assign(**{name: start[name].where(np.arange(3) != n, caps[name] * more) for n, name in enumerate(RFM)})
        for more in (1, 100)
    )
    below = start.assign(**{name: start[name].where(np.arange(3) != n, caps[name] - 1) for n, name in enumerate(RFM)})
    assert engine(HALVES, above).equals(engine(HALVES, at))
    assert (engine(HALVES, below)["Segment_Confidence"] != engine(HALVES, at)["Segment_Confidence"]).all()


@ENGINES
def test_a_customer_on_two_centres_at_once_is_certain_and_of_the_better_segment(engine):
    customers = table_of((5, 1, 256), (5, 1, 255))
    found = engine(ONE_FEATURE, customers)
    assert found.iloc[0].tolist() == [2, "Promising Regulars", "At-Risk Customers", 1]
    agree(found, ONE_FEATURE, customers)


@EACH_MODEL
@ENGINES
def test_a_missing_value_gives_no_segment(engine, model):
    customers = table_of((None, 3, 50), (20, None, 50), (20, 3, None), (None, None, None), (20, 3, 50))
    found = engine(model, customers)
    assert found.iloc[:4].isna().all(axis=None)
    assert found.iloc[4].notna().all()
    agree(found, model, customers)


def test_nan_and_infinity_are_no_values_either():
    customers = table_of((np.nan, 1, 1), (-np.inf, 1, 1), (1, np.inf, 1), (1, 1, 1))
    assert place(SHIPPED, customers).cluster.tolist() == [-1, -1, -1, 2]
    agree(on_duckdb(SHIPPED, customers), SHIPPED, customers)


def test_whole_numbers_and_decimals_in_the_table_are_placed_alike():
    customers = table_of(*((r, f, m) for r in (1, 40, 400) for f in (1, 7, 30) for m in (19.99, 250, 4000.5)))
    agree(on_duckdb(SHIPPED, customers, ("INTEGER", "SMALLINT", "DECIMAL(12, 2)")), SHIPPED, customers)
    agree(on_sqlite(SHIPPED, customers, ("INTEGER", "INTEGER", "NUMERIC")), SHIPPED, customers)


def test_statement_uses_only_what_its_comment_names():
    body = re.sub("--.*", "", statement(SHIPPED, 12))
    assert set(re.findall(r"[A-Za-z_]+(?=\()", body)) == {"ROUND"}  # no other function, no type by its name
    assert not re.findall(r"\b(WITH|OVER|LEAST|GREATEST|CAST|POWER|LIMIT|QUALIFY)\b", body)
    numbers = re.findall(r"(?<![\w.])\d+\.\d+(?:E[+-]\d+)?", body)
    assert numbers and all("E" in number for number in numbers)  # approximate numbers, not decimals


@given(value=st.floats(-1e15, 1e15))
def test_literals_read_back_as_the_same_float(value):
    assert float(sql_number(value).strip("()")) == value
    base = sqlite3.connect(":memory:")
    assert base.execute(f"SELECT {sql_number(value)}").fetchone()[0] == value
    base.close()


def placed(*rows) -> pd.DataFrame:
    """Customers with their Cluster and Segment_Name under HALVES."""
    customers = table_of(*rows)
    return customers.join(place(HALVES, customers).columns(customers.index))


def test_orders_needed_of_a_worked_example():
    # An order of 64 adds 0.25 to both z_F and z_M, and Recency 0 costs all alike; halfway is z_F + z_M = 0, from -2.
    customers = placed((64, 4, 256))
    assert orders_to_rise(HALVES, customers).tolist() == [4]
    assert orders_to_rise(HALVES, customers, most=3).tolist() == [np.inf]


def test_an_order_is_placed_at_the_snapshot():
    customers = placed((250, 4, 256))  # At-Risk for the time since the last order alone
    assert customers["Cluster"].tolist() == [3] and orders_to_rise(HALVES, customers).tolist() == [1]


def test_a_customer_without_orders_is_taken_to_order_like_the_others():
    customers = placed((64, 4, 256), (64, 0, 0))  # from z_F = -2, z_M = -2 an order adds 0.5
    assert orders_to_rise(HALVES, customers).tolist() == [4, 8]


def test_nobody_rises_above_the_best():
    assert orders_to_rise(HALVES, placed((0, 30, 2000))).tolist() == [np.inf]


def test_whom_rounding_moves_is_counted(words):
    customers = placed((64, 8, 512), (64, 20, 1280))  # the first stands exactly on a border
    moved = (*HALVES.centroids[:2], (-1.0, -0.99, -0.99), *HALVES.centroids[3:])
    exact = Model(HALVES.features, HALVES.caps, HALVES.means, HALVES.scales, moved)
    for model, whom in ((exact, "1 customer"), (HALVES, "nobody")):
        reread = place(HALVES, customers)
        text = words.text(on_rounding(Fitted(HALVES, model, 0, 2, 1), reread, customers))
        assert text.startswith("Read from its file again, the model places 100.0 % of customers as here.")
        assert f"would place {whom} elsewhere" in text
