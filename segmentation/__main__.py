"""From an export to its segments with one command; --help teaches by example."""

import argparse
import html
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if Path(sys.path[0] or ".").resolve() == ROOT / "segmentation":  # run as `python /path/to/segmentation`
    sys.path[0] = str(ROOT)
NOTEBOOK = ROOT / "ecommerce_segmentation.ipynb"
OPTIONS = {
    "WINDOW_MONTHS": "--window",
    "SNAPSHOT_DATE": "--snapshot",
    "COLUMNS": "--columns",
    "CURRENCY": "--currency",
    "MODEL": "--model",
    "PREVIOUS": "--previous",
    "OUTPUT_DIR": "--out",
    "IMAGES_DIR": "--out",
}
HELP = """
examples:
  python -m segmentation                          re-execute the notebook in place, on the shop that ships with it
  python -m segmentation orders.csv               an export of orders, or of order lines
  python -m segmentation customers.csv            one row per customer
  python -m segmentation customers.csv orders.csv both: the orders are used if they agree with the customers
  python -m segmentation shop.csv --out march --currency EUR --previous february
  python -m segmentation shop.csv --columns "Total Spent=Monetary" --columns "Last Buy=Last_Order_Date"
  python /path/to/segmentation shop.csv           the same from any folder; paths are yours

Results (default folder: results) hold the report, the executed notebook, every table and every figure.
Exit status: 0; 1 and one line that says what was found and what was expected; 2 for a wrong call.
"""


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m segmentation",
        description="Customer segmentation: four named segments and what to do for each, from a shop's export.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="customers, orders, or one of each (CSV)")
    parser.add_argument("--out", metavar="DIR", default="results", help="where results go (default: results)")
    parser.add_argument("--currency", metavar="SIGN", help="how money is shown: $, EUR, ...")
    parser.add_argument("--columns", action="append", metavar="YOURS=OURS", help="a header that is not recognised")
    parser.add_argument("--window", metavar="MONTHS", help="months that count, or all (default: 12)")
    parser.add_argument(
        "--snapshot", metavar="DATE", help="the day to count back from (default: day after the last order)"
    )
    parser.add_argument("--previous", metavar="DIR", help="results of an earlier run, to compare with")
    parser.add_argument("--model", metavar="FILE", help="place by an earlier segment_model.json instead of a new fit")
    parser.add_argument("--no-report", action="store_true", help="leave report.html out")
    return parser


def parse() -> argparse.Namespace:
    """The command line as asked for; ends with status 2 where it is wrong."""
    parser = arguments()
    asked = parser.parse_args()
    given = [name for name, value in vars(asked).items() if name != "files" and value != parser.get_default(name)]
    if given and not asked.files:
        parser.error(f"--{given[0].replace('_', '-')} needs a FILE; without one the shipped shop is run")
    for pair in asked.columns or []:
        if "=" not in pair:
            parser.error(f"--columns {pair!r}: expected your header, =, and our name")
    if asked.window and asked.window != "all" and not asked.window.isdecimal():
        parser.error(f"--window {asked.window!r}: expected a number of months, or all")
    return asked


def parameters_of(asked: argparse.Namespace) -> dict:
    """The notebook's parameters, as asked for on the command line; raises InputError for what cannot be meant."""
    pairs = [pair.split("=", 1) for pair in asked.columns or []]
    columns = {theirs.strip(): ours.strip() for theirs, ours in pairs}
    found = {"COLUMNS": columns, "OUTPUT_DIR": asked.out, "IMAGES_DIR": str(Path(asked.out, "images"))}
    found |= {"WINDOW_MONTHS": None if asked.window == "all" else int(asked.window)} if asked.window else {}
    options = {"CURRENCY": asked.currency, "SNAPSHOT_DATE": asked.snapshot}
    options |= {"PREVIOUS": asked.previous, "MODEL": asked.model}
    found |= {name: value for name, value in options.items() if value is not None}
    kinds = kinds_of([str(Path(name).expanduser()) for name in asked.files], columns)
    found |= {"CUSTOMERS_CSV": kinds.get("customers"), "ORDERS_CSV": kinds.get("orders")}
    check(found)
    return found


def kinds_of(files: list[str], columns: dict[str, str]) -> dict[str, str]:
    """Which file is taken as customers, which as orders; said on a line each, with the headers that were matched."""
    from segmentation.inputs import check_names, kind_of
    from segmentation.problems import InputError
    from segmentation.words import Words

    check_names(files, columns)
    kinds = {}
    for file in files:
        kind, names = kind_of(file, columns)
        if kind in kinds:
            both = f"{Path(file).name}: looks like {kind}, as {Path(kinds[kind]).name} does"
            raise InputError(f"{both}; expected one file of each")
        kinds[kind] = file
        read = html.unescape(Words("").text("{names}", names=names))
        print(f"{Path(file).name}: taken as {kind}. {read}".strip(), flush=True)
    return kinds


