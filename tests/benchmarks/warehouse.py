"""The two exported statements on real servers, unchanged; 100,000,000 orders in DuckDB; a fit on a sample drawn by SQL.

    apt-get install postgresql mariadb-server default-jre-headless
    python -m venv spark && spark/bin/pip install pyspark==4.3.0
    python tests/benchmarks/warehouse.py servers --spark spark/bin/python      the shipped shop, to the last customer
    python tests/benchmarks/warehouse.py coreset --spark spark/bin/python      a made shop of 300,000 customers
    python tests/benchmarks/warehouse.py orders --rows 100000000 --memory 4GB  in DuckDB

Servers run in a folder that is thrown away, reached through a socket in it, and are stopped in the end.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]
from decided import ROOT, load_generator, read_decisions  # noqa: E402
from engines import ENGINES, Spark  # noqa: E402
from sql import peak  # noqa: E402

from segmentation import clusters, lines, orders, placing, published  # noqa: E402
from segmentation.reading import read_table  # noqa: E402
from segmentation.vocabulary import ORDER_COLUMNS, RFM, SEGMENTS  # noqa: E402

SHIPPED_LOG = ROOT / "data" / "ecommerce_orders.csv.gz"
SNAPSHOT, MONTHS = pd.Timestamp("2026-07-01"), 12
CORESET = """
WITH capped AS (
  SELECT LEAST(Recency, {caps[0]}) AS R, LEAST(Frequency, {caps[1]}) AS F, LEAST(Monetary, {caps[2]}) AS M,
    Customer_ID, Recency, Frequency, Monetary
  FROM customers
), scaled AS (
  SELECT *, (R - {means[0]}) / {scales[0]} AS ZR, (F - {means[1]}) / {scales[1]} AS ZF,
    (M - {means[2]}) / {scales[2]} AS ZM
  FROM capped
), chances AS (
  SELECT *, LEAST(1E0, {size} * (0.5E0 + (ZR * ZR + ZF * ZF + ZM * ZM) / 6) / {customers}) AS Chance,
    CAST(CONV(SUBSTR(MD5(CAST(Customer_ID AS STRING)), 1, 8), 16, 10) AS DOUBLE) / 4294967296 AS Ticket
  FROM scaled
)
SELECT Recency, Frequency, Monetary, 1 / Chance AS Weight FROM chances WHERE Ticket < Chance
"""


def entries() -> pd.DataFrame:
    """The rows of the shipped log that count, lines and refunds as they stand there."""
    raw = read_table(str(SHIPPED_LOG), lines.ORDER_FILE)
    rows = lines.usable_rows(raw, read_decisions().RULES.most_aside)[0]
    return rows[ORDER_COLUMNS].astype({"Customer_ID": str, "Order_ID": str})


def expected(log: pd.DataFrame, model: clusters.Model) -> pd.DataFrame:
    """What the package finds: R, F, M, Cluster, Segment_Name, Runner_Up and Segment_Confidence by customer."""
    table = orders.rfm_from_orders(log, SNAPSHOT, MONTHS)
    placed = clusters.place(model, table)
    names = np.array(SEGMENTS)
    table = table.assign(Cluster=placed.cluster, Segment_Name=names[placed.cluster], Runner_Up=names[placed.runner_up])
    return table.assign(Segment_Confidence=placed.confidence).sort_index()


def nightly(base, model: clusters.Model) -> None:
    """The nightly job: the customers from the orders, and the customers in their segments."""
    base.create("customers", placing.customers_statement(SNAPSHOT, MONTHS))
    base.create("segments", placing.statement(model, MONTHS))


def results(base) -> pd.DataFrame:
    """What the job left on a server, like `expected`."""
    parts = [base.fetch(name).set_index("Customer_ID") for name in ("customers", "segments")]
    return parts[0].join(parts[1], how="outer").sort_index()


def servers(options) -> None:
    """Both statements on every engine, with several column types each, against the package."""
    model = published.load_model(ROOT / "data" / "segment_model.json")
    log = lines.read_orders(str(SHIPPED_LOG), read_decisions().RULES.most_aside).log
    rows, wanted = entries(), expected(log.astype({"Customer_ID": str}), model)
    print(f"{len(rows):,} rows of orders, {len(wanted):,} customers with an order in the window")
    for engine in ENGINES:
        with engine.started(options.spark) as base:
            for date, amount in engine.types:
                ids = f"Customer_ID {base.text}, Order_ID {base.text}"
                base.load("orders", rows, f"{ids}, Order_Date {date}, Amount {amount}")
                start = time.perf_counter()
                nightly(base, model)
                seconds = time.perf_counter() - start
                found = results(base)
                other = {name: int((found[name] != wanted[name]).sum()) for name in wanted}
                same = found.index.equals(wanted.index) and not any(other.values())
                if not same:
                    raise SystemExit(f"{base.version}, {date} and {amount}: not as in Python: {other}")
                said = f"all {len(found):,} customers as in Python, to the last bit"
                print(f"{base.version}, {date} and {amount}: {said}; {seconds:.1f} s", flush=True)


@contextmanager
def timed(what: str):
    """Print how long something took."""
    start = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - start:.1f} s")


def many_orders(customers: int, most: int = 100_000) -> pd.DataFrame:
    """Orders of a made shop with so many customers, made at most 100,000 at a time."""
    make, parts = load_generator().make, []
    for seed, done in enumerate(range(0, customers, most)):
        part = make(seed, min(most, customers - done), False)[0]
        parts.append(part.assign(**{name: f"{seed}-" + part[name].astype(str) for name in ("Customer_ID", "Order_ID")}))
    return pd.concat(parts, ignore_index=True)[ORDER_COLUMNS]


def scale_of(base, recipe) -> dict:
    """Caps, means and scales of all customers, and their number, asked of the warehouse."""
    at = f"PERCENTILE_DISC({recipe.cap_quantile}) WITHIN GROUP (ORDER BY"
    base.create("caps", "SELECT " + ", ".join(f"{at} {name}) AS {name}" for name in RFM) + " FROM customers")
    caps = base.fetch("caps")[RFM].iloc[0].tolist()
    capped = [f"LEAST({name}, {cap})" for name, cap in zip(RFM, caps, strict=True)]
    facts = [f"AVG({part}) AS Mean_{n}, STDDEV_POP({part}) AS Scale_{n}" for n, part in enumerate(capped)]
    base.create("scale", f"SELECT COUNT(*) AS Customers, {', '.join(facts)} FROM customers")
    found = base.fetch("scale").iloc[0]
    means, scales = ([float(found[f"{kind}_{n}"]) for n in range(3)] for kind in ("Mean", "Scale"))
    return {"caps": caps, "means": means, "scales": scales, "customers": int(found["Customers"])}


def fitted_on(sample: pd.DataFrame, scale: dict, recipe) -> clusters.Model:
    """The published model of a weighted sample, in the space that the warehouse measured."""
    names, caps, means, scales = tuple(RFM), *(tuple(scale[name]) for name in ("caps", "means", "scales"))
    space = clusters.standardised(clusters.Model(names, caps, means, scales, ()), sample).round(9)
    with clusters.steady():
        found = clusters.kmeans(recipe).fit(space, sample_weight=sample["Weight"])
    sums = sample[RFM].mul(sample["Weight"], axis=0).assign(Weight=sample["Weight"]).groupby(found.labels_).sum()
    centres = found.cluster_centers_[recipe.name_order(sums[RFM].div(sums["Weight"], axis=0))]
    return clusters.published(clusters.Model(names, caps, means, scales, tuple(map(tuple, centres))))


def coreset(options) -> None:
    """Orders to segments on Spark, fitted on a lightweight coreset (Bachem, Lucic and Krause 2018) drawn by SQL.

    Half of a customer's chance is the same for all, half goes with the squared distance from the mean; each is drawn by
    a checksum of the id, so the draw is the same every time, and weighs one over the chance.
    """
    recipe, rows = read_decisions().RECIPE, many_orders(options.customers)
    with Spark.started(options.spark) as base:
        base.load("orders", rows, "Customer_ID STRING, Order_ID STRING, Order_Date DATE, Amount DECIMAL(12, 2)")
        with timed(f"{base.version}: customers from {len(rows):,} orders"):
            base.create("customers", placing.customers_statement(SNAPSHOT, MONTHS))
        with timed("caps, means and scales"):
            scale = scale_of(base, recipe)
        with timed(f"coreset of some {options.size:,} of {scale['customers']:,} customers, drawn and fetched"):
            base.create("coreset", CORESET.format(size=options.size, **scale))
            sample = base.fetch("coreset").astype(float).sort_values([*RFM, "Weight"], ignore_index=True)
        with timed(f"fit on {len(sample):,}, which stand for {sample['Weight'].sum():,.0f}"):
            model = fitted_on(sample, scale, recipe)
        with timed("all customers placed on Spark"):
            base.create("segments", placing.statement(model, MONTHS))
        found = results(base)
    with timed(f"full fit on {len(found):,} customers in Python"):
        full = clusters.fit(found.reset_index(), recipe).model
    alike = clusters.place(full, found).cluster == found["Cluster"]
    print(f"of {len(found):,} customers, {100 * alike.mean():.2f} % stand where the full fit puts them")
    print(f"shares {(100 * found['Segment_Name'].value_counts(normalize=True)[list(SEGMENTS)]).round(2).to_dict()}")


def in_duckdb(path: str, memory: str, spill: str, sql: dict[str, str]) -> list[tuple[str, float, float, float]]:
    """Run statements on a database file with so much memory; (table, seconds, of the processor, peak memory in MB)."""
    took = []
    with duckdb.connect(path, config={"memory_limit": memory, "threads": 2, "temp_directory": spill}) as base:
        base.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
        for name, statement in sql.items():
            start, worked = time.perf_counter(), time.process_time()
            base.execute(f"CREATE TABLE {name} AS {statement}")
            took.append((name, time.perf_counter() - start, time.process_time() - worked, peak()))
    return took


def made(rows: int) -> str:
    """Orders made in DuckDB: 16 per customer over 36 months, unevenly; one row in 100 is a refund of its own number."""
    return f"""
        SELECT CAST({rows} / 16 * POWER(HASH(i) % 1000000007 / 1000000007, 2) AS BIGINT) AS Customer_ID, i AS Order_ID,
          DATE '2023-07-01' + CAST(HASH(i + {rows}) % 1096 AS INTEGER) AS Order_Date,
          CAST((CASE WHEN i % 100 = 0 THEN -0.5 ELSE 1 END) * EXP(3 + HASH(i + 2 * {rows}) % 1000 / 500)
            AS DECIMAL(12, 2)) AS Amount
        FROM RANGE({rows}) numbers(i)"""


def huge(options) -> None:
    """Both statements on orders made in DuckDB: time and peak memory; the sums checked by a plain query."""
    model = published.load_model(ROOT / "data" / "segment_model.json")
    statements = [placing.customers_statement(SNAPSHOT, MONTHS), placing.statement(model, MONTHS)]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = str(Path(folder, "shop.db"))
        for sql in ({"orders": made(options.rows)}, dict(zip(("customers", "segments"), statements, strict=True))):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                for name, seconds, worked, mb in pool.submit(in_duckdb, path, options.memory, folder, sql).result():
                    said = f"{seconds:.1f} s ({worked:.1f} s of processor), peak memory so far {mb:,.0f} MB"
                    print(f"{name}: {said}", flush=True)
        with duckdb.connect(path, read_only=True) as base:
            window = "Order_Date >= '2025-07-01' AND Order_Date < '2026-07-01' AND Amount > 0"
            names = ("orders", "customers", "segments")
            sizes = [base.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names]
            query = f"SELECT COUNT(*), COUNT(DISTINCT Customer_ID) FROM orders WHERE {window}"
            counted = base.execute(query).fetchone()
            summed = base.execute("SELECT SUM(Frequency)::BIGINT, COUNT(*) FROM customers").fetchone()
            print(f"{sizes[0]:,} orders, {sizes[1]:,} customers, {sizes[2]:,} placed; DuckDB {duckdb.__version__}")
            print(f"orders in the window and their customers: {counted} counted, {summed} in the customer table")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["servers", "coreset", "orders"])
    parser.add_argument("--spark", help="a Python that has pyspark")
    parser.add_argument("--customers", type=int, default=300_000)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--folder", help="where the database file and what spills go")
    options = parser.parse_args()
    {"servers": servers, "coreset": coreset, "orders": huge}[options.what](options)
