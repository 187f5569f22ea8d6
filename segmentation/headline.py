"""The answer in the first screen: a line per segment, what to do first, how sure it is."""

from dataclasses import dataclass

import pandas as pd

from segmentation.planning import Plan
from segmentation.problems import LeftOut
from segmentation.words import Sentence, sentence


@dataclass(frozen=True)
class Answer:
    """What the headline and the page for a slide say."""

    segments: pd.DataFrame  # profiles.describe
    ahead: pd.Series | LeftOut  # by segment: margin expected of a customer over the next twelve months
    plan: Plan
    step: Sentence
    sure: Sentence
    made: Sentence  # from which customers, on which day
    weak: list[Sentence]  # what is too little to go on
    changed: Sentence | LeftOut  # since an earlier run

    @property
    def lines(self) -> list[Sentence]:
        """One sentence per segment."""
        template = (
            "- **{name}**: {people:%} of customers{range}, **{revenue:%} of revenue**; {orders:# order}, {spend:$}, "
            "last order {days:# day} ago"
        )
        ahead = {} if isinstance(self.ahead, LeftOut) else self.ahead.to_dict()
        return [
            sentence(
                template + ("; {ahead:$} of margin expected over the next twelve months" if name in ahead else ""),
                name=name,
                people=row["Customer_Share"],
                range=over_the_dates(row),
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
            "**Do first:** {step}\n\n{changed}**How sure:** {sure}",
            warning=sentence("> **Too little to go on:** {weak:; }.\n\n" if self.weak else "", weak=self.weak),
            people=self.segments["Customers"].sum(),
            revenue=self.segments["Revenue"].sum(),
            lines=self.lines,
            step=self.step,
            changed="" if isinstance(self.changed, LeftOut) else sentence("{said}\n\n", said=self.changed),
            sure=self.sure,
        )


def over_the_dates(segment: pd.Series) -> Sentence:
    """The range of a segment's share over the quarter ends; empty where other days are not known."""
    known = "Customer_Share_Low" in segment
    text = " ({Customer_Share_Low:%0} to {Customer_Share_High:%0} at other quarter ends)" if known else ""
    return sentence(text, **segment)


def how_sure(verdicts: pd.DataFrame, votes: int, doubts: list, lapsed: list, forecast) -> Sentence:
    """What supports the segments and what does not: limits met, votes of the views on k, names, the forecast's miss.

    forecast: calibration.Forecast or LeftOut; doubts, lapsed: see profiles.doubts and profiles.lapsed.
    """
    failed = verdicts.loc[verdicts["Met"] == "NO", "Criterion"].str.lower().tolist()
    text = "{met} of {limits} limits set for the segments are met" + (" (not met: {failed:&}). " if failed else ". ")
    text += "Four groups are a choice for use: " + ("{votes}" if votes else "none") + " of the measures of fit asks for "
    text += "exactly four. "
    text += "" if isinstance(forecast, LeftOut) else "A year ago the forecast would have been off by {missed:%}. "
    text += "{lapsed:; }. " if lapsed else ""
    text += "**Warning: the names do not fit well:** {doubts:; }." if doubts else ""
    return sentence(
        text,
        met=len(verdicts) - len(failed),
        limits=len(verdicts),
        failed=failed,
        votes=votes,
        missed=None if isinstance(forecast, LeftOut) else forecast.missed,
        lapsed=lapsed,
        doubts=doubts,
    )


def made_from(segments: pd.DataFrame, seed: int, snapshot: pd.Timestamp | None) -> Sentence:
    """The line at the foot of the page for a slide."""
    as_of = ", as of the day of the export" if snapshot is None else ", as of {day}"
    as_of += "" if "Customer_Share_Low" in segments else "; the season is not known"
    return sentence(
        "{people:#} customers, {revenue:$} of revenue; medians; seed {seed}" + as_of,
        people=segments["Customers"].sum(),
        revenue=segments["Revenue"].sum(),
        seed=seed,
        day="" if snapshot is None else snapshot.date(),
    )
