"""The answer in the first screen: a line per segment, what to do first, how sure it is; and as a record."""

from dataclasses import dataclass

import pandas as pd

from segmentation import changes
from segmentation.calibration import direction
from segmentation.changes import Since
from segmentation.planning import Plan, proof
from segmentation.problems import LeftOut, quietly
from segmentation.profiles import on_one_customer
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, Words, sentence, short

RECORD = "application/vnd.segmentation.answer+json"  # the kind of output that the report reads, and nobody sees


@dataclass(frozen=True)
class Answer:
    """What the first screen, the page for a slide and the report say."""

    segments: pd.DataFrame  # profiles.describe
    ahead: pd.Series | LeftOut  # by segment: margin expected of a customer over the next twelve months
    plan: Plan
    step: Sentence
    sure: Sentence
    weak: list[Sentence]  # what is too little to go on
    doubts: list[str]  # where a segment is not what its name says
    since: Since | LeftOut  # an earlier run
    source: str  # name of the file that the customers come from
    snapshot: pd.Timestamp | None

    @property
    def changed(self) -> Sentence | LeftOut:
        """What has changed since an earlier run."""
        return quietly(changes.headline, self.since)

    @property
    def warnings(self) -> list[Sentence]:
        """What must be known wherever the segments are named."""
        weak, doubts = "Too little to go on: {weak:; }.", "The names do not fit well: {doubts:; }."
        given = [sentence(weak, weak=self.weak)] * bool(self.weak)
        return given + [sentence(doubts, doubts=self.doubts)] * bool(self.doubts)

    @property
    def day(self) -> Sentence:
        """The day that the sizes are true of, and what other days say."""
        known = "Customer_Share_Low" in self.segments
        season = "" if known else "; the season is not known"
        if self.snapshot is None:
            return sentence("as of the day of the export" + season)
        return sentence("as of {day}" + season, day=day_in_words(self.snapshot))

    @property
    def made(self) -> Sentence:
        """From which customers, on which day."""
        return sentence(
            "{people:#} customers, {revenue:$} of revenue, {day}, from {source}; orders, spend and days are medians, "
            "margin ahead a mean",
            people=self.segments["Customers"].sum(),
            revenue=self.segments["Revenue"].sum(),
            day=self.day,
            source=short(self.source),
        )

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
                template
                + ("; {ahead:$} of margin expected in the next twelve months, on average" if name in ahead else ""),
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
            "{warning:\n}**{people:#} customers, {revenue:$} of revenue, four segments**, {day}. Medians of "
            "orders, spend and days:\n\n"
            "{lines:\n}\n\n**Do first:** {step}\n\n{changed}**How sure:** {sure} {on_one}",
            warning=[sentence("> **Warning.** {said}\n\n", said=said) for said in self.warnings],
            people=self.segments["Customers"].sum(),
            revenue=self.segments["Revenue"].sum(),
            day=self.day,
            lines=self.lines,
            step=self.step,
            changed="" if isinstance(self.changed, LeftOut) else sentence("{said}\n\n", said=self.changed),
            sure=self.sure,
            on_one=on_one_customer(self.segments),
        )


def over_the_dates(segment: pd.Series) -> Sentence:
    """The range of a segment's share over the quarter ends; empty where other days are not known."""
    known = "Customer_Share_Low" in segment
    text = " ({Customer_Share_Low:%0} to {Customer_Share_High:%0} on other dates)" if known else ""
    return sentence(text, **segment)


def how_sure(verdicts: pd.DataFrame, votes: int, lapsed: list[Sentence], forecast) -> Sentence:
    """What supports the segments and what does not: limits met, votes of the views on k, the forecast's miss.

    forecast: calibration.Forecast or LeftOut; lapsed: see profiles.lapsed.
    """
    failed = verdicts.loc[verdicts["Met"] == "NO", "Criterion"].str.lower().tolist()
    text = "{met} of {limits} limits set for good segments are met" + (" (not met: {failed:&}). " if failed else ". ")
    text += "That there are four is our choice: " + ("{votes}" if votes else "none")
    text += " of the measures of fit asks for exactly four (Appendix A). "
    text += "" if isinstance(forecast, LeftOut) else "{direction}. "
    text += "{lapsed:; }." if lapsed else ""
    return sentence(
        text,
        met=len(verdicts) - len(failed),
        limits=len(verdicts),
        failed=failed,
        votes=votes,
        direction=quietly(direction, forecast),
        lapsed=lapsed,
    )


