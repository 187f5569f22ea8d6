"""Files: what is none, what cannot be opened and what is too large, each said in one message before it costs."""

import gzip
import os
import time
import tracemalloc
from pathlib import Path

import pytest

from segmentation import cleaning, files, inputs, reading
from segmentation.problems import InputError, named_path

HEADER = "Customer_ID,Recency,Frequency,Monetary\n"
ROWS = "".join(f"c{number},{number % 300},{1 + number % 7},{number}.5\n" for number in range(60))


def message(path) -> str:
    """What reading this file says, and that it said so soon and with little memory."""
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(InputError) as stopped:
        reading.read_table(path, cleaning.CUSTOMER_FILE)
    assert time.process_time() - begun < 5
    assert tracemalloc.get_traced_memory()[1] < 1e9
    tracemalloc.stop()
    assert "\n" not in str(stopped.value) and len(str(stopped.value)) < 400
    return str(stopped.value)


def written(folder, content):
    """A file with this content."""
    path = folder / "customers.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_what_is_no_file_is_called_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "one").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "one")
    assert message(tmp_path / "pipe") == "pipe: is a pipe or a device, not a file; expected a CSV file"
    assert "is a pipe or a device" in message("/dev/zero")
    assert message(tmp_path / "one") == "one: is a link that leads nowhere; expected a CSV file"
    assert "is a folder" in message(tmp_path)
    assert message(tmp_path / "none.csv") == "none.csv: does not exist; expected a CSV file"
    found = f"none.csv: does not exist (looked for 'sub/none.csv' from the folder '{Path.cwd().name[:30]}"
    assert message("sub/none.csv").startswith(found)
    assert "File name too long" in message("x" * 300)
    assert message("a\0b").startswith("a b: does not exist")
    assert message(5) == "'5' was given as a file; expected the path of a CSV file".replace("'", "")


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path, HEADER + ROWS)

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(
        InputError, match=r"^customers\.csv: cannot be read \(Permission denied\); expected a CSV file$"
    ):
        files.read_bytes(path)


@pytest.mark.parametrize("path", [5, True, 1.5, [], "x" * 300, "a\0b"])
def test_parameters_that_are_no_path_are_refused_by_name(path):
    for customers, orders, name in ((path, None, "CUSTOMERS_CSV"), (None, path, "ORDERS_CSV")):
        with pytest.raises(InputError, match=f"^{name} is "):
            inputs.files_named(customers, orders)
    with pytest.raises(InputError, match=r"^PREVIOUS is "):
        named_path("PREVIOUS", path)


LONG = {
    "a value of ours": (
        HEADER + ROWS + "x" * 1_001 + ",1,2,3\n",
        ["line 62", "Customer_ID has 1,001", "at most 1,000"],
    ),
    "an id of 20 MB": (HEADER + ROWS + "x" * 20_000_000 + ",1,2,3\n", ["line 62", "20,000,000", "at most 1,000,000"]),
    "a quoted id of 20 MB": (HEADER + ROWS + '"' + "x" * 20_000_000 + '",1,2,3\n', ["line 62", "20,000,002"]),
    "a line of commas": (HEADER + ROWS + "," * 300_000 + "\n", ["line 62", "300,001 fields; expected 4"]),
    "a quoted line of commas": (HEADER + ROWS + '"a"' + "," * 300_000 + "\n", ["line 62", "300,001 fields"]),
    "too many columns": (",".join(map(str, range(2_001))) + "\n", ["line 1", "2,001 columns; expected at most 2,000"]),
    "a long name": ("x" * 1_001 + "," + HEADER + ROWS, ["line 1", "1,001 characters", "at most 1,000"]),
    "a name of 20 MB": ("x" * 20_000_000 + "," + HEADER + ROWS, ["line 1", "more than 1,000,000 characters"]),
    "a quote that does not close": (HEADER + ROWS + '"' + ROWS * 2_000, ["line 62", "a quote is opened"]),
}


@pytest.mark.parametrize("kind", LONG)
def test_fields_lines_and_headers_have_a_bound(tmp_path, kind):
    content, words = LONG[kind]
    said = message(written(tmp_path, content))
    assert all(word in said for word in ["customers.csv, ", *words]), said


def test_what_is_on_a_bound_is_read(tmp_path):
    notes = HEADER.replace("\n", ",Notes\n") + ROWS.replace("\n", ",a\n") + "x" * 1_000 + ",1,2,3," + "n" * 1_000_000
    table = reading.read_table(written(tmp_path, notes), cleaning.CUSTOMER_FILE)
    assert table.rows["Notes"].str.len().max() == 1_000_000 and table.rows["Customer_ID"].str.len().max() == 1_000
    names = [f"n{number}" for number in range(1_996)]
    wide = reading.read_table(
        written(tmp_path, HEADER[:-1] + "," + ",".join(names) + "\na,1,2,3" + 1_996 * "," + "\n"),
        cleaning.CUSTOMER_FILE,
    )
    assert wide.rows.shape == (1, 2_000)


def test_a_gzip_that_unpacks_to_too_much_is_refused_before_it_is_kept(tmp_path, monkeypatch):
    assert "expected at most 100 MB" in message(written(tmp_path, gzip.compress(bytes(120_000_000))))
    monkeypatch.setattr(files, "memory_at_hand", lambda: 80_000)  # enough for 10,000 bytes of text
    assert "expected at most 0 MB" in message(written(tmp_path, gzip.compress(b"a,b\n" * 2_501)))
    assert "expected at most 0 MB" in message(written(tmp_path, "a,b\n" * 2_501))
    assert "no column" in message(written(tmp_path, gzip.compress(b"a,b\n" * 2_500)))
    assert "no column" in message(written(tmp_path, "a,b\n" * 2_500))


def test_looking_at_the_header_takes_only_the_beginning(tmp_path):
    path = written(tmp_path, gzip.compress((HEADER + ROWS * 100_000).encode(), 1))
    tracemalloc.start()
    assert inputs.kind_of(str(path), {})[0] == "customers"
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    damaged = path.read_bytes()[:10] + b"\xff" * 50
    with pytest.raises(InputError, match="damaged"):
        inputs.kind_of(str(written(tmp_path, damaged)), {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_beginning_of_a_long_file_may_be_cut_anywhere(tmp_path, monkeypatch, encoding):
    content = (HEADER + "ü€😀".join(ROWS.split("c"))).encode(encoding)
    for head in range(len(content) // 2, len(content) // 2 + 9):
        monkeypatch.setattr(files, "HEAD", head)
        monkeypatch.setattr(reading, "HEAD", head)
        assert inputs.kind_of(str(written(tmp_path, content)), {})[0] == "customers"
