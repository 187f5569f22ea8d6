"""An executed notebook as sections of a page. Headings give the sections, tags of cells say what goes where:

`report-skip` is left out, `report-details` shown on demand and not printed, `appendix` moved to the end. On a cell that
begins with a heading a tag holds for the whole section, up to the next heading of the same or a higher level; else for
the cell.

What follows the first paragraph under a heading explains how something was done, and is shown on demand, like a table
of many rows or too wide for a phone that is not tagged `report-open`. "What this tells us" comes first in its chapter.
"""

import base64
import itertools
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from segmentation.headline import RECORD
from segmentation.problems import InputError
from segmentation.report import drawings, markup, tables

HEADING = re.compile(r"^(#{1,4}) +(.+)$", re.M)
TELLS = "**What this tells us.**"
BELOW_APPENDIX = 3  # level of the headings directly under that of the appendix
SKIP, DETAILS, OPEN, APPENDIX = "report-skip", "report-details", "report-open", "appendix"


@dataclass
class Figure:
    """One figure with its words."""

    name: str
    title: str  # what it shows as a finding; empty where the picture has it as its title
    caption: str
    pictures: Markup

    says = property(lambda self: self.title or self.caption)


@dataclass
class Block:
    """What a section shows, one after the other."""

    kind: str  # prose, note, table, figure
    content: object  # Markup, tables.Table or Figure
    look: str  # open; folded, on demand on a screen; details and method, on demand and not printed

    @property
    def says(self) -> str:
        """What it is, for a reader who decides whether to open it."""
        return "" if self.kind in ("prose", "note") else self.content.says


@dataclass
class Section:
    """A heading and what stands under it."""

    title: str
    id: str  # where links to it land
    level: int
    appendix: bool
    tagged: bool  # as appendix itself, not by a heading above it
    down: int  # levels by which its heading moves where the appendix takes it
    question: str = ""  # the first paragraph, Markup
    lead: list[Markup] = field(default_factory=list)  # of a chapter: what it tells
    blocks: list[Block] = field(default_factory=list)

    @property
    def groups(self) -> list[tuple[str, list[Block]]]:
        """Blocks with their neighbours of the same look: (look, blocks)."""
        return [(look, [*blocks]) for look, blocks in itertools.groupby(self.blocks, lambda block: block.look)]


@dataclass
class Story:
    """A notebook as the report tells it."""

    title: str
    about: Markup  # what stands under the title
    record: dict  # headline.record, with the model
    slide: str  # the page for a slide, PNG in base64; empty where it was not drawn
    sections: list[Section]
    appendix: list[Section]

    @property
    def chapters(self) -> list[Section]:
        """Sections that the contents list."""
        return [section for section in self.sections if section.level == 2]


def read(notebook, folder: Path | None) -> Story:
    """The story of an executed notebook; folder: see report.write.

    Raises InputError where the notebook has no answer, so was not run to its end.
    """
    reader = _Reader(folder)
    for cell in notebook.cells:
        (reader.text if cell.cell_type == "markdown" else reader.results)(cell)
    if reader.record is None:
        raise InputError("the notebook has no answer for the report; expected one that was run to its end")
    told = [section for section in reader.sections if section.level > 1]
    main = [section for section in told if not section.appendix]
    about = Markup("\n").join([reader.sections[0].question, *(block.content for block in reader.sections[0].blocks)])
    appendix = [section for section in told if section.appendix]
    path = folder / "summary.png" if folder else None
    slide = base64.b64encode(path.read_bytes()).decode() if path and path.is_file() else ""
    return Story(reader.sections[0].title, about, reader.record, slide, main, appendix)


