"""The notebook run with parameters, as the README says; what a run that stops leaves behind."""

import contextlib
import copy
import json
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from decided import NOTEBOOK, ROOT

from segmentation import __main__ as command
from segmentation import publish
from segmentation.problems import InputError


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
    log = generator.make(seed=3, customers=120, defects=False)[0].rename(columns={"Amount": "Order total"})
    log.to_csv(folder / "orders.csv", index=False)
    done = run(folder, str(project / "segmentation"), "orders.csv", "--out", "march", "--currency", "EUR")
    assert (done.returncode, done.stderr) == (0, "")
    first, last = done.stdout.rstrip().split("\n")
    assert first == "orders.csv: taken as orders. Read: 'Order total' is Amount." and last.endswith(
        "report.html is ready"
    )
    made = {path.name for path in (folder / "march").iterdir()}
    assert {"report.html", "run.json", "ecommerce_segmentation.ipynb", "images", "campaign_plan.csv"} <= made
    report = (folder / "march" / "report.html").read_text(encoding="utf-8")
    assert "120 customers" in report and "EUR 1" in report and "$" not in report.split("<main")[1][:3000]
    assert "synthetic" not in report and "run all cells" not in report
    assert 'class="narrow"' in report  # drawings of their own for a phone
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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--window", "0"], "--window is 0; expected a whole number from 1 to 600, or all"),
        (["--snapshot", "soon"], "--snapshot is 'soon'; expected a date like 2026-07-01"),
        (["--currency", "dollars"], "--currency is 'dollars'; expected a sign or code"),
        (
            ["--columns", "monetary=Revenue"],
            "--columns names 'Revenue' as our name (is 'Revenue=Monetary' meant?); exp",
        ),
        (
            ["--columns", "Spent=Monetary"],
            "--columns names 'Spent', which is no column; my.csv has Customer_ID, Recency",
        ),
        (["--out", "my.csv"], "my.csv: my.csv is a file; expected a folder for the results"),
        (["--previous", "nowhere"], "nowhere: does not exist; expected the folder of an earlier run"),
        (["--model", "my.csv"], "my.csv: cannot be read as JSON"),
    ],
)
def test_an_option_that_cannot_be_meant_stops_before_any_work_and_is_called_as_it_was_typed(folder, options, said):
    asked = command.arguments().parse_args([str(folder / "my.csv"), *options])
    if options[0] in ("--out", "--previous", "--model"):
        setattr(asked, options[0][2:], str(folder / options[1]))
    with pytest.raises(InputError) as stopped:
        command.parameters_of(asked)
    message = command.in_options(str(stopped.value))
    assert message.startswith(said) and "None" not in message


def test_a_header_is_never_taken_for_an_option():
    message = "no column Amount; found 'MODEL', CURRENCY_CODE; counted back from May it would agree: set SNAPSHOT_DATE"
    assert command.in_options(message).endswith(
        "found 'MODEL', CURRENCY_CODE; counted back from May it would agree: --snapshot"
    )


def test_pages_are_put_only_beside_the_results_of_the_same_run(folder, notebook):
    """Another run that publishes into the same folder in the meantime is noticed."""
    given = {"CUSTOMERS_CSV": str(folder / "my.csv"), "ORDERS_CSV": None, "CURRENCY": "EUR"}
    manifest = {"inputs": {"my.csv": publish.checksum(folder / "my.csv")}, "parameters": {"CURRENCY": "EUR"}}
    for changed, fits in (({}, True), ({"parameters": {"CURRENCY": "$"}}, False), ({"inputs": {}}, False)):
        (folder / "run.json").write_text(json.dumps(manifest | changed))
        (folder / NOTEBOOK.name).unlink(missing_ok=True)
        with contextlib.nullcontext() if fits else pytest.raises(InputError, match="another run has published there"):
            command.add_pages(notebook, folder, given, drawings=None)
        assert (folder / NOTEBOOK.name).exists() == fits


def test_what_is_about_the_shipped_shop_is_left_out_for_another(notebook):
    made = command.with_parameters(copy.deepcopy(notebook), {"CURRENCY": "EUR"})
    texts = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    assert not any("synthetic" in text or "<!--" in text for text in texts)
    assert sum("synthetic" in cell.source for cell in notebook.cells if cell.cell_type == "markdown") == 2


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
