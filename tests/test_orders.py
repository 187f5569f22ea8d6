"""The order log: stated rules for rows, windows that end before the snapshot, used if it tells the table's story."""

import numpy as np
import pandas as pd
import pytest

from segmentation.figures.data import plot_months
from segmentation.figures.style import Canvas
from segmentation.lines import read_orders
from segmentation.orders import agreement, by_month, covers, customers_from_orders, find_log, rfm_from_orders
from segmentation.problems import InputError
from segmentation.strays import far_days
from segmentation.vocabulary import ORDER_COLUMNS

SNAPSHOT = pd.Timestamp("2026-07-01")


@pytest.fixture
def path(tmp_path):
    """Writes rows of a log (a list or a DataFrame) to a file."""

    def write(rows):
        pd.DataFrame(rows, columns=ORDER_COLUMNS).to_csv(tmp_path / "log.csv", index=False)
        return str(tmp_path / "log.csv")

    return write


@pytest.fixture(scope="module")
def found(decisions):
    """What becomes of a log beside customers."""

    def find(path, customers, snapshot=None, months=12):
        orders = read_orders(path, decisions.RULES.most_aside)
        customers = customers.astype({"Customer_ID": str})
        return find_log(orders, customers, snapshot, months, decisions.RULES.log_agreement)

    return find


# Windows


def log(rows):
    """A log from (customer, date, amount)."""
    table = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    return table.assign(Order_Date=pd.to_datetime(table["Order_Date"]))


def test_rfm_from_a_worked_order_log():
    orders = log(
        [("a", "2025-01-01", 1.0), ("a", "2025-12-31", 10.0), ("a", "2026-01-10", 5.5), ("b", "2026-01-31", 7)]
    )
    table = rfm_from_orders(orders, pd.Timestamp("2026-02-01"), 12)
    assert table.loc["a"].tolist() == [22, 2, 15.5]
    assert table.loc["b"].tolist() == [1, 1, 7.0]
    assert rfm_from_orders(orders, pd.Timestamp("2026-02-01"), None).loc["a", "Frequency"] == 3


def test_the_window_holds_its_first_day_and_not_the_snapshot():
    days = ["2025-06-30", "2025-07-01", "2026-06-30", "2026-07-01"]
    table = rfm_from_orders(log([(day, day, 1.0) for day in days]), SNAPSHOT, 12)
    assert list(table.index) == days[1:3]
    assert table["Recency"].tolist() == [365, 1]
    assert list(rfm_from_orders(log([(day, day, 1.0) for day in days]), SNAPSHOT, None).index) == days[:3]


def test_a_customer_who_only_sent_back_is_no_customer_and_nobody_spends_less_than_nothing():
    orders = log([("a", "2026-01-05", -10), ("b", "2026-01-05", 5), ("b", "2026-02-05", -50), ("c", "2026-01-05", 0)])
    table = rfm_from_orders(orders, SNAPSHOT, 12)
    assert table["Monetary"].to_dict() == {"b": 0, "c": 0}
    assert table["Frequency"].to_dict() == {"b": 1, "c": 1}


@pytest.mark.parametrize(("first", "reaches"), [("2025-07-01", True), ("2025-08-01", True), ("2025-08-02", False)])
def test_a_log_may_begin_a_month_late_and_still_cover_a_window(first, reaches):
    assert covers(log([("a", "2026-01-01", 1), ("a", first, 1)]), SNAPSHOT, 12) is reaches


# Beside a customer table


def test_a_log_is_used_if_nearly_every_customer_agrees_with_it(found, words, path):
    ids = [f"c{n}" for n in range(2_000)]
    file = path([(who, f"o{who}", "2026-06-30", 7.5) for who in ids])
    customers = pd.DataFrame({"Customer_ID": ids, "Recency": 1, "Frequency": 1, "Monetary": 7.5})
    customers.loc[:99, "Monetary"] = 9  # 5 % disagree
    used = found(file, customers)
    assert used.snapshot == SNAPSHOT and len(used.log) == 2_000
    agrees = "agrees with 95.0 % of customers on R, F and M, so it is used."
    assert words.text(used.story) == f"The order log <code>log.csv</code> (2,000 orders) {agrees}"
    customers.loc[100, "Monetary"] = 9
    with pytest.raises(InputError, match=r"its 2,000 rows agree with 95\.0 % of the table; expected 95 %"):
        found(file, customers)


