"""What an amount stands for and which rows make an order: each trap as a small export, checked by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from segmentation.lines import read_orders
from segmentation.problems import InputError

HEAD = "Order_ID,Customer_ID,Order_Date,"


@pytest.fixture
def read(tmp_path):
    """Reads the text of an export."""

    def read_export(head, lines, most_aside=0.05):
        (tmp_path / "log.csv").write_text("\n".join([head, *lines]) + "\n")
        return read_orders(tmp_path / "log.csv", most_aside)

    return read_export


def amounts(orders):
    """Amounts of each order, refunds negative; every row that was read is accounted for."""
    assert len(orders.log) + orders.removed.sum() == orders.ledger["Rows"].iloc[0]
    return orders.log.groupby("Order_ID")["Amount"].apply(list).to_dict()


def rule(orders, words):
    """Rows that a rule of the ledger touched."""
    found = orders.ledger[orders.ledger["Rule"].str.contains(words)]
    return int(found["Rows"].sum())


# Totals of orders, amounts of lines


def test_an_orders_total_beside_the_prices_of_its_lines_counts_once(read):
    lines = ["1,a,2026-01-01,30,1,10", "1,a,2026-01-01,30,2,5", "1,a,2026-01-01,30,1,10", "2,b,2026-01-02,7,1,7"]
    orders = read(HEAD + "Amount,Quantity,Unit_Price", lines)
    assert amounts(orders) == {"1": [30], "2": [7]}
    assert amounts(read(HEAD + "Amount,Line_Total", ["1,a,2026-01-01,20,10", "1,a,2026-01-01,20,10"])) == {"1": [20]}


def test_a_lines_amount_beside_its_price_is_added_up(read):
    lines = ["1,a,2026-01-01,10,1,10", "1,a,2026-01-01,10,2,5", "2,b,2026-01-02,7,1,7"]
    assert amounts(read(HEAD + "Amount,Quantity,Unit_Price", lines)) == {"1": [20], "2": [7]}


def test_a_total_on_the_first_line_only_counts_though_lines_have_prices(read):
    lines = ["1,a,2026-01-01,25,1,10", "1,a,2026-01-01,,2,5", "2,b,2026-01-02,7,1,7"]
    assert amounts(read(HEAD + "Amount,Quantity,Unit_Price", lines)) == {"1": [25], "2": [7]}


def totals(odd, orders=20):
    """Orders of two lines that show the order's total; in `odd` of them the second differs by a cent."""
    return [
        f"{n},c{n},2026-01-01,{10 + n + (line == 'y' and n < odd) / 100},{line}" for n in range(orders) for line in "xy"
    ]


def lines_of(same, orders=20):
    """Orders of two lines with amounts of their own; in `same` of them they are equal."""
    return [f"{n},c{n},2026-01-01,{10 if n < same else 10 + line},{line}" for n in range(orders) for line in (1, 2)]


def test_an_order_that_differs_by_a_cent_does_not_change_the_rule_for_all(read):
    clean, odd = (read(HEAD + "Amount,Article", totals(n)) for n in (0, 2))
    assert clean.log["Amount"].sum() == odd.log["Amount"].sum() == sum(range(10, 30))
    assert rule(odd, "whose lines show different totals") == 2


def test_lines_that_happen_to_cost_the_same_are_still_lines(read):
    assert read(HEAD + "Amount,Article", lines_of(10)).log["Amount"].sum() == 10 * 20 + 10 * 23


def test_a_column_that_may_be_either_is_refused(read):
    with pytest.raises(InputError, match=r"column Amount: the same on every line of 55 % of the orders with several"):
        read(HEAD + "Amount,Article", lines_of(11))
    with pytest.raises(InputError, match=r"85 % .*name it Line_Total"):
        read(HEAD + "Amount,Article", totals(3))
    assert read(HEAD + "Line_Total,Article", lines_of(11)).log["Amount"].sum() == 11 * 20 + 9 * 23


