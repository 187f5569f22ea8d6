"""Orders from any export: each rule on a few rows, and what other systems write."""

import numpy as np
import pandas as pd
import pytest

from segmentation.lines import plain_ids, read_orders
from segmentation.problems import InputError
from segmentation.vocabulary import ORDER_COLUMNS


@pytest.fixture
def read(tmp_path):
    """Reads the text of an export, or rows of a log."""

    def read_export(content, most_aside=0.05, **options):
        if not isinstance(content, str):
            content = pd.DataFrame(content, columns=ORDER_COLUMNS).to_csv(index=False)
        (tmp_path / "log.csv").write_text(content)
        return read_orders(tmp_path / "log.csv", most_aside, **options)

    return read_export


def done(orders):
    """What was done, but for the number of rows read."""
    assert len(orders.log) + orders.removed.sum() == orders.ledger["Rows"].iloc[0], "every row is accounted for"
    return {f"{action}, {rule}": rows for rule, rows, action in orders.ledger.to_numpy()[1:]}


def amounts(orders):
    """Amounts of each order, refunds negative."""
    return orders.log.groupby("Order_ID")["Amount"].apply(list).to_dict()


# Plain logs


def test_refunds_repeats_and_lines_of_one_order(read):
    rows = [
        ("a", "1", "2026-01-05", 10),
        ("a", "1", "2026-01-05", 10),  # repeats
        ("a", "2", "2026-02-05", 20),
        ("a", "2", "2026-02-06", 5),  # a line of order 2
        ("a", "2", "2026-03-01", -8),  # refund of it
        ("b", "3", "2026-01-01", 7),
        ("c", "3", "2026-01-01", 7),  # one id, two customers: nobody's
        ("t", "4", "2026-01-01", 0),  # a test
        *[("d", f"d{n}", "2026-01-01", 1) for n in range(60)],
        ("d", "bad", "no date", 1),
    ]
    orders = read(rows)
    assert done(orders) == {
        "set aside, Order_Date is no date like 2026-06-30": 1,
        "set aside, one Order_ID under two customers": 2,
        "dropped, rows that repeat another": 1,
        "added to it, further lines of an order": 1,
        "left out, orders of zero": 1,
        "taken off spend, refunds": 1,
    }
    assert orders.ledger.iloc[0].tolist() == ["Rows read", 69, ""]
    assert amounts(orders)["2"] == [25, -8] and len(orders.log) == 63
    assert orders.log.set_index("Order_ID").loc["2", "Order_Date"].min() == pd.Timestamp("2026-02-05")


GOOD = ("a", "1", "2026-01-01", 1)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("x", " ", "2026-01-01", 5), "Order_ID is blank"),
        (("x", "x", "9999-12-31", 5), "Order_Date is no date like 2026-06-30"),
        (("x", "x", "1969-12-31", 5), "Order_Date is no date like 2026-06-30"),
        (("x", "x", "no date", 5), "Order_Date is no date like 2026-06-30"),
        (("x", "x", "", 5), "Order_Date is no date like 2026-06-30"),
        (("x", "x", "2026-01-01", "1e400"), "Amount is no number, or too large"),
        (("x", "x", "2026-01-01", "x"), "Amount is no number, or too large"),
        (("x", "x", "2026-01-01", 10**12 + 1), "Amount is no number, or too large"),
        (("x", "x", "2026-01-01", -(10**12) - 1), "Amount is no number, or too large"),
    ],
)
def test_rows_that_cannot_be_used_are_set_aside_and_counted(read, row, problem):
    orders = read([GOOD, row], 0.5)
    assert done(orders)[f"set aside, {problem}"] == 1 and len(orders.log) == 1


@pytest.mark.parametrize("row", [("x", "x", "1970-01-01", 10**12), ("x", "x", "2100-12-31", -(10**12))])
def test_rows_on_a_bound_are_used(read, row):
    assert len(read([GOOD, row], 0).log) == 2


@pytest.mark.parametrize("columns", ["Amount", "Quantity,Unit_Price", "Line_Total"])
def test_orders_without_any_day_are_refused_whatever_the_amount_is_called(tmp_path, columns):
    path = tmp_path / "log.csv"
    lines = [f"{number},a,no day,{','.join('5' for _ in columns.split(','))}" for number in range(20)]
    path.write_text(f"Order_ID,Customer_ID,Order_Date,{columns}\n" + "\n".join(lines))
    with pytest.raises(InputError, match=r"^log\.csv: .* expected the day of the order, like 2026-06-30"):
        read_orders(path, 0.05)
    path.write_text(path.read_text().replace("no day", "2026-06-30").replace(",5", ",x"))
    with pytest.raises(InputError, match=r"^log\.csv: .* expected the value of the order, like 129\.90"):
        read_orders(path, 0.05)


