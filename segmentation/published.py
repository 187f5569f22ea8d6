"""The model as a file: everything that places and scores a customer, sealed by a checksum."""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from segmentation.clusters import Model
from segmentation.problems import InputError
from segmentation.vocabulary import RFM, SEGMENTS
from segmentation.words import Sentence, each, join, plural, sentence, short

SCHEMA = 2
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
    """A segment_model.json. Raises InputError when it is not one, of another schema, or was edited."""
    name = Path(path).name
    try:
        sealed = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = short(getattr(error, "strerror", None) or error)
        raise InputError(f"{name}: cannot be read as JSON ({why}); expected a segment_model.json") from error
    schema = sealed.get("schema") if isinstance(sealed, dict) else None
    if schema != SCHEMA:
        raise InputError(f"{name}: schema {short(schema)}; expected schema {SCHEMA}: publish the model again")
    if missing := [key for key in (*PARTS, *FACTS, "checksum") if key not in sealed]:
        raise InputError(f"{name}: no {join(missing)}; expected every key of a published model")
    if sealed["checksum"] != checksum(sealed):
        raise InputError(f"{name}: was edited (its checksum does not fit); expected it as the notebook wrote it")
    parts = {part: tuple(sealed[part]) for part in PARTS}
    model = Model(**parts | {"centroids": tuple(map(tuple, sealed["centroids"]))})
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
