"""The model as a file: everything that places and scores a customer, sealed by a checksum."""

import hashlib
import json
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from segmentation.clusters import Model
from segmentation.files import file_name, read_bytes
from segmentation.problems import InputError
from segmentation.vocabulary import RFM, SEGMENTS
from segmentation.words import Sentence, each, join, plural, sentence, short

SCHEMA = 2
MOST_BYTES = 1_000_000  # a published model takes two thousand
MOST_LISTS = 100  # it has a dozen; a thousand, one in the other, are more than Python's JSON can stand
LARGEST = 1e15  # no count, sum, scale or day in a model is larger
SMALLEST = 1e-100  # no scale is smaller; distances over it, squared, are still numbers
PARTS = ("features", "caps", "means", "scales", "centroids")  # fields of Model
FACTS = ("rfm_thresholds", "window_months", "snapshot", "customers")
PACKAGES = ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "seaborn", "pandera")


def versions() -> pd.Series:
    """Versions of the analysis' libraries."""
    return pd.Series({name: version(name) for name in PACKAGES})


def facts(window: int | None, snapshot: str | None, columns: dict, currency: str, seed: int) -> dict:
    """What the manifest of a run says beside its files: parameters, and versions of the analysis' libraries."""
    parameters = {"WINDOW_MONTHS": window, "SNAPSHOT_DATE": snapshot, "COLUMNS": columns}
    parameters |= {"CURRENCY": currency, "RANDOM_STATE": seed}
    return {"parameters": parameters, "versions": versions().to_dict()}


def checksum(sealed: dict) -> str:
    """The first 16 digits of the SHA-256 of everything in the file but its checksum."""
    rest = {name: value for name, value in sealed.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]


def seal(model: Model, thresholds: dict, window: int | None, snapshot: pd.Timestamp | None, customers: int) -> dict:
    """What segment_model.json holds; thresholds: four cut points of the scores under each of R, F, M."""
    sealed = {
        "features": model.features,
        "segments": SEGMENTS,
        "caps": model.caps,
        "means": model.means,
        "scales": model.scales,
        "centroids": model.centroids,
        "schema": SCHEMA,
        "rfm_thresholds": {name: thresholds[name[0]] for name in RFM},
        "window_months": window,
        "snapshot": snapshot and str(snapshot.date()),
        "customers": customers,
        "versions": versions().to_dict(),
    }
    return sealed | {"checksum": checksum(sealed)}


