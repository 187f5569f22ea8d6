"""Which rows of an export make up one order, what their amounts stand for, and what is said more than once."""

import numpy as np
import pandas as pd

from segmentation.problems import InputError
from segmentation.reading import is_blank
from segmentation.words import percent

APART = 90  # days from one row to the next, above which one number is two orders: numbers begin again each year
CENT = 0.0101  # by which two sums of money may differ
MOST, HALF = 0.9, 0.5  # of orders with several rows that must show one amount for it to be the order's; the line's
SEVERAL = 0.05  # of orders with rows of different amounts, above which the rows are lines
TOTALS, LINES, SINGLES = "totals of orders", "amounts of lines", "one row per order"  # what amounts stand for
Entry = tuple[str, int, str]  # of the ledger: Rule, Rows, Action


def number_orders(rows: pd.DataFrame) -> pd.Series:
    """A number for each row's order: one Order_ID of one customer, each row at most APART days after the one before."""
    order = pd.Series(np.arange(len(rows)), rows.index)
    several = rows["Order_ID"].duplicated(keep=False) & ~is_blank(rows["Order_ID"])
    names = ["Order_ID", "Customer_ID", "Order_Date"]
    some = rows.loc[several, names].astype({"Customer_ID": str}).sort_values(names, kind="stable")
    new = (some[names[:2]] != some[names[:2]].shift()).any(axis=1) | (some["Order_Date"].diff().dt.days > APART)
    order[some.index] = -new.cumsum()
    return order


def fill_lines(rows: pd.DataFrame) -> tuple[pd.DataFrame, Entry]:
    """What only the first line of an order says, said on its further lines too."""
    several = rows[rows["Order_ID"].duplicated(keep=False) & ~is_blank(rows["Order_ID"])]
    filled = pd.Series(False, rows.index)
    for name in ("Customer_ID", "Order_Date"):  # from the line above: numbers may begin again
        filled |= _fill(rows, several.index, name, "Order_ID")
    rows["Order"] = number_orders(rows)
    for name in ("Status", "Cancelled", "Currency"):
        if name in rows:
            filled |= _fill(rows, several.index, name, "Order")
    what = "further lines without customer, date or status"
    return rows, (what, int(filled.sum()), "taken from the order's first line")


def _fill(rows: pd.DataFrame, where: pd.Index, name: str, by: str) -> pd.Series:
    """Fill the blanks of a column from the same order's line above, or else below; which rows were filled."""
    values = rows.loc[where, name]
    blank = values.isna() if name == "Order_Date" else is_blank(values)
    filled = pd.Series(False, rows.index)
    if blank.any():
        known = values.mask(blank).groupby(rows.loc[where, by], sort=False)
        found = known.ffill().fillna(known.bfill())[blank].dropna()
        rows.loc[found.index, name] = found
        filled[found.index] = True
    return filled


