"""A CSV, however it was written, as a table of text: encodings, delimiters, quotes, headers, column names."""

import csv
import difflib
import gzip
import hashlib
import io
import itertools
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.problems import InputError
from segmentation.synonyms import INSTEAD, WOULD_DO, Export, key, match_columns, recognised
from segmentation.words import Sentence, join, plain, plural, sentence, short

NOT_CSV = {  # how other files begin
    rb"PK\x03\x04": "an Excel workbook or a zip archive",
    rb"\xd0\xcf\x11\xe0": "an old Excel workbook",
    rb"version https://git-lfs": "a Git LFS pointer, not the file itself (run: git lfs pull)",
    rb"%PDF": "a PDF",
    rb"\x89PNG": "a PNG image",
    rb"PAR1": "a Parquet file",
    rb"(?i:<(!|\?|html|head|body|table))": "HTML or XML",
    rb'[\[{]\s*(["{\[\]}]|$)': "JSON",
}
HEAD = 1_000_000  # bytes in which a header ends
TITLES = 10  # rows that may stand above a header
csv.field_size_limit(2**31 - 1)  # a field is as long as it is; Python's own limit is 131,072 characters


@dataclass(frozen=True)
class Table:
    """A CSV as text."""

    name: str  # of the file
    checksum: str  # SHA-256 of the file
    delimiter: str
    rows: pd.DataFrame  # of text, canonical column names where they match; index: line in the file
    matched: dict[str, str] = field(default_factory=dict)  # column: its header in the file
    export: Export | None = None  # the system whose export it is, where it was recognised

    @property
    def names(self) -> Sentence | str:
        """Which headers were taken for which of our columns, where they are called otherwise."""
        return naming(self.matched, self.export)


def naming(matched: dict[str, str], export: Export | None) -> Sentence | str:
    """Which headers were taken for which of our columns, where they are called otherwise; and what an export lacks.

    matched: column: its header.
    """
    other = [f"'{plain(short(theirs))}' is {ours}" for ours, theirs in matched.items() if key(ours) != key(theirs)]
    refund = export.more.get("Refunded") if export and "Refunded" not in matched else None
    lack = sentence(" Without '{refund}' no refund in part is known.", refund=refund) if refund else ""
    system = f" as {export.name}" if export else ""
    return sentence("Read{system}: {other:&}.{lack}", system=system, other=other, lack=lack) if other else ""


@dataclass(frozen=True)
class Kind:
    """What a file is expected to hold."""

    known: list[str]  # columns
    required: list[str]
    ids: str  # the column whose values are all different; the other known ones repeat theirs
    exports: list[Export]  # by which other systems' files are recognised


def read_table(path: str, kind: Kind, given: dict[str, str] | None = None) -> Table:
    """Read a CSV: comma, semicolon, tab or pipe; UTF-8 or UTF-16; plain or gzip. Raises InputError for anything else.

    `given`: their header: our name, where the synonyms do not know it. Columns that repeat their values become
    categories, so that each distinct text is judged once.
    """
    name, data = Path(path).name, read_bytes(path)
    text = decode(unpack(data, name), name)
    line, delimiter, header = find_header(text, kind, given or {}, name)
    columns = match_columns(header, kind.known, kind.exports, given or {})
    check_columns(header, columns, kind, name)
    types = ["category" if column in kind.known and column != kind.ids else str for column in columns]
    rows = split_rows(text, line, delimiter, types, name).set_axis(columns, axis=1)
    if rows.empty:
        raise InputError(f"{name}: a header and no rows; expected rows of customers or orders")
    matched = dict(zip(columns, (field.strip() for field in header), strict=True))
    return Table(name, hashlib.sha256(data).hexdigest(), delimiter, rows, matched, recognised(header, kind.exports))


def header_of(path: str, kind: Kind, given: dict[str, str]) -> tuple[list[str], list[str]]:
    """The header of a file, and our names for its columns; only its beginning is read."""
    name, data = file_name(path), read_bytes(path, HEAD)
    if data.startswith(b"\x1f\x8b"):
        data = zlib.decompressobj(wbits=31).decompress(data)
    text = decode(unpack(whole_lines(data), name), name)
    header = find_header(text, kind, given, name)[2]
    return header, match_columns(header, kind.known, kind.exports, given)