def leading(segments: pd.DataFrame) -> Sentence:
    """What the best segment is and brings."""
    text = "{vip}: {row[Customer_Share]:%} of customers, {row[Revenue_Share]:%} of revenue"
    return sentence(text, vip=SEGMENTS[0], row=segments.loc[SEGMENTS[0]])


def record(answer: Answer, words: Words) -> dict:
    """The answer as numbers and sentences that JSON can hold: what the report makes its first screen and tools from."""
    return {
        "source": answer.source,
        "day": words.text(answer.day),
        "currency": words.currency,
        "customers": int(answer.segments["Customers"].sum()),
        "revenue": float(answer.segments["Revenue"].sum()),
        "margin": answer.plan.assumptions.margin,
        "warnings": [words.text(said) for said in answer.warnings],
        "changed": None if isinstance(answer.changed, LeftOut) else words.text(answer.changed),
        "step": words.text(answer.step),
        "sure": words.text(answer.sure),
        "segments": [segment_record(answer, name, words) for name in answer.segments.index],
        "plan": [plan_record(answer.plan, name, words) for name in answer.plan.table.index],
    }


def segment_record(answer: Answer, name: str, words: Words) -> dict:
    """One segment of the record; what is not known is None."""
    row, ahead = answer.segments.loc[name], answer.ahead
    todo = [group for group in answer.plan.table.index if answer.plan.actions[group].segment == name]
    found = {"name": name, "customers": int(row["Customers"]), "range": words.text(over_the_dates(row)).strip()}
    found["todo"] = "; ".join(answer.plan.actions[group].first for group in todo)
    columns = {"customer_share": "Customer_Share", "revenue": "Revenue", "revenue_share": "Revenue_Share"}
    columns |= {"days": "Recency_Median", "orders": "Frequency_Median", "spend": "Monetary_Median"}
    found |= {key: number(row[column]) for key, column in columns.items()}
    found |= {"ahead": None, "ahead_share": None, "customers_then": None, "then": None}
    if not isinstance(ahead, LeftOut):
        total = ahead * answer.segments["Customers"]
        found |= {"ahead": number(ahead[name]), "ahead_share": number(total[name] / (total.sum() or 1))}
    if not isinstance(answer.since, LeftOut):
        found |= {"customers_then": number(answer.since.sizes.loc[name, "people_then"]), "then": answer.since.then}
    return found


def plan_record(plan: Plan, group: str, words: Words) -> dict:
    """One action of the record, by priority: for whom, and what its margin is made of (None where not measured).

    margin = others (customers who would not succeed by themselves) * share (assumed) * gain (margin of a success).
    """
    row, action = plan.table.loc[group], plan.actions[group]
    return {
        "group": group,
        "goal": action.goal,
        "what": f"{action.actions} ({action.channel})",
        "when": words.text(plan.when(group)),
        "customers": int(row["Customers"]),
        "others": number(row["Reached"] * (1 - row["By_Itself"])),
        "share": number(row["Success"]),
        "gain": number(max(row["Gain"], 0.0)),
        "margin": number(row["Margin"]),
        "most": number(row["Max_Spend"]),
        "test": words.format_field(proof(plan, group), ""),
    }


def number(value) -> float | None:
    """A number for JSON, None where there is none.

    >>> number(float("nan")), number(2)
    (None, 2.0)
    """
    return None if value is None or pd.isna(value) else float(value)


def day_in_words(day: pd.Timestamp) -> str:
    """A day as it is written in a sentence.

    >>> day_in_words(pd.Timestamp("2026-07-01"))
    '1 July 2026'
    """
    return f"{day.day} {day:%B %Y}"