def test_where_nearly_everything_costs_the_same_equal_amounts_show_nothing(read):
    def rows(dear):
        """Ten orders of one line, `dear` of them for 12, and six of two lines; everything else costs 10."""
        single = [f"s{n},s{n},2026-01-01,{12 if n < dear else 10},x" for n in range(10)]
        return [*single, *[f"{n},c{n},2026-01-01,10,{line}" for n in range(6) for line in "xy"]]

    assert read(HEAD + "Amount,Article", rows(8)).log["Amount"].sum() == 8 * 12 + 8 * 10  # alike by chance: one half
    with pytest.raises(InputError, match=r"every line of 100 % .* it may be the order's total or the line's amount"):
        read(HEAD + "Amount,Article", rows(7))
    assert read(HEAD + "Line_Total,Article", rows(7)).log["Amount"].sum() == 7 * 12 + 15 * 10


# Rows that stand twice


def test_four_columns_hold_lines_and_equal_ones_are_kept(read):
    lines = ["1,a,2026-01-01,5", "1,a,2026-01-01,5", "1,a,2026-01-01,3", "2,b,2026-01-02,4", "2,b,2026-01-02,6"]
    orders = read(HEAD + "Amount", lines)
    assert amounts(orders) == {"1": [13], "2": [10]} and rule(orders, "rows that repeat another") == 1


def test_where_hardly_an_order_has_lines_equal_rows_are_repeats(read):
    single = [f"s{n},c{n},2026-01-01,9" for n in range(40)]
    twice = ["1,a,2026-01-01,5", "1,a,2026-01-01,5"]
    lines = ["2,b,2026-01-02,4", "2,b,2026-01-02,6"]
    assert amounts(read(HEAD + "Amount", [*single, *twice, *lines]))["1"] == [5]
    several = [row.replace("2,b", f"m{n},b") for n in range(3) for row in lines]
    assert amounts(read(HEAD + "Amount", [*single, *twice, *several]))["1"] == [10]  # lines are usual here


@pytest.mark.parametrize("columns", ["Amount", "Line_Total"])
def test_an_export_pasted_twice_counts_once(read, columns):
    lines = ["1,a,2026-01-01,5", "1,a,2026-01-01,3", "2,b,2026-01-02,4", "3,c,2026-01-02,8", "3,c,2026-01-02,8"]
    assert amounts(read(HEAD + columns, [*lines, *lines])) == amounts(read(HEAD + columns, lines))
    pasted = read(HEAD + columns, sorted([*lines[:4], *lines[:4]]))
    assert amounts(pasted) == {"1": [8], "2": [4], "3": [8]} and rule(pasted, "stand twice|repeat another") == 4


def test_exports_of_two_months_that_overlap_count_the_shared_orders_once(read):
    orders = [[f"{n},c{n},2026-01-{n + 1:02d},{n + 1},{line}" for line in range(1 + (n != 4))] for n in range(9)]
    whole, first, second = ([*itertools.chain(*part)] for part in (orders, orders[:6], orders[4:]))
    both = read(HEAD + "Line_Total,Article", [*first, *second])
    assert amounts(both) == amounts(read(HEAD + "Line_Total,Article", whole))
    assert rule(both, "rows of orders that stand twice") == 3


def test_tables_that_were_merged_repeat_their_lines(read):
    head = "order_id,order_status,order_purchase_timestamp,customer_unique_id,"
    row = "o1,delivered,2018-01-05 10:00:00,u1,"
    merged = [f"{row}{item},{price},{payment},{value}" for item, price in ((1, 10), (2, 10), (3, 5))
              for payment, value in ((1, 20), (2, 9))]  # fmt: skip
    orders = read(head + "order_item_id,price,payment_sequential,payment_value", merged)
    assert amounts(orders) == {"o1": [29]} and rule(orders, "a line of an order that stood before") == 4
    assert amounts(read(head + "order_item_id,price,payment_type,payment_value", merged)) == {"o1": [25]}


# Numbers that begin again


def test_numbers_that_begin_again_each_year_are_other_orders(read):
    lines = [f"{n},c{n + year},202{year}-03-{n + 1:02d},5" for year in (4, 5) for n in range(20)]
    orders = read(HEAD + "Amount", lines)
    assert len(orders.log) == 40 and orders.log["Amount"].eq(5).all()
    same = read(HEAD + "Amount", [f"{n},a,202{year}-03-{n + 1:02d},5" for year in (4, 5) for n in range(20)])
    assert len(same.log) == 40


