"""Who comes back, by the quarter of the first order."""

import numpy as np
import pandas as pd
import pytest

from segmentation import retention
from segmentation.problems import LeftOut
from segmentation.yearly import Season

SEASON = Season(pd.Series(1.0, range(1, 13)), (11, 12), 2)


def log_of(orders: dict, amount=10.0) -> pd.DataFrame:
    """An order log from customer: days with an order."""
    rows = [(name, day, amount) for name, days in orders.items() for day in days]
    log = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    return log.assign(Order_Date=pd.to_datetime(log["Order_Date"]))


ORDERS = {
    "old": ["2024-01-05", "2024-04-05", "2025-06-01"],
    "spring 1": ["2024-05-01", "2024-08-01", "2024-08-02"],
    "spring 2": ["2024-06-30", "2025-12-01"],  # comes back after more than four quarters
    "present 1": ["2024-12-01", "2025-12-05"],
    "present 2": ["2024-11-01"],
    "late": ["2025-10-02"],
}


def test_the_share_of_joiners_that_order_in_each_later_quarter():
    found = retention.by_quarter(log_of(ORDERS), pd.Timestamp("2026-01-01"), LeftOut("short"))
    assert found.sizes.tolist() == [1, 2, 2]
    spring = found.shares.loc[pd.Period("2024Q2")]
    assert spring[1] == 0.5 and spring[2] == 0 and spring[6] == 0.5
    assert found.shares.loc[pd.Period("2024Q4"), 4] == 0.5


def test_quarters_that_are_not_over_are_blank_and_not_zero():
    found = retention.by_quarter(log_of(ORDERS), pd.Timestamp("2026-01-01"), LeftOut("short"))
    assert found.shares.loc[pd.Period("2024Q4")].isna().tolist() == [column > 4 for column in found.shares.columns]
    day_before = retention.by_quarter(log_of(ORDERS), pd.Timestamp("2025-12-31"), LeftOut("short"))
    assert pd.Period("2025Q4") not in day_before.sizes.index and np.isnan(
        day_before.shares.loc[pd.Period("2024Q4")].get(4, np.nan)
    )


def test_customers_the_log_was_born_with_are_set_apart_and_the_season_is_marked(words):
    found = retention.by_quarter(log_of(ORDERS), pd.Timestamp("2026-01-01"), SEASON)
    assert found.labels == ["2024 Q1 (from before)", "2024 Q2", "2024 Q4 *"]
    assert found.again.loc["other"].tolist() == [2, 0.5]  # not the log's first quarter
    assert found.again.loc["season"].tolist() == [2, 0.5]  # not who joined too late for four quarters
    assert words.text(found.finding) == (
        "50.0 % of those who joined in the season ordered again in the four quarters after, 50.0 % of the others"
    )


def test_without_a_season_all_joiners_are_told_together(words):
    found = retention.by_quarter(log_of(ORDERS), pd.Timestamp("2026-01-01"), LeftOut("short"))
    assert words.text(found.finding).startswith("50.0 % of new customers ordered again")


def test_refunds_are_no_visits():
    refunds = log_of({"present 2": ["2025-02-01"]}, amount=-10.0)
    log = pd.concat([log_of(ORDERS), refunds])
    found = retention.by_quarter(log, pd.Timestamp("2026-01-01"), SEASON)
    assert found.shares.loc[pd.Period("2024Q4"), 1] == 0


@pytest.mark.parametrize(("day", "known"), [("2025-07-01", True), ("2025-06-30", False)])
def test_six_whole_quarters_are_needed(day, known):
    log = log_of(ORDERS)
    found = retention.by_quarter(log[log["Order_Date"] < day], pd.Timestamp(day), SEASON)
    assert isinstance(found, LeftOut) != known