def test_more_unusable_rows_than_the_limit_stop_with_the_first_line(read):
    rows = [("a", str(n), "2026-06-30" if n else "30.6.", 5) for n in range(20)]
    assert len(read(rows).log) == 19
    with pytest.raises(InputError, match=r"^log\.csv: 1 of 19 rows cannot be used; expected at most 5 %") as stopped:
        read(rows[:-1])
    assert "line 2, where Order_Date is '30.6.'" in str(stopped.value)


def test_guests_are_left_out_and_no_reason_to_stop(read):
    orders = read(
        [
            GOOD,
            *[
                (who, f"g{n}", "2026-01-01", 5)
                for n, who in enumerate(["", " ", "Guest", "", "0", "N/A", "guest@shop.com", "NULL"])
            ],
        ]
    )
    assert done(orders) == {"left out, guests, Customer_ID is blank": 8} and len(orders.log) == 1
    with pytest.raises(InputError, match="no order with a customer, a date and an amount"):
        read([("", "1", "2026-01-01", 1)])


def test_orders_whose_id_begins_with_c_are_cancellations_where_ids_are_numbers(read):
    rows = [("a", "1", "2026-01-01", 9), ("a", "2", "2026-01-02", 5), ("a", "C3", "2026-01-03", 4)]
    orders = read([*rows, ("a", "C4", "2026-01-04", -1)])
    assert amounts(orders) == {"1": [9], "2": [5], "C3": [-4], "C4": [-1]}
    assert done(orders)["taken off spend, cancellations, Order_ID begins with C"] == 2
    assert amounts(read([("a", "C1", "2026-01-01", 9), ("a", "C2", "2026-01-02", 5)])) == {"C1": [9], "C2": [5]}


@pytest.mark.parametrize(
    ("ids", "plain"),
    [
        (["17850.0", "", "12583.0"], ["17850", "", "12583"]),
        (["17850.0", "12583"], ["17850", "12583"]),
        (["1.0", "A2"], ["1.0", "A2"]),
        (["007", "7"], ["007", "7"]),
        ([" Ann@Example.com", "ann@example.com", ""], ["ann@example.com", "ann@example.com", ""]),
        (["Ann", "ann"], ["Ann", "ann"]),
    ],
)
def test_ids_lose_what_a_spreadsheet_added_and_addresses_their_case(ids, plain):
    assert plain_ids(pd.Series(ids, dtype=str)).tolist() == plain
    assert plain_ids(pd.Series(ids, dtype="category")).astype(str).tolist() == plain


# Lines


HEAD = "Order_ID,Customer_ID,Order_Date,"


def test_lines_with_quantity_and_price_are_added_up_even_where_they_stand_twice(read):
    lines = [
        "1,a,2026-01-01,2,1.50",
        "1,a,2026-01-01,2,1.50",
        "1,a,2026-01-01,1,4",
        "2,b,2026-01-02,-1,3",
        "3,b,2026-01-03,1,7",
    ]
    orders = read(HEAD + "Quantity,Unit_Price\n" + "\n".join(lines))
    assert amounts(orders) == {"1": [10], "2": [-3], "3": [7]}
    assert done(orders) == {
        "kept, lines of an order, rows that repeat another": 1,
        "added to it, further lines of an order": 2,
        "taken off spend, refunds": 1,
    }


def test_line_totals_are_added_up(read):
    orders = read(HEAD + "Line_Total,Article\n1,a,2026-01-01,5,x\n1,a,2026-01-01,5,y\n2,b,2026-01-02,3,x\n")
    assert amounts(orders) == {"1": [10], "2": [3]}


def test_totals_repeated_on_every_line_count_once(read):
    lines = [
        "1,a,2026-01-01,9,x",
        "1,a,2026-01-01,9,y",
        "2,a,2026-01-02,5,x",
        "3,b,2026-01-02,7,x",
        "3,b,2026-01-02,7,z",
    ]
    orders = read(HEAD + "Amount,Article\n" + "\n".join(lines))
    assert amounts(orders) == {"1": [9], "2": [5], "3": [7]}
    assert done(orders) == {"total counted once, further lines with the order's total again, or none": 2}
    orders = read(HEAD + "Amount,Article\n" + "\n".join([*lines, "3,b,2026-01-02,1,y"]))  # amounts of lines, then
    assert amounts(orders) == {"1": [18], "2": [5], "3": [15]}


