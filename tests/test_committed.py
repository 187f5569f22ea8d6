"""The committed tables, figures and README against a fresh run on the committed input."""

import base64
import copy
import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from decided import NOTEBOOK, ROOT
from matplotlib.testing.compare import compare_images
from update_readme import results, updated


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A copy of the project in which `python /path/to/segmentation` has just run, from another folder."""
    folder = tmp_path_factory.mktemp("fresh")
    project = folder / "project"
    left = shutil.ignore_patterns("__pycache__", ".*", "tests", "images")
    shutil.copytree(ROOT, project, ignore=left)
    for name in WRITTEN:
        (project / "data" / name).unlink()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTATION_")}
    command = [sys.executable, str(project / "segmentation")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=kept, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return project


TABLES = [
    "ecommerce_user_behavior_cleaned.csv",
    "ecommerce_segmented_customers.csv",
    "segment_profiles.csv",
    "ecommerce_set_aside_rows.csv",
    "ecommerce_set_aside_orders.csv",
    "campaign_plan.csv",
    "new_customers.csv",
]


STATEMENTS = ["assign_segments.sql", "customers_from_orders.sql"]
WRITTEN = [*TABLES, "segment_model.json", *STATEMENTS]


def read(folder, name):
    """A written table as text."""
    return pd.read_csv(folder / "data" / name, dtype=str, keep_default_na=False)


@pytest.mark.parametrize("name", TABLES)
def test_committed_table_is_what_a_run_writes(fresh, name):
    committed, new = ROOT / "data" / name, fresh / "data" / name
    if not new.exists():
        assert not committed.exists(), f"{name} is left over from other data"
        return
    old = pd.read_csv(committed, dtype={"Customer_ID": str}, keep_default_na=False)
    pd.testing.assert_frame_equal(
        old, pd.read_csv(new, dtype={"Customer_ID": str}, keep_default_na=False), rtol=1e-9, check_exact=False
    )
    assert b"\r" not in committed.read_bytes()


def test_committed_model_is_what_a_run_writes(fresh):
    name = "segment_model.json"
    assert json.loads((ROOT / "data" / name).read_text()) == json.loads((fresh / "data" / name).read_text())


@pytest.mark.parametrize("name", STATEMENTS)
def test_committed_statement_is_what_a_run_writes(fresh, name):
    assert (ROOT / "data" / name).read_bytes() == (fresh / "data" / name).read_bytes()


def test_every_written_file_is_committed_and_compared(fresh):
    written = {path.name for path in (fresh / "data").iterdir()}
    assert written == {path.name for path in (ROOT / "data").iterdir()} - {"__pycache__"}


def test_committed_notebook_is_what_the_command_writes(fresh, notebook):
    """Nothing in it differs between two runs or two machines, but the bytes that a picture is packed in."""
    again = nbformat.read(fresh / NOTEBOOK.name, as_version=4)
    for one, other in zip(again.cells, notebook.cells, strict=True):
        assert without_pictures(one) == without_pictures(other), one.id
    assert again.metadata == notebook.metadata


def without_pictures(cell) -> dict:
    """A cell with the name of each picture's format in its place."""
    cell = copy.deepcopy(cell)
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            output["data"]["image/png"] = "a picture"
    return cell


def test_committed_figures_are_what_a_run_draws(fresh, tmp_path):
    drawn = {path.name for path in (fresh / "images").iterdir()}
    assert drawn == {path.name for path in (ROOT / "images").iterdir()}
    for name in drawn:
        (tmp_path / name).write_bytes((fresh / "images" / name).read_bytes())
        (tmp_path / f"committed-{name}").write_bytes((ROOT / "images" / name).read_bytes())
        assert compare_images(tmp_path / f"committed-{name}", tmp_path / name, tol=0.5) is None


def test_figures_shown_are_the_figures_saved(fresh, notebook):
    saved = {path.read_bytes() for path in (ROOT / "images").iterdir()}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                assert base64.b64decode(output.data["image/png"]) in saved


def test_segment_sizes_add_up(fresh):
    profiles = read(fresh, "segment_profiles.csv")
    customers = read(fresh, "ecommerce_segmented_customers.csv")
    counted = customers["Segment_Name"].value_counts()
    assert {row.Segment_Name: int(row.Customers) for row in profiles.itertuples()} == counted.to_dict()
    assert profiles["Customer_Share"].astype(float).sum() == pytest.approx(1, abs=2e-4)
    assert profiles["Revenue"].astype(float).sum() == pytest.approx(customers["Monetary"].astype(float).sum(), abs=1)


def test_cleaned_table_keeps_true_values(fresh):
    cleaned = read(fresh, "ecommerce_user_behavior_cleaned.csv").set_index("Customer_ID")
    raw = pd.read_csv(ROOT / "data" / "ecommerce_user_segmentation.csv", dtype=str, keep_default_na=False)
    raw = raw.drop_duplicates("Customer_ID").set_index("Customer_ID").loc[cleaned.index]
    assert (cleaned["Monetary"].astype(float) == raw["Monetary"].astype(float)).all()


def test_readme_shows_the_committed_results():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == updated(readme, "results", results(pd.read_csv(ROOT / "data" / "segment_profiles.csv")))


def test_readme_pictures_exist_and_have_alt_text():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", readme)
    assert pictures
    for alt, path in pictures:
        assert len(alt) > 20 and (ROOT / path).is_file()
