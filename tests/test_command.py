"""The notebook run with parameters, as the README says; what a run that stops leaves behind."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from decided import NOTEBOOK, ROOT


@pytest.fixture
def folder(tmp_path, shop):
    """A folder with a CSV of 60 customers of its own."""
    shop[1].head(60).to_csv(tmp_path / "my.csv", index=False)
    return tmp_path


def run(folder, *words, **environment):
    """Run a Python module in the folder; returns the finished process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGMENTATION_")}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=kept | environment, check=False)


@pytest.fixture
def project(folder):
    """A copy of the notebook and the package, and nothing else."""
    copy = folder / "project"
    copy.mkdir()
    shutil.copytree(ROOT / "segmentation", copy / "segmentation", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(NOTEBOOK, copy)
    return copy


def test_orders_alone_become_a_report_from_any_folder(project, folder, generator):
    generator.make(seed=3, customers=120, defects=False)[0].to_csv(folder / "orders.csv", index=False)
    done = run(folder, str(project / "segmentation"), "orders.csv", "--out", "march", "--currency", "EUR")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "orders.csv: taken as orders\n"
    assert done.stdout.rstrip().endswith("report.html is ready")
    made = {path.name for path in (folder / "march").iterdir()}
    assert {"report.html", "run.json", "ecommerce_segmentation.ipynb", "images", "campaign_plan.csv"} <= made
    report = (folder / "march" / "report.html").read_text(encoding="utf-8")
    assert (
        "120 customers" in report
        and 'class="narrow"' in report
        and "EUR" in report
        and "$" not in report.split("<main")[1][:3000]
    )
    assert (project / NOTEBOOK.name).read_bytes() == NOTEBOOK.read_bytes()
    assert not (project / "data").exists()


def test_a_bad_file_ends_in_one_line_and_nothing_is_written(project, folder):
    (folder / "bad.csv").write_text("Customer_ID,Recency,Frequency\na,1,2\n")
    before = (project / NOTEBOOK.name).read_bytes()
    done = run(project, "-m", "segmentation", SEGMENTATION_CUSTOMERS_CSV=str(folder / "bad.csv"))
    assert done.returncode == 1
    assert done.stderr.startswith("bad.csv: no column Monetary") and done.stderr.count("\n") == 1
    assert (project / NOTEBOOK.name).read_bytes() == before and not (project / "data").exists()
    done = run(folder, str(project / "segmentation"), "bad.csv")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1) and "bad.csv: no column Monetary" in done.stderr
    for wrong in (["--nonsense"], ["--out", "x"], ["--columns", "a=b"], ["bad.csv", "--columns", "a"]):
        assert run(folder, str(project / "segmentation"), *wrong).returncode == 2
    year = run(folder, str(project / "segmentation"), "bad.csv", "--window", "year")
    assert year.returncode == 2 and "expected a number of months, or all" in year.stderr
    assert not (folder / "results").exists()


def test_papermill_runs_it_with_parameters(folder):
    given = {
        "CUSTOMERS_CSV": folder / "my.csv",
        "ORDERS_CSV": None,
        "OUTPUT_DIR": folder / "out",
        "IMAGES_DIR": folder / "i",
    }
    options = [word for name, value in given.items() for word in ("-p", name, str(value))]
    done = run(ROOT, "-m", "papermill", NOTEBOOK.name, str(folder / "out.ipynb"), *options)
    assert done.returncode == 0, done.stderr
    customers = pd.read_csv(folder / "out" / "ecommerce_segmented_customers.csv")
    assert len(customers) == 60 and customers["Segment_Name"].nunique() == 4
    assert (folder / "i" / "overview.png").stat().st_size > 5000
