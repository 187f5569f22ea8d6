"""Numbers: whatever the column, values are read as written or refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.parsing import FOR_ONE_SURE, read_dates, read_numbers
from segmentation.problems import InputError

amounts = st.lists(st.integers(0, 10**9).map(lambda cents: cents / 100), min_size=1, max_size=30)
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


def numbers_of(texts, column="Monetary", delimiter=",", **options):
    return read_numbers(pd.Series(texts, dtype=str), column, delimiter, "a.csv", **options)


@pytest.mark.parametrize("writing", WRITINGS)
@settings(max_examples=25)
@given(numbers=amounts, delimiter=st.sampled_from(",;"))
def test_amounts_are_read_as_written(writing, numbers, delimiter):
    assert np.array_equal(numbers_of([WRITINGS[writing](number) for number in numbers], delimiter=delimiter), numbers)


@given(numbers=st.lists(st.integers(1000, 999_999), min_size=1, max_size=20), small=st.lists(st.integers(0, 999)))
def test_a_lone_thousands_comma_is_never_guessed(numbers, small):
    with pytest.raises(InputError, match="thousands or decimals"):
        numbers_of([f"{number:,}" for number in numbers] + [str(number) for number in small])


@given(numbers=st.lists(st.floats(0, 1e11), min_size=1, max_size=20))
def test_python_floats_are_read_to_the_last_digit(numbers):
    assert np.array_equal(numbers_of(map(repr, numbers), "Avg_Session_Duration"), numbers)


@pytest.mark.parametrize(
    "text", ["1,2,3", "1.2.3", "12-13", "2026-01-31", "1 2", "5 5", "--1", "1e", "abc", "0x10", "1_000", "$1_000"]
)
def test_what_is_no_number_is_not_read_as_one(text):
    assert np.isnan(numbers_of([text, "7.25"])[0])


@pytest.mark.parametrize("column", ["Recency", "Frequency", "Clicks", "Avg_Session_Duration"])
@pytest.mark.parametrize("text", ["12 MAR", "3 BN", "no", "true", "$5", "5 €", "12 %"])
def test_words_and_signs_that_do_not_belong_to_a_column_are_no_numbers(column, text):
    assert np.isnan(numbers_of([text, "7"], column)[0])


@pytest.mark.parametrize("text", ["1.2 MIO", "3 BN", "SKU123", "12 %", "35\n120", "yes"])
def test_words_that_are_no_currency_are_no_amounts(text):
    assert np.isnan(numbers_of([text, "7.25"])[0])


@pytest.mark.parametrize("texts", [["$5", "€5"], ["USD 5", "5 JPY"]])
def test_different_currencies_are_not_added(texts):
    with pytest.raises(InputError, match="one currency"):
        numbers_of(texts)


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
def test_a_lone_group_of_three_digits_is_never_guessed(column, delimiter, texts):
    with pytest.raises(InputError, match="thousands or decimals"):
        numbers_of(texts, column, delimiter)


def test_a_stray_value_does_not_decide_for_the_column():
    grouped = [f"{number},500" for number in range(1, FOR_ONE_SURE + 2)]
    assert numbers_of(["7.25", *grouped[:-1]])[1] == 1500
    with pytest.raises(InputError, match=r"'1,500' may mean thousands or decimals"):
        numbers_of(["7.25", *grouped])


def test_how_often_a_text_occurs_does_not_matter():
    assert numbers_of(["7.25", *100 * ["1,500"]])[1] == 1500
    with pytest.raises(InputError, match="thousands or decimals"):
        numbers_of([*1000 * ["0.00"], *[f"{number}.500" for number in range(1, FOR_ONE_SURE + 2)]])


def test_commas_used_in_two_ways_are_refused():
    with pytest.raises(InputError, match=r"a\.csv: '1,234\.50' and '1\.234,50' use the comma differently"):
        numbers_of(["1.234,50", "1,234.50", "7"])


def test_three_decimals_are_read_where_they_are_usual():
    texts = ["4.101", "3.250"]
    assert list(numbers_of(texts, "Avg_Session_Duration")) == [4.101, 3.25]
    with pytest.raises(InputError, match="thousands or decimals"):
        numbers_of(texts, "Avg_Session_Duration", european=True)


def test_indian_grouping_is_read():
    assert list(numbers_of(["1,92,495.00", "12,50,000", "980.5"])) == [192495, 1250000, 980.5]


def test_brackets_mean_minus_and_percent_signs_belong_to_rates():
    assert list(numbers_of(["(12.50)", "-12.50", "($5)"])) == [-12.5, -12.5, -5]
    assert list(numbers_of(["12 %", "7.5%"], "Cart_Abandon_Rate")) == [12, 7.5]


def test_yes_and_no_are_responses():
    answers = numbers_of(["Yes", "no", "TRUE", "f", "1", "0", "", "maybe"], "Campaign_Response")
    assert np.array_equal(answers, [1, 0, 1, 0, 1, 0, np.nan, np.nan], equal_nan=True)


# Dates


def dates_of(*texts):
    return read_dates(pd.Series(texts, dtype=str), "a.csv").dt.strftime("%Y-%m-%d").tolist()


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-30",
        "2026-06-30 23:59:59",
        "2026-06-30T23:59:59+02:00",
        "2026-06-30 23:59:59 -0500",
        "2026/6/30",
        "20260630",
        "30.06.2026",
        "30/6/2026 8:26",
        "6/30/2026 8:26 PM",
        "6/30/26",
        "Jun 30, 2026, 10:22:33 AM",
        "June 30th 2026",
        "30 June 2026",
        "30-Jun-2026",
        "Tue, 30 Jun 2026 14:21:24 +0000",
    ],
)
def test_days_are_read_however_they_are_written_and_the_time_is_left_off(text):
    assert dates_of(text) == ["2026-06-30"]


def test_the_whole_column_decides_whether_the_day_leads():
    assert dates_of("05/06/2026", "", "13/06/2026") == ["2026-06-05", np.nan, "2026-06-13"]
    assert dates_of("05/06/2026", "06/13/2026") == ["2026-05-06", "2026-06-13"]
    with pytest.raises(InputError, match=r"a\.csv: '05/06/2026' may begin with day or month"):
        dates_of("05/06/2026", "2026-01-01")
    with pytest.raises(InputError, match=r"'13/06/2026' and '06/13/2026' put day and month in different order"):
        dates_of("13/06/2026", "06/13/2026")


def test_days_written_in_two_ways_are_refused_where_day_and_month_may_have_been_swapped():
    with pytest.raises(InputError, match=r"a\.csv: '2026-01-05' and '31/01/2026' are mixed; expected one way to write"):
        dates_of("2026-01-05", "", "31/01/2026")
    with pytest.raises(InputError, match="are mixed"):
        dates_of("20260105", "31.01.2026 08:00")
    assert dates_of("2026-01-05", "30 June 2026", "Jul 1, 2026") == ["2026-01-05", "2026-06-30", "2026-07-01"]


@pytest.mark.parametrize("text", ["", "no date", "2026-02-30", "31/11/2026", "45123", "1782800000", "30 Foo 2026"])
def test_what_is_no_day_is_none(text):
    assert dates_of(text, "31/12/2026")[0] is np.nan