@pytest.mark.parametrize(("day", "orders"), [("2026-04-01", 1), ("2026-04-02", 2)])
def test_rows_of_one_customer_and_number_are_one_order_up_to_90_days_apart(read, day, orders):
    assert len(read(HEAD + "Line_Total", ["1,a,2026-01-01,5", f"1,a,{day},3"]).log) == orders


def test_one_number_of_two_customers_on_one_day_is_nobodys_and_too_many_stop(read):
    single = [f"s{n},c{n},2026-01-01,9" for n in range(38)]
    assert rule(read(HEAD + "Amount", [*single, "1,a,2026-01-01,5", "1,b,2026-01-01,5"]), "under two customers") == 2
    with pytest.raises(InputError, match=r"2 of 39 rows cannot be used.*one Order_ID under two customers"):
        read(HEAD + "Amount", [*single[:37], "1,a,2026-01-01,5", "1,b,2026-01-01,5"])


def test_further_lines_take_customer_and_date_from_the_line_above_when_numbers_begin_again(read):
    lines = ["1,a,2025-01-01,5,x", "1,,,3,y", "1,b,2026-01-01,7,x", "1,,,4,y"]
    orders = read(HEAD + "Line_Total,Article", lines)
    assert orders.log.set_index("Customer_ID")["Amount"].to_dict() == {"a": 8, "b": 11}


# Refunds


def test_a_negative_row_called_refunded_takes_the_sale_off_that_stays(read):
    lines = [
        "1,a,2026-01-01,9,paid",
        "1,a,2026-01-09,-9,refunded",
        "2,a,2026-01-02,5,paid",
        "2,a,2026-01-03,-2,Refunded",
    ]
    orders = read(HEAD + "Amount,Status", lines)
    assert amounts(orders) == {"1": [9, -9], "2": [5, -2]}
    gone = read(HEAD + "Amount,Status", ["1,a,2026-01-01,9,refunded", "1,a,2026-01-09,-9,refunded", *lines[2:]])
    assert amounts(gone) == {"2": [5, -2]}  # the sale was left out, and so is what was given back
    failed = read(HEAD + "Amount,Status", [*lines[2:], "3,a,2026-01-05,-4,failed"])
    assert amounts(failed) == {"2": [5, -2]}


@pytest.mark.parametrize("header", ["Refunded", "refund", "Refund Amount", "Amount Refunded"])
def test_a_refund_comes_off_whatever_its_sign_and_heading(read, header):
    orders = read(HEAD + f"Amount,{header}", ["1,a,2026-01-01,9,-4", "2,a,2026-01-02,9,3", "3,a,2026-01-03,9,"])
    assert amounts(orders) == {"1": [5], "2": [6], "3": [9]}


def test_an_orders_refund_that_stands_on_each_line_counts_once(read):
    lines = ["1,a,2026-01-01,10,6", "1,a,2026-01-01,20,6", "2,b,2026-01-02,7,0"]
    assert amounts(read(HEAD + "Line_Total,Refund", lines)) == {"1": [24], "2": [7]}
    each = ["1,a,2026-01-01,10,4", "1,a,2026-01-01,20,6", "2,b,2026-01-02,7,0"]
    assert amounts(read(HEAD + "Line_Total,Refund", each)) == {"1": [20], "2": [7]}
    total = ["1,a,2026-01-01,30,6,x", "1,a,2026-01-01,30,6,y", "2,b,2026-01-02,7,0,x"]
    assert amounts(read(HEAD + "Amount,Refund,Article", total)) == {"1": [24], "2": [7]}


def test_a_refund_that_cannot_be_read_is_not_taken_for_none(read):
    none = [f"{n},a,2026-01-01,9,{text}" for n, text in enumerate(["-", "No", "n/a", "", "0", "false"])]
    orders = read(HEAD + "Amount,Refund", none)
    assert orders.log["Amount"].eq(9).all() and orders.set_aside.empty
    with pytest.raises(InputError, match=r"1 of 7 rows cannot be used.*Refunded is no number.*Refunded is 'yes'"):
        read(HEAD + "Amount,Refund", [*none, "9,a,2026-01-01,9,yes"])