def check(found: dict) -> None:
    """Raise InputError, before any work, for parameters that the notebook would refuse."""
    from segmentation import problems, publish

    window, earlier, model = found.get("WINDOW_MONTHS"), found.get("PREVIOUS"), found.get("MODEL")
    problems.check_parameters(window, found.get("SNAPSHOT_DATE"), 0, found.get("CURRENCY", "$"), found["COLUMNS"])
    files = [found["CUSTOMERS_CSV"], found["ORDERS_CSV"], model]
    if model:  # without --window the notebook's own counts, which only it knows
        from segmentation import published, refresh

        made = published.read_published(Path(model).expanduser())
        refresh.read_frozen(model, found.get("WINDOW_MONTHS", made.window))
    if earlier is not None:
        from segmentation import previous

        previous.read_earlier(earlier)
        files += previous.files_of(earlier)
    publish.Targets.of(found["OUTPUT_DIR"], found["IMAGES_DIR"], *files)


def execute(notebook, folder: Path, told=lambda line: None, drawings: str = "") -> None:
    """Execute a notebook; relative paths start at the folder; told(chapter) as each one begins.

    drawings: folder where figures go as drawings for the report, too.
    Raises nbclient's CellExecutionError. Nothing in the result differs between machines: no timings, no Python version.
    """
    from nbclient import NotebookClient

    heads = [re.match(r"##? (.+)", cell.source) if cell.cell_type == "markdown" else None for cell in notebook.cells]
    chapters = {number: head[1] for number, head in enumerate(heads) if head}

    def progress(cell, cell_index):
        """Tell the chapter that a cell belongs to."""
        told(chapters[max(number for number in chapters if number <= cell_index)])

    options = {"timeout": None, "kernel_name": "python3", "record_timing": False, "on_cell_start": progress}
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **options)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    wanted = {"PYTHONPATH": path, "SEGMENTATION_DRAWINGS": drawings}
    client.execute(env={**os.environ, **wanted}, stderr=subprocess.DEVNULL)
    notebook.metadata.language_info.pop("version", None)


def show_progress(line: str) -> None:
    """Write the line over the last one, where somebody is watching."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def with_parameters(notebook, parameters: dict):
    """The notebook with a cell of parameters after its own, and without what is about the shipped shop only."""
    import nbformat

    given = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    cell = nbformat.v4.new_code_cell(given, id="given", metadata={"tags": ["injected-parameters"]})
    for text in (cell for cell in notebook.cells if cell.cell_type == "markdown"):
        text.source = re.sub(r"\n.*<!-- shipped -->", "", text.source)
    place = next(n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    notebook.cells.insert(place + 1, cell)
    return notebook


def write(notebook, path: Path) -> None:
    """Write a notebook in one step."""
    import nbformat

    waiting = path.with_name(f".{path.name}.new")
    waiting.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    waiting.replace(path)


def run(asked: argparse.Namespace) -> str:
    """Do what was asked; returns one line on what there is now."""
    import nbformat

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    if not asked.files:
        execute(notebook, ROOT, show_progress)
        write(notebook, NOTEBOOK)
        return f"{NOTEBOOK.name} and its results in data/ and images/ are up to date"
    given = parameters_of(asked)
    with tempfile.TemporaryDirectory(prefix="segmentation-drawings-") as drawings:
        execute(with_parameters(notebook, given), Path.cwd(), show_progress, "" if asked.no_report else drawings)
        return add_pages(notebook, Path(asked.out).expanduser(), given, None if asked.no_report else Path(drawings))


def add_pages(notebook, out: Path, given: dict, drawings: Path | None) -> str:
    """Put the executed notebook and, with drawings, the report beside the results; returns one line on what there is.

    Raises InputError where another run has published there in the meantime.
    """
    from segmentation import publish, report
    from segmentation.problems import InputError

    page = out / "report.html"
    with publish.locked(out):
        manifest = publish.read_manifest(out)
        files = [Path(given[name]) for name in ("CUSTOMERS_CSV", "ORDERS_CSV") if given[name]]
        same_files = all(manifest.get("inputs", {}).get(file.name) == publish.checksum(file) for file in files)
        told = manifest.get("parameters", {})
        if not same_files or any(told[name] != given[name] for name in told.keys() & given.keys()):
            raise InputError(f"{out.name}: another run has published there; expected a folder for each run")
        page.unlink(missing_ok=True)  # an earlier run's would contradict the results beside it
        write(notebook, out / NOTEBOOK.name)
        if drawings is None:
            return f"{out / NOTEBOOK.name} is ready"
        report.write(notebook, page, drawings)
    return f"{page} is ready"


def main() -> int:
    """The exit status of the command."""
    asked = parse()
    from nbclient.exceptions import CellExecutionError

    from segmentation.problems import InputError

    try:
        said = run(asked)
    except (InputError, OSError) as stopped:
        return stop(str(stopped))
    except CellExecutionError as stopped:
        return stop(stopped.evalue if stopped.ename == "InputError" else f"{stopped.ename}: {stopped.evalue}")
    show_progress("")
    print(said)
    return 0


def in_options(message: str) -> str:
    """A message in which parameters are called by their options.

    >>> in_options("WINDOW_MONTHS is 0; expected a whole number from 1 to 600, or None")
    '--window is 0; expected a whole number from 1 to 600, or all'
    """
    if message.startswith(tuple(OPTIONS)):
        message = message.removesuffix(", or None") + (", or all" if message.startswith("WINDOW_MONTHS") else "")
    for name, option in OPTIONS.items():
        message = re.sub(rf"(?<![\w'])(?:set )?{name}\b(?!')", option, message)
    return message


def stop(message: str) -> int:
    """Say on one line why the run stopped; the exit status."""
    show_progress("")
    print(" ".join(in_options(message).split()), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
