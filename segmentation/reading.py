"""reading"""

import csv
import difflib
import gzip
import io
import re
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.constants import REPEATING
from segmentation.problems import InputError
from segmentation.words import join, plural, short

NOT_CSV = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself (run: git lfs pull)",
    b"%PDF": "a PDF",
    b"\x89PNG": "a PNG image",
    b"PAR1": "a Parquet file",
}


MARKUP = {rb"<(!|\?|html|head|body|table)": "HTML or XML", rb'[\[{]\s*(["{\[\]}]|$)': "JSON"}  # how these begin


def read_bytes(path: str) -> bytes:
    """The bytes of a CSV file, unpacked if it is gzip. Raises InputError for anything that is not a CSV."""
    name = Path(path).name
    if not Path(path).is_file():
        found = "is a folder" if Path(path).is_dir() else "does not exist (paths start at the notebook's folder)"
        raise InputError(f"{name}: {found}; expected a CSV file")
    data = Path(path).read_bytes()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(f"{name}: the gzip file is cut short or damaged; expected a whole one") from error
    start = data[:1000].lstrip(b" \t\r\n\xef\xbb\xbf")
    found = [what for magic, what in NOT_CSV.items() if start.startswith(magic)]
    found += [what for pattern, what in MARKUP.items() if re.match(pattern, start, re.IGNORECASE)]
    if found:
        raise InputError(f"{name}: is {found[0]}; expected a CSV file")
    return data


def decode(data: bytes, name: str) -> bytes:
    """A UTF-8 or UTF-16 file as plain UTF-8. Raises InputError naming the line of a byte that is neither."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = {0: "utf-16-be", 1: "utf-16-le"}.get(data[:2].find(0), "utf-8-sig")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(re.split(rb"\r\n|\r|\n", data[: error.start]))
        raise InputError(
            f"{name}, line {line}: byte {data[error.start]:#04x} is not {encoding[:6].upper().rstrip('-')}; "
            "expected a CSV saved as UTF-8"
        ) from error
    if "\0" in text:
        raise InputError(f"{name}: holds zero bytes, so it is not text; expected a CSV file")
    if not text or text.isspace():
        raise InputError(f"{name}: is empty; expected a header and one row per customer")
    data = data.removeprefix(b"\xef\xbb\xbf") if encoding == "utf-8-sig" else text.encode()
    return data if b'"' in data or b"\r" not in data else data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def key(header: str) -> str:
    """A header without case, spaces and punctuation. key(' Customer ID') -> 'customerid'"""
    return re.sub(r"[\W_]+", "", header.casefold())


def match_columns(header: list[str], known: list[str], required: list[str], name: str) -> list[str]:
    """Canonical names where a header matches a known one, the header itself elsewhere.

    Raises InputError for a required column that is missing, or two columns with one name.
    """
    canonical = {key(column): column for column in known}
    names = [canonical.get(key(text), text.strip()) for text in header]
    missing = [column for column in required if column not in names]
    if missing:
        others = {key(text): text.strip() for text in header if key(text) not in canonical}
        guess = [
            others[k] for column in missing for k in difflib.get_close_matches(key(column), others, n=1, cutoff=0.5)
        ]
        hint = f" (is '{short(guess[0])}' meant?)" if guess else ""
        raise InputError(
            f"{name}: no column {join(missing)}{hint}; found {', '.join(short(t.strip()) for t in header[:40])}"
        )
    for column in names:
        if names.count(column) > 1:
            same = join([f"'{short(text.strip())}'" for text, to in zip(header, names, strict=True) if to == column])
            raise InputError(f"{name}: two columns are called {short(column) or 'nothing'} ({same}); expected one")
    return names


def ragged(name: str, line: int, found: int, expected: int) -> InputError:
    """The message for a row with too many or too few fields."""
    return InputError(f"{name}, line {line}: {plural(found, 'field')}; expected {expected}, as in the header")


def rows_quoted(data: bytes, delimiter: str, width: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Line number and number of fields of every row of a text with quotes in it.

    Raises InputError for a quote that does not close, or closes so late that what is inside looks like rows.
    """
    lines, counts, line = [], [], 1
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        for fields in reader:
            if reader.line_num > line and any(f.count(delimiter) >= (width - 1) * f.count("\n") > 0 for f in fields):
                raise csv.Error(f"it closes on line {reader.line_num}, with whole rows inside")
            lines.append(line)
            counts.append(len(fields))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{name}, line {line}: a quote is opened and not closed, or misplaced ({error})") from error
    return np.array(lines), np.array(counts)


