"""Figures of chapter 6: segments against the average, revenue, engagement, cart abandonment."""

import itertools

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.patches import Patch

from segmentation.figures.style import COLOUR, INK, QUIET, SOFT, Canvas
from segmentation.profiles import gini
from segmentation.vocabulary import LEVELS, LOYAL, RFM, SEGMENTS, VIP


def plot_relative(times: pd.DataFrame, canvas: Canvas):
    """Segments down, measures across; colour by how many times the average, on a logarithmic scale."""
    drawn = "Each segment against the average customer: x2.0 is twice the average"
    fig, ax = canvas.axes("Heat map of each segment against the average customer", drawn, 2.7)
    times = times.rename(columns=lambda name: name.replace("_Mean", "").replace("_", " "))
    times = times.T if canvas.narrow else times
    shade = np.log2(times.clip(lower=0.05).astype(float))
    text = times.map(lambda value: "" if pd.isna(value) else f"x{value:.2g}")
    options = {"cmap": "RdBu_r", "vmin": -2.5, "vmax": 2.5, "cbar": False, "linewidths": 1}
    sns.heatmap(shade, annot=text, fmt="", ax=ax, annot_kws={"size": 9.5}, **options)
    ax.set_xticklabels(times.columns, rotation=30, ha="right")
    ax.set(xlabel="", ylabel="")
    ax.tick_params(left=False, bottom=False)
    return fig


def plot_lorenz(customers: pd.DataFrame, canvas: Canvas):
    """Left: Lorenz curve, each stretch in the colour of its most frequent segment. Right: the segments' shares."""
    shows = f"Lorenz curve (Gini coefficient {gini(customers['Monetary']):.2f}) and bars of shares by segment"
    drawn = "Left: Lorenz curve, coloured by the segment of most customers there. Right: shares by segment"
    fig, (curve, bars) = canvas.axes(shows, drawn, 2.9, ncols=2)
    ranked = customers.sort_values(RFM[::-1], kind="stable")
    line = np.append(0, 100 * ranked["Monetary"].cumsum() / (ranked["Monetary"].sum() or 1))
    for start, end in itertools.pairwise(np.unique(np.linspace(0, len(ranked), 51).astype(int))):
        most = np.bincount(ranked["Cluster"].iloc[start:end]).argmax()
        spots = np.linspace(start, end, 5).astype(int)
        curve.plot(100 * spots / len(ranked), line[spots], color=COLOUR[SEGMENTS[most]], linewidth=4)
    curve.plot([0, 100], [0, 100], color=QUIET, linewidth=0.8, linestyle="--")
    curve.set(xlabel="% of customers, lowest spenders first", ylabel="% of revenue", xlim=(0, 100), ylim=(0, 100))
    totals = customers.groupby("Segment_Name", observed=False)["Monetary"].agg(["sum", "size"])
    shares = 100 * totals / totals.sum().replace(0, 1)
    for row, column in enumerate(shares):
        starts = shares[column].cumsum() - shares[column]
        for name, share in shares[column].items():
            bars.barh(row, share, left=starts[name], color=COLOUR[name], edgecolor="white")
            ink = "white" if name in (VIP, LOYAL) else INK
            if share >= 7:
                bars.text(starts[name] + share / 2, row, f"{share:.0f}", ha="center", va="center", color=ink)
    bars.set_yticks([0, 1], ["revenue", "customers"])
    bars.set(xlim=(0, 100), xlabel="% of the total")
    handles = [Patch(color=colour) for colour in COLOUR.values()]
    bars.legend(handles, SEGMENTS, loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2)
    return fig


def plot_levels(shares: pd.DataFrame, canvas: Canvas):
    """One bar per segment, split into engagement levels."""
    shows = "Bars of low, medium and high engagement within each segment"
    fig, ax = canvas.axes(shows, "Engagement level within each segment, % of its customers", 1.9)
    parts = 100 * shares.fillna(0)[::-1]
    starts = parts.cumsum(axis=1) - parts
    for level, colour in zip(LEVELS, ("#e4e4e4", SOFT, "#1f5d6b"), strict=True):
        row = ax.barh(parts.index, parts[level], left=starts[level], color=colour, edgecolor="white", label=level)
        labels = [f"{value:.0f} %" if value >= 6 else "" for value in parts[level]]
        ax.bar_label(row, labels=labels, label_type="center", color="white" if level == "High" else INK)
    ax.set_xlim(0, 100)
    ax.xaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(left=False)
    fig.legend(loc="outside lower center", ncols=3)
    return fig


def plot_abandonment(means: pd.DataFrame, canvas: Canvas):
    """A dot per segment with its interval, in the segment's colour."""
    shows = "Dots of mean cart abandonment by segment with intervals"
    fig, ax = canvas.axes(shows, "Mean cart abandonment rate by segment, 95 % intervals", 1.8)
    for row, (name, part) in enumerate(means.round(2)[::-1].dropna(subset="mean").iterrows()):
        ax.hlines(row, part["low"], part["high"], color=QUIET, linewidth=2.5)
        ax.plot(part["mean"], row, "o", color=COLOUR[name], markersize=10, markeredgecolor="#555555")
        ax.annotate(f"{part['mean']:.1f}", (part["mean"], row), (0, 8), textcoords="offset points", ha="center")
    ax.set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    ax.set(xlabel="% of carts abandoned", ylim=(-0.4, len(SEGMENTS) - 0.3))
    return fig
