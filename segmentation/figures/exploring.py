"""Figures of chapters 3 and 4: what customers look like before anyone groups them, and their scores."""

import numpy as np
import pandas as pd
import seaborn as sns

from segmentation.behaviour import Engaged
from segmentation.exploring import Pairs
from segmentation.features import cut_points, present
from segmentation.figures.style import ACCENT, BAND, INK, QUIET, SOFT, Canvas, readable
from segmentation.vocabulary import ENGAGEMENT, RFM
from segmentation.words import count, join

TOLD = 0.3  # correlations from here on, moderate ones, are written out
TAIL = 0.99  # values beyond this quantile are drawn at it


def plot_distributions(customers: pd.DataFrame, canvas: Canvas):
    """A histogram per column with its median; spend on a logarithmic axis."""
    values = customers[[*RFM, *present(customers, ENGAGEMENT[:1])]]
    shows = f"Histograms of {join([readable(name).lower() for name in values])}"
    drawn = "Customers by value; the line marks the median, the highest 1 % lie beyond the edge"
    rows, columns = (values.shape[1], 1) if canvas.narrow else (2, 2)
    fig, axes = canvas.axes(shows, drawn, 2.2 * rows, nrows=rows, ncols=columns)
    for ax, name in zip(axes.flat, values, strict=False):
        draw_histogram(ax, values[name].dropna(), canvas)
    for ax in axes.flat[values.shape[1] :]:
        ax.set_axis_off()
    return fig


def draw_histogram(ax, values: pd.Series, canvas: Canvas) -> None:
    """One column: whole orders each have a bar, spend is logarithmic, all else has 30 bars."""
    money = values.name == "Monetary"
    logarithmic = money and (values > 0).any()
    if logarithmic:
        values = values[values > 0]
        ax.set_xscale("log")
    top, low, bins = cut_points(values, [TAIL])[0], values.min(), 30
    if logarithmic and low < top:
        bins = np.geomspace(low, top, 31)
    elif values.name == "Frequency" and top - low < 60:
        bins = np.arange(low - 0.5, top + 1)
    ax.hist(values[values <= top], bins=bins, color=SOFT, edgecolor="white", linewidth=0.4)
    ax.axvline(values.median(), color=INK, linewidth=1.2)
    middle = canvas.words.text("{x:$}" if money else "{x:#}", x=values.median())
    ax.set(title=f"{readable(values.name)}: median {middle}", ylabel="Customers")
    if logarithmic:
        canvas.money(ax.xaxis)
    canvas.counts(ax.yaxis)


def plot_correlations(pairs: Pairs, canvas: Canvas):
    """Lower triangle of the rank correlations; pairs that go together by construction are left grey."""
    columns = pairs.rho.columns
    drawn = "Rank correlation (Spearman), from -1 to 1. Grey: goes together by construction"
    if pairs.compared < pairs.customers:
        drawn += f"; {count(pairs.compared)} of {count(pairs.customers)} customers"
    shows = f"Heat map of rank correlations between {len(columns)} columns. Pairs by construction aside:"
    fig, ax = canvas.axes(shows, drawn, 1.3 + 0.28 * len(columns))
    below = pairs.rho.where(np.tril(np.ones(pairs.rho.shape, bool), -1))
    built = below.notna() & pairs.expected
    for cells, look in (
        (built, {"cmap": "Greys", "vmin": 0, "vmax": 4}),
        (~built, {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}),
    ):
        text = below.where(cells & (below.abs() >= TOLD)).map(lambda rho: "" if pd.isna(rho) else f"{rho:.1f}")
        shade = below.where(cells) if look["vmax"] == 1 else below.where(cells) * 0 + 1
        text = text.iloc[1:, :-1] if look["vmax"] == 1 else False
        options = look | {"linewidths": 1, "cbar": False, "annot_kws": {"size": 9.5}}
        sns.heatmap(shade.iloc[1:, :-1], annot=text, fmt="", ax=ax, **options)
    ax.set_xticklabels([readable(name) for name in below.columns[:-1]], rotation=40, ha="right")
    ax.set_yticklabels([readable(name) for name in below.index[1:]], rotation=0)
    ax.tick_params(left=False, bottom=False)
    return fig


def plot_engaged(engaged: Engaged, canvas: Canvas):
    """Median and middle half of spend by tenth of the engagement score; right, at the same number of orders."""
    shows = "Two lines of median spend by tenth of engagement: all customers, and those with as many orders"
    drawn = "Median (dots) and middle half of customers (band) by tenth of the engagement score, 10 = most engaged"
    fig, axes = canvas.axes(shows, drawn, 2.6, ncols=2)
    for ax, spend in zip(axes, (engaged.spend, engaged.same), strict=True):
        ax.fill_between(spend.index, spend["low"], spend["high"], color=BAND, linewidth=0)
        ax.plot(spend.index, spend["mid"], "o-", color=ACCENT, markersize=4)
        ax.set(xticks=range(1, 11), ylim=(0, None))
    axes[0].set(title="All customers: spend", xlabel="Tenth of engagement")
    axes[1].set(title="Same number of orders: spend over their median", xlabel="Tenth among those with as many orders")
    axes[1].axhline(1, color=QUIET, linewidth=0.8, linestyle="--")
    axes[1].yaxis.set_major_formatter("{x:g} x")
    canvas.money(axes[0].yaxis)
    return fig