@pytest.mark.parametrize("change", [{"Recency": 1}, {"Frequency": 1}, {"Monetary": 0.02}])
def test_agreement_is_on_all_three_and_money_to_a_cent(shop, change):
    orders, customers = shop
    computed = rfm_from_orders(orders.assign(Order_Date=pd.to_datetime(orders["Order_Date"])), SNAPSHOT, 12)
    assert agreement(customers, computed) == 1
    assert agreement(customers.assign(Monetary=customers["Monetary"] + 0.01), computed) == 1
    name, step = next(iter(change.items()))
    assert agreement(customers.assign(**{name: customers[name] + step}), computed) == 0
    assert agreement(customers.assign(Customer_ID="unknown"), computed) == 0


def test_another_shops_log_stops(found, path, shop, generator):
    foreign = generator.make(seed=8, customers=300, defects=False)[0]
    customers = shop[1].assign(Monetary=(shop[1]["Monetary"] * 1.37).round(2))
    with pytest.raises(InputError, match="Give files of one shop and one day, or one of them"):
        found(path(foreign), customers)
    with pytest.raises(InputError, match=r"; only 0\.0 % of the table's ids are in it\."):
        found(path(foreign.assign(Customer_ID="x" + foreign["Customer_ID"])), customers)


def test_another_window_and_another_snapshot_are_named(found, words, path, shop):
    orders, customers = shop
    with pytest.raises(InputError, match=r"; over 12 months it would agree: set WINDOW_MONTHS\."):
        found(path(orders), customers, months=6)
    later = pd.concat([orders, orders.iloc[[0]].assign(Order_ID="late", Order_Date="2026-07-20")])
    with pytest.raises(InputError, match=r"; counted back from 2026-07-01 it would agree: set SNAPSHOT_DATE\."):
        found(path(later), customers)
    used = found(path(later), customers, snapshot="2026-07-01")
    assert used.snapshot == SNAPSHOT and len(used.log) == len(orders)
    assert "left out, on or after the snapshot: 1 order) agrees" in words.text(used.story)


def test_a_table_that_does_not_know_refunds_is_met_by_the_log_without_them_and_that_is_said(found, words, path, shop):
    orders, customers = shop
    sold = orders[orders["Amount"] >= 0]
    dated = sold.assign(Order_Date=pd.to_datetime(sold["Order_Date"]))
    gross = customers.assign(
        Monetary=rfm_from_orders(dated, SNAPSHOT, 12).loc[customers["Customer_ID"], "Monetary"].to_numpy()
    )
    back = sold.drop_duplicates("Customer_ID").iloc[:150].assign(Order_ID="back", Order_Date="2026-06-30", Amount=-5)
    back["Order_ID"] += back.index.astype(str)
    log = path(pd.concat([sold, back]))
    used = found(log, gross)
    assert (used.log["Amount"] > 0).all() and len(used.log) == len(sold)
    said = words.text(used.story)
    assert "agrees with 100.0 % of customers on R, F and M where refunds do not count (" in said
    assert said.endswith("where they are taken off), so it is used without its refunds.")
    with pytest.raises(InputError, match=r"over 12 months it would agree: set WINDOW_MONTHS\."):
        found(log, gross, months=6)
    with pytest.raises(InputError, match="agree with"):
        found(log, gross.assign(Frequency=1))


def test_a_refund_neither_counts_as_an_order_nor_moves_the_snapshot(found, words, path, shop):
    orders, customers = shop
    late = orders.iloc[[0]].assign(Order_ID="back", Order_Date="2026-07-20", Amount=-5)
    used = found(path(pd.concat([orders, late])), customers)
    assert used.snapshot == SNAPSHOT and len(used.log) == len(orders)
    back = (orders["Amount"] < 0).sum()
    said = (
        f"({len(orders) - back:,} orders and {back} refunds; left out, on or after the snapshot: 0 orders and 1 refund)"
    )
    assert said in words.text(used.story)


