"""What the notebook shows: sentences, tables and figures; and where results wait to be published."""

import io
import itertools
import json
import re
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython import get_ipython
from IPython.display import Markdown, display
from PIL import Image

from segmentation.figures.style import DPI, NARROW, WIDE, Canvas, save_drawing
from segmentation.headline import RECORD, Answer, record
from segmentation.problems import LeftOut, quietly, setting
from segmentation.words import Sentence, Words, plain


def as_markdown(text: str) -> Markdown:
    """Markdown in which a dollar sign is just that: in an element of its own it cannot start a formula.

    The text is set afterwards: given at once, IPython would open a file of that name, or fetch an address.
    """
    shown = Markdown()
    shown.data = text.replace("$", "<span>&#36;</span>")
    return shown


def holds_sentences(column: pd.Series) -> bool:
    """Whether every cell of a table's column is a Sentence."""
    return all(isinstance(cell, Sentence) for cell in column)


class FirstScreen:
    """The place at the top of the notebook where the answer appears when all cells have run.

    Where a cell stops the run, its message stands here too: JupyterLab jumps to the last cell, not to the one that
    stopped. Until then nothing of an earlier run is shown.
    """

    def __init__(self):
        self.text = display(Markdown("*The answer appears here when all cells have run.*"), display_id="answer")
        self.picture = display(Markdown(""), display_id="picture")
        if (shell := get_ipython()) is not None:
            shell.set_custom_exc((Exception,), self._stopped)

    def _stopped(self, shell, kind, error, traceback, tb_offset=None):
        """Say here why the run stopped, and show the error where it was raised, as ever."""
        self.text.update(Markdown(f"> **The run stopped, nothing was written.** {plain(error) or kind.__name__}"))
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


class Page:
    """Shows results in one currency; figures and files wait in a folder of their own until they are published.

    Nothing is shown of a result that is left out; `attempt` has said why.
    """

    def __init__(self, currency: str):
        self.words = Words(currency)
        self.stage = tempfile.TemporaryDirectory(prefix="segmentation-")
        self.data, self.images = Path(self.stage.name, "data"), Path(self.stage.name, "images")
        self.data.mkdir()
        self.images.mkdir()
        self.drawings = setting("DRAWINGS", None)  # a folder for the report's drawings, where a report is made
        self.numbers = {}  # figure: its number
        self.alts = {}  # figure: its alt text

    def attempt(self, step, *arguments, **options):
        """What the step returns; where it, or one of its arguments, is left out, one line says so."""
        result = quietly(step, *arguments, **options)
        if isinstance(result, LeftOut):
            display(as_markdown(f"*{result}*"))
        return result

    def say(self, template: str | Sentence, *results, **numbers) -> None:
        """Show a sentence (see Words), unless a result in it is left out."""
        if any(isinstance(result, LeftOut) for result in (template, *results, *numbers.values())):
            return
        if text := self.words.text(template, *results, **numbers):
            display(as_markdown(text))

    def table(self, table: pd.DataFrame | LeftOut, formats: dict | None = None) -> None:
        """Show a DataFrame as a plain table; formats: a column's spec, as in a template. Blanks become '-'."""
        if isinstance(table, LeftOut) or not len(table):
            return
        formats = formats or {}
        cells = table.reset_index(names=table.index.name) if table.index.name else table
        text = pd.DataFrame({name: [self._cell(v, formats.get(name, "")) for v in cells[name]] for name in cells})
        worded = [name for name in cells if pd.api.types.is_string_dtype(cells[name]) or holds_sentences(cells[name])]
        sides = ["left" if name in worded and name not in formats else "right" for name in cells]
        around = itertools.cycle(["left", *sides[1:]])
        markup = text.to_html(index=False, border=0).replace(' style="text-align: right;"', "")
        markup = markup.replace(" %", "\xa0%")  # never a sign alone on a line
        page = re.sub(
            "<(t[hd])>", lambda tag: '<{0} align="{1}" style="text-align: {1}">'.format(tag[1], next(around)), markup
        )
        display({"text/html": page, "text/plain": text.to_string(index=False)}, raw=True)

    def _cell(self, value, spec: str) -> str:
        """A value of a table as text."""
        if not isinstance(value, Sentence | list) and pd.isna(value):
            return "-"
        return self.words.format_field(value, spec) if spec or isinstance(value, Sentence) else str(value)

    def figure(self, plot, result, name: str, template: str | Sentence, *others, more: str = "", **numbers) -> None:
        """Draw, stage and show one figure: the template is its title; the caption says what is shown, alt text both.

        plot(result, canvas) draws; `more`: a template for what only alt text and caption say.
        """
        if isinstance(result, LeftOut):
            return
        finding, added = (self.words.text(part, result, *others, **numbers) for part in (template, more))
        canvas = Canvas(finding, self.words)
        png = self.save(plot(result, canvas), name)
        shows = canvas.shows.removesuffix(":")
        alt = f"{shows}. {finding}{added}."
        self.alts[name] = alt
        number = self.numbers.setdefault(name, len(self.numbers) + 1)
        told = {"name": name, "number": number, "finding": finding, "drawn": canvas.drawn, "more": added}
        display(self._bundle(png, alt), raw=True, metadata={"image/png": {"alt": alt, **told}})
        if self.drawings:
            self._draw(plot, result, finding, name)
        display(as_markdown(f"*Figure {number}. {plain(shows + added)}.*"))

    def _draw(self, plot, result, finding: str, name: str) -> None:
        """One figure as the report has it: a drawing for a desk and a narrow one for a phone, without title."""
        for width, suffix in ((WIDE, ""), (NARROW, "-narrow")):
            drawing = plot(result, Canvas(finding, self.words, width, titled=False))
            save_drawing(drawing, Path(self.drawings, f"{name}{suffix}.svg"))

    def answer(self, top: FirstScreen, answer: Answer, name: str) -> None:
        """Put the answer and the figure of this name, drawn before, on the first screen; and all of it as a record."""
        model = json.loads((self.data / "segment_model.json").read_text(encoding="utf-8"))
        told = {"text/markdown": as_markdown(self.words.text(answer.text)).data, "text/plain": "The answer"}
        top.text.update(told | {RECORD: record(answer, self.words) | {"model": model}}, raw=True)
        alt = self.alts[name]
        png = (self.images / f"{name}.png").read_bytes()
        top.picture.update(self._bundle(png, alt), raw=True, metadata={"image/png": {"alt": alt}})

    @staticmethod
    def _bundle(png: bytes, alt: str) -> dict:
        """A picture with its alt text as the plain text that a terminal, or nbval, sees."""
        return {"image/png": png, "text/plain": alt}

    def save(self, figure, name: str, dpi: int = DPI) -> bytes:
        """Stage a figure as PNG in 256 colours, a third of the size, and close it; returns the bytes."""
        drawn, small = io.BytesIO(), io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # a label in a script that the font lacks
            figure.savefig(drawn, dpi=dpi)
        plt.close(figure)
        Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "png", optimize=True)
        for folder in filter(None, (self.images, self.drawings)):
            Path(folder, f"{name}.png").write_bytes(small.getvalue())
        return small.getvalue()
