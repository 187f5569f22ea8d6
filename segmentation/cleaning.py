"""cleaning"""

import re

import numpy as np
import pandas as pd
import pandera.pandas as pa

from segmentation.constants import (
    COMPUTED,
    MAX_RECENCY,
    MAX_SET_ASIDE,
    MAX_VALUE,
    MIN_CUSTOMERS,
    OPTIONAL,
    REQUIRED,
    RFM,
    TIER,
)
from segmentation.parsing import read_numbers
from segmentation.problems import InputError
from segmentation.reading import is_blank, key, repeated
from segmentation.words import count, percent, plural, short


def breaches(numbers: pd.DataFrame) -> pd.DataFrame:
    """Every breach of the contract: row (index label), column ('' for a rule over columns) and rule."""
    try:
        CONTRACT.validate(numbers, lazy=True)
    except pa.errors.SchemaErrors as found:
        cases = found.failure_cases.rename(columns={"index": "row", "check": "rule"})
        cases.loc[cases["schema_context"] == "DataFrameSchema", "column"] = ""
        cases.loc[cases["rule"] == "not_nullable", "rule"] = cases["column"] + " is blank"
        return cases[["row", "column", "rule"]].drop_duplicates().astype({"row": int})
    return pd.DataFrame({"row": pd.Series(dtype=int), "column": pd.Series(dtype=str), "rule": pd.Series(dtype=str)})


def column(name: str, high: float, required: bool = False, whole: bool = False) -> pa.Column:
    """A numeric column from 0 to high; a breach names the column and what is wrong."""
    rules = [pa.Check.ge(0, error=f"{name} is below 0"), pa.Check.le(high, error=f"{name} is above {high:,.0f}")]
    if whole:
        rules.append(pa.Check(lambda values: values % 1 == 0, error=f"{name} is not a whole number"))
    return pa.Column(float, rules, nullable=not required, required=required)


CONTRACT = pa.DataFrameSchema(
    {
        "Recency": column("Recency", MAX_RECENCY, required=True),
        "Frequency": column("Frequency", MAX_VALUE, required=True, whole=True),
        "Monetary": column("Monetary", MAX_VALUE, required=True),
        **{name: column(name, high, whole=name == "Campaign_Response") for name, high in OPTIONAL.items()},
    },
    checks=pa.Check(lambda rows: ~((rows["Frequency"] == 0) & (rows["Monetary"] > 0)), error="spend without orders"),
)


TOTALS = r"\W*(grand |sub)?totals?(\s.*|\W*)|\W*(sum|summe|gesamt(summe)?|overall|all customers|average|mean)\W*"


def id_problems(ids: pd.Series) -> pd.Series:
    """Why a row is no customer's, by row; rows without a problem are left out."""
    again = r"[\W_]*".join(["", *key("Customer_ID"), ""])
    ids = ids[ids.str.fullmatch(rf"{TOTALS}|{again}|\s*", flags=re.IGNORECASE)]
    found = pd.Series("a totals row", index=ids.index).mask(
        ids.str.fullmatch(again, flags=re.IGNORECASE), "the header again"
    )
    return found.mask(is_blank(ids), "Customer_ID is blank")


def row_problems(raw: pd.DataFrame, numbers: pd.DataFrame, found: pd.DataFrame) -> pd.Series:
    """The first reason, by row, why a row cannot be used; rows without a problem are left out."""
    needed = found[found["column"].isin([*REQUIRED, ""])]
    reasons = needed.drop_duplicates("row").set_index("row")["rule"]
    for name in RFM:
        written = ~is_blank(raw.loc[reasons.index, name])
        reasons = reasons.mask((reasons == f"{name} is blank") & written, f"{name} is not a number")
    pair = numbers[["Frequency", "Monetary"]].where(lambda values: values.abs() <= MAX_VALUE)
    whole = pair.sum()
    sums = (pair * 2 - whole).abs().le(1e-6 * whole).all(axis=1) & (whole["Monetary"] > 0)
    totals = pd.Series("a totals row", index=numbers.index[sums])
    reasons = pd.concat([id_problems(raw["Customer_ID"]), totals, reasons])
    return reasons[~reasons.index.duplicated()].sort_index()