def test_what_only_the_first_line_says_holds_for_the_order(read):
    orders = read(
        "Name,Email,Created at,Total,Lineitem name\n#1,A@x.org,2026-01-01,9,x\n#1,,,,y\n#2,b@x.org,2026-01-02,5,x\n"
    )
    assert amounts(orders) == {"#1": [9], "#2": [5]}
    assert done(orders) == {
        "taken from the order's first line, further lines without customer, date or status": 1,
        "total counted once, further lines with the order's total again, or none": 1,
    }
    assert list(orders.log["Customer_ID"]) == ["a@x.org", "b@x.org"]


@pytest.mark.parametrize(
    "status",
    [
        "cancelled",
        "Canceled",
        "VOIDED",
        "refunded",
        "Failed",
        "checkout-draft",
        "expired",
        "Pending Payment",
        "Unpaid",
        "Awaiting Payment",
        "requires_payment_method",
        "on-hold",
        "Closed",
        "returned",
    ],
)
def test_orders_that_brought_no_money_are_left_out_by_their_status(read, status):
    orders = read(
        HEAD + f"Amount,Status\n1,a,2026-01-01,9,{status}\n2,a,2026-01-02,5,paid\n3,a,2026-01-03,5,processing\n"
    )
    assert list(orders.log["Order_ID"]) == ["2", "3"]
    assert done(orders) == {"left out, cancelled, refunded or never paid, by their status": 1}


def test_what_was_refunded_comes_off_and_a_date_of_cancellation_cancels(read):
    rows = [
        "1,a,2026-01-01,9,partially_refunded,,4",
        "2,a,2026-01-02,5,paid,2026-01-03,",
        "3,a,2026-01-03,5,paid,,5",
        "4,a,2026-01-04,6,paid,,0",
    ]
    orders = read(HEAD + "Amount,Status,Cancelled,Refunded\n" + "\n".join(rows))
    assert amounts(orders) == {"1": [5], "4": [6]}
    assert done(orders) == {
        "left out, cancelled, refunded or never paid, by their status": 1,
        "refund taken off, orders partly or wholly refunded": 2,
        "left out, orders of zero": 1,
    }


# Exports of other systems