def whole_lines(data: bytes) -> bytes:
    """The bytes without a last line that may be cut short; all of them where there is one line only."""
    end = data.rfind(b"\n")
    return data[: end + 1] if end > 0 and len(data) >= HEAD else data


def file_name(path: str) -> str:
    """How messages call a file."""
    return Path(path).name


def read_bytes(path: str, most: int = -1) -> bytes:
    """The bytes of a file, at most so many; raises InputError if there is none."""
    if Path(path).is_file():
        with open(path, "rb") as file:
            return file.read(most)
    here = "" if Path(path).is_absolute() else f" (looked for '{path}' from the folder '{Path.cwd().name}')"
    found = "is a folder" if Path(path).is_dir() else f"does not exist{here}"
    raise InputError(f"{Path(path).name}: {found}; expected a CSV file")


def unpack(data: bytes, name: str) -> bytes:
    """The bytes, unpacked if they are gzip; raises InputError for what begins like no CSV."""
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(f"{name}: the gzip file is cut short or damaged; expected a whole one") from error
    start = data[:1000].lstrip(b" \t\r\n\xef\xbb\xbf")
    for pattern, kind in NOT_CSV.items():
        if re.match(pattern, start):
            raise InputError(f"{name}: is {kind}; expected a CSV file")
    return data


def decode(data: bytes, name: str) -> bytes:
    """A UTF-8 or UTF-16 text as UTF-8 without mark; raises InputError naming the line of a byte that is neither."""
    encoding = {0: "utf-16-be", 1: "utf-16-le"}.get(data[:2].find(0), "utf-8-sig")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else encoding
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(re.split(rb"\r\n|\r|\n", data[: error.start]))
        found = f"byte {data[error.start]:#04x} is not {encoding[:6].upper().rstrip('-')}"
        raise InputError(f"{name}, line {line}: {found}; expected a CSV saved as UTF-8") from error
    if "\0" in text:
        raise InputError(f"{name}: holds zero bytes, so it is not text; expected a CSV file")
    if not text or text.isspace():
        raise InputError(f"{name}: is empty; expected a header and rows of customers or orders")
    data = text.encode()
    return data if b'"' in data or b"\r" not in data else data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def csv_reader(text: bytes, delimiter: str, strict: bool = False):
    """Python's reader of a CSV."""
    return csv.reader(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""), delimiter=delimiter, strict=strict)


def find_header(text: bytes, kind: Kind, given: dict[str, str], name: str) -> tuple[int, str, list[str]]:
    """The header's last line, the delimiter under which most known columns appear, and the header's fields.

    It is the first row that is not blank, or below a title the row with most of our columns, two at least.
    """
    found = []
    for delimiter in ",;\t|":
        reader = csv_reader(text, delimiter)
        rows = (row for row in reader if any(map(str.strip, row)) and not re.fullmatch("sep=.?", "".join(row).strip()))
        for place, header in enumerate(itertools.islice(rows, TITLES + 1)):
            while len(header) > 1 and not header[-1].strip():
                header.pop()  # trailing delimiters
            matches = len(set(match_columns(header, kind.known, kind.exports, given)) & set(kind.known))
            if place == 0 or matches > 1:
                found.append((matches, -place, len(header), reader.line_num, delimiter, header))
    if not found:
        raise InputError(f"{name}: is empty; expected a header and rows of customers or orders")
    _, _, _, line, delimiter, header = max(found, key=lambda item: item[:3])
    return line, delimiter, header


def near_spelling(missing: list[str], fields: list[str]) -> str:
    """The first field that is spelled nearly like a missing column, '' if none is.

    >>> near_spelling(["Recency", "Monetary"], ["Notes", "Monetray"])
    'Monetray'
    """
    spelled = {key(field): field.strip() for field in fields}
    near = [difflib.get_close_matches(key(column), spelled, n=1, cutoff=0.75) for column in missing]
    return next((spelled[found[0]] for found in near if found), "")


