"""What supports the segments: the evidence says four where there are four, nothing where there is nothing."""

import numpy as np
import pandas as pd
import pytest
from shared import ROOT

KS = range(2, 8)


def evidence(nb, points):
    """The notebook's verdict on points that are standardised already."""
    quality, null = (nb.indices(table, KS, 0) for table in (points, nb.shuffled(points, 0)))
    quality["rand"] = {k: nb.pair_rand(nb.bootstrap_labels(points, k, 10, 0)).mean() for k in KS}
    votes = sum(k == 4 for k in nb.preferences(quality, null).values())
    lead = quality["silhouette"][4] - null["silhouette"][4]
    return nb.verdict_on_k(votes, lead, quality["rand"][4])


@pytest.fixture(scope="module")
def four():
    """Four planted groups of 300 points."""
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0, 0], [3, 0, 1], [0, 3, 2], [3, 3, -2]])
    return np.concatenate([rng.normal(centre, 0.4, (300, 3)) for centre in centres])


@pytest.fixture(scope="module")
def noise():
    """1,200 points without structure."""
    return np.random.default_rng(1).random((1200, 3)) * 3.4


def test_planted_groups_are_found(nb, four):
    assert evidence(nb, four) == "**The evidence says four.**"


def test_structureless_data_are_called_so(nb, noise):
    assert "These data show no groups" in evidence(nb, noise)


def test_bootstrap_fits_differ_from_each_other_and_repeat_with_the_seed(nb, noise):
    labels = nb.bootstrap_labels(noise, 5, 6, 0)
    assert len({row.tobytes() for row in labels}) == 6
    assert (labels == nb.bootstrap_labels(noise, 5, 6, 0)).all()
    assert (labels != nb.bootstrap_labels(noise, 5, 6, 1)).any()
    assert nb.pair_rand(labels).max() < 0.999


def test_planted_groups_come_back_and_noise_less(nb, four, noise):
    stable = nb.pair_rand(nb.bootstrap_labels(four, 4, 10, 0))
    assert stable.min() > 0.99
    assert nb.pair_rand(nb.bootstrap_labels(noise, 4, 10, 0)).mean() < 0.9


def test_jaccard_of_a_worked_case(nb):
    published = np.array([0, 0, 0, 0, 1, 1, 2, 3])
    found = np.array([[5, 5, 5, 1, 1, 1, 2, 3]])
    assert nb.segment_jaccard(published, found) == pytest.approx([3 / 4, 2 / 3, 1, 1])


def test_jaccard_is_read_as_hennig_does(nb):
    read = [nb.jaccard_word(value) for value in (0.59, 0.6, 0.75, 0.85)]
    assert read == ["not to be trusted", "a pattern, doubtful", "valid", "highly stable"]


def test_pair_rand_of_a_worked_case(nb):
    labels = np.array([[0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]])
    assert nb.pair_rand(labels) == pytest.approx([1, -0.5])


def test_knee_of_a_bent_line(nb):
    assert nb.knee(pd.Series([10.0, 4, 1, 0.9, 0.8], index=[2, 3, 4, 5, 6])) == 4


def test_shuffled_columns_keep_their_values_and_lose_their_ties(nb, four):
    mixed = nb.shuffled(four, 0)
    assert (np.sort(mixed, axis=0) == np.sort(four, axis=0)).all()
    assert abs(np.corrcoef(mixed.T)[0, 2]) < 0.1


def test_outcome_of_a_worked_case(nb):
    table = nb.outcome(pd.Series(["a"] * 4 + ["b"] * 2), pd.Series([0.0, 0, 100, 300, 0, 0]))
    assert table.loc["a", "Customers"] == 4
    assert table.loc["a", "Later spend, mean"].startswith("$100 (")
    assert table.loc["a", "Bought again"].startswith("50.0 % (15.0 %-85.0 %")
    assert table.loc["b", "Bought again"].startswith("0.0 %")


def test_rule_card_covers_every_customer_once(nb):
    customers = pd.read_csv(ROOT / "data" / "ecommerce_segmented_customers.csv")
    rules, fidelity = nb.rule_card(customers, 0)
    assert rules["Customers"].sum() == len(customers)
    assert (rules["Customers"] * rules["Right"]).sum() / len(customers) == pytest.approx(fidelity)
    assert len(rules) <= 8
    first = rules.iloc[0]
    query = first["If"].replace(", ", " and ").replace(" and >", " > ")
    assert len(customers.query(query)) == first["Customers"]


def test_confidence_and_runner_up_of_every_customer():
    customers = pd.read_csv(ROOT / "data" / "ecommerce_segmented_customers.csv")
    assert customers["Segment_Confidence"].between(0, 1).all()
    assert (customers["Runner_Up"] != customers["Segment_Name"]).all()


def test_segments_that_do_not_rank_the_future_are_called_out(kernel, generator):
    orders, customers = generator.make(seed=3, customers=600, defects=False)
    path = kernel.folder / "future.csv"
    orders.to_csv(path, index=False)
    honest = kernel.run(customers, ORDERS_CSV=str(path))
    assert "the segments rank what they spent" in honest.text
    assert "As of 2025-07-01" in honest.text
    late = orders["Order_Date"] >= "2025-07-01"
    late_ids = orders.loc[late, "Customer_ID"].unique()
    early = orders.loc[~late].groupby("Customer_ID")["Amount"].sum().sort_values().index
    poor_first = [*early, *np.setdiff1d(late_ids, early)]
    rich_last = customers.sort_values("Monetary", ascending=False)["Customer_ID"]
    swap = dict(zip(rich_last, poor_first, strict=False))  # those who were poor are rich later
    turned = orders.loc[late & orders["Customer_ID"].isin(swap)]
    turned = pd.concat([orders[~late], turned.assign(Customer_ID=turned["Customer_ID"].map(swap))])
    table = nb_table(turned)
    turned.to_csv(path, index=False)
    run = kernel.run(table, ORDERS_CSV=str(path))
    assert run.ok, run.error
    assert "**do not rank** what they spent" in run.text


def nb_table(orders):
    """Required columns over the last twelve months of a log that ends on 30 June 2026."""
    dates = pd.to_datetime(orders["Order_Date"])
    window = orders[dates >= "2025-07-01"].assign(date=dates).groupby("Customer_ID")
    days = (pd.Timestamp("2026-07-01") - window["date"].max()).dt.days
    table = pd.DataFrame({"Recency": days, "Frequency": window.size(), "Monetary": window["Amount"].sum().round(2)})
    return table.reset_index()
