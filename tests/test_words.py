"""Numbers as text, one way everywhere; nothing from the data becomes markup."""

import numpy as np
import pandas as pd
import pytest
from decided import ROOT
from hypothesis import given
from hypothesis import strategies as st

from segmentation.show import as_markdown
from segmentation.words import (
    Words,
    as_given,
    each,
    percent,
    plain,
    safe_for_spreadsheets,
    sentence,
    short,
    written,
)


def test_shares_print_one_way():
    assert percent(5755 / 10000) == percent(0.5755) == "57.6 %"
    assert percent(float("nan")) == "-"
    assert percent(0.5, 0) == "50 %"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1234.5, "$1,234"),
        (100, "$100"),
        (99.994, "$99.99"),
        (9.5, "$9.50"),
        (0, "$0.00"),
        (0.004, "$0.004"),
        (-5, "-$5.00"),
    ],
)
def test_money_is_whole_from_a_hundred_on(words, amount, text):
    assert words.money(amount) == text
    assert Words("EUR ").money(amount) == text.replace("$", "EUR ")


def test_templates_fill_from_keywords_then_from_the_results(words):
    row = pd.Series({"left": 0.125, "n": 1200})
    assert words.text("{left:%} of {n:# customer}, {left:%0}", row) == "12.5 % of 1,200 customers, 13 %"
    assert words.text("{left:%}", row, left=0.5) == "50.0 %"
    inner = sentence("{x:$} each", x=3)
    assert words.text("{who:&}: {inner}; {parts:, }", who=["a", "b"], inner=inner, parts=[inner, inner]) == (
        "a and b: $3.00 each; $3.00 each, $3.00 each"
    )


def test_each_and_written_make_sentences(words):
    assert (
        words.text("{parts:; }", parts=each("{name} {value:%}", pd.Series({"a": 0.1, "b": 0.2})))
        == "a 10.0 %; b 20.0 %"
    )
    table = written(pd.DataFrame({"low": [1.0], "high": [2.0]}), {"Range": "{low:$} to {high:$}"})
    assert words.text(table.loc[0, "Range"]) == "$1.00 to $2.00"


@given(st.text(max_size=40))
def test_labels_from_the_data_cannot_become_markup(label):
    assert not set("<>|*_`[]\\~\"'") & set(plain(label))
    assert len(short(label)) <= 40 and "\n" not in short(label)
    assert "$" not in as_markdown(label).data.replace("<span>&#36;</span>", "")


@pytest.mark.parametrize("text", ["data", "README.md", "http://example.org/$"])
def test_a_text_is_shown_and_never_taken_for_a_file_or_an_address(text, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert as_markdown(text).data == text.replace("$", "<span>&#36;</span>")


def test_a_number_that_is_missing_is_a_dash_whatever_its_kind(words):
    for spec in ("$", "%", "#", "# order", ".2f", "+,.0f", ""):
        assert (
            words.text("{x:" + spec + "}", x=float("nan")) == words.text("{x:" + spec + "}", x=np.float64("nan")) == "-"
        )


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "\nx",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    " ＝1",
    "﹦1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_every_beginning_that_a_spreadsheet_may_run_gets_an_apostrophe_and_loses_it_again(text):
    safe = safe_for_spreadsheets(pd.Series([text, "a" + text]))
    assert safe.tolist() == ["'" + text, "a" + text]
    assert as_given(safe).tolist() == [text, "a" + text]
    assert safe_for_spreadsheets(safe).tolist() == safe.tolist()