def listed(header: list[str]) -> str:
    """The fields of a header for a message, the first forty."""
    return ", ".join(short(field.strip()) for field in header[:40])


def check_columns(header: list[str], columns: list[str], kind: Kind, name: str) -> None:
    """Raise InputError for a required column that is missing, or two columns of one name."""
    if not set(columns) & set(kind.known) and any(re.search(r"\d", field) for field in header):
        raise InputError(f"{name}: no header: the first row is {listed(header)}; expected the names of the columns")
    missing = [c for c in kind.required if not any(names <= set(columns) for names in [{c}, *INSTEAD.get(c, [])])]
    if missing:
        near = near_spelling(missing, [column for column in columns if column not in kind.known])
        meant = f" (is '{short(near)}' meant?)" if near else ""
        wanted = join([f"{column} ({WOULD_DO[column]})" if column in WOULD_DO else column for column in missing])
        raise InputError(f"{name}: no column {wanted}{meant}; found {listed(header)}")
    for column in columns:
        if columns.count(column) > 1:
            same = [f"'{short(field.strip())}'" for field, to in zip(header, columns, strict=True) if to == column]
            called = short(column) or "nothing"
            raise InputError(f"{name}: two columns are called {called} ({join(same)}); expected one")


def split_rows(text: bytes, header_line: int, delimiter: str, types: list, name: str) -> pd.DataFrame:
    """All rows below the header that are not blank, as text; index: line. Raises InputError for a ragged row."""
    quoted, width = b'"' in text, len(types)
    lines, counts = rows_quoted(text, delimiter, width, name) if quoted else rows_plain(text, delimiter)
    types = dict(enumerate(types)) | dict.fromkeys(range(width, counts.max()), str)
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    layout = {"sep": delimiter, "header": None, "names": list(types), "skip_blank_lines": False, "quoting": quoting}
    frame = pd.read_csv(io.BytesIO(text), dtype=types, na_filter=False, low_memory=False, **layout)
    below = lines > header_line  # read with the rest, a header's name keeps its categories text
    frame, counts = frame[below].set_axis(lines[below]), counts[below]
    blank, surplus = np.ones(len(frame), bool), np.zeros(len(frame), bool)
    for place in reversed(types):
        blank[blank] = is_blank(frame[place][blank])
        surplus |= place >= width and frame[place].ne("")
    wrong = np.flatnonzero((surplus | (counts < width)) & ~blank)
    if len(wrong):
        found = plural(counts[wrong[0]], "field")
        raise InputError(f"{name}, line {frame.index[wrong[0]]}: {found}; expected {width}, as in the header")
    return frame.loc[~blank, range(width)]


def rows_plain(text: bytes, delimiter: str) -> tuple[np.ndarray, np.ndarray]:
    """Line and number of fields of every row of a text without quotes."""
    marks = np.frombuffer(text if text.endswith(b"\n") else text + b"\n", np.uint8)
    marks = marks[(marks == ord(delimiter)) | (marks == ord("\n"))]
    counts = np.diff(np.flatnonzero(marks == ord("\n")), prepend=-1)
    return np.arange(1, len(counts) + 1), counts


def rows_quoted(text: bytes, delimiter: str, width: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Line and number of fields of every row of a text with quotes.

    Raises InputError for a quote that does not close, or closes so late that what is inside looks like rows.
    """
    lines, counts, line = [], [], 1
    reader = csv_reader(text, delimiter, strict=True)
    try:
        for row in reader:
            if reader.line_num > line and any(f.count(delimiter) >= (width - 1) * f.count("\n") > 0 for f in row):
                raise csv.Error(f"it closes on line {reader.line_num}, with whole rows inside")
            lines.append(line)
            counts.append(len(row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{name}, line {line}: a quote is opened and not closed, or misplaced ({error})") from error
    return np.array(lines), np.array(counts)


def is_blank(texts: pd.Series) -> pd.Series:
    """Whether each text is empty or only spaces."""
    return texts.str.fullmatch(r"\s*").astype(bool)
