"""The committed notebook as a file: run from top to bottom, complete, and fit to be read."""

import ast
import json
import re
import subprocess
import sys

from shared import NOTEBOOK, ROOT

TAGS = {"parameters", "nbval-ignore-output"}


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_cells_were_run_once_from_top_to_bottom(notebook):
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))


def test_every_chapter_shows_its_outputs(notebook):
    shown, chapter = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (title := re.match(r"## (\d+) ", cell.source)):
            chapter = title[1]
        elif cell.cell_type == "code":
            shown[chapter] = shown.get(chapter, 0) + len(cell.outputs)
    assert {str(n) for n in range(1, 14)} <= {chapter for chapter, outputs in shown.items() if outputs}
    text = json.dumps([cell.outputs for cell in code(notebook)])
    assert text.count("What this tells us") >= 11


def test_no_errors_no_warnings_no_ids_no_paths_are_shown(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.get("text")
            shown = json.dumps({k: v for k, v in output.get("data", {}).items() if k != "image/png"})
            assert not re.search(r"CUST\d+|ORD\d{4}|/tmp/|/home/|/work/|object at 0x", shown + output.get("text", ""))


def test_figures_carry_alt_text_and_a_caption(notebook):
    figures = 0
    for cell in code(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                figures += 1
                alt = output.metadata["image/png"]["alt"]
                assert len(alt) > 40 and alt.endswith(".")
    assert figures >= 13


def test_answer_at_the_top_is_the_one_computed_at_the_end(notebook):
    first, last = code(notebook)[0], next(cell for cell in notebook.cells if cell.id == "headline")
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


def test_contents_link_to_every_chapter(notebook):
    titles = re.findall(r"^## (.+)$", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"), re.M)
    links = re.findall(r"\]\(#([^)]+)\)", next(c.source for c in notebook.cells if c.id == "contents"))
    assert links == [title.replace(" ", "-") for title in titles]


def test_one_title(notebook):
    heads = re.findall(r"^# .+$", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"), re.M)
    assert len(heads) == 1


def test_every_function_has_a_docstring(notebook):
    for cell in code(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef) and node.col_offset == 0:
                assert ast.get_docstring(node), node.name


def test_small_enough_for_a_web_preview():
    assert NOTEBOOK.stat().st_size < 1_500_000


def test_short_enough_to_read(notebook):
    """At most 120 cells; what is not collapsed fits on a screen."""
    assert len(notebook.cells) <= 120
    for cell in code(notebook):
        lines = [line for line in cell.source.split("\n") if line.strip() and not line.strip().startswith("#")]
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            assert cell.source.startswith("# "), f"{cell.id} does not say what it holds"
        else:
            assert len(lines) <= 25, f"{cell.id} has {len(lines)} lines"


def test_ids_are_stable_names(notebook):
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z][a-z0-9-]*", cell.id)


def test_code_is_formatted_and_without_lint():
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_readme_documents_every_parameter(notebook):
    cell = next(cell for cell in notebook.cells if cell.id == "parameters")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"^([A-Z_]+) =", cell.source, re.M):
        assert f"`{name}`" in readme
