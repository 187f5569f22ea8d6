"""How uneven a shop is: what its order log alone says, measured alike for every shop.

    python tests/benchmarks/shop_facts.py                        the shipped shop
    python tests/benchmarks/shop_facts.py MY.csv OTHER.csv.gz    any order logs, side by side, as a Markdown table
    python tests/benchmarks/shop_facts.py MY.csv --months 0      over the whole log instead of its last twelve months

A log has Customer_ID, Order_ID, Order_Date and Amount, or the headers in NAMES; quantity times price does for an
amount, and where no column numbers the orders every row is one. CSV (also gzipped), the CDNOW text file with blanks
between columns, or Parquet where pyarrow is installed. Rows without customer, number, date or amount are set aside,
and those of an order number that two customers share; rows that repeat another are dropped; lines of one order are
added; refunds (negative amounts) lower spend, at most to zero, and are no orders.
"""

import argparse
import itertools
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: k-means on so few points is slower with threads

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "ecommerce_orders.csv.gz"
COLUMNS = ["Customer_ID", "Order_ID", "Order_Date", "Amount"]
NAMES = {  # header -> ours
    **dict.fromkeys(["CustomerID", "customer_id", "household_id"], "Customer_ID"),
    **dict.fromkeys(["InvoiceNo", "basket_id"], "Order_ID"),
    **dict.fromkeys(["InvoiceDate", "date", "transaction_timestamp"], "Order_Date"),
    **dict.fromkeys(["dollar_value", "sales_value"], "Amount"),
}
CAP = 0.99  # quantile at which R, F and M are capped before clustering, as in the notebook
CLUSTERS = 4
PAIRS = 3_000  # customers among whom all pairs are compared for a silhouette: within 0.006 of the full one
DRAWS = 5  # of shuffled columns and of the copula, averaged
AHEAD = 90  # days in which the best tenth may order again
GRACE = 3  # days that a month at either end of the log may lack and still count as whole


def load(path: Path) -> pd.DataFrame:
    """A log as it is written, every column as text, under our names."""
    if path.suffix == ".parquet":
        raw = pd.read_parquet(path).astype(str)
    else:
        separator = r"\s+" if path.suffix == ".txt" else ","
        raw = pd.read_csv(path, dtype=str, encoding_errors="replace", sep=separator, keep_default_na=False)
    return raw.rename(columns=NAMES)


