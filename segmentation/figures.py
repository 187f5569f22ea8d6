"""figures"""

import itertools
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.ticker import FuncFormatter

from segmentation.constants import AT_RISK, BOUNDARY, CAP_QUANTILE, LEVELS, LOYAL, RFM, SEGMENTS, VIP, K
from segmentation.experiments import POWER, kpi_heading, power_of
from segmentation.features import cut_points
from segmentation.newcomers import GUESS_DAYS, GUESS_MONTHS
from segmentation.words import CURRENCY, count, money, percent, plural, short

plt.style.use("default")

COLOUR = dict(zip(SEGMENTS, ("#1b2a49", "#1f7a8c", "#e3902c", "#cfcac0"), strict=True))  # dark to light: holds in grey


INK, QUIET, ACCENT = "#222222", "#6b6b6b", "#1f7a8c"


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
plt.rcParams.update(STYLE)


def new_figure(finding: str, drawn: str, height: float, **grid):
    """A figure 8.4 inches wide with a bold finding and a quiet line on what is drawn; returns (figure, axes)."""
    head = textwrap.wrap(finding, 92)
    top = 0.30 + 0.19 * len(head)
    fig, axes = plt.subplots(figsize=(8.4, height + top), layout="constrained", **grid)
    fig.get_layout_engine().set(rect=(0, 0, 1, height / (height + top)), w_pad=0.08)
    fig.text(0.01, 1 - 0.06 / (height + top), "\n".join(head), weight="bold", size=11, va="top", color=INK)
    fig.text(0.01, 1 - (0.11 + 0.19 * len(head)) / (height + top), drawn, va="top", color=QUIET)
    return fig, axes


def money_axis(axis) -> None:
    """Money with thousands separators on a matplotlib axis."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{CURRENCY[0]}{value:,.0f}"))


def count_axis(axis) -> None:
    """Counts with thousands separators on a matplotlib axis."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def plot_months(monthly: pd.Series, finding: str):
    """Bars of spend per month (index: period)."""
    fig, ax = new_figure(finding, "Spend per month in the order log, November and December dark", 2.0)
    shade = [ACCENT if month.month in (11, 12) else "#b9d4da" for month in monthly.index]
    ax.bar(range(len(monthly)), monthly, color=shade, width=0.8)
    first = [place for place, month in enumerate(monthly.index) if month.month in (1, 7)]
    ax.set_xticks(first, [monthly.index[place].strftime("%b %Y") for place in first])
    money_axis(ax.yaxis)
    return fig


def plot_distributions(customers: pd.DataFrame, columns: dict[str, str], finding: str):
    """A histogram per column (name: unit) with its median; spend on a logarithmic axis, tails cut at the cap."""
    drawn = "Customers by value; the line marks the median, tails end at the 99th percentile"
    fig, axes = new_figure(finding, drawn, 4.4, nrows=2, ncols=2)
    for ax, (name, unit) in zip(axes.flat, columns.items(), strict=False):
        values = customers[name].dropna()
        logarithmic = name == "Monetary" and (values > 0).any()
        values = values[values > 0] if logarithmic else values
        top = cut_points(values, [CAP_QUANTILE])[0]
        bins = np.geomspace(values.min(), top, 31) if logarithmic and values.min() < top else 30
        bins = np.arange(values.min() - 0.5, top + 1) if name == "Frequency" and top - values.min() < 60 else bins
        ax.hist(np.minimum(values, top), bins=bins, color="#8fb8c1", edgecolor="white", linewidth=0.4)
        ax.axvline(values.median(), color=INK, linewidth=1.2)
        middle = money(values.median()) if name == "Monetary" else f"{values.median():,.0f}"
        ax.set(title=f"{name.replace('_', ' ')}: median {middle}", xlabel=unit, ylabel="customers")
        if logarithmic:
            ax.set_xscale("log")
            money_axis(ax.xaxis)
        count_axis(ax.yaxis)
    for ax in axes.flat[len(columns) :]:
        ax.set_axis_off()
    return fig


