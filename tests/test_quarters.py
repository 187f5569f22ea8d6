"""Which number of groups stands out depends on the day, and that is said."""

import numpy as np
import pandas as pd

from segmentation import quarters
from segmentation.problems import LeftOut

SNAPSHOT = pd.Timestamp("2026-07-01")


def visits(groups: dict, start: str, end: str) -> list[tuple]:
    """Orders of 40 customers per group between two days, every so many days, at a price."""
    days = pd.date_range(start, end, inclusive="left")
    rows = []
    for name, (every, price) in groups.items():
        for number in range(40):
            rows += [(f"{name}{number}", day, price + number / 10) for day in days[number % every :: every]]
    return rows


def test_a_shop_that_changes_shows_it_in_the_number_of_groups(decisions, words):
    """Two kinds of customers until spring; then two more kinds join, and a third stands out."""
    two = {"a": (10, 10), "b": (120, 200)}
    rows = visits(two, "2024-01-01", "2026-07-01") + visits({"c": (5, 400)}, "2026-03-01", "2026-07-01")
    log = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    found = quarters.preferred_k(log, SNAPSHOT, 12, decisions.RECIPE)
    assert [str(day.date()) for day in found.index] == [
        "2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01", "2026-07-01"
    ]  # fmt: skip
    assert found.iloc[0] == 2 and found.iloc[-1] == 3
    text = words.text(quarters.on_days(found))
    assert text.startswith("Over quarter ends the silhouette prefers 2 on 2025-07-01, ")
    assert text.endswith(" and 3 on 2026-07-01.")


def test_without_an_earlier_whole_window_it_is_left_out(shop, decisions):
    log = shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))
    late = log[log["Order_Date"] >= "2025-08-15"]
    for months, orders in ((12, late), (None, log)):
        assert isinstance(quarters.preferred_k(orders, SNAPSHOT, months, decisions.RECIPE), LeftOut)


def test_customers_are_drawn_so_that_a_large_shop_costs_no_more(shop, decisions, monkeypatch):
    monkeypatch.setattr(quarters, "SAMPLE", 60)
    seen = []
    score = quarters.silhouette_score
    monkeypatch.setattr(
        quarters, "silhouette_score", lambda points, labels: seen.append(len(points)) or score(points, labels)
    )
    log = shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))
    found = quarters.preferred_k(log, SNAPSHOT, 12, decisions.RECIPE)
    assert set(seen) == {60} and set(found) <= set(quarters.KS)
    assert np.isin(found.index.month, [1, 4, 7, 10]).all()


def test_each_quarter_end_is_fitted_on_its_own_customers(shop, decisions, monkeypatch):
    fitted, fit = [], quarters.fit
    monkeypatch.setattr(
        quarters, "fit", lambda then, recipe: fitted.append(then["Monetary"].sum()) or fit(then, recipe)
    )
    log = shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))
    found = quarters.preferred_k(log, SNAPSHOT, 12, decisions.RECIPE)
    assert len(set(fitted)) == len(found) == 5
