"""Cleaning: every row is a customer, set aside with a reason, or merged; every rule's rows are counted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.cleaning import clean, tidy_labels
from segmentation.problems import InputError
from segmentation.reading import Table
from segmentation.vocabulary import OPTIONAL, REQUIRED


@pytest.fixture(scope="module")
def customers(shop):
    """300 clean customers with all columns."""
    return shop[1]


@pytest.fixture(scope="module")
def slim(customers):
    """Their required columns."""
    return customers[REQUIRED]


@pytest.fixture(scope="module")
def cleaned(decisions):
    """Cleans a table as if its rows stood in lines 2, 3, ... of a file."""

    def clean_frame(frame, most_aside=decisions.RULES.most_aside, snapshot=None):
        rows = frame.astype(object).where(frame.notna(), "").astype(str)
        rows.index = range(2, len(rows) + 2)
        return clean(Table("customers.csv", "", ",", rows), decisions.CONTRACT, most_aside, snapshot)

    return clean_frame


@pytest.fixture(scope="module")
def refused(cleaned):
    """Expects one message with these words."""

    def clean_and_look(frame, *words):
        with pytest.raises(InputError) as stopped:
            cleaned(frame)
        assert str(stopped.value).startswith("customers.csv") and "\n" not in str(stopped.value)
        assert all(word in str(stopped.value) for word in words), str(stopped.value)

    return clean_and_look


def replaced(frame, rows, column, value):
    """The table with some values of a column replaced."""
    frame = frame.astype(object)
    frame.iloc[rows, frame.columns.get_loc(column)] = value
    return frame


def reasons(result):
    return result.set_aside.set_index("Line")["Reason"].to_dict()


def entry(result, rule):
    """Rows and action of a rule in the ledger."""
    found = result.ledger[result.ledger["Rule"] == rule]
    return tuple(found[["Rows", "Action"]].iloc[0]) if len(found) else None


# The contract, in required columns


BAD_VALUES = {
    "Recency": {
        "N/A": "Recency is not a number",
        "": "Recency is blank",
        "-1": "Recency is below 0",
        "-999": "Recency is below 0",
        "9001": "Recency is above 9,000",
        "9999": "Recency is above 9,000",
        "46112": "Recency is above 9,000",
        "2026-01-31": "Recency is not a number",
        "inf": "Recency is above 9,000",
    },
    "Frequency": {
        "null": "Frequency is not a number",
        "2.5": "Frequency is not a whole number",
        "-3": "Frequency is below 0",
        "1000000000001": "Frequency is above 1,000,000,000,000",
    },
    "Monetary": {
        "-": "Monetary is not a number",
        "-12.50": "Monetary is below 0",
        "(12.50)": "Monetary is below 0",
        "-0.01": "Monetary is below 0",
        "1e308": "Monetary is above 1,000,000,000,000",
        "nan": "Monetary is not a number",
    },
}


def test_unusable_values_set_the_row_aside_with_line_and_reason(cleaned, slim):
    frame, expected, row = slim, {}, 0
    for column, kinds in BAD_VALUES.items():
        for value, reason in kinds.items():
            frame = replaced(frame, [row], column, value)
            expected[row + 2] = reason
            row += 1
    result = cleaned(frame, most_aside=0.1)
    assert reasons(result) == expected
    assert len(result.customers) == 300 - row
    assert list(result.set_aside["Monetary"].tail(6)) == list(BAD_VALUES["Monetary"])  # as they were written


@pytest.mark.parametrize(
    ("column", "values"), [("Recency", [0, 9_000]), ("Frequency", [0, 10**12]), ("Monetary", [0, 10**12])]
)
def test_values_on_a_bound_of_the_contract_are_usable(cleaned, slim, column, values):
    result = cleaned(replaced(slim, [0, 1], column, values))
    assert len(result.set_aside) == 0 and result.customers[column].iloc[:2].tolist() == values


def test_customers_without_orders_in_the_window_are_valid(cleaned, slim):
    result = cleaned(replaced(replaced(slim, [0], "Frequency", 0), [0], "Monetary", 0))
    assert len(result.customers) == 300


# The contract, in optional columns


@pytest.mark.parametrize("column", OPTIONAL)
def test_optional_values_outside_the_contract_become_blank_and_are_counted(cleaned, customers, column):
    top = {"Campaign_Response": 1, "Cart_Abandon_Rate": 100}.get(column, 10**12)
    frame = replaced(customers, [0, 1, 2, 3, 4], column, [0, top, -0.01, 1.01 * top, "many"])
    result = cleaned(frame)
    assert len(result.customers) == 300
    assert result.customers[column].iloc[:2].tolist() == [0, top]
    assert result.customers[column].iloc[2:5].isna().all()
    assert entry(result, f"{column} is below 0") == (1, "value left blank")
    assert entry(result, f"{column} is above {top:,}") == (1, "value left blank")
    assert entry(result, f"{column} is not a number") == (1, "value left blank (many)")
    assert entry(result, f"{column} is blank") == (3, "kept")


def test_half_a_response_is_none(cleaned, customers):
    result = cleaned(replaced(customers, [0], "Campaign_Response", 0.5))
    assert entry(result, "Campaign_Response is not a whole number") == (1, "value left blank")


def test_absent_and_nearly_empty_columns_are_named(cleaned, customers):
    few = customers["Clicks"].astype(object).where(customers.index < 9, "")
    enough = customers["Pages_Viewed"].astype(object).where(customers.index < 10, "")
    frame = customers.assign(Clicks=few, Pages_Viewed=enough, Segment_Label=" ").drop(columns="Returns")
    assert cleaned(frame).absent == ["Clicks", "Returns", "Segment_Label"]
    assert cleaned(customers).absent == []


# Rows that are no customers


def test_blank_ids_totals_and_repeated_headers_are_set_aside(cleaned, slim):
    header = [("Customer_ID", *REQUIRED[1:]), ("customer id", 1, 1, 1), ("", 1, 1, 10), ("  ", 1, 1, 10)]
    all_orders, all_spend = slim["Frequency"].sum(), slim["Monetary"].sum()
    sums = [("Total", 0, 999, 99999), ("Grand total (all)", 0, all_orders, all_spend / 1.9), ("Summe:", "", "", 1)]
    sums.append(("S.U.M.", 5, 1, 10))
    frame = pd.concat([slim, pd.DataFrame([*header, *sums], columns=REQUIRED)])
    assert reasons(cleaned(frame)) == {
        302: "the header again",
        303: "the header again",
        304: "Customer_ID is blank",
        305: "Customer_ID is blank",
        306: "a totals row",
        307: "a totals row",
        308: "a totals row",
    }


def test_a_customer_may_be_called_total_or_mean_and_a_row_that_is_one_goes(cleaned, slim):
    orders, spend = slim["Frequency"].sum(), slim["Monetary"].sum()
    most = (slim["Frequency"].max(), slim["Monetary"].max())
    mean = (int(slim["Frequency"].mean()), round(slim["Monetary"].mean(), 2))
    for name, numbers, goes in [
        ("TOTAL GmbH", most, False),
        ("TOTAL GmbH", (orders // 2 + 1, spend / 2 + 1), True),
        ("Total", (most[0] - 1, most[1]), False),
        ("Total", most, True),
        ("Sum", (1, 1), False),
        ("Mean", (mean[0], mean[1] * 3), False),
        ("average", (slim["Frequency"].mean(), mean[1]), True),
        ("Subtotal", ("", spend), True),
    ]:
        found = reasons(cleaned(pd.concat([slim, pd.DataFrame([(name, 5, *numbers)], columns=REQUIRED)])))
        assert found == ({302: "a totals row"} if goes else {}), (name, numbers)


@pytest.mark.parametrize("name", ["NULL", "n/a", "NaN", " none ", "-", "guest"])
def test_an_id_that_names_nobody_is_set_aside(cleaned, slim, name):
    assert reasons(cleaned(replaced(slim, [5], "Customer_ID", name))) == {7: "Customer_ID names nobody"}
    assert reasons(cleaned(replaced(slim, [5], "Customer_ID", f"{name}1"))) == {}


def test_a_row_of_sums_is_a_totals_row_whatever_its_id(cleaned, slim):
    orders, spend = slim["Frequency"].sum(), round(slim["Monetary"].sum(), 2)
    sums = pd.DataFrame([("everything", 0, orders, spend)], columns=REQUIRED)
    assert reasons(cleaned(pd.concat([slim, sums]))) == {302: "a totals row"}
    two = slim.assign(Frequency=0, Monetary=0)
    two.iloc[[4, 9], 2:] = [3, 50.0]  # each is the sum of all others
    assert reasons(cleaned(two)) == {}
    for other in (sums.assign(Frequency=orders + 1), sums.assign(Monetary=spend * 1.001)):
        assert reasons(cleaned(pd.concat([slim, other]))) == {}


def test_duplicates_merge_and_conflicts_are_all_set_aside(cleaned, slim):
    other = slim.iloc[[7, 9, 9]].assign(Monetary=1.0)  # rows 7 and 9 disagree with them; 9 twice over
    result = cleaned(pd.concat([slim, slim.iloc[[3, 4, 4]], other]))
    assert entry(result, "Exact duplicate") == (4, "merged") and result.merged == 4
    assert reasons(result) == dict.fromkeys([9, 11, 305, 306], "rows of one id disagree")
    assert len(result.customers) == 298
    assert not result.customers["Customer_ID"].isin(other["Customer_ID"]).any()


def test_a_row_that_cannot_be_used_is_in_no_conflict(cleaned, slim):
    result = cleaned(pd.concat([slim, slim.iloc[[7]].assign(Monetary=-1.0)]))
    assert reasons(result) == {302: "Monetary is below 0"}


def test_many_exact_duplicates_are_no_reason_to_stop(cleaned, slim):
    assert list(cleaned(pd.concat([slim] * 3)).customers["Customer_ID"]) == list(slim["Customer_ID"])


@pytest.mark.parametrize("duplicates", [0, 100])
def test_more_unusable_rows_than_the_limit_stop_with_column_count_and_example(cleaned, refused, slim, duplicates):
    frame = pd.concat([slim, slim.tail(duplicates)])
    assert len(cleaned(replaced(frame, slice(0, 15), "Recency", "2026-01-31")).set_aside) == 15  # 5 % of 300
    words = ["16 of 300 rows", "at most 5 %", "Most often: Recency is not a number (16 rows, the first in line 2"]
    words += ["where Recency is '2026-01-31'; expected days since the last order, like 35 (a date belongs in"]
    refused(replaced(frame, slice(0, 16), "Recency", "2026-01-31"), *words, "Correct the file, or name")


def test_what_stands_in_place_of_a_number_is_said(cleaned, slim):
    frame = replaced(replaced(slim, [0, 1], "Recency", "N/A"), [2], "Recency", "x" * 50)
    result = cleaned(replaced(frame, [3], "Monetary", "free"))
    assert entry(result, "Recency is not a number") == (3, f"row set aside (N/A, {'x' * 37}...)")
    assert entry(result, "Monetary is not a number") == (1, "row set aside (free)")
    assert set(result.set_aside["Reason"]) == {"Recency is not a number", "Monetary is not a number"}


def test_columns_called_line_and_reason_are_kept_beside_ours(cleaned, slim):
    frame = replaced(slim.assign(Line="theirs", Reason="why not"), [3], "Monetary", -1)
    aside = cleaned(frame).set_aside.iloc[0]
    assert (aside["Line"], aside["Reason"]) == (5, "Monetary is below 0")
    assert (aside["Line (in the file)"], aside["Reason (in the file)"]) == ("theirs", "why not")


def test_fewer_than_fifty_customers_are_refused(cleaned, refused, slim):
    assert len(cleaned(slim.head(50)).customers) == 50
    refused(slim.head(49), "49 usable customers", "at least 50")
    refused(slim.assign(Recency=46100 + slim["Recency"]), "300 of 300", "Recency is above 9,000")


CELLS = st.sampled_from(["1", "2", "0", "", "-1", "x", "9999", "2.5", "1e9"])
ROWS = st.tuples(st.sampled_from(["a", "b", "c", "", "Total"]), CELLS, CELLS, CELLS)


@settings(max_examples=20)
@given(st.lists(ROWS, min_size=1, max_size=40))
def test_every_row_is_accounted_for_and_the_contract_holds(cleaned, decisions, rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segmentation.cleaning.MIN_CUSTOMERS", 0)
        result = cleaned(pd.DataFrame(rows, columns=REQUIRED), most_aside=1)
    assert len(result.customers) + len(result.set_aside) + result.merged + result.never == len(rows)
    assert result.customers["Customer_ID"].is_unique
    assert not set(result.set_aside["Line"]) & set(result.customers.index)
    decisions.CONTRACT.validate(result.customers)
    aside = result.ledger[result.ledger["Action"].str.startswith("row set aside")]
    assert aside["Rows"].sum() == len(result.set_aside)


# What is changed, what is kept


def test_ids_stay_as_they_are_and_those_that_a_spreadsheet_would_run_are_counted(cleaned, slim):
    odd = [
        "007",
        "NA-1",
        "nullo",
        "1e5",
        "Ünï-✓",
        "0" * 60,
        "=1+1",
        "+49",
        "＠home",
        "a'b\"c",
        " padded ",
        "1.0",
        " -5",
    ]
    ids = [*odd, "PADDED", *slim["Customer_ID"].iloc[len(odd) + 1 :]]
    result = cleaned(slim.assign(Customer_ID=ids))
    assert list(result.customers["Customer_ID"]) == ids
    assert entry(result, "text that a spreadsheet would run as a formula") == (4, "kept as given")
    assert entry(result, "ids alike but for case or outer spaces") == (2, "kept as given")
    assert entry(result, "ids with blanks around them") == (2, "kept as given")
    assert entry(result, "column's name that a spreadsheet would run as a formula") is None
    named = cleaned(slim.assign(**{"=SUM(A1)": "a", " @x": "\tb"}))
    assert entry(named, "column's name that a spreadsheet would run as a formula") == (2, "kept as given")
    assert entry(named, "text that a spreadsheet would run as a formula") == (300, "kept as given")


def test_extra_columns_are_carried_untouched(cleaned, slim):
    notes, balance = [f"secret <b> |{n}|" for n in range(300)], [f"-{n:05d}.10" for n in range(300)]
    result = cleaned(slim.assign(Notes=notes, Balance=balance))
    assert list(result.customers["Notes"]) == notes and list(result.customers["Balance"]) == balance
    assert entry(result, "text that a spreadsheet would run as a formula") is None  # a negative number is none


def test_columns_that_are_computed_here_are_replaced(cleaned, slim):
    result = cleaned(slim.assign(Cluster=7))
    assert "Cluster" not in result.customers
    assert entry(result, "Cluster is computed here") == (300, "column replaced")


@pytest.mark.parametrize(("yes", "no"), [("Yes", "no"), ("True", "False")])
def test_yes_no_and_true_false_are_read(cleaned, customers, yes, no):
    result = cleaned(customers.assign(Campaign_Response=np.where(customers["Campaign_Response"] == 1, yes, no)))
    assert list(result.customers["Campaign_Response"]) == list(customers["Campaign_Response"])


def test_abandonment_as_fractions_is_read_as_such_and_said(cleaned, customers):
    result = cleaned(customers.assign(Cart_Abandon_Rate=(customers["Cart_Abandon_Rate"] / 100).round(4)))
    assert np.allclose(result.customers["Cart_Abandon_Rate"], customers["Cart_Abandon_Rate"], atol=0.01)
    assert entry(result, "Cart_Abandon_Rate is at most 1 throughout") == (300, "read as fractions, times 100")
    percent = cleaned(customers.assign(Cart_Abandon_Rate="0.5 %"))
    assert (percent.customers["Cart_Abandon_Rate"] == 0.5).all()


def test_a_stray_percentage_among_fractions_is_blanked_and_one_with_a_sign_is_read(cleaned, customers):
    rates = np.full(300, 0.5, dtype=object)
    rates[:15] = 55  # 95 % of the rates above 0 are at most 1
    result = cleaned(customers.assign(Cart_Abandon_Rate=rates))
    assert result.customers["Cart_Abandon_Rate"].iloc[:15].isna().all()
    assert (result.customers["Cart_Abandon_Rate"].iloc[15:] == 50).all()
    assert entry(result, "Cart_Abandon_Rate is above 1 among fractions") == (15, "value left blank")
    assert entry(result, "Cart_Abandon_Rate is at most 1 throughout") == (285, "read as fractions, times 100")
    rates[:16] = 55
    assert cleaned(customers.assign(Cart_Abandon_Rate=rates)).customers["Cart_Abandon_Rate"].iloc[-1] == 0.5
    rates[:16] = 0.5
    rates[8] = "55 %"
    assert cleaned(customers.assign(Cart_Abandon_Rate=rates)).customers["Cart_Abandon_Rate"].iloc[8] == 55


def test_an_optional_column_that_can_be_read_in_two_ways_is_left_out_and_the_run_goes_on(cleaned, refused, customers):
    texts = customers["Clicks"].astype(str).mask(customers.index == 0, "1.234,5").mask(customers.index == 1, "1,234.5")
    result = cleaned(customers.assign(Clicks=texts))
    assert result.customers["Clicks"].isna().all()
    said = "Clicks: '1,234.5' and '1.234,5' use the comma differently; expected one way to write"
    assert entry(result, said) == (300, "column left out")
    refused(customers.assign(Monetary=texts), "column Monetary", "use the comma differently")


def test_seconds_in_place_of_minutes_and_a_column_that_tells_nothing_are_said(cleaned, customers):
    frame = replaced(customers.assign(Clicks=7, Avg_Session_Duration=60), [0, 1], "Avg_Session_Duration", 61)
    result = cleaned(frame)
    said = "Avg_Session_Duration above 60 minutes: are these seconds?"
    assert entry(result, said) == (2, "counted, kept")
    assert entry(result, "Clicks is the same for everybody") == (300, "kept, tells nothing")
    assert entry(cleaned(customers.assign(Avg_Session_Duration=60)), said) is None


def test_contradictions_are_counted_and_kept(cleaned, customers):
    frame = replaced(customers.assign(Monetary=customers["Monetary"].clip(lower=1)), [0], "Monetary", 0)
    frame["Returns"] = frame["Frequency"]
    frame = replaced(frame, [1, 2], "Returns", 10_000)
    frame = replaced(replaced(frame, [4], "Frequency", 0), [4], "Returns", 0)
    frame["Avg_Order_Value"] = frame["Monetary"].where(frame.index != 4, 0) / frame["Frequency"].clip(lower=1)
    frame.iloc[3, frame.columns.get_loc("Avg_Order_Value")] += 1
    result = cleaned(frame)
    assert len(result.customers) == 300
    assert entry(result, "orders without spend") == (1, "counted, kept")
    assert entry(result, "spend without orders") == (1, "counted, kept")
    assert entry(result, "Returns above Frequency") == (2, "counted, kept")
    assert entry(result, "Monetary is not Frequency x Avg_Order_Value") == (2, "counted, kept")


@given(st.lists(st.sampled_from(["Gold", "gold", " GOLD", "Silver", "silver ", ""]), min_size=1, max_size=30))
def test_a_label_has_one_spelling_and_stays_the_same_label(labels):
    labels = pd.Series(labels, dtype=str)
    tidy = tidy_labels(labels)
    assert (tidy.str.casefold() == labels.str.strip().str.casefold()).all()
    assert tidy.groupby(tidy.str.casefold()).nunique().le(1).all()
    assert tidy_labels(tidy).equals(tidy)


# A date of the last order, people without an order


def test_a_date_of_the_last_order_stands_in_for_recency(cleaned, slim):
    days = pd.Timestamp("2026-07-01") - pd.to_timedelta(slim["Recency"], unit="D")
    frame = slim.drop(columns="Recency").assign(Last_Order_Date=days.dt.strftime("%d/%m/%Y %H:%M"))
    result = cleaned(frame, snapshot="2026-07-01")
    assert list(result.customers["Recency"]) == list(slim["Recency"])
    assert entry(result, "Recency counted from Last_Order_Date to 2026-07-01") == (300, "column computed")
    with pytest.raises(
        InputError, match=r"column Last_Order_Date holds no date \('never' in the first row\); expected"
    ):
        cleaned(frame.assign(Last_Order_Date="never"))
    later = cleaned(replaced(frame, [0, 1], "Last_Order_Date", ["nonsense", "31/08/2026"]))  # the day after the last
    assert reasons(later) == {2: "Recency is not a number"}
    assert later.customers["Recency"].iloc[0] == 1


def test_people_who_never_ordered_are_left_out_and_counted_and_are_no_unusable_rows(cleaned, words, slim):
    people = [(f"n{n}", "", 0, "" if n % 2 else 0) for n in range(100)]
    odd = [("no id", "", 0, 5), ("paid", "", 1, 0), ("known", 400, 0, 0)]
    result = cleaned(pd.concat([slim, pd.DataFrame([*people, *odd], columns=REQUIRED)]))
    assert result.never == 100 and len(result.customers) == 301
    assert reasons(result) == {402: "Recency is blank", 403: "Recency is blank"}
    assert entry(result, "never ordered: Frequency is 0, no last order") == (100, "left out")
    assert words.text("{and_never}", result) == " + 100 who never ordered, left out"
    assert words.text("{and_never}", cleaned(slim)) == ""


def test_one_last_order_dated_a_year_ahead_does_not_move_everybodys_recency(cleaned, slim):
    days = pd.Timestamp("2026-07-01") - pd.to_timedelta(slim["Recency"], unit="D")
    frame = slim.drop(columns="Recency").assign(Last_Order_Date=days.dt.strftime("%Y-%m-%d"))
    result = cleaned(replaced(frame, [7], "Last_Order_Date", "2027-07-01"))
    assert entry(result, "Recency counted from Last_Order_Date to 2026-07-01") == (300, "column computed")
    assert reasons(result) == {9: "Recency is below 0"}


def test_spend_in_two_currencies_is_refused(refused, cleaned, slim):
    currencies = ["EUR", "USD", "eur", *["EUR"] * 297]
    refused(
        slim.assign(currency=currencies), "column currency: amounts in EUR (299 rows) and USD (1 row) cannot be added"
    )
    assert len(cleaned(slim.assign(Currency="EUR")).customers) == 300


def test_ids_that_a_spreadsheet_shortened_are_set_aside(cleaned, refused, slim):
    result = cleaned(replaced(slim, [3], "Customer_ID", "1.78E+04"))
    assert reasons(result) == {5: "Customer_ID was shortened by a spreadsheet (export it as text)"}
    refused(replaced(slim, range(20), "Customer_ID", "1.78E+04"), "20 of 300 rows", "Customer_ID is '1.78E+04'")