def plot_correlations(pairs: pd.DataFrame, columns: list[str], finding: str, drawn: str):
    """Lower triangle of the rank correlations; pairs that correlate by construction carry a ring."""
    fig, ax = new_figure(finding, drawn, 1.3 + 0.28 * len(columns))
    grid = pd.DataFrame(np.nan, index=columns, columns=columns)
    text = pd.DataFrame("", index=columns, columns=columns)
    for (a, b), rho, reason in pairs.itertuples(index=False):
        grid.loc[b, a], text.loc[b, a] = rho, f"{rho:.2f}" + (" o" if reason else "")
    view = grid.iloc[1:, :-1]
    options = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1, "linewidths": 1, "cbar_kws": {"shrink": 0.7}}
    sns.heatmap(view, annot=text.iloc[1:, :-1], fmt="", ax=ax, annot_kws={"size": 9}, **options)
    ax.set_xticklabels([name.replace("_", " ") for name in view.columns], rotation=40, ha="right")
    ax.set_yticklabels([name.replace("_", " ") for name in view.index], rotation=0)
    return fig


def plot_by_decile(score: pd.Series, value: pd.Series, finding: str):
    """Median and middle half of spend by tenth of the engagement score."""
    drawn = "Spend by tenth of the engagement score: median (dots) and middle half of customers (band)"
    fig, ax = new_figure(finding, drawn, 2.5)
    tenth = np.searchsorted(cut_points(score, np.arange(0.1, 1, 0.1)), score.dropna(), side="left")
    part = value[score.notna()].groupby(tenth).quantile([0.25, 0.5, 0.75]).unstack()
    ax.fill_between(part.index + 1, part[0.25], part[0.75], color="#cfe3e7", linewidth=0)
    ax.plot(part.index + 1, part[0.5], "o-", color=ACCENT, markersize=4)
    ax.set(
        xlabel="tenth of the engagement score (10 = most engaged)", ylabel="spend in the window", xticks=range(1, 11)
    )
    money_axis(ax.yaxis)
    return fig


def plot_response(rates: pd.DataFrame, finding: str):
    """Response rate by fifth of spend, with intervals."""
    fig, ax = new_figure(finding, "Campaign response by fifth of spend, 95 % intervals", 2.0)
    bars = [(100 * (rates[a] - rates[b])).clip(lower=0) for a, b in (("rate", "low"), ("high", "rate"))]
    ax.errorbar(rates.index, 100 * rates["rate"], yerr=bars, fmt="o", color=ACCENT, capsize=3)
    ax.set(xlabel="fifth of spend (5 = highest)", ylabel="% who responded", ylim=(0, None), xticks=list(rates.index))
    return fig


def plot_tiers(spend: pd.DataFrame, finding: str):
    """Median and middle half of spend by loyalty tier."""
    fig, ax = new_figure(finding, "Spend by loyalty tier: median (dots) and middle half of customers (bars)", 1.8)
    ax.hlines(range(len(spend)), spend["low"], spend["high"], color="#8fb8c1", linewidth=9)
    ax.plot(spend["mid"], range(len(spend)), "o", color=INK, markersize=5)
    ax.set_yticks(range(len(spend)), [short(tier) for tier in spend.index])
    ax.set(xlabel="spend in the window", ylim=(-0.5, len(spend) - 0.5))
    money_axis(ax.xaxis)
    return fig


def plot_rfm_map(people: pd.DataFrame, spend: pd.DataFrame, finding: str):
    """Two 5 x 5 maps over recency score (across) and frequency score (up): customers and mean spend."""
    drawn = "Recency score across, frequency score up. Left: customers. Right: mean spend per customer"
    fig, axes = new_figure(finding, drawn, 2.9, ncols=2)
    for ax, table, sign in ((axes[0], people, ""), (axes[1], spend, CURRENCY[0])):
        text = table.map(lambda value, sign=sign: "" if pd.isna(value) else f"{sign}{value:,.0f}")
        sns.heatmap(table, annot=text, fmt="", cmap="YlGnBu", cbar=False, linewidths=1, ax=ax, annot_kws={"size": 9})
        ax.set(xlabel="recency score (5 = most recent)", ylabel="frequency score")
        ax.tick_params(left=False, bottom=False, labelrotation=0)
    return fig


def plot_scores(sizes: pd.Series, finding: str):
    """Bars of customers by RFM score."""
    fig, ax = new_figure(finding, "Customers by RFM score, the sum of the three scores", 1.9)
    bars = ax.bar(sizes.index, sizes, color="#8fb8c1", width=0.8)
    ax.bar_label(bars, labels=[count(size) for size in sizes], fontsize=9, color=QUIET)
    ax.set(xlabel="RFM score", xticks=range(3, 16))
    ax.yaxis.set_visible(False)
    ax.spines["left"].set_visible(False)
    return fig