def write(sealed: dict, path: Path) -> None:
    """Write segment_model.json."""
    path.write_text(json.dumps(sealed, indent=1) + "\n", encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Published:
    """What a segment_model.json says."""

    name: str  # of the file
    model: Model
    thresholds: dict[str, list[float]]  # four cut points of the scores under each of R, F, M
    window: int | None  # months; None: the whole log
    snapshot: pd.Timestamp | None  # the day of the run that published it
    customers: int  # of that run

    @property
    def day(self) -> str:
        """The snapshot in words."""
        return "a day that was not named" if self.snapshot is None else str(self.snapshot.date())


def read_published(path: str | Path) -> Published:
    """A segment_model.json. Raises InputError when it is not one, of another schema, was edited, or cannot place."""
    data = read_bytes(path, MOST_BYTES, "a segment_model.json")
    name = file_name(path)
    try:
        if data.count(b"[") + data.count(b"{") > MOST_LISTS:
            raise ValueError("lists within lists")
        sealed = json.loads(data.decode("utf-8"), parse_constant=_no_number)
    except ValueError as error:
        raise InputError(f"{name}: cannot be read as JSON ({short(error)}); expected a segment_model.json") from error
    schema = sealed.get("schema") if isinstance(sealed, dict) else None
    if schema != SCHEMA:
        raise InputError(f"{name}: schema {short(schema)}; expected schema {SCHEMA}: publish the model again")
    if missing := [key for key in (*PARTS, *FACTS, "checksum") if key not in sealed]:
        raise InputError(f"{name}: no {join(missing)}; expected every key of a published model")
    if sealed["checksum"] != checksum(sealed):
        raise InputError(f"{name}: was edited (its checksum does not fit); expected it as the notebook wrote it")
    for part, (holds, expected) in RULES.items():
        if not holds(sealed):
            raise InputError(f"{name}: {part} is {short(sealed.get(part))}; expected {expected}: publish it again")
    return _published(name, sealed)


def _no_number(text: str) -> None:
    """JSON has no NaN and no infinity, whatever Python reads; raises ValueError."""
    raise ValueError(f"{text} is no number")


def _numbers(values, size: int, above: float = -LARGEST) -> bool:
    """Whether these are so many numbers above a bound, none too large to be meant."""
    right = isinstance(values, list) and len(values) == size
    return right and all(type(value) in (int, float) and above < value < LARGEST for value in values)


def _thresholds(cuts) -> bool:
    """Whether these are four rising cut points under each of R, F and M."""
    right = isinstance(cuts, dict) and all(_numbers(cuts.get(name), 4) for name in RFM)
    return right and all(cuts[name] == sorted(cuts[name]) for name in RFM)


def _day(text) -> bool:
    """Whether this is a day as models have it, or none."""
    known = isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)
    return text is None or bool(known and pd.notna(pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")))


def _whole(number, low: int, high: float) -> bool:
    """Whether this is a whole number in these bounds."""
    return type(number) is int and low <= number <= high


RULES = {  # part of the file: whether it holds, and what is expected; each may rely on those above it
    "features": (
        lambda model: (
            isinstance(model["features"], list) and bool(model["features"])
            and model["features"] == [name for name in RFM if name in model["features"]]
        ),
        "some of Recency, Frequency and Monetary, in this order",
    ),
    "segments": (lambda model: model.get("segments") == list(SEGMENTS), "the four segments in their order"),
    "caps": (lambda model: _numbers(model["caps"], len(model["features"])), "a number per feature"),
    "means": (lambda model: _numbers(model["means"], len(model["features"])), "a number per feature"),
    "scales": (lambda model: _numbers(model["scales"], len(model["features"]), SMALLEST), "a number above 0 for each"),
    "centroids": (
        lambda model: (
            isinstance(model["centroids"], list) and len(model["centroids"]) == len(SEGMENTS)
            and all(_numbers(centre, len(model["features"])) for centre in model["centroids"])
        ),
        "four centres with a number per feature",
    ),
    "rfm_thresholds": (lambda model: _thresholds(model["rfm_thresholds"]), "four rising cuts for each of R, F and M"),
    "window_months": (
        lambda model: model["window_months"] is None or _whole(model["window_months"], 1, 600),
        "whole months, or null",
    ),
    "snapshot": (lambda model: _day(model["snapshot"]), "a day like 2026-07-01, or null"),
    "customers": (lambda model: _whole(model["customers"], 1, LARGEST), "how many customers it was made from"),
}  # fmt: skip


def _published(name: str, sealed: dict) -> Published:
    """What a file that keeps the rules says."""
    parts = {part: tuple(map(float, sealed[part])) for part in ("caps", "means", "scales")}
    centroids = tuple(tuple(map(float, centre)) for centre in sealed["centroids"])
    model = Model(tuple(sealed["features"]), **parts, centroids=centroids)
    thresholds = {feature[0]: sealed["rfm_thresholds"][feature] for feature in RFM}
    snapshot = sealed["snapshot"] and pd.Timestamp(sealed["snapshot"])
    return Published(name, model, thresholds, sealed["window_months"], snapshot, sealed["customers"])


def load_model(path: str | Path) -> Model:
    """The model in a segment_model.json; raises InputError as read_published does."""
    return read_published(path).model


def in_words(window: int | None) -> str:
    """A window in words.

    >>> in_words(12), in_words(None)
    ('12 months', 'the whole log')
    """
    return plural(window, "month") if window else "the whole log"


def made_with(window: int | None, snapshot: pd.Timestamp | None, seed: int) -> Sentence:
    """What a run was made with, beside its input."""
    return sentence(
        "seed {seed}, window {window}, snapshot {day}. {versions:, }",
        seed=seed,
        window=in_words(window),
        day="not named" if snapshot is None else snapshot.date(),
        versions=each("{name} {value}", versions()),
    )
