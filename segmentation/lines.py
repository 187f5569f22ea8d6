"""Rows of an export to orders: one row per order or per order line, one rule after the other, each with its count."""

import re
from dataclasses import dataclass

import pandas as pd

from segmentation import joining
from segmentation.cleaning import HEADER, SHORTENED, first_reasons, says_totals, stop_if_unusable
from segmentation.joining import Entry
from segmentation.parsing import MAX_VALUE, read_dates, read_numbers, same_currency
from segmentation.problems import InputError
from segmentation.reading import Kind, Table, is_blank, read_table
from segmentation.strays import far_days
from segmentation.synonyms import ORDER_EXPORTS
from segmentation.vocabulary import LINE_COLUMNS, MIN_CUSTOMERS, ORDER_COLUMNS, STATE_COLUMNS

ORDER_FILE = Kind([*ORDER_COLUMNS, *LINE_COLUMNS, *STATE_COLUMNS], ORDER_COLUMNS, "Order_ID", ORDER_EXPORTS)
GAVE_BACK = "refunded|chargeback|closed|returned|reversed"  # what a status says of money that came and went
NOT_BOUGHT = GAVE_BACK + (  # what a status says when no money stayed
    "|cancel|void|fail|declin|expire|fraud|draft|unavailable|incomplete|abandoned|uncaptured|blocked|"
    "pending|awaiting payment|unpaid|requires_|on.hold|trash"
)
STILL_BOUGHT = "partial"  # partially refunded
NOBODY = r"(?i)\s*(guest(@.*)?|0|null|n/?a|nan|none|-)?\s*"  # in place of a customer
NOTHING = r"(?i)\s*(-|n/?a|nan|none|null|no|false)?\s*"  # in place of a refund
CANCELS = r"C\d+"  # ids of cancellations, where other ids are numbers
SHOWN_ASIDE = 10_000  # rows set aside that are written out; more are counted only
REMOVED = ("added to it", "total counted once", "dropped", "left out", "set aside")  # actions that take rows away


@dataclass(frozen=True)
class Orders:
    """What an export of orders holds."""

    raw: Table
    log: pd.DataFrame  # Customer_ID (category), Order_ID, Order_Date (day), Amount; one row per order or refund
    set_aside: pd.DataFrame  # Line, Reason, and the row as it was read; the first SHOWN_ASIDE
    ledger: pd.DataFrame  # Rule, Rows, Action

    @property
    def refunds(self) -> int:
        """Refunds in the log."""
        return int((self.log["Amount"] < 0).sum())

    @property
    def removed(self) -> pd.Series:
        """Rows that are none in the log, by what was done with them (REMOVED)."""
        return self.ledger.groupby("Action")["Rows"].sum().reindex(REMOVED, fill_value=0)


def read_orders(path: str, most_aside: float, given: dict[str, str] | None = None) -> Orders:
    """Read an export of orders; raises InputError for a file that is none, or has more than a share of unusable rows.

    `given`: their header: our column, where the synonyms do not know it.
    """
    raw = read_table(path, ORDER_FILE, given)
    rows, wrong, entries = usable_rows(raw, most_aside)
    log, more = joining.one_row_each(rows)
    if log.empty:
        raise InputError(
            f"{raw.name}: no order with a customer, a date and an amount; expected one row per order or line"
        )
    shown = wrong.head(SHOWN_ASIDE)
    aside = pd.DataFrame({"Line": shown.index, "Reason": shown}, index=shown.index).join(raw.rows)
    ledger = [("Rows read", len(raw.rows), ""), *entries, *more]
    ledger = pd.DataFrame(ledger, columns=["Rule", "Rows", "Action"])
    return Orders(raw, log[ORDER_COLUMNS], aside, ledger[ledger["Rows"] > 0].reset_index(drop=True))


