"""From text to customers: each rule by itself, every row accounted for in a ledger."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pandera.pandas as pa

from segmentation.oddities import blanks, contradictions, odd_texts, suspicious
from segmentation.parsing import MAX_VALUE, read_dates, read_numbers, same_currency
from segmentation.problems import InputError
from segmentation.reading import Kind, Table, is_blank
from segmentation.strays import far_days
from segmentation.synonyms import CUSTOMER_EXPORTS, key
from segmentation.vocabulary import (
    COMPUTED,
    CUSTOMER_COLUMNS,
    LAST_ORDER,
    MIN_CUSTOMERS,
    MIN_VALUES,
    OPTIONAL,
    REQUIRED,
    RFM,
    TIER,
)
from segmentation.words import Sentence, count, percent, plural, sentence, short

CUSTOMER_FILE = Kind([*CUSTOMER_COLUMNS, LAST_ORDER], REQUIRED, "Customer_ID", CUSTOMER_EXPORTS)
SUM = r"\W*((grand |sub)?totals?|sum|summe|gesamt(summe)?|overall|all customers)\W*"  # how a totals row is called
MORE = r"\W*(grand |sub)?totals?\s.*"  # so may a totals row, but also a company
MEAN = r"\W*(average|mean|avg|mittelwert|durchschnitt)\W*"
HEADER = r"[\W_]*".join(["", *key("Customer_ID"), ""])
SHORT_ID = "Customer_ID was shortened by a spreadsheet (export it as text)"
SHORTENED = r"\s*\d\.\d+E\+\d+\s*"  # 1.78E+04: an id that a spreadsheet took for a number
NOBODY = r"\W*(null|n/?a|nan|none|nil|undefined|unknown|guest|anonymous|-+|\?+)\W*"  # in place of an id
NEVER = "never ordered: Frequency is 0, no last order"
FRACTIONS = 0.95  # of the abandonment rates above 0 are at most 1: they are fractions, the rest is in doubt
FRACTION = "read as fractions, times 100"
SHOWN = 3  # different texts that stand for all of those that are no numbers
SHOULD_BE = {  # what a column holds, for messages
    "Customer_ID": "an id of its own in each row",
    "Recency": "days since the last order, like 35 (a date belongs in a column Last_Order_Date)",
    "Frequency": "a whole number of orders, like 3",
    "Monetary": "money spent, like 129.90",
    "Order_ID": "a number of the order",
    "Order_Date": "the day of the order, like 2026-06-30",
    "Amount": "the value of the order, like 129.90",
    "Refunded": "money given back, like 12.50, or nothing",
}


@dataclass(frozen=True)
class Cleaned:
    """What a customer file holds: customers, rows set aside, and what each rule touched."""

    customers: pd.DataFrame  # satisfies the contract; index: line in the file
    set_aside: pd.DataFrame  # Line, Reason, and the row as it was read
    merged: int  # exact duplicates
    never: int  # people who never ordered
    ledger: pd.DataFrame  # Rule, Rows, Action

    @property
    def where_aside(self) -> str:
        """Where to look for the rows set aside."""
        there = "The rows set aside are in `ecommerce_set_aside_rows.csv`, with line and reason."
        return there if len(self.set_aside) else ""

    @property
    def and_never(self) -> Sentence | str:
        """The people who never ordered, as a part of the sum of rows."""
        never = sentence(" + {never:#} who never ordered, left out", never=self.never)
        return never if self.never else ""

    @property
    def absent(self) -> list[str]:
        """Optional columns with fewer than MIN_VALUES values."""
        filled = self.customers.replace("", np.nan).notna().sum()
        return [name for name in [*OPTIONAL, TIER] if filled.get(name, 0) < MIN_VALUES]

    @property
    def on_absent(self) -> Sentence:
        """What the file lacks, if anything."""
        text = "Not in this file, or (nearly) empty: {absent:&}. Analyses that need them are left out."
        return sentence(text if self.absent else "", absent=self.absent)


def clean(raw: Table, contract: pa.DataFrameSchema, most_aside: float, snapshot: str | None = None) -> Cleaned:
    """Customers that satisfy the contract; raises InputError where a larger share than `most_aside` does not.

    A row is set aside for the first of these: no customer's id, a totals row, a breach of the contract in a required
    column, rows of one id that disagree. Elsewhere a breach blanks the value. People who never ordered are left out.
    """
    raw, dated = with_recency(raw, snapshot)
    values, changes = read_values(raw)
    never = never_ordered(values, raw.rows)
    found = breaches(values, contract)
    aside = first_reasons([no_customer(values), totals(values), breaking(found, raw.rows)])
    aside = aside.drop(never, errors="ignore")
    usable = values.drop(index=never.union(aside.index))
    twins = repeats(usable)
    aside = first_reasons([aside, disagreeing(usable.drop(index=twins))])
    stop_if_unusable(aside, raw, len(raw.rows) - len(twins) - len(never), most_aside)
    kept, blanked = blank_breaches(usable.drop(index=twins.union(aside.index), errors="ignore"), found)
    if len(kept) < MIN_CUSTOMERS:
        raise InputError(f"{raw.name}: {plural(len(kept), 'usable customer')}; expected at least {MIN_CUSTOMERS}")
    set_aside = as_set_aside(aside, raw.rows)
    left_out = [(NEVER, len(never), "left out")] * (len(never) > 0)
    left_out += why_aside(aside, raw.rows)
    changes = [*dated, *left_out, ("Exact duplicate", len(twins), "merged"), *changes, *blanked]
    return Cleaned(contract.validate(kept), set_aside, len(twins), len(never), ledger_of(raw, changes, kept))


def as_set_aside(aside: pd.Series, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows set aside as they were read, after Line and Reason; columns of the file called so are told apart."""
    ours = pd.DataFrame({"Line": aside.index, "Reason": aside}, index=aside.index)
    return ours.join(rows.rename(columns={name: f"{name} (in the file)" for name in ours}))


