"""What customers are worth in the months ahead, by segment with intervals, and the most one may spend on each goal."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.calibration import Forecast, customer_intervals, on_ranges, reach, spans
from segmentation.decisions import Action, Assumptions
from segmentation.problems import LeftOut
from segmentation.value import predict, spend_between
from segmentation.vocabulary import AT_RISK, CLV, LOYAL, PROMISING, SEGMENTS, VIP
from segmentation.words import Sentence, sentence

WHY = {
    VIP: "of {n:#} a year ago {share:%} left ({stopped:%} stopped buying), which costs {each:$} each",
    LOYAL: f"of {{n:#}} a year ago {{share:%}} moved up; {VIP} are worth {{each:$}} more each",
    PROMISING: f"of {{n:#}} a year ago {{share:%}} moved up; {LOYAL} are worth {{each:$}} more each",
    AT_RISK: "of {n:#} a year ago {share:%} bought again and left {each:$} each",
}
UNMEASURED = "nobody was in the segment a year ago, so nothing was measured"


@dataclass(frozen=True)
class Valued:
    """What the customers of the snapshot are expected to bring."""

    forecast: Forecast
    assumptions: Assumptions
    customers: pd.DataFrame  # as the customer table: Segment, Spent and Expected (spend), CLV (margin)
    filled: int  # customers not in the window, who take the segment's mean
    by_segment: pd.DataFrame  # and All: predicted (CLV) with low, high and Total; means of Spent and Expected
    moves: pd.DataFrame  # of the hold-out's customers, see moves_in_year

    @property
    def note(self) -> Sentence:
        """Who is not forecast."""
        text = " {n:# customer} not in the log's window: the segment's mean." if self.filled else ""
        return sentence(text, n=self.filled)

    @property
    def ranges(self) -> Sentence:
        """What the ranges hold."""
        return on_ranges(self.forecast)


def value_customers(forecast: Forecast, customers: pd.DataFrame, assumptions: Assumptions) -> Valued:
    """The shipped candidate, learned again up to the snapshot, for every customer."""
    judged = forecast.judged
    ahead = predict(judged.log, judged.snapshot, judged.terms).now
    numbers = pd.Index(judged.ids.get_indexer(customers["Customer_ID"]))
    table = pd.DataFrame({"Segment": customers["Segment_Name"].astype(str)})
    spent = spend_between(judged.log, judged.start, judged.snapshot, numbers).to_numpy()
    table["Spent"] = np.where(numbers < 0, customers["Monetary"], spent)
    own = pd.Series(ahead[judged.ships].reindex(numbers).to_numpy(), table.index)
    means = own.groupby(table["Segment"]).transform("mean")
    table["Expected"] = own.fillna(means).fillna(ahead[judged.ships].mean())
    ends = customer_intervals(forecast.errors, table["Expected"])
    table[CLV] = (assumptions.kept_of_spend * pd.concat([table["Expected"], ends], axis=1)).round(2)
    by_segment = segment_values(forecast, table, assumptions.kept_of_spend)
    moves = moves_in_year(judged.people, ahead["Segment"])
    return Valued(forecast, assumptions, table, int(own.isna().sum()), by_segment, moves)


def segment_values(forecast: Forecast, customers: pd.DataFrame, kept: float) -> pd.DataFrame:
    """Per segment and All: Customers; means of Spent, Expected and CLV_12M (predicted), its low and high; Total."""
    columns = ["Spent", "Expected", "CLV_12M"]
    groups = customers.groupby("Segment")[columns]
    table = groups.mean().reindex([*SEGMENTS, "All"]).rename(columns={"CLV_12M": "predicted"})
    table.loc["All"] = customers[columns].mean().to_numpy()
    table.insert(0, "Customers", groups.size().reindex(table.index, fill_value=0))
    table.loc["All", "Customers"] = len(customers)
    half = kept * reach(forecast, table["Customers"])
    table["low"] = (table["predicted"] - half).clip(lower=0)
    table["high"] = table["predicted"] + half
    return table.assign(Total=(table["Customers"] * table["predicted"]).fillna(0).round(2))


def add_columns(valued: Valued, customers: pd.DataFrame, segments: pd.DataFrame) -> None:
    """Write CLV_12M and its interval into the customer table and, with the total, into the profiles."""
    customers[CLV] = valued.customers[CLV]
    columns = [f"CLV_12M_{name}" for name in ("Mean", "Total", "Low", "High")]
    segments[columns] = valued.by_segment.loc[segments.index, ["predicted", "Total", "low", "high"]]


def shown_values(valued: Valued) -> pd.DataFrame:
    """Value by segment, as a table; all of it in margin."""
    name = valued.forecast.range_name
    table = valued.by_segment.rename_axis(f"Margin per customer, {valued.assumptions.horizon_months} months")
    table["Past"] = valued.assumptions.margin * table["Spent"]
    table[f"Ahead ({name})"] = spans(table)
    table[f"In total ({name})"] = spans(table, times=table["Customers"])
    table["Share"] = table["Total"] / (table.loc["All", "Total"] or 1)
    return table[["Customers", *table.columns[-4:]]]


def holders(valued: Valued) -> Sentence:
    """Who holds most of the value."""
    clv = valued.customers["CLV_12M"].sort_values()
    totals = valued.by_segment["Total"].drop("All")
    top = clv.tail(max(1, round(0.1 * len(clv)))).sum() / (clv.sum() or 1)
    share = totals.max() / (valued.by_segment.loc["All", "Total"] or 1)
    text = "{name} hold {share:%} of the expected margin, the top tenth of customers {top:%}"
    return sentence(text, name=totals.idxmax(), share=share, top=top)


def moves_in_year(people: pd.DataFrame, later: pd.Series) -> pd.DataFrame:
    """Customers by Segment a year ago (down) and where they are today (across: SEGMENTS and Stopped).

    people: Segment then, and whether they bought again since, by number; later: segment today, by number.
    """
    now = later.reindex(people.index).where(people["again"]).fillna("Stopped")
    table = pd.crosstab(people["Segment"], now)
    return table.reindex(index=SEGMENTS, columns=[*SEGMENTS, "Stopped"], fill_value=0)


def returned_value(people: pd.DataFrame, kept: float) -> float:
    """What the At-Risk customers who bought again left in the year on average, in margin; 0 where none did."""
    spent = people.loc[people["again"] & (people["Segment"] == AT_RISK), "actual"]
    return kept * spent.mean() if len(spent) else 0.0


def spending_limits(clv: pd.Series, moves: pd.DataFrame, returned: float) -> pd.DataFrame:
    """Per segment what a success brings (Per_Success), that spread over all its customers (Max_Spend), and Why.

    clv: mean by segment; moves: see moves_in_year; returned: see returned_value. Keep: nobody leaves who would have
    left. Grow, develop, win back: as many again move as moved by themselves.
    """
    size = moves.sum(axis=1)
    share = moves.div(size.clip(lower=1), axis=0)
    worth = clv.reindex(moves.columns, fill_value=0.0)
    lost = share.loc[VIP] * (worth[VIP] - worth).clip(lower=0)
    left = 1 - share.loc[VIP, VIP]
    up = share.loc[PROMISING, [VIP, LOYAL]].sum()
    chance = pd.Series([left, share.loc[LOYAL, VIP], up, share.loc[AT_RISK, list(SEGMENTS)].sum()], SEGMENTS)
    steps = [max(worth[VIP] - worth[LOYAL], 0.0), max(worth[LOYAL] - worth[PROMISING], 0.0)]
    gain = pd.Series([lost.sum() / (left or 1), *steps, returned], SEGMENTS)
    limits = pd.DataFrame({"Per_Success": gain.round(2), "Max_Spend": (gain * chance).where(size > 0, 0.0).round(2)})
    why = pd.DataFrame({"n": size, "share": chance, "each": gain, "stopped": share["Stopped"]}).to_dict("index")
    return limits.assign(Why=[Sentence(WHY[name] if size[name] else UNMEASURED, why[name]) for name in SEGMENTS])


def worth_of(valued: Valued) -> pd.DataFrame:
    """CLV_12M with its interval and the spending limits, by segment."""
    returned = returned_value(valued.forecast.judged.people, valued.assumptions.kept_of_spend)
    worth = valued.by_segment.loc[list(SEGMENTS), ["predicted", "low", "high"]].set_axis(CLV, axis=1)
    return worth.join(spending_limits(valued.by_segment["predicted"], valued.moves, returned)).rename_axis("Segment")


def shown_limits(worth: pd.DataFrame, actions: dict[str, Action]) -> pd.DataFrame:
    """The spending limits as they are shown."""
    table = worth.rename(columns={"Per_Success": "Per success", "Max_Spend": "At most, per customer"})
    table["Goal"] = [actions[name].goal for name in table.index]
    return table[["Goal", "CLV_12M", "Per success", "At most, per customer", "Why"]]


def reading(valued: Valued, worth: pd.DataFrame, actions: dict[str, Action]) -> Sentence:
    """What whoever pays for campaigns should take from the chapter."""
    best = worth["CLV_12M"].idxmax()
    top = worth["Max_Spend"].idxmax()
    total = spans(valued.by_segment, times=valued.by_segment["Customers"])[-1]
    ahead = spans(valued.by_segment.loc[[best]])[0]
    most = [
        sentence("{most:$} to {goal} {name}", most=row.Max_Spend, goal=actions[name].goal.lower(), name=name)
        for name, row in worth.iterrows()
    ]
    text = (
        "**What this tells us.** The next twelve months are worth {total} by {ships}; most per customer in {best}, "
        "{ahead}. Spend at most {most}, per customer of the segment and year: more pays within the year only if it "
        "does better than keeping all who would have left, or than doubling the moves of last year. The ceiling is "
        "highest for {top}. All of it moves in step with the margin of {margin:%0}, an assumption to replace by yours."
    )
    given = {"margin": valued.assumptions.margin, "ships": valued.forecast.judged.ships}
    return sentence(text, total=total, best=best, ahead=ahead, most=most, top=top, **given)


def past_value(forecast: Forecast | LeftOut, customers: pd.DataFrame, margin: float) -> pd.DataFrame | LeftOut:
    """Where there is no forecast: what each segment left over the window, in margin."""
    if not isinstance(forecast, LeftOut):
        return LeftOut("the forecast says more")
    earned = (margin * customers["Monetary"]).groupby(customers["Segment_Name"].astype(str))
    table = pd.DataFrame({"Historic value, per customer": earned.mean(), "Total": earned.sum()}).reindex(SEGMENTS)
    return table.assign(Share=table["Total"] / (table["Total"].sum() or 1)).rename_axis("Segment")


def past_reading(earned: pd.DataFrame, margin: float) -> Sentence:
    """What can be said without a forecast."""
    text = (
        "**What this tells us.** Over the window, at a margin of {margin:%0}, {first} left most: {top[Total]:$}, "
        "{top[Share]:%} of all. That is what customers did, not what they will do: it sets no limit to what one may "
        "spend on them."
    )
    first = earned["Total"].idxmax()
    return sentence(text, margin=margin, first=first, top=earned.loc[first])
