"""Next quarter: can a frozen model be kept, and what would a refit change."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from segmentation.clusters import Fitted, Model, place
from segmentation.features import fifths
from segmentation.problems import InputError, LeftOut, named_path
from segmentation.published import Published, in_words, read_published
from segmentation.seasons import YEAR, Seasons
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, join, sentence, written

RAND = "Adjusted Rand index with a refit"
ALONE = "Alone it would say"


def read_frozen(path: str | None, months: int | None) -> Published | LeftOut:
    """The published model that MODEL names, to place by. Raises InputError for another window, or no model."""
    named = named_path("MODEL", path)
    if named is None:
        return LeftOut("MODEL names no earlier model")
    found = read_published(named)
    if found.window != months:
        wanted = f"expected {in_words(months)}, as WINDOW_MONTHS says"
        raise InputError(f"{found.name}: made with a window of {in_words(found.window)}; {wanted}")
    return found


def thresholds_of(frozen: Published | LeftOut, customers: pd.DataFrame) -> dict[str, list[float]]:
    """Cut points of the RFM scores: the earlier model's, else the fifths of these customers."""
    return fifths(customers) if isinstance(frozen, LeftOut) else frozen.thresholds


def model_of(frozen: Published | LeftOut, fitted: Fitted) -> Model:
    """The model that is published: the earlier one, else the new fit."""
    return fitted.model if isinstance(frozen, LeftOut) else frozen.model


@dataclass(frozen=True)
class Refit:
    """What a new fit would change for customers whom an earlier model places; arrays (customers,) of clusters."""

    frozen: Published
    kept: np.ndarray  # under the earlier model
    refitted: np.ndarray  # under the new fit

    @cached_property
    def rand(self) -> float:
        """Adjusted Rand index of the two."""
        return adjusted_rand_score(self.kept, self.refitted)

    @property
    def changed(self) -> float:
        """Share of customers in another segment."""
        return (self.kept != self.refitted).mean()

    @property
    def sizes(self) -> pd.DataFrame:
        """Customers by segment: kept, refitted, and the difference."""
        counts = [np.bincount(cluster, minlength=len(SEGMENTS)) for cluster in (self.kept, self.refitted)]
        table = pd.DataFrame(dict(zip(("kept", "refitted"), counts, strict=True)), SEGMENTS)
        return table.assign(more=table["refitted"] - table["kept"])


def compare_fit(frozen: Published, fitted: Fitted, customers: pd.DataFrame) -> Refit:
    """The earlier model beside a new fit. Raises InputError where the earlier one leaves a segment empty."""
    refit = Refit(frozen, *(place(model, customers).cluster for model in (frozen.model, fitted.model)))
    if empty := [name for name, size in refit.sizes["kept"].items() if not size]:
        found = f"of {len(customers):,} customers it places nobody in {join(empty)}"
        raise InputError(f"{frozen.name}: {found}; expected somebody in each segment: fit anew (MODEL = None)")
    return refit


def refit_sizes(refit: Refit) -> pd.DataFrame:
    """Segment sizes by the earlier model and by a refit, as they are shown."""
    columns = {"By the earlier model": "{kept:#}", "By a refit": "{refitted:#}", "Difference": "{more:+,d}"}
    return written(refit.sizes.rename_axis("Customers"), columns)


def on_fit(refit: Refit, keep_from: float) -> Sentence:
    """By which model customers are placed, what a refit would change, and what this chapter's evidence is about."""
    keep = "**KEEP:** it is kept here and published again."
    fit_anew = "**REFIT:** it is kept here because `MODEL` says so; leave `MODEL` out to publish the refit."
    return sentence(
        "**Customers are placed by {x.frozen.name:code}**, published as of {x.frozen.day} for "
        "{x.frozen.customers:# customer}, not by a new fit. A refit agrees with it at an adjusted Rand index of "
        "{x.rand:.2f} (asked: {keep_from}) and would put {x.changed:%} of customers into another segment. {verdict}"
        "\n\nWhat this chapter says of the fit and of the number of groups is evidence about the refit; every segment "
        "that is shown or written is the earlier model's, and so are those that are held against resamples and other "
        "choices. RFM scores are cut where that model cuts them.",
        x=refit,
        keep_from=keep_from,
        verdict=keep if refit.rand >= keep_from else fit_anew,
    )


def agreement(then: pd.DataFrame, refit: Fitted | LeftOut, model: Model) -> float:
    """Adjusted Rand index of the model's placement of these customers with a refit's; nan where none can be fitted."""
    if isinstance(refit, LeftOut):
        return np.nan
    return adjusted_rand_score(place(model, then).cluster, place(refit.model, then).cluster)


def compare_refits(seasons: Seasons, model: Model, keep_from: float) -> pd.DataFrame:
    """The frozen model against a refit at every quarter end but the last: adjusted Rand index, and KEEP or REFIT."""
    quarters = seasons.quarters
    rand = [agreement(then, refit, model) for then, refit in zip(quarters.tables, seasons.fits, strict=True)]
    table = pd.DataFrame({RAND: rand}, quarters.dates.strftime("%Y-%m-%d")).iloc[:-1].round(3)
    word = table[RAND].ge(keep_from).map({True: "KEEP", False: "REFIT"})
    return table.rename_axis("Quarter end").assign(**{ALONE: word.where(table[RAND].notna())})


def keep_or_refit(refits: pd.DataFrame, keep_from: float) -> Sentence:
    """The verdict of the same season a year back; and where the calendar alone moves customers."""
    back = min(YEAR, len(refits))
    rand, word = refits.iloc[-back]
    date = refits.index[-back]
    like = "the same season a year back" if back == YEAR else "the oldest quarter end there is"
    off = refits.index[refits[ALONE] == "REFIT"].drop(date, errors="ignore")
    text = "**{word}** the model: at {date}, {like}, it agrees with a refit at {rand:.2f} (asked: {keep_from})."
    if len(off):
        text += " At {off:&} the two differ: there the calendar moves customers, so compare like seasons."
    if np.isnan(rand):
        text = "At {date}, {like}, no refit was possible, so nothing can be said of the model."
    return sentence(text, date=date, like=like, rand=rand, word=word, keep_from=keep_from, off=off)
