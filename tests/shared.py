"""What the tests share: the notebook's definitions, and a kernel that runs it on other data."""

import copy
import importlib.util
import pkgutil
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import segmentation

matplotlib.use("Agg")
ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "ecommerce_segmentation.ipynb"
SHIPPED_SHA256 = "14e5ea560f1b739c81c409a204df46b83d5103dbbdcdaa900f627c41da16a0f8"


def load(path: Path):
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_notebook():
    """The committed notebook."""
    return nbformat.read(NOTEBOOK, as_version=4)


def definitions() -> dict:
    """Everything the package's modules define or import, by name."""
    space = {}
    for module in pkgutil.iter_modules(segmentation.__path__):
        space |= vars(importlib.import_module(f"segmentation.{module.name}"))
    return space


def parameter_source(parameters: dict) -> str:
    """Assignments for a cell that overrides the parameters."""
    return "\n".join(f"{name} = {value!r}" for name, value in parameters.items())


def text_of(cells) -> str:
    """All that the cells show, as text."""
    shown = []
    for cell in cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            shown.append(output.get("text", "") or data.get("text/markdown", "") or data.get("text/plain", ""))
    return "\n".join(shown)


FEW_FITS = "PAIRS = 3"
QUICK = """
def show_figure(fig, name, alt):
    (STAGED_IMAGES / f"{name}.png").write_bytes(b"")
    say(f"*Figure. {plain(alt)}*")
"""


def quick(cells) -> list:
    """All code as one cell that draws nothing: the same text and tables."""
    parts = {cell.get("id"): cell.source for cell in cells if cell.cell_type == "code"}
    drawing = re.findall(r"\bplot_\w+", parts["imports"])
    stubs = "\n".join(f"def {name}(*_, **__): return None" for name in drawing)
    stubs += "\ndef stage_figure(*_): return None\n"
    parts["imports"] += "\nfrom segmentation.show import say\nfrom segmentation.words import plain\n" + stubs + QUICK
    return [nbformat.v4.new_code_cell("\n\n".join(parts.values()))]


class Kernel:
    """One kernel that runs the whole notebook again and again, each time from a clean namespace."""

    def __init__(self, notebook, folder: Path):
        self.notebook, self.folder, self.runs = notebook, folder, 0
        self.client = NotebookClient(
            nbformat.v4.new_notebook(), timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
        )
        self.open = self.client.setup_kernel()
        self.open.__enter__()

    def close(self):
        self.open.__exit__(None, None, None)

    def run(self, csv=None, figures=False, full=False, **parameters):
        """Run on a CSV: a Path, text, bytes or DataFrame; returns what was shown, written, and the error if any.

        Figures and bootstraps take most of a small run's time: without `figures` nothing is drawn (see quick), and
        unless `full` the stability rests on three pairs of fits.

        The result has: ok, error (its message), text (all that was shown), out (the output folder), cells;
        table(name) reads a written CSV as text.
        """
        self.runs += 1
        out = self.folder / f"run{self.runs}"
        out.mkdir()
        if isinstance(csv, pd.DataFrame):
            csv = csv.to_csv(index=False, lineterminator="\n")
        if isinstance(csv, str):
            csv = csv.encode()
        if isinstance(csv, bytes):
            (out / "customers.csv").write_bytes(csv)
            csv = out / "customers.csv"
        paths = {"OUTPUT_DIR": str(out / "data"), "IMAGES_DIR": str(out / "images"), "ORDERS_CSV": None}
        parameters = paths | ({"CUSTOMERS_CSV": str(csv)} if csv else {}) | parameters
        nb = copy.deepcopy(self.notebook)
        place = next(n for n, cell in enumerate(nb.cells) if "parameters" in cell.metadata.get("tags", []))
        nb.cells.insert(place + 1, nbformat.v4.new_code_cell(parameter_source(parameters)))
        if not full:
            next(cell for cell in nb.cells if cell.id == "imports").source += f"\n{FEW_FITS}"
        if not figures:
            nb.cells = quick(nb.cells)
        nb.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
        self.client.nb = nb
        self.client.reset_execution_trackers()
        error = None
        for cell in nb.cells:
            cell["outputs"] = []
        try:
            for number, cell in enumerate(nb.cells):
                if cell.cell_type == "code":
                    self.client.execute_cell(cell, number)
        except CellExecutionError as stopped:
            error = f"{stopped.ename}: {stopped.evalue}"
        written = sorted(path.name for path in (out / "data").glob("*")) if (out / "data").exists() else []
        return SimpleNamespace(
            ok=error is None,
            error=error,
            text=text_of(nb.cells),
            cells=nb.cells,
            out=out,
            written=written,
            table=lambda name: pd.read_csv(out / "data" / name, dtype=str, keep_default_na=False),
        )
