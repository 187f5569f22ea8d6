"""Every figure: a function plot_x(result, canvas) that draws one result; one module per chapter or two."""

from segmentation.figures.clusters import plot_confidence, plot_k, plot_segments
from segmentation.figures.data import plot_months
from segmentation.figures.exploring import (
    plot_correlations,
    plot_distributions,
    plot_engaged,
)
from segmentation.figures.habits import plot_overdue, plot_retention
from segmentation.figures.headline import plot_overview, plot_summary
from segmentation.figures.movement import plot_shares, plot_since
from segmentation.figures.newcomers import plot_guess
from segmentation.figures.plan import plot_plan, plot_power, plot_score_map
from segmentation.figures.profiles import plot_carts, plot_relative
from segmentation.figures.value import plot_calibration, plot_values

__all__ = [
    "plot_calibration",
    "plot_carts",
    "plot_confidence",
    "plot_correlations",
    "plot_distributions",
    "plot_engaged",
    "plot_guess",
    "plot_k",
    "plot_months",
    "plot_overdue",
    "plot_overview",
    "plot_plan",
    "plot_power",
    "plot_relative",
    "plot_retention",
    "plot_score_map",
    "plot_segments",
    "plot_shares",
    "plot_since",
    "plot_summary",
    "plot_values",
]
