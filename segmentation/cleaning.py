"""From text to customers: each rule by itself, every row accounted for in a ledger."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pandera.pandas as pa

from segmentation.parsing import MAX_VALUE, far_off, read_dates, read_numbers, same_currency
from segmentation.problems import InputError
from segmentation.reading import Kind, Table, is_blank
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
TOTALS = r"\W*(grand |sub)?totals?(\s.*|\W*)|\W*(sum|summe|gesamt(summe)?|overall|all customers|average|mean)\W*"
HEADER = r"[\W_]*".join(["", *key("Customer_ID"), ""])
SHORTENED = r"\s*\d\.\d+E\+\d+\s*"  # 1.78E+04: an id that a spreadsheet took for a number
NEVER = "never ordered: Frequency is 0, no last order"
FRACTIONS = 0.95  # of the abandonment rates above 0 are at most 1: they are fractions, the rest is in doubt


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
    aside = first_reasons([no_customer(raw.rows["Customer_ID"]), totals(values), breaking(found, raw.rows)])
    aside = aside.drop(never, errors="ignore")
    usable = values.drop(index=never.union(aside.index))
    twins = repeats(usable)
    aside = first_reasons([aside, disagreeing(usable.drop(index=twins))])
    stop_if_unusable(aside, raw, len(raw.rows) - len(twins) - len(never), most_aside)
    kept, blanked = blank_breaches(usable.drop(index=twins.union(aside.index), errors="ignore"), found)
    if len(kept) < MIN_CUSTOMERS:
        raise InputError(f"{raw.name}: {plural(len(kept), 'usable customer')}; expected at least {MIN_CUSTOMERS}")
    set_aside = pd.DataFrame({"Line": aside.index, "Reason": aside}, index=aside.index).join(raw.rows)
    left_out = [(NEVER, len(never), "left out")] * (len(never) > 0)
    left_out += [(reason, rows, "row set aside") for reason, rows in aside.value_counts().sort_index().items()]
    changes = [*dated, *left_out, ("Exact duplicate", len(twins), "merged"), *changes, *blanked]
    return Cleaned(contract.validate(kept), set_aside, len(twins), len(never), ledger_of(raw, changes, kept))


def ledger_of(raw: Table, changes: list[tuple], kept: pd.DataFrame) -> pd.DataFrame:
    """Rule, Rows, Action: from the rows read to the customers segmented."""
    entries = [("Rows read", len(raw.rows), ""), *changes, *blanks(kept), *contradictions(kept), *odd_texts(kept)]
    return pd.DataFrame([*entries, ("Customers segmented", len(kept), "")], columns=["Rule", "Rows", "Action"])


def with_recency(raw: Table, snapshot: str | None) -> tuple[Table, list[tuple]]:
    """The table with Recency computed from Last_Order_Date where it has only that; and a ledger entry.

    Days count back from the snapshot, or from the day after the last order of all.
    """
    if "Recency" in raw.rows or LAST_ORDER not in raw.rows:
        return raw, []
    texts = raw.rows[LAST_ORDER]
    dates = read_dates(texts, f"{raw.name}, column {LAST_ORDER}")
    day = pd.Timestamp(snapshot) if snapshot else dates[~far_off(dates)].max() + pd.Timedelta(days=1)
    recency = (day - dates).dt.days.map("{:.0f}".format, na_action="ignore").fillna(texts.astype(str))
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


def no_customer(ids: pd.Series) -> pd.Series:
    """Ids that are blank, say that the row is a total, repeat the header, or are no longer whole.

    >>> no_customer(pd.Series(["a", "Grand total", "Customer ID", " "])).to_dict()
    {1: 'a totals row', 2: 'the header again', 3: 'Customer_ID is blank'}
    """
    ids = ids[ids.str.fullmatch(rf"{TOTALS}|{HEADER}|{SHORTENED}|\s*", flags=re.IGNORECASE)]
    reasons = pd.Series("a totals row", index=ids.index)
    reasons = reasons.mask(
        ids.str.fullmatch(SHORTENED, flags=re.IGNORECASE),
        "Customer_ID was shortened by a spreadsheet (export it as text)",
    )
    reasons = reasons.mask(ids.str.fullmatch(HEADER, flags=re.IGNORECASE), "the header again")
    return reasons.mask(is_blank(ids), "Customer_ID is blank")


def totals(values: pd.DataFrame) -> pd.Series:
    """Rows whose Frequency and Monetary are each the sum of all other rows'."""
    pair = values[["Frequency", "Monetary"]].where(lambda numbers: numbers.abs() <= MAX_VALUE)
    whole = pair.sum()
    sums = (pair * 2 - whole).abs().le(1e-6 * whole).all(axis=1) & (whole["Monetary"] > 0)
    return pd.Series("a totals row", index=values.index[sums])


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
        column = top.split(" ")[0] if top.split(" ")[0] in raw.rows else "Customer_ID"
        raise InputError(
            f"{raw.name}: {count(len(aside))} of {count(rows)} rows cannot be used; expected at most "
            f"{percent(most_aside, 0)}. Most often: {top} ({count((aside == top).sum())} rows, the first in "
            f"line {line}, where {column} is '{short(raw.rows.loc[line, column])}')"
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
        values[name] = read_numbers(rows[name], name, raw.delimiter, f"{raw.name}, column {name}", european)
        wrong = values[name].isna() & ~is_blank(rows[name])
        if name in OPTIONAL and wrong.any():
            changes.append((f"{name} is not a number", wrong.sum(), "value left blank"))
    if TIER in rows:
        values[TIER] = tidy_labels(rows[TIER])
        respelled = (values[TIER] != rows[TIER].astype(str)).sum()
        changes.append((f"{TIER} in odd case or spaces", respelled, "spelled one way"))
    if "Cart_Abandon_Rate" in rows and fractions(values["Cart_Abandon_Rate"], rows["Cart_Abandon_Rate"], raw.name):
        values["Cart_Abandon_Rate"] = (100 * values["Cart_Abandon_Rate"]).round(6)
        known = values["Cart_Abandon_Rate"].notna().sum()
        changes.append(("Cart_Abandon_Rate is at most 1 throughout", known, "read as fractions, times 100"))
    return values, changes


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


def fractions(rates: pd.Series, written: pd.Series, name: str) -> bool:
    """Whether rates are given as 0 to 1 instead of percent. Raises InputError where nearly all of them are."""
    some = rates > 0
    small = some & (rates <= 1)
    signed = written.str.contains("%", regex=False)
    if not some.any() or small.sum() < FRACTIONS * some.sum() or signed[some].all():
        return False
    odd = written[some & (~small | signed)]
    if len(odd):
        raise InputError(
            f"{name}, line {odd.index[0]}: Cart_Abandon_Rate is '{short(odd.iloc[0])}' where nearly all others are at "
            "most 1; expected either percent or fractions"
        )
    return True


def blank_breaches(kept: pd.DataFrame, found: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple]]:
    """The customers without the optional values that break the contract, and entries for them."""
    kept = kept.copy(deep=False)
    optional = found[found["column"].isin(OPTIONAL) & found["row"].isin(kept.index)]
    entries = []
    for (name, rule), cases in optional.groupby(["column", "rule"]):
        kept.loc[cases["row"], name] = np.nan
        entries.append((rule, len(cases), "value left blank"))
    return kept, entries


