"""Two measurements that are too large for pytest: the SQL on millions of rows, and a fit on a sample of a large base.

    python tests/benchmarks/sql.py                     5,000,000 rows in DuckDB; 1,000,000 customers, sample 100,000
    python tests/benchmarks/sql.py --rows 50000 --customers 20000 --sample 2000

Rows for the SQL are drawn from the committed customers (R, F and M each scaled by a random factor); the customers to
fit come from the generator. Printed: seconds, peak memory of the process that runs the statement, disagreements with
the notebook's own `place`, and the share of customers whom a model fitted on the sample (capped as all) places alike.
"""

import argparse
import multiprocessing
import re
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]
from decided import ROOT, load_generator, read_decisions  # noqa: E402

from segmentation import clusters, published  # noqa: E402
from segmentation.features import draw  # noqa: E402


def peak() -> float:
    """Most memory this process has held so far, in MB (on Linux from /proc: getrusage there starts at the parent's)."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def many(rows: int, seed: int) -> pd.DataFrame:
    """So many customers, like the shipped ones and no two alike: whole days and orders, money in cents."""
    rng = np.random.default_rng(seed)
    shipped = pd.read_csv(ROOT / "data" / "ecommerce_segmented_customers.csv")[["Recency", "Frequency", "Monetary"]]
    table = shipped.iloc[rng.integers(len(shipped), size=rows)].reset_index(drop=True)
    factor = np.exp(rng.normal(0, 0.15, (rows, 3)))
    table = (table * factor).round({"Recency": 0, "Frequency": 0, "Monetary": 2}).clip(lower=[1, 1, 0.01])
    table.insert(0, "Customer_ID", np.arange(rows))
    return table


def generated(customers: int) -> pd.DataFrame:
    """So many customers from the project's own generator, made 100,000 at a time with one seed each."""
    make = load_generator().make
    sizes = [min(100_000, customers - done) for done in range(0, customers, 100_000)]
    columns = ["Recency", "Frequency", "Monetary"]
    return pd.concat([make(seed, size, False)[1][columns] for seed, size in enumerate(sizes)], ignore_index=True)


def run_statement(path: str, sql: str) -> tuple[float, float, float]:
    """Seconds, and the process's peak memory before and after: the statement over a database file, limited to 1 GB."""
    before = peak()
    with duckdb.connect(path) as base:
        base.execute("SET memory_limit = '1GB'; SET enable_progress_bar = false")
        start = time.perf_counter()
        base.execute(f"CREATE TABLE placed AS {sql}")
        return time.perf_counter() - start, before, peak()


def in_duckdb(model, rows: int) -> None:
    """Run the statement over a table on disk, in a process of its own, and compare every row with `place`."""
    table = many(rows, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "shop.db"))
        with duckdb.connect(path) as base:
            base.register("given", table)
            base.execute("CREATE TABLE customers AS SELECT * FROM given")
        sql = (ROOT / "data" / "assign_segments.sql").read_text(encoding="utf-8").rstrip().rstrip(";")
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            seconds, before, after = pool.submit(run_statement, path, sql).result()
        print(f"{rows:,} rows in DuckDB {duckdb.__version__}: {seconds:.1f} s, {rows / seconds:,.0f} rows a second")
        print(f"peak memory {after:,.0f} MB, of which {before:,.0f} MB were there before the statement (Python)")
        with duckdb.connect(path) as base:
            query = "SELECT Customer_ID, Cluster, Segment_Confidence FROM placed ORDER BY 1"
            found = base.execute(query).fetchnumpy()
    start = time.perf_counter()
    placed = clusters.place(model, table)
    print(f"numpy, the same rows: {time.perf_counter() - start:.1f} s")
    other = (found["Cluster"] != placed.cluster).sum()
    apart = (found["Segment_Confidence"] != placed.confidence).sum()
    print(f"rows compared {len(table):,}; other segment: {other}; other confidence: {apart}")


def sample_against_full(recipe, table: pd.DataFrame, size: int, seeds: int = 5) -> None:
    """Share of customers placed alike by the full fit and by fits on samples."""
    start = time.perf_counter()
    full = clusters.place(clusters.fit(table, recipe).model, table).cluster
    print(f"fit on {len(table):,} customers: {time.perf_counter() - start:.1f} s")
    for seed in range(seeds):
        start = time.perf_counter()
        part = clusters.fit(draw(table, size, seed), recipe)
        seconds = time.perf_counter() - start
        alike = (clusters.place(part.model, table).cluster == full).mean()
        print(f"fit on {size:,} (seed {seed}): {seconds:.1f} s, {100 * alike:.2f} % of customers placed alike")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=100_000)
    options = parser.parse_args()
    in_duckdb(published.load_model(ROOT / "data" / "segment_model.json"), options.rows)
    sample_against_full(read_decisions().RECIPE, generated(options.customers), options.sample)
