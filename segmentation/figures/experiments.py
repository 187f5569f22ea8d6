"""The figure of the experiments: how likely tests find a lift."""

import numpy as np

from segmentation.figures.style import EDGE, INK
from segmentation.vocabulary import SEGMENTS


def plot_power(feasible, canvas):
    """Chance of finding a lift, a panel per measure, a line per segment; the feasible region shaded."""
    drawn = f"Customers of today, split {feasible.split}; markers: the lift of chapter 8; "
    drawn += "a line ends where a share would pass 100 %"
    fig, axes = canvas.axes(
        "Power curves per segment", drawn, 2.7, ncols=len(feasible.panels), sharey=True, squeeze=False
    )
    top = float(np.nanmax([0.3, *(1.25 * feasible.table["Lift"])]))
    grid = np.linspace(0.001, top, 150)
    looks = {"-": "o", "--": "D", "-.": "^", (0, (4, 1, 1, 1, 1, 1)): "s"}  # line: marker
    for ax, kpi in zip(axes[0], feasible.panels, strict=True):
        ax.axhspan(100 * feasible.power, 103, color="#e4efe6", zorder=0)
        ax.text(0.98, 0.83, "feasible", transform=ax.transAxes, ha="right", va="center", color="#2f6b3c", size=9)
        for name, (line, marker) in zip(SEGMENTS, looks.items(), strict=True):
            row = feasible.table.loc[(name, kpi)]
            lifts = np.append(grid, row["Lift"])
            *chances, reached = 100 * feasible.compared(row).chance(lifts, row["Customers"]).round(6)
            ax.plot(100 * grid, chances, color=EDGE[name], linestyle=line, linewidth=2)
            ax.plot(100 * row["Lift"], reached, marker, color=EDGE[name], markeredgecolor=INK, markersize=8, zorder=3)
            ax.plot([], [], color=EDGE[name], linestyle=line, marker=marker, label=name)
        title = feasible.design.heading(kpi)
        ax.set(title=title, xlabel="relative lift, %", ylim=(0, 103), xlim=(0, 100 * top))
    axes[0, 0].set_ylabel("found, % of tests")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2 if canvas.narrow else 4, fontsize=9)
    return fig