def orders_again(rows: pd.DataFrame) -> pd.Index:
    """Rows of orders that stand in the file twice or more: every row of the file has copies; or every row of an order
    has as many, and they are several different rows, or lie apart. A copy right beside a single row may be a line.
    """
    copies = rows[rows.duplicated(keep=False)]
    if copies.empty:
        return copies.index
    same = copies.groupby(list(copies), sort=False, observed=True, dropna=False)
    number, times = same.ngroup(), same["Order"].transform("size")
    if len(copies) == len(rows):
        return copies.index[same.cumcount() >= times // np.gcd.reduce(times.unique())]
    place = pd.Series(np.arange(len(rows)), rows.index)[copies.index]
    order = pd.DataFrame({"times": times, "place": place}).groupby(copies["Order"])
    size, times, span = order.size(), order["times"], order["place"].max() - order["place"].min() + 1
    whole = (size == rows["Order"].value_counts().reindex(size.index)) & (times.min() == times.max())
    again = whole & ((span > size) | (times.min() < size))
    return copies.index[number.duplicated() & copies["Order"].map(again)]


def meaning(rows: pd.DataFrame, line: pd.Series | None, where: str) -> str:
    """What Amount stands for, by the orders with several rows; `line`: the rows' own values where these are known.

    Raises InputError where the column does not decide.
    """
    table = rows.loc[rows["Amount"] >= 0, ["Order", "Amount"]]
    table = table[table["Order"].duplicated(keep=False)]
    if table.empty:
        return SINGLES
    amounts = table.groupby("Order")["Amount"]
    one = amounts.max() == amounts.min()
    if line is not None:
        other = (table["Amount"] - line[table.index]).abs() > CENT
        one &= other.groupby(table["Order"]).any()
    telling = line is not None or alike_by_chance(rows) <= HALF
    if telling and one.mean() >= MOST:
        return TOTALS
    lined = (~one).sum() if telling else len(one)  # orders that seem to have lines
    if line is None and lined < SEVERAL * rows["Order"].nunique():
        return SINGLES
    if one.mean() <= HALF:
        return LINES
    found = f"the same on every line of {percent(one.mean(), 0)} of the orders with several lines"
    what = "If it is the line's, name it Line_Total; if it is the order's, give one row per order"
    raise InputError(f"{where}: {found}, so it may be the order's total or the line's amount. {what}")


def alike_by_chance(rows: pd.DataFrame) -> float:
    """The chance that two orders drawn at random show the same amount: near 1 where everything costs the same."""
    return float((rows.drop_duplicates("Order")["Amount"].value_counts(normalize=True) ** 2).sum())


def count_once(rows: pd.DataFrame, means: str, dropped: int) -> tuple[pd.DataFrame, list[Entry]]:
    """Without rows that say again what another has said: a line that is numbered, a row, a total; and ledger entries.

    `dropped`: rows of orders that stood twice, left out before.
    """
    again = numbered_again(rows)
    rows = rows.drop(index=again)
    repeats = rows.index[rows.duplicated()]
    rows = rows if means == LINES else rows.drop(index=repeats)
    rows = rows.assign(Refunded=refund_once(rows))
    surplus, differing = blank_amounts(rows), 0
    if means == TOTALS:
        surplus, differing = further_totals(rows)
        rows["Refunded"] = rows.groupby("Order")["Refunded"].transform("sum")
    alike = ("rows that repeat another", len(repeats) + dropped, "dropped")
    if means == LINES:
        alike = ("rows that repeat another", len(repeats), "kept, lines of an order")
    entries = [
        ("rows with a line of an order that stood before", len(again), "dropped"),
        ("rows of orders that stand twice", dropped if means == LINES else 0, "dropped"),
        alike,
        ("further lines with the order's total again, or none", len(surplus), "total counted once"),
        ("orders whose lines show different totals", differing, "the first one counted"),
    ]
    return rows.drop(index=surplus), entries


def numbered_again(rows: pd.DataFrame) -> pd.Index:
    """Rows whose order has a line of the same number and amount before: tables were merged."""
    if "Line_Number" not in rows:
        return rows.index[:0]
    lines = rows.loc[~is_blank(rows["Line_Number"]), ["Order", "Line_Number", "Amount"]]
    return lines.index[lines.duplicated()]


def blank_amounts(rows: pd.DataFrame) -> pd.Index:
    """Rows without an amount, of an order that has one in another row."""
    without = rows["Amount"].isna()
    if not without.any():
        return rows.index[:0]
    return rows.index[without & rows["Order"].isin(rows.loc[~without, "Order"])]


def further_totals(rows: pd.DataFrame) -> tuple[pd.Index, int]:
    """Rows that give their order's total again, or no amount; and the number of orders whose totals differ."""
    totals = rows.loc[rows["Amount"] >= 0, ["Order", "Amount"]]
    further = totals.index[totals["Order"].duplicated()]
    different = totals.drop_duplicates()["Order"]
    back = rows.loc[rows["Amount"] < 0, ["Order", "Order_Date", "Amount"]]
    surplus = blank_amounts(rows).union(further).union(back.index[back.duplicated()])
    return surplus, different[different.duplicated()].nunique()


def refund_once(rows: pd.DataFrame) -> pd.Series:
    """What was refunded, positive, by row: where an order's rows mostly show one refund, it is the order's, and stands
    on its first row.
    """
    refund = rows["Refunded"].abs()
    told = pd.DataFrame({"Order": rows["Order"], "refund": refund})[rows["Amount"] >= 0]
    told = told[told["Order"].duplicated(keep=False)]
    orders = told.groupby("Order")["refund"]
    one = (orders.max() == orders.min())[orders.max() > 0]
    if one.empty or one.mean() <= HALF:
        return refund
    further = told.index[told["Order"].duplicated() & told["Order"].isin(one.index[one])]
    return refund.mask(refund.index.isin(further), 0.0)


def one_row_each(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Entry]]:
    """One row per order or refund, and what was done to how many rows.

    Rows of one order are added up at its first day, what was refunded taken off; refunds (negative amounts) stay.
    """
    parts = rows["Order"].duplicated(keep=False) & (rows["Amount"] >= 0)
    first = {"Customer_ID": "first", "Order_ID": "first"}
    sums = {"Order_Date": "min", "Amount": "sum", "Refunded": "sum"}
    joined = rows[parts].groupby("Order", as_index=False, sort=False).agg(first | sums)
    joined = joined.astype({"Customer_ID": rows["Customer_ID"].dtype})
    rows = pd.concat([joined, rows[~parts]], ignore_index=True)
    refunded = rows["Refunded"].gt(0) & rows["Amount"].gt(0)
    left = (rows["Amount"] - rows["Refunded"]).clip(lower=0).round(6)
    rows = rows.assign(Amount=rows["Amount"].mask(refunded, left))
    entries = [
        ("further lines of an order", int(parts.sum()) - len(joined), "added to it"),
        ("orders partly or wholly refunded", int(refunded.sum()), "refund taken off"),
        ("orders of zero", int((rows["Amount"] == 0).sum()), "left out"),
        ("refunds", int((rows["Amount"] < 0).sum()), "taken off spend"),
    ]
    return rows[rows["Amount"] != 0], entries
