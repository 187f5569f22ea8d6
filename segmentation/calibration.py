"""The forecast that ships, held against what came; ranges from how periods differ and from chance among customers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from segmentation.lifetime import rank_correlation
from segmentation.problems import LeftOut
from segmentation.value import Judged, tenths
from segmentation.vocabulary import MIN_VALUES, SEGMENTS
from segmentation.words import Sentence, sentence

MIN_PERIODS = 3  # judged, from which a range is called a 95 % interval; data/README.md: how often either held
LEVEL, ROUGH = 0.95, 2 / 3  # how often a range should hold what comes: with so many periods, with fewer


@dataclass(frozen=True)
class Forecast:
    """The candidate that ships, and how far it was off on the periods that it was judged on."""

    judged: Judged
    people: pd.DataFrame  # of the last period, by number: Segment, predicted, actual, error, part (see tenths)
    errors: pd.DataFrame  # the same of all periods, one below the other
    misses: pd.DataFrame  # actual - predicted, per customer; down: periods, the last first; across: SEGMENTS and All
    by_segment: pd.DataFrame  # of the last period, and All, see held_against
    by_part: pd.DataFrame  # by tenth of the forecast; the index's name says tenth, or part where there are fewer

    @property
    def total(self) -> pd.Series:
        """The row of all customers."""
        return self.by_segment.loc["All"]

    @property
    def missed(self) -> float:
        """How far the total was off, as a share of what was spent."""
        return abs(self.total["Predicted / actual"] - 1)

    @property
    def enough(self) -> bool:
        """Whether the log shows enough periods to say how far they differ."""
        return len(self.misses) >= MIN_PERIODS

    @property
    def level(self) -> float:
        """How often the ranges should hold what comes."""
        return LEVEL if self.enough else ROUGH

    @property
    def range_name(self) -> str:
        """What the ranges may be called."""
        return f"{LEVEL:.0%} interval".replace("%", " %") if self.enough else "range"


def ship(judged: Judged) -> Forecast | LeftOut:
    """The candidate that ships, held against the last period; left out where none can be believed."""
    if judged.ships is None:
        return LeftOut(f"{judged.terms.subject}; no forecast came close enough to what was spent")
    every = [with_errors(period.people, judged.ships) for period in judged.periods]
    errors = pd.concat(every, ignore_index=True)
    misses = pd.DataFrame([missed_by(people) for people in every])
    by_segment = held_against(every[0], errors, "Segment", [*SEGMENTS, "All"])
    by_part = held_against(every[0], errors, "part", np.unique(every[0]["part"]))
    by_part = by_part.rename_axis("tenth" if len(every[0]) >= 500 else "part")
    return Forecast(judged, every[0], errors, misses, by_segment, by_part)


def with_errors(people: pd.DataFrame, candidate: str) -> pd.DataFrame:
    """Segment, actual, predicted, error (actual - predicted), MAE and part of each customer."""
    table = people[["Segment", "actual"]].assign(predicted=people[candidate], part=tenths(people[candidate]))
    table["error"] = table["actual"] - table["predicted"]
    return table.assign(MAE=table["error"].abs())


def missed_by(people: pd.DataFrame) -> pd.Series:
    """Mean error per customer by segment and for All; a segment without customers takes that of All."""
    everybody = people["error"].mean()
    return people.groupby("Segment")["error"].mean().reindex([*SEGMENTS, "All"]).fillna(everybody)


def members(table: pd.DataFrame, by: str, group) -> pd.DataFrame:
    """The rows of a group; All is everybody."""
    return table if group == "All" else table[table[by] == group]


def chance(errors: pd.DataFrame, by: str, sizes: pd.Series) -> pd.Series:
    """Standard error of the mean spend of so many customers of a group: what resampling customers gives.

    sizes: customers by group. A group with fewer than MIN_VALUES customers among the errors takes those of all. It
    knows nothing of how periods differ.
    """
    spread = {}
    for group in sizes.index:
        mine = members(errors, by, group)["error"]
        spread[group] = (mine if len(mine) >= MIN_VALUES else errors["error"]).std()
    return pd.Series(spread) / np.sqrt(sizes.where(sizes > 0))


def held_against(now: pd.DataFrame, errors: pd.DataFrame, by: str, groups) -> pd.DataFrame:
    """Customers and means per group, Predicted / actual, Rank; low, high: predicted, and 95 % chance around it."""
    parts = {group: members(now, by, group) for group in groups}
    table = pd.DataFrame({group: part.mean(numeric_only=True) for group, part in parts.items()}).T
    table.insert(0, "Customers", [len(part) for part in parts.values()])
    table["Predicted / actual"] = table["predicted"] / table["actual"].where(table["actual"] > 0)
    table["Rank"] = [rank_correlation(part["predicted"], part["actual"]) for part in parts.values()]
    by_chance = stats.norm.ppf(0.975) * chance(errors, by, table["Customers"])
    return table.assign(low=(table["predicted"] - by_chance).clip(lower=0), high=table["predicted"] + by_chance)


def typical_miss(forecast: Forecast) -> pd.Series:
    """Root mean square of the misses, by segment and for All; per customer.

    While there are few, a segment's is at least the total's, as a share: a smaller one is luck.
    """
    size = np.sqrt((forecast.misses**2).mean())
    if forecast.enough:
        return size
    predicted = forecast.by_segment["predicted"]
    return size.clip(lower=size["All"] * predicted / (predicted["All"] or np.nan))


def reach(forecast: Forecast, sizes: pd.Series) -> pd.Series:
    """Half the width of the range of mean spend, by segment and for All; sizes: their customers.

    How periods differ: the typical miss times a quantile of t with a degree of freedom for each period (misses are
    taken around zero). They hold chance among customers already, so the two are not added: where chance alone is more,
    it counts.
    """
    upper = (1 + forecast.level) / 2
    by_chance = stats.norm.ppf(upper) * chance(forecast.errors, "Segment", sizes)
    by_period = stats.t.ppf(upper, len(forecast.misses)) * typical_miss(forecast)
    return np.maximum(by_chance, by_period)


def customer_intervals(past: pd.DataFrame, predicted: pd.Series) -> pd.DataFrame:
    """95 % interval (low, high) of each customer's spend, around the forecast and never below nothing.

    Split conformal (Lei and others 2018) within tenths of the past forecast, by errors relative to forecast + floor.
    """
    floor = 0.1 * past["predicted"].mean() or 1.0
    part = tenths(past["predicted"])
    errors = ((past["actual"] - past["predicted"]) / (past["predicted"] + floor)).groupby(part)
    tops = past["predicted"].groupby(part).max().to_numpy()
    mine = np.searchsorted(tops[:-1], predicted, side="left")
    low = errors.quantile(0.025, interpolation="lower").to_numpy()[mine] * (predicted + floor)
    high = errors.quantile(0.975, interpolation="higher").to_numpy()[mine] * (predicted + floor)
    return pd.DataFrame({"low": (predicted + low.clip(upper=0)).clip(lower=0), "high": predicted + high.clip(lower=0)})


def spans(table: pd.DataFrame, times=1) -> list[Sentence | float]:
    """predicted with low and high as money, times something; nan where nobody is."""
    rows = table[["predicted", "low", "high"]].mul(times, axis=0).to_dict("records")
    text = "{predicted:$} ({low:$} to {high:$})"
    return [np.nan if np.isnan(row["predicted"]) else Sentence(text, row) for row in rows]


def on_ranges(forecast: Forecast) -> Sentence:
    """What the ranges of a segment's value hold."""
    months, n = forecast.judged.terms.horizon_months, len(forecast.misses)
    if forecast.enough:
        text = (
            "The {name}s are as wide as the misses of {n:# past period} of {months} months make them, or chance among "
        )
        text += "customers where that is more."
    else:
        text = (
            "The ranges are as wide as past misses make them ({missed:%} of the total in the last {months} months), or "
        )
        text += (
            "chance among customers where that is more. {few} cannot show how periods differ: expect one outcome in "
        )
        text += "three, or more, outside its range."
    few = "One such period" if n == 1 else f"{n} such periods"
    return sentence(text, name=forecast.range_name, n=n, missed=forecast.missed, months=months, few=few)


