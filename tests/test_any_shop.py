"""Whole runs on made shops: odd rows and values, odd customer bases, an order log, an earlier run, parameters."""

import re

import numpy as np
import pandas as pd
import pytest
from runs import complete, names, refused, replaced, text
from shared import ROOT

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
