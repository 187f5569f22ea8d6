"""show"""

import csv
import html
import io
import os
import re
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display
from PIL import Image
from sklearn import set_config
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from segmentation.figures import DPI
from segmentation.words import plain

warnings.filterwarnings("ignore", category=ConvergenceWarning)  # fewer distinct customers than k: seen in the counts
warnings.filterwarnings("ignore", message="Glyph .* missing")  # a label in a script that the figures' font lacks
csv.field_size_limit(2**31 - 1)  # a long text in an extra column is no error
set_config(assume_finite=True, skip_parameter_validation=True)  # points are checked once, not in each of many fits
threads = threadpool_limits(limits=1)  # more threads change the last digits from run to run, and gain nothing here

STAGE = tempfile.TemporaryDirectory(prefix="segmentation-")  # results wait here; the last cell publishes them at once
STAGED, STAGED_IMAGES = Path(STAGE.name, "data"), Path(STAGE.name, "images")
STAGED.mkdir()
STAGED_IMAGES.mkdir()


def setting(name: str, default):
    """A parameter's default, unless the environment sets SEGMENTATION_<name>: empty means None, numbers are cast.

    >>> setting("RANDOM_STATE", 42)
    42
    """
    text = os.environ.get(f"SEGMENTATION_{name}", default)
    if text == "":
        return None
    return int(text) if isinstance(default, int) and re.fullmatch(r"[+-]?\d+", str(text)) else text


def as_markdown(text: str) -> Markdown:
    """Markdown in which a dollar sign is just that: in an element of its own it cannot start a formula."""
    return Markdown(text.replace("$", "<span>&#36;</span>"))


def say(text: str) -> None:
    """Show computed sentences."""
    display(as_markdown(text))


def show_table(table: pd.DataFrame, formats: dict | None = None) -> None:
    """Show a DataFrame as a plain table: numbers formatted per column and right-aligned, text escaped."""
    cells = (
        table.reset_index(names=table.index.name or "") if table.index.name or table.index.dtype != "int64" else table
    )
    text = pd.DataFrame(
        {c: ["-" if pd.isna(v) else (formats or {}).get(c, str)(v) for v in cells[c]] for c in cells.columns}
    )
    side = ["left" if pd.api.types.is_string_dtype(cells[c]) and c not in (formats or {}) else "right" for c in cells]
    side = ["left", *side[1:]] if len(side) else side

    def row(values, tag: str) -> str:
        """One row of HTML."""
        cell = '<{0} align="{1}" style="text-align: {1}">{2}</{0}>'
        return (
            "<tr>" + "".join(cell.format(tag, s, html.escape(v)) for s, v in zip(side, values, strict=True)) + "</tr>"
        )

    body = "\n".join(row(values, "td") for values in text.to_numpy())
    page = f"<table>\n<thead>{row(text.columns, 'th')}</thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    display({"text/html": page, "text/plain": text.to_string(index=False)}, raw=True)


def stage_figure(fig, name: str, dpi: int | None = None) -> bytes:
    """The figure as PNG in 256 colours, which is a third of the size; staged as <name>.png, returned, and closed."""
    buffer, small = io.BytesIO(), io.BytesIO()
    fig.savefig(buffer, dpi=dpi or DPI)
    plt.close(fig)
    Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    (STAGED_IMAGES / f"{name}.png").write_bytes(small.getvalue())
    return small.getvalue()


def show_figure(fig, name: str, alt: str) -> None:
    """Stage the figure and show the same bytes, with alt text and a numbered caption."""
    png = stage_figure(fig, name)
    number = len(list(STAGED_IMAGES.glob("*.png")))
    display({"image/png": png, "text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt}})
    say(f"*Figure {number}. {plain(alt)}*")