def tidy_labels(labels: pd.Series) -> pd.Series:
    """One spelling per label: outer spaces cut, and of several spellings that differ in case the most frequent one.

    tidy_labels(pd.Series(['Gold', ' gold', 'Gold', ''])) -> ['Gold', 'Gold', 'Gold', '']
    """
    coded = labels.astype("category").cat
    words = pd.DataFrame(
        {"label": coded.categories.str.strip(), "count": np.bincount(coded.codes, minlength=len(coded.categories))}
    )
    words["fold"] = words["label"].str.casefold()
    spelled = words.groupby(["fold", "label"])["count"].sum().reset_index()
    spelled = spelled.sort_values(["count", "label"], ascending=[False, True], kind="stable")
    first = spelled.drop_duplicates("fold").set_index("fold")["label"]
    return pd.Series(words["fold"].map(first).to_numpy(object)[coded.codes], labels.index, dtype=str)


def fractions(rate: pd.Series, written: pd.Series, name: str) -> bool:
    """Whether a rate is given as 0 to 1 instead of percent. Raises InputError where nearly all of it is."""
    some = rate > 0
    small, signed = some & (rate <= 1), written.str.contains("%", regex=False)
    if not some.any() or small.sum() < 0.95 * some.sum() or signed[some].all():
        return False
    odd = written[some & (~small | signed)]
    if len(odd):
        raise InputError(
            f"{name}, line {odd.index[0]}: Cart_Abandon_Rate is '{short(odd.iloc[0])}' where nearly all others are at "
            "most 1; expected either percent or fractions"
        )
    return True


def read_values(raw: pd.DataFrame, delimiter: str, name: str) -> tuple[pd.DataFrame, list[tuple]]:
    """The table with numbers in its numeric columns and tidy labels; and ledger entries for what changed."""
    again = [name for name in COMPUTED if name in raw]
    values, notes = (
        raw.drop(columns=again),
        [(f"{name} is computed here", len(raw), "column replaced") for name in again],
    )
    numeric = [header for header in [*RFM, *OPTIONAL] if header in raw]
    european = any(raw[header].str.contains(r"\d,\d{1,2}\D*$").any() for header in numeric)
    for header in numeric:
        where = f"{name}, column {header}"
        values[header] = read_numbers(raw[header], header, delimiter, where, european)
        wrong = values[header].isna() & ~is_blank(raw[header])
        if header in OPTIONAL and wrong.any():
            notes.append((f"{header} is not a number", wrong.sum(), "value left blank"))
    if TIER in raw:
        values[TIER] = tidy_labels(raw[TIER])
        notes.append(
            (f"{TIER} in odd case or spaces", (values[TIER] != raw[TIER].astype(str)).sum(), "spelled one way")
        )
    if "Cart_Abandon_Rate" in raw and fractions(values["Cart_Abandon_Rate"], raw["Cart_Abandon_Rate"], name):
        values["Cart_Abandon_Rate"] = (100 * values["Cart_Abandon_Rate"]).round(6)
        known = values["Cart_Abandon_Rate"].notna().sum()
        notes.append(("Cart_Abandon_Rate is at most 1 throughout", known, "read as fractions, times 100"))
    return values, notes


def clean(raw: pd.DataFrame, delimiter: str, name: str) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """From text to customers: (customers, reason by row set aside, ledger). Index = line number in the file."""
    values, notes = read_values(raw, delimiter, name)
    found = breaches(values)
    reasons = row_problems(raw, values, found)
    ids = values["Customer_ID"].drop(reasons.index)
    again = values.loc[repeated(ids).index]
    twin = again.index[again.duplicated()]
    conflict = pd.Series("rows of one id disagree", index=repeated(again["Customer_ID"].drop(twin)).index)
    reasons = pd.concat([reasons, conflict]).sort_index()
    stop_if_unusable(reasons, len(raw) - len(twin), raw, name)
    kept, notes = blank_breaches(values.drop(reasons.index.union(twin)), found, notes)
    ledger = [("Rows read", len(raw), "")]
    ledger += [(reason, rows, "row set aside") for reason, rows in reasons.value_counts().sort_index().items()]
    ledger += [("Exact duplicate", len(twin), "merged"), *notes, *blanks(kept), *contradictions(kept), *texts(kept)]
    ledger += [("Customers segmented", len(kept), "")]
    assert len(kept) + len(reasons) + len(twin) == len(raw)
    return kept, reasons, pd.DataFrame(ledger, columns=["Rule", "Rows", "Action"])