def plot_k(quality: pd.DataFrame, null: pd.DataFrame, null_rand: np.ndarray, finding: str):
    """Five views by k, beside shuffled columns, with the asked-for k marked."""
    drawn = (
        "Customers (dots), shuffled columns (squares), four segments (dotted line); stability with 95 % of its pairs"
    )
    fig, axes = new_figure(finding, drawn, 3.6, nrows=2, ncols=3)
    views = {
        "inertia": "inertia (lower = tighter)",
        "silhouette": "silhouette (higher)",
        "calinski": "Calinski-Harabasz (higher)",
        "davies": "Davies-Bouldin (lower)",
        "rand": "stability: adjusted Rand index (higher)",
        "smallest": "smallest segment, share",
    }
    for ax, (column, title) in zip(axes.flat, views.items(), strict=True):
        ax.plot(quality.index, quality[column], "o-", color=ACCENT, markersize=4)
        if column in null:
            ax.plot(null.index, null[column], "s--", color=QUIET, markersize=3, linewidth=1)
        ax.axvline(K, color=INK, linewidth=0.8, linestyle=":")
        ax.margins(y=0.1)
        ax.set(title=title, xticks=list(quality.index), ylim=(0, None))
    count_axis(axes[0, 2].yaxis)
    axes[1, 1].fill_between(quality.index, quality["low"], quality["high"], color="#cfe3e7", linewidth=0)
    axes[1, 1].plot(K, null_rand.mean(), "s", color=QUIET, markersize=4)
    axes[1, 1].set_ylim(0, 1.08)
    for ax in axes[1]:
        ax.set_xlabel("number of segments k")
    return fig


def plot_segments(customers: pd.DataFrame, units: dict, finding: str, drawn: str):
    """Pairs of R, F and M with a dot per sampled customer and a cross at each segment's median."""
    fig, axes = new_figure(finding, drawn, 3.0, ncols=3)
    for ax, (x, y) in zip(
        axes, (("Recency", "Frequency"), ("Recency", "Monetary"), ("Frequency", "Monetary")), strict=True
    ):
        for name in SEGMENTS[::-1]:
            dots = customers[customers["Segment_Name"] == name]
            dot = {"s": 7, "color": COLOUR[name], "alpha": 0.7, "linewidths": 0.2, "edgecolors": "#777777"}
            ax.scatter(dots[x], dots[y], label=name, **dot)
            ax.plot(dots[x].median(), dots[y].median(), "X", color=COLOUR[name], markeredgecolor=INK, markersize=9)
        ax.set(xlabel=f"{x.lower()} ({units[x]})", ylabel=f"{y.lower()} ({units[y]})")
    for ax in axes:
        ax.set_yscale("symlog" if customers[RFM].min().min() <= 0 else "log")
        count_axis(ax.yaxis)
    axes[2].set_xscale(axes[2].get_yscale())
    count_axis(axes[2].xaxis)
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=4, markerscale=2.5, fontsize=9.5)
    return fig


def plot_confidence(customers: pd.DataFrame, share: pd.Series, finding: str):
    """Distribution of confidence within each segment, the boundary shaded."""
    drawn = "Share of each segment's customers by confidence; the boundary is shaded"
    fig, axes = new_figure(finding, drawn, 1.7, ncols=K, sharey=True)
    style = {"bins": np.linspace(0, 1, 21), "edgecolor": QUIET, "linewidth": 0.3}
    for ax, name in zip(axes, SEGMENTS, strict=True):
        values = customers.loc[customers["Segment_Name"] == name, "Segment_Confidence"]
        ax.hist(values, weights=np.full(len(values), 100 / max(len(values), 1)), color=COLOUR[name], **style)
        ax.axvspan(0, BOUNDARY, color="#dddddd", zorder=0)
        ax.set(title=f"{name}\n{percent(share[name])} on the boundary", xlabel="confidence", xlim=(0, 1))
    axes[0].set_ylabel("% of segment")
    return fig


