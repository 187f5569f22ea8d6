"""A table of the notebook as one of the page: headings that say so, numbers to the right, cards on a phone."""

import base64
import csv
import io
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pandas as pd

from segmentation.words import plural, safe_for_spreadsheets

LONG = 12  # rows; more are shown on demand
WIDE, VAST = 42, 80  # characters that a row takes at least; more do not fit a phone, or a tablet
LINE = 14  # characters of a text's line that can still be read with ease
GAP = 2  # of them between columns


@dataclass
class Table:
    """Heads, rows of texts, and which columns are numbers."""

    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    numeric: list[bool] = field(default_factory=list)

    @property
    def long(self) -> bool:
        """Whether it has more rows than one reads in passing."""
        return len(self.rows) > LONG

    @property
    def wide(self) -> bool:
        """Whether it is too wide for a phone."""
        return self.width > WIDE

    @property
    def vast(self) -> bool:
        """Whether it is too wide for a tablet."""
        return self.width > VAST

    @property
    def width(self) -> int:
        """Characters that a row takes at least: numbers do not break, texts between words, but no shorter than LINE."""
        total = 0
        for head, numeric, cells in zip(self.heads, self.numeric, zip(*self.rows, strict=True), strict=True):
            words = [*head.split(), *" ".join(cells).split()]
            whole = cells if numeric else [cell[:LINE] for cell in cells]
            total += max(map(len, [*words, *whole])) + GAP
        return total

    @property
    def says(self) -> str:
        """What it is about, for a reader who decides whether to open it."""
        return f"Table: {self.heads[0]} ({plural(len(self.rows), 'row')})"


class _Reader(HTMLParser):
    """Collects the cells of the first table that it is fed."""

    def __init__(self):
        super().__init__()
        self.table, self.cell = Table(), None

    def handle_starttag(self, tag, attributes):
        """Open a row or a cell."""
        if tag == "tr":
            self.table.rows.append([])
        if tag in ("th", "td"):
            self.cell, self.side = "", dict(attributes).get("align")

    def handle_data(self, data):
        """Add to the open cell."""
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        """Close a cell."""
        if tag in ("th", "td") and self.cell is not None:
            self.table.rows[-1].append(self.cell)
            if len(self.table.rows) == 1:
                self.table.numeric.append(self.side == "right")
            self.cell = None


def read(markup: str) -> Table:
    """The table that show.Page made; the first row is its heads."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    found = reader.table
    found.heads, *found.rows = found.rows
    return found


def download(table: pd.DataFrame) -> str:
    """A table as a link's address: CSV that a spreadsheet opens in any language, and in which nothing runs."""
    texts = {name: safe_for_spreadsheets(table[name]) for name in table if pd.api.types.is_string_dtype(table[name])}
    out = io.StringIO()
    table.assign(**texts).to_csv(out, index=False, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(out.getvalue().encode("utf-8-sig")).decode()
