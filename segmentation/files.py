"""A file as text: what is none, what is too large, gzip, encodings; each refused in one message, before it costs."""

import codecs
import gzip
import io
import re
import zlib
from pathlib import Path

from segmentation.problems import InputError
from segmentation.words import short

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
MOST_BYTES = 1_000_000_000  # of text in a file: some 20 million orders; more belongs in a database
MEMORY_PER_BYTE = 8  # bytes of memory that reading a byte of text takes at its peak, measured on an order log
ASSUMED_MEMORY = 8_000_000_000  # where the system does not say what is free
PIECE = 16_000_000  # bytes of a gzip file that are unpacked at a time
PLAUSIBLE = 100_000_000  # bytes up to which a gzip file may hold whatever it likes
MOST_TIMES = 100  # what has been read of it, beyond that: real tables shrink to a tenth, at best a fortieth


def memory_at_hand() -> int:
    """Bytes of memory that are free."""
    try:
        free = re.search(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    except (OSError, ValueError):
        free = None
    return int(free[1]) * 1024 if free else ASSUMED_MEMORY


def most_bytes() -> int:
    """How long a text may be that is read."""
    return min(MOST_BYTES, memory_at_hand() // MEMORY_PER_BYTE)


def file_name(path: str) -> str:
    """How messages call a file."""
    return short(Path(path).name)


def read_bytes(path: str, most: int = -1, expected: str = "a CSV file") -> bytes:
    """The bytes of a file, at most so many; raises InputError where there is none, or it is too large or locked."""
    if not isinstance(path, str | Path):
        raise InputError(f"{short(repr(path))} was given as a file; expected the path of {expected}")
    name = file_name(path)
    try:
        place = Path(path).expanduser()
        if place.is_file():
            if most < 0 and (size := place.stat().st_size) > most_bytes():
                raise too_large(name, size, most_bytes())
            with open(place, "rb") as file:
                return file.read(most)
        found = what_is_there(place)
    except InputError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        found = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    raise InputError(f"{name}: {found}; expected {expected}")


def what_is_there(place: Path) -> str:
    """What a path leads to that is no file, in words."""
    if place.is_dir():
        return "is a folder"
    if place.is_symlink() and not place.exists():
        return "is a link that leads nowhere"
    if place.exists():
        return "is a pipe or a device, not a file"
    if place.is_absolute():
        return "does not exist"
    return f"does not exist (looked for '{short(place)}' from the folder '{short(Path.cwd().name)}')"


def too_large(name: str, size: int, most: int) -> InputError:
    """The error for a text that is longer than memory allows, or that a file of its size should hold."""
    found = f"{name}: holds {size / 1e6:,.0f} MB or more of text; expected at most {most / 1e6:,.0f} MB"
    return InputError(f"{found}: leave out columns, or keep the last two or three years")


def unpack(data: bytes, name: str) -> bytes:
    """The bytes, unpacked if they are gzip; raises InputError for what begins like no CSV, or unpacks to too much."""
    if data.startswith(b"\x1f\x8b"):
        data = gunzip(data, name)
    start = data[:1000].lstrip(b" \t\r\n\xef\xbb\xbf")
    for pattern, kind in NOT_CSV.items():
        if re.match(pattern, start):
            raise InputError(f"{name}: is {kind}; expected a CSV file")
    return data


def gunzip(data: bytes, name: str) -> bytes:
    """A gzip file's content, counted before it is kept, so that a small file cannot ask for all memory."""
    try:
        size, packed = 0, io.BytesIO(data)
        with gzip.GzipFile(fileobj=packed) as file:
            while piece := file.read(PIECE):
                size += len(piece)
                if size > (most := min(most_bytes(), max(PLAUSIBLE, MOST_TIMES * packed.tell()))):
                    raise too_large(name, size, most)
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{name}: the gzip file is cut short or damaged; expected a whole one") from error


def beginning(path: str) -> bytes:
    """The first HEAD bytes of a file, unpacked; raises InputError as read_bytes and unpack do."""
    data = read_bytes(path, HEAD)
    if data.startswith(b"\x1f\x8b"):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, HEAD)
        except zlib.error as error:
            damaged = "the gzip file is cut short or damaged; expected a whole one"
            raise InputError(f"{file_name(path)}: {damaged}") from error
    return unpack(data, file_name(path))


def decode(data: bytes, name: str, whole: bool = True) -> bytes:
    """A UTF-8 or UTF-16 text as UTF-8 without mark; raises InputError naming the line of a byte that is neither.

    Not `whole`: the text is cut somewhere, perhaps within a character, and its last line is left off.
    """
    encoding = {0: "utf-16-be", 1: "utf-16-le"}.get(data[:2].find(0), "utf-8-sig")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else encoding
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except UnicodeDecodeError as error:
        line = len(re.split(rb"\r\n|\r|\n", data[: error.start]))
        found = f"byte {data[error.start]:#04x} is not {encoding[:6].upper().rstrip('-')}"
        raise InputError(f"{name}, line {line}: {found}; expected a CSV saved as UTF-8") from error
    if "\0" in text:
        raise InputError(f"{name}: holds zero bytes, so it is not text; expected a CSV file")
    if not text or text.isspace():
        raise InputError(f"{name}: is empty; expected a header and one row per customer")
    data = text.encode()
    data = data if b'"' in data or b"\r" not in data else data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data if whole or b"\n" not in data else data[: data.rfind(b"\n") + 1]