def plot_relative(table: pd.DataFrame, finding: str):
    """Segments down, measures across; colour by how many times the average, on a logarithmic scale."""
    fig, ax = new_figure(finding, "Each segment against the average customer: x2.0 is twice the average", 2.7)
    shade = np.log2(table.clip(lower=0.05).astype(float))
    text = table.map(lambda value: "" if pd.isna(value) else f"x{value:.2g}")
    options = {"cmap": "RdBu_r", "vmin": -2.5, "vmax": 2.5, "cbar": False, "linewidths": 1}
    sns.heatmap(shade, annot=text, fmt="", ax=ax, annot_kws={"size": 9.5}, **options)
    labels = [name.replace("_Mean", "").replace("_", " ") for name in table.columns]
    ax.set_xticklabels(labels, rotation=30, ha="right")
    ax.set(xlabel="", ylabel="")
    ax.tick_params(left=False, bottom=False)
    return fig


def plot_lorenz(customers: pd.DataFrame, profiles: pd.DataFrame, finding: str):
    """Left: Lorenz curve, each stretch in the colour of its most frequent segment. Right: the segments' shares."""
    drawn = "Left: Lorenz curve, coloured by the segment of most customers there. Right: shares by segment"
    fig, axes = new_figure(finding, drawn, 2.9, ncols=2)
    ranked = customers[["Monetary", "Cluster"]].iloc[np.lexsort(customers[RFM].to_numpy().T)]
    line = np.concatenate([[0], np.cumsum(ranked["Monetary"])]) / (ranked["Monetary"].sum() or 1)
    at = np.unique(np.linspace(0, len(ranked), 51).astype(int))
    for start, end in itertools.pairwise(at):
        most = np.bincount(ranked["Cluster"].iloc[start:end]).argmax()
        spot = np.linspace(start, end, 5).astype(int)
        axes[0].plot(100 * spot / len(ranked), 100 * line[spot], color=COLOUR[SEGMENTS[most]], linewidth=4)
    axes[0].plot([0, 100], [0, 100], color=QUIET, linewidth=0.8, linestyle="--")
    axes[0].set(xlabel="% of customers, lowest spenders first", ylabel="% of revenue", xlim=(0, 100), ylim=(0, 100))
    for row, column in enumerate(("Revenue_Share", "Customer_Share")):
        left = 0.0
        for name in SEGMENTS:
            share = 100 * profiles.loc[name, column]
            axes[1].barh(row, share, left=left, color=COLOUR[name], edgecolor="white")
            if share >= 7:
                ink = "white" if name in (VIP, LOYAL) else INK
                axes[1].text(left + share / 2, row, f"{share:.0f}", ha="center", va="center", color=ink)
            left += share
    axes[1].set_yticks([0, 1], ["revenue", "customers"])
    axes[1].set(xlim=(0, 100), xlabel="% of the total")
    handles = [plt.Rectangle((0, 0), 1, 1, color=COLOUR[name]) for name in SEGMENTS]
    axes[1].legend(handles, SEGMENTS, loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2)
    return fig


def plot_levels(shares: pd.DataFrame, finding: str):
    """One bar per segment, split into engagement levels (percent)."""
    fig, ax = new_figure(finding, "Engagement level within each segment, % of its customers", 1.9)
    left = np.zeros(len(shares))
    for level, colour in zip(LEVELS, ("#e4e4e4", "#8fb8c1", "#1f5d6b"), strict=True):
        bars = ax.barh(shares.index[::-1], shares[level][::-1], left=left, color=colour, edgecolor="white", label=level)
        labels = [f"{value:.0f} %" if value >= 6 else "" for value in shares[level][::-1]]
        ax.bar_label(bars, labels=labels, label_type="center", color="white" if level == "High" else INK)
        left = left + shares[level][::-1].to_numpy()
    ax.set_xlim(0, 100)
    ax.xaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(left=False)
    fig.legend(loc="outside lower center", ncols=3)
    return fig


def plot_means(table: pd.DataFrame, finding: str, drawn: str, unit: str):
    """A dot per segment with its interval, in the segment's colour."""
    fig, ax = new_figure(finding, drawn, 1.8)
    for row, name in enumerate(SEGMENTS[::-1]):
        low, mean, high = table.loc[name, ["low", "mean", "high"]].fillna(table.loc[name, "mean"])
        if np.isnan(mean):
            continue
        ax.hlines(row, low, high, color=QUIET, linewidth=2.5)
        ax.plot(mean, row, "o", color=COLOUR[name], markersize=10, markeredgecolor="#555555")
        ax.annotate(f"{mean:.1f}", (mean, row), (0, 8), textcoords="offset points", ha="center")
    ax.set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    ax.set(xlabel=unit, ylim=(-0.4, len(SEGMENTS) - 0.3))
    return fig


