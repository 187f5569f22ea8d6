"""Who joined when: the cohorts keep to the calendar, and nothing from later is seen."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation import cohorts
from segmentation.clusters import Model
from segmentation.cohorts import (
    class_name,
    classes_of,
    cluster_after,
    cohort_table,
    early_history,
    first_orders,
    mistaken,
    prepare,
    since_joining,
    who_taught,
)
from segmentation.decisions import EarlyGuess
from segmentation.problems import LeftOut

GUESS = EarlyGuess(days=30, months=6)
TODAY = pd.Timestamp("2026-07-01")


def log_of(*rows) -> pd.DataFrame:
    """An order log from (customer, day, amount)."""
    log = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    log["Order_Date"] = pd.to_datetime(log["Order_Date"])
    return log.astype({"Amount": float}).assign(Order_ID=range(len(log)))


def history_of(*rows, days: int) -> pd.DataFrame:
    """What is known of the customers of a log after some days, in baskets of 100."""
    log = log_of(*rows)
    return early_history(since_joining(log, first_orders(log)), days, 100.0)


def teller(feature: str, *values: float) -> Model:
    """A model whose clusters say to which of four values a feature is nearest."""
    return Model((feature,), (1e9,), (0.0,), (1.0,), tuple((value,) for value in values))


@pytest.fixture(scope="module")
def log(generator):
    """A log of 36 months with some thousand joiners."""
    orders = generator.make(seed=1, customers=2000, defects=False)[0]
    return orders.assign(Order_Date=pd.to_datetime(orders["Order_Date"]))


def test_refunds_are_no_first_order():
    log = log_of(("a", "2024-01-01", -10), ("a", "2024-02-01", 10), ("b", "2024-03-01", -5))
    assert first_orders(log).to_dict() == {"a": pd.Timestamp("2024-02-01")}


def test_what_is_seen_of_a_worked_customer():
    rows = [("a", "2025-03-01", 100), ("a", "2025-03-11", 50), ("a", "2025-03-30", -20), ("a", "2025-03-31", 999)]
    row = np.expm1(history_of(*rows, days=30).loc["a"])
    assert row[["Orders", "First_Basket", "Span", "Gap"]].tolist() == pytest.approx([2, 1, 10, 10])
    assert row["Spend"] == pytest.approx(1.3)  # the refund of day 29 counts, the order of day 30 is not seen
    month = history_of(*rows, days=30).loc["a", ["Month_Sin", "Month_Cos"]]
    assert month.tolist() == pytest.approx([1, 0], abs=1e-9)  # March is a quarter of the circle


def test_with_one_order_the_gap_is_as_long_as_the_history():
    row = np.expm1(history_of(("a", "2025-03-01", 100), days=14).loc["a"])
    assert row[["Orders", "Gap", "Span"]].tolist() == pytest.approx([1, 14, 0])


def test_refunds_larger_than_all_spend_count_as_no_spend():
    assert history_of(("a", "2025-03-01", 10), ("a", "2025-03-02", -50), days=14).loc["a", "Spend"] == 0


@pytest.mark.parametrize("day, orders", [("2024-03-10", 2), ("2024-03-11", 1)])  # days 29 and 30 after 10 February
def test_the_horizon_ends_before_its_day(day, orders):
    row = history_of(("a", "2024-02-10", 80), ("a", day, 5), days=30).loc["a"]
    assert np.expm1(row["Orders"]) == pytest.approx(orders)


@settings(max_examples=10)
@given(
    days=st.sampled_from([1, 7, 14, 30, 60, 90]),
    later=st.lists(st.tuples(st.integers(0, 600), st.floats(-500, 500)), max_size=8),
)
def test_nothing_after_the_horizon_is_seen(days, later):
    start = pd.Timestamp("2024-02-10")
    base = [("a", start, 80.0), ("b", start, 20.0), ("b", start + pd.Timedelta(days=days - 1), 30.0)]
    more = [("a", start + pd.Timedelta(days=days + day), amount) for day, amount in later]
    pd.testing.assert_frame_equal(history_of(*base, days=days), history_of(*more, *base, days=days))


@pytest.mark.parametrize(
    "feature, window, value",
    [
        ("Recency", 12, 27),  # since the order of 1 February, on 28 February
        ("Frequency", 12, 2),  # the order of the day itself is not known, the refund is none
        ("Monetary", 12, 150),
        ("Monetary", None, 150),
        ("Recency", 1, 27),
        ("Frequency", 1, 1),  # a window shorter than the six months forgets the first order
        ("Monetary", 1, 50),
    ],
)
def test_outcome_of_a_worked_customer(feature, window, value):
    log = log_of(("a", "2024-08-31", 100), ("a", "2025-02-01", 60), ("a", "2025-02-20", -10), ("a", "2025-02-28", 5000))
    orders = since_joining(log, first_orders(log))
    model = teller(feature, value - 1, value, value + 1, 10_000)
    assert cluster_after(orders, pd.DateOffset(months=6), model, window).tolist() == [1]


def test_the_day_before_the_outcome_is_known():
    log = log_of(("a", "2024-08-31", 100), ("a", "2025-02-27", 5000))
    orders = since_joining(log, first_orders(log))
    assert cluster_after(orders, pd.DateOffset(months=6), teller("Recency", 0, 1, 2, 3), 12).tolist() == [1]


def test_cohorts_begin_and_end_on_their_days():
    joined = {
        "2023-07-01": None,  # the log begins; who comes in its first 90 days may have been here before
        "2023-09-28": None,
        "2023-09-29": "Train",
        "2024-06-30": "Train",  # known on 30 December, before the test begins
        "2024-07-01": "between",  # known on the day the test begins
        "2024-12-31": "between",
        "2025-01-01": "Test",
        "2025-12-31": "Test",
        "2026-01-01": None,  # stands there on the day of the snapshot, of which nothing is known
        "2026-05-31": None,
        "2026-06-01": "New",
        "2026-06-30": "New",
    }
    table = cohort_table(log_of(*((day, day, 10) for day in joined)), TODAY, GUESS, 0)
    assert table.index.tolist() == [day for day, cohort in joined.items() if cohort]
    for cohort in ("Train", "Test", "New"):
        assert table.index[table[cohort]].tolist() == [day for day, part in joined.items() if part == cohort]
    assert (table["Known"] == ~table["New"]).all()


@pytest.mark.parametrize("snapshot", ["2026-07-01", "2026-06-30", "2026-05-31", "2026-02-28", "2026-04-15"])
def test_what_the_guess_learned_from_was_known_before_the_first_test_customer_came(log, snapshot):
    today = pd.Timestamp(snapshot)
    table = cohort_table(log[log["Order_Date"] < today], today, GUESS, 0)
    known_on = table["First_Order"] + pd.DateOffset(months=6)
    assert known_on[table["Train"]].max() <= table.loc[table["Test"], "First_Order"].min()
    assert known_on[table["Known"]].max() <= today
    assert table[["Train", "Test", "New"]].sum().min() > 0
    assert not (table["Train"] & table["Test"]).any()


def test_a_sample_of_many_joiners_has_its_size_and_keeps_the_new(log, monkeypatch):
    everybody = cohort_table(log, TODAY, GUESS, 0)
    monkeypatch.setattr(cohorts, "MAX_JOINERS", 100)
    some = cohort_table(log, TODAY, GUESS, 0)
    assert some["Known"].sum() == 100 and some.index.is_monotonic_increasing
    assert some[some["New"]].equals(everybody[everybody["New"]])


def test_rare_segments_are_guessed_with_their_neighbour():
    def classes(train, test):
        return classes_of(*(pd.Series(np.repeat([0, 1, 2, 3], sizes)) for sizes in (train, test)))

    assert classes([30, 30, 30, 30], [30, 30, 30, 30]) == [[0], [1], [2], [3]]
    assert classes([29, 30, 30, 30], [30, 30, 30, 30]) == [[0, 1], [2], [3]]
    assert classes([30, 30, 30, 30], [30, 30, 29, 30]) == [[0], [1], [2, 3]]
    assert classes([0, 100, 40, 500], [50, 100, 40, 500]) == [[0, 1], [2], [3]]
    assert classes([0, 50, 0, 4], [0, 50, 0, 4]) == [[0, 1, 2, 3]]
    assert classes([50, 0, 50, 0], [50, 0, 50, 0]) == [[0], [1, 2, 3]]
    assert classes([0, 0, 0, 1], [0, 0, 0, 1]) == [[0, 1, 2, 3]]


def test_a_class_is_called_after_its_border():
    assert class_name([2]) == "Promising Regulars"
    assert class_name([0, 1, 2]) == "Promising Regulars or better"
    assert class_name([1, 2, 3]) == "High-Value Loyalists or below"


def test_a_young_log_takes_old_customers_for_new():
    log = log_of(("a", "2023-01-01", 9), ("a", "2024-06-01", 9), ("b", "2024-06-01", 9), ("c", "2024-01-02", 9))
    cut = pd.Timestamp("2024-01-01")
    assert mistaken(log, cut, 12) == 0.5  # c came within the warm-up
    assert mistaken(log, cut, 5) == 0.5 and mistaken(log, cut, 4) == 0
    assert mistaken(log[log["Customer_ID"] == "b"], cut, 12) == 0
    assert mistaken(log, pd.Timestamp("2025-01-01"), 12) == 0


def joining(train: int, test: int) -> pd.DataFrame:
    """A log in which so many customers join on a day of the training and of the test, and order just once."""
    learned = [(f"a{n}", "2024-01-15", 10) for n in range(train)]
    judged = [(f"b{n}", "2025-06-15", 10) for n in range(test)]
    return log_of(("old", "2023-07-01", 10), *learned, *judged)


@pytest.mark.parametrize(
    "train, test, reason",
    [
        (199, 200, "too few first orders (199 customers to learn from, 200 to test on; expected 200 each)"),
        (200, 199, "too few first orders (200 customers to learn from, 199 to test on; expected 200 each)"),
        (200, 200, "nearly all new customers stand in one segment after 6 months"),
    ],
)
def test_with_too_little_to_learn_the_guess_is_left_out(train, test, reason):
    found = prepare(joining(train, test), TODAY, teller("Frequency", 4, 3, 2, 1), 12, GUESS, 0)
    assert isinstance(found, LeftOut) and reason in found.reason


def test_rare_ones_together_everybody_has_a_class(log):
    model = teller("Frequency", 90, 5, 2.5, 1)
    joiners = prepare(log, TODAY, model, 12, GUESS, 0)
    assert joiners.names == ["High-Value Loyalists or better", "Promising Regulars", "At-Risk Customers"]
    assert (joiners.table["Class"] == (joiners.table["Reached"] - 1).clip(lower=0)).all()
    assert (joiners.table["Now"] >= joiners.table["Class"])[joiners.table["Known"]].mean() > 0.9  # orders only add up


def test_who_taught_and_tested_is_said(log, words):
    joiners = prepare(log, TODAY, teller("Frequency", 90, 5, 2.5, 1), 12, GUESS, 0)
    text, table = words.text(who_taught(joiners, log)), joiners.table
    assert f"Trained on **{table['Train'].sum():,}** customers who joined from September 2023 to June 2024" in text
    assert f"tested on **{table['Test'].sum():,}** who joined from January 2025 to December 2025." in text
    firsts = first_orders(log)
    assert (
        f"Left out: {(firsts < log['Order_Date'].min() + pd.Timedelta(days=90)).sum():,} customers first seen" in text
    )
    assert "months: VIP Champions " in text and ", High-Value Loyalists " in text
    assert text.endswith("Segments with fewer than 30 are guessed together: High-Value Loyalists or better.")
