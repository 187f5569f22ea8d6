"""The model as a file: everything that places and scores a customer, sealed by a checksum."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from segmentation.clusters import Model
from segmentation.problems import InputError
from segmentation.vocabulary import RFM, SEGMENTS
from segmentation.words import Sentence, each, join, sentence, short

SCHEMA = 2
PARTS = ("features", "caps", "means", "scales", "centroids")  # fields of Model
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


def load_model(path: str | Path) -> Model:
    """The model in a segment_model.json. Raises InputError when it is not one, of another schema, or was edited."""
    name = Path(path).name
    try:
        sealed = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read as JSON ({short(error)}); expected a segment_model.json") from error
    schema = sealed.get("schema") if isinstance(sealed, dict) else None
    if schema != SCHEMA:
        raise InputError(f"{name}: schema {short(schema)}; expected schema {SCHEMA}: publish the model again")
    if missing := [key for key in (*PARTS, "checksum") if key not in sealed]:
        raise InputError(f"{name}: no {join(missing)}; expected every key of a published model")
    if sealed["checksum"] != checksum(sealed):
        raise InputError(f"{name}: was edited (its checksum does not fit); expected it as the notebook wrote it")
    parts = {part: tuple(sealed[part]) for part in PARTS}
    return Model(**parts | {"centroids": tuple(map(tuple, sealed["centroids"]))})


def made_with(window: int | None, snapshot: pd.Timestamp | None, seed: int) -> Sentence:
    """What a run was made with, beside its input."""
    return sentence(
        "seed {seed}, window {window}, snapshot {day}. {versions:, }",
        seed=seed,
        window=f"{window} months" if window else "the whole log",
        day="not named" if snapshot is None else snapshot.date(),
        versions=each("{name} {value}", versions()),
    )