def blank_breaches(kept: pd.DataFrame, found: pd.DataFrame, notes: list) -> tuple[pd.DataFrame, list]:
    """Blank the optional values that break the contract; ledger entries follow."""
    kept, notes = kept.copy(deep=False), list(notes)
    optional = found[found["column"].isin(OPTIONAL) & found["row"].isin(kept.index)]
    for (name, rule), cases in optional.groupby(["column", "rule"], sort=True):
        kept.loc[cases["row"], name] = np.nan
        notes.append((rule, len(cases), "value left blank"))
    return kept, notes


def blanks(kept: pd.DataFrame) -> list[tuple]:
    """Ledger entries for blank optional values, whatever made them blank."""
    return [
        (f"{c} is blank", int(kept[c].isna().sum()), "kept") for c in OPTIONAL if c in kept and kept[c].isna().any()
    ]


def contradictions(kept: pd.DataFrame) -> list[tuple]:
    """Ledger entries for columns that contradict each other; the rows stay, the true values stay."""
    orders, spend = kept["Frequency"], kept["Monetary"]
    implied = orders * kept.get("Avg_Order_Value", pd.Series(np.nan, index=kept.index))
    apart = (spend - implied).abs() > 0.005 * orders + 0.01 + 1e-9 * spend
    found = {"orders without spend": ((orders > 0) & (spend == 0)).sum()}
    if "Avg_Order_Value" in kept:
        found["Monetary is not Frequency x Avg_Order_Value"] = (apart & implied.notna()).sum()
    if "Returns" in kept:
        found["Returns above Frequency"] = (kept["Returns"] > orders).sum()
    return [(rule, int(rows), "counted, kept") for rule, rows in found.items()]


def texts(kept: pd.DataFrame) -> list[tuple]:
    """Ledger entries for ids that hardly differ, and for texts that a spreadsheet would run; all stay as given."""
    risky = set()
    for name in kept.columns.drop([*RFM, *OPTIONAL], errors="ignore"):
        sign = kept[name][kept[name].str.startswith(("=", "+", "-", "@"))]
        number = pd.to_numeric(sign, errors="coerce").notna() & (name != "Customer_ID")
        risky |= set(sign.index[~number])
    alike = repeated(kept["Customer_ID"].str.strip().str.casefold())
    found = {"text that a spreadsheet would run as a formula": risky, "ids alike but for case or outer spaces": alike}
    return [(rule, len(rows), "kept as given") for rule, rows in found.items() if len(rows)]


def stop_if_unusable(reasons: pd.Series, rows: int, raw: pd.DataFrame, name: str) -> None:
    """Raise InputError when more than MAX_SET_ASIDE of the rows cannot be used, or too few are left."""
    if len(reasons) > MAX_SET_ASIDE * rows:
        top = reasons.value_counts().index[0]
        line, field = reasons.index[reasons == top][0], next((c for c in REQUIRED if top.startswith(c)), "Customer_ID")
        raise InputError(
            f"{name}: {count(len(reasons))} of {count(rows)} rows cannot be used; expected at most "
            f"{percent(MAX_SET_ASIDE, 1, 0)}. Most often: {top} ({count((reasons == top).sum())} rows, the first in "
            f"line {line}, where {field} is '{short(raw.loc[line, field])}')"
        )
    if rows - len(reasons) < MIN_CUSTOMERS:
        left = plural(rows - len(reasons), "usable customer")
        raise InputError(f"{name}: {left}; expected at least {MIN_CUSTOMERS}")
