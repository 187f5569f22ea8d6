"""The notebook run as the README says: papermill from another folder, or plainly with the environment set."""

import os
import subprocess
import sys

import pandas as pd
import pytest
from shared import NOTEBOOK


@pytest.fixture
def folder(tmp_path, generator):
    """A folder with a customer CSV of its own."""
    generator.make(seed=3, customers=300, defects=False)[1].to_csv(tmp_path / "my.csv", index=False)
    return tmp_path


def papermill(folder, **parameters):
    """Run papermill in the folder; returns the finished process."""
    options = [word for name, value in parameters.items() for word in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", str(NOTEBOOK), "out.ipynb", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=clean_environment(), check=False)


def clean_environment(**added):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTATION_")}
    return kept | added


def test_papermill_command_of_the_readme(folder):
    done = papermill(folder, CUSTOMERS_CSV="my.csv", ORDERS_CSV=None, OUTPUT_DIR="out", IMAGES_DIR="out/images")
    assert done.returncode == 0, done.stderr
    customers = pd.read_csv(folder / "out" / "ecommerce_segmented_customers.csv")
    assert len(customers) == 300 and customers["Segment_Name"].nunique() == 4
    assert (folder / "out" / "images" / "overview.png").stat().st_size > 5000
    assert "cell/s" in done.stderr, "no progress bar"
    assert sorted(path.name for path in folder.iterdir()) == ["my.csv", "out", "out.ipynb"]


def test_a_bad_file_ends_in_one_message_and_an_exit_code(folder):
    (folder / "bad.csv").write_text("Customer_ID,Recency,Frequency\na,1,2\n")
    done = papermill(folder, CUSTOMERS_CSV="bad.csv", ORDERS_CSV=None, OUTPUT_DIR="out", IMAGES_DIR="out/images")
    assert done.returncode != 0
    last = done.stderr.strip().split("\n")[-1]
    assert last == "InputError: bad.csv: no column Monetary; found Customer_ID, Recency, Frequency"
    assert not (folder / "out").exists()


def test_a_path_from_another_folder_fails_by_name(folder):
    done = papermill(folder, CUSTOMERS_CSV="elsewhere/my.csv", OUTPUT_DIR="out", IMAGES_DIR="out/images")
    assert done.stderr.strip().split("\n")[-1].startswith("InputError: my.csv: does not exist")


def test_the_environment_sets_parameters(folder):
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", str(NOTEBOOK)]
    names = {
        "CUSTOMERS_CSV": folder / "my.csv",
        "ORDERS_CSV": "",
        "OUTPUT_DIR": folder / "o",
        "IMAGES_DIR": folder / "i",
    }
    environment = clean_environment(**{f"SEGMENTATION_{name}": str(value) for name, value in names.items()})
    done = subprocess.run([*command, "--output-dir", str(folder)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(folder / "o" / "ecommerce_segmented_customers.csv")) == 300
    assert (folder / "i" / "segments.png").exists()