def usable_rows(raw: Table, most_aside: float) -> tuple[pd.DataFrame, pd.Series, list[Entry]]:
    """The rows that count, why others cannot be used (by line), and ledger entries.

    Raises InputError for more unusable rows than a share, and for two currencies.
    """
    rows, line = parse_rows(raw)
    early = first_reasons([totals(rows), pd.Series("Refunded is no number", rows.index[rows["Refunded"].isna()])])
    rows, entries = first_told(rows.drop(index=early.index), line, raw)
    for rule in (cancellations, not_bought, guests):
        rows, entry = rule(rows)
        entries.append(entry)
    wrong = first_reasons([early, order_problems(rows)])
    stop_if_unusable(wrong, raw, len(rows) + len(early), most_aside)
    entries += [(why, number, "set aside") for why, number in wrong.value_counts().sort_index().items()]
    rows = rows.drop(index=wrong.index, errors="ignore")
    if "Currency" in rows:
        same_currency(rows["Currency"], f"{raw.name}, column Currency")
    return rows, wrong, entries


def parse_rows(raw: Table) -> tuple[pd.DataFrame, pd.Series | None]:
    """The rows with ids as ids, days and amounts, columns that are not ours as they are; and the lines' own values."""
    texts, where = raw.rows, f"{raw.name}, column "
    numbers = {
        name: read_numbers(texts[name], name, raw.delimiter, where + name)
        for name in ("Amount", "Line_Total", "Quantity", "Unit_Price", "Refunded")
        if name in texts
    }
    line = numbers.get("Line_Total")
    if line is None and {"Quantity", "Unit_Price"} <= set(numbers):
        line = (numbers["Quantity"] * numbers["Unit_Price"]).round(6)
    refunded = numbers.get("Refunded", pd.Series(0.0, texts.index))
    if "Refunded" in texts:
        refunded = refunded.mask(texts["Refunded"].str.fullmatch(NOTHING).astype(bool), 0.0)
    rows = texts.assign(
        Customer_ID=plain_ids(texts["Customer_ID"]),
        Order_ID=plain_ids(texts["Order_ID"]),
        Order_Date=read_dates(texts["Order_Date"], where + "Order_Date"),
        Amount=numbers.get("Amount", line),
        Refunded=refunded,
    )
    return rows, line


def plain_ids(ids: pd.Series) -> pd.Series:
    """Ids without outer spaces; without the .0 of a spreadsheet, if all are whole numbers; e-mail addresses in lower
    case.

    >>> plain_ids(pd.Series(["17850.0", "", " 12583.0"])).tolist()
    ['17850', '', '12583']
    """
    coded = isinstance(ids.dtype, pd.CategoricalDtype)
    ids = ids.cat.remove_unused_categories() if coded else ids
    texts = pd.Series(ids.cat.categories, dtype=str) if coded else ids
    plain = texts.str.strip()
    if plain.str.endswith(".0").any() and plain.str.fullmatch(r"(\d+(\.0)?)?").all():
        plain = plain.str.removesuffix(".0")
    elif plain.str.contains("@", regex=False).mean() > 0.5:
        plain = plain.str.casefold()
    return pd.Series(plain.to_numpy()[ids.cat.codes], ids.index).astype("category") if coded else plain


def totals(rows: pd.DataFrame) -> pd.Series:
    """Rows that sum up the others or repeat the header: by what stands for customer or order, or by the amount."""
    amount = rows["Amount"].where(rows["Amount"].abs() <= MAX_VALUE)
    found = []
    for ids in (rows["Customer_ID"].astype(str), rows["Order_ID"].astype(str)):
        kinds = {"the header again": ids.str.fullmatch(HEADER, flags=re.IGNORECASE).astype(bool)}
        kinds["a totals row"] = says_totals(ids, amount.to_frame())
        found += [pd.Series(why, rows.index[named]) for why, named in kinds.items()]
    found = first_reasons(found)
    whole = amount.sum()
    sums = (2 * amount - whole).abs() <= 1e-6 * whole
    if len(rows) > MIN_CUSTOMERS and whole > 0:
        found = first_reasons([found, pd.Series("a totals row", index=rows.index[sums])])
    return found


