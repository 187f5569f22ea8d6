"""The margin that customers are expected to leave in the months ahead, by segment with intervals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.calibration import Forecast, customer_intervals, on_ranges, reach, spans
from segmentation.decisions import Assumptions
from segmentation.problems import LeftOut
from segmentation.value import predict, spend_between
from segmentation.vocabulary import CLV, SEGMENTS
from segmentation.words import Sentence, sentence


@dataclass(frozen=True)
class Valued:
    """What the customers of the snapshot are expected to bring."""

    forecast: Forecast
    assumptions: Assumptions
    customers: pd.DataFrame  # as the customer table: Segment, Spent and Expected (spend), CLV (margin)
    filled: int  # customers not in the window, who take the segment's mean
    by_segment: pd.DataFrame  # and All: predicted (CLV) with low, high and Total; means of Spent and Expected

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
    return Valued(forecast, assumptions, table, int(own.isna().sum()), by_segment)


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


def margin_ahead(valued: Valued) -> pd.Series:
    """Mean margin expected of a customer over the next twelve months, by segment."""
    return valued.by_segment.loc[list(SEGMENTS), "predicted"]


def reading(valued: Valued) -> Sentence:
    """What whoever pays for campaigns should take from the chapter."""
    best = margin_ahead(valued).idxmax()
    total = spans(valued.by_segment, times=valued.by_segment["Customers"])[-1]
    ahead = spans(valued.by_segment.loc[[best]])[0]
    text = (
        "**What this tells us.** Customers are expected to leave {total} of margin over the next twelve months, most "
        "per customer in {best}, {ahead}. That is what they leave by themselves, not what an action adds, and it moves "
        "in step with the margin of {margin:%0}, an assumption to replace by yours."
    )
    return sentence(text, total=total, best=best, ahead=ahead, margin=valued.assumptions.margin)


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
        "{top[Share]:%} of all. That is what customers did, not what they will do."
    )
    first = earned["Total"].idxmax()
    return sentence(text, margin=margin, first=first, top=earned.loc[first])
