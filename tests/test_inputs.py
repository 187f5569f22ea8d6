"""Which files a run starts from: never another shop's; customers from orders; too little to go on is said."""

import dataclasses

import pandas as pd
import pytest

from segmentation import inputs
from segmentation.inputs import SHIPPED_CUSTOMERS, SHIPPED_ORDERS, files_named, kind_of, read_shop, too_little
from segmentation.lines import read_orders
from segmentation.orders import rfm_from_orders
from segmentation.problems import InputError, LeftOut


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shop):
    """A small shop's orders and customers as files."""
    path = tmp_path_factory.mktemp("shop")
    shop[0].to_csv(path / "orders.csv.gz", index=False)
    shop[1].to_csv(path / "customers.csv", index=False)
    return path


def read(decisions, customers, orders, months=12, given=None, **rules):
    files = tuple(str(path) if path else None for path in (customers, orders))
    return read_shop(files, given or {}, None, months, dataclasses.replace(decisions.RULES, **rules))


@pytest.mark.parametrize(
    ("customers", "orders", "expected"),
    [
        (SHIPPED_CUSTOMERS, SHIPPED_ORDERS, (SHIPPED_CUSTOMERS, SHIPPED_ORDERS)),
        (SHIPPED_CUSTOMERS, None, (SHIPPED_CUSTOMERS, None)),
        (SHIPPED_CUSTOMERS, "mine.csv", (None, "mine.csv")),
        ("mine.csv", SHIPPED_ORDERS, ("mine.csv", None)),
        ("mine.csv", "log.csv", ("mine.csv", "log.csv")),
        (None, "log.csv", (None, "log.csv")),
    ],
)
def test_a_shipped_file_never_stands_in_for_one_that_was_not_named(customers, orders, expected):
    assert files_named(customers, orders) == expected


def test_no_file_at_all_stops(decisions):
    with pytest.raises(InputError, match="both None; expected at least one file"):
        read(decisions, None, None)


def test_a_named_log_that_is_not_there_stops(decisions, folder):
    with pytest.raises(InputError, match=r"nowhere\.csv: does not exist"):
        read(decisions, folder / "customers.csv", folder / "nowhere.csv")


def test_a_file_is_known_by_its_header(folder, tmp_path, words):
    assert kind_of(str(folder / "orders.csv.gz"), {}) == ("orders", "")
    assert kind_of(str(folder / "customers.csv"), {}) == ("customers", "")
    (tmp_path / "neither.csv").write_text("Customer_ID,Recency,Frequency\na,1,2\n")
    with pytest.raises(InputError, match=r"neither\.csv: no column Monetary"):
        kind_of(str(tmp_path / "neither.csv"), {})
    (tmp_path / "theirs.csv").write_text("Who,Recency,Frequency,Monetary\na,1,2,3\n")
    kind, names = kind_of(str(tmp_path / "theirs.csv"), {"Who": "Customer_ID"})
    assert kind == "customers" and words.text("{names}", names=names) == "Read: 'Who' is Customer_ID."


def test_customers_are_made_from_orders_alone(decisions, folder, shop):
    found = read(decisions, None, folder / "orders.csv.gz")
    assert found.orders_only and not isinstance(found.log, LeftOut)
    expected = rfm_from_orders(found.log, found.snapshot, 12)
    customers = found.cleaned.customers.set_index("Customer_ID")[["Recency", "Frequency", "Monetary"]]
    pd.testing.assert_frame_equal(customers, expected.astype(float), check_names=False, check_dtype=False)
    table = shop[1].set_index("Customer_ID").loc[customers.index]
    assert (table["Frequency"] == customers["Frequency"]).all()


def test_both_files_are_used_together_where_they_agree(decisions, folder, words):
    found = read(decisions, folder / "customers.csv", folder / "orders.csv.gz")
    assert not found.orders_only and "so it is used" in words.text(found.story)
    alone = read(decisions, folder / "customers.csv", None)
    assert isinstance(alone.log, LeftOut)


# Names of columns


def kinds(tmp_path, text, given=None):
    (tmp_path / "shop.csv").write_text(text)
    return kind_of(str(tmp_path / "shop.csv"), given or {})[0]