def why_aside(aside: pd.Series, rows: pd.DataFrame) -> list[tuple]:
    """Entries for the rows set aside; what stands where a number should is said."""
    entries = []
    for reason, cases in aside.groupby(aside):
        name = reason.removesuffix(" is not a number")
        found = f" ({texts_found(rows.loc[cases.index, name])})" if name != reason else ""
        entries.append((reason, len(cases), f"row set aside{found}"))
    return entries


def texts_found(texts: pd.Series) -> str:
    """The most frequent of these texts, for the ledger.

    >>> texts_found(pd.Series(["N/A", "x", "N/A"]))
    'N/A, x'
    """
    often = texts.astype(str).value_counts(sort=True).sort_index().sort_values(ascending=False, kind="stable")
    return ", ".join([short(text) for text in often.index[:SHOWN]] + ["..."] * (len(often) > SHOWN))


def ledger_of(raw: Table, changes: list[tuple], kept: pd.DataFrame) -> pd.DataFrame:
    """Rule, Rows, Action: from the rows read to the customers segmented."""
    entries = [("Rows read", len(raw.rows), ""), *changes, *blanks(kept), *contradictions(kept), *suspicious(kept)]
    entries += odd_texts(kept)
    return pd.DataFrame([*entries, ("Customers segmented", len(kept), "")], columns=["Rule", "Rows", "Action"])


def with_recency(raw: Table, snapshot: str | None) -> tuple[Table, list[tuple]]:
    """The table with Recency computed from Last_Order_Date where it has only that; and a ledger entry.

    Days count back from the snapshot, or from the day after the last order of all.
    """
    if "Recency" in raw.rows or LAST_ORDER not in raw.rows:
        return raw, []
    texts = raw.rows[LAST_ORDER]
    dates = read_dates(texts, f"{raw.name}, column {LAST_ORDER}")
    day = pd.Timestamp(snapshot) if snapshot else dates[~far_days(dates)].max() + pd.Timedelta(days=1)
    if pd.isna(day):
        found = f"'{short(texts.iloc[0])}' in the first row"
        raise InputError(f"{raw.name}: column {LAST_ORDER} holds no date ({found}); expected dates like 2026-06-30")
    recency = (day - dates).dt.days.map("{:.0f}".format).where(dates.notna(), texts.astype(str))
    entry = (f"Recency counted from {LAST_ORDER} to {day:%Y-%m-%d}", int(dates.notna().sum()), "column computed")
    return replace(raw, rows=raw.rows.assign(Recency=recency.astype("category"))), [entry]


def never_ordered(values: pd.DataFrame, rows: pd.DataFrame) -> pd.Index:
    """Rows of people without an order: Frequency is 0, Recency is blank, Monetary is 0 or blank."""
    spent = ~((values["Monetary"] == 0) | is_blank(rows["Monetary"]))
    named = ~is_blank(rows["Customer_ID"])
    return values.index[(values["Frequency"] == 0) & is_blank(rows["Recency"]) & ~spent & named]


def number(high: float = MAX_VALUE, required: bool = False, whole: bool = False) -> pa.Column:
    """A column of the contract: numbers from 0 to `high`; blanks only where it is not required."""
    rules = [pa.Check.ge(0, error="is below 0"), pa.Check.le(high, error=f"is above {high:,.0f}")]
    if whole:
        rules.append(pa.Check(lambda values: values % 1 == 0, error="is not a whole number"))
    return pa.Column(float, rules, nullable=not required, required=required)


