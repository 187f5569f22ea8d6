"""The notebook's decisions (cells tagged `decision`), for tests: what an analyst would change stands only there."""

import importlib
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import nbformat

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "ecommerce_segmentation.ipynb"


def read_decisions() -> SimpleNamespace:
    """Run the cells tagged `decision` with what they import and RANDOM_STATE; their names as attributes."""
    space = {"RANDOM_STATE": 42, "experiments": importlib.import_module("segmentation.experiments")}
    for module in ("decisions", "vocabulary", "cleaning"):
        space[module] = importlib.import_module(f"segmentation.{module}")
        space |= vars(space[module])
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if "decision" in cell.metadata.get("tags", []):
            exec(cell.source, space)
    return SimpleNamespace(**space)


def load_generator():
    """data/make_dataset.py as a module."""
    spec = importlib.util.spec_from_file_location("make_dataset", ROOT / "data" / "make_dataset.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
