"""Figures of value: how far the forecast was off, and the margin that segments are expected to leave."""

from segmentation.budget import Valued
from segmentation.calibration import Forecast
from segmentation.figures.style import ACCENT, COLOUR, INK, QUIET
from segmentation.vocabulary import SEGMENTS


def plot_calibration(forecast: Forecast, canvas):
    """Left: predicted against actual spend by tenth of the forecast. Right: their ratio by segment, with chance."""
    drawn = "Spend per customer. Left: customers in {} of the forecast. Right: segments, bars: chance among customers"
    drawn = drawn.format("tenths" if forecast.by_part.index.name == "tenth" else "equal parts")
    shows = f"Dots of predicted against actual spend per customer by {forecast.by_part.index.name} and by segment"
    fig, (left, right) = canvas.axes(shows, drawn, 2.9, ncols=2)
    ends = forecast.by_part[["predicted", "actual"]].to_numpy().round(2)
    low, high = (0.7 * ends.min(), 1.5 * ends.max()) if ends.min() >= 1 else (0.0, 1.5 * max(ends.max(), 1.0))
    scale = {"value": "log"} if low else {"value": "symlog", "linthresh": 10}
    left.plot([low, high], [low, high], color=QUIET, linewidth=0.8, linestyle="--")
    left.plot(*ends.T, "o", color=ACCENT, markersize=6)
    left.set_xscale(**scale)
    left.set_yscale(**scale)
    left.set(xlabel="Predicted spend", ylabel="Actual spend", xlim=(low, high), ylim=(low, high))
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
    right.set(xlabel="Predicted, % of actual", ylim=(-0.4, len(SEGMENTS) - 0.4))
    return fig


def plot_values(valued: Valued, canvas):
    """Left: expected margin per customer of each segment, with its range. Right: shares of customers and of margin."""
    months, name = valued.assumptions.horizon_months, valued.forecast.range_name
    drawn = f"Left: margin per customer in {months} months, mean and {name}. Right: share of margin (solid), customers"
    shows = "Dots of expected margin per customer with ranges and bars of shares by segment"
    fig, (left, right) = canvas.axes(shows, drawn, 2.5, ncols=2, sharey=True)
    table = valued.by_segment.round(2)
    shares = 100 * table[["Total", "Customers"]] / table.loc["All", ["Total", "Customers"]].clip(lower=0.01)
    for row, segment in enumerate(SEGMENTS[::-1]):
        mean, low, high = table.loc[segment, ["predicted", "low", "high"]]
        if table.loc[segment, "Customers"]:
            left.hlines(row, low, high, color=COLOUR[segment], linewidth=6)
            left.plot(mean, row, "o", color="white", markeredgecolor=INK, markersize=7)
            label = canvas.words.money(mean)
            left.annotate(label, (high, row), (9, 0), textcoords="offset points", va="center")
        bars = (("Total", "margin", -0.19, COLOUR[segment], None), ("Customers", "customers", 0.19, "white", "////"))
        for column, noun, shift, face, hatch in bars:
            share = shares.loc[segment, column]
            right.barh(row + shift, share, height=0.36, color=face, hatch=hatch, edgecolor=COLOUR[segment])
            label = f"{share:.1f} % of {noun}"
            right.annotate(label, (share, row + shift), (4, 0), textcoords="offset points", va="center")
    left.set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    left.set(xlabel="Margin per customer", ylim=(-0.5, len(SEGMENTS) - 0.3))
    left.set_xlim(0, 1.2 * max(table["high"].max(), 1))
    left.locator_params(axis="x", nbins=5)
    canvas.money(left.xaxis)
    right.set_xlim(0, 1.65 * max(shares.drop("All").max().max(), 1))
    right.xaxis.set_visible(False)
    right.spines["bottom"].set_visible(False)
    return fig
