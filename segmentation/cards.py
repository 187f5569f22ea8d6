"""Segments in a few words: a card for each, and the map of recency and frequency scores."""

import numpy as np
import pandas as pd

from segmentation.actions import by_segment
from segmentation.decisions import Action
from segmentation.features import present
from segmentation.planning import Plan
from segmentation.vocabulary import GROUPS, OVERDUE, SEGMENTS
from segmentation.words import Sentence, sentence


def cards(customers: pd.DataFrame, segments: pd.DataFrame, plan: Plan) -> list[Sentence]:
    """Three lines for each segment: a typical customer, what he does, what to do (segments: profiles.describe)."""
    text = "**{name}.** {typical}\n\n- {does}\n- {todo}"
    return [
        sentence(
            text,
            name=name,
            typical=typical(segments.loc[name]),
            does=does(customers[customers["Segment_Name"].astype(str) == name], segments.loc[name], plan),
            todo=what_to_do(plan, name),
        )
        for name in SEGMENTS
    ]


def typical(row: pd.Series) -> Sentence:
    """A customer in the middle of the segment."""
    text = (
        "A typical customer made {x[Frequency_Median]:# order} for {x[Monetary_Median]:$}, the last "
        "{x[Recency_Median]:# day} ago."
    )
    return sentence(text, x=row)


def does(people: pd.DataFrame, row: pd.Series, plan: Plan) -> Sentence:
    """What the segment's customers do: how often they order, how many are late, whether they answer."""
    said = []
    if present(people, OVERDUE[1:]):
        ratio = people[OVERDUE[1]]
        gap = (people["Recency"] / ratio.where(ratio > 0)).median()
        late = (ratio >= plan.assumptions.overdue_from).sum()
        rhythm = "they usually order every {gap:# day}, and {late:#} of {n:#} are overdue"
        if pd.notna(gap) and row["Frequency_Median"] >= 2:  # of who ordered once, the gap is that of others
            said.append(sentence(rhythm, gap=gap, late=late, n=len(people)))
    if pd.notna(row.get("Campaign_Response_Mean", np.nan)):
        said.append(sentence("{x:%0} responded to the last campaign", x=row["Campaign_Response_Mean"]))
    said.append(sentence("they brought {x:%0} of revenue", x=row["Revenue_Share"]))
    return sentence("What they do: {said:; }.", said=said)


def what_to_do(plan: Plan, name: str) -> Sentence:
    """The plan's actions for a segment."""
    parts = []
    for group in GROUPS:
        if plan.actions[group].segment == name and plan.table.loc[group, "Customers"]:
            row = plan.table.loc[group]
            text = "{action}; for the {n:#} {group}, {when}"
            text += ", at most {most:$} each" if row["Margin"] > 0 else ""
            numbers = {"action": plan.actions[group].first, "n": row["Customers"], "group": group}
            parts.append(sentence(text, when=plan.when(group), most=row["Max_Spend"], **numbers))
    return sentence("What to do: {parts:. }.", parts=parts or [sentence("nothing beyond the usual")])


def score_cells(customers: pd.DataFrame, margin: float, actions: dict[str, Action]) -> pd.DataFrame:
    """By frequency score (down, the best first) and recency score (across): name, customers, margin, what to do.

    A cell bears the name of the segment that most of its customers are in, and the goal of that segment's action.
    Margin: share kept of what they spent in the window. Frequency scores that nobody has, because many customers share
    a number of orders, have no row. Columns: (name, recency score).
    """
    groups = customers.groupby(["F_Score", "R_Score"])
    sizes = (
        customers.groupby(["F_Score", "R_Score", customers["Segment_Name"].astype(str)]).size().unstack(fill_value=0)
    )
    names = sizes.reindex(columns=SEGMENTS, fill_value=0).idxmax(axis=1)  # the better one on a tie
    goals = {name: action.goal for name, action in by_segment(actions).items()}
    table = pd.DataFrame({"Segment": names, "Customers": groups.size(), "Margin": margin * groups["Monetary"].sum()})
    table["Goal"] = names.map(goals)
    cells = table.unstack("R_Score").sort_index(ascending=False)
    return cells.reindex(columns=pd.MultiIndex.from_product([table.columns, range(1, 6)]))


def richest_cell(cells: pd.DataFrame) -> Sentence:
    """The cell that brought most margin."""
    margin = cells["Margin"].stack()
    f, r = margin.idxmax()
    people = cells["Customers"].stack()
    text = "{n:# customer} ({share:%}) with recency score {r} and frequency score {f} brought {money:%} of the margin"
    total = margin.sum() or 1
    return sentence(text, n=people[f, r], share=people[f, r] / people.sum(), r=r, f=f, money=margin.max() / total)
