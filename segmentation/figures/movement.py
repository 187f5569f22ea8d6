"""Figures of movement: segments at quarter ends, and flows since an earlier run."""

import numpy as np

from segmentation.changes import Since
from segmentation.figures.style import COLOUR, Canvas
from segmentation.movement import Movement
from segmentation.vocabulary import AT_RISK, SEGMENTS
from segmentation.words import count


def plot_shares(moves: Movement, canvas: Canvas):
    """A line per segment: customers at each quarter end, labelled at the right."""
    shows = f"Lines of customers by segment at {len(moves.dates)} quarter ends"
    fig, ax = canvas.axes(shows, "Customers by segment at each quarter end, under the frozen model", 2.6)
    sizes = moves.sizes
    last = len(sizes) - 1
    floor = 0
    for name, size in sizes.iloc[-1].sort_values(kind="stable").items():
        height = max(size, floor)
        floor = height + 0.085 * sizes.to_numpy().max()
        ax.annotate(f"{name} {count(size)}", (last + 0.12, height), va="center")
    for name, marker in zip(SEGMENTS, "oD^s", strict=True):
        look = {"color": COLOUR[name], "markeredgecolor": "#8a857b" if name == AT_RISK else COLOUR[name]}
        ax.plot(range(len(sizes)), sizes[name], marker=marker, markersize=5, linewidth=2, **look)
    step = 2 if canvas.narrow else 1
    ax.set_xticks(range(0, len(sizes), step), sizes.index[::step].strftime("%b\n%Y"))
    ax.set(xlim=(-0.2, last * (2.0 if canvas.narrow else 1.36) + 0.5), ylim=(0, None), ylabel="customers")
    ax.spines["bottom"].set_bounds(-0.2, last + 0.2)
    canvas.counts(ax.yaxis)
    return fig


def ribbons(ax, look: int, flow: np.ndarray, start: np.ndarray, end: np.ndarray, width: float) -> None:
    """Ribbons from the bars of one date (tops: start) to those of the next (end), in the colour of the earlier one."""
    ease = np.linspace(0, 1, 40)
    across = look + width + ease * (1 - 2 * width)
    start, end = start.copy(), end.copy()
    for (before, now), size in np.ndenumerate(flow):
        upper = start[before] + (end[now] - start[before]) * ease**2 * (3 - 2 * ease)
        colour = [*COLOUR.values(), "#f2f0ec"][before]
        ax.fill_between(across, upper - size, upper, color=colour, alpha=0.8, linewidth=0)
        start[before] -= size
        end[now] -= size


def flows(ax, cells: np.ndarray, labels: list[str], absent: list[str], gap: float = 0.04) -> None:
    """A bar per date, split by segment (hatched: absent, named at both ends); ribbons by cells (dates - 1, 5, 5)."""
    leaving, arriving = cells.sum(axis=2), cells.sum(axis=1)
    sizes = np.vstack([leaving[:1], np.maximum(leaving[1:], arriving[:-1]), arriving[-1:]])
    steps = sizes + gap * sizes.sum(axis=1).max()
    tops = steps - steps.cumsum(axis=1)
    width = 0.05
    for look, flow in enumerate(cells):
        ribbons(ax, look, flow, tops[look], tops[look + 1], width)
    for (look, part), size in np.ndenumerate(sizes):
        colour = [*COLOUR.values(), "white"][part]
        hatch = "////" if part == len(SEGMENTS) else None
        edge = {"edgecolor": "#77736a", "linewidth": 0.6, "hatch": hatch}
        ax.bar(look, -size, bottom=tops[look, part], width=2 * width, color=colour, **edge)
        ends = {0: ("right", -width - 0.02), len(sizes) - 1: ("left", width + 0.02)}
        if look in ends:
            side, offset = ends[look]
            name = [*SEGMENTS, absent[look > 0]][part]
            ax.text(look + offset, tops[look, part] - size / 2, f"{name}\n{count(size)}", ha=side, va="center")
    ax.set_xticks(range(len(sizes)), labels)
    ax.set_xlim(-0.12 - 0.2 * len(cells), len(cells) + 0.12 + 0.2 * len(cells))
    ax.yaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(bottom=False)


def plot_since(since: Since, canvas: Canvas):
    """Alluvial picture of two runs: who was where then, and is where now."""
    whose = "by the earlier run's borders" if since.view == "frozen" else "each run by its own borders"
    drawn = f"Customers by segment, {whose}; ribbons in the colour of the earlier one; hatched: not in that run"
    labels = [f"earlier run\n{since.then}", f"this run\n{since.now}"]
    fig, ax = canvas.axes(f"Flows between segments from the earlier run ({since.then}) to this one", drawn, 4.2)
    flows(ax, since.moves.matrix.iloc[:-1, :-1].to_numpy()[None], labels, ["new", "lost"], gap=0.09)
    return fig