def test_an_entry_of_columns_may_be_for_either_file_and_must_be_for_one(decisions, folder, tmp_path):
    customers, log = (pd.read_csv(folder / name, dtype=str) for name in ("customers.csv", "orders.csv.gz"))
    customers.rename(columns={"Monetary": "Umsatz"}).to_csv(tmp_path / "c.csv", index=False)
    log.rename(columns={"Amount": "Betrag"}).to_csv(tmp_path / "o.csv", index=False)
    both = {"Umsatz": "Monetary", "Betrag": "Amount"}
    assert not isinstance(read(decisions, tmp_path / "c.csv", tmp_path / "o.csv", given=both).log, LeftOut)
    with pytest.raises(
        InputError, match=r"COLUMNS names 'Wert', which is no column; c\.csv has Customer_ID, .*; o\.csv has"
    ):
        read(decisions, tmp_path / "c.csv", tmp_path / "o.csv", given=both | {"Wert": "Amount"})


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"Umsatz": "Revenue"}, r"'Revenue' as our name; expected one of Amount, "),
        ({"Umsatz": "monetary"}, r"'monetary' as our name \(is 'Monetary' meant\?\)"),
        ({"Monetary": "Umsatz"}, r"'Umsatz' as our name \(is 'Umsatz=Monetary' meant\?\)"),
    ],
)
def test_columns_are_given_for_our_names(decisions, folder, given, found):
    with pytest.raises(InputError, match=found):
        read(decisions, folder / "customers.csv", None, given=given)


def test_a_title_may_stand_above_the_header(tmp_path, decisions, shop):
    text = shop[0].to_csv(index=False)
    assert kinds(tmp_path, f"Orders of 2026\nmade,2026-07-01\n\n{text}") == "orders"
    found = read(decisions, None, tmp_path / "shop.csv")
    assert len(found.cleaned.customers) == 300 and found.raw.rows.index[0] == 5


def test_headers_that_say_nothing_are_answered_for_both_kinds(tmp_path):
    with pytest.raises(
        InputError, match=r"neither orders \(Customer_ID, Order_ID.* nor customers .* 'Beleg=one of these names'"
    ):
        kinds(tmp_path, "Beleg;Kunde;Tag;Summe\n1;a;31.12.2026;5\n")
    with pytest.raises(
        InputError, match=r"shop\.csv: no header: the first row is 1, a, 2026-12-31, 5; expected the names"
    ):
        kinds(tmp_path, "1,a,2026-12-31,5\n2,b,2026-12-30,5\n")
    with pytest.raises(InputError, match="no column Amount"):
        kinds(tmp_path, "Order_ID,Customer_ID,Order_Date\n1,a,2026-12-31\n")
    with pytest.raises(InputError, match=r"no column Recency \("):
        kinds(tmp_path, "Customer_ID,Frequency,Monetary\na,1,2\n")


def test_a_name_that_is_given_comes_before_a_column_that_bears_ours(tmp_path):
    (tmp_path / "log.csv").write_text("Order_ID,Customer_ID,Order_Date,Total,Amount\n1,a,2026-01-01,9,4\n")
    found = read_orders(tmp_path / "log.csv", 0, {"Total": "Amount"})
    assert found.log["Amount"].tolist() == [9] and found.raw.rows["Amount (not used)"].tolist() == ["4"]


# What became of every row


def test_orders_are_accounted_for_row_by_row(decisions, shop, tmp_path, words):
    log = shop[0].astype(object)
    refunds = int((log["Amount"] < 0).sum())
    odd = [("", "g1", "2026-01-01", 5), ("x", "X1", "no date", 5), ("y", "Y1", "2026-01-01", 0)]
    odd += [(*log.iloc[0, :3], 5)]
    rows = pd.concat([log, log.iloc[[7]], pd.DataFrame(odd, columns=log.columns)])
    rows.to_csv(tmp_path / "log.csv", index=False)
    found = read(decisions, None, tmp_path / "log.csv")
    said = words.text(inputs.accounted_for(found))
    assert said == (
        f"**Accounted for, of <code>log.csv</code>:** {len(log) - refunds:,} orders + {refunds} refunds + 1 further "
        f"line of orders + 1 repeat + 2 rows left out + 1 row set aside = {len(rows):,} rows read. "
        "The rows set aside are in "
        "`ecommerce_set_aside_orders.csv`, with line and reason. 300 customers have an order in the window."
    )
    aside = inputs.aside_tables(found)["ecommerce_set_aside_orders.csv"]
    assert aside[["Reason", "Order_ID"]].to_numpy().tolist() == [["Order_Date is no date like 2026-06-30", "X1"]]


