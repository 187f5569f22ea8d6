"""Time and memory of the whole notebook by size of the shop, as a Markdown table.

python tests/benchmarks/scale.py 10000 100000 1000000 10000000     customer tables without an order log
python tests/benchmarks/scale.py --orders 200000 2000000 20000000  customer tables with their order logs
python tests/benchmarks/scale.py 10000 --out table.md              also to a file

Each size runs through papermill in a process of its own, figures included. Wall: from papermill's start to its end.
CPU: user and system time of papermill and the kernel; on a busy machine the steadier number. Memory: the kernel's peak
(VmHWM; Linux only). Floor: a plain pandas.read_csv of the file(s) and one k-means fit, measured in the same run.

Up to 200,000 customers come from data/make_dataset.py; larger tables resample such a base with new ids and jittered
values, larger logs repeat its customers and their orders under new ids.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from decided import NOTEBOOK, ROOT, load_generator

BASE = 200_000  # customers simulated at most
ORDERS_EACH = 16  # orders in the log per customer of the table, about
PART = 500_000  # rows made at a time
FLOOR = """
import sys, time
import numpy as np, pandas as pd
from sklearn.cluster import KMeans
start = time.perf_counter()
tables = [pd.read_csv(path) for path in sys.argv[1:]]
points = tables[0][["Recency", "Frequency", "Monetary"]].dropna().to_numpy(float)
KMeans(4, n_init=1, random_state=0).fit((points - points.mean(axis=0)) / points.std(axis=0))
print(time.perf_counter() - start)
"""


def jittered(base: pd.DataFrame, size: int, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """`size` customers drawn from the base, numbered from `first`, with jittered spend, recency and session length."""
    table = base.iloc[rng.integers(0, len(base), size)].reset_index(drop=True)
    recency = table["Recency"].astype(float) + rng.integers(-2, 3, size)
    spend = (table["Monetary"] * np.exp(rng.normal(0, 0.03, size))).round(2)
    return table.assign(
        Customer_ID=[f"CUST{number:09d}" for number in range(first, first + size)],
        Recency=recency.clip(1, 365).astype("Int64"),
        Monetary=spend,
        Avg_Order_Value=(spend / table["Frequency"]).round(2),
        Avg_Session_Duration=(table["Avg_Session_Duration"] * np.exp(rng.normal(0, 0.05, size))).round(1),
    )


def append(table: pd.DataFrame, path: Path) -> None:
    """Add rows to a CSV, the header first."""
    table.to_csv(path, mode="a", header=not path.exists(), index=False, lineterminator="\n")


def make_customers(size: int, path: Path, generator) -> None:
    """A customer table of this size."""
    base = generator.make(seed=5, customers=min(size, BASE))[1]
    if size <= BASE:
        return append(base, path)
    rng = np.random.default_rng(1)
    for first in range(0, size, PART):
        append(jittered(base, min(PART, size - first), first + 1, rng), path)


def make_orders(size: int, table_path: Path, log_path: Path, generator) -> int:
    """A customer table and an order log of about this size that reproduces it; returns the number of orders."""
    log, table = generator.make(seed=5, customers=min(max(size // ORDERS_EACH, 100), BASE), defects=False)
    written = 0
    while written < 0.99 * size:
        left = size - written
        if left < len(log):
            owners = log["Customer_ID"].value_counts().sort_index().cumsum()
            kept = set(owners.index[owners <= left])
            log, table = (part[part["Customer_ID"].isin(kept)] for part in (log, table))
        mark = f"-{written // 1000}"
        append(table.assign(Customer_ID=table["Customer_ID"] + mark), table_path)
        append(log.assign(Customer_ID=log["Customer_ID"] + mark, Order_ID=log["Order_ID"] + mark), log_path)
        written += len(log)
    return written


def children(process: int) -> list[int]:
    """All processes below a process (Linux)."""
    found = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *children(child)]
    return found


def peak(process: int) -> float:
    """The largest peak memory of a process's kernel so far, in GB; 0 where it cannot be seen."""
    try:
        states = [Path(f"/proc/{child}/status").read_text() for child in children(process)]
    except OSError:
        return 0.0
    return max((int(kb) / 1e6 for state in states for kb in re.findall(r"VmHWM:\s+(\d+) kB", state)), default=0.0)


def run(folder: Path, **parameters) -> dict:
    """One papermill run: wall and CPU seconds, peak memory in GB, and the executed notebook."""
    words = [word for name, value in parameters.items() for word in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(NOTEBOOK), str(folder / "run.ipynb"), *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTATION_")}
    before, start, memory = os.times(), time.perf_counter(), 0.0
    with open(folder / "log.txt", "w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)
        while process.poll() is None:
            memory = max(memory, peak(process.pid))
            time.sleep(0.2)
    wall, after = time.perf_counter() - start, os.times()
    if process.returncode:
        raise SystemExit((folder / "log.txt").read_text()[-2000:])
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"wall": wall, "cpu": cpu, "memory": memory, "notebook": nbformat.read(folder / "run.ipynb", 4)}


def by_chapter(notebook) -> dict[str, float]:
    """Seconds per chapter; what runs before the first is called start."""
    seconds, chapter = {}, "start"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (title := re.match(r"## (\d+) ", cell.source)):
            chapter = title[1]
        seconds[chapter] = seconds.get(chapter, 0.0) + (cell.metadata.get("papermill", {}).get("duration") or 0.0)
    return seconds


def measure(size: int, with_orders: bool, generator) -> dict:
    """Make the input, run, measure: one row of the table."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        table, log = folder / "customers.csv", folder / "orders.csv"
        if with_orders:
            size = make_orders(size, table, log, generator)
        else:
            make_customers(size, table, generator)
        inputs = [str(path) for path in (table, log) if path.exists()]
        floor = float(subprocess.run([sys.executable, "-c", FLOOR, *inputs], capture_output=True, check=True).stdout)
        places = {"OUTPUT_DIR": folder / "data", "IMAGES_DIR": folder / "images"}
        found = run(folder, CUSTOMERS_CSV=table, ORDERS_CSV=log if with_orders else None, **places)
    chapters = by_chapter(found["notebook"])
    parts = ", ".join(f"{chapter}: {seconds:.0f}" for chapter, seconds in chapters.items() if seconds >= 0.5)
    return {
        "orders" if with_orders else "customers": f"{size:,}",
        "wall, s": f"{found['wall']:.0f}",
        "CPU, s": f"{found['cpu']:.0f}",
        "peak memory, GB": f"{found['memory']:.1f}" if found["memory"] else "not measured",
        "floor, s": f"{floor:.1f}",
        "floor / wall": f"{100 * floor / found['wall']:.0f} %",
        "seconds by chapter": parts,
    }


def markdown(rows: list[dict]) -> str:
    """Rows as a Markdown table."""
    head = list(rows[0])
    lines = [head, ["--:"] * (len(head) - 1) + ["---"], *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Measure the sizes asked for, and show each table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("customers", type=int, nargs="*")
    parser.add_argument("--orders", type=int, nargs="*", default=[])
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    generator = load_generator()
    tables = [f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, {date.today()}"]
    for sizes, with_orders in ((asked.customers, False), (asked.orders, True)):
        rows = []
        for size in sizes:
            rows.append(measure(size, with_orders, generator))
            print(rows[-1], file=sys.stderr, flush=True)
        tables += [markdown(rows)] if rows else []
    print("\n\n".join(tables))
    if asked.out:
        asked.out.write_text("\n\n".join(tables) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
