"""An order log: its rules, windows, and R, F and M of the customers in it; used only if it tells the table's story."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.cleaning import first_reasons, stop_if_unusable
from segmentation.parsing import MAX_VALUE, read_numbers
from segmentation.problems import LeftOut
from segmentation.reading import is_blank, read_table
from segmentation.vocabulary import ORDER_COLUMNS, RFM
from segmentation.words import Sentence, code, count, sentence

GRACE = pd.Timedelta(days=31)  # a log may begin so much later than a window and still count as reaching back
CENT = 0.0101  # by which two sums of money may differ
NO_LOG = "There is no order log{missing}, so nothing here looks at single orders."
USED = "The order log {file:code} ({size:; }) agrees with {agree:%} of customers on R, F and M, so it is used."
SET_ASIDE = "The order log {file:code} ({size:; }) agrees with only {agree:%} of customers, so it is set aside{hint}."


@dataclass(frozen=True)
class Orders:
    """What an order log holds."""

    log: pd.DataFrame  # Customer_ID (category), Order_ID, Order_Date (day), Amount; one row per order or refund
    done: dict[str, int]  # what was done to how many rows


@dataclass(frozen=True)
class Found:
    """What became of the order log beside the customer table."""

    log: pd.DataFrame | LeftOut  # orders before the snapshot, if they agree with the table
    snapshot: pd.Timestamp | None  # the day that Recency counts back from
    story: Sentence


@dataclass(frozen=True)
class Months:
    """Spend over the calendar."""

    spend: pd.Series  # by month (period)
    snapshot: pd.Timestamp
    lift: float  # of November and December over other months, as a ratio; NaN where one of them is missing

    @property
    def finding(self) -> Sentence:
        """What the months show, in words."""
        if np.isnan(self.lift):
            return sentence("{mean:$} a month", mean=self.spend.mean())
        return sentence("A month in November or December brings {x:.1f} times the spend of other months", x=self.lift)

    @property
    def day(self) -> str:
        """The snapshot, in words."""
        return f"{self.snapshot.day} {self.snapshot:%B %Y}"

    @property
    def advice(self) -> str:
        """What follows for Recency, as the end of a sentence."""
        return ", so recency has to be read against the calendar" if self.lift > 1.2 else ""


def read_orders(path: str, most_aside: float) -> Orders:
    """Read an order log; raises InputError for a file that is none, or has more than a share of unusable rows."""
    raw = read_table(path, ORDER_COLUMNS, ORDER_COLUMNS, ids="Order_ID")
    days = raw.rows["Order_Date"].cat
    dates = pd.to_datetime(days.categories.str[:10], format="%Y-%m-%d", errors="coerce")
    rows = raw.rows[ORDER_COLUMNS].assign(
        Customer_ID=raw.rows["Customer_ID"].cat.remove_unused_categories(),
        Order_Date=dates.append(pd.DatetimeIndex([pd.NaT])).take(days.codes),
        Amount=read_numbers(raw.rows["Amount"], "Amount", raw.delimiter, f"{raw.name}, column Amount"),
    )
    wrong = order_problems(rows)
    stop_if_unusable(wrong, raw, len(rows), most_aside)
    aside = {f"set aside, {why}": rows for why, rows in wrong.value_counts().sort_index().items()}
    log, done = whole_orders(rows.drop(index=wrong.index) if len(wrong) else rows)
    return Orders(log, aside | done)


def order_problems(rows: pd.DataFrame) -> pd.Series:
    """Why a row of the log cannot be used, by row; rows without a problem are left out."""
    problems = {
        "Customer_ID is blank": is_blank(rows["Customer_ID"]),
        "Order_ID is blank": is_blank(rows["Order_ID"]),
        "Order_Date is no date like 2026-06-30": ~rows["Order_Date"].between("1970-01-01", "2100-12-31"),
        "Amount is no number, or too large": ~rows["Amount"].abs().le(MAX_VALUE),
    }
    return first_reasons([pd.Series(why, rows.index[wrong]) for why, wrong in problems.items()])


def whole_orders(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """One row per order or refund, and what was done to how many rows.

    Rows that repeat another in full are dropped, lines of one order are summed at its first day, an Order_ID under two
    customers is nobody's; refunds (negative amounts) stay as they are.
    """
    twice = rows[rows["Order_ID"].duplicated(keep=False)]
    owners = twice.groupby("Order_ID")["Customer_ID"].transform("nunique")
    owned = twice[owners == 1]
    single = owned[~owned.duplicated()]
    lines = single[single["Amount"] >= 0]
    joined = lines.groupby(["Customer_ID", "Order_ID"], observed=True, as_index=False)
    joined = joined.agg({"Order_Date": "min", "Amount": "sum"})
    if len(twice):
        parts = [rows.drop(index=twice.index), joined, single[single["Amount"] < 0]]
        rows = pd.concat(parts, ignore_index=True)
    done = {
        "set aside, one Order_ID under two customers": len(twice) - len(owned),
        "dropped, rows that repeat another": len(owned) - len(single),
        "added to their order, further lines of it": len(lines) - len(joined),
        "refunds, taken off spend": int((rows["Amount"] < 0).sum()),
    }
    return rows, done


def covers(log: pd.DataFrame, day: pd.Timestamp, months: int) -> bool:
    """Whether the log reaches `months` back from `day`: its first order is at most 31 days later than that.

    >>> log = pd.DataFrame({"Order_Date": pd.to_datetime(["2025-08-01"])})
    >>> covers(log, pd.Timestamp("2026-07-01"), 12), covers(log, pd.Timestamp("2026-06-30"), 12)
    (True, False)
    """
    return bool(log["Order_Date"].min() <= day - pd.DateOffset(months=months) + GRACE)


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
    """Share of customers whose R, F and M are those computed from the log (money to one cent)."""
    logged = computed.reindex(customers["Customer_ID"])[RFM].to_numpy(float)
    apart = np.abs(customers[RFM].to_numpy(float) - logged)
    return float((apart <= [0, 0, CENT]).all(axis=1).mean())  # a customer whom the log does not know disagrees


def hint(customers: pd.DataFrame, log: pd.DataFrame, day: pd.Timestamp, months: int | None, needed: float) -> str:
    """Which parameter would make the log agree with the customer table, as the end of a sentence; '' if none."""
    for other in (None, 3, 6, 12, 24):
        if other != months and agreement(customers, rfm_from_orders(log, day, other)) >= needed:
            return f"; over {other or 'all'} months it would agree: set WINDOW_MONTHS"
    last = log[log["Amount"] >= 0].groupby("Customer_ID", observed=True)["Order_Date"].max()
    last = last.set_axis(last.index.astype(str)).reindex(customers["Customer_ID"])
    days = (last + pd.to_timedelta(customers["Recency"].to_numpy(), unit="D")).mode()
    if len(days) and agreement(customers, rfm_from_orders(log, days[0], months)) >= needed:
        return f"; counted back from {days[0].date()} it would agree: set SNAPSHOT_DATE"
    return ""


def find_log(
    path: str | None,
    customers: pd.DataFrame,
    snapshot: str | None,
    months: int | None,
    needed: float,
    most_aside: float,
) -> Found:
    """The order log beside the customers, used if R, F and M computed from it agree for the `needed` share of them."""
    given = pd.Timestamp(snapshot) if snapshot else None
    if not path or not Path(path).is_file():
        missing = f" ({code(path)} does not exist)" if path else ""
        return Found(LeftOut("there is no order log"), given, sentence(NO_LOG, missing=missing))
    orders = read_orders(path, most_aside)
    day = given or orders.log["Order_Date"].max() + pd.Timedelta(days=1)
    log = orders.log[orders.log["Order_Date"] < day]
    done = orders.done | {"left out, on or after the snapshot": len(orders.log) - len(log)}
    size = [f"{count(len(log))} orders", *(f"{what}: {count(rows)}" for what, rows in done.items() if rows)]
    agree = agreement(customers, rfm_from_orders(log, day, months))
    if agree >= needed:
        return Found(log, day, sentence(USED, file=path, size=size, agree=agree))
    change = hint(customers, orders.log, day, months, needed)
    story = sentence(SET_ASIDE, file=path, size=size, agree=agree, hint=change)
    return Found(LeftOut("the order log does not agree with the customer table"), given, story)


def by_month(log: pd.DataFrame, snapshot: pd.Timestamp) -> Months:
    """Spend by calendar month."""
    spend = log.groupby(log["Order_Date"].dt.to_period("M"))["Amount"].sum().sort_index()
    late = spend.index.month.isin([11, 12])
    return Months(spend, snapshot, spend[late].mean() / spend[~late].mean())
