"""The answer in the first screen: a line per segment, what to do first, how sure it is."""

from dataclasses import dataclass

import pandas as pd

from segmentation.decisions import Action
from segmentation.problems import LeftOut
from segmentation.profiles import on_one_customer
from segmentation.words import Sentence, sentence


@dataclass(frozen=True)
class Answer:
    """What the headline and the page for a slide say."""

    segments: pd.DataFrame  # profiles.describe
    worth: pd.DataFrame | LeftOut  # by segment: CLV_12M, Max_Spend
    final: pd.DataFrame  # by priority: Segment, Goal, At stake
    actions: dict[str, Action]
    step: Sentence
    sure: Sentence
    made: Sentence  # from which customers, on which day
    weak: list[Sentence]  # what is too little to go on
    changed: Sentence | LeftOut  # since an earlier run

    @property
    def lines(self) -> list[Sentence]:
        """One sentence per segment."""
        template = (
            "- **{name}**: {people:%} of customers, **{revenue:%} of revenue**; {orders:# order}, {spend:$}, "
            "last order {days:# day} ago"
        )
        ahead = {} if isinstance(self.worth, LeftOut) else self.worth["CLV_12M"].to_dict()
        return [
            sentence(
                template + ("; worth {ahead:$} in the next year" if name in ahead else ""),
                name=name,
                people=row["Customer_Share"],
                revenue=row["Revenue_Share"],
                orders=row["Frequency_Median"],
                spend=row["Monetary_Median"],
                days=row["Recency_Median"],
                ahead=ahead.get(name),
            )
            for name, row in self.segments.iterrows()
        ]

    @property
    def text(self) -> Sentence:
        """The whole answer as Markdown."""
        return sentence(
            "{warning}**{people:#} customers, {revenue:$} of revenue, four segments** (medians):\n\n{lines:\n}\n\n"
            "**Do first:** {step}\n\n{changed}**How sure:** {sure} {on_one}",
            warning=sentence("> **Too little to go on:** {weak:; }.\n\n" if self.weak else "", weak=self.weak),
            people=self.segments["Customers"].sum(),
            revenue=self.segments["Revenue"].sum(),
            lines=self.lines,
            step=self.step,
            changed="" if isinstance(self.changed, LeftOut) else sentence("{said}\n\n", said=self.changed),
            sure=self.sure,
            on_one=on_one_customer(self.segments),
        )


def next_step(stakes: pd.DataFrame, worth: pd.DataFrame | LeftOut, test: Sentence) -> Sentence:
    """The most valuable next step (first row of stakes), what it may cost, and the test that would prove it."""
    first = stakes.iloc[0]
    act = "{goal} {segment}" if first["At stake"] else "nothing yet, no money is at stake"
    known = not isinstance(worth, LeftOut)
    most = ", at most {most:$} a customer" if known else ""
    return sentence(
        act + " ({at_stake:$} at stake" + most + "). The test that would prove it: {test}.",
        goal=first["Goal"].lower(),
        segment=first["Segment"],
        at_stake=first["At stake"],
        most=worth.loc[first["Segment"], "Max_Spend"] if known else 0.0,
        test=test,
    )


def how_sure(verdicts: pd.DataFrame, votes: int, views: int, doubts: list[str], forecast) -> Sentence:
    """What supports the segments and what does not: criteria met, votes of the views on k, the forecast's miss.

    forecast: calibration.Forecast or LeftOut.
    """
    failed = verdicts.loc[verdicts["Met"] == "NO", "Criterion"].str.lower().tolist()
    template = "{met:n} of {criteria:n} criteria fixed beforehand are met"
    template += " (not met: {failed:&})" if failed else ""
    template += "; four groups are a choice, {votes:n} of {views:n} indices prefer them" if votes < views else ""
    template += (
        ""
        if isinstance(forecast, LeftOut)
        else "; the forecast missed a year that it had not seen by {forecast.missed:%}"
    )
    template += ". **Warning: the names do not fit well:** {doubts:; }." if doubts else "."
    return sentence(
        template,
        met=len(verdicts) - len(failed),
        criteria=len(verdicts),
        failed=failed,
        votes=votes,
        views=views,
        forecast=forecast,
        doubts=doubts,
    )


def made_from(segments: pd.DataFrame, seed: int, snapshot: pd.Timestamp | None) -> Sentence:
    """The line at the foot of the page for a slide."""
    as_of = "" if snapshot is None else ", as of {day}"
    return sentence(
        "{people:#} customers, {revenue:$} of revenue; medians; seed {seed}" + as_of,
        people=segments["Customers"].sum(),
        revenue=segments["Revenue"].sum(),
        seed=seed,
        day="" if snapshot is None else snapshot.date(),
    )
