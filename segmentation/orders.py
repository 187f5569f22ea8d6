"""orders"""

from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.constants import LOG_AGREEMENT, MAX_SET_ASIDE, MAX_VALUE, ORDER_COLUMNS, RFM
from segmentation.parsing import read_numbers
from segmentation.problems import InputError
from segmentation.reading import is_blank, read_table, repeated
from segmentation.words import count, percent, short


def order_problems(rows: pd.DataFrame) -> pd.Series:
    """Why a row of the log cannot be used, by row; rows without a problem are left out."""
    problems = {
        "Customer_ID is blank": is_blank(rows["Customer_ID"]),
        "Order_ID is blank": is_blank(rows["Order_ID"]),
        "Order_Date is no date like 2026-06-30": ~rows["Order_Date"].between("1970-01-01", "2100-12-31"),
        "Amount is no number, or too large": ~rows["Amount"].abs().le(MAX_VALUE),
    }
    found = pd.concat([pd.Series(why, rows.index[wrong]) for why, wrong in problems.items()])
    return found[~found.index.duplicated()].sort_index()


def whole_orders(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """One row per order or refund, and what was done to how many rows.

    Rows that repeat another in full are dropped, lines of one order are summed at its first day, an Order_ID under two
    customers is nobody's; refunds (negative amounts) stay as they are.
    """
    twice = rows.loc[repeated(rows["Order_ID"]).index]
    owners = twice.groupby("Order_ID")["Customer_ID"].transform("nunique")
    rest = twice[owners == 1]
    single = rest[~rest.duplicated()]
    lines = single[single["Amount"] >= 0]
    joined = lines.groupby(["Customer_ID", "Order_ID"], observed=True, as_index=False)
    joined = joined.agg({"Order_Date": "min", "Amount": "sum"})
    if len(twice):
        parts = [rows.drop(index=twice.index), joined, single[single["Amount"] < 0]]
        rows = pd.concat(parts, ignore_index=True)
    done = {
        "set aside, one Order_ID under two customers": len(twice) - len(rest),
        "dropped, rows that repeat another": len(rest) - len(single),
        "added to their order, further lines of it": len(lines) - len(joined),
        "refunds, taken off spend": int((rows["Amount"] < 0).sum()),
    }
    return rows, done


def read_orders(path: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Order log: Customer_ID (category), Order_ID, Order_Date (day), Amount; and what was done to how many rows.

    Raises InputError for a file that is no log, or with more than MAX_SET_ASIDE rows that cannot be used.
    """
    name = Path(path).name
    raw, delimiter = read_table(path, ORDER_COLUMNS, ORDER_COLUMNS)
    days = raw["Order_Date"].astype("category").cat
    dates = pd.to_datetime(days.categories.str[:10], format="%Y-%m-%d", errors="coerce")
    rows = raw[ORDER_COLUMNS].assign(
        Customer_ID=raw["Customer_ID"].astype("category").cat.remove_unused_categories(),
        Order_Date=dates.append(pd.DatetimeIndex([pd.NaT])).take(days.codes),
        Amount=read_numbers(raw["Amount"], "Amount", delimiter, f"{name}, column Amount"),
    )
    wrong = order_problems(rows)
    if len(wrong) > MAX_SET_ASIDE * len(rows):
        line, column = wrong.index[0], wrong.iloc[0].split(" ")[0]
        raise InputError(
            f"{name}: {count(len(wrong))} of {count(len(rows))} rows cannot be used; expected at most "
            f"{percent(MAX_SET_ASIDE, 1, 0)}. First in line {line}: {wrong.iloc[0]} ('{short(raw.loc[line, column])}')"
        )
    orders, done = whole_orders(rows.drop(index=wrong.index) if len(wrong) else rows)
    return orders, {f"set aside, {why}": n for why, n in wrong.value_counts().sort_index().items()} | done


def rfm_from_orders(orders: pd.DataFrame, snapshot: pd.Timestamp, months: int | None) -> pd.DataFrame:
    """Recency (days before the snapshot), Frequency (orders) and Monetary per customer over the months before it.

    A refund (negative amount) is no order; it lowers Monetary, at most to zero.
    """
    start = snapshot - pd.DateOffset(months=months) if months else orders["Order_Date"].min()
    window = orders[(orders["Order_Date"] >= start) & (orders["Order_Date"] < snapshot)]
    spend = window.groupby("Customer_ID", observed=True)["Amount"].sum().round(2).clip(lower=0)
    bought = window if window["Amount"].min() >= 0 else window[window["Amount"] >= 0]
    bought = bought.groupby("Customer_ID", observed=True)["Order_Date"]
    table = pd.DataFrame({"Recency": (snapshot - bought.max()).dt.days, "Frequency": bought.size()})
    table = table.assign(Monetary=spend.reindex(table.index))
    return table.set_axis(table.index.astype(str)) if isinstance(table.index, pd.CategoricalIndex) else table


def agreement(customers: pd.DataFrame, computed: pd.DataFrame) -> float:
    """Share of customers whose Recency, Frequency and Monetary are those computed from the log (money to one cent)."""
    logged = computed.reindex(customers["Customer_ID"])[RFM].to_numpy(float)
    apart = np.abs(customers[RFM].to_numpy(float) - logged)
    return float((apart <= [0, 0, 0.0101]).all(axis=1).mean())  # a customer whom the log does not know disagrees


def log_hint(customers: pd.DataFrame, log: pd.DataFrame, day: pd.Timestamp, months: int | None) -> str:
    """Which parameter would make the log agree with the customer table, as the end of a sentence; '' if none."""
    for other in (None, 3, 6, 12, 24):
        if other != months and agreement(customers, rfm_from_orders(log, day, other)) >= LOG_AGREEMENT:
            return f"; over {other or 'all'} months it would agree: set WINDOW_MONTHS"
    last = log[log["Amount"] >= 0].groupby("Customer_ID", observed=True)["Order_Date"].max()
    last = last.set_axis(last.index.astype(str)).reindex(customers["Customer_ID"])
    days = (last + pd.to_timedelta(customers["Recency"].to_numpy(), unit="D")).mode()
    if len(days) and agreement(customers, rfm_from_orders(log, days[0], months)) >= LOG_AGREEMENT:
        return f"; counted back from {days[0].date()} it would agree: set SNAPSHOT_DATE"
    return ""
