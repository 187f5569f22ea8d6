"""An earlier run, as its files tell it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.clusters import Model, place
from segmentation.parsing import read_numbers
from segmentation.problems import InputError, LeftOut, named_path
from segmentation.published import Published, read_published
from segmentation.reading import Kind, read_table
from segmentation.vocabulary import CUSTOMER_COLUMNS, RFM, SEGMENTS
from segmentation.words import percent, plain, short

CUSTOMERS, PROFILES, MODEL = "ecommerce_segmented_customers.csv", "segment_profiles.csv", "segment_model.json"
SEGMENTED_FILE = Kind(CUSTOMER_COLUMNS, ["Customer_ID", "Segment_Name"], "Customer_ID", [])
PROFILE_COLUMNS = ["Segment_Name", "Customers", "Revenue"]
PROFILE_FILE = Kind(PROFILE_COLUMNS, PROFILE_COLUMNS, "Segment_Name", [])
SAME_MODEL = 0.995  # share of an earlier file's customers that its own model must place where the file has them


@dataclass(frozen=True)
class Earlier:
    """An earlier run."""

    name: str  # of its folder, or file
    customers: pd.DataFrame  # Cluster by Customer_ID, and R, F, M as far as the file has them
    profiles: pd.DataFrame  # by segment: Customers, Revenue (NaN where no spend is known)
    published: Published | LeftOut  # the model that placed them

    @property
    def model(self) -> Model | LeftOut:
        """The model that placed them."""
        return self.published if isinstance(self.published, LeftOut) else self.published.model


def files_of(path: str | None) -> list[Path]:
    """Files of the run that PREVIOUS names, a folder or its customer file, which comes first; none where it is None.

    Raises InputError where there is no such run.
    """
    named = named_path("PREVIOUS", path)
    if named is None:
        return []
    if not named.exists():
        raise InputError(f"{named.name}: does not exist; expected the folder of an earlier run, or its {CUSTOMERS}")
    if not named.is_dir() and not named.is_file():
        found = "is a pipe or a device"
        raise InputError(f"{named.name}: {found}; expected the folder of an earlier run, or its {CUSTOMERS}")
    if not named.is_dir():
        return [path for path in (named, named.with_name(MODEL)) if path.is_file()]
    there = [named / name for name in (CUSTOMERS, PROFILES, MODEL) if (named / name).is_file()]
    if named / CUSTOMERS not in there:
        expected = "expected the results of an earlier run"
        raise InputError(f"{named.resolve().name}: no {CUSTOMERS} in this folder; {expected}")
    return there


def read_earlier(path: str | None) -> Earlier | LeftOut:
    """The run that PREVIOUS names. Raises InputError where it names none, or what is no run's results."""
    files = {file.name: file for file in files_of(path)}
    if not files:
        return LeftOut("no earlier run to compare with")
    table = read_table(str(next(iter(files.values()))), SEGMENTED_FILE)
    rows = table.rows
    odd = rows[~rows["Segment_Name"].isin(SEGMENTS) | rows["Customer_ID"].duplicated()]
    if len(odd):
        found = f"'{short(odd['Segment_Name'].iloc[0])}' for '{short(odd['Customer_ID'].iloc[0])}'"
        raise InputError(f"{table.name}, line {odd.index[0]}: {found}; expected each id once, in one of four segments")
    rfm = {n: read_numbers(rows[n], n, table.delimiter, f"{table.name}, column {n}") for n in RFM if n in rows}
    cluster = pd.Index(SEGMENTS).get_indexer(rows["Segment_Name"].astype(str))
    customers = pd.DataFrame(rfm, rows.index).assign(Cluster=cluster).set_index(rows["Customer_ID"])
    profiles = read_profiles(files[PROFILES]) if PROFILES in files else count_profiles(customers)
    return Earlier(Path(path).resolve().name, customers, profiles, model_of(customers, files.get(MODEL)))


def read_profiles(path: Path) -> pd.DataFrame:
    """Customers and Revenue by segment in a segment_profiles.csv; raises InputError where it is none."""
    table = read_table(str(path), PROFILE_FILE)
    rows = table.rows.set_index("Segment_Name")
    if sorted(rows.index) != sorted(SEGMENTS):
        raise InputError(f"{table.name}: rows {short(', '.join(rows.index))}; expected one for each of four segments")
    numbers = {n: read_numbers(rows[n], n, table.delimiter, f"{table.name}, column {n}") for n in PROFILE_COLUMNS[1:]}
    found = pd.DataFrame(numbers).reindex(SEGMENTS)
    if found.isna().any(axis=None):
        raise InputError(f"{table.name}: a blank or no number among Customers and Revenue; expected all eight")
    return found


def count_profiles(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers and Revenue by segment, counted; Revenue NaN where no spend is known."""
    spend = customers["Monetary"] if "Monetary" in customers else pd.Series(np.nan, customers.index)
    groups = spend.groupby(customers["Cluster"])
    table = pd.DataFrame({"Customers": groups.size(), "Revenue": groups.sum(min_count=1)})
    sizes = table.reindex(range(len(SEGMENTS))).set_axis(SEGMENTS)
    known = {"Customers": 0} | ({"Revenue": 0.0} if spend.notna().any() else {})
    return sizes.fillna(known)


def model_of(customers: pd.DataFrame, path: Path | None) -> Published | LeftOut:
    """The published model at this path, if it is the one that placed these customers."""
    if path is None or not set(RFM) <= set(customers):
        return LeftOut("No `segment_model.json` lies beside it, so only the refitted segments can be compared")
    try:
        found = read_published(path)
    except InputError as error:
        return LeftOut(f"The model beside it is not used: {plain(error)}")
    right = (place(found.model, customers.fillna(0)).cluster == customers["Cluster"]).mean()
    if right >= SAME_MODEL:
        return found
    wrong = f"places only {percent(right)} of its customers where it has them, so it is not its model"
    return LeftOut(f"The model beside it {wrong}")
