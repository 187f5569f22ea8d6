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
    "rand": "stability: adjusted Rand index (higher)",
    "smallest": "smallest segment, share",
}


def plot_k(choice: Choice, canvas: Canvas):
    """Six views by k, beside shuffled columns, with four marked."""
    quality, null = choice.quality, choice.null
    shows = f"Six small charts of cluster quality for k from {quality.index[0]} to {quality.index[-1]}"
    marks = "Customers (dots), shuffled columns (squares), four segments (dotted line)"
    fig, axes = canvas.axes(shows, f"{marks}; stability with 95 % of its pairs", 3.6, nrows=2, ncols=3)
    for ax, (column, title) in zip(axes.flat, VIEWS.items(), strict=True):
        ax.plot(quality.index, quality[column], "o-", color=ACCENT, markersize=4)
        if column in null:
            ax.plot(null.index, null[column], "s--", color=QUIET, markersize=3, linewidth=1)
        ax.axvline(FOUR, color=INK, linewidth=0.8, linestyle=":")
        ax.margins(y=0.1)
        ax.set(title=title, xticks=list(quality.index), ylim=(0, None))
    canvas.counts(axes[0, 2].yaxis)
    stable = axes[1, 1]
    stable.fill_between(quality.index, quality["low"], quality["high"], color=BAND, linewidth=0)
    stable.plot(FOUR, choice.null_rand, "s", color=QUIET, markersize=4)
    stable.set_ylim(0, 1.08)
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
    fig.legend(
        handles[::-1], labels[::-1], loc="outside lower center", ncols=2 if canvas.narrow else 4, markerscale=2.5
    )
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
