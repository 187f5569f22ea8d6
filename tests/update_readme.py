"""Write the numbers of README.md.

python tests/update_readme.py            the results table, from data/segment_profiles.csv
"""

import re
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent


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