EXPORTS = {
    "Shopify orders": (
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,"
        "Lineitem quantity,Lineitem name,Lineitem price,Cancelled at,Refunded Amount,Id\n"
        "#1001,a@x.org,paid,2026-01-05,fulfilled,USD,10,0,0,10.00,2026-01-05 23:30:00 -0500,1,x,6,,0.00,1\n"
        "#1001,a@x.org,,,,,,,,,2026-01-05 23:30:00 -0500,1,y,4,,,\n"
        "#1002,b@x.org,voided,,,USD,5,0,0,5.00,2026-01-06 09:00:00 -0500,1,x,5,,0.00,2\n"
        "#1003,A@x.org,partially_refunded,,,USD,8,0,0,8.00,2026-01-07 09:00:00 -0500,1,x,8,,3.00,3\n",
        {"#1001": ("a@x.org", "2026-01-05", 10), "#1003": ("a@x.org", "2026-01-07", 5)},
    ),
    "WooCommerce orders (SkyVerge export)": (
        "order_id,order_number,date,status,order_total,refunded_total,customer_id,billing_email\n"
        "12,12,2026-01-05 10:00:00,completed,10.00,0.00,0,a@x.org\n13,13,2026-01-06 10:00:00,failed,5.00,0,0,a@x.org\n"
        "14,14,2026-01-07 10:00:00,processing,8.00,3,7,b@x.org\n",
        {"12": ("a@x.org", "2026-01-05", 10), "14": ("b@x.org", "2026-01-07", 5)},
    ),
    "WooCommerce orders (WebToffee export)": (
        "order_id,order_number,order_date,status,order_total,billing_email\n"
        "12,12,2026-01-05 10:00:00,completed,10.00,a@x.org\n",
        {"12": ("a@x.org", "2026-01-05", 10)},
    ),
    "Magento orders": (
        '"ID","Purchase Point","Purchase Date","Bill-to Name","Grand Total (Base)","Grand Total (Purchased)","Status",'
        '"Customer Email","Total Refunded"\n'
        '"000000001","Main","Jan 5, 2026, 10:22:33 AM","Ann","$1,010.00","$1,010.00","complete","a@x.org","$0.00"\n'
        '"000000002","Main","Jan 6, 2026, 10:22:33 AM","Ann","$5.00","$5.00","canceled","a@x.org",""\n',
        {"000000001": ("a@x.org", "2026-01-05", 1010)},
    ),
    "BigCommerce orders": (
        "Order ID,Customer ID,Customer Name,Customer Email,Order Date,Order Status,Order Total (ex tax),"
        "Order Total (inc tax)\n"
        "100,7,Ann,a@x.org,01/05/2026,Completed,9,10.00\n101,0,Bob,b@x.org,01/25/2026,Shipped,7,8.00\n",
        {"100": ("a@x.org", "2026-01-05", 10), "101": ("b@x.org", "2026-01-25", 8)},
    ),
    "Stripe payments": (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Description,Status,Customer ID,Customer Email\n"
        "ch_1,2026-01-05 10:00:00,10.00,0.00,usd,x,Paid,cus_1,a@x.org\n"
        "ch_2,2026-01-06 10:00:00,5.00,0.00,usd,x,Failed,,a@x.org\n"
        "ch_3,2026-01-07 10:00:00,8.00,8.00,usd,x,Refunded,,a@x.org\n",
        {"ch_1": ("a@x.org", "2026-01-05", 10)},
    ),
    "UCI Online Retail": (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,x,6,12/1/2010 8:26,2.55,17850.0,UK\n536365,71053,y,6,12/1/2010 8:26,3.39,17850.0,UK\n"
        "536366,22633,z,1,12/13/2010 8:28,4,,UK\n",
        {"536365": ("17850", "2010-12-01", 35.64)},
    ),
    "UCI Online Retail II": (
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
        "489434,85048,x,12,2009-12-01 07:45:00,6.95,13085.0,UK\n",
        {"489434": ("13085", "2009-12-01", 83.4)},
    ),
    "Olist payments with their orders and customers": (
        "order_id,customer_id,order_status,order_purchase_timestamp,customer_unique_id,payment_sequential,payment_value\n"
        "o1,k1,delivered,2018-01-05 10:00:00,u1,1,10.00\no1,k1,delivered,2018-01-05 10:00:00,u1,2,10.00\n"
        "o2,k2,canceled,2018-01-06 10:00:00,u1,1,5.00\n",
        {"o1": ("u1", "2018-01-05", 20)},
    ),
    "Olist items with their orders and customers": (
        "order_id,customer_id,order_status,order_purchase_timestamp,customer_unique_id,order_item_id,price,freight_value\n"
        "o1,k1,delivered,2018-01-05 10:00:00,u1,1,10.00,2\n",
        {"o1": ("u1", "2018-01-05", 10)},
    ),
}


@pytest.mark.parametrize("system", EXPORTS)
def test_exports_are_recognised_by_their_headers_and_read_by_their_rules(read, words, system):
    text, expected = EXPORTS[system]
    orders = read(text)
    assert orders.raw.export.name == system and f"Read as {system}" in words.text("{names}", orders.raw)
    found = orders.log.astype({"Order_Date": str, "Customer_ID": str}).set_index("Order_ID")
    assert {name: (row.Customer_ID, row.Order_Date, row.Amount) for name, row in found.iterrows()} == expected


def test_usual_headings_are_known_and_columns_can_be_named(read):
    lines = "Invoice Number;Client ID;Invoice Date;Qty;Price per unit\n1;a;2026-01-05;2;1,50\n"
    assert amounts(read(lines)) == {"1": [3]}
    odd = {"Beleg": "Order_ID", "kunde ": "Customer_ID", "Tag": "Order_Date", "Summe": "Amount"}
    assert amounts(read("Beleg;Kunde;Tag;Summe\n1;a;31.12.2026;1.234,50\n", given=odd)) == {"1": [1234.5]}


def test_a_missing_column_says_what_would_do_and_suggests_only_near_spellings(read):
    with pytest.raises(
        InputError, match=r"no column Amount \(value of the order; or give Line_Total, or Quantity"
    ) as stopped:
        read("Customer_ID,Order_ID,Order_Date,Shipping\na,1,2026-01-01,5\n")
    assert "meant" not in str(stopped.value)
    with pytest.raises(InputError, match=r"\(is 'Amonut' meant\?\)"):
        read("Customer_ID,Order_ID,Order_Date,Amonut\na,1,2026-01-01,5\n")


def test_amounts_are_numbers_not_a_number_where_they_are_none(read):
    assert np.isclose(
        read([("a", "1", "2026-01-01", "$1,234.50"), ("a", "2", "2026-01-01", "$5.25")]).log["Amount"].sum(), 1239.75
    )
