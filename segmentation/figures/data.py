"""Figures of the data as they were read."""

from segmentation.figures.style import ACCENT, SOFT


def plot_months(months, canvas):
    """Bars of spend per month (orders.Months); months that the log covers in part are hollow."""
    spend, part = months.spend, ~months.whole.to_numpy()
    span = f"from {spend.index[0]:%B %Y} to {spend.index[-1]:%B %Y}"
    drawn = "Spend per month in the order log, November and December dark"
    drawn += ", part months hollow" if any(part) else ""
    figure, axes = canvas.axes(shows=f"Bars of spend per month {span}", drawn=drawn, height=2.0)
    shade = [ACCENT if month.month in (11, 12) else SOFT for month in spend.index]
    for bar, hollow, edge in zip(axes.bar(range(len(spend)), spend, color=shade, width=0.8), part, shade, strict=True):
        if hollow:
            bar.set(facecolor="none", edgecolor=edge, hatch="///")
    labelled = [place for place, month in enumerate(spend.index) if month.month in ((1,) if canvas.narrow else (1, 7))]
    axes.set_xticks(labelled, [f"{spend.index[place]:%b %Y}" for place in labelled])
    canvas.money(axes.yaxis)
    return figure
