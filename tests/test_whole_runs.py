"""The promises of a whole run, on a dozen made shops: complete or refused, and honest about what it lacks."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from decided import ROOT
from runs import code_cells, complete, names, refused

RFM = ["Recency", "Frequency", "Monetary"]


@pytest.fixture(scope="module")
def slim(shop):
    """The required columns of the small shop."""
    return shop[1][["Customer_ID", *RFM]]


@pytest.fixture(scope="module")
def with_log(kernel, generator):
    """A shop of 600 customers with its order log, with figures."""
    log, customers = generator.make(seed=3, customers=600, defects=False)
    path = kernel.folder / "orders.csv.gz"
    log.to_csv(path, index=False)
    return complete(kernel.run(customers, draw=True, ORDERS_CSV=str(path)))


def test_every_cell_can_run_again_and_shows_the_same(kernel, with_log):
    """All but the first cell, which clears the place of the answer."""
    for number, cell in enumerate(with_log.cells[2:], start=2):
        before = json.dumps(cell["outputs"], sort_keys=True)
        kernel.client.execute_cell(cell, number)
        assert json.dumps(cell["outputs"], sort_keys=True) == before, cell.id


def test_a_shop_with_its_log_gets_every_chapter_and_every_file(with_log):
    assert "*Left out" not in with_log.text, [line for line in with_log.text.split("\n") if "*Left out" in line]
    customers = with_log.table("ecommerce_segmented_customers.csv")
    assert {"Previous_Segment", "Segment_Since", "Expected_Next_Order", "Overdue_Ratio", "CLV_12M"} <= set(customers)
    plan = with_log.table("campaign_plan.csv")
    assert list(plan["Customer_ID"]) == list(customers["Customer_ID"])
    first = re.search(r"\*\*Do first:\*\* (?:keep|grow|develop|win back) (.+?), (?:now|on )", with_log.text)[1]
    assert set(plan.loc[plan["Priority"] == "1", "Group"]) == {first}
    assert f"First: **{re.search(r'Do first:[*]{2} (.+?), ', with_log.text)[1]}**" in with_log.text
    pictures = {path.name for path in (with_log.out / "images").iterdir()}
    assert pictures == {path.name for path in (ROOT / "images").iterdir()}


def test_without_a_log_each_chapter_that_needs_it_says_so_in_a_line(kernel, slim):
    run = complete(kernel.run(slim))
    assert run.text.count("*Left out") >= 5
    assert not {"Segment_Since", "CLV_12M"} & set(run.table("ecommerce_segmented_customers.csv"))
    plan = run.table("campaign_plan.csv")
    assert plan["Max_Spend"].eq("").all() and plan["Priority"].eq("").all() and set(plan["Arm"]) == {"no test"}
    assert "**Do first:** nothing yet. The plan cannot be ranked: there is no order log" in run.text


def test_fifty_customers_are_enough_and_thirty_are_not(kernel, generator):
    customers = generator.make(seed=50, customers=50, defects=False)[1]
    complete(kernel.run(customers, draw=True))
    refused(kernel.run(customers.head(30)), "customers.csv", "30 usable customers", "at least 50")


def test_customers_that_hardly_differ_are_refused_by_name(kernel, slim):
    three = slim.assign(Recency=np.arange(300) % 3, Frequency=1, Monetary=10)
    refused(kernel.run(three), "customers.csv", "3 different combinations", "at least 4")


def test_a_constant_feature_is_said_and_done_without(kernel, slim):
    run = complete(kernel.run(slim.assign(Frequency=1)))
    assert "Frequency is the same for all customers" in run.text


def test_nearly_all_one_time_buyers_and_one_whale(kernel, slim):
    rng = np.random.default_rng(0)
    frame = pd.concat([slim] * 3, ignore_index=True)
    orders = np.where(rng.random(len(frame)) < 0.97, 1, 3)
    spend = np.exp(rng.normal(3.5, 0.8, len(frame))).round(2) * orders
    spend[0] = 400 * np.median(spend)
    ids = [f"c{number}" for number in range(len(frame))]
    recency = rng.integers(1, 365, len(frame))
    columns = {"Customer_ID": ids, "Recency": recency, "Frequency": orders, "Monetary": spend}
    complete(kernel.run(frame.assign(**columns), draw=True))


def test_names_that_do_not_fit_are_kept_and_said_loudly(kernel, slim):
    order = slim.sort_values("Monetary", ascending=False).reset_index(drop=True)
    order["Recency"] = np.sort(slim["Recency"].to_numpy())[::-1]  # the best customers all left long ago
    run = complete(kernel.run(order))
    assert run.text.lower().count("the names do not fit") >= 2
    assert "VIP Champions bought longer ago than" in run.text
    assert "Each segment is what its name says" not in run.text


def test_structureless_customers_are_not_called_well_separated(kernel):
    rng = np.random.default_rng(5)
    noise = pd.DataFrame(rng.random((800, 3)) * [300, 20, 900] + 1, columns=RFM)
    noise = noise.round({"Recency": 0, "Frequency": 0, "Monetary": 2}).assign(Customer_ID=[f"n{n}" for n in range(800)])
    run = complete(kernel.run(noise))
    assert "These data show no groups that a population without groups would not show as well" in run.text
    assert "not met: " in run.text


def test_markup_in_the_data_is_text_and_optional_columns_may_be_flat(kernel, shop):
    label = "<script>alert(1)</script> | *Gold* $5$ `x`"
    tiers = shop[1]["Segment_Label"].replace({"Platinum": label, "Silver": "白金 💎"})
    flat = {"Cart_Abandon_Rate": 50, "Campaign_Response": 1, "Clicks": 3, "Session_Count": "", "Wishlist_Adds": ""}
    run = complete(kernel.run(shop[1].assign(Segment_Label=tiers, **flat), draw=True))
    for cell in run.cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/markdown", "") + output.get("data", {}).get("text/html", "")
            assert "<script" not in shown and "*Gold*" not in shown and "$5$" not in shown
    assert set(run.table("ecommerce_user_behavior_cleaned.csv")["Segment_Label"]) == set(tiers)


def test_a_foreign_log_stops_and_an_earlier_run_is_compared(kernel, shop, generator):
    customers = shop[1]
    path = kernel.folder / "foreign.csv"
    generator.make(seed=8, customers=300, defects=False)[0].to_csv(path, index=False)
    refused(kernel.run(customers, ORDERS_CSV=str(path)), "foreign.csv", "of the table; expected 95 %")
    first = complete(kernel.run(customers))
    assert not (first.out / "images" / "monthly_spend.png").exists()
    earlier = first.out / "data"
    model = str(earlier / "segment_model.json")
    again = complete(kernel.run(customers.iloc[10:], PREVIOUS=str(earlier), MODEL=model))
    assert "0 new, 10 lost" in again.text and "**KEEP:**" in again.text
    movers = again.table("segment_movers.csv")
    assert len(movers) == 10 and set(movers["To"]) == {"Lost"}
    old, new = (json.loads((run.out / "data" / "segment_model.json").read_text()) for run in (first, again))
    assert new == old | {key: new[key] for key in ("customers", "checksum")} and new["customers"] == 290


def test_a_parameter_that_cannot_be_meant_stops_the_run(kernel, slim):
    refused(kernel.run(slim, WINDOW_MONTHS=0), "WINDOW_MONTHS is 0")


def test_reversed_rows_of_the_shipped_shop_give_every_customer_the_same_segment(kernel, shipped_customers):
    lines = (ROOT / "data" / "ecommerce_user_segmentation.csv").read_text().rstrip("\n").split("\n")
    run = complete(kernel.run("\n".join([lines[0], *lines[:0:-1]]) + "\n"))
    expected = shipped_customers.set_index("Customer_ID")["Segment_Name"]
    assert names(run).loc[expected.index].equals(expected)


def test_a_run_leaves_the_committed_notebook_alone(kernel, notebook):
    assert [cell.source for cell in code_cells(kernel.notebook)] == [cell.source for cell in code_cells(notebook)]
