"""The committed notebook as a file: run from top to bottom, thin, and fit to be read."""

import ast
import json
import re
import statistics
import subprocess
import sys

import pytest
from decided import NOTEBOOK, ROOT
from runs import code_cells

from segmentation.report.story import APPENDIX, DETAILS, OPEN, SKIP

TAGS = {"parameters", "decision", "nbval-ignore-output", SKIP, DETAILS, OPEN, APPENDIX}


def lines_of(cell) -> int:
    """Lines of code: neither blank nor comment."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in cell.source.split("\n"))


def test_cells_were_run_once_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_it_is_thin(notebook):
    lengths = [lines_of(cell) for cell in code_cells(notebook)]
    assert len(notebook.cells) <= 100
    assert sum(lengths) <= 450
    assert statistics.median(lengths) <= 5
    assert max(lengths) <= 20


def test_nothing_is_hidden(notebook):
    assert not [cell.id for cell in notebook.cells if "jupyter" in cell.metadata or "collapsed" in cell.metadata]


def test_a_name_is_bound_in_one_cell_only_and_no_branch_asks_what_is_there(notebook):
    bound = {}
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.If | ast.Try), f"{cell.id} branches"
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.setdefault(node.id, set()).add(cell.id)
    assert not {name: cells for name, cells in bound.items() if len(cells) > 1}


def test_every_chapter_shows_its_outputs(notebook):
    shown, chapter = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (title := re.match(r"## (\d+|[A-D]) ", cell.source)):
            chapter = title[1]
        elif cell.cell_type == "code":
            shown[chapter] = shown.get(chapter, 0) + len(cell.outputs)
    assert {*"123456789ABCD"} <= {chapter for chapter, outputs in shown.items() if outputs}


def test_the_story_keeps_to_its_length(notebook):
    """Figures, tables and words that a reader sees, before the appendix and in it."""
    start = next(number for number, cell in enumerate(notebook.cells) if cell.id == "appendix-a")
    for cells, figures, tables, words in (
        (notebook.cells[:start], 14, 14, 3000),
        (notebook.cells[start:], 8, 12, 3000),
    ):
        outputs = [output.get("data", {}) for cell in cells if cell.cell_type == "code" for output in cell.outputs]
        text = [cell.source for cell in cells if cell.cell_type == "markdown"]
        text += [data["text/markdown"] for data in outputs if "text/markdown" in data]
        assert sum("image/png" in data for data in outputs) <= figures
        assert sum("text/html" in data for data in outputs) <= tables
        assert len(" ".join(text).split()) <= words


def test_no_errors_no_warnings_no_ids_no_paths_are_shown(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.get("text")
            shown = json.dumps({kind: data for kind, data in output.get("data", {}).items() if kind != "image/png"})
            assert not re.search(r"CUST\d+|ORD\d{4}|/tmp/|/home/|object at 0x", shown + output.get("text", ""))


def test_no_number_is_shown_with_more_digits_than_anybody_reads(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            shown = output.get("data", {}).get("text/plain", "") + output.get("data", {}).get("text/markdown", "")
            assert not re.search(r"\d\.\d{5}", shown), cell.id


def test_figures_carry_alt_text(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(figures) >= 12
    for figure in figures:
        alt = figure.metadata["image/png"]["alt"]
        assert len(alt) > 40 and alt.endswith(".") and ".." not in alt


def test_answer_at_the_top_is_the_one_computed_at_the_end(notebook):
    first = code_cells(notebook)[0]
    last = next(cell for cell in notebook.cells if cell.id == "headline")
    assert "VIP Champions" in first.outputs[0].data["text/markdown"]
    assert first.outputs[0].data["text/markdown"] == last.outputs[0].data["text/markdown"]
    assert "image/png" in first.outputs[1].data


def test_only_the_headline_is_not_compared(notebook):
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        assert tags <= TAGS
        assert ("nbval-ignore-output" in tags) == (cell.id == "answer")
        assert "NBVAL" not in cell.source
    assert [cell.id for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])] == ["parameters"]


def test_no_result_is_typed_into_prose(notebook):
    result = re.compile(r"(?<![\w.])(?:[$€£]\s?\d[\d,.]*|\d+(?:\.\d+)?\s?%|\d{1,3}(?:,\d{3})+)")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not result.search(re.sub(r"`[^`]*`", "", cell.source)), cell.id


def test_contents_link_to_every_chapter_and_decision(notebook):
    titles = re.findall(r"^## (.+)$", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"), re.M)
    links = re.findall(r"\]\(#([^)]+)\)", next(c.source for c in notebook.cells if c.id == "contents"))
    assert links == [title.replace(" ", "-") for title in titles]


def test_one_title(notebook):
    heads = re.findall(r"^# .+$", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"), re.M)
    assert len(heads) == 1


def test_small_enough_for_a_web_preview():
    assert NOTEBOOK.stat().st_size < 1_000_000


def test_ids_are_stable_names_and_no_python_version_is_stored(notebook):
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z][a-z0-9-]*", cell.id)
    assert "version" not in notebook.metadata.language_info


def test_code_is_formatted_and_without_lint():
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


MODULES = sorted((ROOT / "segmentation").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_can_be_read(path):
    """At most 300 lines; functions of at most 25 (figures: 40), six parameters, a docstring for what is public."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    longest = 40 if "figures" in path.parts else 25
    assert sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").split("\n")) <= 300
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < longest, node.name
            assert len(node.args.args) + len(node.args.kwonlyargs) <= 6, node.name
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def imported_modules(path) -> set[str]:
    """Modules of the package that this one imports, without the figures."""
    found = re.findall(r"^from segmentation\.(\w+)", path.read_text(encoding="utf-8"), re.M)
    return set(found) - {"figures"}


def test_a_module_imports_only_from_those_above_it():
    import segmentation

    order = re.findall(r"\w+", segmentation.__doc__.split("\n\n", 1)[1])
    for path in (ROOT / "segmentation").glob("*.py"):
        if path.stem in ("__init__", "__main__"):
            continue
        for name in imported_modules(path):
            assert order.index(name) < order.index(path.stem), f"{path.stem} imports {name}"


def test_only_show_and_figures_know_how_things_are_drawn():
    for path in MODULES:
        if "figures" not in path.parts and path.stem != "show":
            assert not re.search(r"^\s*(?:import|from) (?:IPython|matplotlib|seaborn)", path.read_text(), re.M), path


def test_readme_documents_every_parameter(notebook):
    cell = next(cell for cell in notebook.cells if cell.id == "parameters")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"^([A-Z_]+) =", cell.source, re.M):
        assert f"`{name}`" in readme
