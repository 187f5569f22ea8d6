"""Rows of an export to orders: one row per order or per order line, one rule after the other, each with its count."""

from dataclasses import dataclass

import pandas as pd

from segmentation.cleaning import first_reasons, stop_if_unusable
from segmentation.parsing import MAX_VALUE, read_dates, read_numbers
from segmentation.problems import InputError
from segmentation.reading import Kind, Table, is_blank, read_table
from segmentation.synonyms import ORDER_EXPORTS
from segmentation.vocabulary import LINE_COLUMNS, ORDER_COLUMNS

ORDER_FILE = Kind([*ORDER_COLUMNS, *LINE_COLUMNS], ORDER_COLUMNS, "Order_ID", ORDER_EXPORTS)
NOT_BOUGHT = (  # what a status says when no money stayed
    "cancel|void|fail|declin|expire|refunded|chargeback|fraud|draft|unavailable|incomplete|abandoned|uncaptured|blocked|"
    "pending|awaiting payment|unpaid|requires_|on.hold|returned|reversed|trash|closed"
)
STILL_BOUGHT = "partial"  # partially refunded
NOBODY = r"(?i)\s*(guest(@.*)?|0|null|n/?a|nan|none|-)?\s*"  # in place of a customer
CANCELS = r"C\d+"  # ids of cancellations, where other ids are numbers


@dataclass(frozen=True)
class Orders:
    """What an export of orders holds."""

    raw: Table
    log: pd.DataFrame  # Customer_ID (category), Order_ID, Order_Date (day), Amount; one row per order or refund
    ledger: pd.DataFrame  # Rule, Rows, Action


def read_orders(path: str, most_aside: float, given: dict[str, str] | None = None) -> Orders:
    """Read an export of orders; raises InputError for a file that is none, or has more than a share of unusable rows.

    `given`: their header: our column, where the synonyms do not know it.
    """
    raw = read_table(path, ORDER_FILE, given)
    rows, entries = first_lines(parse_rows(raw))
    entries.insert(0, ("Rows read", len(raw.rows), ""))
    for rule in (cancellations, not_bought, guests):
        rows, entry = rule(rows)
        entries.append(entry)
    wrong = order_problems(rows)
    stop_if_unusable(wrong, raw, len(rows), most_aside)
    entries += [(why, number, "set aside") for why, number in wrong.value_counts().sort_index().items()]
    log, more = whole_orders(rows.drop(index=wrong.index) if len(wrong) else rows, "Amount" not in raw.rows)
    log = log[ORDER_COLUMNS]
    if log.empty:
        raise InputError(
            f"{raw.name}: no order with a customer, a date and an amount; expected one row per order or line"
        )
    ledger = pd.DataFrame([*entries, *more], columns=["Rule", "Rows", "Action"])
    return Orders(raw, log, ledger[ledger["Rows"] > 0].reset_index(drop=True))


def parse_rows(raw: Table) -> pd.DataFrame:
    """The rows with ids as ids, days and amounts; columns that are not ours as they are."""
    texts, where = raw.rows, f"{raw.name}, column "
    numbers = {
        name: read_numbers(texts[name], name, raw.delimiter, where + name)
        for name in ("Amount", "Line_Total", "Quantity", "Unit_Price", "Refunded")
        if name in texts
    }
    line = numbers["Line_Total"] if "Line_Total" in numbers else None
    if line is None and "Amount" not in numbers:
        line = (numbers["Quantity"] * numbers["Unit_Price"]).round(6)
    return texts.assign(
        Customer_ID=plain_ids(texts["Customer_ID"]),
        Order_ID=plain_ids(texts["Order_ID"]),
        Order_Date=read_dates(texts["Order_Date"], where + "Order_Date"),
        Amount=numbers.get("Amount", line),
        Refunded=numbers.get("Refunded", pd.Series(0.0, texts.index)).fillna(0),
    )


def plain_ids(ids: pd.Series) -> pd.Series:
    """Ids without the .0 of a spreadsheet, if all are whole numbers; e-mail addresses in lower case.

    >>> plain_ids(pd.Series(["17850.0", "", "12583.0"])).tolist()
    ['17850', '', '12583']
    """
    coded = isinstance(ids.dtype, pd.CategoricalDtype)
    ids = ids.cat.remove_unused_categories() if coded else ids
    texts = pd.Series(ids.cat.categories, dtype=str) if coded else ids
    if texts.str.endswith(".0").any() and texts.str.fullmatch(r"\s*(\d+(\.0)?)?").all():
        plain = texts.str.strip().str.removesuffix(".0")
    elif texts.str.contains("@", regex=False).mean() > 0.5:
        plain = texts.str.strip().str.casefold()
    else:
        return ids
    return pd.Series(plain.to_numpy()[ids.cat.codes], ids.index).astype("category") if coded else plain


def first_lines(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple]]:
    """What only the first line of an order says, said on its further lines too; a total on each line counted once."""
    twice = rows[rows["Order_ID"].duplicated(keep=False)]
    twice = twice[~is_blank(twice["Order_ID"])]
    filled = pd.Series(False, rows.index)
    for name in ("Customer_ID", "Order_Date", *(column for column in ("Status", "Cancelled") if column in rows)):
        blank = twice[name].isna() if name == "Order_Date" else is_blank(twice[name])
        if blank.any() and not blank.all():
            known = twice[~blank].drop_duplicates("Order_ID").set_index("Order_ID")[name]
            found = twice.loc[blank, "Order_ID"].map(known).dropna()
            rows.loc[found.index, name] = found
            filled[found.index] = True
    surplus = further_totals(rows, twice.index)
    entries = [
        ("further lines without customer, date or status", int(filled.sum()), "taken from the order's first line"),
        ("further lines with the order's total again, or none", len(surplus), "total counted once"),
    ]
    return rows.drop(index=surplus), entries


