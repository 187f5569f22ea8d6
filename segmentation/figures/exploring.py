"""Figures of chapters 3 and 4: what customers look like before anyone groups them, and their scores."""

import numpy as np
import pandas as pd
import seaborn as sns

from segmentation.exploring import Engaged, Pairs, Response, Scores, Tiers
from segmentation.features import cut_points, present
from segmentation.figures.style import ACCENT, BAND, INK, QUIET, SOFT, Canvas
from segmentation.vocabulary import ENGAGEMENT, RFM
from segmentation.words import count, join, short

UNITS = {"Recency": "days", "Frequency": "orders", "Engagement_Score": "points"}
TAIL = 0.99  # values beyond this quantile are drawn at it


def readable(names) -> list[str]:
    """Columns as they are written in a figure."""
    return [name.replace("_", " ") for name in names]


def plot_distributions(customers: pd.DataFrame, canvas: Canvas):
    """A histogram per column with its median; spend on a logarithmic axis."""
    values = customers[[*RFM, *present(customers, ENGAGEMENT[:1])]]
    shows = f"Histograms of {join([name.lower() for name in readable(values)])}"
    drawn = "Customers by value; the line marks the median, tails end at the 99th percentile"
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
    ax.hist(np.minimum(values, top), bins=bins, color=SOFT, edgecolor="white", linewidth=0.4)
    ax.axvline(values.median(), color=INK, linewidth=1.2)
    middle = canvas.words.text("{x:$}" if money else "{x:#}", x=values.median())
    unit = UNITS.get(values.name, canvas.words.currency)
    ax.set(title=f"{values.name.replace('_', ' ')}: median {middle}", xlabel=unit, ylabel="customers")
    if logarithmic:
        canvas.money(ax.xaxis)
    canvas.counts(ax.yaxis)


def plot_correlations(pairs: Pairs, canvas: Canvas):
    """Lower triangle of the rank correlations; pairs that correlate by construction carry a ring."""
    columns = pairs.rho.columns
    drawn = "Spearman rank correlation; a ring (o) marks pairs that go together by construction"
    if pairs.compared < pairs.customers:
        drawn += f"; {count(pairs.compared)} of {count(pairs.customers)} customers"
    shows = f"Heat map of rank correlations between {len(columns)} columns. Pairs by construction aside:"
    fig, ax = canvas.axes(shows, drawn, 1.3 + 0.28 * len(columns))
    below = pairs.rho.where(np.tril(np.ones(pairs.rho.shape, bool), -1)).iloc[1:, :-1]
    text = below.map(lambda rho: "" if pd.isna(rho) else f"{rho:.2f}") + pairs.expected.map({True: " o", False: ""}.get)
    if canvas.narrow:  # numbers have no room
        text = pairs.expected.map({True: "o", False: ""}.get)
    shown = text.loc[below.index, below.columns].where(below.notna(), "")
    options = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1, "linewidths": 1, "cbar_kws": {"shrink": 0.7}}
    sns.heatmap(below, annot=shown, fmt="", ax=ax, annot_kws={"size": 9}, **options)
    slant = {"rotation": 90} if canvas.narrow else {"rotation": 40, "ha": "right"}
    ax.set_xticklabels(readable(below.columns), **slant)
    ax.set_yticklabels(readable(below.index), rotation=0)
    return fig


def plot_engaged(engaged: Engaged, canvas: Canvas):
    """Median and middle half of spend by tenth of the engagement score."""
    shows = "Line of median spend by tenth of engagement"
    drawn = "Spend by tenth of the engagement score: median (dots) and middle half of customers (band)"
    fig, ax = canvas.axes(shows, drawn, 2.5)
    spend = engaged.spend
    ax.fill_between(spend.index, spend["low"], spend["high"], color=BAND, linewidth=0)
    ax.plot(spend.index, spend["mid"], "o-", color=ACCENT, markersize=4)
    ax.set(xlabel="tenth of the engagement score (10 = most engaged)", ylabel="spend in the window")
    ax.set_xticks(range(1, 11))
    canvas.money(ax.yaxis)
    return fig


def plot_response(response: Response, canvas: Canvas):
    """Response rate by fifth of spend, with intervals."""
    shows = "Dots of campaign response by fifth of spend with intervals"
    drawn = "Campaign response by fifth of spend, 95 % intervals"
    fig, ax = canvas.axes(shows, drawn, 2.0)
    rates = 100 * response.rates
    bars = [(rates["rate"] - rates["low"]).clip(lower=0), (rates["high"] - rates["rate"]).clip(lower=0)]
    ax.errorbar(rates.index, rates["rate"], yerr=bars, fmt="o", color=ACCENT, capsize=3)
    ax.set(xlabel="fifth of spend (5 = highest)", ylabel="% who responded", ylim=(0, None), xticks=list(rates.index))
    return fig


def plot_tiers(tiers: Tiers, canvas: Canvas):
    """Median and middle half of spend by loyalty tier."""
    spend, names = tiers.spend, [short(tier) for tier in tiers.spend.index]
    middles = [f"{name} {canvas.words.money(middle)}" for name, middle in zip(names, spend["mid"], strict=True)]
    shows = f"Median spend by loyalty tier: {', '.join(middles)}"
    drawn = "Spend by loyalty tier: median (dots) and middle half of customers (bars)"
    fig, ax = canvas.axes(shows, drawn, 1.8)
    ax.hlines(range(len(spend)), spend["low"], spend["high"], color=SOFT, linewidth=9)
    ax.plot(spend["mid"], range(len(spend)), "o", color=INK, markersize=5)
    ax.set_yticks(range(len(spend)), names)
    ax.set(xlabel="spend in the window", ylim=(-0.5, len(spend) - 0.5))
    canvas.money(ax.xaxis)
    return fig


def plot_score_map(grid: pd.DataFrame, canvas: Canvas):
    """Two 5 x 5 maps over recency score (across) and frequency score (up): customers and mean spend."""
    shows = "Maps of customers and mean spend by recency and frequency score"
    drawn = "Recency score across, frequency score up. Left: customers. Right: mean spend per customer"
    fig, axes = canvas.axes(shows, drawn, 2.9, ncols=2)
    for ax, part, sign in zip(axes, ("customers", "spend"), ("", canvas.words.currency), strict=True):
        table = grid[part]
        text = table.map(lambda value, sign=sign: "" if pd.isna(value) else f"{sign}{value:,.0f}")
        sns.heatmap(table, annot=text, fmt="", cmap="YlGnBu", cbar=False, linewidths=1, ax=ax, annot_kws={"size": 9})
        ax.set(xlabel="recency score (5 = most recent)", ylabel="frequency score")
        ax.tick_params(left=False, bottom=False, labelrotation=0)
    return fig


def plot_scores(scores: Scores, canvas: Canvas):
    """Bars of customers by RFM score."""
    shows = "Bars of customers by RFM score, 3 to 15"
    drawn = "Customers by RFM score, the sum of the three scores"
    fig, ax = canvas.axes(shows, drawn, 1.9)
    bars = ax.bar(scores.sizes.index, scores.sizes, color=SOFT, width=0.8)
    ax.bar_label(bars, labels=[count(size) for size in scores.sizes], fontsize=8 if canvas.narrow else 9, color=QUIET)
    ax.set(xlabel="RFM score", xticks=range(3, 16))
    ax.yaxis.set_visible(False)
    ax.spines["left"].set_visible(False)
    return fig
