"""python -m segmentation: re-execute the notebook in place, with a line of progress.

Exit status 0, or 1 and one line on standard error; a run that fails leaves notebook and results as they were.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if sys.path[0] == str(ROOT / "segmentation"):  # run as `python /path/to/segmentation`
    sys.path[0] = str(ROOT)
NOTEBOOK = ROOT / "ecommerce_segmentation.ipynb"


def execute(source: Path, folder: Path, told=lambda line: None):
    """The executed notebook, with relative paths starting at the folder; told(chapter) as each one begins.

    Raises nbclient's CellExecutionError. Nothing in the result differs between machines: no timings, no Python version.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(source, as_version=4)
    heads = [re.match(r"##? (.+)", cell.source) if cell.cell_type == "markdown" else None for cell in notebook.cells]
    chapters = {number: head[1] for number, head in enumerate(heads) if head}

    def progress(cell, cell_index):
        """Tell the chapter that a cell belongs to."""
        told(chapters[max(number for number in chapters if number <= cell_index)])

    options = {"timeout": None, "kernel_name": "python3", "record_timing": False, "on_cell_start": progress}
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **options)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    client.execute(env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.DEVNULL)
    notebook.metadata.language_info.pop("version", None)
    return notebook


def show_progress(line: str) -> None:
    """Write the line over the last one, where somebody is watching."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Re-execute the notebook in place."""
    import nbformat
    from nbclient.exceptions import CellExecutionError

    try:
        notebook = execute(NOTEBOOK, ROOT, show_progress)
    except CellExecutionError as stopped:
        show_progress("")
        print(f"{stopped.ename}: {stopped.evalue}", file=sys.stderr)
        return 1
    show_progress("")
    waiting = NOTEBOOK.with_name(f".{NOTEBOOK.name}.new")
    waiting.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    waiting.replace(NOTEBOOK)
    print(f"{NOTEBOOK.name} and its results in data/ and images/ are up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
