"""What is odd about customers and changes nothing: counted for the ledger, kept as it is."""

import pandas as pd

from segmentation.vocabulary import OPTIONAL, RFM
from segmentation.words import formulas

LONG_VISIT = 60  # minutes; nobody's visits last an hour on average, but in seconds they do


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


def suspicious(kept: pd.DataFrame) -> list[tuple]:
    """Entries for optional columns that hardly mean what they are called; they stay as given."""
    found = []
    if "Avg_Session_Duration" in kept:
        long = int((kept["Avg_Session_Duration"] > LONG_VISIT).sum())
        found.append((f"Avg_Session_Duration above {LONG_VISIT} minutes: are these seconds?", long, "counted, kept"))
    for name in [name for name in OPTIONAL if name in kept]:
        if kept[name].nunique() == 1:
            found.append((f"{name} is the same for everybody", int(kept[name].count()), "kept, tells nothing"))
    return [entry for entry in found if entry[1]]


def odd_texts(kept: pd.DataFrame) -> list[tuple]:
    """Entries for texts that a spreadsheet would run, and for ids that hardly differ; all stay as given."""
    risky = pd.Series(False, kept.index)
    for name in kept.columns.drop([*RFM, *OPTIONAL], errors="ignore"):
        signed = kept[name][formulas(kept[name])]
        if name != "Customer_ID":
            signed = signed[pd.to_numeric(signed, errors="coerce").isna()]
        risky[signed.index] = True
    tidy = kept["Customer_ID"].str.strip()
    found = {
        "text that a spreadsheet would run as a formula": int(risky.sum()),
        "column's name that a spreadsheet would run as a formula": int(formulas(pd.Series(kept.columns)).sum()),
        "ids with blanks around them": int((tidy != kept["Customer_ID"]).sum()),
        "ids alike but for case or outer spaces": int(tidy.str.casefold().duplicated(keep=False).sum()),
    }
    return [(rule, number, "kept as given") for rule, number in found.items() if number]
