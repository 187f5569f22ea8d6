"""Whole runs on made CSVs: for every kind of file a complete, correct result or one message that names the place.

Messages are checked for what an analyst needs: the file, the column or line, what was found, what was expected.
"""

import gzip
import re

import numpy as np
import pandas as pd
import pytest
from shared import ROOT

OUTPUTS = {
    "ecommerce_user_behavior_cleaned.csv",
    "ecommerce_segmented_customers.csv",
    "segment_profiles.csv",
    "segment_model.json",
    "campaign_plan.csv",
}
SEGMENTS = {"VIP Champions", "High-Value Loyalists", "Promising Regulars", "At-Risk Customers"}


@pytest.fixture(scope="module")
def shop(generator):
    """A small shop of 300 clean customers."""
    return generator.make(seed=3, customers=300, defects=False)[1]


@pytest.fixture(scope="module")
def slim(shop):
    """Its required columns."""
    return shop[["Customer_ID", "Recency", "Frequency", "Monetary"]]


@pytest.fixture(scope="module")
def reference(kernel, shop):
    """Segment by customer for the plain file."""
    return names(complete(kernel.run(shop)))


@pytest.fixture(scope="module")
def slim_reference(kernel, slim):
    """Segment by customer for the required columns only."""
    return names(complete(kernel.run(slim)))


def text(frame, **options):
    return frame.to_csv(index=False, lineterminator="\n", **options)


def names(run):
    return run.table("ecommerce_segmented_customers.csv").set_index("Customer_ID")["Segment_Name"]


def complete(run):
    """The run succeeded, wrote everything, and every row is accounted for."""
    assert run.ok, run.error
    assert set(run.written) >= OUTPUTS
    customers, aside, merged, read = map(
        lambda number: int(number.replace(",", "")),
        re.search(
            r"\*\*Accounted for:\*\* ([\d,]+) customers? \+ ([\d,]+) rows? set aside \+ ([\d,]+) duplicates? merged "
            r"= ([\d,]+) rows? read",
            run.text,
        ).groups(),
    )
    assert customers + aside + merged == read
    assert len(names(run)) == customers
    assert (len(run.table("ecommerce_set_aside_rows.csv")) if aside else 0) == aside
    assert set(names(run)) <= SEGMENTS
    assert not [o for cell in run.cells for o in cell.get("outputs", []) if o.get("name") == "stderr"], (
        "a warning is shown"
    )
    assert not re.search(r"\bnan\b|\binf\b|None %|NaN", run.text), "a number is missing in the text"
    return run


def refused(run, *words):
    """The run stopped with one message that has these words, and wrote nothing."""
    assert not run.ok
    assert run.error.startswith("InputError: "), run.error
    assert "customers.csv" in run.error
    for word in words:
        assert word in run.error, run.error
    assert "\n" not in run.error and str(run.out) not in run.error
    assert run.written == []


def replaced(frame, rows, column, value):
    """The table as text with some values of a column replaced."""
    frame = frame.astype(object)
    frame.iloc[rows, frame.columns.get_loc(column)] = value
    return frame


# Ways to write the same table


def european(slim):
    frame = slim.assign(Monetary=[f"{v:,.2f}".translate(str.maketrans(",.", ".,")) for v in slim["Monetary"]])
    return text(frame, sep=";")


def thousands(slim):
    return text(slim.assign(Monetary=[f"{v:,.2f}" for v in slim["Monetary"]]))


def currency(slim):
    return text(slim.assign(Monetary=[f"$ {v:,.2f}" for v in slim["Monetary"]]))


def euros(slim):
    return european(slim).replace("\n", " €\n").replace("Monetary €", "Monetary")


WRITINGS = {
    "semicolons and decimal commas": european,
    "thousands separators": thousands,
    "currency signs": currency,
    "euro signs behind": euros,
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
    "quotes everywhere": lambda slim: text(slim, quoting=1),
    "no last line end": lambda slim: text(slim).rstrip("\n"),
    "odd headers": lambda slim: text(slim.set_axis([" customer id", "RECENCY ", "frequency_", "Mone tary"], axis=1)),
    "columns in another order": lambda slim: text(slim[slim.columns[::-1]]),
    "spaces around numbers": lambda slim: text(slim.assign(Monetary=[f" {v} " for v in slim["Monetary"]])),
    "decimals on whole numbers": lambda slim: text(slim.astype({"Recency": float, "Frequency": float})),
}