class _Reader:
    """Goes through the cells and keeps what the report shows."""

    def __init__(self, folder: Path | None):
        self.folder = folder
        self.sections: list[Section] = []
        self.titles = Counter()  # how often each has come
        self.scopes: list[tuple[int, set[str]]] = []  # level and tags of the headings that hold here
        self.record = None
        self.captioned = False  # the last figure has said what its caption says

    def tags(self, cell) -> set[str]:
        """Tags that hold for a cell."""
        return set(cell.metadata.get("tags", [])).union(*(tags for _, tags in self.scopes))

    def text(self, cell) -> None:
        """Take a cell of text: headings, the paragraph under each, and the rest as method."""
        own = set(cell.metadata.get("tags", []))
        starts = [*HEADING.finditer(cell.source)]
        head = cell.source[: starts[0].start()] if starts else cell.source
        if head.strip() and self.sections and SKIP not in self.tags(cell):
            self.add("prose", markup.prose(head), "details" if DETAILS in self.tags(cell) else "open")
        ends = [*(start.start() for start in starts), len(cell.source)][1:]
        for start, end in zip(starts, ends, strict=True):
            self.open(start[2].strip(), len(start[1]), own if start is starts[0] else set())
            if SKIP not in self.tags(cell):
                self.under_heading(cell.source[start.end() : end].strip())

    def open(self, title: str, level: int, tags: set[str]) -> None:
        """Begin a section."""
        self.scopes = [scope for scope in self.scopes if scope[0] < level] + [(level, tags)]
        held = set().union(*(tags for _, tags in self.scopes))
        if SKIP not in held:
            taken = next((top for top, tags in self.scopes if APPENDIX in tags), None)
            down = 0 if taken is None else BELOW_APPENDIX - taken
            where = markup.slug(title)
            self.titles[where] += 1
            where += f"--{self.titles[where]}" if self.titles[where] > 1 else ""
            self.sections.append(Section(title, where, level, taken is not None, taken == level, down))

    def under_heading(self, source: str) -> None:
        """The first paragraph asks the question; what follows says how it is answered."""
        first, _, rest = source.partition("\n\n")
        section = self.sections[-1]
        if first:
            section.question = markup.prose(first)
        if rest:
            self.add("prose", markup.prose(rest), "method")

    def results(self, cell) -> None:
        """Take what a cell of code shows."""
        held = self.tags(cell)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if RECORD in data:
                self.record = data[RECORD]
            elif SKIP not in held and "answer" != cell.get("id"):
                self.take(data, output.get("metadata", {}), held)

    def take(self, data: dict, metadata: dict, held: set[str]) -> None:
        """One output as a block."""
        look = "details" if DETAILS in held else "open"
        if "image/png" in data:
            self.add("figure", self.figure(data, metadata.get("image/png", {})), look)
        elif "text/html" in data:
            table = tables.read(data["text/html"])
            large = (table.long or table.wide) and OPEN not in held
            self.add("table", table, "folded" if large and look == "open" else look)
        elif "text/markdown" in data:
            self.sentence(data["text/markdown"], look)

    def sentence(self, text: str, look: str) -> None:
        """A sentence: the caption of the last figure, what a chapter tells, a warning, or just that."""
        if re.match(r"\*Figure \d+\.", text):
            if not self.captioned:
                self.sections[-1].blocks[-1].content.caption = markup.inline(text.strip("*"))
        elif text.startswith(TELLS) and look == "open":
            self.chapter.lead.append(markup.prose(text))
        else:
            self.add("note" if text.startswith(">") else "prose", markup.prose(text), look)

    @property
    def chapter(self) -> Section:
        """The chapter that is being read, whatever of it the appendix takes."""
        return next((section for section in self.sections[::-1] if section.level == 2), self.sections[-1])

    def add(self, kind: str, content, look: str) -> None:
        """Put a block into the section; the appendix is on demand as a whole."""
        section = self.sections[-1]
        section.blocks.append(Block(kind, content, "open" if section.appendix or section.level == 1 else look))

    def figure(self, data: dict, told: dict) -> Figure:
        """A figure: its drawings for desk and phone where there are some, else the picture in the notebook."""
        alt, name = told.get("alt", ""), told.get("name", "")
        paths = [self.folder / f"{name}{look}.svg" for look in ("", "-narrow")] if self.folder and name else []
        self.captioned = bool(paths) and all(path.is_file() for path in paths)
        if not self.captioned:
            picture = '<img class="wide" src="data:image/png;base64,{}" alt="{}">'
            return Figure(name, "", "", Markup(picture).format(data["image/png"].replace("\n", ""), alt))
        texts = [path.read_text(encoding="utf-8") for path in paths]
        drawn = [drawings.embedded(text, name, alt, look) for text, look in zip(texts, ("wide", "narrow"), strict=True)]
        more = told["more"].strip(" .").removeprefix("(").removesuffix(")")
        parts = [f"Figure {told['number']}", told["drawn"], more[:1].upper() + more[1:]]
        caption = "".join(f"{part}. " for part in parts if part)
        return Figure(name, markup.plain(told["finding"]), captions(caption), Markup().join(drawn))


def captions(text: str) -> Markup:
    """A figure's caption; where it says left and right, one for the phone, on which one panel is below the other."""
    below = text.replace("Left:", "Above:").replace("Right:", "Below:")
    if below == text:
        return markup.plain(text)
    both = Markup('<span class="wide">{}</span><span class="narrow">{}</span>')
    return both.format(markup.plain(text), markup.plain(below))
