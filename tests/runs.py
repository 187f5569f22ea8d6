"""What the tests of whole runs share: whether a run is complete, or refused with a message that helps."""

import re

OUTPUTS = {
    "ecommerce_user_behavior_cleaned.csv",
    "ecommerce_segmented_customers.csv",
    "segment_profiles.csv",
    "segment_model.json",
    "campaign_plan.csv",
}
SEGMENTS = {"VIP Champions", "High-Value Loyalists", "Promising Regulars", "At-Risk Customers"}


def text(frame, **options):
    return frame.to_csv(index=False, lineterminator="\n", **options)


def names(run):
    return run.table("ecommerce_segmented_customers.csv").set_index("Customer_ID")["Segment_Name"]


def complete(run):
    """The run succeeded, wrote everything, and every row is accounted for."""
    assert run.ok, run.error
    assert set(run.written) >= OUTPUTS
    customers, aside, merged, read = map(
        lambda number: int(number.replace(",", "")),
        re.search(
            r"\*\*Accounted for:\*\* ([\d,]+) customers? \+ ([\d,]+) rows? set aside \+ ([\d,]+) duplicates? merged "
            r"= ([\d,]+) rows? read",
            run.text,
        ).groups(),
    )
    assert customers + aside + merged == read
    assert len(names(run)) == customers
    assert (len(run.table("ecommerce_set_aside_rows.csv")) if aside else 0) == aside
    assert set(names(run)) <= SEGMENTS
    assert not [o for cell in run.cells for o in cell.get("outputs", []) if o.get("name") == "stderr"], (
        "a warning is shown"
    )
    assert not re.search(r"\bnan\b|\binf\b|None %|NaN", run.text), "a number is missing in the text"
    return run


def refused(run, *words):
    """The run stopped with one message that has these words, and wrote nothing."""
    assert not run.ok
    assert run.error.startswith("InputError: "), run.error
    assert "customers.csv" in run.error
    for word in words:
        assert word in run.error, run.error
    assert "\n" not in run.error and str(run.out) not in run.error
    assert run.written == []


def replaced(frame, rows, column, value):
    """The table as text with some values of a column replaced."""
    frame = frame.astype(object)
    frame.iloc[rows, frame.columns.get_loc(column)] = value
    return frame
