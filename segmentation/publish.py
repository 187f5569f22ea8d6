"""Results as files: written aside first, then published all at once or not at all."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.problems import InputError, LeftOut
from segmentation.vocabulary import COMPUTED, CUSTOMER_COLUMNS, ENGAGEMENT

OPTIONAL_FILES = ["ecommerce_set_aside_rows.csv", "new_customers.csv"]
OPTIONAL_FIGURES = [
    "monthly_spend", "correlations", "engagement_value", "campaign_response", "loyalty_tier", "engagement_levels",
    "cart_abandonment", "segments_over_time", "segment_flows", "value_calibration", "value_by_segment", "test_power",
    "early_guess", "early_history",
]  # fmt: skip


def whole_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The table with columns that hold only whole numbers as integers, so that they are written without '.0'."""
    floats = table.select_dtypes("float")
    whole = [name for name in floats if not (floats[name] % 1).any() and np.isfinite(floats[name].dropna()).all()]
    return table.astype(dict.fromkeys(whole, "Int64"))


def customer_tables(cleaned: pd.DataFrame, customers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The two customer files: known columns of the input in their order, what was computed, then all others."""
    known = [name for name in CUSTOMER_COLUMNS if name in cleaned]
    extra = [name for name in cleaned if name not in known]
    computed = [name for name in COMPUTED if name in customers]
    return {
        "ecommerce_user_behavior_cleaned.csv": customers[[*known, *ENGAGEMENT, *extra]],
        "ecommerce_segmented_customers.csv": customers[[*known, *computed, *extra]],
    }


def stage(tables: dict[str, pd.DataFrame | LeftOut], folder: Path) -> pd.DataFrame:
    """Write the tables that are there and have rows into the folder as CSV; returns File, Rows and Columns of each."""
    there = {name: table for name, table in tables.items() if not isinstance(table, LeftOut) and len(table)}
    for name, table in there.items():
        whole_numbers(table).to_csv(folder / name, index=False, lineterminator="\n")
    sizes = [(name, *table.shape) for name, table in there.items()]
    return pd.DataFrame(sizes, columns=["File", "Rows", "Columns"])


def publish(staged: dict[Path, str]) -> int:
    """Move all files of each staged folder into its target, all or nothing; returns how many.

    Files of an earlier run that this one does not make (OPTIONAL_FILES, OPTIONAL_FIGURES) are removed.
    Raises InputError where a target cannot be written.
    """
    targets = {folder: Path(target) for folder, target in staged.items()}
    files = {source: target / source.name for folder, target in targets.items() for source in sorted(folder.iterdir())}
    ready = _copies_beside(files)
    for target, waiting in ready.items():
        os.replace(waiting, target)
    optional = [*OPTIONAL_FILES, *(f"{name}.png" for name in OPTIONAL_FIGURES)]
    for old in (target / name for target in targets.values() for name in optional):
        if old not in ready:
            old.unlink(missing_ok=True)
    return len(ready)


def _copies_beside(files: dict[Path, Path]) -> dict[Path, Path]:
    """Copy every file beside its target: target -> copy. None is left where one cannot be written."""
    ready = {}
    try:
        for source, target in files.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            ready[target] = target.with_name(f".{target.name}.new")
            shutil.copyfile(source, ready[target])
    except OSError as error:
        for waiting in ready.values():
            waiting.unlink(missing_ok=True)
        folder = Path(error.filename or "").parent.name
        raise InputError(f"results cannot be written to {folder}: {error.strerror}") from error
    return ready
