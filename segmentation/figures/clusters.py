"""Figures of chapter 5: which k, the segments, how sure each customer's place is."""

import itertools

import numpy as np
import pandas as pd

from segmentation.clusters import BOUNDARY
from segmentation.evidence import FOUR, Choice, Sample
from segmentation.figures.exploring import UNITS
from segmentation.figures.style import ACCENT, BAND, COLOUR, INK, QUIET, Canvas
from segmentation.vocabulary import RFM, SEGMENTS
from segmentation.words import count, percent

VIEWS = {
    "inertia": "inertia (lower = tighter)",
    "silhouette": "silhouette (higher)",
    "calinski": "Calinski-Harabasz (higher)",
    "davies": "Davies-Bouldin (lower)",
    "gap": "gap statistic (higher)",
    "rand": "stability on resamples (higher)",
}


def plot_k(choice: Choice, canvas: Canvas):
    """Six views by k with four marked, beside tables without groups."""
    quality = choice.quality
    shows = f"Six small charts of cluster quality for k from {quality.index[0]} to {quality.index[-1]}"
    marks = f"Dots: customers (band: 95 % of pairs); bar: {len(choice.without)} tables without groups; square: shuffled"
    fig, axes = canvas.axes(shows, marks, 3.6, nrows=2, ncols=3)
    for ax, (column, title) in zip(axes.flat, VIEWS.items(), strict=True):
        if column == "rand":
            ax.fill_between(quality.index, quality["low"], quality["high"], color=BAND, linewidth=0)
        ax.plot(quality.index, quality[column], "o-", color=ACCENT, markersize=4)
        ax.axvline(FOUR, color=INK, linewidth=0.8, linestyle=":")
        if column in choice.without:
            low, high = choice.without[column].min(), choice.without[column].max()
            ax.vlines(FOUR, low, high, color=QUIET, linewidth=7)
            ax.plot(FOUR, choice.shuffled[column], "s", color=QUIET, markersize=5)
        ax.margins(y=0.1)
        ax.set(title=title, xticks=list(quality.index))
    canvas.counts(axes[0, 2].yaxis)
    for ax in axes[1]:
        ax.set_xlabel("number of segments k")
    return fig


def plot_segments(sample: Sample, canvas: Canvas):
    """Pairs of R, F and M with a dot per sampled customer and a cross at each segment's median."""
    dots = sample.dots
    drawn = f"{count(len(dots))} of {count(sample.size)} customers; crosses mark medians; logarithmic orders and money"
    shows = "Scatter plots of recency, frequency and spend, coloured by segment"
    fig, axes = canvas.axes(shows, drawn, 3.0, ncols=3)
    scale = "symlog" if dots[RFM].min().min() <= 0 else "log"
    for ax, (x, y) in zip(axes, itertools.combinations(RFM, 2), strict=True):
        for name in SEGMENTS[::-1]:
            of_segment = dots[dots["Segment_Name"] == name]
            dot = {"s": 7, "color": COLOUR[name], "alpha": 0.7, "linewidths": 0.2, "edgecolors": "#777777"}
            ax.scatter(of_segment[x], of_segment[y], label=name, **dot)
            middle = of_segment[[x, y]].median()
            ax.plot(middle[x], middle[y], "X", color=COLOUR[name], markeredgecolor=INK, markersize=9)
        units = [UNITS.get(column, canvas.words.currency) for column in (x, y)]
        ax.set(xlabel=f"{x.lower()} ({units[0]})", ylabel=f"{y.lower()} ({units[1]})", yscale=scale)
        canvas.counts(ax.yaxis)
    axes[2].set_xscale(scale)
    canvas.counts(axes[2].xaxis)
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=4, markerscale=2.5, fontsize=9.5)
    return fig


def plot_confidence(customers: pd.DataFrame, canvas: Canvas):
    """Distribution of confidence within each segment, the boundary shaded."""
    shows = "Histograms of confidence by segment"
    drawn = "Share of each segment's customers by confidence; the boundary is shaded"
    fig, axes = canvas.axes(shows, drawn, 1.7, ncols=FOUR, sharey=True)
    style = {"bins": np.linspace(0, 1, 21), "edgecolor": QUIET, "linewidth": 0.3}
    for ax, name in zip(axes, SEGMENTS, strict=True):
        values = customers.loc[customers["Segment_Name"] == name, "Segment_Confidence"]
        ax.hist(values, weights=np.full(len(values), 100 / max(len(values), 1)), color=COLOUR[name], **style)
        ax.axvspan(0, BOUNDARY, color="#dddddd", zorder=0)
        ax.set(title=f"{name}\n{percent((values < BOUNDARY).mean())} on the boundary", xlabel="confidence", xlim=(0, 1))
    axes[0].set_ylabel("% of segment")
    return fig