def first_told(rows: pd.DataFrame, line: pd.Series | None, raw: Table) -> tuple[pd.DataFrame, list[Entry]]:
    """The rows with what their order's first line says, without what was said before; and ledger entries."""
    rows, filled = joining.fill_lines(rows)
    again = joining.orders_again(rows)
    rows = rows.drop(index=again)
    means = joining.LINES
    if "Amount" in raw.rows:
        means = joining.meaning(rows, line, f"{raw.name}, column Amount")
    rows, entries = joining.count_once(rows, means, len(again))
    return rows, [filled, *entries]


def cancellations(rows: pd.DataFrame) -> tuple[pd.DataFrame, Entry]:
    """Amounts of orders whose id begins with C, where most ids are numbers: money given back."""
    back = rows["Order_ID"].str.startswith("C")
    if back.any():
        back = rows["Order_ID"].str.fullmatch(CANCELS)
    if not back.any() or rows["Order_ID"].str.fullmatch(r"\d+").mean() < 0.5:
        return rows, ("cancellations, Order_ID begins with C", 0, "")
    amount = rows["Amount"].mask(back, -rows["Amount"].abs())
    return rows.assign(Amount=amount), ("cancellations, Order_ID begins with C", int(back.sum()), "taken off spend")


def not_bought(rows: pd.DataFrame) -> tuple[pd.DataFrame, Entry]:
    """Without the rows whose status says that no money stayed, or that have a date of cancellation.

    A row of money given back stays where the sale stays: it takes the refund off.
    """
    off = pd.Series(False, rows.index)
    if "Status" in rows:
        status = rows["Status"].str.casefold()
        off |= status.str.contains(NOT_BOUGHT).astype(bool) & ~status.str.contains(STILL_BOUGHT).astype(bool)
        refund = status.str.contains(GAVE_BACK).astype(bool) & rows["Amount"].lt(0)
        off &= ~refund | rows["Order"].isin(rows.loc[off & rows["Amount"].gt(0), "Order"])
    if "Cancelled" in rows:
        off |= ~is_blank(rows["Cancelled"])
    return rows[~off], ("cancelled, refunded or never paid, by their status", int(off.sum()), "left out")


def guests(rows: pd.DataFrame) -> tuple[pd.DataFrame, Entry]:
    """Without the rows of nobody: no customer can be followed through them."""
    nobody = rows["Customer_ID"].str.fullmatch(NOBODY).astype(bool)
    return rows[~nobody], ("guests, Customer_ID is blank", int(nobody.sum()), "left out")


def order_problems(rows: pd.DataFrame) -> pd.Series:
    """Why a row cannot be used, by row; rows without a problem are left out."""
    dates, shared = rows["Order_Date"], rows.loc[rows["Order_ID"].duplicated(keep=False)]
    owners = shared.groupby(["Order_ID", "Order_Date"], sort=False)["Customer_ID"].transform("nunique")
    readable = dates.between("1970-01-01", "2100-12-31")
    problems = {
        "Order_ID is blank": is_blank(rows["Order_ID"]),
        "Order_ID was shortened by a spreadsheet (export it as text)": shortened(rows["Order_ID"]),
        "Customer_ID was shortened by a spreadsheet (export it as text)": shortened(rows["Customer_ID"]),
        "Order_Date is no date like 2026-06-30": ~readable,
        "Order_Date lies far from all others": far_days(dates.where(readable)),
        "Amount is no number, or too large": ~rows["Amount"].abs().le(MAX_VALUE),
        "one Order_ID under two customers": rows.index.isin(owners.index[owners > 1]),
    }
    return first_reasons([pd.Series(why, rows.index[wrong]) for why, wrong in problems.items()])


def shortened(ids: pd.Series) -> pd.Series:
    """Whether a spreadsheet took an id for a number and rounded it: 1.78E+04."""
    return ids.str.fullmatch(rf"(?i){SHORTENED}").astype(bool)
