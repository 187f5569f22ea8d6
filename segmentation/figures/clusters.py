"""Figures of the clusters: which k, the segments, how sure each customer's place is."""

import numpy as np
import pandas as pd
from matplotlib.patheffects import withStroke

from segmentation.clusters import BOUNDARY
from segmentation.evidence import FOUR, Choice, Sample
from segmentation.figures.style import ACCENT, BAND, COLOUR, INK, QUIET, Canvas, readable
from segmentation.vocabulary import AT_RISK, RFM, SEGMENTS
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
    """Days since the last order and spend, a dot per sampled customer; names stand at the medians."""
    dots = sample.dots
    drawn = f"{count(len(dots))} of {count(sample.size)} customers; spend on a logarithmic scale; names at the medians"
    fig, ax = canvas.axes("Scatter plot of days since the last order and spend, coloured by segment", drawn, 3.6)
    for name in SEGMENTS[::-1]:
        of_segment = dots[dots["Segment_Name"] == name]
        ax.scatter(of_segment["Recency"], of_segment["Monetary"], s=9, color=COLOUR[name], alpha=0.45, linewidths=0)
    middles = dots.groupby("Segment_Name", observed=True)[RFM].median()
    for name, middle in middles.iterrows():
        label = ax.annotate(name, middle[["Recency", "Monetary"]], (9, 0), textcoords="offset points", va="center")
        label.set(color=COLOUR[name] if name != AT_RISK else INK, weight="bold", size=10.5)
        label.set_path_effects([withStroke(linewidth=3.5, foreground="white")])
        ax.plot(middle["Recency"], middle["Monetary"], "o", color=COLOUR[name], markeredgecolor="white", markersize=10)
    scale = "symlog" if dots["Monetary"].min() <= 0 else "log"
    ax.set(xlabel=readable("Recency"), ylabel=readable("Monetary"), yscale=scale)
    canvas.money(ax.yaxis)
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
