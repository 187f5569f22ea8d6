"""Parameters that cannot be meant are named; the environment sets them; what is left out says so itself."""

import pytest

from segmentation.problems import InputError, LeftOut, check_parameters, quietly, required, setting


@pytest.mark.parametrize(("text", "expected"), [(None, 12), ("", None), ("6", 6), ("six", "six")])
def test_environment_sets_a_parameter(monkeypatch, text, expected):
    if text is not None:
        monkeypatch.setenv("SEGMENTATION_WINDOW_MONTHS", text)
    assert setting("WINDOW_MONTHS", 12) == expected


def test_environment_sets_columns(monkeypatch):
    monkeypatch.setenv("SEGMENTATION_COLUMNS", "Total Spent=Monetary; Client=Customer_ID")
    assert setting("COLUMNS", {}) == {"Total Spent": "Monetary", "Client": "Customer_ID"}


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"window": 0}, "WINDOW_MONTHS is 0"),
        ({"window": 601}, "WINDOW_MONTHS is 601"),
        ({"window": "12"}, "WINDOW_MONTHS is '12'"),
        ({"snapshot": "1 July"}, "SNAPSHOT_DATE is '1 July'"),
        ({"seed": -1}, "RANDOM_STATE is -1"),
        ({"currency": 7}, "CURRENCY is 7"),
        ({"currency": "<b>"}, "CURRENCY is '<b>'"),
        ({"columns": ["a"]}, "COLUMNS is"),
        ({"columns": {"a": 1}}, "COLUMNS is"),
    ],
)
def test_impossible_parameters_are_named(given, word):
    usual = {"window": 12, "snapshot": None, "seed": 42, "currency": "$", "columns": {}}
    with pytest.raises(InputError) as stopped:
        check_parameters(*(usual | given).values())
    assert str(stopped.value).startswith(word)


def test_possible_parameters_pass():
    check_parameters(1, "2026-07-01", 0, "EUR", {"Spent": "Monetary"})
    check_parameters(600, None, 2**32 - 1, "€", {})


def test_what_is_left_out_is_passed_on_and_named_where_it_stops_a_run():
    nothing = LeftOut("no orders")
    assert quietly(max, nothing, 1) is nothing
    assert quietly(max, 1, 2) == 2
    assert required(3, "a.csv") == 3
    with pytest.raises(InputError, match=r"a\.csv: no orders"):
        required(nothing, "a.csv")
