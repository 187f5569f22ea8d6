"""How well the early guess recognises segments, and how it gets better with days of history."""

import textwrap

import numpy as np
import pandas as pd
import seaborn as sns

from segmentation.figures.style import ACCENT, BAND, INK, QUIET


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


def plot_horizons(early, canvas):
    """Balanced accuracy by days of history: of the guess, with interval, and of what it has to beat."""
    drawn = "Balanced accuracy by days of history (band: 95 % interval)"
    fig, ax = canvas.axes("Balanced accuracy of the early guess by days of history", drawn, 2.7)
    days = [study.days for study in early.studies]
    at = np.arange(len(days))
    accuracy = (100 * pd.DataFrame([study.accuracy for study in early.studies])).round(6)
    low, high = (
        100 * np.array([study.resampled["guess"].quantile([0.025, 0.975]) for study in early.studies]).T
    ).round(6)
    ax.fill_between(at, low, high, color=BAND, linewidth=0)
    ax.plot(at, accuracy["guess"], "o-", color=ACCENT, markersize=5)
    ax.plot(at, accuracy["rule"], "s--", color=INK, markersize=5)
    ax.axhline(accuracy["always"].iloc[0], color=QUIET, linewidth=0.8, linestyle=":")
    labels = {"textcoords": "offset points"}
    ax.annotate("early guess", (at[-2], accuracy["guess"].iloc[-2]), (-12, 16), color=ACCENT, ha="right", **labels)
    ax.annotate("by number of orders", (at[-2], accuracy["rule"].iloc[-2]), (10, -10), color=INK, **labels)
    ax.annotate("always the largest", (at[-1], accuracy["always"].iloc[0]), (0, -12), color=QUIET, ha="right", **labels)
    ax.set_xticks(at, days)
    ax.set(xlim=(-0.3, len(days) - 0.7), ylim=(accuracy["always"].min() - 8, high.max() + 3))
    ax.set(xlabel="days since the first order", ylabel="balanced accuracy, %")
    return fig
