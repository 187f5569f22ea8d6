"""The model as a file: complete, sealed, and read by the same rule that wrote it."""

import json

import pandas as pd
import pytest
from decided import ROOT

from segmentation import published
from segmentation.clusters import Model, place
from segmentation.features import score
from segmentation.problems import InputError
from segmentation.vocabulary import RFM

SHIPPED = ROOT / "data" / "segment_model.json"


@pytest.fixture
def sealed():
    """The shipped file's content."""
    return json.loads(SHIPPED.read_text())


def test_the_shipped_file_is_written_again_byte_for_byte(sealed, tmp_path):
    thresholds = {name[0]: sealed["rfm_thresholds"][name] for name in RFM}
    again = published.seal(published.load_model(SHIPPED), thresholds, 12, pd.Timestamp("2026-07-01"), 10_000)
    assert again["versions"].keys() == sealed["versions"].keys()
    again["versions"] = sealed["versions"]  # of whoever wrote it
    again["checksum"] = published.checksum(again)
    published.write(again, tmp_path / "model.json")
    assert (tmp_path / "model.json").read_bytes() == SHIPPED.read_bytes()


def test_the_shipped_model_places_and_scores_every_customer(sealed, shipped_customers):
    placed = place(published.load_model(SHIPPED), shipped_customers)
    assert (placed.cluster == shipped_customers["Cluster"]).all()
    for name in RFM:
        scores = score(shipped_customers[name], sealed["rfm_thresholds"][name], low_is_best=name == "Recency")
        assert (scores == shipped_customers[f"{name[0]}_Score"]).all()
    assert sealed["customers"] == len(shipped_customers)


def test_the_file_says_what_it_was_made_with(sealed):
    found = published.read_published(SHIPPED)
    assert (found.name, found.window, found.customers) == ("segment_model.json", 12, 10_000)
    assert (found.snapshot, found.day) == (pd.Timestamp("2026-07-01"), "2026-07-01")
    assert found.thresholds == {name[0]: sealed["rfm_thresholds"][name] for name in RFM}


def test_a_model_without_log_or_of_two_features_comes_back_as_it_was(tmp_path):
    model = Model(("Recency", "Monetary"), (300.0, 900.5), (1.0, 2.0), (3.0, 4.0), ((0.1, 0.2),) * 4)
    content = published.seal(model, {key: [1.0, 2.0, 3.0, 4.0] for key in "RFM"}, None, None, 60)
    assert content["snapshot"] is None and content["window_months"] is None
    published.write(content, tmp_path / "model.json")
    found = published.read_published(tmp_path / "model.json")
    assert found.model == published.load_model(tmp_path / "model.json") == model
    assert (found.window, found.snapshot, found.day) == (None, None, "a day that was not named")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda model: model["caps"].__setitem__(0, 300.0), "was edited"),
        (lambda model: model.update(snapshot="2027-01-01"), "was edited"),
        (lambda model: model.pop("versions"), "was edited"),
        (lambda model: model.update(schema=1), "schema 1; expected schema 2"),
        (lambda model: model.pop("scales"), "no scales"),
        (lambda model: model.pop("checksum"), "no checksum"),
        *((lambda model, key=key: model.pop(key), f"no {key}") for key in published.FACTS),
        (lambda model: model.clear(), "schema None"),
    ],
)
def test_a_bad_model_file_gives_one_clear_message(sealed, tmp_path, damage, words):
    damage(sealed)
    (tmp_path / "model.json").write_text(json.dumps(sealed))
    with pytest.raises(InputError, match=rf"^model\.json: .*{words}"):
        published.load_model(tmp_path / "model.json")


HOSTILE = {  # resealed, so that the checksum fits
    "an unknown feature": ("features", ["Recency", "Frequency", "Age"]),
    "a feature twice": ("features", ["Recency", "Recency", "Monetary"]),
    "no feature": ("features", []),
    "features as text": ("features", "RFM"),
    "a feature that is a list": ("features", [["Recency"], "Frequency", "Monetary"]),
    "other segments": ("segments", ["A", "B", "C", "D"]),
    "too few caps": ("caps", [1.0, 2.0]),
    "caps as text": ("caps", ["1", "2", "3"]),
    "no caps": ("caps", None),
    "a cap that is true": ("caps", [True, 1.0, 2.0]),
    "a huge mean": ("means", [1.0, 10**400, 2.0]),
    "a scale of zero": ("scales", [1.0, 0.0, 1.0]),
    "a scale of next to nothing": ("scales", [1.0, 1e-300, 1.0]),
    "a negative scale": ("scales", [1.0, -1.0, 1.0]),
    "three centres": ("centroids", [[0.0, 0.0, 0.0]] * 3),
    "ragged centres": ("centroids", [[0.0, 0.0, 0.0]] * 3 + [[0.0]]),
    "centres as an object": ("centroids", {"a": 1}),
    "three cuts": ("rfm_thresholds", {name: [1, 2, 3] for name in RFM}),
    "falling cuts": ("rfm_thresholds", {name: [4, 3, 2, 1] for name in RFM}),
    "cuts of Recency only": ("rfm_thresholds", {"Recency": [1, 2, 3, 4]}),
    "a window of half a month": ("window_months", 0.5),
    "no month at all": ("window_months", 0),
    "a window that is true": ("window_months", True),
    "a day that is none": ("snapshot", "2026-02-30"),
    "a day in words": ("snapshot", "yesterday"),
    "a day as a number": ("snapshot", 20260701),
    "customers as text": ("customers", "many"),
    "no customers": ("customers", 0),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_resealed_model_that_cannot_place_is_refused_by_the_part_that_is_wrong(sealed, tmp_path, kind):
    part, value = HOSTILE[kind]
    sealed[part] = value
    sealed["checksum"] = published.checksum(sealed)
    (tmp_path / "model.json").write_text(json.dumps(sealed))
    with pytest.raises(InputError, match=rf"^model\.json: {part} is .*; expected .*: publish it again$"):
        published.load_model(tmp_path / "model.json")


@pytest.mark.parametrize("text", ["[" * 900 + "]" * 900, "[" * 100_000, '{"schema": NaN}', '{"caps": 1' + "0" * 9999])
def test_json_that_python_stumbles_over_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match=r"^model\.json: cannot be read as JSON"):
        published.load_model(tmp_path / "model.json")


@pytest.mark.parametrize("text", ["", "[]", '"x"', "{", "\x80\x04K\x01."])
def test_a_file_that_is_no_model_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match=r"^model\.json: "):
        published.load_model(tmp_path / "model.json")
    missing = r"^missing\.json: does not exist; expected a segment_model"
    with pytest.raises(InputError, match=missing):
        published.load_model(tmp_path / "missing.json")
