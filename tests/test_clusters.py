"""Four segments: the same whatever the order, units, ids or seed; named by what is in them; one rule places all."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from segmentation import clusters
from segmentation.clusters import Model, fit, nearest, notes, place, profiles_of
from segmentation.problems import LeftOut
from segmentation.vocabulary import PLACED, RFM, SEGMENTS


def segments(customers: pd.DataFrame, recipe) -> pd.Series:
    """Cluster by customer id, and the model behind it."""
    model = fit(customers, recipe).model
    return pd.Series(place(model, customers).cluster, index=customers["Customer_ID"])


@pytest.fixture(scope="module")
def reference(shipped_customers, decisions):
    """Segments of the shipped shop."""
    return segments(shipped_customers, decisions.RECIPE)


def test_ten_other_seeds_give_the_same_names(shipped_customers, decisions, reference):
    for seed in range(10):
        found = segments(shipped_customers, replace(decisions.RECIPE, seed=seed))
        assert adjusted_rand_score(reference, found) >= 0.99
        assert (found == reference).mean() > 0.99


def test_shuffled_rows_give_the_same_model(shipped_customers, decisions):
    model = fit(shipped_customers, decisions.RECIPE).model
    for seed in range(3):
        assert fit(shipped_customers.sample(frac=1, random_state=seed), decisions.RECIPE).model == model


@pytest.mark.parametrize("change", ["cents", "doubled", "renamed"])
def test_units_doubling_and_new_ids_give_every_customer_the_same_segment(
    shipped_customers, decisions, reference, change
):
    twin = shipped_customers.assign(Customer_ID="copy of " + shipped_customers["Customer_ID"])
    other = {
        "cents": shipped_customers.assign(Monetary=(shipped_customers["Monetary"] * 100).round(0)),
        "doubled": pd.concat([shipped_customers, twin], ignore_index=True),
        "renamed": twin,
    }[change]
    found = segments(other, decisions.RECIPE)
    assert (found.to_numpy()[: len(reference)] == reference.to_numpy()).all()


def test_the_published_file_holds_the_segments_of_the_recipe(shipped_customers, reference):
    assert (shipped_customers["Cluster"].to_numpy() == reference.to_numpy()).all()


# Names


def means(recency, spend=(2000.0, 800.0, 300.0, 50.0), orders=(20.0, 10.0, 5.0, 1.0)) -> pd.DataFrame:
    return pd.DataFrame({"Recency": recency, "Frequency": orders, "Monetary": spend}).astype(float)


@given(order=st.permutations(range(4)))
def test_names_follow_from_content_not_from_the_number(decisions, order):
    table = means([10, 20, 30, 200]).set_axis(list(order))
    assert decisions.RECIPE.name_order(table.sort_index()) == list(order)


def test_the_two_highest_spenders_come_first_even_if_they_bought_longest_ago(decisions):
    assert decisions.RECIPE.name_order(means([300, 250, 10, 20])) == [0, 1, 2, 3]
    assert decisions.RECIPE.name_order(means([10, 20, 30, 200], spend=(50, 300, 800, 2000))) == [3, 2, 0, 1]


def test_the_richer_of_the_lower_two_is_at_risk_if_it_bought_longer_ago(decisions):
    assert decisions.RECIPE.name_order(means([10, 20, 300, 30])) == [0, 1, 3, 2]


def test_one_enormous_order_renames_nobody(shipped_customers, decisions, reference):
    lone, seen = shipped_customers.astype({"Monetary": float}), []
    lone.loc[lone["Recency"].idxmax(), "Monetary"] = 1e9

    def name_order(means):
        seen.append(means)
        return decisions.RECIPE.name_order(means)

    found = segments(lone, replace(decisions.RECIPE, name_order=name_order)).to_numpy()
    assert (found == reference.to_numpy()).mean() > 0.999
    assert seen[0]["Monetary"].max() <= lone["Monetary"].quantile(0.99)  # names rank spend up to the cap


@pytest.mark.parametrize(("buyers", "segmented"), [(0, False), (1, False), (3, False), (4, True)])
def test_where_hardly_anybody_bought_there_are_no_segments(decisions, buyers, segmented):
    customers = pd.DataFrame({"Recency": range(300), "Frequency": 0, "Monetary": 0.0})
    customers.loc[: buyers - 1, ["Frequency", "Monetary"]] = [3, 50.0]
    found = fit(customers, decisions.RECIPE)
    assert isinstance(found, LeftOut) != segmented
    if not segmented:
        assert found.reason.startswith(f"{buyers} customer{'s' if buyers != 1 else ''} of 300 have an order or spent")


def test_too_few_different_customers_are_counted_in_plain_words(decisions):
    alike = pd.DataFrame({"Recency": [5] * 60, "Frequency": 1, "Monetary": 9.0})
    assert fit(alike, decisions.RECIPE).reason == "1 different combination of R, F and M; expected at least 4"


def test_ties_in_spend_go_to_more_orders_then_to_the_more_recent(decisions):
    tied = means([10, 20, 30, 200], spend=(800, 800, 300, 50), orders=(10, 20, 5, 1))
    assert decisions.RECIPE.name_order(tied)[:2] == [1, 0]
    tied = means([20, 10, 30, 30], spend=(800, 800, 50, 300), orders=(10, 10, 5, 1))
    assert decisions.RECIPE.name_order(tied) == [1, 0, 3, 2]


# Fit


def test_values_are_capped_at_the_observed_ninety_ninth_percentile(decisions):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.permutation(np.arange(1.0, 1001)) for name in RFM})
    assert fit(table, decisions.RECIPE).model.caps == (990, 990, 990)
    assert fit(table, replace(decisions.RECIPE, cap_quantile=0.9)).model.caps == (900, 900, 900)
    wholesale = table.assign(Monetary=table["Monetary"].where(table["Monetary"] < 1000, 1e9))
    assert fit(wholesale, decisions.RECIPE).model == fit(table, decisions.RECIPE).model


def test_the_published_model_has_six_digits_and_places_as_the_exact_fit(shipped_customers, decisions):
    fitted = fit(shipped_customers, decisions.RECIPE)
    assert all(f"{value:.6g}" == f"{value:.15g}" for centre in fitted.model.centroids for value in centre)
    same = place(fitted.model, shipped_customers).cluster == place(fitted.exact, shipped_customers).cluster
    assert same.mean() > 0.999


def test_customers_who_hardly_differ_are_left_out_with_a_reason(decisions):
    table = pd.DataFrame({"Recency": [5, 9] * 30, "Frequency": 1, "Monetary": 10.0})
    assert fit(table, decisions.RECIPE) == LeftOut("2 different combinations of R, F and M; expected at least 4")


def test_customers_who_form_fewer_than_four_groups_are_left_out_with_a_reason(decisions):
    cents = [5, 5.000001, 1e6, 1e6 + 0.000001]
    table = pd.DataFrame({"Recency": [1, 1, 300, 300], "Frequency": 1, "Monetary": cents}).loc[np.repeat(range(4), 15)]
    reason = "customers differ too little, they form 2 groups; expected 4"
    assert fit(table, decisions.RECIPE) == LeftOut(reason)


def test_a_feature_that_does_not_differ_is_named_and_left_aside(decisions, words):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"Recency": rng.integers(1, 300, 200), "Frequency": 1, "Monetary": rng.lognormal(3, 1, 200)})
    fitted = fit(table, decisions.RECIPE)
    assert fitted.model.features == ("Recency", "Monetary")
    said = [words.text(note) for note in notes(fitted)]
    assert said == ["Frequency is the same for all customers (up to the cap), so the clustering goes on without it."]


def test_exactly_four_kinds_of_customers_are_the_four_segments_without_a_warning(decisions):
    kinds = pd.DataFrame({"Recency": [5, 10, 50, 300], "Frequency": [20, 10, 4, 1], "Monetary": [900.0, 400, 90, 9]})
    table = kinds.loc[np.repeat(range(4), 20)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = fit(table, decisions.RECIPE)
    placed = place(fitted.model, table)
    assert placed.cluster.tolist() == np.repeat(range(4), 20).tolist()
    assert placed.confidence.min() > 0.999


def test_profiles_are_the_distinct_customers_and_how_many_share_each():
    table = pd.DataFrame(np.random.default_rng(0).integers(0, 9, (500, 3)) * [1.0, 1.0, 0.25], columns=RFM)
    points, weights = profiles_of(table, RFM)
    distinct, sizes = np.unique(table.to_numpy(), axis=0, return_counts=True)
    assert (points == distinct).all() and (weights == sizes).all()


def test_where_the_search_is_on_a_sample_the_fit_is_on_all_and_the_same(
    shipped_customers, decisions, words, monkeypatch
):
    """The bounded path (ten starts on a sample, carried on over all profiles) against ten starts on all profiles."""
    rng = np.random.default_rng(0)
    table = shipped_customers[RFM].sample(30_000, replace=True, random_state=0)
    table["Monetary"] = (table["Monetary"] * np.exp(rng.normal(0, 0.05, len(table)))).round(2)
    full = fit(table, decisions.RECIPE)
    assert (full.agreement, notes(full)) == (1, [])
    monkeypatch.setattr(clusters, "SEARCHED", 5_000)
    bounded = fit(table, decisions.RECIPE)
    assert bounded.profiles > 20_000
    assert bounded.inertia == pytest.approx(full.inertia, rel=1e-9)
    assert (place(full.model, table).cluster == place(bounded.model, table).cluster).mean() > 0.9999
    assert 0.95 < bounded.agreement < 1
    assert words.text(notes(bounded)[0]).startswith("Ten starts searched 5,000 of ")


# Placing


def test_lower_cluster_wins_a_tie_and_confidence_is_zero_there():
    placed = nearest(np.array([[0.0], [0.0]]), np.array([[1.0], [-1.0], [1.0], [7.0]]))
    assert placed.cluster.tolist() == [0, 0]
    assert placed.runner_up.tolist() == [1, 1]
    assert placed.confidence.tolist() == [0, 0]


def test_confidence_compares_squared_distances():
    placed = nearest(np.array([[0.0], [3.0], [-1.0]]), np.array([[3.0], [-1.0]]))
    assert placed.cluster.tolist() == [1, 0, 1]
    assert placed.confidence == pytest.approx([1 - 1 / 9, 1, 1])


def test_placing_caps_standardises_and_writes_the_published_columns():
    model = Model(("Recency", "Monetary"), (100.0, 50.0), (10.0, 20.0), (10.0, 5.0), ((0, 6), (0, 2), (2, 0), (9, 0)))
    table = pd.DataFrame({"Recency": [10, 900], "Frequency": [1, 1], "Monetary": [900.0, 20.0]}, index=["a", "b"])
    placed = place(model, table).columns(table.index)
    assert placed.columns.tolist() == PLACED
    assert placed["Segment_Name"].tolist() == [SEGMENTS[0], SEGMENTS[3]]
    assert placed["Runner_Up"].tolist() == [SEGMENTS[1], SEGMENTS[2]]
    assert placed["Segment_Confidence"].tolist() == [1, 1]


def test_confidence_and_runner_up_of_every_shipped_customer(shipped_customers):
    assert shipped_customers["Segment_Confidence"].between(0, 1).all()
    assert (shipped_customers["Runner_Up"] != shipped_customers["Segment_Name"]).all()
