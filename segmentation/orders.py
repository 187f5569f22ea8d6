"""An order log: its rules, windows, and R, F and M of the customers in it; used only if it tells the table's story."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.cleaning import Cleaned
from segmentation.lines import Orders, plain_ids
from segmentation.oddities import odd_texts
from segmentation.problems import InputError
from segmentation.vocabulary import MIN_CUSTOMERS, RFM
from segmentation.words import Sentence, count, percent, plural, sentence

GRACE = pd.Timedelta(days=31)  # a log may begin so much later than a window and still count as reaching back
PART = pd.Timedelta(days=3)  # a month may lack so much at the log's first or last day and still count as whole
PEAK = 1.1  # times other months, above which November and December stand out
CENT = 0.0101  # by which two sums of money may differ
USED = (
    "The order log {file:code} ({size:; }) agrees with {agree:%} of customers on R, F and M{how}, so it is used{but}."
)
ALIKE = {  # what ids may differ in that mean the same customer: how it is left off
    "upper and lower case": str.casefold,
    "zeros in front": lambda name: name.lstrip("0"),
    "a .0 behind": lambda name: name.removesuffix(".0"),
}


@dataclass(frozen=True)
class Found:
    """An order log that tells the customer table's story."""

    log: pd.DataFrame  # orders before the snapshot; Customer_ID as the table writes it
    snapshot: pd.Timestamp  # the day that Recency counts back from
    story: Sentence


@dataclass(frozen=True)
class Months:
    """Spend over the calendar."""

    spend: pd.Series  # by month (period)
    whole: pd.Series  # by month, whether the log covers all of it
    snapshot: pd.Timestamp

    @property
    def lift(self) -> float:
        """Spend of November and December over that of other months, whole months only; NaN where a kind is missing."""
        spend = self.spend[self.whole]
        late = spend.index.month.isin([11, 12])
        return float(spend[late].mean() / spend[~late].mean())

    @property
    def finding(self) -> Sentence:
        """What the months show, in words."""
        if not self.whole.any():
            return sentence("{total:$} in all; the orders cover no whole month", total=self.spend.sum())
        if np.isnan(self.lift):
            return sentence("{mean:$} a month", mean=self.spend[self.whole].mean())
        if self.lift > PEAK:
            text = "A month in November or December brings {x:.1f} times the spend of other months"
        else:
            text = "November and December bring {more} more than other months ({x:.2f} times the spend)"
        return sentence(text, more="no" if self.lift <= 1 else "hardly", x=self.lift)

    @property
    def day(self) -> str:
        """The snapshot, in words."""
        return f"{self.snapshot.day} {self.snapshot:%B %Y}"

    @property
    def advice(self) -> str:
        """What follows for Recency, as the end of a sentence."""
        return "; a season like this one moves everybody's recency" if self.lift > 1.2 else ""


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


def spelled_as(ids: pd.Series, table: pd.Series) -> pd.Series:
    """Ids of a log, a category, as the customer table spells them: both may have what plain_ids leaves off.

    >>> spelled_as(pd.Series(["1", "2"], dtype="category"), pd.Series(["1.0", "3.0"])).tolist()
    ['1.0', '2']
    """
    theirs = pd.Series(table.to_numpy(), plain_ids(table.astype(str)).to_numpy())
    theirs = theirs[~theirs.index.duplicated(keep=False)]
    names = pd.Series(ids.cat.categories.astype(str))
    spelled = names.map(theirs).fillna(names)
    return pd.Series(spelled.to_numpy()[ids.cat.codes], ids.index).astype("category")


def without_refunds(log: pd.DataFrame) -> pd.DataFrame:
    """The log without the rows of money given back."""
    return log[log["Amount"] >= 0]


def best_agreement(customers: pd.DataFrame, log: pd.DataFrame, day: pd.Timestamp, months: int | None) -> float:
    """Agreement of the log less refunds, or without them, whichever is higher: shops count either way."""
    logs = (log, without_refunds(log)) if log["Amount"].min() < 0 else (log,)
    return max(agreement(customers, rfm_from_orders(log, day, months)) for log in logs)


def hint(customers: pd.DataFrame, log: pd.DataFrame, day: pd.Timestamp, months: int | None, needed: float) -> str:
    """What would make the log agree with the customer table, as the end of a sentence; '' if nothing is known."""
    known, ids = log["Customer_ID"].cat.categories, customers["Customer_ID"]
    if (shared := ids.isin(known).mean()) < needed:
        for difference, without in ALIKE.items():
            if ids.map(without).isin(known.map(without)).mean() >= needed:
                return f"; the ids differ in {difference}: write them alike in both files"
        return f"; only {percent(shared)} of the table's ids are in it"
    for other in (None, 3, 6, 12, 24):
        if other != months and best_agreement(customers, log, day, other) >= needed:
            return f"; over {other or 'all'} months it would agree: set WINDOW_MONTHS"
    last = log[log["Amount"] >= 0].groupby("Customer_ID", observed=True)["Order_Date"].max()
    last = last.set_axis(last.index.astype(str)).reindex(ids)
    days = (last + pd.to_timedelta(customers["Recency"].to_numpy(), unit="D")).mode()
    if len(days) and best_agreement(customers, log, days[0], months) >= needed:
        return f"; counted back from {days[0].date()} it would agree: set SNAPSHOT_DATE"
    return ""


