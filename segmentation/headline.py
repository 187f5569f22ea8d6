"""The answer in the first screen: a line per segment, what to do first, how sure it is."""

from dataclasses import dataclass

import pandas as pd

from segmentation import changes
from segmentation.changes import Since
from segmentation.decisions import Action
from segmentation.problems import LeftOut, quietly
from segmentation.vocabulary import VIP
from segmentation.words import Sentence, Words, sentence, short

RECORD = "application/vnd.segmentation.answer+json"  # the kind of output that the report reads, and nobody sees


@dataclass(frozen=True)
class Answer:
    """What the first screen, the page for a slide and the report say."""

    segments: pd.DataFrame  # profiles.describe
    worth: pd.DataFrame | LeftOut  # by segment: CLV_12M, Max_Spend
    final: pd.DataFrame  # by priority: Segment, Goal, At stake, the test that would prove it
    chances: pd.DataFrame  # by priority, see chances_of: what the money at stake is made of
    actions: dict[str, Action]
    margin: float  # of spend
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
    def made(self) -> Sentence:
        """From which customers, on which day."""
        day = "" if self.snapshot is None else "as of {day}, "
        return sentence(
            "{people:#} customers, {revenue:$} of revenue, "
            + day
            + "from {source}; orders, money and days are medians",
            people=self.segments["Customers"].sum(),
            revenue=self.segments["Revenue"].sum(),
            day="" if self.snapshot is None else day_in_words(self.snapshot),
            source=short(self.source),
        )

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
            "{warning:\n}**{people:#} customers, {revenue:$} of revenue, four segments** (medians):\n\n{lines:\n}\n\n"
            "**Do first:** {step}\n\n{changed}**How sure:** {sure}",
            warning=[sentence("> **Warning.** {said}\n\n", said=said) for said in self.warnings],
            people=self.segments["Customers"].sum(),
            revenue=self.segments["Revenue"].sum(),
            lines=self.lines,
            step=self.step,
            changed="" if isinstance(self.changed, LeftOut) else sentence("{said}\n\n", said=self.changed),
            sure=self.sure,
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


def how_sure(verdicts: pd.DataFrame, votes: int, views: int, forecast) -> Sentence:
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
    return sentence(
        template + ".",
        met=len(verdicts) - len(failed),
        criteria=len(verdicts),
        failed=failed,
        votes=votes,
        views=views,
        forecast=forecast,
    )


def leading(segments: pd.DataFrame) -> Sentence:
    """What the best segment is and brings."""
    text = "{vip}: {row[Customer_Share]:%} of customers, {row[Revenue_Share]:%} of revenue"
    return sentence(text, vip=VIP, row=segments.loc[VIP])


def chances_of(stakes: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """What the money at stake is made of, by priority: Segment, Customers, Success_Share and Gain, in revenue.

    Customers times the share of them that the action is assumed to win, times what one of those brings.
    """
    share = [spent.numbers["share"] for spent in stakes["Assumption"]]
    table = pd.DataFrame({"Segment": stakes["Segment"], "Success_Share": share})
    table["Customers"] = stakes["Segment"].map(segments["Customers"])
    wins = table["Customers"] * table["Success_Share"]
    return table.assign(Gain=stakes["At stake"].to_numpy() / wins.where(wins > 0, 1.0))


def record(answer: Answer, words: Words) -> dict:
    """The answer as numbers and sentences that JSON can hold: what the report makes its first screen and tools from."""
    day = None if answer.snapshot is None else day_in_words(answer.snapshot)
    return {
        "source": answer.source,
        "day": day,
        "currency": words.currency,
        "customers": int(answer.segments["Customers"].sum()),
        "revenue": float(answer.segments["Revenue"].sum()),
        "margin": answer.margin,
        "warnings": [words.text(said) for said in answer.warnings],
        "changed": None if isinstance(answer.changed, LeftOut) else words.text(answer.changed),
        "step": words.text(answer.step),
        "sure": words.text(answer.sure),
        "segments": [segment_record(answer, name) for name in answer.segments.index],
        "plan": plan_records(answer, words),
    }


def segment_record(answer: Answer, name: str) -> dict:
    """One segment of the record; what is not known is None."""
    row, action, worth = answer.segments.loc[name], answer.actions[name], answer.worth
    found = {"name": name, "goal": action.goal, "action": action.actions, "channel": action.channel}
    found |= {"shows": action.shows, "customers": int(row["Customers"])}
    columns = {"customer_share": "Customer_Share", "revenue": "Revenue", "revenue_share": "Revenue_Share"}
    columns |= {"days": "Recency_Median", "orders": "Frequency_Median", "spend": "Monetary_Median"}
    found |= {key: number(row[column]) for key, column in columns.items()}
    found |= {"worth": None, "worth_share": None, "customers_then": None, "then": None}
    if not isinstance(worth, LeftOut):
        total = worth["CLV_12M"] * answer.segments["Customers"]
        found |= {"worth": number(worth.loc[name, "CLV_12M"]), "worth_share": number(total[name] / (total.sum() or 1))}
    if not isinstance(answer.since, LeftOut):
        found |= {"customers_then": number(answer.since.sizes.loc[name, "people_then"]), "then": answer.since.then}
    return found


def plan_records(answer: Answer, words: Words) -> list[dict]:
    """The plan by priority, with what its money is made of."""
    rows = answer.final.merge(answer.chances[["Segment", "Success_Share", "Gain"]], on="Segment", sort=False)
    return [
        {
            "segment": row["Segment"],
            "goal": row["Goal"],
            "customers": int(row["Customers"]),
            "share": number(row["Success_Share"]),
            "gain": number(row["Gain"]),
            "stake": number(row["At stake"]),
            "most": number(row.get("Most to spend each")),
            "test": words.format_field(row["The test that would prove it"], ""),
        }
        for row in rows.to_dict("records")
    ]


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
