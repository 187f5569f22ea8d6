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


@pytest.mark.parametrize("text", ["", "[]", '"x"', "{", "\x80\x04K\x01."])
def test_a_file_that_is_no_model_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match=r"^model\.json: "):
        published.load_model(tmp_path / "model.json")
    missing = r"^missing\.json: cannot be read as JSON \(No such file or directory\); expected a segment_model"
    with pytest.raises(InputError, match=missing):
        published.load_model(tmp_path / "missing.json")