def test_of_two_files_both_are_accounted_for(decisions, folder, words):
    found = read(decisions, folder / "customers.csv", folder / "orders.csv.gz")
    said = words.text(inputs.accounted_for(found))
    assert (
        said.startswith("**Accounted for:** 300 customers + 0 rows") and "\n\n**Accounted for, of <code>orders" in said
    )
    alone = read(decisions, folder / "customers.csv", None)
    assert isinstance(inputs.aside_tables(alone)["ecommerce_set_aside_orders.csv"], LeftOut)


# Too little to go on


@pytest.mark.parametrize(("today", "said"), [("2026-06-29", True), ("2026-06-30", False)])
def test_orders_that_are_still_to_come_are_said_but_not_of_the_shipped_shop(decisions, folder, words, today, said):
    shop = read(decisions, None, folder / "orders.csv.gz")
    problems = too_little(shop, 12, decisions.RULES, pd.Timestamp(today))
    assert any("the last order is dated 2026-06-30, after today" in words.text(text) for text in problems) == said
    shipped = dataclasses.replace(shop, shipped=True)
    assert too_little(shipped, 12, decisions.RULES, pd.Timestamp(today)) == []


def told(words, shop, months, decisions):
    return [words.text(problem) for problem in too_little(shop, months, decisions.RULES)]


def test_a_shop_of_its_kind_has_enough(decisions, folder, words):
    assert told(words, read(decisions, None, folder / "orders.csv.gz"), 12, decisions) == []


@pytest.mark.parametrize(("once", "said"), [(90, True), (89, False)])
def test_one_time_buyers_are_just_too_many_and_just_not(decisions, folder, words, once, said):
    shop = read(decisions, folder / "customers.csv", None)
    orders = [1.0] * once + [2.0] * (100 - once)
    customers = shop.cleaned.customers.head(100).assign(Frequency=orders)
    shop = dataclasses.replace(shop, cleaned=dataclasses.replace(shop.cleaned, customers=customers))
    assert any("ordered at most once" in text for text in told(words, shop, 12, decisions)) == said


@pytest.mark.parametrize(("days", "said"), [(182, True), (184, False)])
def test_six_months_of_history_are_just_there_and_just_not(decisions, folder, words, days, said):
    shop = read(decisions, None, folder / "orders.csv.gz")
    log = shop.log[shop.log["Order_Date"] >= shop.snapshot - pd.Timedelta(days=days)]
    log = pd.concat([log, log.head(1).assign(Order_Date=shop.snapshot - pd.Timedelta(days=days))])
    shop = dataclasses.replace(shop, log=log)
    assert any("the orders cover" in text for text in told(words, shop, 12, decisions)) == said


@pytest.mark.parametrize(("old", "said"), [(11, True), (10, False)])
def test_lifetime_totals_are_noticed_and_only_in_a_window(decisions, folder, words, old, said):
    shop = read(decisions, folder / "customers.csv", None)
    customers = shop.cleaned.customers.head(100).assign(Recency=[400.0] * old + [10.0] * (100 - old))
    shop = dataclasses.replace(shop, cleaned=dataclasses.replace(shop.cleaned, customers=customers))
    assert any("those of a lifetime" in text for text in told(words, shop, 12, decisions)) == said
    assert not any("those of a lifetime" in text for text in told(words, shop, None, decisions))


def test_the_warning_is_silent_where_there_is_nothing_to_say(words):
    assert words.text(inputs.warning([])) == ""