def plot_shares(ends: list, sizes: np.ndarray, finding: str):
    """A line per segment, shape (ends, K): customers at each quarter end, labelled at the right."""
    fig, ax = new_figure(finding, "Customers by segment at each quarter end, under the frozen model", 2.6)
    at = np.arange(len(ends))
    gap, last = 0.085 * sizes.max(), -np.inf
    places = {}
    for number in np.argsort(sizes[-1], kind="stable"):
        last = max(sizes[-1, number], last + gap)
        places[number] = last
    for number, (name, marker) in enumerate(zip(SEGMENTS, "oD^s", strict=True)):
        edge = "#8a857b" if name == AT_RISK else COLOUR[name]
        ax.plot(
            at, sizes[:, number], marker=marker, color=COLOUR[name], markeredgecolor=edge, markersize=5, linewidth=2
        )
        ax.annotate(f"{name} {count(sizes[-1, number])}", (at[-1] + 0.12, places[number]), va="center")
    ax.set_xticks(at, [end.strftime("%b\n%Y") for end in ends])
    ax.set(xlim=(-0.2, at[-1] * 1.36 + 0.5), ylim=(0, None), ylabel="customers")
    ax.spines["bottom"].set_bounds(-0.2, at[-1] + 0.2)
    count_axis(ax.yaxis)
    return fig


def node_sizes(flows: np.ndarray) -> np.ndarray:
    """Customers per date and node, shape (dates, K + 1), of migration matrices (dates - 1, K + 1, K + 1)."""
    leaving, arriving = flows.sum(axis=2), flows.sum(axis=1)
    return np.vstack([leaving[:1], np.maximum(leaving[1:], arriving[:-1]), arriving[-1:]])


def plot_flows(flows: np.ndarray, dates: list[str], finding: str):
    """Alluvial picture: a bar per date, split by segment, with ribbons in the colour of the earlier segment."""
    drawn = "Customers by segment; ribbons in the colour of the earlier one; hatched: no order in the window"
    fig, ax = new_figure(finding, drawn, 4.2)
    sizes, wide = node_sizes(flows), 0.05
    names, colours = [*SEGMENTS, "not in the window"], [*COLOUR.values(), "white"]
    tops = -np.cumsum(np.hstack([np.zeros((len(sizes), 1)), sizes + 0.04 * sizes.sum(axis=1).max()]), axis=1)[:, :-1]
    ease = np.linspace(0, 1, 40)
    for n, flow in enumerate(flows):
        start, end = tops[n].copy(), tops[n + 1].copy()
        for a, b in zip(*np.nonzero(np.ones_like(flow)), strict=True):
            upper = start[a] + (end[b] - start[a]) * ease**2 * (3 - 2 * ease)
            tone = colours[a] if a < K else "#f2f0ec"
            across = n + wide + ease * (1 - 2 * wide)
            ax.fill_between(across, upper - flow[a, b], upper, color=tone, alpha=0.8, linewidth=0)
            start[a], end[b] = start[a] - flow[a, b], end[b] - flow[a, b]
    for (n, k), size in np.ndenumerate(sizes):
        look = {"color": colours[k], "edgecolor": "#77736a", "linewidth": 0.6, "hatch": "////" if k == K else None}
        ax.bar(n, -size, bottom=tops[n, k], width=2 * wide, **look)
        if n in (0, len(sizes) - 1):
            place = {"ha": "right", "x": n - wide - 0.02} if n == 0 else {"ha": "left", "x": n + wide + 0.02}
            ax.text(y=tops[n, k] - size / 2, s=f"{names[k]}\n{count(size)}", va="center", **place)
    ax.set_xticks(range(len(dates)), dates)
    ax.set_xlim(-0.12 - 0.2 * len(flows), len(flows) + 0.12 + 0.2 * len(flows))
    ax.yaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(bottom=False)
    return fig