def direction(forecast: Forecast) -> Sentence:
    """How far the total was off, and which way."""
    ratio = forecast.total["Predicted / actual"]
    text = "The forecast of the last {months} months was "
    text += "{apart:%} too {way} in total" if round(abs(ratio - 1), 3) else "right in total"
    months = forecast.judged.terms.horizon_months
    return sentence(text, months=months, apart=abs(ratio - 1), way="high" if ratio > 1 else "low")


def reading(forecast: Forecast) -> Sentence:
    """How much of the miss is chance, and which segments to doubt."""
    segments, total = forecast.by_segment.drop("All"), forecast.total
    belief = forecast.judged.terms.belief
    chance_alone = (total["high"] - total["predicted"]) / total["actual"]
    text = "**What this tells us.** Chance among customers explains a miss of {chance:%} in the total"
    text += (
        "; the rest is how one period differs from the next." if forecast.missed > chance_alone else ", so this one."
    )
    wrong = segments.index[(segments["Predicted / actual"] - 1).abs() > belief.total_off]
    flat = segments.index[(segments["Customers"] > 2) & ~(segments["Rank"] >= belief.min_rank)]
    text += " Doubt the totals of {wrong}: they were off by more than {off:%0}." if len(wrong) else ""
    text += " Among {flat} it hardly ranks customers: use the segment's mean." if len(flat) else ""
    return sentence(text, chance=chance_alone, off=belief.total_off, wrong=wrong, flat=flat)
