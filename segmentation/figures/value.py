"""Chapter 10: how far the forecast was off, and what segments are worth."""

import numpy as np

from segmentation.budget import Valued
from segmentation.calibration import Forecast
from segmentation.figures.style import ACCENT, COLOUR, INK, QUIET
from segmentation.vocabulary import SEGMENTS


def plot_calibration(forecast: Forecast, canvas):
    """Left: predicted against actual spend by tenth of the forecast. Right: their ratio by segment, with intervals."""
    drawn = (
        "Spend per customer in the judged year. Left: parts of equal size by forecast. Right: segments, 95 % intervals"
    )
    shows = f"Dots of predicted against actual spend per customer by {forecast.by_part.index.name} and by segment"
    fig, (left, right) = canvas.axes(shows, drawn, 2.9, ncols=2)
    ends = forecast.by_part[["predicted", "actual"]].to_numpy().round(2)
    low, high = (0.7 * ends.min(), 1.5 * ends.max()) if ends.min() >= 1 else (0.0, 1.5 * max(ends.max(), 1.0))
    scale = {"value": "log"} if low else {"value": "symlog", "linthresh": 10}
    left.plot([low, high], [low, high], color=QUIET, linewidth=0.8, linestyle="--")
    left.plot(*ends.T, "o", color=ACCENT, markersize=6)
    left.set_xscale(**scale)
    left.set_yscale(**scale)
    left.set(xlabel="predicted spend", ylabel="actual spend", xlim=(low, high), ylim=(low, high))
    canvas.money(left.xaxis)
    canvas.money(left.yaxis)
    for row, name in enumerate(SEGMENTS[::-1]):
        means = forecast.by_segment.loc[name, ["low", "predicted", "high", "actual"]].astype(float).round(2)
        if not means["actual"] > 0:
            continue
        start, middle, stop = 100 * means[:3] / means["actual"]
        right.hlines(row, start, stop, color=QUIET, linewidth=2.5)
        right.plot(middle, row, "o", color=COLOUR[name], markersize=10, markeredgecolor="#555555")
        right.annotate(f"{middle:.0f} %", (middle, row), (0, 8), textcoords="offset points", ha="center")
    right.axvline(100, color=QUIET, linewidth=0.8, linestyle="--")
    right.set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    right.set(xlabel="predicted, % of actual", ylim=(-0.4, len(SEGMENTS) - 0.4))
    return fig


def plot_values(valued: Valued, canvas):
    """Left: expected value of each segment's customers, range and median. Right: shares of customers and of value."""
    drawn = "Left: median, middle half and 90 % of customers. Right: share of value (solid) and customers (hatched)"
    shows = "Bars of expected twelve-month value per customer and of shares by segment"
    fig, (left, right) = canvas.axes(shows, drawn, 2.5, ncols=2, sharey=True)
    clv = valued.customers["CLV_12M"]
    totals = valued.by_segment[["Total", "Customers"]].set_axis(["value", "customers"], axis=1)
    shares = 100 * totals / totals.loc["All"].clip(lower=0.01)
    for row, name in enumerate(SEGMENTS[::-1]):
        mine, outline = clv[valued.customers["Segment"] == name], {"edgecolor": "#555555", "linewidth": 0.5}
        low, first, middle, third, high = np.quantile(mine, [0.05, 0.25, 0.5, 0.75, 0.95]).round(2)
        left.barh(row, high - low, left=low, height=0.16, color=COLOUR[name], **outline)
        left.barh(row, third - first, left=first, height=0.5, color=COLOUR[name], **outline)
        left.plot(middle, row, "o", color="white", markeredgecolor=INK, markersize=7)
        left.annotate(canvas.words.money(middle), (middle, row + 0.3), (0, 1), textcoords="offset points", ha="center")
        for y, column, face, hatch in ((-0.19, "value", COLOUR[name], None), (0.19, "customers", "white", "////")):
            share = shares.loc[name, column]
            right.barh(row + y, share, height=0.36, color=face, hatch=hatch, edgecolor=COLOUR[name])
            label = f"{share:.1f} % of {column}"
            right.annotate(label, (share, row + y), (4, 0), textcoords="offset points", va="center")
    low, high = np.quantile(clv, [0.01, 0.99]).round(2)
    left.set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    left.set(xscale="log" if low >= 1 else "symlog", xlabel="CLV_12M per customer", ylim=(-0.5, len(SEGMENTS) - 0.3))
    left.set_xlim(0.5 * low if low >= 1 else 0, 1.6 * max(high, 1))
    canvas.money(left.xaxis)
    right.set_xlim(0, 1.65 * max(shares.drop("All").max().max(), 1))
    right.xaxis.set_visible(False)
    right.spines["bottom"].set_visible(False)
    return fig
