"""Anything at all as a file: read, or refused in one message of ours; never an error or a warning of a library."""

import csv
import gzip
import io
import json

import numpy as np
import pytest
from decided import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation import cleaning, clusters, inputs, lines, orders, placing, previous, published, reading
from segmentation.features import rfm_scores
from segmentation.problems import InputError
from segmentation.vocabulary import OPTIONAL, ORDER_COLUMNS, REQUIRED

KINDS = [
    [*REQUIRED, *OPTIONAL],
    ["Customer_ID", "Last_Order_Date", "Frequency", "Monetary"],
    ["Customer_ID", "Segment_Name", "Recency", "Frequency", "Monetary"],
    [*ORDER_COLUMNS, "Status", "Refunded"],
    ["Customer_ID", "Order_ID", "Order_Date", "Quantity", "Unit_Price"],
]
ODD = [
    *(
        "",
        " ",
        "0",
        "-1",
        "2.5",
        "1e9",
        "1e400",
        "nan",
        "inf",
        "N/A",
        "NULL",
        "x",
        "=1+1",
        "＠a",
        "\ta",
        "Total",
        "Mean",
    ),
    *("1,234.5", "1.234,5", "1.234", "$5", "5 €", "(5)", "50%", "0.5", "1_000", "٣", "½", "😀", "\u200b", "\ufeff"),
    *("2026-01-31", "31/12/2026", "05/06/2026", "1970-01-01", "2099-12-31", "9999-12-31", "Jun 30, 2026", "20260630"),
    *("a\nb", 'a"b', "a,b", "a;b", "9" * 400, "C123", "guest", "VIP Champions", "refunded"),
]
HEADERS = [*REQUIRED, *ORDER_COLUMNS, "Line", "Reason", "row", "index", "", "Email", "Total Spent", "Cluster", "=x"]
cells = st.one_of(st.sampled_from(ODD), st.integers(0, 400).map(str), st.text(max_size=6))


def usual(column: str, row: int) -> str:
    """What may well stand in such a column."""
    if column == "Order_ID":
        return str(row)
    if column.endswith("_ID"):
        return f"c{row % 61}" if row % 2 else f"c{row}"
    if column.endswith("_Date"):
        return f"202{4 + row % 3}-{1 + row % 12:02d}-{1 + row % 28:02d}"
    return {"Segment_Name": "VIP Champions", "Status": "paid"}.get(column, str(row * 7 % 300))


@st.composite
def tables(draw) -> bytes:
    """A CSV of customers, orders or an earlier run, with odd columns, cells, rows, quotes, encodings and bytes."""
    columns = list(draw(st.sampled_from(KINDS)))
    for _ in range(draw(st.integers(0, 2))):
        columns.insert(draw(st.integers(0, len(columns))), draw(st.sampled_from(HEADERS)))
    rows = [[usual(column, number) for column in columns] for number in range(draw(st.sampled_from([70, 120, 2, 0])))]
    for _ in range(draw(st.integers(0, 5)) if rows else 0):
        rows[draw(st.integers(0, len(rows) - 1))][draw(st.integers(0, len(columns) - 1))] = draw(cells)
    if rows and draw(st.booleans()):
        place, values = draw(st.integers(0, len(columns) - 1)), draw(st.lists(cells, min_size=1, max_size=3))
        for number, row in enumerate(rows):
            row[place] = values[number % len(values)]
    out = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    delimiter, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows([columns, *rows])
    data = out.getvalue().encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])), "replace")
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        place = draw(st.integers(0, len(data)))
        data = data[:place] + draw(st.binary(max_size=3)) + data[place + draw(st.integers(0, 2)) :]
    return gzip.compress(data, 1) if draw(st.integers(0, 9)) == 0 else data


def read_customers(path, decisions):
    """Read and clean a customer table; every row is accounted for."""
    raw = reading.read_table(path, cleaning.CUSTOMER_FILE)
    found = cleaning.clean(raw, decisions.CONTRACT, 1.0)
    assert len(found.customers) + len(found.set_aside) + found.merged + found.never == len(raw.rows)


def read_log(path, decisions):
    """Read an order log and make the customer table of it."""
    found = lines.read_orders(path, 1.0)
    orders.by_month(found.log, orders.last_day(found, None))
    customers = orders.customers_from_orders(found, None, 12, decisions.CONTRACT).customers
    orders.find_log(found, customers, None, 12, 0.95)


READERS = {
    "customers": read_customers,
    "orders": read_log,
    "either": lambda path, _: inputs.kind_of(path, {}),
    "an earlier run": lambda path, _: previous.read_earlier(path),
}


def read_or_refused(step, *arguments) -> None:
    """What the step does, or one message of ours."""
    try:
        step(*arguments)
    except InputError as refused:
        assert "\n" not in str(refused) and len(str(refused)) < 1_500


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=40)
@given(data=st.one_of(tables(), st.binary(max_size=300)))
def test_any_bytes_are_read_or_refused(decisions, tmp_path_factory, reader, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    read_or_refused(READERS[reader], str(path), decisions)


SEALED = json.loads((ROOT / "data" / "segment_model.json").read_text(encoding="utf-8"))
numbers = st.one_of(st.floats(), st.integers(), st.sampled_from([0, 1e-320, 1e308, 10**400, True, None, "1"]))
values = st.recursive(
    st.one_of(st.none(), numbers, st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)


@st.composite
def models(draw) -> bytes:
    """A published model, changed and sealed again; sometimes changed once more."""
    model = json.loads(json.dumps(SEALED))
    for part in draw(st.lists(st.sampled_from(sorted(SEALED)), max_size=3)):
        found = model.get(part)
        if isinstance(found, list) and found and draw(st.booleans()):
            found[draw(st.integers(0, len(found) - 1))] = draw(
                st.one_of(values, st.lists(numbers, min_size=3, max_size=3))
            )
        else:
            model[part] = draw(values)
    model["checksum"] = published.checksum(model)
    data = json.dumps(model).encode()
    place = draw(st.integers(0, len(data)))
    return data[:place] + draw(st.sampled_from([b"", b"", b"0", b"["])) + data[place:]


@settings(max_examples=150)
@given(data=models())
def test_any_model_places_and_scores_everybody_or_is_refused(tmp_path_factory, shop, data):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)

    def use():
        found = published.read_published(path)
        placed = clusters.place(found.model, shop[1])
        assert ((placed.cluster >= 0) & (placed.cluster < 4)).all() and np.isfinite(placed.confidence).all()
        placing.statement(found.model, found.window)
        rfm_scores(shop[1], found.thresholds)

    read_or_refused(use)
