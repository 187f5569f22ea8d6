"""Who is overdue, and who comes back after joining."""

import numpy as np
import pandas as pd

from segmentation.figures.style import COLOUR, INK
from segmentation.overdue import STATES, Overdue
from segmentation.retention import Retention
from segmentation.vocabulary import SEGMENTS

HATCHES = {"on time": None, "due": "....", "overdue": "////"}


def plot_overdue(overdue: Overdue, canvas):
    """A bar per segment: shares of customers on time, due (hatched with dots) and overdue (with lines)."""
    drawn = "Days since the last order against the customer's own usual gap: up to it, beyond it, and far beyond it"
    fig, ax = canvas.axes("Bars of customers on time, due and overdue by segment", drawn, 2.3)
    shares = 100 * overdue.customers.div(overdue.customers.sum(axis=1).clip(lower=1), axis=0)
    for row, name in enumerate(SEGMENTS[::-1]):
        left = 0.0
        for state in STATES:
            share, hatch = shares.loc[name, state], HATCHES[state]
            face = COLOUR[name] if hatch is None else "white"
            ax.barh(row, share, left=left, color=face, hatch=hatch, edgecolor=COLOUR[name], height=0.62)
            if share >= 11 and state != STATES[-1]:
                light = hatch is None and name in SEGMENTS[:3]
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5} if hatch else None
                text = canvas.words.text("{n:#} {state}", n=overdue.customers.loc[name, state], state=state)
                look = {"ha": "center", "va": "center", "color": "white" if light else INK, "bbox": box, "size": 8.5}
                ax.text(left + share / 2, row, text, **look)
            left += share
        late = canvas.words.text("{n:#} overdue", n=overdue.customers.loc[name, STATES[-1]])
        ax.text(101, row, late, va="center", size=9.5)
    ax.set_yticks(range(len(SEGMENTS)), SEGMENTS[::-1])
    ax.set_xlim(0, 116)
    ax.xaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(left=False)
    return fig


def plot_retention(retention: Retention, canvas):
    """A row per quarter of the first order, a column per quarter since: the share that ordered in it."""
    shares = 100 * retention.shares
    drawn = "Of customers by the quarter of their first order, % that ordered in each later one; * the season"
    fig, ax = canvas.axes("Map of the share of joiners who order in later quarters", drawn, 0.27 * len(shares) + 0.6)
    own = shares[shares.index != retention.born]
    top = np.nanmax([1.0, own.to_numpy(float).max(initial=1.0, where=own.notna().to_numpy())])
    ax.imshow(shares.to_numpy(float), cmap="Blues", vmin=0, vmax=1.15 * top, aspect="auto")
    for (row, column), share in np.ndenumerate(shares.to_numpy(float)):
        if pd.notna(share):
            ax.text(column, row, f"{share:.0f}", ha="center", va="center", size=8.5,
                    color="white" if share > 0.7 * top else INK)  # fmt: skip
    if shares.index[0] == retention.born:
        ax.axhline(0.5, color="white", linewidth=5)
    sizes = [canvas.words.text("{label}   {n:#}", label=label, n=n)
             for label, n in zip(retention.labels, retention.sizes, strict=True)]  # fmt: skip
    ax.set_yticks(range(len(shares)), sizes)
    ax.set_xticks(range(shares.shape[1]), shares.columns)
    ax.set_xlabel("quarters since the first order")
    ax.tick_params(left=False, bottom=False)
    ax.spines[:].set_visible(False)
    return fig
