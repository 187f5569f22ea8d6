"""What is done for whom, as the notebook decides it."""

import pandas as pd

from segmentation.decisions import Action


def playbook(actions: dict[str, Action]) -> pd.DataFrame:
    """The actions as a table, one group of customers a row."""
    rows = {name: (action.goal, action.actions, action.channel) for name, action in actions.items()}
    columns = ["Goal", "Actions", "Channel and cadence"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("For")


def by_segment(actions: dict[str, Action]) -> dict[str, Action]:
    """The action of a segment as a whole: the last one named for it."""
    return {action.segment: action for action in actions.values()}
