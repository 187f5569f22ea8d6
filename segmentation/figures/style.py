"""One style, one colour per segment, and the canvas that every figure is drawn on."""

import textwrap

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

from segmentation.vocabulary import SEGMENTS
from segmentation.words import Words, count

COLOUR = dict(zip(SEGMENTS, ("#1b2a49", "#17616f", "#ae6119", "#958f86"), strict=True))  # dark to light: holds in grey
ON = dict(zip(SEGMENTS, ("white", "white", "white", "#222222"), strict=True))  # text on a segment's colour, 4.5:1
INK, QUIET, ACCENT, SOFT, BAND = "#222222", "#5f5f5f", "#17616f", "#6696a3", "#d5e6e9"
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
