"""Whole runs on made CSVs: however a table is written, a complete, correct result or one message that names the place.

Messages are checked for what an analyst needs: the file, the column or line, what was found, what was expected.
"""

import gzip

import numpy as np
import pandas as pd
import pytest
from runs import complete, names, refused, text

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
