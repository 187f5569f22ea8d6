"""Reading: however a table is written, the same table, or one message that names the place."""

import csv
import gzip
import hashlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.cleaning import CUSTOMER_FILE, clean
from segmentation.problems import InputError
from segmentation.reading import read_table
from segmentation.synonyms import match_columns
from segmentation.vocabulary import CUSTOMER_COLUMNS, REQUIRED


@pytest.fixture(scope="module")
def slim(shop):
    """The required columns of 300 customers."""
    return shop[1][REQUIRED]


@pytest.fixture
def read(tmp_path):
    """Reads text or bytes as a customer CSV."""

    def read_content(content):
        path = tmp_path / "customers.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, CUSTOMER_FILE)

    return read_content


@pytest.fixture
def refused(read):
    """Expects one message with the file's name and these words."""

    def read_and_look(content, *words):
        with pytest.raises(InputError) as stopped:
            read(content)
        message = str(stopped.value)
        assert message.startswith("customers.csv") and "\n" not in message
        assert all(word in message for word in words), message

    return read_and_look


def text(frame, **options):
    return frame.to_csv(index=False, lineterminator="\n", **options)


def spent(slim, write, **options):
    return text(slim.assign(Monetary=slim["Monetary"].map(write)), **options)


def swapped(number):
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


WRITINGS = {
    "semicolons and decimal commas": lambda slim: spent(slim, swapped, sep=";"),
    "thousands separators": lambda slim: spent(slim, "{:,.2f}".format),
    "currency signs": lambda slim: spent(slim, "$ {:,.2f}".format),
    "euro signs behind": lambda slim: spent(slim, lambda number: f"{swapped(number)} €", sep=";"),
    "tabs": lambda slim: text(slim, sep="\t"),
    "pipes": lambda slim: text(slim, sep="|"),
    "a sep= line": lambda slim: "sep=;\n" + text(slim, sep=";"),
    "UTF-8 with BOM": lambda slim: text(slim).encode("utf-8-sig"),
    "UTF-16": lambda slim: text(slim).encode("utf-16"),
    "UTF-16 without BOM": lambda slim: text(slim).encode("utf-16-le"),
    "Windows line ends": lambda slim: text(slim).replace("\n", "\r\n"),
    "old Mac line ends": lambda slim: text(slim).replace("\n", "\r"),
    "gzip": lambda slim: gzip.compress(text(slim).encode()),
    "blank lines": lambda slim: "\n\n" + text(slim).replace("\n", "\n\n", 5) + "\n,,,\n",
    "trailing commas": lambda slim: text(slim).replace("\n", ",\n"),
    "trailing commas below the header only": lambda slim: (
        text(slim).replace("\n", ",\n").replace("Monetary,", "Monetary")
    ),
    "quotes everywhere": lambda slim: text(slim, quoting=csv.QUOTE_ALL),
    "no last line end": lambda slim: text(slim).rstrip("\n"),
    "odd headers": lambda slim: text(slim.set_axis([" customer id", "RECENCY ", "frequency_", "Mone tary"], axis=1)),
    "columns in another order": lambda slim: text(slim[slim.columns[::-1]]),
    "spaces around numbers": lambda slim: spent(slim, " {} ".format),
    "decimals on whole numbers": lambda slim: text(slim.astype({"Recency": float, "Frequency": float})),
}


@pytest.mark.parametrize("writing", WRITINGS)
def test_the_same_table_written_otherwise_is_the_same_table(read, slim, decisions, writing):
    raw = read(WRITINGS[writing](slim))
    customers = clean(raw, decisions.CONTRACT, decisions.RULES.most_aside).customers
    assert list(customers["Customer_ID"]) == list(slim["Customer_ID"])
    assert np.array_equal(customers[REQUIRED[1:]], slim[REQUIRED[1:]])


def test_a_table_knows_its_file(read, slim):
    content = text(slim).encode()
    raw = read(content)
    assert (raw.name, raw.delimiter, raw.rows.shape) == ("customers.csv", ",", (300, 4))
    assert raw.checksum == hashlib.sha256(content).hexdigest()
    assert list(raw.rows.index) == list(range(2, 302))


ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(lambda text: text.strip())
table = st.lists(st.tuples(ids, *[st.integers(0, 500)] * 3), min_size=1, max_size=20, unique_by=lambda row: row[0])