def plot_calibration(by_tenth: pd.DataFrame, by_name: pd.DataFrame, finding: str, drawn: str):
    """Left: predicted against actual spend by tenth of the forecast. Right: their ratio by segment, with intervals."""
    fig, axes = new_figure(finding, drawn, 2.9, ncols=2)
    ends = by_tenth[["mean", "actual"]].to_numpy()
    low, high = (0.7 * ends.min(), 1.5 * ends.max()) if ends.min() >= 1 else (0.0, 1.5 * max(ends.max(), 1.0))
    scale = {"value": "log"} if low else {"value": "symlog", "linthresh": 10}
    axes[0].plot([low, high], [low, high], color=QUIET, linewidth=0.8, linestyle="--")
    axes[0].plot(by_tenth["mean"], by_tenth["actual"], "o", color=ACCENT, markersize=6)
    axes[0].set_xscale(**scale)
    axes[0].set_yscale(**scale)
    axes[0].set(xlabel="predicted spend", ylabel="actual spend", xlim=(low, high), ylim=(low, high))
    money_axis(axes[0].xaxis)
    money_axis(axes[0].yaxis)
    for row, name in enumerate(SEGMENTS[::-1]):
        part = by_name.loc[name]
        if not part["actual"] > 0:
            continue
        start, middle, stop = (100 * part[column] / part["actual"] for column in ("low", "mean", "high"))
        axes[1].hlines(row, start, stop, color=QUIET, linewidth=2.5)
        axes[1].plot(middle, row, "o", color=COLOUR[name], markersize=10, markeredgecolor="#555555")
        axes[1].annotate(f"{middle:.0f} %", (middle, row), (0, 8), textcoords="offset points", ha="center")
    axes[1].axvline(100, color=QUIET, linewidth=0.8, linestyle="--")
    axes[1].set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    axes[1].set(xlabel="predicted, % of actual", ylim=(-0.4, len(SEGMENTS) - 0.4))
    return fig


def plot_values(clv: pd.Series, names: pd.Series, shares: pd.DataFrame, finding: str, drawn: str):
    """Left: expected value of each segment's customers, range and median. Right: shares of customers and of value."""
    fig, axes = new_figure(finding, drawn, 2.5, ncols=2, sharey=True)
    for row, name in enumerate(SEGMENTS[::-1]):
        mine, edge = clv[names == name], {"edgecolor": "#555555", "linewidth": 0.5}
        low, first, middle, third, high = np.quantile(mine, [0.05, 0.25, 0.5, 0.75, 0.95]).round(2)
        axes[0].barh(row, high - low, left=low, height=0.16, color=COLOUR[name], **edge)
        axes[0].barh(row, third - first, left=first, height=0.5, color=COLOUR[name], **edge)
        axes[0].plot(middle, row, "o", color="white", markeredgecolor=INK, markersize=7)
        axes[0].annotate(money(middle), (middle, row + 0.3), (0, 1), textcoords="offset points", ha="center")
        for place, (column, hatch) in enumerate((("value", None), ("customers", "////"))):
            share, y = 100 * shares.loc[name, column], row + 0.38 * place - 0.19
            face = "white" if hatch else COLOUR[name]
            shade = COLOUR[name] if name != AT_RISK else "#9a958b"
            axes[1].barh(y, share, height=0.36, color=face, hatch=hatch, edgecolor=shade)
            label = f"{share:.1f} % of {column}"
            axes[1].annotate(label, (share, y), (4, 0), textcoords="offset points", va="center")
    low, high = np.quantile(clv, [0.01, 0.99]).round(2)
    logarithmic = low >= 1
    axes[0].set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    axes[0].set(
        xscale="log" if logarithmic else "symlog", xlabel="CLV_12M per customer", ylim=(-0.5, len(SEGMENTS) - 0.3)
    )
    axes[0].set_xlim(0.5 * low if logarithmic else 0, 1.6 * max(high, 1))
    money_axis(axes[0].xaxis)
    axes[1].set_xlim(0, 165 * max(shares.max().max(), 0.01))
    axes[1].xaxis.set_visible(False)
    axes[1].spines["bottom"].set_visible(False)
    return fig