@pytest.mark.parametrize("day", ["1970-01-01", "1999-12-31", "2099-12-31"])
def test_a_row_far_from_all_others_is_set_aside_and_stretches_nothing(found, words, path, shop, day):
    orders, customers = shop
    used = found(path(pd.concat([orders, orders.iloc[[0]].assign(Order_ID="far", Order_Date=day)])), customers)
    assert used.snapshot == SNAPSHOT and used.log["Order_Date"].min() == pd.Timestamp(orders["Order_Date"].min())
    assert "set aside, Order_Date lies far from all others: 1" in words.text(used.story)


def days_of(*runs):
    """Days, a day apart within each run of (first day, how many)."""
    parts = [pd.Series(pd.date_range(first, periods=number)) for first, number in runs]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("runs", "far"),
    [
        ([("2024-01-01", 1), ("2024-12-01", 98)], 0),  # 335 days apart
        ([("2024-01-01", 1), ("2024-12-02", 98)], 1),
        ([("2020-01-01", 2), ("2024-01-01", 98)], 2),  # 2 of 100
        ([("2020-01-01", 3), ("2024-01-01", 98)], 0),  # a pause, then more
        ([("1999-01-01", 1), ("2024-01-01", 148), ("2090-01-01", 1), ("2099-01-01", 1)], 3),
        ([("1970-01-01", 1)] * 30 + [("2024-01-01", 98)], 30),  # no day known
        ([("1970-01-01", 1)] * 98, 0),
    ],
)
def test_few_days_beyond_eleven_months_without_an_order_are_far(runs, far):
    assert far_days(days_of(*runs)).sum() == far


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("{}.0", "{}"),
        ("{}", "{}.0"),
        (" {}", "{}"),
        ("{}", "{} "),
        ("Ann{}@X.org", "ann{}@x.org"),
        ("ann{}@x.org", "Ann{}@X.org"),
    ],
)
def test_ids_are_tidied_alike_on_both_sides_and_shown_as_the_table_has_them(found, path, theirs, ours):
    ids = range(1000, 1060)
    file = path([(theirs.format(n), f"o{n}", "2026-06-30", 7.5) for n in ids])
    names = [ours.format(n) for n in ids]
    used = found(file, pd.DataFrame({"Customer_ID": names, "Recency": 1, "Frequency": 1, "Monetary": 7.5}))
    assert used.log["Customer_ID"].astype(str).tolist() == names


@pytest.mark.parametrize(
    ("theirs", "ours", "difference"),
    [("k{}", "K{}", "upper and lower case"), ("00{}", "{}", "zeros in front"), ("k{}.0", "k{}", "a .0 behind")],
)
def test_what_keeps_ids_apart_is_named(found, path, theirs, ours, difference):
    file = path([(theirs.format(n), f"o{n}", "2026-06-30", 7.5) for n in range(60)])
    customers = pd.DataFrame({"Customer_ID": [ours.format(n) for n in range(60)], "Recency": 1, "Frequency": 1})
    with pytest.raises(InputError, match=f"; the ids differ in {difference}: write them alike in both files"):
        found(file, customers.assign(Monetary=7.5))


def test_ids_of_the_table_that_differ_only_in_spaces_stay_apart(found, path):
    names = ["K1", " K1", *[f"c{n}" for n in range(58)]]
    file = path([(name, f"o{n}", "2026-06-30", 7.5) for n, name in enumerate(names)])
    with pytest.raises(InputError, match=r"agree with 96\.7 % of the table; expected 99 %"):
        find_log(
            read_orders(file, 0.05),
            pd.DataFrame({"Customer_ID": names, "Recency": 1, "Frequency": 1, "Monetary": 7.5}),
            None,
            12,
            0.99,
        )


def test_wild_rows_are_counted_in_the_story(found, words, path, shop):
    orders = pd.concat([shop[0].astype(object), pd.DataFrame([("x", "X1", "no date", 5)], columns=ORDER_COLUMNS)])
    used = found(path(orders), shop[1])
    assert "refunds; set aside, Order_Date is no date like 2026-06-30: 1)" in words.text(used.story)


# Customers from orders alone