@settings(max_examples=30)
@given(
    rows=table,
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_ids_survive_every_way_of_writing(tmp_path_factory, rows, delimiter, quoting, end, encoding):
    out, path = io.StringIO(), tmp_path_factory.mktemp("csv") / "a.csv"
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows([REQUIRED, *rows])
    path.write_bytes(out.getvalue().encode(encoding))
    raw = read_table(path, CUSTOMER_FILE)
    assert raw.delimiter == delimiter
    assert list(raw.rows["Customer_ID"]) == [row[0] for row in rows]
    assert list(raw.rows["Monetary"]) == [str(row[3]) for row in rows]


def test_quoted_line_ends_and_very_long_fields_survive(read, slim):
    notes = [f"line 1\nline {n}, with a comma" for n in range(300)]
    notes[7] = "x" * 200_000
    raw = read(text(slim.assign(Notes=notes)))
    assert list(raw.rows["Notes"]) == notes
    assert list(raw.rows.index[:3]) == [2, 4, 6]  # lines of the file


def test_a_column_number_without_a_header_is_carried(read, slim):
    assert read(slim.to_csv(lineterminator="\n")).rows.shape == (300, 5)


@pytest.mark.parametrize(
    ("header", "column"),
    [("customer-id", "Customer_ID"), (" RECENCY", "Recency"), ("Mone tary", "Monetary"), ("Money ", "Money")],
)
def test_headers_match_without_case_spaces_and_punctuation(header, column):
    assert match_columns([header], CUSTOMER_COLUMNS, [], {}) == [column]


# Refused


REFUSED = {
    "Excel": (b"PK\x03\x04" + bytes(200), ["Excel", "expected a CSV"]),
    "old Excel": (b"\xd0\xcf\x11\xe0" + bytes(200), ["Excel"]),
    "HTML": ("<!DOCTYPE html><table></table>", ["HTML"]),
    "JSON": ('[{"Customer_ID": 1}]', ["JSON"]),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(50), ["PNG"]),
    "binary": (b"Customer_ID,\x00\x01\x02\x03\xff\xfe,Recency\n" * 9, ["expected"]),
    "Git LFS pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", ["Git LFS"]),
    "empty": ("", ["is empty"]),
    "only blank lines": ("\n\n\n", ["is empty"]),
    "only a sep= line": ("sep=;\n\n", ["is empty"]),
    "header only": ("Customer_ID,Recency,Frequency,Monetary\n", ["no rows"]),
    "no header": ("1,2,3,4\n5,6,7,8\n", ["no header: the first row is 1, 2, 3, 4; expected the names of the columns"]),
    "truncated gzip": (gzip.compress(b"Customer_ID,Recency\n" * 999)[:60], ["gzip", "cut short"]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_files_that_are_no_customer_csv_are_refused_by_name(refused, kind):
    content, words = REFUSED[kind]
    refused(content, *words)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path):
    for path, word in ((tmp_path, "is a folder"), (tmp_path / "nowhere" / "customers.csv", "does not exist")):
        with pytest.raises(InputError, match=f"{path.name}: {word}"):
            read_table(path, CUSTOMER_FILE)


@pytest.mark.parametrize(
    ("line", "content", "words"),
    [
        (17, "x,1,2", ["line 17", "3 fields", "expected 4"]),
        (18, "x,1,2,3,4", ["line 18", "5 fields"]),
        (19, 'x,1,2,"3', ["line 19", "quote"]),
        (20, "Zoë,1,2,3", ["line 20", "UTF-8"]),
    ],
)
def test_broken_lines_are_refused_with_their_number(refused, slim, line, content, words):
    lines = text(slim).split("\n")
    lines[line - 1] = content
    refused("\n".join(lines).encode("latin-1"), *words)


def test_a_quote_that_swallows_rows_is_refused(refused, slim):
    lines = text(slim.assign(Notes="")).split("\n")
    lines[10] += '"oops'
    lines[20] += 'bye"'
    refused("\n".join(lines), "line 11", "quote", "line 21", "whole rows inside")


def test_missing_and_doubled_columns_are_named_with_a_guess(refused, slim):
    missing = ["no column Monetary", "'Monetray'", "found Customer_ID"]
    refused(text(slim.rename(columns={"Monetary": "Monetray"})), *missing)
    refused(
        text(slim.drop(columns="Recency")),
        "no column Recency (days since the last order; or give Last_Order_Date, or the orders themselves); found",
    )
    refused(text(slim.assign(customer_id="x")), "two columns", "Customer_ID", "customer_id")