def rows_plain(data: bytes, delimiter: str) -> tuple[np.ndarray, np.ndarray]:
    """Line number and number of fields of every row of a text without quotes."""
    marks = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", np.uint8)
    places = np.flatnonzero((marks == ord(delimiter)) | (marks == ord("\n")))
    counts = np.diff(np.flatnonzero(marks[places] == ord("\n")), prepend=-1)
    return np.arange(1, len(counts) + 1), counts


def is_blank(texts: pd.Series) -> pd.Series:
    """Whether each text is empty or only spaces."""
    return texts.str.fullmatch(r"\s*").astype(bool)


def split_rows(data: bytes, header_line: int, delimiter: str, columns: list[str], name: str) -> pd.DataFrame:
    """All rows below the header that are not blank, as text; index = line number, REPEATING columns as categories."""
    quoted, width = b'"' in data, len(columns)
    lines, counts = rows_quoted(data, delimiter, width, name) if quoted else rows_plain(data, delimiter)
    repeating = REPEATING | ({"Customer_ID"} if "Order_ID" in columns else set())
    types = {place: "category" if column in repeating else str for place, column in enumerate(columns)}
    types |= dict.fromkeys(range(width, counts.max()), str)
    layout = {"sep": delimiter, "header": None, "names": list(types), "skip_blank_lines": False, "low_memory": False}
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    frame = pd.read_csv(io.BytesIO(data), dtype=types, na_filter=False, quoting=quoting, **layout)
    above = int((lines <= header_line).sum())  # read with the rest: a header's name keeps its categories text
    frame, lines, counts = frame.iloc[above:].set_axis(lines[above:]), lines[above:], counts[above:]
    blank, surplus = np.ones(len(lines), bool), np.zeros(len(lines), bool)
    for place in reversed(types):
        blank[blank] = is_blank(frame[place][blank])
        surplus |= place >= width and frame[place].ne("")
    wrong = np.flatnonzero((surplus | (counts < width)) & ~blank)
    if len(wrong):
        raise ragged(name, lines[wrong[0]], counts[wrong[0]], width)
    frame = frame[list(range(width))].set_axis(columns, axis=1)
    return frame[~blank] if blank.any() else frame


def find_header(data: bytes, known: list[str], name: str) -> tuple[int, str, list[str]]:
    """The header's last line, the delimiter under which most known columns appear, and the header's fields."""
    keys, found = {key(column) for column in known}, []
    for delimiter in ",;\t|":
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""), delimiter=delimiter)
        rows = (row for row in reader if any(map(str.strip, row)) and not re.fullmatch("sep=.?", "".join(row).strip()))
        fields = next(rows, [""])
        while len(fields) > 1 and not fields[-1].strip():
            fields.pop()  # trailing delimiters
        found.append((len({key(field) for field in fields} & keys), len(fields), reader.line_num, delimiter, fields))
    _, _, line, delimiter, fields = max(found, key=lambda item: item[:2])
    if fields == [""]:
        raise InputError(f"{name}: is empty; expected a header and one row per customer")
    return line, delimiter, fields


def read_table(path: str, known: list[str], required: list[str]) -> tuple[pd.DataFrame, str]:
    """A CSV as text: canonical column names where they match, line numbers as index; and its delimiter.

    Comma, semicolon, tab or pipe; UTF-8 or UTF-16; plain or gzip. Raises InputError for anything else.
    """
    name = Path(path).name
    data = decode(read_bytes(path), name)
    header_line, delimiter, header = find_header(data, known, name)
    columns = match_columns(header, known, required, name)
    rows = split_rows(data, header_line, delimiter, columns, name)
    if rows.empty:
        raise InputError(f"{name}: a header and no rows; expected one row per customer")
    return rows, delimiter


def repeated(texts: pd.Series) -> pd.Series:
    """The texts that occur more than once. Only those whose hash occurs more than once are compared as text."""
    marks = pd.Series(pd.util.hash_array(texts.to_numpy(object), categorize=False), texts.index)
    maybe = texts[marks.duplicated(keep=False)]
    return maybe[maybe.duplicated(keep=False)]