def plot_guess(matrix: pd.DataFrame, chances: pd.DataFrame, finding: str):
    """Left: share of each true segment (row) by guess (column). Right: stated chance against what came true."""
    drawn = "Left: guesses for each true segment, % of its row. Right: stated chance and how often it came true"
    fig, (left, right) = new_figure(finding, drawn, 2.4, ncols=2, width_ratios=[1.25, 1])
    labels = [textwrap.fill(name, 13) for name in matrix.index]
    options = {"cmap": "Blues", "vmin": 0, "vmax": 130, "cbar": False, "linewidths": 1, "annot_kws": {"size": 9.5}}
    sns.heatmap(matrix, annot=matrix.map("{:.0f} %".format), fmt="", ax=left, **options)
    left.set_xticklabels(labels, rotation=0)
    left.set_yticklabels(labels, rotation=0)
    left.tick_params(length=0)
    left.set(xlabel=f"guessed after {GUESS_DAYS} days", ylabel=f"true after {GUESS_MONTHS} months")
    low = 10 * np.floor(10 * min(chances["chance"].min(), chances["right"].min()))
    right.plot([low, 100], [low, 100], color=QUIET, linewidth=0.8, linestyle="--")
    right.plot((100 * chances["chance"]).round(6), (100 * chances["right"]).round(6), "o-", color=ACCENT, markersize=5)
    middle = low + 0.4 * (100 - low)
    right.annotate("as stated", (middle, middle), (-6, 6), textcoords="offset points", color=QUIET, ha="right")
    right.set(xlabel="stated chance of the guess, %", ylabel="came true, %")
    return fig


def plot_horizons(table: pd.DataFrame, lost: pd.Series, finding: str):
    """Left: balanced accuracy by days of history, with interval and baselines. Right: what shuffling columns costs."""
    drawn = "Left: balanced accuracy by days of history (band: 95 % interval). Right: worth of each column"
    fig, (left, right) = new_figure(finding, drawn, 2.7, ncols=2, width_ratios=[1.35, 1])
    at, table = range(len(table)), (100 * table).round(6)
    left.fill_between(at, table["low"], table["high"], color="#cfe3e7", linewidth=0)
    lines = {
        "guess": ("early guess", ACCENT, "o-", 1, (0, 16)),
        "rule": ("by number of orders", INK, "s--", 3, (10, -10)),
    }
    for name, (label, colour, style, spot, offset) in lines.items():
        left.plot(at, table[name], style, color=colour, markersize=5)
        side = "center" if name == "guess" else "left"
        left.annotate(label, (spot, table[name].iloc[spot]), offset, textcoords="offset points", color=colour, ha=side)
    always = table["always"].iloc[0]
    left.axhline(always, color=QUIET, linewidth=0.8, linestyle=":")
    left.annotate("always the largest", (5.25, always), (0, -12), textcoords="offset points", color=QUIET, ha="right")
    left.set(xlim=(-0.3, 5.3), ylim=(table.min().min() - 8, table.max().max() + 3))
    left.set_xticks(at, table.index)
    left.set(xlabel="days since the first order", ylabel="balanced accuracy, %")
    lost = (100 * lost).round(6)[::-1]
    right.barh(range(len(lost)), lost, color="#8fb8c1")
    for row, value in enumerate(lost):
        right.annotate(f"{value:.0f} %", (max(value, 0), row), (4, 0), textcoords="offset points", va="center")
    right.set_yticks(range(len(lost)), lost.index)
    right.set_xlim(min(0, lost.min()) * 1.2, max(lost.max(), 1) * 1.2)
    right.set_xlabel("log loss gained by shuffling, %")
    return fig


def plot_power(table: pd.DataFrame, kpis: list[str], finding: str):
    """Chance of finding a lift, a panel per KPI, a line per segment; the feasible region shaded."""
    drawn = (
        "Customers of today, split 50/50; markers: the lift of chapter 8; a line ends where a share would pass 100 %"
    )
    fig, axes = new_figure(finding, drawn, 2.7, ncols=len(kpis), sharey=True, squeeze=False)
    top = float(np.nanmax([0.3, *(1.25 * table["Lift"])]))
    grid, marks = np.linspace(0.001, top, 150), dict(zip(SEGMENTS, "oD^s", strict=True))
    for ax, kpi in zip(axes[0], kpis, strict=True):
        ax.axhspan(100 * POWER, 103, color="#e4efe6", zorder=0)
        ax.text(0.98, 0.83, "feasible", transform=ax.transAxes, ha="right", va="center", color="#2f6b3c", size=9)
        for name, style in zip(SEGMENTS, ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1))), strict=True):
            row, shade = table.loc[(name, kpi)], COLOUR[name] if name != AT_RISK else "#9a958b"
            line = [power_of(row.Base, g, row.Customers, row.SD, row.Alpha, left=row.Left) for g in (*grid, row.Lift)]
            line = 100 * np.round(line, 6)
            ax.plot(100 * grid, line[:-1], color=shade, linestyle=style, linewidth=2)
            ax.plot(100 * row.Lift, line[-1], marks[name], color=shade, markeredgecolor=INK, markersize=8, zorder=3)
            ax.plot([], [], color=shade, linestyle=style, marker=marks[name], label=name)
        ax.set(title=kpi_heading(kpi), xlabel="relative lift, %", ylim=(0, 103), xlim=(0, 100 * top))
    axes[0, 0].set_ylabel("found, % of tests")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    return fig


