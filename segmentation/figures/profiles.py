"""Figures of the profiles: segments against the average, and abandoned carts."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import LinearSegmentedColormap

from segmentation.figures.style import COLOUR, INK, Canvas, readable
from segmentation.vocabulary import LOYAL, PROMISING


def plot_relative(times: pd.DataFrame, canvas: Canvas):
    """Segments down, measures across; colour by how many times the average, on a logarithmic scale."""
    drawn = "Means over the average customer's: 2.0 is twice as much. Teal: more, brown: less"
    fig, ax = canvas.axes("Heat map of each segment against the average customer", drawn, 2.6)
    times = times.rename(columns=lambda name: readable(name.removesuffix("_Mean")))
    times = times.T if canvas.narrow else times
    shade = np.log2(times.clip(lower=0.05).astype(float))
    text = times.map(lambda value: "" if pd.isna(value) else f"{value:.1f}")
    scale = LinearSegmentedColormap.from_list("less to more", [COLOUR[PROMISING], "white", COLOUR[LOYAL]])
    options = {"cmap": scale, "vmin": -2.5, "vmax": 2.5, "cbar": False, "linewidths": 1}
    sns.heatmap(shade, annot=text, fmt="", ax=ax, annot_kws={"size": 10}, **options)
    ax.set_xticklabels(times.columns, rotation=30, ha="right")
    ax.set(xlabel="", ylabel="")
    ax.tick_params(left=False, bottom=False)
    return fig


def plot_carts(carts: pd.DataFrame, canvas: Canvas):
    """Bars by segment: the share of carts that is abandoned, and the carts left per customer."""
    shows = "Bars of abandoned carts by segment, as a share of all carts and per customer"
    fig, axes = canvas.axes(shows, "Means by segment, over the window", 1.7, ncols=2, sharey=True)
    titles = {"rate": ("Carts abandoned, % of all carts", "{:.0f} %"), "left": ("Carts left per customer", "{:.1f}")}
    for ax, (column, (title, text)) in zip(axes, titles.items(), strict=True):
        values = carts[column][::-1].fillna(0)
        bars = ax.barh(values.index, values, color=[COLOUR[name] for name in values.index], height=0.65)
        ax.bar_label(bars, labels=[text.format(value) for value in values], padding=4, color=INK)
        ax.set(title=title, xlim=(0, 1.2 * values.max() or 1))
        ax.xaxis.set_visible(False)
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.tick_params(left=False)
    return fig
