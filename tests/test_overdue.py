"""When an order is due by a customer's own rhythm, and whether being overdue foretells anything."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from segmentation import overdue
from segmentation.clusters import Model
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, OVERDUE, PROMISING, RFM, SEGMENTS, VIP

DAY = pd.Timestamp("2026-07-01")
MODEL = Model(tuple(RFM), (365, 20, 1000), (0, 0, 0), (100, 5, 100), ((0, 4, 9), (0, 2, 4), (0, 1, 1), (3, 0, 0)))


def log_of(days: dict, amount=10.0) -> pd.DataFrame:
    """An order log from customer: days before DAY with an order."""
    rows = [(name, DAY - pd.Timedelta(days=ago), amount) for name, ago_list in days.items() for ago in ago_list]
    return pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])


def test_a_customer_is_overdue_by_his_own_rhythm():
    """Both were silent for 40 days; who orders every 10 is four times overdue, who orders every 40 is just due."""
    log = log_of({"often": range(40, 340, 10), "seldom": range(40, 640, 40)})
    found = overdue.due(log, DAY, pd.Series(VIP, ["often", "seldom"]))
    assert found["Gap"].tolist() == pytest.approx([10, 40])  # their gaps never vary, so nothing is drawn together
    assert found[OVERDUE[1]].tolist() == pytest.approx([4, 1])
    assert found[OVERDUE[0]].tolist() == [DAY - pd.Timedelta(days=30), DAY]


def test_few_orders_are_drawn_to_the_segment_and_none_take_it_whole():
    rng = np.random.default_rng(0)
    paces = {f"C{n}": rng.lognormal(3, 0.5) for n in range(200)}
    log = log_of({name: np.cumsum(1 + rng.exponential(pace, 12)).round() for name, pace in paces.items()})
    extra = log_of({"one gap": [5, 305], "once": [5], "ten gaps": range(5, 3305, 300)})
    segment = pd.Series(LOYAL, [*paces, "one gap", "once", "ten gaps"])
    gaps = overdue.due(pd.concat([log, extra]), DAY, segment)["Gap"]
    typical = gaps["once"]
    assert typical == pytest.approx(np.exp(overdue.rhythm_of(pd.concat([log, extra]), DAY).own.mean()))
    assert typical < gaps["one gap"] < gaps["ten gaps"] < 300


def test_own_gaps_count_by_credibility():
    """n / (n + weight) of the logarithm: with weight 2 two own gaps of 8 days and a segment's of 2 make 4."""
    own = pd.Series({"a": np.log(8), "b": np.log(0.5)})
    rhythm = overdue.Rhythm(pd.Series(dtype=object), pd.Series({"a": 2, "b": 2}), own, weight=2.0)
    gaps = overdue.usual_gaps(rhythm, pd.Series(VIP, ["a", "b"]))
    assert gaps.tolist() == pytest.approx([4, 1])


def test_refunds_later_orders_and_the_second_order_of_a_day_are_no_gaps():
    log = log_of({"a": [10, 10, 40, 70]})
    refund = log_of({"a": [55]}, amount=-5.0)
    later = log_of({"a": [0, -20]})
    found = overdue.rhythm_of(pd.concat([log, refund, later]), DAY)
    assert found.gaps["a"] == 2 and np.exp(found.own["a"]) == pytest.approx(30)
    assert found.last["a"] == DAY - pd.Timedelta(days=10)


def test_where_nobody_came_back_nothing_is_known():
    log = log_of({"a": [10], "b": [20]})
    customers = pd.DataFrame({"Customer_ID": ["a", "b"], "Segment_Name": VIP})
    columns = overdue.columns_of(log, DAY, customers)
    assert columns[OVERDUE[0]].tolist() == ["", ""] and columns[OVERDUE[1]].isna().all()
    assert isinstance(overdue.who_is_overdue(customers.assign(**columns), 2.0), LeftOut)
    assert overdue.columns_of(LeftOut("no log"), DAY, customers).shape == (2, 0)


