"""Write README.md's table of real shops: python tests/real/table.py [--print]"""

import argparse
import platform
import re
import tempfile
from datetime import date
from importlib import metadata
from pathlib import Path

import second_look
from decided import read_decisions
from shops import PACKAGES, ROOT, SHOPS, Run, absent, run

from segmentation.value import SAME_AGAIN
from segmentation.vocabulary import SEGMENTS
from segmentation.words import percent

START, END = "<!-- real shops: written by tests/real/table.py -->", "<!-- end of real shops -->"
HEAD = ["Shop", "Customers", *SEGMENTS, "Criteria met", "Later spend", "Forecast against outcome"]
NOTE = (
    "Per segment: share of customers / share of revenue. Later spend: rank correlation with the segments, and with the "
    "RFM score cut into the same four sizes. Orders only, by the command. The package of Complete Journey calls its "
    "data simulated from real shopping. Made on {day} with Python {python}, {versions}."
)


def later(found: Run, decisions) -> str:
    """How the segments rank later spend, beside plain RFM as coarse."""
    afterwards, plain = second_look.later_spend(found, decisions.RECIPE)
    return f"{afterwards.segments_rho:.2f} against {plain:.2f} ({afterwards.months} months)"


def forecast(found: Run, decisions) -> str:
    """Forecast over outcome on the hold-out of a year; without one why, and over the months that the log allows."""
    off = re.search(r"The forecast of the last \d+ months was ([\d.]+ % too \w+|right) in total", found.text)
    if off:
        return off[1]
    why = re.search(r"the order log begins on [\d-]+; learning and judging need (\d+) months", found.text)
    judged = second_look.judge(found, decisions)
    months = f"{found.shop.horizon} months"
    if judged.ships is None:
        return f"none for a year (needs {why[1]} months); none for {months} either"
    name = "the same again" if judged.ships == SAME_AGAIN else judged.ships.lower()
    total = percent(judged.candidates.loc[judged.ships, "Predicted / actual"])
    return f"none for a year (needs {why[1]} months of orders); for {months} {name}: {total} of what was spent"


def row(found: Run, decisions) -> list[str]:
    """A shop's line of the table."""
    spend = found.customers.groupby("Segment_Name")["Monetary"].agg(["size", "sum"]).loc[list(SEGMENTS)]
    people, revenue = (spend[name] / spend[name].sum() for name in spend)
    shares = [f"{percent(people[name])} / {percent(revenue[name])}" for name in SEGMENTS]
    said = r"\*\*How sure:\*\* (\w+ of \w+) limits[^.;(]* met(?: \((not met: [^)]*)\))?"
    met, failed = re.search(said, found.text).groups()
    criteria = f"{met}; {failed}" if failed else met
    size = f"{spend['size'].sum():,}"
    return [found.shop.name, size, *shares, criteria, later(found, decisions), forecast(found, decisions)]


def block() -> str:
    """The table in Markdown, with its note."""
    decisions, rows = read_decisions(), []
    for shop in SHOPS:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(row(run(shop, Path(folder)), decisions))
    versions = [f"{name} {metadata.version(name)}" for name in ("pandas", "scikit-learn", *PACKAGES[:2])]
    made = {"day": date.today(), "python": platform.python_version(), "versions": ", ".join(versions)}
    lines = [HEAD, ["---", *["--:"] * 5, *["---"] * 3], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n\n" + NOTE.format(**made)


def main() -> None:
    """Print the table, and put it between its marks in README.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--print", action="store_true", help="leave README.md as it is")
    asked = parser.parse_args()
    if absent():
        raise SystemExit(absent())
    text = f"{START}\n{block()}\n{END}"
    print(text)
    readme = ROOT / "README.md"
    before = readme.read_text(encoding="utf-8")
    if not asked.print and START in before:
        after = re.sub(f"{re.escape(START)}.*?{re.escape(END)}", lambda _: text, before, flags=re.DOTALL)
        readme.write_text(after, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