def blanks(kept: pd.DataFrame) -> list[tuple]:
    """Entries for blank optional values, whatever made them blank."""
    blank = kept[[name for name in OPTIONAL if name in kept]].isna().sum()
    return [(f"{name} is blank", int(rows), "kept") for name, rows in blank[blank > 0].items()]


def contradictions(kept: pd.DataFrame) -> list[tuple]:
    """Entries for columns that contradict each other; the rows stay, the true values stay."""
    orders, spend = kept["Frequency"], kept["Monetary"]
    found = {"orders without spend": (orders > 0) & (spend == 0), "spend without orders": (orders == 0) & (spend > 0)}
    if "Avg_Order_Value" in kept:
        apart = (spend - orders * kept["Avg_Order_Value"]).abs()
        found["Monetary is not Frequency x Avg_Order_Value"] = apart > 0.005 * orders + 0.01 + 1e-9 * spend
    if "Returns" in kept:
        found["Returns above Frequency"] = kept["Returns"] > orders
    return [(rule, int(rows.sum()), "counted, kept") for rule, rows in found.items()]


def odd_texts(kept: pd.DataFrame) -> list[tuple]:
    """Entries for texts that a spreadsheet would run, and for ids that hardly differ; all stay as given."""
    risky = pd.Series(False, kept.index)
    for name in kept.columns.drop([*RFM, *OPTIONAL], errors="ignore"):
        signed = kept[name][kept[name].str.startswith(("=", "+", "-", "@"))]
        if name != "Customer_ID":
            signed = signed[pd.to_numeric(signed, errors="coerce").isna()]
        risky[signed.index] = True
    alike = kept["Customer_ID"].str.strip().str.casefold().duplicated(keep=False)
    found = {"text that a spreadsheet would run as a formula": risky, "ids alike but for case or outer spaces": alike}
    return [(rule, int(rows.sum()), "kept as given") for rule, rows in found.items() if rows.any()]
