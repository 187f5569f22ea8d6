"""The measurements of a shop's unevenness, by worked examples."""

import numpy as np
import pandas as pd
import pytest
from benchmarks import shop_facts, shop_seeds


def log(*rows: tuple) -> pd.DataFrame:
    """A log as text from (customer, order, date, amount)."""
    return pd.DataFrame(rows, columns=shop_facts.COLUMNS).astype(str)


def test_rows_become_orders_and_refunds_by_the_rules_of_the_log():
    orders, refunds = shop_facts.sort_out(
        log(
            ("a", "1", "2026-01-02", 10),
            ("a", "1", "2026-01-01", 5),  # a further line, a day earlier
            ("a", "1", "2026-01-05", -4),  # a refund
            ("b", "2", "2026-01-03", 7),
            ("b", "2", "2026-01-03", 7),  # repeated
            ("", "3", "2026-01-03", 9),  # a guest
            ("a", "4", "2026-01-03", 9),  # an order of two customers
            ("b", "4", "2026-01-03", 8),
            ("b", "", "2026-01-03", 9),
            ("b", "5", "2026-01-00", 9),
            ("b", "6", "2026-01-03", "n/a"),
        )
    )
    assert orders.to_numpy().tolist() == [
        ["a", "1", pd.Timestamp("2026-01-01"), 15.0],
        ["b", "2", pd.Timestamp("2026-01-03"), 7.0],
    ]
    assert refunds["Amount"].tolist() == [-4.0]
    table = shop_facts.summarise(orders, refunds, pd.Timestamp("2026-01-06"), 12)
    assert table.loc["a"].tolist() == [5, 1, 11.0]


def test_spend_is_never_below_zero_and_only_the_window_counts():
    orders, refunds = shop_facts.sort_out(
        log(("a", "1", "2025-12-31", 10), ("a", "2", "2026-01-01", 5), ("a", "1", "2026-01-02", -10))
    )
    assert shop_facts.summarise(orders, refunds, pd.Timestamp("2027-01-01"), 12).loc["a"].tolist() == [365, 1, 0.0]
    assert shop_facts.summarise(orders, refunds, pd.Timestamp("2027-01-01"), 0).loc["a"].tolist() == [365, 2, 5.0]


def test_order_lines_and_headers_of_other_shops(tmp_path):
    lines = tmp_path / "lines.csv.gz"
    pd.DataFrame(
        {"InvoiceNo": ["7", "7"], "Quantity": [2, 1], "InvoiceDate": ["2010-12-01 08:26:00"] * 2, "UnitPrice": [2.5, 1]}
    ).assign(CustomerID="17850.0").to_csv(lines, index=False)
    assert shop_facts.sort_out(shop_facts.load(lines))[0]["Amount"].tolist() == [6.0]
    cohort = tmp_path / "cohort.txt"
    cohort.write_text(" customer_id date number_of_cds dollar_value\n 1 19970101 1 11.77\n 1 19970101 1 11.77\n")
    assert len(shop_facts.sort_out(shop_facts.load(cohort))[0]) == 2


def test_part_months_do_not_make_a_season():
    days = pd.date_range("2025-09-20", "2025-12-04")  # part of September and of December
    orders = pd.DataFrame({"Order_Date": days, "Amount": np.where(days.month >= 11, 20.0, 10.0)})
    assert shop_facts.season(orders) == pytest.approx(600 / 310)
    assert np.isnan(shop_facts.season(orders[orders["Order_Date"].dt.month < 11]))


def test_the_best_tenth_is_looked_at_ninety_days_later():
    rows = [(f"c{n}", f"o{n}", "2026-01-01", 10 + n) for n in range(20)]
    rows += [("c19", "x", "2026-05-01", 1), ("c0", "y", "2026-05-01", 1), ("c0", "z", "2026-06-30", 1)]
    orders, refunds = shop_facts.sort_out(log(*rows))
    assert shop_facts.best_again(orders, refunds, pd.Timestamp("2026-07-01"), 12) == 0.5  # of c19 and c18


def test_a_copula_keeps_marginals_and_rank_correlations():
    rng = np.random.default_rng(1)
    one = rng.exponential(size=4000)
    values = np.column_stack([one, one + rng.exponential(size=4000)])
    made = shop_facts.copula(values, rng)
    before, after = (pd.DataFrame(points).corr(method="spearman").iloc[0, 1] for points in (values, made))
    assert abs(before - after) < 0.03
    assert (
        np.abs(np.quantile(made, [0.25, 0.5, 0.75], axis=0) - np.quantile(values, [0.25, 0.5, 0.75], axis=0)).max()
        < 0.15
    )


def test_only_customers_with_as_many_orders_are_compared():
    orders = pd.Series(np.repeat([1, 2, 3], [20, 20, 5]))
    up = pd.Series([*range(20), *range(100, 120), *range(5)])
    assert shop_seeds.within(up, -up + 1000 * orders, orders) == pytest.approx(-1)
    assert shop_seeds.within(up, up, orders) == pytest.approx(1)


@pytest.mark.parametrize("fact", shop_seeds.ASKED)
def test_a_fact_out_of_range_is_a_failure(fact):
    met = {name: least for name, (least, _) in shop_seeds.ASKED.items()}
    assert shop_seeds.failures(met) == []
    assert shop_seeds.failures(met | {fact: met[fact] - 0.001}) == [fact]


def test_the_busiest_fortnight_counts_customers_once():
    days = pd.to_datetime(["2026-01-01", "2026-01-14", "2026-01-15", "2026-03-01"])
    orders = pd.DataFrame({"Order_Date": days, "Customer_ID": ["a", "a", "b", "c"]})
    assert shop_seeds.busiest(orders) == pytest.approx(2 / 3)


def test_growth_compares_whole_years_and_needs_both():
    days = pd.to_datetime(["2024-07-02", "2025-07-01", "2026-06-30"])
    orders = pd.DataFrame({"Order_Date": days, "Amount": [10.0, 6.0, 6.0]})
    assert shop_facts.growth(orders, pd.Timestamp("2026-07-01")) == pytest.approx(1.2)
    assert np.isnan(shop_facts.growth(orders, pd.Timestamp("2025-07-01")))