def test_orders_alone_give_the_customer_table_that_came_from_them(path, shop, decisions):
    orders, customers = shop
    result = customers_from_orders(read_orders(path(orders), 0.05), None, 12, decisions.CONTRACT)
    table = result.customers.set_index("Customer_ID").loc[customers["Customer_ID"]]
    names = ["Recency", "Frequency", "Monetary", "Avg_Order_Value"]
    assert np.allclose(table[names], customers[names], atol=0.011)
    lapsed = orders["Customer_ID"].nunique() - 300
    assert lapsed > 0 and len(table) == 300
    assert result.ledger.tail(2).to_numpy().tolist() == [
        ["customers without an order in the window", lapsed, "left out"],
        ["Customers segmented", 300, ""],
    ]


def test_fewer_than_fifty_customers_in_the_window_are_refused(path, decisions):
    orders = read_orders(path([(f"c{n}", n, "2026-06-30", 5) for n in range(50)]), 0.05)
    assert len(customers_from_orders(orders, None, 12, decisions.CONTRACT).customers) == 50
    with pytest.raises(
        InputError,
        match=r"^log\.csv: 0 customers with an order in the 12 months before 2027-07-01 \(orders run from 2026",
    ):
        customers_from_orders(orders, "2027-07-01", 12, decisions.CONTRACT)


# Months


def test_november_and_december_are_compared_with_other_months(words):
    days = [f"2025-{month:02d}-{day}" for month in range(1, 13) for day in ("03", "28")]
    months = by_month(log([("a", day, 100 + 50 * (day[5:7] > "10")) for day in days]), SNAPSHOT)
    assert words.text("{finding}{advice}", months) == (
        "A month in November or December brings 1.5 times the spend of other months; "
        "a season like this one moves everybody's recency"
    )
    flat = by_month(log([("a", "2025-10-01", 100), ("a", "2025-11-30", 120)]), SNAPSHOT)
    assert flat.lift == 1.2 and flat.advice == ""


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (112, "A month in November or December brings 1.1 times the spend of other months"),
        (110, "November and December bring hardly more than other months (1.10 times the spend)"),
        (101, "November and December bring hardly more than other months (1.01 times the spend)"),
        (100, "November and December bring no more than other months (1.00 times the spend)"),
        (70, "November and December bring no more than other months (0.70 times the spend)"),
    ],
)
def test_only_more_than_a_tenth_more_is_a_peak(words, late, said):
    months = by_month(log([("a", "2025-10-01", 100), ("a", "2025-11-30", late)]), SNAPSHOT)
    assert words.text("{finding}{advice}", months) == said


@pytest.mark.parametrize(
    ("first", "last", "whole"),
    [
        ("2025-10-01", "2025-12-31", [True, True, True]),
        ("2025-10-04", "2025-12-28", [True, True, True]),
        ("2025-10-05", "2025-12-28", [False, True, True]),
        ("2025-10-04", "2025-12-27", [True, True, False]),
    ],
)
def test_a_month_may_lack_three_days_and_be_whole(first, last, whole):
    orders = log([("a", first, 1), ("a", "2025-11-15", 1), ("b", last, 1)])
    assert by_month(orders, SNAPSHOT).whole.tolist() == whole


def test_a_part_month_is_drawn_hollow_and_counts_for_nothing(words):
    rows = [("a", "2025-10-01", 100), ("a", "2025-11-01", 150), ("a", "2025-12-01", 1)]
    months = by_month(log(rows), SNAPSHOT)
    assert months.lift == 1.5 and months.spend.tolist() == [100, 150, 1]
    figure = plot_months(months, Canvas("Finding", words))
    assert [bar.get_hatch() for bar in figure.axes[0].patches] == [None, None, "///"]


def test_without_a_whole_month_there_is_only_a_total(words):
    months = by_month(log([("a", "2025-10-03", 100), ("b", "2025-10-05", 20)]), SNAPSHOT)
    assert np.isnan(months.lift) and months.advice == ""
    assert words.text("{finding}", months) == "$120 in all; the orders cover no whole month"


@pytest.mark.parametrize("month", ["2025-10", "2025-11"])
def test_without_both_kinds_of_months_there_is_only_a_mean(words, month):
    months = by_month(log([("a", f"{month}-03", 100), ("b", f"{month}-29", 20)]), SNAPSHOT)
    assert np.isnan(months.lift) and words.text("{finding}{advice}", months) == "$120 a month"