@pytest.mark.parametrize("writing", WRITINGS)
def test_same_table_written_otherwise_gives_the_same_segments(kernel, slim, slim_reference, writing):
    run = complete(kernel.run(WRITINGS[writing](slim)))
    assert names(run).loc[slim_reference.index].equals(slim_reference)
    spend = run.table("ecommerce_segmented_customers.csv").set_index("Customer_ID")["Monetary"].astype(float)
    assert np.allclose(spend.loc[slim["Customer_ID"]], slim["Monetary"])


# Changes that must not matter


def test_order_of_rows_and_columns_does_not_matter(kernel, shop, reference):
    shuffled = shop.sample(frac=1, random_state=1)[list(shop.columns[::-1])]
    run = complete(kernel.run(shuffled))
    assert names(run).loc[reference.index].equals(reference)
    assert run.table("ecommerce_segmented_customers.csv").columns[0] == "Customer_ID"


def test_ids_and_labels_do_not_matter(kernel, shop, reference):
    renamed = shop.assign(
        Customer_ID=[f"x{n:09d}" for n in np.random.default_rng(0).permutation(len(shop))],
        Segment_Label=shop["Segment_Label"].sample(frac=1, random_state=0).to_numpy(),
    )
    found = names(complete(kernel.run(renamed)))
    assert (found.loc[renamed["Customer_ID"]].to_numpy() == reference.loc[shop["Customer_ID"]].to_numpy()).all()


def test_cents_and_doubled_customers_do_not_matter(kernel, slim, slim_reference):
    cents = slim.assign(Monetary=(100 * slim["Monetary"]).round().astype(int))
    assert names(complete(kernel.run(cents))).loc[slim_reference.index].equals(slim_reference)
    twice = pd.concat([slim, slim.assign(Customer_ID="again " + slim["Customer_ID"])])
    assert names(complete(kernel.run(twice))).loc[slim_reference.index].equals(slim_reference)


def test_output_of_a_run_is_an_input(kernel, shop, reference):
    first = complete(kernel.run(shop))
    again = complete(kernel.run(first.out / "data" / "ecommerce_segmented_customers.csv"))
    assert names(again).loc[reference.index].equals(reference)
    assert "Cluster is computed here" in again.text
    new, old = (run.table("ecommerce_segmented_customers.csv") for run in (again, first))
    pd.testing.assert_frame_equal(new, old)


# Columns


@pytest.mark.parametrize(
    "absent",
    [
        ["Session_Count", "Clicks", "Wishlist_Adds"],
        ["Clicks"],
        ["Campaign_Response"],
        ["Segment_Label"],
        ["Cart_Abandon_Rate", "Returns"],
        ["Avg_Order_Value", "Avg_Session_Duration", "Pages_Viewed"],
    ],
)
def test_absent_columns_are_named_and_left_out(kernel, shop, reference, absent):
    run = complete(kernel.run(shop.drop(columns=absent), figures=True))
    assert names(run).loc[reference.index].equals(reference)
    line = next(line for line in run.text.split("\n") if line.startswith("Not in this file"))
    assert all(name in line for name in absent)


def test_empty_optional_columns_are_as_good_as_absent(kernel, shop, reference):
    run = complete(kernel.run(shop.assign(Clicks="", Segment_Label=" ", Returns=np.nan, Cart_Abandon_Rate="")))
    assert names(run).loc[reference.index].equals(reference)
    assert "Not in this file, or (nearly) empty: Clicks, Cart_Abandon_Rate, Returns and Segment_Label" in run.text


def test_extra_columns_are_carried_untouched_and_never_shown(kernel, shop, reference):
    secret = [f"secret <script> $1 |{n}|" for n in range(len(shop))]
    frame = shop.assign(Notes=secret, Balance=[f"{n:05d}.10" for n in range(len(shop))])
    run = complete(kernel.run(frame))
    assert names(run).loc[reference.index].equals(reference)
    for name in ("ecommerce_segmented_customers.csv", "ecommerce_user_behavior_cleaned.csv"):
        out = run.table(name).set_index("Customer_ID").loc[frame["Customer_ID"]]
        assert list(out["Notes"]) == secret
        assert list(out["Balance"]) == list(frame["Balance"])
    assert "secret" not in run.text


