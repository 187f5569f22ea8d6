"""What to do for each segment, what is at stake under the named assumptions, and what comes first."""

import pandas as pd

from segmentation.decisions import Action, Assumptions
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, VIP
from segmentation.words import Sentence, sentence


def playbook(actions: dict[str, Action]) -> pd.DataFrame:
    """The actions as a table, one segment a row."""
    rows = {name: (action.goal, action.actions, action.channel, action.shows) for name, action in actions.items()}
    columns = ["Goal", "Actions", "Channel and cadence", "Shows that it works"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("Segment")


def at_stake(segments: pd.DataFrame, assumptions: Assumptions, actions: dict[str, Action]) -> pd.DataFrame:
    """What each action would be worth over one window under its assumption, the most valuable first."""
    kept, lifted, back = assumptions.lost_share, assumptions.lift_share, assumptions.win_back_share
    size, spend, revenue = segments["Customers"], segments["Monetary_Median"], segments.loc[VIP, "Revenue"]
    rows = [(VIP, kept * revenue, sentence("{share:%0} of {revenue:$} revenue kept", share=kept, revenue=revenue))]
    for name, better in ((LOYAL, VIP), (PROMISING, LOYAL)):
        gap = max(0.0, spend[better] - spend[name])
        more = "{share:%0} of {size:#} spend {gap:$} more" if gap else "none: they spend as much as {better}"
        spent = sentence(more, share=lifted, size=size[name], gap=gap, better=better)
        rows.append((name, lifted * size[name] * gap, spent))
    returned = {"share": back, "size": size[AT_RISK], "spend": spend[PROMISING]}
    template = "{share:%0} of {size:#} return and spend {spend:$}"
    rows.append((AT_RISK, back * size[AT_RISK] * spend[PROMISING], sentence(template, **returned)))
    table = pd.DataFrame(rows, columns=["Segment", "At stake", "Assumption"])
    table = table.sort_values("At stake", ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "Priority", range(1, len(table) + 1))
    table.insert(2, "Goal", [actions[name].goal for name in table["Segment"]])
    table.insert(4, "Per customer", table["At stake"] / size[table["Segment"]].to_numpy())
    return table


def reading(stakes: pd.DataFrame, abandoned, tests: pd.DataFrame, doubts: list[str]) -> Sentence:
    """What comes first, and with which cautions; stakes: see at_stake, abandoned: profiles.cart_abandonment."""
    first = stakes.iloc[0]
    todo = "{goal} {segment}" if first["At stake"] else "nothing yet, no money is at stake"
    return sentence(
        "**What this tells us.** Under these assumptions the first thing to do is **"
        + todo
        + "**: {first[At stake]:$} "
        "a window, {first[Per customer]:$} a customer. {cautions: }{gap}Track the segments every quarter with the "
        "frozen model, and give every action a control group.",
        goal=first["Goal"].lower(),
        segment=first["Segment"],
        first=first,
        cautions=(found := cautions(abandoned, tests, doubts)),
        gap=" " if found else "",
    )


def cautions(abandoned: pd.DataFrame | LeftOut, tests: pd.DataFrame, doubts: list[str]) -> list[Sentence]:
    """What else the profiles ask for: reminders of abandoned carts, a check where the names are in doubt."""
    found = []
    if not isinstance(abandoned, LeftOut) and tests.loc["Cart abandonment", "Verdict"].startswith("differs"):
        low, high = abandoned["mean"][[VIP, PROMISING]]
        carts = "{name} leave {high:.0f} % of their carts, {vip} {low:.0f} %: remind {name} of theirs."
        if high > low:
            found.append(sentence(carts, name=PROMISING, vip=VIP, low=low, high=high))
    check = "The names are in doubt on these data (chapter 6): check each action against its segment's profile."
    return [*found, *[sentence(check)] * bool(doubts)]