def plot_overview(profiles: pd.DataFrame, finding: str):
    """Share of customers and of revenue, one pair of bars per segment."""
    fig, ax = new_figure(finding, "Share of customers (hatched) and of revenue (solid) by segment", 2.5)
    for row, name in enumerate(SEGMENTS[::-1]):
        for place, (column, hatch) in enumerate((("Revenue_Share", None), ("Customer_Share", "////"))):
            share = 100 * profiles.loc[name, column]
            y = row + 0.38 * place - 0.19
            edge = COLOUR[name] if name != AT_RISK else "#9a958b"
            ax.barh(y, share, height=0.36, color="white" if hatch else COLOUR[name], hatch=hatch, edgecolor=edge)
            label = f"{share:.1f} % of {'customers' if hatch else 'revenue'}"
            ax.annotate(label, (share, y), (4, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    ax.set_xlim(0, 100 * profiles[["Revenue_Share", "Customer_Share"]].max().max() * 1.25)
    ax.xaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(left=False)
    return fig


def plot_summary(
    profiles: pd.DataFrame, final: pd.DataFrame, worth: pd.DataFrame | None, step: str, foot: str, playbook: dict
):
    """One page for a slide, 16 to 9: per segment its shares, its customers, its worth and what to do."""
    fig, ax = plt.subplots(figsize=(12.8, 7.2))
    fig.subplots_adjust(0, 0, 1, 1)
    ax.set(xlim=(0, 16), ylim=(0, 9))
    ax.set_axis_off()
    top = profiles.loc[[VIP, LOYAL], ["Customer_Share", "Revenue_Share"]].sum()
    title = f"{VIP} and {LOYAL}:\n{percent(top.iloc[0])} of customers, {percent(top.iloc[1])} of revenue"
    ax.text(0.5, 8.4, title, size=20, weight="bold", va="center")
    heads = {0.5: "Segment", 4.1: "Customers (hatched), revenue", 8.2: "Typical customer", 11.4: "What to do"}
    for x, head in heads.items():
        ax.text(x, 7.5, head, size=13, color=QUIET)
    widest = profiles[["Customer_Share", "Revenue_Share"]].max().max() or 1
    for row, (name, part) in enumerate(profiles.iterrows()):
        y, plan_row = 6.65 - 1.5 * row, final.set_index("Segment").loc[name]
        ax.barh(y - 0.1, 0.14, height=1.1, left=0.5, color=COLOUR[name], edgecolor="#77736a", linewidth=0.5)
        ax.text(0.8, y, f"{name}\n{count(part['Customers'])} customers", size=13, va="center", weight="bold")
        for dy, column, hatch in ((0.2, "Revenue_Share", None), (-0.3, "Customer_Share", "////")):
            edge = COLOUR[name] if name != AT_RISK else "#9a958b"
            look = {"color": "white" if hatch else COLOUR[name], "hatch": hatch, "edgecolor": edge}
            ax.barh(y + dy, 2.8 * part[column] / widest, height=0.42, left=4.1, **look)
            ax.text(4.2 + 2.8 * part[column] / widest, y + dy, percent(part[column]), size=13, va="center")
        ahead = f"\nnext year worth {money(worth.loc[name, 'CLV_12M'])}" if worth is not None else ""
        typical = f"{plural(part['Frequency_Median'], 'order')}, {money(part['Monetary_Median'])}\n"
        ax.text(8.2, y, f"{typical}last {plural(part['Recency_Median'], 'day')} ago{ahead}", size=13, va="center")
        act = textwrap.fill(f"{plan_row['Goal']}: {playbook[name][1].split(';')[0]}", 34)
        ax.text(11.4, y, f"{act}\n{money(plan_row['At stake'])} at stake", size=13, va="center")
    ax.text(0.5, 0.85, textwrap.fill(f"Do first: {step}", 105), size=13, weight="bold", va="center")
    ax.text(0.5, 0.22, foot, size=11, color=QUIET, va="center")
    return fig