def test_quoted_newlines_in_extra_columns_survive(kernel, slim):
    frame = slim.assign(Notes=[f"line 1\nline {n}, with a comma" for n in range(len(slim))])
    out = complete(kernel.run(frame)).table("ecommerce_segmented_customers.csv").set_index("Customer_ID")
    assert list(out.loc[frame["Customer_ID"], "Notes"]) == list(frame["Notes"])


def test_column_number_of_pandas_is_carried(kernel, slim):
    run = complete(kernel.run(slim.to_csv(lineterminator="\n")))
    assert len(names(run)) == len(slim)


# Refused: not a customer CSV


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
    "no header": ("1,2,3,4\n5,6,7,8\n", ["no column Customer_ID"]),
    "truncated gzip": (gzip.compress(b"Customer_ID,Recency\n" * 999)[:60], ["gzip", "cut short"]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_files_that_are_no_customer_csv_are_refused_by_name(kernel, kind):
    data, words = REFUSED[kind]
    refused(kernel.run(data), *words)


def test_missing_file_and_folder_are_refused_by_name(kernel, tmp_path):
    (tmp_path / "customers.csv").mkdir()
    refused(kernel.run(tmp_path / "customers.csv"), "is a folder")
    refused(kernel.run(tmp_path / "nowhere" / "customers.csv"), "does not exist")


def with_line(slim, line, content):
    """The CSV with the line of this number (1 = header) replaced."""
    lines = text(slim).split("\n")
    lines[line - 1] = content
    return "\n".join(lines)


def test_broken_lines_are_refused_with_their_number(kernel, slim):
    refused(kernel.run(with_line(slim, 17, "x,1,2")), "line 17", "3 fields", "expected 4")
    refused(kernel.run(with_line(slim, 18, "x,1,2,3,4")), "line 18", "5 fields")
    refused(kernel.run(with_line(slim, 19, 'x,1,2,"3')), "line 19", "quote")
    swallowed = text(slim.assign(Notes="")).split("\n")
    swallowed[10], swallowed[20] = swallowed[10] + '"oops', swallowed[20] + 'bye"'
    refused(kernel.run("\n".join(swallowed)), "line 11", "quote", "line 21", "whole rows inside")
    refused(kernel.run(with_line(slim, 20, "Zoë,1,2,3").encode("latin-1")), "line 20", "UTF-8")


def test_missing_and_doubled_columns_are_named_with_a_guess(kernel, slim):
    refused(
        kernel.run(slim.rename(columns={"Monetary": "Monetray"})),
        "no column Monetary",
        "'Monetray'",
        "found Customer_ID",
    )
    refused(kernel.run(slim.drop(columns="Recency")), "no column Recency")
    refused(kernel.run(slim.assign(customer_id="x")), "two columns", "Customer_ID", "customer_id")


def test_numbers_that_may_mean_two_things_are_refused(kernel, slim):
    whole = slim.assign(Monetary=[f"{round(v) + 1000:,}" for v in slim["Monetary"]])
    refused(kernel.run(text(whole)), "column Monetary", "thousands or decimals")
    mixed = slim.assign(Monetary=["1.234,50" if n % 2 else "1,234.50" for n in range(len(slim))])
    refused(kernel.run(text(mixed)), "column Monetary", "1.234,50", "1,234.50")
    dots = slim.assign(Monetary=[f"{round(v) + 1000:,}".replace(",", ".") for v in slim["Monetary"]])
    refused(kernel.run(text(dots, sep=";")), "column Monetary", "thousands or decimals")


# Rows and values


def aside(run):
    return run.table("ecommerce_set_aside_rows.csv").set_index("Line")["Reason"].to_dict()


BAD_VALUES = {
    "Recency": {
        "N/A": "Recency is not a number",
        "": "Recency is blank",
        "-1": "Recency is below 0",
        "-999": "Recency is below 0",
        "9999": "Recency is above 9,000",
        "46112": "Recency is above 9,000",
        "2026-01-31": "Recency is not a number",
        "inf": "Recency is above 9,000",
    },
    "Frequency": {
        "null": "Frequency is not a number",
        "2.5": "Frequency is not a whole number",
        "-3": "Frequency is below 0",
        "0": "spend without orders",
    },
    "Monetary": {
        "-": "Monetary is not a number",
        "-12.50": "Monetary is below 0",
        "(12.50)": "Monetary is below 0",
        "1e308": "Monetary is above 1,000,000,000,000",
        "nan": "Monetary is not a number",
    },
}


def test_unusable_values_set_the_row_aside_with_line_and_reason(kernel, shop, generator):
    frame = generator.make(seed=3, customers=600, defects=False)[1].astype(object)
    expected, row = {}, 0
    for column, kinds in BAD_VALUES.items():
        for value, reason in kinds.items():
            frame.iloc[row, frame.columns.get_loc(column)] = value
            expected[str(row + 2)] = reason
            row += 1
    run = complete(kernel.run(frame))
    assert aside(run) == expected
    assert len(names(run)) == 600 - row


def test_blank_ids_totals_and_repeated_headers_are_set_aside(kernel, slim):
    lines = text(slim).split("\n")
    lines[5:5] = ["Customer_ID,Recency,Frequency,Monetary", ",1,1,10", "  ,1,1,10"]
    sums = f"everything,0,{slim['Frequency'].sum() + 2},{slim['Monetary'].sum() + 20:.2f}"
    run = complete(kernel.run("\n".join([*lines[:-1], sums, ""])))
    assert aside(run)["305"] == "a totals row"
    lines[-1] = "Total,0,999,99999\nGrand total (all),0,999,99999\nS.U.M.,5,1,10\n"
    run = complete(kernel.run("\n".join(lines)))
    found = aside(run)
    assert found == {
        "6": "the header again",
        "7": "Customer_ID is blank",
        "8": "Customer_ID is blank",
        "305": "a totals row",
        "306": "a totals row",
    }


def test_duplicates_merge_and_conflicts_are_all_set_aside(kernel, slim):
    again = slim.iloc[[3, 4, 4]]
    other = slim.iloc[[7]].assign(Monetary=1.0)
    run = complete(kernel.run(pd.concat([slim, again, other])))
    assert "| Exact duplicate" in run.text or re.search(r"Exact duplicate\s+3\s+merged", run.text)
    assert aside(run) == {"9": "rows of one id disagree", "305": "rows of one id disagree"}
    assert slim["Customer_ID"].iloc[7] not in names(run).index


def test_many_exact_duplicates_are_no_reason_to_stop(kernel, slim, slim_reference):
    run = complete(kernel.run(pd.concat([slim] * 3)))
    assert names(run).loc[slim_reference.index].equals(slim_reference)


def test_too_many_unusable_rows_stop_with_column_count_and_example(kernel, slim):
    bad = replaced(slim, slice(0, 20), "Recency", "2026-01-31")
    refused(kernel.run(bad), "20 of 300 rows", "5 %", "Recency is not a number", "line 2", "2026-01-31")
    refused(kernel.run(slim.assign(Recency=46100 + slim["Recency"])), "300 of 300", "Recency is above 9,000")


def test_ids_survive_byte_for_byte(kernel, slim):
    odd = [
        "007",
        "NA",
        "null",
        "1e5",
        "Ünï-✓",
        "0" * 60,
        "=1+1",
        "+49",
        "@home",
        "a'b\"c",
        " padded ",
        "1.0",
        "TRUE",
        "-5",
    ]
    ids = odd + list(slim["Customer_ID"].iloc[len(odd) :])
    run = complete(kernel.run(slim.assign(Customer_ID=ids)))
    assert set(names(run).index) == set(ids)
    assert re.search(r"spreadsheet would run as a formula\s+4\s+kept as given", run.text)


def test_optional_values_that_cannot_be_become_blank_and_counted(kernel, shop):
    frame = replaced(shop, [0], "Cart_Abandon_Rate", "250")
    frame = replaced(frame, [1, 2], "Clicks", "many")
    frame = replaced(frame, [3], "Returns", "-1")
    frame = replaced(frame, [4], "Campaign_Response", "2")
    run = complete(kernel.run(frame))
    for line in (
        r"Cart_Abandon_Rate is above 100\s+1\s+value left blank",
        r"Clicks is not a number\s+2\s+value left blank",
        r"Returns is below 0\s+1\s+value left blank",
        r"Campaign_Response is above 1\s+1\s+value left blank",
    ):
        assert re.search(line, run.text), line
    out = run.table("ecommerce_user_behavior_cleaned.csv").set_index("Customer_ID").loc[shop["Customer_ID"]]
    assert list(out["Clicks"].iloc[:3]) == ["", "", ""] or (out["Clicks"].iloc[1], out["Clicks"].iloc[2]) == ("", "")
    assert len(out) == 300


def test_yes_no_and_true_false_are_read(kernel, shop):
    words = shop.assign(Campaign_Response=np.where(shop["Campaign_Response"] == 1, "Yes", "no"))
    flags = shop.assign(Campaign_Response=np.where(shop["Campaign_Response"] == 1, "True", "False"))
    for frame in (words, flags):
        out = complete(kernel.run(frame)).table("ecommerce_user_behavior_cleaned.csv").set_index("Customer_ID")
        assert list(out.loc[shop["Customer_ID"], "Campaign_Response"].astype(int)) == list(shop["Campaign_Response"])


def test_abandonment_as_fractions_is_read_as_such_and_said(kernel, shop):
    run = complete(kernel.run(shop.assign(Cart_Abandon_Rate=(shop["Cart_Abandon_Rate"] / 100).round(4))))
    out = run.table("ecommerce_user_behavior_cleaned.csv").set_index("Customer_ID").loc[shop["Customer_ID"]]
    assert np.allclose(out["Cart_Abandon_Rate"].astype(float), shop["Cart_Abandon_Rate"], atol=0.01)
    assert "read as fractions" in run.text


def test_a_mixture_of_percent_and_fractions_is_refused(kernel, shop):
    mixed = (shop["Cart_Abandon_Rate"] / 100).round(4).astype(object)
    mixed.iloc[8] = "55 %"
    refused(kernel.run(shop.assign(Cart_Abandon_Rate=mixed)), "line 10", "Cart_Abandon_Rate", "55 %")


@pytest.mark.parametrize(
    "change",
    [
        {"Campaign_Response": 1},
        {"Cart_Abandon_Rate": 50},
        {"Clicks": 3, "Session_Count": "", "Wishlist_Adds": ""},
        {"Segment_Label": [f"label {n}" for n in range(300)]},
        {"Segment_Label": "Gold"},
    ],
    ids=["all responded", "one rate", "one engagement", "labels all different", "one label"],
)
def test_optional_columns_without_differences(kernel, shop, change):
    complete(kernel.run(shop.assign(**change), figures=True))


def test_optional_columns_of_few_or_unlucky_values(kernel, shop, reference):
    vip = shop["Customer_ID"].map(reference).eq("VIP Champions").to_numpy()
    top = shop["Monetary"].rank(pct=True) > 0.8
    frame = shop.assign(Cart_Abandon_Rate=shop["Cart_Abandon_Rate"].mask(vip), Campaign_Response=top.astype(int))
    frame = frame.assign(
        **{name: shop[name].astype(float).mask(vip) for name in ("Clicks", "Session_Count", "Wishlist_Adds")}
    )
    run = complete(kernel.run(frame, figures=True))
    assert "an unknown share of VIP Champions" in run.text
    complete(kernel.run(shop.assign(Clicks=shop["Clicks"].astype(float).where(shop.index < 3), Returns=np.nan)))


def test_recommendations_do_not_use_a_difference_that_the_tests_deny(kernel, shop):
    rates = shop["Cart_Abandon_Rate"].sample(frac=1, random_state=4).to_numpy()
    run = complete(kernel.run(shop.assign(Cart_Abandon_Rate=rates)))
    assert "no difference worth acting on" in run.text and "remind Promising" not in run.text


def test_labels_with_markup_are_shown_as_text(kernel, shop):
    label = "<script>alert(1)</script> | *Gold* $5$ `x`"
    frame = shop.assign(Segment_Label=shop["Segment_Label"].replace({"Platinum": label, "Silver": "白金 💎"}))
    run = complete(kernel.run(frame, figures=True))
    for cell in run.cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/markdown", "") + output.get("data", {}).get("text/html", "")
            assert "<script" not in shown and "*Gold*" not in shown and "$5$" not in shown
    out = run.table("ecommerce_user_behavior_cleaned.csv").set_index("Customer_ID").loc[shop["Customer_ID"]]
    assert list(out["Segment_Label"]) == list(frame["Segment_Label"])


# Shapes of customer bases


def test_too_few_or_too_similar_customers_are_refused(kernel, slim):
    refused(kernel.run(slim.head(30)), "30 usable customers", "at least 50")
    three = slim.assign(Recency=np.arange(300) % 3, Frequency=1, Monetary=10)
    refused(kernel.run(three), "3 different combinations", "at least 4")
    refused(kernel.run(slim.assign(Recency=5, Frequency=1, Monetary=10)), "1 different combinations")


@pytest.mark.parametrize("constant", [{"Frequency": 1}, {"Recency": 30}, {"Monetary": 50}, {"Monetary": 0}])
def test_one_constant_feature_is_said_and_done_without(kernel, slim, constant):
    run = complete(kernel.run(slim.assign(**constant), figures=True))
    assert f"{next(iter(constant))} is the same for all customers" in run.text


@pytest.mark.parametrize("spend", [lambda m: 1e7 + m.rank() % 100, lambda m: m / 1e6], ids=["large offset", "tiny"])
def test_odd_scales_of_money_keep_the_published_model_true(kernel, slim, spend):
    run = complete(kernel.run(slim.assign(Monetary=spend(slim["Monetary"]).round(9))))
    assert re.search(r"puts (100|99\.\d\d|99|100\.00) % of customers where", run.text)
    shares = run.table("segment_profiles.csv")["Revenue_Share"].astype(float)
    table = run.table("ecommerce_segmented_customers.csv")
    true = table["Monetary"].astype(float).groupby(table["Segment_Name"]).sum() / table["Monetary"].astype(float).sum()
    assert np.allclose(sorted(shares), sorted(true), atol=1e-4)


def test_nearly_all_one_time_buyers(kernel, slim):
    rng = np.random.default_rng(0)
    frame = pd.concat([slim] * 3, ignore_index=True).assign(
        Customer_ID=lambda t: [f"c{n}" for n in range(len(t))],
        Frequency=lambda t: np.where(rng.random(len(t)) < 0.97, 1, 3),
        Recency=lambda t: rng.integers(1, 365, len(t)),
        Monetary=lambda t: np.exp(rng.normal(3.5, 0.8, len(t))).round(2) * t["Frequency"],
    )
    complete(kernel.run(frame, figures=True))


def test_one_whale(kernel, slim):
    complete(kernel.run(replaced(slim, [0], "Monetary", 400 * slim["Monetary"].median()), figures=True))


def test_customers_without_orders_in_the_window_are_valid(kernel, slim):
    frame = slim.astype(object)
    frame.iloc[:60, 1:] = [500, 0, 0]
    run = complete(kernel.run(frame))
    assert set(names(run).loc[frame["Customer_ID"].iloc[:60]]) == {"At-Risk Customers"}


def test_names_that_do_not_fit_are_kept_and_said_loudly(kernel, slim):
    order = slim.sort_values("Monetary", ascending=False).reset_index(drop=True)
    order["Recency"] = np.sort(slim["Recency"].to_numpy())[::-1]  # the best customers all left long ago
    run = complete(kernel.run(order, figures=True))
    assert run.text.count("Warning: the names do not fit") >= 2
    assert "VIP Champions bought longer ago than" in run.text
    assert "Each segment is what its name says" not in run.text


def test_structureless_customers_are_not_called_well_separated(kernel, slim):
    rng = np.random.default_rng(5)
    noise = pd.DataFrame(rng.random((800, 3)) * [300, 20, 900] + 1, columns=["Recency", "Frequency", "Monetary"])
    noise = noise.round({"Recency": 0, "Frequency": 0, "Monetary": 2}).assign(Customer_ID=[f"n{n}" for n in range(800)])
    run = complete(kernel.run(noise, figures=True))
    assert "These data show no groups that shuffled columns would not show as well" in run.text
    assert "not met: " in run.text


def test_at_risk_need_not_be_the_largest(kernel, slim):
    few = slim[(slim["Recency"] < 90) | (np.arange(300) % 10 == 0)]
    run = complete(kernel.run(few))
    assert re.search(r"Most are At-Risk Customers.*does not hold", run.text)


# The order log and an earlier run


def test_foreign_log_beside_the_table_is_set_aside(kernel, shop, reference, generator):
    foreign = generator.make(seed=8, customers=300, defects=False)[0]
    other = shop.assign(Monetary=(shop["Monetary"] * 1.37).round(2))
    path = kernel.folder / "log.csv"
    foreign.to_csv(path, index=False)
    run = complete(kernel.run(other, ORDERS_CSV=str(path)))
    assert "is set aside" in run.text and "Spend per month" not in run.text
    assert not (run.out / "images" / "monthly_spend.png").exists()


def test_own_log_is_used_and_another_window_is_named(kernel, shop, generator):
    path = kernel.folder / "own.csv.gz"
    generator.make(seed=3, customers=300, defects=False)[0].to_csv(path, index=False)
    used = complete(kernel.run(shop, figures=True, ORDERS_CSV=str(path)))
    assert "so it is used" in used.text and (used.out / "images" / "monthly_spend.png").exists()
    other = complete(kernel.run(shop, ORDERS_CSV=str(path), WINDOW_MONTHS=6))
    assert "over 12 months it would agree: set WINDOW_MONTHS" in other.text


def test_wild_rows_in_the_log_are_counted_and_a_missing_log_is_named(kernel, shop, generator):
    path = kernel.folder / "wild.csv"
    log = generator.make(seed=3, customers=300, defects=False)[0].astype(object)
    log.loc[len(log)] = ["x", "ORDX1", "9999-12-31", 5]
    log.loc[len(log)] = ["x", "ORDX2", "2025-12-31", "1e400"]
    log.loc[len(log)] = ["x", "ORDX3", "no date", 5]
    log.to_csv(path, index=False)
    run = complete(kernel.run(shop, ORDERS_CSV=str(path)))
    assert "set aside, Amount is no number, or too large: 1" in run.text and "so it is used" in run.text
    assert "set aside, Order_Date is no date like 2026-06-30: 2" in run.text
    run = complete(kernel.run(shop, ORDERS_CSV="nowhere/log.csv"))
    assert "There is no order log (<code>log.csv</code> does not exist)" in run.text


def test_earlier_run_is_compared_by_id(kernel, shop, reference):
    before = shop.iloc[:-10].assign(Segment_Name=reference.loc[shop["Customer_ID"].iloc[:-10]].to_numpy())
    before.iloc[0, before.columns.get_loc("Segment_Name")] = (
        "VIP Champions" if before["Segment_Name"].iloc[0] != "VIP Champions" else "At-Risk Customers"
    )
    path = kernel.folder / "before.csv"
    pd.concat([before, before.iloc[[1]].assign(Customer_ID="gone")]).to_csv(path, index=False)
    run = complete(kernel.run(shop, PREVIOUS_CSV=str(path)))
    assert "of 290 customers in both files 1 (0.3 %) changed segment; 10 are new, 1 are gone" in run.text
    path.write_text("Customer_ID,Segment_Name\nx,Gold\n")
    stopped = kernel.run(shop, PREVIOUS_CSV=str(path))
    assert stopped.error.startswith("InputError: before.csv, line 2: 'Gold'") and stopped.written == []


def test_parameters_that_cannot_be_meant_are_named(kernel, slim):
    for parameters, word in (
        ({"WINDOW_MONTHS": 0}, "WINDOW_MONTHS"),
        ({"WINDOW_MONTHS": 99999}, "WINDOW_MONTHS"),
        ({"SNAPSHOT_DATE": "1.7.26"}, "SNAPSHOT_DATE"),
        ({"OUTPUT_DIR": None}, "OUTPUT_DIR"),
        ({"CURRENCY": "<b>"}, "CURRENCY"),
    ):
        run = kernel.run(slim, **parameters)
        assert run.error.startswith("InputError: ") and word in run.error


def test_sizes_from_fifty_to_many(kernel, generator):
    for size in (50, 200, 3000):
        complete(kernel.run(generator.make(seed=size, customers=size, defects=False)[1], figures=True))


def test_shipped_rows_reversed_give_every_customer_the_same_segment(kernel, fresh):
    lines = (ROOT / "data" / "ecommerce_user_segmentation.csv").read_text().rstrip("\n").split("\n")
    run = complete(kernel.run("\n".join([lines[0], *lines[:0:-1]]) + "\n"))
    assert names(run).loc[names(fresh).index].equals(names(fresh))
