"""The forecast that ships, held against the hold-out; intervals for means and for customers, and whether they hold."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.lifetime import rank_correlation
from segmentation.problems import LeftOut
from segmentation.value import SUBJECT, Judged, tenths
from segmentation.vocabulary import MIN_VALUES, SEGMENTS
from segmentation.words import Sentence, sentence

BOOTSTRAPS = 500  # resamples of customers behind an interval
RESAMPLED = 5_000  # customers per resample at most; the spread of a mean of more follows from their number
RELIANCE = (
    "The 95 % intervals that the year before gives by bootstrap over customers hold the actual mean of {held} of {of} "
    "segments and {parts_held} of {parts} {part_word}s. An interval for each customer, learned from one half of them, "
    "holds {coverage:%} of the other half. By resampling, the total should lie within {chance:%}; it was off by "
    "{apart:%}, {than} than chance explains, and segments by {drift:%} (root mean square, weighted by value). "
    "Resampling customers does not see how one year differs from the next, so this last figure, or a segment's own "
    "miss where that was larger, is added to the intervals below. Whether that is enough, a single judged year cannot "
    "show."
)


@dataclass(frozen=True)
class Forecast:
    """The candidate that ships, and how far it was off on the hold-out."""

    judged: Judged
    people: pd.DataFrame  # of the hold-out, by number: Segment, predicted, actual, error, part (see tenths)
    by_segment: pd.DataFrame  # and All, see held_against
    by_part: pd.DataFrame  # by tenth of the forecast; the index's name says tenth, or part where there are fewer

    @property
    def total(self) -> pd.Series:
        """The row of all customers."""
        return self.by_segment.loc["All"]

    @property
    def missed(self) -> float:
        """How far the total was off, as a share of what was spent."""
        return abs(self.total["Predicted / actual"] - 1)


def ship(judged: Judged) -> Forecast | LeftOut:
    """The candidate that ships, held against the hold-out; left out where none can be believed."""
    if judged.ships is None:
        return LeftOut(f"{SUBJECT}; no candidate earned belief on the hold-out")
    now = with_errors(judged.people, judged.ships)
    then = with_errors(judged.past.then, judged.ships)
    by_segment = held_against(now, then, "Segment", [*SEGMENTS, "All"], judged.terms.seed)
    by_part = held_against(now, then, "part", np.unique(now["part"]), judged.terms.seed)
    return Forecast(judged, now, by_segment, by_part.rename_axis("tenth" if len(now) >= 500 else "part"))


def with_errors(people: pd.DataFrame, candidate: str) -> pd.DataFrame:
    """Segment, actual, predicted, error (actual - predicted), MAE and part of each customer."""
    table = people[["Segment", "actual"]].assign(predicted=people[candidate], part=tenths(people[candidate]))
    table["error"] = table["actual"] - table["predicted"]
    return table.assign(MAE=table["error"].abs())


def held_against(now: pd.DataFrame, then: pd.DataFrame, by: str, groups, seed: int) -> pd.DataFrame:
    """group_means, and per group Predicted / actual, Rank, and Within: whether the interval holds the actual mean."""
    table = group_means(now, then, by, groups, seed)
    table["Predicted / actual"] = table["predicted"] / table["actual"].where(table["actual"] > 0)
    parts = [members(now, by, group) for group in groups]
    table["Rank"] = [rank_correlation(part["predicted"], part["actual"]) for part in parts]
    return table.assign(Within=table["actual"].between(table["low"], table["high"]))


def resampled_mean(errors: np.ndarray, size: int, seed: int) -> np.ndarray:
    """2.5 % and 97.5 % points of the mean error of `size` customers around its centre, by bootstrap over customers."""
    if not len(errors) or not size:
        return np.array([np.nan, np.nan])
    rng = np.random.default_rng(seed)
    some = np.sort(errors)
    if len(some) > RESAMPLED:
        some = np.sort(rng.choice(some, RESAMPLED, replace=False))
    drawn = min(size, RESAMPLED)
    means = some[rng.integers(0, len(some), (BOOTSTRAPS, drawn), dtype=np.int32)].mean(axis=1) - some.mean()
    return np.quantile(means, [0.025, 0.975]) * np.sqrt(drawn / size)


def members(table: pd.DataFrame, by: str, group) -> pd.DataFrame:
    """The rows of a group; All is everybody."""
    return table if group == "All" else table[table[by] == group]


def group_means(now: pd.DataFrame, then: pd.DataFrame, by: str, groups, seed: int) -> pd.DataFrame:
    """Customers and means of columns per group; low, high: 95 % interval of that of `predicted`, from then["error"].

    A group with fewer than MIN_VALUES earlier customers takes the errors of all.
    """
    rows = {}
    for group in groups:
        mine, errors = members(now, by, group), members(then, by, group)["error"]
        errors = errors if len(errors) >= MIN_VALUES else then["error"]
        means = mine.mean(numeric_only=True)
        low, high = means["predicted"] + resampled_mean(errors.to_numpy(), len(mine), seed)
        rows[group] = {"Customers": len(mine), **means, "low": max(low, 0.0), "high": high}
    return pd.DataFrame.from_dict(rows, orient="index")


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


def half_coverage(past: pd.DataFrame, seed: int) -> float:
    """Share of one random half of customers whose spend lies in an interval learned from the other half."""
    shuffled = past.sort_values(["predicted", "actual"]).iloc[np.random.default_rng(seed).permutation(len(past))]
    learn, check = shuffled[::2], shuffled[1::2]
    ends = customer_intervals(learn, check["predicted"])
    return float(check["actual"].between(ends["low"], ends["high"]).mean())


def yearly_drift(table: pd.DataFrame) -> pd.Series:
    """How far the means of calibration were off, by segment and for All, relative to the forecast.

    All: root mean square of actual / predicted - 1 over segments, weighted by value; a segment: its own miss where
    that is more.
    """
    segments = table.drop("All")
    weights = (segments["Customers"] * segments["predicted"]).fillna(0)
    apart = (segments["actual"] / segments["predicted"].where(weights > 0) - 1).abs().fillna(0)
    common = float(np.sqrt(np.average(apart**2, weights=weights)))
    return apart.clip(lower=common).reindex(table.index, fill_value=common)


def spans(table: pd.DataFrame, times=1) -> list[Sentence | float]:
    """predicted with low and high as money, times something; nan where nobody is."""
    rows = table[["predicted", "low", "high"]].mul(times, axis=0).to_dict("records")
    text = "{predicted:$} ({low:$} to {high:$})"
    return [np.nan if np.isnan(row["predicted"]) else Sentence(text, row) for row in rows]


def shown(forecast: Forecast) -> pd.DataFrame:
    """How far the forecast was off by segment, as a table."""
    table = forecast.by_segment.rename(columns={"actual": "Actual"})
    table["Predicted (95 % interval)"] = spans(table)
    table["Within"] = table["Within"].map({True: "yes", False: "NO"}).where(table["Customers"] > 0, "-")
    columns = ["Customers", "Predicted (95 % interval)", "Actual", "Predicted / actual", "MAE", "Rank", "Within"]
    return table[columns].rename_axis(f"{forecast.judged.ships}, per customer")


def reliance(forecast: Forecast) -> Sentence:
    """How often intervals held, what they do not see, and where the forecast does not rank."""
    segments = forecast.by_segment.drop("All")
    parts = forecast.by_part
    total = forecast.total
    belief = forecast.judged.terms.belief
    chance = (total["high"] - total["low"]) / 2 / total["predicted"]
    apart = abs(total["actual"] / total["predicted"] - 1)
    wrong = segments.index[(segments["Predicted / actual"] - 1).abs() > belief.total_off]
    flat = segments.index[(segments["Customers"] > 2) & ~(segments["Rank"] >= belief.min_rank)]
    text = RELIANCE
    text += " The totals of {wrong} were off by more than {off:%0}: doubt them." if len(wrong) else ""
    text += " Among {flat} the forecast hardly ranks customers: use the segment's mean there." if len(flat) else ""
    numbers = {"held": segments["Within"].sum(), "of": (segments["Customers"] > 0).sum()}
    numbers |= {"parts_held": parts["Within"].sum(), "parts": len(parts), "part_word": parts.index.name}
    numbers |= {"than": "more" if apart > chance else "no more", "drift": yearly_drift(forecast.by_segment)["All"]}
    numbers |= {"coverage": half_coverage(forecast.people, forecast.judged.terms.seed), "off": belief.total_off}
    return sentence(text, chance=chance, apart=apart, wrong=wrong, flat=flat, **numbers)