def test_a_refund_whose_total_stands_on_each_line_counts_once(read):
    lines = ["1,a,2026-01-01,30,x", "1,a,2026-01-01,30,y", "1,a,2026-01-09,-30,x", "1,a,2026-01-09,-30,y"]
    assert amounts(read(HEAD + "Amount,Article", [*lines, "2,b,2026-01-02,7,x"])) == {"1": [30, -30], "2": [7]}
    apart = [*lines, "1,a,2026-01-10,-30,x", "2,b,2026-01-02,7,x"]
    assert amounts(read(HEAD + "Amount,Article", apart))["1"] == [30, -30, -30]


# Rows that are no orders


@pytest.mark.parametrize("row", ["Total,,2026-12-31,1240", "999,Grand total,2026-12-31,1240", "999,z,2026-12-31,540"])
def test_a_totals_row_with_date_and_id_is_no_order(read, row):
    lines = [f"{n},c{n},2026-01-01,9" for n in range(60)]
    orders = read(HEAD + "Amount", [*lines, row])
    assert len(orders.log) == 60 and orders.set_aside["Reason"].tolist() == ["a totals row"]
    assert orders.set_aside["Line"].tolist() == [62]


def test_two_currencies_are_not_added_up(read):
    lines = ["1,a,2026-01-01,9,EUR", "2,a,2026-01-02,5,eur", "3,a,2026-01-03,5,USD"]
    found = r"column Currency: amounts in EUR \(2 rows\) and USD \(1 row\) cannot be added; expected one currency"
    with pytest.raises(InputError, match=found):
        read(HEAD + "Amount,Currency", lines)
    assert len(read(HEAD + "Amount,Currency", [*lines[:2], "3,,2026-01-03,5,USD"]).log) == 2  # a guest's
    stripe = "id,Created date (UTC),Amount,Currency,Converted Amount,Converted Currency,Customer Email,Status"
    rows = ["ch_1,2026-01-05 10:00:00,10,usd,9,eur,a@x.org,Paid", "ch_2,2026-01-06 10:00:00,5,eur,5,eur,a@x.org,Paid"]
    assert amounts(read(stripe, rows)) == {"ch_1": [9], "ch_2": [5]}


@pytest.mark.parametrize(
    ("day", "aside"),
    [("2027-07-01", 1), ("1970-01-01", 1), ("2062-03-01", 1), ("2026-03-22", 0), ("2026-03-23", 1), ("2025-12-01", 0)],
)
def test_a_date_more_than_a_month_from_all_others_is_set_aside(read, day, aside):
    days = (pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(100) // 2, unit="D")).strftime("%Y-%m-%d")
    lines = [f"{n},c{n},{written},9" for n, written in enumerate(days)]  # until 19 February
    orders = read(HEAD + "Amount", [*lines, f"x,c1,{day},9"])
    assert rule(orders, "Order_Date lies far from all others") == aside


def test_a_log_with_long_gaps_keeps_its_last_orders(read):
    days = pd.date_range("2020-01-01", periods=60, freq="20D").strftime("%Y-%m-%d")
    lines = [f"{n},c{n},{day},9" for n, day in enumerate(days)]
    assert len(read(HEAD + "Amount", [*lines, "x,c1,2023-07-04,9"]).log) == 61
    assert len(read(HEAD + "Amount", [*lines, "x,c1,2023-07-05,9"]).log) == 60


def test_ids_that_a_spreadsheet_shortened_stop(read):
    lines = [f"{n},1.78E+04,2026-01-01,9" for n in range(20)]
    with pytest.raises(InputError, match=r"Customer_ID was shortened by a spreadsheet.*Customer_ID is '1\.78E\+04'"):
        read(HEAD + "Amount", lines)


def test_rows_set_aside_are_kept_with_line_and_reason_up_to_a_bound(read, monkeypatch):
    lines = [f"{n},c{n},{'no date' if n > 17 else '2026-01-01'},9" for n in range(20)]
    orders = read(HEAD + "Amount", lines, most_aside=0.1)
    assert orders.set_aside[["Line", "Order_ID"]].to_numpy().tolist() == [[20, "18"], [21, "19"]]
    monkeypatch.setattr("segmentation.lines.SHOWN_ASIDE", 1)
    cut = read(HEAD + "Amount", lines, most_aside=0.1)
    assert len(cut.set_aside) == 1 and cut.removed["set aside"] == 2
