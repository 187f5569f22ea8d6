"""One style, one colour per segment, and the canvas that every figure is drawn on."""

import textwrap
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, MaxNLocator

from segmentation.vocabulary import SEGMENTS
from segmentation.words import Words, count

COLOUR = dict(zip(SEGMENTS, ("#1b2a49", "#17616f", "#ae6119", "#958f86"), strict=True))  # dark to light: holds in grey
ON = dict(zip(SEGMENTS, ("white", "white", "white", "#222222"), strict=True))  # text on a segment's colour, 4.5:1
INK, QUIET, ACCENT, SOFT, BAND = "#222222", "#5f5f5f", "#17616f", "#6696a3", "#d5e6e9"
DPI = 100  # 8.4 inches make 840 pixels, the width of a column on the web
WIDE, NARROW = 8.4, 4.3  # inches: a column on the web; a phone's screen, on which the same letters stay readable
FEW_TICKS = 4  # of money that find room side by side on a phone
MANY_DOTS = 300  # beyond, each dot as an element of its own makes a drawing larger than a picture of it
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


NAMES = {  # columns as axes name them
    "Recency": "Days since last order",
    "Frequency": "Orders",
    "Monetary": "Spend",
    "Engagement_Score": "Engagement score",
    "Session_Count": "Sessions",
    "Avg_Order_Value": "Spend per order",
    "Avg_Session_Duration": "Session duration",
    "Cart_Abandon_Rate": "Carts abandoned",
    "Campaign_Response": "Campaign response",
}


def readable(name: str) -> str:
    """A column as a figure names it.

    >>> readable("Recency"), readable("Pages_Viewed")
    ('Days since last order', 'Pages viewed')
    """
    return NAMES.get(name, name.replace("_", " ").capitalize())


def even_lines(text: str, width: int = 92) -> list[str]:
    """A text in as few lines of at most this many characters as it needs, about equally long, no "%" on its own.

    >>> even_lines("one two three four five 6 %", 20)
    ['one two three', 'four five 6\\xa0%']
    """
    glued = text.replace(" %", "\xa0%")
    lines = textwrap.wrap(glued, width)
    shorter = (textwrap.wrap(glued, size) for size in range(len(glued) // max(len(lines), 1), width))
    return next((found for found in shorter if len(found) == len(lines)), lines)


class Canvas:
    """What a plot needs to know beside its result: the finding in its title, and how numbers are written.

    A plot calls `axes` once, and so says what the figure shows (for alt text and caption) and what is drawn. In the
    report the title is text of the page, and a phone gets a narrow drawing with the panels one below the other.
    """

    def __init__(self, finding: str, words: Words, width: float = WIDE, titled: bool = True):
        self.finding, self.words, self.width, self.titled = finding, words, width, titled
        self.shows = self.drawn = ""

    @property
    def narrow(self) -> bool:
        """Whether this is the drawing for a phone."""
        return self.width < WIDE

    def axes(self, shows: str, drawn: str, height: float, **grid):
        """A figure with the finding in bold and a quiet line on what is drawn, `height` inches below them.

        grid: as plt.subplots takes it. Returns (figure, axes).
        """
        self.shows, self.drawn = shows, drawn
        head = even_lines(self.finding) if self.titled else []
        top = 0.30 + 0.19 * len(head) if self.titled else 0
        panels = self._stacked if self.narrow else plt.subplots
        fig, axes = panels(figsize=(self.width, height + top), layout="constrained", **grid)
        if self.titled:
            fig.get_layout_engine().set(rect=(0, 0, 1, height / (height + top)), w_pad=0.08)
            fig.text(0.01, 1 - 0.06 / (height + top), "\n".join(head), weight="bold", size=11, va="top", color=INK)
            fig.text(0.01, 1 - (0.11 + 0.19 * len(head)) / (height + top), drawn, va="top", color=QUIET)
        return fig, axes

    @staticmethod
    def _stacked(figsize: tuple, nrows: int = 1, ncols: int = 1, squeeze: bool = True, **grid):
        """plt.subplots with all panels in one column, returned in the shape that was asked for."""
        grid.pop("width_ratios", None)
        size = (figsize[0], max(figsize[1] / nrows, 1.6) * nrows * ncols)
        fig, axes = plt.subplots(nrows * ncols, 1, figsize=size, squeeze=False, **grid)
        axes = axes.reshape(nrows, ncols)
        return fig, (axes.squeeze() if axes.size > 1 else axes.item()) if squeeze else axes

    def money(self, axis) -> None:
        """Money with thousands separators on a matplotlib axis."""
        if self.narrow and axis.get_scale() == "linear":
            axis.set_major_locator(MaxNLocator(FEW_TICKS))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{self.words.prefix}{value:,.0f}"))

    def counts(self, axis) -> None:
        """Counts with thousands separators on a matplotlib axis."""
        axis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))


def save_drawing(figure, path: Path) -> None:
    """Write a figure as SVG for the report: text stays text, clouds of dots become a picture; closes it."""
    for cloud in [cloud for ax in figure.axes for cloud in ax.collections if len(cloud.get_offsets()) > MANY_DOTS]:
        cloud.set_rasterized(True)
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": path.stem}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a label in a script that the font lacks
        figure.savefig(path, format="svg", dpi=2 * DPI, transparent=True, metadata={"Date": None})
    plt.close(figure)
