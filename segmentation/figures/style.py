"""One style, one colour per segment, and the canvas that every figure is drawn on."""

import textwrap

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

from segmentation.vocabulary import SEGMENTS
from segmentation.words import Words, count

COLOUR = dict(zip(SEGMENTS, ("#1b2a49", "#1f7a8c", "#e3902c", "#cfcac0"), strict=True))  # dark to light: holds in grey
EDGE = COLOUR | {SEGMENTS[-1]: "#9a958b"}  # lines and outlines, where the lightest colour would be lost
INK, QUIET, ACCENT, SOFT, BAND = "#222222", "#6b6b6b", "#1f7a8c", "#8fb8c1", "#cfe3e7"
DPI = 100  # 8.4 inches make 840 pixels, the width of a column on the web
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.parse_math": False,
    "figure.facecolor": "white",
    "legend.frameon": False,
}
plt.style.use("default")
plt.rcParams.update(STYLE)


class Canvas:
    """What a plot needs to know beside its result: the finding in its title, and how numbers are written.

    A plot calls `axes` once, and so says what the figure shows (for alt text and caption) and what is drawn.
    """

    def __init__(self, finding: str, words: Words):
        self.finding, self.words, self.shows = finding, words, ""

    def axes(self, shows: str, drawn: str, height: float, **grid):
        """A figure 8.4 inches wide with the finding in bold and a quiet line on what is drawn: (figure, axes)."""
        self.shows = shows
        head = textwrap.wrap(self.finding, 92)
        top = 0.30 + 0.19 * len(head)
        fig, axes = plt.subplots(figsize=(8.4, height + top), layout="constrained", **grid)
        fig.get_layout_engine().set(rect=(0, 0, 1, height / (height + top)), w_pad=0.08)
        fig.text(0.01, 1 - 0.06 / (height + top), "\n".join(head), weight="bold", size=11, va="top", color=INK)
        fig.text(0.01, 1 - (0.11 + 0.19 * len(head)) / (height + top), drawn, va="top", color=QUIET)
        return fig, axes

    def money(self, axis) -> None:
        """Money with thousands separators on a matplotlib axis."""
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{self.words.prefix}{value:,.0f}"))

    def counts(self, axis) -> None:
        """Counts with thousands separators on a matplotlib axis."""
        axis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
