"""Figures of the plan, and of what a test of it would find."""

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from segmentation.experiments import compared, points
from segmentation.figures.style import ACCENT, COLOUR, INK, ON, QUIET, SOFT
from segmentation.planning import Plan


def plot_plan(plan: Plan, canvas):
    """A bar per action, the first on top: the margin expected of it, with its range, and what that allows to spend."""
    rows = plan.table[plan.table["Margin"].notna()].iloc[::-1]
    drawn = "Margin over the next twelve months, before the cost of the action; lines: range of what was measured"
    height = 0.95 if canvas.narrow else 0.5
    fig, ax = canvas.axes("Bars of the margin expected of each action", drawn, height * max(len(rows), 2) + 0.4)
    for number, row in enumerate(rows.to_dict("records")):
        first = row["Priority"] == 1
        ax.barh(number, row["Margin"], height=0.3 if canvas.narrow else 0.55, color=ACCENT if first else SOFT)
        ax.hlines(number, row["Margin_Low"], row["Margin_High"], color=INK, linewidth=1.2)
        label = canvas.words.text("{m:$}, at most {each:$} each", m=row["Margin"], each=row["Max_Spend"])
        ax.annotate(label, (row["Margin_High"], number), (6, 0), textcoords="offset points", va="center")
    names = [canvas.words.text("{do}\n{n:#} customers, {when}", do=plan.title(name),
                               n=rows.loc[name, "Customers"], when=plan.when(name)) for name in rows.index]  # fmt: skip
    ax.set_yticks(range(len(rows)), names)
    if canvas.narrow:  # names above the bars
        ax.set_yticks([])
        for number, name in enumerate(names):
            ax.annotate(name, (0, number), (0, 25), textcoords="offset points", va="center", size=9)
    ax.set_xlim(0, max((2.2 if canvas.narrow else 1.7) * rows["Margin_High"].max(), 1.0))
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(left=False)
    return fig


def plot_power(plan: Plan, canvas):
    """Chance that a test on all customers of a group finds an action's success, a line per group."""
    known = plan.table[plan.table["By_Itself"].notna() & (plan.table["Reached"] > 1)]
    drawn = "All customers of the group, half of them control; dots: the success that the plan assumes"
    fig, ax = canvas.axes("Lines of the chance that a test finds an action's success", drawn, 2.7)
    grid = np.linspace(0.002, max(0.3, 1.2 * known["Success"].max()), 100)
    looks = ("-", "--", "-.", ":", (0, (4, 1, 1, 1, 1, 1)))
    for (name, row), line in zip(known.iterrows(), looks, strict=False):
        shares = np.append(grid, row["Success"])
        lifts = points(row.drop("Success").to_dict() | {"Success": shares}) / (row["By_Itself"] or np.nan)
        test = compared(row, row["Alpha"], plan.assumptions.power)
        *chances, at = 100 * np.nan_to_num(test.chance(lifts, row["Reached"]))
        ax.plot(100 * grid, chances, color=COLOUR[row["Segment"]], linestyle=line, linewidth=2, label=name)
        ax.plot(100 * row["Success"], at, "o", color=COLOUR[row["Segment"]], markeredgecolor=INK, zorder=3)
    ax.axhline(100 * plan.assumptions.power, color=QUIET, linewidth=0.8, linestyle="--")
    ax.set(xlabel="of those who would not by themselves, % that succeed", ylabel="found, % of tests", ylim=(0, 103))
    if canvas.narrow:
        fig.legend(loc="outside lower left", fontsize=9)
    else:
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=9)
    return fig


def plot_score_map(cells: pd.DataFrame, canvas):
    """Recency score across, frequency score up; a cell in its segment's colour: name, customers, margin, what to do."""
    drawn = "Recency score across, frequency score up (5 is best"
    drawn += "" if len(cells) == 5 else "; scores that nobody has, for ties, are left out"
    drawn += "); margin left in the window"
    fig, ax = canvas.axes("Map of recency and frequency scores", drawn, 0.78 * len(cells) + 0.3)
    for row, f_score in enumerate(cells.index[::-1]):
        values = cells.loc[f_score]
        for r_score in range(1, 6):
            name = values[("Segment", r_score)]
            if pd.isna(name):
                continue
            ax.add_patch(Rectangle((r_score - 0.49, row - 0.48), 0.98, 0.96, facecolor=COLOUR[name]))
            text = "{goal}\n{n:#}\n{money:$}" if canvas.narrow else "{name}\n{n:#} customers\n{money:$}\n{goal}"
            numbers = {"name": name, "n": values[("Customers", r_score)], "money": values[("Margin", r_score)]}
            text = canvas.words.text(text, goal=values[("Goal", r_score)], **numbers)
            ax.text(r_score, row, text, ha="center", va="center", size=8, color=ON[name])
    if canvas.narrow:  # names have no room in the cells
        fig.legend([Rectangle((0, 0), 1, 1, facecolor=COLOUR[name]) for name in COLOUR], COLOUR, ncols=2,
                   loc="outside lower center")  # fmt: skip
    ax.set(xlim=(0.5, 5.5), ylim=(-0.5, len(cells) - 0.5), xticks=range(1, 6), xlabel="recency score")
    ax.set_yticks(range(len(cells)), cells.index[::-1])
    ax.set_ylabel("frequency score")
    ax.tick_params(left=False, bottom=False)
    ax.spines[:].set_visible(False)
    return fig
