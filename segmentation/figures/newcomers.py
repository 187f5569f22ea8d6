"""How well the early guess recognises segments, and how it gets better with days of history."""

import textwrap

import numpy as np
import pandas as pd
import seaborn as sns

from segmentation.figures.style import ACCENT, QUIET


def plot_guess(early, canvas):
    """Left: share of each true segment (row) by guess (column). Right: stated chance against what came true."""
    shows = "Confusion matrix of the early guess, and its stated chance against what came true"
    drawn = "Left: guesses for each true segment, % of its row. Right: stated chance and how often it came true"
    fig, (left, right) = canvas.axes(shows, drawn, 2.4, ncols=2, width_ratios=[1.25, 1])
    matrix = early.chosen.matrix
    share = pd.DataFrame(100 * matrix / matrix.sum(axis=1, keepdims=True))
    options = {"cmap": "Blues", "vmin": 0, "vmax": 130, "cbar": False, "linewidths": 1, "annot_kws": {"size": 9.5}}
    sns.heatmap(share, annot=share.map("{:.0f} %".format), fmt="", ax=left, **options)
    labels = [textwrap.fill(name, 13) for name in early.names]
    left.set_xticklabels(labels, rotation=0)
    left.set_yticklabels(labels, rotation=0)
    left.tick_params(length=0)
    left.set(xlabel=f"guessed after {early.chosen.days} days", ylabel=f"true after {early.months} months")
    points = (100 * early.chosen.calibration).round(6)
    low = 10 * np.floor(points[["stated", "true"]].min().min() / 10)
    right.plot([low, 100], [low, 100], color=QUIET, linewidth=0.8, linestyle="--")
    right.plot(points["stated"], points["true"], "o-", color=ACCENT, markersize=5)
    middle = low + 0.4 * (100 - low)
    right.annotate("as stated", (middle, middle), (-6, 6), textcoords="offset points", color=QUIET, ha="right")
    right.set(xlabel="stated chance of the guess, %", ylabel="came true, %")
    return fig