def sort_out(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(orders, refunds) of a log: COLUMNS each, one row per order or refund."""
    if "Order_ID" not in raw:
        raw = raw.assign(Order_ID=np.arange(len(raw)).astype(str))
    if "UnitPrice" in raw:
        raw = raw.assign(Amount=pd.to_numeric(raw["Quantity"]) * pd.to_numeric(raw["UnitPrice"]))
    rows = raw.drop_duplicates()[COLUMNS]
    day = rows["Order_Date"].str[:10].str.replace("-", "")
    rows = rows.assign(
        Order_Date=pd.to_datetime(day, format="%Y%m%d", errors="coerce"),
        Amount=pd.to_numeric(rows["Amount"], errors="coerce"),
    )
    rows = rows[(rows["Customer_ID"] != "") & (rows["Order_ID"] != "")].dropna()
    rows = rows[rows.groupby("Order_ID")["Customer_ID"].transform("nunique") == 1]
    lines = rows[rows["Amount"] >= 0].groupby(["Customer_ID", "Order_ID"], as_index=False)
    return lines.agg({"Order_Date": "min", "Amount": "sum"})[COLUMNS], rows[rows["Amount"] < 0]


def summarise(orders: pd.DataFrame, refunds: pd.DataFrame, day: pd.Timestamp, months: int) -> pd.DataFrame:
    """Recency, Frequency and Monetary per customer over the months before a day (0: over everything before it)."""
    start = day - pd.DateOffset(months=months) if months else orders["Order_Date"].min()
    seen, back = (rows[rows["Order_Date"].between(start, day, inclusive="left")] for rows in (orders, refunds))
    customers = seen.groupby("Customer_ID")
    spend = customers["Amount"].sum().add(back.groupby("Customer_ID")["Amount"].sum(), fill_value=0).clip(lower=0)
    table = {"Recency": (day - customers["Order_Date"].max()).dt.days, "Frequency": customers.size()}
    return pd.DataFrame(table).assign(Monetary=spend)


def capped(table: pd.DataFrame) -> np.ndarray:
    """R, F and M cut off at their CAP quantile, shape (customers, 3)."""
    values = table[["Recency", "Frequency", "Monetary"]].to_numpy(float)
    return np.minimum(values, np.quantile(values, CAP, axis=0, method="inverted_cdf"))


def copula(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One population without groups: the same marginals and rank correlations, joined by a Gaussian copula."""
    ranks = np.corrcoef(np.apply_along_axis(rankdata, 0, values).T)
    normal = rng.multivariate_normal(np.zeros(len(ranks)), 2 * np.sin(np.pi / 6 * ranks), len(values))
    place = np.minimum((norm.cdf(normal) * len(values)).astype(int), len(values) - 1)
    return np.take_along_axis(np.sort(values, axis=0), place, axis=0)


def silhouette(values: np.ndarray, seed: int) -> float:
    """Of k-means with CLUSTERS groups on standardised values, over at most PAIRS customers."""
    points = StandardScaler().fit_transform(values)
    labels = KMeans(CLUSTERS, n_init=5, tol=0, max_iter=1000, random_state=seed).fit(points).labels_
    return float(silhouette_score(points, labels, sample_size=min(PAIRS, len(points)), random_state=seed))


def silhouettes(table: pd.DataFrame) -> tuple[float, float, float]:
    """Of the customers, of the same columns each shuffled on its own, of the copula; means over DRAWS."""
    values, found = capped(table), []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        mixed = np.column_stack([rng.permutation(column) for column in values.T])
        found.append([silhouette(points, seed) for points in (values, mixed, copula(values, rng))])
    return tuple(np.mean(found, axis=0))


def season(orders: pd.DataFrame) -> float:
    """Spend of a November or December over that of another month, whole months only; NaN where one kind is missing."""
    first, last = orders["Order_Date"].min(), orders["Order_Date"].max()
    grace = pd.Timedelta(days=GRACE)
    spend = orders.groupby(orders["Order_Date"].dt.to_period("M"))["Amount"].sum()
    spend = spend[(spend.index.start_time >= first - grace) & (spend.index.end_time.normalize() <= last + grace)]
    late = spend.index.month.isin([11, 12])
    return float(spend[late].mean() / spend[~late].mean())


def best_again(orders: pd.DataFrame, refunds: pd.DataFrame, day: pd.Timestamp, months: int) -> float:
    """Share of the tenth with most spend, AHEAD days before `day`, who order in those days."""
    split = day - pd.Timedelta(days=AHEAD)
    before = summarise(orders, refunds, split, months)["Monetary"]
    best = before.sort_values(ascending=False, kind="stable").index[: -(-len(before) // 10)]
    return float(
        best.isin(orders.loc[orders["Order_Date"].between(split, day, inclusive="left"), "Customer_ID"]).mean()
    )


def growth(orders: pd.DataFrame, day: pd.Timestamp) -> float:
    """Spend of the twelve months before a day over that of the twelve before; NaN where the log is too short."""
    ends = [day - pd.DateOffset(years=years) for years in range(3)]
    if orders["Order_Date"].min() > ends[2] + pd.Timedelta(days=GRACE):
        return np.nan
    last, before = (
        orders.loc[orders["Order_Date"].between(start, end, inclusive="left"), "Amount"].sum()
        for end, start in itertools.pairwise(ends)
    )
    return float(last / before)


def facts(orders: pd.DataFrame, refunds: pd.DataFrame, months: int = 12) -> dict[str, float]:
    """What a log says of its shop, by name; the day is the one after the last order."""
    day = orders["Order_Date"].max() + pd.Timedelta(days=1)
    table = summarise(orders, refunds, day, months)
    ranks, value = table.rank(), table["Monetary"] / table["Frequency"]
    spend = table["Monetary"].sort_values(ascending=False)
    real, shuffled, no_groups = silhouettes(table)
    return {
        "customers": len(table),
        "with one order": (table["Frequency"] == 1).mean(),
        "spend held by the top 1 %": spend.iloc[: -(-len(spend) // 100)].sum() / spend.sum(),
        "skew of Frequency": table["Frequency"].skew(),
        "rank correlation of Recency and Frequency": ranks["Recency"].corr(ranks["Frequency"]),
        "rank correlation of Frequency and Monetary": ranks["Frequency"].corr(ranks["Monetary"]),
        "rank correlation of order frequency and order value": ranks["Frequency"].corr(value.rank()),
        "silhouette at k=4": real,
        "... of shuffled columns": shuffled,
        "... of a Gaussian copula": no_groups,
        "a November or December against another month": season(orders),
        "best tenth orders again within 90 days": best_again(orders, refunds, day, months),
        "spend of the last twelve months against the twelve before": growth(orders, day),
        "the same a year earlier": growth(orders, day - pd.DateOffset(years=1)),
    }


def written(value: float) -> str:
    """A fact as text: counts whole, everything else with two decimals."""
    return "-" if np.isnan(value) else f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def main() -> None:
    """Print the facts of the files named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=[SHIPPED])
    parser.add_argument("--months", type=int, default=12, help="before the day after the last order; 0: the whole log")
    options = parser.parse_args()
    found = [facts(*sort_out(load(path)), options.months) for path in options.files]
    print("| | " + " | ".join(path.name for path in options.files) + " |\n|---|" + "--:|" * len(found))
    for name in found[0]:
        print(f"| {name} | " + " | ".join(written(shop[name]) for shop in found) + " |")


if __name__ == "__main__":
    main()
