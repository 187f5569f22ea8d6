"""The notebook's rules, one by one, in the words of those who rely on them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared import ROOT
from sklearn.metrics import adjusted_rand_score

values = st.lists(st.integers(0, 50), min_size=5, max_size=80)


@pytest.fixture(scope="module")
def shipped_customers(nb):
    raw, delimiter = nb.read_table(ROOT / "data" / "ecommerce_user_segmentation.csv", nb.CUSTOMER_COLUMNS, nb.REQUIRED)
    return nb.clean(raw, delimiter, "shipped")[0]


def segments(nb, customers, seed=42):
    """Cluster by customer, as the notebook assigns it."""
    model = nb.segmentation(customers, "test", seed)
    return pd.Series(nb.place(model, customers)[0], index=customers["Customer_ID"]), model


# Scores and percentiles


@given(values)
def test_equal_values_get_equal_scores_and_larger_ones_no_smaller(nb, numbers):
    numbers = pd.Series(numbers)
    scores = pd.Series(nb.score(numbers, nb.cut_points(numbers, nb.FIFTHS)))
    assert scores.between(1, 5).all()
    assert (scores.groupby(numbers).nunique() == 1).all()
    assert scores.groupby(numbers).first().is_monotonic_increasing
    best = pd.Series(nb.score(numbers, nb.cut_points(numbers, nb.FIFTHS), low_is_best=True))
    assert (best == 6 - scores).all()


@given(values)
def test_cut_points_are_observed_values_and_doubling_the_base_changes_nothing(nb, numbers):
    numbers = pd.Series(numbers, dtype=float)
    cuts = nb.cut_points(numbers, nb.FIFTHS)
    assert set(cuts) <= set(numbers)
    assert (nb.cut_points(pd.concat([numbers, numbers]), nb.FIFTHS) == cuts).all()
    doubled = nb.percentile(pd.concat([numbers, numbers])).to_numpy()
    assert np.allclose(doubled[: len(numbers)], nb.percentile(numbers))


def test_fifths_of_distinct_values_are_fifths(nb):
    numbers = pd.Series(np.arange(100.0))
    assert (np.bincount(nb.score(numbers, nb.cut_points(numbers, nb.FIFTHS)))[1:] == 20).all()


# Engagement


def people(n=60, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(0, 30, (n, 3)), columns=["Session_Count", "Clicks", "Wishlist_Adds"])
    return frame.astype(float)


@pytest.mark.parametrize("part", ["Session_Count", "Clicks", "Wishlist_Adds"])
def test_each_part_counts_the_same_for_engagement(nb, part):
    frame = people()
    before = nb.engagement(frame)["Engagement_Score"]
    frame[part] = frame[part] * 1000  # a larger unit is no larger weight
    assert nb.engagement(frame)["Engagement_Score"].equals(before)
    frame.loc[frame[part].idxmin(), part] = 1e6
    assert (nb.engagement(frame)["Engagement_Score"] - before).max() > 20


def test_engagement_level_survives_ties_and_blanks(nb):
    frame = people()
    frame["Clicks"], frame["Session_Count"], frame["Wishlist_Adds"] = 1.0, 1.0, 1.0
    frame.iloc[0] = np.nan
    found = nb.engagement(frame)
    assert found["Engagement_Level"].iloc[1:].nunique() == 1
    assert found.iloc[0].isna().all()
    assert nb.engagement(frame[["Clicks"]])["Engagement_Score"].notna().sum() == 59
    assert nb.engagement(frame[[]])["Engagement_Score"].isna().all()


# Segments


@pytest.mark.usefixtures("shipped")
def test_twenty_seeds_give_the_same_names(nb, shipped_customers):
    reference = segments(nb, shipped_customers)[0]
    for seed in range(20):
        found = segments(nb, shipped_customers, seed)[0]
        assert adjusted_rand_score(reference, found) >= 0.99
        assert (found == reference).mean() > 0.99


def test_shuffled_rows_give_every_customer_the_same_segment(nb, shipped_customers):
    reference, model = segments(nb, shipped_customers)
    for seed in range(5):
        shuffled = shipped_customers.sample(frac=1, random_state=seed)
        found, same = segments(nb, shuffled)
        assert found.loc[reference.index].equals(reference)
        assert same == model


@pytest.mark.parametrize("change", ["cents", "doubled"])
def test_units_and_doubling_give_every_customer_the_same_segment(nb, shipped_customers, change):
    reference = segments(nb, shipped_customers)[0]
    if change == "cents":
        other = shipped_customers.assign(Monetary=(shipped_customers["Monetary"] * 100).round(0))
    else:
        twin = shipped_customers.assign(Customer_ID="copy of " + shipped_customers["Customer_ID"])
        other = pd.concat([shipped_customers, twin])
    assert segments(nb, other)[0].loc[reference.index].equals(reference)


@given(order=st.permutations(range(4)))
def test_names_follow_from_content_not_from_the_number(nb, order):
    means = pd.DataFrame(
        {"Recency": [10.0, 20, 30, 200], "Frequency": [20, 10, 5, 1], "Monetary": [2000.0, 800, 300, 50]}
    )
    labels = np.repeat(order, 3)
    assert nb.name_order(means.loc[np.repeat(range(4), 3)], labels) == list(order)


def test_richer_of_the_lower_two_is_at_risk_if_it_bought_longer_ago(nb):
    means = pd.DataFrame(
        {"Recency": [10.0, 20, 300, 30], "Frequency": [20, 10, 5, 1], "Monetary": [2000.0, 800, 300, 50]}
    )
    assert nb.name_order(means, np.arange(4)) == [0, 1, 3, 2]


def test_lower_cluster_wins_a_tie_and_confidence_is_zero_there(nb):
    cluster, second, confidence = nb.nearest(np.array([[0.0], [1.0]]), np.array([[1.0], [-1.0]]))
    assert list(cluster) == [0, 0]
    assert list(second) == [1, 1]
    assert list(confidence) == [0.0, 1.0]


def profiles(nb, **changes):
    table = pd.DataFrame(
        {
            "Monetary_Mean": [2000.0, 800, 300, 50],
            "Frequency_Mean": [20.0, 10, 5, 1],
            "Recency_Mean": [10.0, 20, 30, 200],
            "Customers": [100, 200, 100, 600],
        },
        index=nb.SEGMENTS,
    )
    for place, value in changes.items():
        column, row = place.rsplit("_", 1)
        table.loc[nb.SEGMENTS[int(row)], column] = value
    return table


def test_names_that_fit_raise_no_doubt(nb):
    assert nb.doubts(profiles(nb)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Recency_Mean_0": 300}, "VIP Champions bought longer ago"),
        ({"Monetary_Mean_1": 1950}, "High-Value Loyalists spend nearly as much as VIP Champions"),
        ({"Frequency_Mean_1": 25}, "order more often than VIP Champions"),
        ({"Recency_Mean_1": 250}, "High-Value Loyalists bought longer ago than At-Risk Customers"),
        ({"Monetary_Mean_3": 350}, "At-Risk Customers spend more than Promising Regulars"),
    ],
)
def test_names_that_do_not_fit_are_doubted(nb, change, words):
    assert any(words in doubt for doubt in nb.doubts(profiles(nb, **change)))


# Statistics against references


def test_wilson_interval_of_ten_in_a_hundred(nb):
    assert np.round(nb.wilson(10, 100), 4) == pytest.approx([0.0552, 0.1744])


def test_holm_worked_by_hand(nb):
    assert nb.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_gini_of_equal_and_of_single_spenders(nb):
    assert nb.gini([5, 5, 5, 5]) == pytest.approx(0)
    assert nb.gini([0, 0, 0, 1]) == pytest.approx(0.75)


def test_interval_of_the_revenue_ratio_agrees_with_the_bootstrap(nb, shipped_customers):
    some = shipped_customers.iloc[:1500]
    table = some.assign(Segment_Name=np.where(some["Monetary"] > 1300, nb.VIP, nb.AT_RISK))
    ratio, low, high = nb.share_ratio(table, nb.VIP)
    rng = np.random.default_rng(0)
    again = [nb.share_ratio(table.iloc[rng.integers(0, 1500, 1500)], nb.VIP)[0] for _ in range(400)]
    assert low < ratio < high
    assert (high - low) / (2 * 1.96) == pytest.approx(np.std(again), rel=0.15)


def test_spearman_interval_covers_about_ninety_five_percent(nb):
    rng, covered = np.random.default_rng(0), 0
    truth = 6 / np.pi * np.arcsin(0.5 / 2)
    for _ in range(300):
        x, y = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 150).T
        _, low, high = nb.spearman(pd.Series(x), pd.Series(y))
        covered += low < truth < high
    assert 0.91 < covered / 300 < 0.99


# Text


def test_shares_print_one_way(nb):
    assert nb.percent(5755, 10000) == nb.percent(0.5755) == "57.6 %"
    assert nb.percent(1, 0) == "-"


@given(st.text(max_size=40))
def test_labels_from_the_data_cannot_become_markup(nb, label):
    assert not set("<>|*_`[]\\~\"'") & set(nb.plain(label))
    assert len(nb.short(label)) <= 40 and "\n" not in nb.short(label)
    assert "$" not in nb.as_markdown(label).data.replace("<span>&#36;</span>", "")


@pytest.mark.parametrize(("text", "expected"), [(None, 12), ("", None), ("6", 6), ("six", "six")])
def test_environment_sets_a_parameter(nb, monkeypatch, text, expected):
    if text is not None:
        monkeypatch.setenv("SEGMENTATION_WINDOW_MONTHS", text)
    assert nb.setting("WINDOW_MONTHS", 12) == expected


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ((0, None, 42, "$"), "WINDOW_MONTHS"),
        (("12", None, 42, "$"), "WINDOW_MONTHS"),
        ((12, "1 July", 42, "$"), "SNAPSHOT_DATE"),
        ((12, None, -1, "$"), "RANDOM_STATE"),
        ((12, None, 42, 7), "CURRENCY"),
    ],
)
def test_impossible_parameters_are_named(nb, parameters, words):
    with pytest.raises(nb.InputError, match=words):
        nb.check_parameters(*parameters, {"OUTPUT_DIR": "data"})


# Publishing


def test_publishing_is_all_or_nothing(nb, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "new" / "a.csv").write_text("new")
    (tmp_path / "out" / "a.csv").write_text("old")
    staged = {tmp_path / "new" / name: tmp_path / "out" / name for name in ("a.csv", "missing.csv")}
    with pytest.raises(nb.InputError, match="cannot be written"):
        nb.publish(staged, [])
    assert (tmp_path / "out" / "a.csv").read_text() == "old"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.csv"]


def test_publishing_removes_what_an_earlier_run_left(nb, tmp_path):
    for name in ("old.csv", "mine.csv"):
        (tmp_path / name).write_text("x")
    (tmp_path / "a").write_text("new")
    nb.publish({tmp_path / "a": tmp_path / "out" / "a.csv"}, [tmp_path / "old.csv"])
    assert (tmp_path / "out" / "a.csv").read_text() == "new"
    assert not (tmp_path / "old.csv").exists() and (tmp_path / "mine.csv").exists()


# Orders


def test_rfm_from_a_worked_order_log(nb):
    orders = pd.DataFrame(
        {
            "Customer_ID": ["a", "a", "a", "b"],
            "Order_Date": pd.to_datetime(["2025-01-01", "2025-12-31", "2026-01-10", "2026-01-31"]),
            "Amount": [1.0, 10.0, 5.5, 7.0],
        }
    )
    found = nb.rfm_from_orders(orders, pd.Timestamp("2026-02-01"), 12)
    assert found.loc["a"].tolist() == [22, 2, 15.5]
    assert found.loc["b"].tolist() == [1, 1, 7.0]
    assert nb.rfm_from_orders(orders, pd.Timestamp("2026-02-01"), None).loc["a", "Frequency"] == 3
