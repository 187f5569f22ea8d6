"""A CSV, however it was written, as a table of text: encodings, delimiters, quotes, headers, column names."""

import csv
import difflib
import hashlib
import io
import itertools
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segmentation.files import HEAD, beginning, decode, file_name, read_bytes, unpack
from segmentation.problems import InputError
from segmentation.synonyms import INSTEAD, WOULD_DO, Export, key, match_columns, recognised
from segmentation.words import Sentence, join, plain, plural, sentence, short

MOST_COLUMNS = 2_000  # more is another layout: one column per day or product
LONGEST_FIELD = 1_000_000  # characters of any field: a note may be long, a book is a quote that does not close
LONGEST_VALUE = 1_000  # characters in a header and in a column of ours: no id, number, date or label is longer
TITLES = 10  # rows that may stand above a header
csv.field_size_limit(LONGEST_FIELD)  # Python's own limit is 131,072 characters


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
    data = read_bytes(path)
    name = file_name(path)
    text = decode(unpack(data, name), name)
    line, delimiter, header = find_header(text, kind, given or {}, name)
    columns = match_columns(header, kind.known, kind.exports, given or {})
    check_columns(header, columns, kind, name)
    types = ["category" if column in kind.known and column != kind.ids else str for column in columns]
    rows = split_rows(text, line, delimiter, types, name).set_axis(columns, axis=1)
    if rows.empty:
        raise InputError(f"{name}: a header and no rows; expected rows of customers or orders")
    check_lengths(rows[[column for column in columns if column in kind.known]], name)
    matched = dict(zip(columns, (field.strip() for field in header), strict=True))
    return Table(name, hashlib.sha256(data).hexdigest(), delimiter, rows, matched, recognised(header, kind.exports))


def header_of(path: str, kind: Kind, given: dict[str, str]) -> tuple[list[str], list[str]]:
    """The header of a file, and our names for its columns; only its beginning is read."""
    name = file_name(path)
    start = beginning(path)
    text = decode(start, name, whole=len(start) < HEAD)
    header = find_header(text, kind, given, name)[2]
    return header, match_columns(header, kind.known, kind.exports, given)


def csv_reader(text: bytes, delimiter: str, strict: bool = False):
    """Python's reader of a CSV."""
    return csv.reader(io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""), delimiter=delimiter, strict=strict)


def first_rows(rows, name: str):
    """The rows in which a header may stand, without trailing delimiters; raises InputError where one is too long."""
    try:
        for number, row in enumerate(itertools.islice(rows, TITLES + 1), start=1):
            while len(row) > 1 and not row[-1].strip():
                row.pop()
            if len(row) > MOST_COLUMNS:
                raise InputError(f"{name}, line {number}: {len(row):,} columns; expected at most {MOST_COLUMNS:,}")
            yield row
    except csv.Error as error:
        found = f"more than {LONGEST_FIELD:,} characters without a delimiter"
        raise InputError(f"{name}, line 1: {found}; expected a header and a row per customer or order") from error


def find_header(text: bytes, kind: Kind, given: dict[str, str], name: str) -> tuple[int, str, list[str]]:
    """The header's last line, the delimiter under which most known columns appear, and the header's fields.

    It is the first row that is not blank, or below a title the row with most of our columns, two at least.
    """
    found = []
    for delimiter in ",;\t|":
        reader = csv_reader(text, delimiter)
        rows = (row for row in reader if any(map(str.strip, row)) and not re.fullmatch("sep=.?", "".join(row).strip()))
        for place, header in enumerate(first_rows(rows, name)):
            matches = len(set(match_columns(header, kind.known, kind.exports, given)) & set(kind.known))
            if place == 0 or matches > 1:
                found.append((matches, -place, len(header), reader.line_num, delimiter, header))
    if not found:
        raise InputError(f"{name}: is empty; expected a header and rows of customers or orders")
    _, _, _, line, delimiter, header = max(found, key=lambda item: item[:3])
    if (longest := max(map(len, header))) > LONGEST_VALUE:
        found = f"a column's name has {longest:,} characters"
        raise InputError(f"{name}, line {line}: {found}; expected a header, with names of at most {LONGEST_VALUE:,}")
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
    check_fields(text, delimiter, name)
    lines, counts = rows_quoted(text, delimiter, width, name) if quoted else rows_plain(text, delimiter)
    if counts.max() > MOST_COLUMNS:
        found = plural(counts.max(), "field")
        raise InputError(f"{name}, line {lines[counts.argmax()]}: {found}; expected {width}, as in the header")
    types = dict(enumerate(types)) | dict.fromkeys(range(width, counts.max()), "category")
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


def check_fields(text: bytes, delimiter: str, name: str) -> None:
    """Raise InputError for a field longer than LONGEST_FIELD bytes; only lines longer than that are looked into."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    starts, ends = np.append(0, ends + 1), np.append(ends, len(text))
    for line in np.flatnonzero(ends - starts > LONGEST_FIELD):
        longest = max(map(len, text[starts[line] : ends[line]].split(delimiter.encode())))
        if longest > LONGEST_FIELD:
            expected = f"expected at most {LONGEST_FIELD:,}: is a quote or a line end missing?"
            raise InputError(f"{name}, line {line + 1}: a field of {longest:,} characters; {expected}")


def check_lengths(rows: pd.DataFrame, name: str) -> None:
    """Raise InputError for a value longer than LONGEST_VALUE characters."""
    for column in rows:
        long = rows[column].str.len() > LONGEST_VALUE
        if long.any():
            found = f"{column} has {len(rows[column][long].iloc[0]):,} characters"
            expected = f"expected at most {LONGEST_VALUE:,}: is a quote or a line end missing?"
            raise InputError(f"{name}, line {rows.index[long][0]}: {found}; {expected}")


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
