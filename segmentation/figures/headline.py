"""The first picture, and the page for a slide."""

import textwrap

import matplotlib.pyplot as plt
import pandas as pd

from segmentation.figures.style import COLOUR, QUIET, Canvas, even_lines
from segmentation.headline import Answer
from segmentation.planning import in_short, tasks
from segmentation.problems import LeftOut
from segmentation.vocabulary import LOYAL, PROMISING, SEGMENTS, VIP
from segmentation.words import Words

CROWDED = 1.25  # of the height of a row on the summary page, where warnings take from it: smaller letters
SHARES = {"Revenue_Share": ("revenue", None), "Customer_Share": ("customers", "////")}  # column: (word, hatch)


def share_bar(ax, name: str, row: float, width: float, hatch: str | None, **look) -> None:
    """A bar in a segment's colour: solid, or hatched on white."""
    face = "white" if hatch else COLOUR[name]
    ax.barh(row, width, color=face, hatch=hatch, edgecolor=COLOUR[name], **look)


def plot_overview(segments: pd.DataFrame, canvas: Canvas):
    """Share of customers and of revenue, one pair of bars per segment (segments: profiles.describe)."""
    fig, ax = canvas.axes(
        "Bars of each segment's share of customers and revenue",
        "Share of customers (hatched) and of revenue (solid) by segment",
        2.5,
    )
    for row, name in enumerate(SEGMENTS[::-1]):
        for place, (column, (word, hatch)) in enumerate(SHARES.items()):
            share = 100 * segments.loc[name, column]
            level = row + 0.38 * place - 0.19
            share_bar(ax, name, level, share, hatch, height=0.36)
            ax.annotate(f"{share:.1f} % of {word}", (share, level), (4, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    ax.set_xlim(0, 100 * segments[list(SHARES)].max().max() * 1.25)
    ax.xaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(left=False)
    return fig


def plot_summary(answer: Answer, words: Words):
    """One page for a slide, 16 to 9: per segment its shares, its customers, the margin ahead and what to do."""
    fig, ax = plt.subplots(figsize=(12.8, 7.2))
    fig.subplots_adjust(0, 0, 1, 1)
    ax.set(xlim=(0, 16), ylim=(0, 9))
    ax.set_axis_off()
    top = answer.segments.loc[[VIP, LOYAL], list(SHARES)].sum()
    title = "{vip} and {loyal}:\n{customers:%} of customers, {revenue:%} of revenue"
    shares = {"customers": top["Customer_Share"], "revenue": top["Revenue_Share"]}
    ax.text(0.5, 8.4, words.text(title, vip=VIP, loyal=LOYAL, **shares), size=20, weight="bold", va="center")
    heads = {0.5: "Segment", 4.1: "Customers (hatched), revenue", 8.2: "Typical customer", 11.4: "What to do"}
    for x, head in heads.items():
        ax.text(x, 7.5, head, size=13, color=QUIET)
    warned = [textwrap.fill(f"Warning: {words.text(said)}", 140) for said in answer.warnings]
    lines = "\n".join(warned).count("\n") + 1 if warned else 0
    step = 1.5 - 0.075 * lines
    for row, name in enumerate(SEGMENTS):
        summary_row(ax, 6.65 - step * row, step, name, answer, words)
    if warned:
        look = {"facecolor": "#fdf3e3", "edgecolor": COLOUR[PROMISING], "linewidth": 1, "boxstyle": "square,pad=0.4"}
        ax.text(0.62, 1.35, "\n".join(warned), size=11, va="bottom", bbox=look)
    first = "\n".join(even_lines(words.text("Do first: {step}", step=in_short(answer.plan)), 112))
    ax.text(0.5, 0.8, first, size=12.5, weight="bold", va="center")
    ax.text(0.5, 0.22, words.text(answer.made), size=11, color=QUIET, va="center")
    return fig


def summary_row(ax, y: float, step: float, name: str, answer: Answer, words: Words) -> None:
    """One segment of the summary page, centred at y, on `step` of its height."""
    size = 13 if step > CROWDED else 11
    part = answer.segments.loc[name]
    widest = answer.segments[list(SHARES)].max().max() or 1
    ax.barh(y, 0.14, height=0.72 * step, left=0.5, color=COLOUR[name], edgecolor="#77736a", linewidth=0.5)
    ax.text(0.8, y, f"{name}\n{part['Customers']:,.0f} customers", size=size, va="center", weight="bold")
    for level, (column, (_, hatch)) in zip((y + 0.165 * step, y - 0.165 * step), SHARES.items(), strict=True):
        width = 2.8 * part[column] / widest
        share_bar(ax, name, level, width, hatch, height=0.28 * step, left=4.1)
        ax.text(4.2 + width, level, words.text("{share:%}", share=part[column]), size=size, va="center")
    typical = "{Frequency_Median:# order}, {Monetary_Median:$}\nlast {Recency_Median:# day} ago"
    ahead = "" if isinstance(answer.ahead, LeftOut) else words.money(answer.ahead[name])
    typical = words.text(typical, **part) + (f"\n{ahead} of margin ahead" if ahead else "")
    ax.text(8.2, y, typical, size=size, va="center")
    todo = [textwrap.shorten(words.text(part), 76, placeholder=" ...") for part in tasks(answer.plan, name)[:2]]
    ax.text(11.4, y, "\n".join(textwrap.fill(part, 38) for part in todo), size=size - 1, va="center")
