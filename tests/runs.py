"""Whole runs of the notebook on other data, in one kernel, and what every complete or refused run must show."""

import copy
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
from decided import NOTEBOOK, ROOT
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

OUTPUTS = {
    "ecommerce_user_behavior_cleaned.csv",
    "ecommerce_segmented_customers.csv",
    "segment_profiles.csv",
    "segment_model.json",
    "assign_segments.sql",
    "campaign_plan.csv",
}
FEW_FITS = "\nevidence.PAIRS = 3\nevidence.DRAWS = 5\nevidence.FEW_PAIRS = 1"
NOTHING_DRAWN = """
def figure(plot, result, name, template, *others, more="", **numbers):  # the same words, and nothing drawn
    from segmentation.problems import LeftOut
    if not isinstance(result, LeftOut):
        say("*Figure. " + getattr(template, "template", template) + more + "*", result, *others,
            **getattr(template, "numbers", {}), **numbers)
        (page.images / f"{name}.png").write_bytes(b"")
        page.alts[name] = name
page.save = lambda *_, **__: b""
"""


def code_cells(notebook) -> list:
    """The notebook's code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def position(cells, tag: str) -> int:
    """Where the cell with this tag or id stands."""
    return next(n for n, cell in enumerate(cells) if tag in cell.metadata.get("tags", []) or cell.get("id") == tag)


def text_of(cells) -> str:
    """All that the cells show, as text."""
    shown = []
    for cell in cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            shown.append(output.get("text", "") or data.get("text/markdown", "") or data.get("text/plain", ""))
    return "\n".join(shown)


class Kernel:
    """One kernel that runs the whole notebook again and again, each time from a clean namespace."""

    def __init__(self, folder: Path):
        self.folder, self.runs = folder, 0
        self.notebook = nbformat.read(NOTEBOOK, as_version=4)
        options = {"timeout": 300, "kernel_name": "python3", "resources": {"metadata": {"path": str(ROOT)}}}
        self.client = NotebookClient(nbformat.v4.new_notebook(), **options)
        self.open = self.client.setup_kernel()
        self.open.__enter__()

    def close(self):
        self.open.__exit__(None, None, None)

    def cells(self, parameters: dict, draw: bool) -> list:
        """Copies of the code cells, with parameters set, in a clean namespace."""
        cells = copy.deepcopy(code_cells(self.notebook))
        given = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
        cells[position(cells, "parameters")].source += f"\n{given}"
        cells[position(cells, "page")].source += FEW_FITS + ("" if draw else NOTHING_DRAWN)
        for cell in cells:
            cell["outputs"] = []
        return [nbformat.v4.new_code_cell("%reset -f"), *cells]

    def execute(self, cells) -> str | None:
        """Run the cells; the message of the error that stopped them, if any."""
        self.client.nb = nbformat.v4.new_notebook(cells=cells)
        self.client.reset_execution_trackers()
        try:
            for number, cell in enumerate(cells):
                self.client.execute_cell(cell, number)
        except CellExecutionError as stopped:
            return f"{stopped.ename}: {stopped.evalue}"
        return None

    def run(self, customers=None, draw=False, **parameters):
        """Run on a customer table (Path, text, bytes or DataFrame) without an order log, unless ORDERS_CSV is given.

        The result has ok, error (its message), text (all that was shown), out (the output folder), cells, written;
        table(name) reads a written CSV as text. Stability rests on few fits, and nothing is drawn unless asked for.
        """
        self.runs += 1
        out = self.folder / f"run{self.runs}"
        out.mkdir()
        if isinstance(customers, pd.DataFrame):
            customers = customers.to_csv(index=False, lineterminator="\n")
        if isinstance(customers, str):
            customers = customers.encode()
        if isinstance(customers, bytes):
            (out / "customers.csv").write_bytes(customers)
            customers = out / "customers.csv"
        paths = {"OUTPUT_DIR": str(out / "data"), "IMAGES_DIR": str(out / "images"), "ORDERS_CSV": None}
        given = {"CUSTOMERS_CSV": str(customers)} if customers else {}
        cells = self.cells(paths | given | parameters, draw)
        error = self.execute(cells)
        return SimpleNamespace(
            ok=error is None,
            error=error,
            text=text_of(cells),
            cells=cells,
            out=out,
            written=sorted(path.name for path in (out / "data").glob("*")),
            table=lambda name: pd.read_csv(out / "data" / name, dtype=str, keep_default_na=False),
        )


def names(run):
    """Segment by customer."""
    return run.table("ecommerce_segmented_customers.csv").set_index("Customer_ID")["Segment_Name"]


def complete(run):
    """The run succeeded, wrote everything, and every row is accounted for."""
    assert run.ok, run.error
    assert set(run.written) >= OUTPUTS
    pattern = (
        r"\*\*Accounted for:\*\* ([\d,]+) customers? \+ ([\d,]+) rows? set aside \+ ([\d,]+) duplicates? merged "
        r"= ([\d,]+) rows? read"
    )
    found = re.search(pattern, run.text).groups()
    customers, aside, merged, read = (int(number.replace(",", "")) for number in found)
    assert customers + aside + merged == read
    assert len(names(run)) == customers
    assert (len(run.table("ecommerce_set_aside_rows.csv")) if aside else 0) == aside
    streams = [output for cell in run.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"]
    assert not streams, streams
    assert not re.search(r"\bnan\b|\binf\b|None %|NaN", run.text), "a number is missing in the text"
    return run


def refused(run, *words):
    """The run stopped with one message that has these words, and wrote nothing."""
    assert not run.ok
    assert run.error.startswith("InputError: "), run.error
    for word in words:
        assert word in run.error, run.error
    assert "\n" not in run.error and str(run.out) not in run.error
    assert run.written == []