def test_overdue_begins_at_the_named_times_of_the_usual_gap(words):
    table = pd.DataFrame({"Segment_Name": VIP, OVERDUE[1]: [0.5, 1.0, 1.01, 1.99, 2.0, 9.0, np.nan]})
    found = overdue.who_is_overdue(table, 2.0)
    assert found.customers.loc[VIP].tolist() == [2, 2, 2] and found.customers.loc[AT_RISK].sum() == 0
    assert words.text(found.finding) == (
        "2 customers of VIP Champions are overdue: silent for 2 times as long as usual for them"
    )


def test_columns_follow_the_order_of_the_table_and_not_of_the_log():
    log = log_of({"a": [10, 20, 30], "b": [5, 45, 85], "c": [1, 3, 5]})
    customers = pd.DataFrame({"Customer_ID": ["c", "a", "b"], "Segment_Name": [VIP, LOYAL, PROMISING]}, index=[7, 3, 5])
    whole = overdue.columns_of(log, DAY, customers)
    mixed = overdue.columns_of(log.sample(frac=1, random_state=1), DAY, customers.iloc[::-1]).loc[whole.index]
    pd.testing.assert_frame_equal(whole, mixed)


def habits(foretells: bool):
    """A log of 400 customers with rhythms of their own; half stop at the split, or were silent for long by then."""
    rng = np.random.default_rng(1)
    days = {}
    for number in range(400):
        gap = rng.choice([5, 60])
        stopped = number % 2
        silent = 8 * gap if foretells and stopped else 0
        past = np.arange(91 + silent + rng.integers(0, gap), 700, gap)
        days[f"C{number}"] = [*past, *([] if stopped else range(1, 90, 7))]
    return log_of(days)


def test_the_ratio_is_judged_against_recency_alone_on_days_it_has_not_seen(words):
    found = overdue.foretold(habits(foretells=True), DAY, 12, MODEL, 90, seed=0)
    assert found.day == DAY - pd.Timedelta(days=90)
    assert found.table.loc["All", "Ratio"] > 0.9 > found.table.loc["All", "Recency"]
    assert found.verdict("All") == "better than" and "better than days since the last order alone" in words.text(
        found.finding
    )
    chance = overdue.foretold(habits(foretells=False), DAY, 12, MODEL, 90, seed=0)
    assert chance.verdict("All") == "no better than"


def test_nothing_is_judged_without_a_log_beyond_the_window_or_with_one_outcome_only():
    short = log_of({f"C{n}": [100, 200] for n in range(50)})
    assert "90 days beyond the window" in overdue.foretold(short, DAY, 12, MODEL, 90, seed=0).reason
    silent = log_of({f"C{n}": [100, 400, 480] for n in range(50)})
    assert "nearly everybody" in overdue.foretold(silent, DAY, 12, MODEL, 90, seed=0).reason


def test_segments_of_the_best_are_only_named_where_they_can_be_judged(words):
    row = {"Customers": 100, "Silent": 0.4, "Ratio": 0.7, "Recency": 0.6, "Gain": 0.1, "Low": 0.05, "High": 0.2}
    table = pd.DataFrame(
        {"All": row, "Best": row | dict.fromkeys(["Ratio", "Recency", "Gain", "Low", "High"], np.nan)}
    ).T
    said = words.text(overdue.Foretold(DAY, 90, table).finding)
    assert "better than" in said and VIP not in said and "nan" not in said
    assert set(SEGMENTS) >= {VIP}


def test_the_area_is_that_of_scikit_learn_and_its_interval_holds_in_95_of_100_samples():
    rng = np.random.default_rng(2)
    held = []
    for _ in range(300):
        silent = rng.random(150) < 0.4
        signal = silent + rng.normal(0, 1, 150)
        known = pd.DataFrame({"Silent": silent, "Ratio": (signal + rng.normal(0, 0.7, 150)).round(1)})
        known["Recency"] = signal + rng.normal(0, 0.7, 150)
        found = overdue.compared(known)
        held.append(found["Low"] <= 0 <= found["High"])  # both are equally good
    assert found["Ratio"] == pytest.approx(roc_auc_score(known["Silent"], known["Ratio"]))
    assert 0.92 <= np.mean(held) <= 0.98