def further_totals(rows: pd.DataFrame, twice: pd.Index) -> pd.Index:
    """Lines that add nothing to their order's total: without an amount where another line has one; or, where lines that
    differ otherwise show the same amount in every order, all but the first.
    """
    if "Line_Total" in rows or "Unit_Price" in rows:
        return twice[:0]
    lines = rows.loc[twice]
    empty = twice[lines["Amount"].isna() & lines.groupby("Order_ID")["Amount"].transform("count").gt(0)]
    lines = lines[lines["Amount"] >= 0].drop_duplicates()
    lines = lines[lines["Order_ID"].duplicated(keep=False)]
    if lines.empty or len(rows.columns) == len([*ORDER_COLUMNS, "Refunded"]):
        return empty
    same = lines.groupby("Order_ID")["Amount"].nunique().eq(1).all()
    return empty.append(lines.index[lines["Order_ID"].duplicated()]) if same else empty


def cancellations(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple]:
    """Amounts of orders whose id begins with C, where most ids are numbers: money given back."""
    back = rows["Order_ID"].str.startswith("C")
    if back.any():
        back = rows["Order_ID"].str.fullmatch(CANCELS)
    if not back.any() or rows["Order_ID"].str.fullmatch(r"\d+").mean() < 0.5:
        return rows, ("cancellations, Order_ID begins with C", 0, "")
    amount = rows["Amount"].mask(back, -rows["Amount"].abs())
    return rows.assign(Amount=amount), ("cancellations, Order_ID begins with C", int(back.sum()), "taken off spend")


def not_bought(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple]:
    """Without the rows whose status says that no money stayed, or that have a date of cancellation."""
    off = pd.Series(False, rows.index)
    if "Status" in rows:
        status = rows["Status"].str.casefold()
        off |= status.str.contains(NOT_BOUGHT).astype(bool) & ~status.str.contains(STILL_BOUGHT).astype(bool)
    if "Cancelled" in rows:
        off |= ~is_blank(rows["Cancelled"])
    return rows[~off], ("cancelled, refunded or never paid, by their status", int(off.sum()), "left out")


def guests(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple]:
    """Without the rows of nobody: no customer can be followed through them."""
    nobody = rows["Customer_ID"].str.fullmatch(NOBODY).astype(bool)
    return rows[~nobody], ("guests, Customer_ID is blank", int(nobody.sum()), "left out")


def order_problems(rows: pd.DataFrame) -> pd.Series:
    """Why a row cannot be used, by row; rows without a problem are left out."""
    problems = {
        "Order_ID is blank": is_blank(rows["Order_ID"]),
        "Order_Date is no date like 2026-06-30": ~rows["Order_Date"].between("1970-01-01", "2100-12-31"),
        "Amount is no number, or too large": ~rows["Amount"].abs().le(MAX_VALUE),
    }
    return first_reasons([pd.Series(why, rows.index[wrong]) for why, wrong in problems.items()])


def whole_orders(rows: pd.DataFrame, lines: bool) -> tuple[pd.DataFrame, list[tuple]]:
    """One row per order or refund, and what was done to how many rows.

    Rows that repeat another to the letter are dropped, but where they are `lines` with a price of their own: there the
    same article may well stand twice. Lines of one order are summed at its first day; an Order_ID under two customers
    is nobody's; refunds (negative amounts) stay as they are.
    """
    twice = rows[rows["Order_ID"].duplicated(keep=False)]
    owned = twice[twice.groupby("Order_ID")["Customer_ID"].transform("nunique") == 1]
    again = owned.duplicated()
    single = owned if lines else owned[~again]
    parts = single[single["Amount"] >= 0]
    sums = {"Order_Date": "min", "Amount": "sum", "Refunded": "sum"}
    joined = parts.groupby(["Customer_ID", "Order_ID"], observed=True, as_index=False).agg(sums)
    rows = pd.concat([rows.drop(index=twice.index), joined, single[single["Amount"] < 0]], ignore_index=True)
    rows, refunded = less_refunds(rows)
    entries = [
        ("one Order_ID under two customers", len(twice) - len(owned), "set aside"),
        ("rows that repeat another", int(again.sum()), "kept, lines of an order" if lines else "dropped"),
        ("further lines of an order", len(parts) - len(joined), "added to it"),
        ("orders partly or wholly refunded", refunded, "refund taken off"),
        ("orders of zero", int((rows["Amount"] == 0).sum()), "left out"),
        ("refunds", int((rows["Amount"] < 0).sum()), "taken off spend"),
    ]
    return rows[rows["Amount"] != 0], entries


def less_refunds(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Orders less what was refunded of them, at least zero; and how many had a refund."""
    refunded = rows["Refunded"].gt(0) & rows["Amount"].gt(0)
    left = (rows["Amount"] - rows["Refunded"]).clip(lower=0).round(6)
    return rows.assign(Amount=rows["Amount"].mask(refunded, left)), int(refunded.sum())