def breaches(values: pd.DataFrame, contract: pa.DataFrameSchema) -> pd.DataFrame:
    """Every breach of the contract: row (index label), column ('' for a rule over columns) and rule, in words."""
    try:
        contract.validate(values, lazy=True)
    except pa.errors.SchemaErrors as found:
        cases = found.failure_cases.rename(columns={"index": "row", "check": "rule"}).astype({"row": int})
        over_columns = cases["schema_context"] == "DataFrameSchema"
        rule = cases["column"] + " " + cases["rule"].replace("not_nullable", "is blank")
        cases = cases.assign(rule=rule.mask(over_columns, cases["rule"]), column=cases["column"].mask(over_columns, ""))
        return cases[["row", "column", "rule"]].drop_duplicates()
    return pd.DataFrame({"row": pd.Series(dtype=int), "column": pd.Series(dtype=str), "rule": pd.Series(dtype=str)})


def first_reasons(reasons: list[pd.Series]) -> pd.Series:
    """Of several reasons the first one, by row, in the order of rows."""
    every = pd.concat(reasons)
    return every[~every.index.duplicated()].sort_index()


def no_customer(values: pd.DataFrame) -> pd.Series:
    """Rows whose id is blank, a word for nobody or shortened, repeats the header, or says that it is a total or a mean.

    A customer may be called Mean, or TOTAL GmbH: the row goes only if its numbers are such, or are no numbers.
    """
    ids = values["Customer_ID"].astype(str)
    kinds = {
        "Customer_ID is blank": is_blank(ids),
        "the header again": ids.str.fullmatch(HEADER, flags=re.IGNORECASE),
        SHORT_ID: ids.str.fullmatch(SHORTENED, flags=re.IGNORECASE),
        "Customer_ID names nobody": ids.str.fullmatch(NOBODY, flags=re.IGNORECASE),
        "a totals row": says_totals(ids, values[["Frequency", "Monetary"]]),
    }
    return first_reasons([pd.Series(why, ids.index[rows.astype(bool)]) for why, rows in kinds.items()])


def says_totals(ids: pd.Series, numbers: pd.DataFrame) -> pd.Series:
    """Whether an id says so, and the row's orders and spend are a sum of others', or their mean, or are no numbers.

    A sum is at least as large as any of its parts; where the id says more than that, at least half of all the others.
    """
    called = {"sum": SUM, "more": MORE, "mean": MEAN}
    called = {name: ids.str.fullmatch(pattern, flags=re.IGNORECASE).astype(bool) for name, pattern in called.items()}
    others = numbers[~np.logical_or.reduce([*called.values()])]
    found = called["sum"] & (numbers >= others.max()).all(axis=1)
    found |= called["more"] & (numbers >= others.sum() / 2).all(axis=1)
    found |= called["mean"] & ((numbers - others.mean()).abs() <= others.mean() / 100).all(axis=1)
    return found | (np.logical_or.reduce([*called.values()]) & numbers.isna().any(axis=1))


def totals(values: pd.DataFrame) -> pd.Series:
    """A row whose Frequency and Monetary are each the sum of all other rows'."""
    pair = values[["Frequency", "Monetary"]].where(lambda numbers: numbers.abs() <= MAX_VALUE)
    whole = pair.sum()
    sums = (pair * 2 - whole).abs().le(1e-6 * whole).all(axis=1) & (whole["Monetary"] > 0)
    return pd.Series("a totals row", index=values.index[sums & (sums.sum() == 1)])  # of two, each is all others' sum