def last_day(orders: Orders, snapshot: str | None) -> pd.Timestamp:
    """The day that Recency counts back from: the one given, or the day after the last order (a refund is none)."""
    bought = without_refunds(orders.log)["Order_Date"]
    return pd.Timestamp(snapshot) if snapshot else bought.max() + pd.Timedelta(days=1)


def counted(log: pd.DataFrame) -> str:
    """How many orders and refunds a log holds, in words."""
    back = int((log["Amount"] < 0).sum())
    return plural(len(log) - back, "order") + (f" and {plural(back, 'refund')}" if back else "")


def find_log(orders: Orders, customers: pd.DataFrame, snapshot: str | None, months: int | None, needed: float) -> Found:
    """The order log beside the customers, less its refunds, or without them where only so it agrees.

    Raises InputError unless R, F and M computed from it agree for the `needed` share of customers.
    """
    day, file = last_day(orders, snapshot), orders.raw.name
    every = orders.log.assign(Customer_ID=spelled_as(orders.log["Customer_ID"], customers["Customer_ID"]))
    log = every[every["Order_Date"] < day]
    size = in_words(orders, log, day)
    agree = agreement(customers, rfm_from_orders(log, day, months))
    if agree >= needed:
        return Found(log, day, sentence(USED, file=file, size=size, agree=agree, how="", but=""))
    gross = without_refunds(log)
    if len(gross) < len(log) and (alone := agreement(customers, rfm_from_orders(gross, day, months))) >= needed:
        how = sentence(" where refunds do not count ({net:%} where they are taken off)", net=agree)
        story = sentence(USED, file=file, size=size, agree=alone, how=how, but=" without its refunds")
        return Found(gross, day, story)
    change = hint(customers, every, day, months, needed)
    found = f"orders, recency and spend in its {plural(len(log), 'row')} agree with {percent(agree)} of the table"
    what = "Give files of one shop and one day, or one of them"
    raise InputError(f"{file}: {found}; expected {percent(needed, 0)}{change}. {what}")


def in_words(orders: Orders, log: pd.DataFrame, day: pd.Timestamp) -> list[str]:
    """How much of an export is used (log: before the day), and what its rules did to the rest."""
    size = [counted(log)]
    rules = orders.ledger[~orders.ledger["Rule"].isin(["Rows read", "refunds"])]
    size += [f"{action}, {rule}: {count(rows)}" for rule, rows, action in rules.to_numpy()]
    later = orders.log[orders.log["Order_Date"] >= day]
    return [*size, f"left out, on or after the snapshot: {counted(later)}"] if len(later) else size


def customers_from_orders(orders: Orders, snapshot: str | None, months: int | None, contract) -> Cleaned:
    """The customer table of an export of orders: everybody with an order in the window, by R, F and M of that window.

    The snapshot is the day after the last order unless given. `contract` is what every customer must satisfy.
    """
    day = last_day(orders, snapshot)
    table = rfm_from_orders(orders.log, day, months).astype(float)
    table["Avg_Order_Value"] = (table["Monetary"] / table["Frequency"]).round(2)
    customers = table.rename_axis("Customer_ID").reset_index()
    if len(customers) < MIN_CUSTOMERS:
        first, last = orders.log["Order_Date"].min(), orders.log["Order_Date"].max()
        window = f"in the {months} months before {day:%Y-%m-%d}" if months else f"before {day:%Y-%m-%d}"
        found = f"{plural(len(customers), 'customer')} with an order {window} (orders run from {first:%Y-%m-%d} to"
        raise InputError(f"{orders.raw.name}: {found} {last:%Y-%m-%d}); expected at least {MIN_CUSTOMERS}")
    lapsed = orders.log["Customer_ID"].nunique() - len(customers)
    entries = [("customers without an order in the window", lapsed, "left out"), *odd_texts(customers)]
    entries.append(("Customers segmented", len(customers), ""))
    ledger = pd.concat([orders.ledger, pd.DataFrame(entries, columns=orders.ledger.columns)], ignore_index=True)
    return Cleaned(contract.validate(customers), pd.DataFrame(columns=["Line", "Reason"]), 0, 0, ledger)


def by_month(log: pd.DataFrame, snapshot: pd.Timestamp) -> Months:
    """Spend by calendar month; whole is a month of which the log lacks at most PART at its beginning or end."""
    spend = log.groupby(log["Order_Date"].dt.to_period("M"))["Amount"].sum().sort_index()
    first, last = log["Order_Date"].min().normalize(), log["Order_Date"].max().normalize()
    starts, ends = spend.index.start_time, spend.index.end_time.normalize()
    return Months(spend, pd.Series((first <= starts + PART) & (last >= ends - PART), spend.index), snapshot)
