"""Reading and cleaning as properties: whatever the file, values are read as written or refused."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

amounts = st.lists(st.integers(0, 10**9).map(lambda cents: cents / 100), min_size=1, max_size=30)
ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(lambda text: text.strip())
WRITINGS = {
    "plain": lambda v: f"{v:.2f}",
    "thousands": lambda v: f"{v:,.2f}",
    "european": lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,")),
    "decimal comma": lambda v: f"{v:.2f}".replace(".", ","),
    "spaces": lambda v: f"{v:,.2f}".translate(str.maketrans(",.", "\u00a0,")),
    "apostrophes": lambda v: f"{v:,.2f}".replace(",", "'"),
    "dollars": lambda v: f"${v:,.2f}",
    "euros": lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,")) + " €",
    "code": lambda v: f"USD {v:.2f}",
}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("delimiter", [",", ";"])
@given(numbers=amounts)
def test_amounts_are_read_as_written(nb, writing, delimiter, numbers):
    texts = pd.Series([WRITINGS[writing](number) for number in numbers], dtype=str)
    assert np.array_equal(nb.read_numbers(texts, "Monetary", delimiter, "test"), numbers)


@given(numbers=st.lists(st.integers(1000, 999_999), min_size=1, max_size=20), small=st.lists(st.integers(0, 999)))
def test_a_lone_thousands_comma_is_never_guessed(nb, numbers, small):
    texts = pd.Series([f"{number:,}" for number in numbers] + [str(number) for number in small], dtype=str)
    with pytest.raises(nb.InputError, match="thousands or decimals"):
        nb.read_numbers(texts, "Monetary", ",", "test")


@given(numbers=st.lists(st.floats(0, 1e11), min_size=1, max_size=20))
def test_python_floats_are_read_to_the_last_digit(nb, numbers):
    texts = pd.Series([repr(number) for number in numbers], dtype=str)
    assert np.array_equal(nb.read_numbers(texts, "Avg_Session_Duration", ",", "test"), numbers)


@pytest.mark.parametrize(
    "text", ["1,2,3", "1.2.3", "12-13", "2026-01-31", "1 2", "5 5", "--1", "1e", "abc", "0x10", "1_000"]
)
def test_what_is_no_number_is_not_read_as_one(nb, text):
    assert np.isnan(nb.read_numbers(pd.Series([text, "7.25"], dtype=str), "Monetary", ",", "test").iloc[0])


@pytest.mark.parametrize("column", ["Recency", "Frequency", "Clicks", "Avg_Session_Duration"])
@pytest.mark.parametrize("text", ["12 MAR", "3 BN", "no", "true", "$5", "5 €", "12 %"])
def test_words_and_signs_that_do_not_belong_to_a_column_are_no_numbers(nb, column, text):
    assert np.isnan(nb.read_numbers(pd.Series([text, "7"], dtype=str), column, ",", "test").iloc[0])


@pytest.mark.parametrize("text", ["1.2 MIO", "3 BN", "SKU123", "12 %", "35\n120", "yes"])
def test_words_that_are_no_currency_are_no_amounts(nb, text):
    assert np.isnan(nb.read_numbers(pd.Series([text, "7.25"], dtype=str), "Monetary", ",", "test").iloc[0])


@pytest.mark.parametrize("texts", [["$5", "€5"], ["USD 5", "5 JPY"]])
def test_different_currencies_are_not_added(nb, texts):
    with pytest.raises(nb.InputError, match="one currency"):
        nb.read_numbers(pd.Series(texts, dtype=str), "Monetary", ",", "test")


@pytest.mark.parametrize(
    ("column", "delimiter", "texts"),
    [
        ("Monetary", ",", ["950", "1.234", "13.975"]),
        ("Recency", "\t", ["1.225", "30"]),
        ("Clicks", ",", ["3.760", "12"]),
        ("Monetary", ",", ["+14,766", "980"]),
        ("Avg_Session_Duration", ";", ["4.101", "3.250"]),
        ("Avg_Session_Duration", ",", ["7,5"] + [f"4.{n}" for n in range(101, 400)]),
    ],
)
def test_a_lone_group_of_three_digits_is_never_guessed(nb, column, delimiter, texts):
    with pytest.raises(nb.InputError, match="thousands or decimals"):
        nb.read_numbers(pd.Series(texts, dtype=str), column, delimiter, "test")


def test_three_decimals_are_read_where_they_are_usual(nb):
    texts = pd.Series(["4.101", "3.250"], dtype=str)
    assert list(nb.read_numbers(texts, "Avg_Session_Duration", ",", "test")) == [4.101, 3.25]
    with pytest.raises(nb.InputError, match="thousands or decimals"):
        nb.read_numbers(texts, "Avg_Session_Duration", ",", "test", european=True)


def test_indian_grouping_is_read(nb):
    texts = pd.Series(["1,92,495.00", "12,50,000", "980.5"], dtype=str)
    assert list(nb.read_numbers(texts, "Monetary", ",", "test")) == [192495, 1250000, 980.5]


table = st.lists(st.tuples(ids, *[st.integers(0, 500)] * 3), min_size=1, max_size=20, unique_by=lambda row: row[0])


def written(rows, delimiter=",", quoting=csv.QUOTE_MINIMAL, end="\n"):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([("Customer_ID", "Recency", "Frequency", "Monetary"), *rows])
    return out.getvalue()


@given(
    rows=table,
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_ids_survive_every_way_of_writing(nb, tmp_path_factory, rows, delimiter, quoting, end, encoding):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(written(rows, delimiter, quoting, end).encode(encoding))
    raw, found = nb.read_table(path, nb.CUSTOMER_COLUMNS, nb.REQUIRED)
    assert found == delimiter
    assert list(raw["Customer_ID"]) == [row[0] for row in rows]
    assert list(raw["Monetary"]) == [str(row[3]) for row in rows]


cells = st.sampled_from(["1", "2", "0", "", "-1", "x", "9999", "2.5", "1e9"])


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "", "Total"]), cells, cells, cells), min_size=1, max_size=40))
def test_every_row_is_accounted_for_and_the_contract_holds(nb, rows):
    raw = pd.DataFrame(rows, columns=["Customer_ID", "Recency", "Frequency", "Monetary"], dtype=str)
    raw.index += 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(nb.clean.__globals__, "stop_if_unusable", lambda *_: None)
        customers, reasons, ledger = nb.clean(raw, ",", "test")
    merged = ledger.set_index("Rule").loc["Exact duplicate", "Rows"]
    assert len(customers) + len(reasons) + merged == len(raw)
    assert customers["Customer_ID"].is_unique
    assert not set(reasons.index) & set(customers.index)
    nb.CONTRACT.validate(customers)
    assert ledger.loc[ledger["Action"] == "row set aside", "Rows"].sum() == len(reasons)


@given(st.lists(st.sampled_from(["Gold", "gold", " GOLD", "Silver", "silver ", ""]), min_size=1, max_size=30))
def test_a_label_has_one_spelling_and_stays_the_same_label(nb, labels):
    tidy = nb.tidy_labels(pd.Series(labels, dtype=str))
    assert (tidy.str.casefold() == pd.Series(labels, dtype=str).str.strip().str.casefold()).all()
    assert tidy.groupby(tidy.str.casefold()).nunique().le(1).all()
    assert nb.tidy_labels(tidy).equals(tidy)