def breaking(found: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Breaches of the contract in a required column, or over columns."""
    needed = found[found["column"].isin([*REQUIRED, ""])]
    reasons = needed.drop_duplicates("row").set_index("row")["rule"]
    for name in RFM:
        written = ~is_blank(rows.loc[reasons.index, name])
        reasons = reasons.mask((reasons == f"{name} is blank") & written, f"{name} is not a number")
    return reasons


def repeats(values: pd.DataFrame) -> pd.Index:
    """Rows that repeat an earlier one in full."""
    again = values[values["Customer_ID"].duplicated(keep=False)]
    return again.index[again.duplicated()]


def disagreeing(values: pd.DataFrame) -> pd.Series:
    """All rows of an id that has several."""
    return pd.Series("rows of one id disagree", index=values.index[values["Customer_ID"].duplicated(keep=False)])


def stop_if_unusable(aside: pd.Series, raw: Table, rows: int, most_aside: float) -> None:
    """Raise InputError when more than a share of the rows is set aside."""
    if len(aside) > most_aside * rows:
        top = aside.value_counts().index[0]
        line = aside.index[aside == top][0]
        column = top.split(" ")[0] if top.split(" ")[0] in SHOULD_BE else "Customer_ID"
        found = f", where {column} is '{short(raw.rows.loc[line, column])}'" if column in raw.rows else ""
        raise InputError(
            f"{raw.name}: {count(len(aside))} of {count(rows)} rows cannot be used; expected at most "
            f"{percent(most_aside, 0)}. Most often: {top} ({plural((aside == top).sum(), 'row')}, the first in "
            f"line {line}{found}; expected {SHOULD_BE[column]}). "
            "Correct the file, or name the right column in COLUMNS, and run again"
        )


def read_values(raw: Table) -> tuple[pd.DataFrame, list[tuple]]:
    """The table with numbers in its numeric columns and tidy labels; and ledger entries for what changed."""
    rows = raw.rows
    for name in rows.columns[rows.columns.map(key) == "currency"]:
        same_currency(rows[name], f"{raw.name}, column {name}")
    again = [name for name in COMPUTED if name in rows]
    values = rows.drop(columns=again)
    changes = [(f"{name} is computed here", len(rows), "column replaced") for name in again]
    numeric = [name for name in [*RFM, *OPTIONAL] if name in rows]
    european = any(rows[name].str.contains(r"\d,\d{1,2}\D*$").any() for name in numeric)
    for name in numeric:
        values[name], problem = read_column(raw, name, european)
        wrong = values[name].isna() & ~is_blank(rows[name])
        if name in OPTIONAL and wrong.any():
            found = f"value left blank ({texts_found(rows[name][wrong])})"
            changes.append((problem or f"{name} is not a number", wrong.sum(), "column left out" if problem else found))
    if TIER in rows:
        values[TIER] = tidy_labels(rows[TIER])
        respelled = (values[TIER] != rows[TIER].astype(str)).sum()
        changes.append((f"{TIER} in odd case or spaces", respelled, "spelled one way"))
    if "Cart_Abandon_Rate" in rows:
        values["Cart_Abandon_Rate"], entries = as_percent(values["Cart_Abandon_Rate"], rows["Cart_Abandon_Rate"])
        changes += entries
    return values, changes


def read_column(raw: Table, name: str, european: bool) -> tuple[pd.Series, str]:
    """A column's numbers; and why there are none, where an optional column can be read in two ways."""
    try:
        return read_numbers(raw.rows[name], name, raw.delimiter, f"{raw.name}, column {name}", european), ""
    except InputError as problem:
        if name not in OPTIONAL:
            raise
        return pd.Series(np.nan, raw.rows.index), str(problem).removeprefix(f"{raw.name}, column ")


def tidy_labels(labels: pd.Series) -> pd.Series:
    """One spelling per label: outer spaces cut, and of several spellings that differ in case the most frequent one.

    >>> tidy_labels(pd.Series(["Gold", " gold", "Gold", ""])).tolist()
    ['Gold', 'Gold', 'Gold', '']
    """
    sizes = labels.astype("category").value_counts().sort_index()
    trimmed = pd.Series(sizes.index.astype(str), sizes.index.astype(str)).str.strip()
    spelled = pd.Series(sizes.to_numpy(), trimmed).groupby(level=0).sum().sort_values(ascending=False, kind="stable")
    first = pd.Series(spelled.index, spelled.index.str.casefold()).groupby(level=0).first()
    return labels.map(trimmed.str.casefold().map(first)).astype(str)


def as_percent(rates: pd.Series, written: pd.Series) -> tuple[pd.Series, list[tuple]]:
    """Rates in percent, and entries: where nearly all are at most 1 they are fractions, and a larger one is in doubt.

    What is written with a percent sign is in percent anyhow.
    """
    signed = written.str.contains("%", regex=False).astype(bool)
    some = (rates > 0) & ~signed
    large = some & (rates > 1)
    if not some.any() or large.sum() > (1 - FRACTIONS) * some.sum():
        return rates, []
    read = (100 * rates).round(6).mask(signed, rates).mask(large)
    entries = [("Cart_Abandon_Rate is at most 1 throughout", int((rates.notna() & ~signed & ~large).sum()), FRACTION)]
    doubtful = ("Cart_Abandon_Rate is above 1 among fractions", int(large.sum()), "value left blank")
    return read, [*entries, doubtful] if large.any() else entries


def blank_breaches(kept: pd.DataFrame, found: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple]]:
    """The customers without the optional values that break the contract, and entries for them."""
    kept = kept.copy(deep=False)
    optional = found[found["column"].isin(OPTIONAL) & found["row"].isin(kept.index)]
    entries = []
    for (name, rule), cases in optional.groupby(["column", "rule"]):
        kept.loc[cases["row"], name] = np.nan
        entries.append((rule, len(cases), "value left blank"))
    return kept, entries
