"""Write the numbers of README.md and data/README.md.

python tests/update_readme.py            the results table, from data/segment_profiles.csv
python tests/update_readme.py --spread   also the segment shares over 20 seeds of the generator (half a minute)
"""

import re
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
SEEDS = range(1, 21)


def percent(share: float) -> str:
    """The notebook's way to write a share. percent(0.125) -> '12.5 %'"""
    return f"{round(100 * share + 1e-9, 1):.1f} %"


def results(profiles: pd.DataFrame) -> str:
    """The results table in Markdown, from the table of profiles."""
    lines = [
        "| Segment | Customers | Share | Revenue share | Days since last order | Orders | Spend | Carts abandoned |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in profiles.itertuples():
        rate = getattr(row, "Cart_Abandon_Rate_Mean", float("nan"))
        lines.append(
            f"| {row.Segment_Name} | {row.Customers:,} | {percent(row.Customer_Share)} | {percent(row.Revenue_Share)} "
            f"| {row.Recency_Median:,.0f} | {row.Frequency_Median:,.0f} | ${row.Monetary_Median:,.0f} | {rate:.1f} % |"
        )
    return "\n".join(lines)


def shares_by_seed(seeds) -> pd.DataFrame:
    """Segment shares (percent) that the notebook's own functions find for other seeds of the generator."""
    from shared import definitions, load

    nb, generator = definitions(), load(ROOT / "data" / "make_dataset.py")
    rows = {}
    for seed in seeds:
        customers = generator.make(seed, defects=False)[1]
        places = nb["place"](nb["segmentation"](customers, f"seed {seed}", 42), customers)[0]
        rows[seed] = [100 * (places == number).mean() for number in range(nb["K"])]
    return pd.DataFrame.from_dict(rows, orient="index", columns=nb["SEGMENTS"])


def spread(shares: pd.DataFrame) -> str:
    """Mean, standard deviation and range of each segment's share over seeds, in Markdown."""
    lines = ["| Segment | Mean | Standard deviation | Lowest | Highest |", "|---|--:|--:|--:|--:|"]
    for name, column in shares.items():
        numbers = (column.mean(), column.std(), column.min(), column.max())
        lines.append(f"| {name} | " + " | ".join(f"{number:.1f} %" for number in numbers) + " |")
    return "\n".join(lines)


def updated(text: str, name: str, block: str) -> str:
    """The text with its block of this name replaced."""
    start, end = f"<!-- {name}: written by tests/update_readme.py -->", f"<!-- end of {name} -->"
    assert start in text and end in text, f"no block for {name}"
    return re.sub(f"{re.escape(start)}.*?{re.escape(end)}", lambda _: f"{start}\n{block}\n{end}", text, flags=re.DOTALL)


def rewrite(path: Path, name: str, block: str) -> None:
    """Replace one block of a file."""
    path.write_text(updated(path.read_text(encoding="utf-8"), name, block), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    rewrite(ROOT / "README.md", "results", results(pd.read_csv(ROOT / "data" / "segment_profiles.csv")))
    if "--spread" in sys.argv[1:]:
        rewrite(ROOT / "data" / "README.md", "spread", spread(shares_by_seed(SEEDS)))
