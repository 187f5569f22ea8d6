"""What supports the segments: the evidence says four where there are four, nothing where there is nothing."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segmentation import evidence, nulls, seasons
from segmentation.clusters import fit, place
from segmentation.comparisons import by_spend, other_choices
from segmentation.evidence import Choice, Sample
from segmentation.vocabulary import RFM, SEGMENTS


@pytest.fixture(autouse=True)
def few_fits(monkeypatch):
    """Three pairs of fits for up to six segments say enough here; the tables without groups stay as many."""
    monkeypatch.setattr(evidence, "PAIRS", 3)
    monkeypatch.setattr(evidence, "FEW_PAIRS", 1)
    monkeypatch.setattr(evidence, "MOST_SEGMENTS", 6)


def sample_of(points: np.ndarray, labels=None) -> Sample:
    """A sample of standardised points as the fit sees them."""
    customers = pd.DataFrame(points - points.min() + 1, columns=RFM)
    labels = np.arange(len(points)) % 4 if labels is None else labels
    customers = customers.assign(Cluster=labels, Segment_Name=pd.Categorical.from_codes(labels, SEGMENTS))
    return Sample(customers, tuple(RFM), points, len(points), seed=0)


CENTRES = np.array([[0, 0, 0], [3, 0, 1], [0, 3, 2], [3, 3, -2]])


@pytest.fixture(scope="module")
def four():
    """Four planted groups of 100 points."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(centre, 0.4, (100, 3)) for centre in CENTRES])


def choice_for(points: np.ndarray, decisions) -> Choice:
    """What the evidence says of points."""
    return evidence.choose_k(sample_of(points), decisions.RECIPE)


@pytest.fixture(scope="module")
def noise():
    """400 points without structure."""
    return np.random.default_rng(1).random((400, 3)) * 3.4


def test_planted_groups_are_found_and_noise_is_called_so(four, noise, decisions):
    choice = choice_for(four, decisions)
    assert evidence.verdict_on_k(choice, decisions.CRITERIA) == "**The evidence says four.**"
    assert choice.of("rand") > 0.99
    nothing = choice_for(noise, decisions)
    assert "These data show no groups" in evidence.verdict_on_k(nothing, decisions.CRITERIA)
    assert nothing.of("rand") < 0.9
    assert not nothing.beyond("rand", decisions.CRITERIA), "slices of noise come back as often as such slices do"


def skewed(seed: int, customers: int = 200) -> np.ndarray:
    """Points with many ties and a long tail, in one population: orders, spend, and days since the last order."""
    rng = np.random.default_rng(seed)
    habit = rng.normal(size=customers)
    orders = rng.poisson(np.exp(habit)) + 1
    spend = orders * np.exp(rng.normal(3, 0.5, customers))
    days = rng.integers(1, 365, customers) / orders
    table = np.column_stack([days, orders, spend])
    table = np.minimum(table, np.quantile(table, 0.99, axis=0))
    return (table - table.mean(axis=0)) / table.std(axis=0)


def distinct(points: np.ndarray, decisions, monkeypatch) -> bool:
    """Whether four clusters are beyond what tables without groups show; only silhouettes are looked at here."""
    monkeypatch.setattr(evidence, "bootstrap_labels", lambda points, k, *_: np.zeros((2, len(points)), int))
    monkeypatch.setattr(evidence, "pair_rand", lambda labels: np.zeros(len(labels) // 2))
    monkeypatch.setattr(evidence, "MOST_SEGMENTS", 4)
    monkeypatch.setattr(evidence, "REFERENCES", 1)
    monkeypatch.setattr(evidence, "STARTS", 2)
    return choice_for(points, decisions).beyond("silhouette", decisions.CRITERIA)


def test_a_population_without_groups_is_not_called_distinct(decisions, monkeypatch):
    """Seventeen of twenty at least, as one in twenty passes by chance."""
    tables = [nulls.without_groups(skewed(seed), np.random.default_rng(seed)) for seed in range(20)]
    assert sum(distinct(points, decisions, monkeypatch) for points in tables) <= 3


def test_planted_groups_are_called_distinct_every_time(decisions, monkeypatch):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        groups = np.concatenate([rng.normal(centre, 0.4, (50, 3)) for centre in CENTRES])
        assert distinct(groups, decisions, monkeypatch), seed


def test_four_different_profiles_are_judged_without_a_warning(decisions):
    points = np.repeat(CENTRES, 15, axis=0).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        choice = evidence.choose_k(sample_of(points), decisions.RECIPE)
        others = other_choices(sample_of(points), decisions.RECIPE)
    assert choice.quality.index.tolist() == [2, 3, 4]
    assert choice.quality["silhouette"][4] == 1
    assert others["Customers"].tolist() == [60] * 8


def choice_of(lead=0.2, rand_lead=0.04, best=4, **quality) -> Choice:
    """Indices that all prefer one k, with four segments so far above tables without groups."""
    ks = pd.Index([2, 3, 4, 5, 6])
    at_best = (ks == best).astype(float)
    table = pd.DataFrame({"inertia": [10.0, 9, 8, 7, 6], "silhouette": 0.4 + 0.1 * at_best, "calinski": at_best}, ks)
    table.loc[best, "inertia"] -= 2
    table = table.assign(davies=1 - at_best, rand=0.5 + 0.4 * at_best, gap=np.minimum(ks, best), gap_error=0.0).assign(
        **quality
    )
    without = {"silhouette": table["silhouette"][4] - lead, "rand": table["rand"][4] - rand_lead, "jaccard": 0.8}
    return Choice(table, pd.DataFrame(without, range(19)), pd.Series(without) - 0.1, np.zeros((2, 4), int))


@pytest.mark.parametrize("best", [3, 4, 5])
def test_every_view_prefers_the_k_that_is_best_on_it(best):
    choice = choice_of(best=best)
    assert set(choice.preferred.values()) == {best}
    assert (len(choice.preferred), choice.votes) == (6, 6 if best == 4 else 0)


def test_lower_is_better_for_davies_bouldin_and_higher_for_the_rest():
    quality = {"davies": [0.5, 0.4, 0.6, 0.7, 0.9], "calinski": [1.0, 2, 3, 5, 4]}
    preferred = choice_of(**quality).preferred
    assert preferred["Davies-Bouldin"] == 3
    assert preferred["Calinski-Harabasz"] == 5


def test_the_knee_is_where_the_bend_is():
    assert evidence.knee(pd.Series([10.0, 4, 1, 0.9, 0.8], index=[2, 3, 4, 5, 6])) == 4
    assert evidence.knee(pd.Series([10.0, 3, 2.5, 2, 0], index=[2, 3, 4, 5, 6])) == 3


def test_the_gap_statistic_takes_the_first_k_that_the_next_does_not_clearly_beat(words):
    quality = choice_of(gap=[1.0, 2, 2.1, 2.1, 2.0], gap_error=0.1).quality
    assert evidence.first_gap(quality) == 3, "2.0 is within an error of 2.1"
    assert evidence.first_gap(quality.assign(gap_error=0.09)) == 4
    rising = choice_of(gap=[1.0, 2, 3, 4, 5])
    assert evidence.first_gap(rising.quality) == 6
    assert "the gap statistic prefers 6 or more" in words.text("{x:&}", x=evidence.said(rising))


def test_the_gap_statistic_finds_planted_groups_and_none_in_a_box(four, noise, decisions):
    def prefers(points):
        quality = evidence.indices(points, np.arange(len(points)), range(2, 7), decisions.RECIPE)
        return quality.join(evidence.gap(points, quality["inertia"], decisions.RECIPE))

    assert evidence.first_gap(prefers(four)) == 4
    assert prefers(four)["gap"].max() > 0.5
    assert prefers(noise * [4, 2, 1])["gap"].abs().max() < 0.2, "uniform points are like the reference"


def test_distinct_and_stable_are_beyond_tables_without_groups_or_not(decisions):
    def verdict(**numbers):
        return evidence.verdict_on_k(choice_of(best=3, **numbers), decisions.CRITERIA)

    assert "no groups" in verdict(lead=0.0) and "no groups" not in verdict(lead=0.0001)
    assert "comes back more reliably" in verdict(rand_lead=0.0001)
    assert "comes back **no** more reliably" in verdict(rand_lead=0.0)


def test_one_table_without_groups_in_twenty_may_pass(decisions):
    choice = choice_of()
    choice.without["rand"] = np.arange(19) / 100
    assert choice.bar("rand", 0.95) == 0.18, "of nineteen the highest: a table like them is above it once in twenty"
    assert choice.bar("rand", 0.90) == 0.17


def test_four_is_what_the_evidence_says_only_where_four_of_six_views_prefer_it(decisions):
    three = {"calinski": [0.0, 1, 0, 0, 0], "davies": [1.0, 0, 1, 1, 1], "inertia": [10.0, 6, 5.5, 5, 4.5]}
    two = {name: three[name] for name in ("calinski", "davies")}
    assert choice_of(**two).votes == 4
    assert evidence.verdict_on_k(choice_of(**two), decisions.CRITERIA) == "**The evidence says four.**"
    fewer = choice_of(**two)
    fewer.quality.loc[3, "rand"] = 1.0
    assert fewer.votes == 3
    assert "a business choice" in evidence.verdict_on_k(fewer, decisions.CRITERIA)


def test_bootstrap_fits_differ_from_each_other_and_repeat_with_the_seed(noise, decisions):
    labels = evidence.bootstrap_labels(noise, 5, decisions.RECIPE, 3)
    assert len({row.tobytes() for row in labels}) == len(labels) == 6
    assert (labels == evidence.bootstrap_labels(noise, 5, decisions.RECIPE, 3)).all()
    assert (labels != evidence.bootstrap_labels(noise, 5, replace(decisions.RECIPE, seed=1), 3)).any()
    assert evidence.pair_rand(labels).max() < 0.999


def test_jaccard_of_a_worked_case_and_of_labels_in_another_order():
    published = np.array([0, 0, 0, 0, 1, 1, 2, 3])
    found = np.array([[5, 5, 5, 1, 1, 1, 2, 3]])
    assert evidence.segment_jaccard(published, found) == pytest.approx([3 / 4, 2 / 3, 1, 1])
    assert evidence.segment_jaccard(published, 3 - published[None]) == pytest.approx([1, 1, 1, 1])


def test_planted_segments_come_back_each_of_them(four, decisions, words):
    sample = sample_of(four, np.repeat(range(4), 100))
    choice = Choice(
        pd.DataFrame(), pd.DataFrame(), pd.Series(), evidence.bootstrap_labels(four, 4, decisions.RECIPE, 3)
    )
    found = evidence.stability(sample, choice)
    assert found.index.tolist() == list(SEGMENTS) and found.min() > 0.95
    assert words.text(evidence.comebacks(found)[0]).startswith("**VIP Champions** 1.0")


def test_sample_and_evidence_are_those_of_the_published_model(shipped_customers, decisions):
    fitted = fit(shipped_customers, decisions.RECIPE)
    sample = evidence.take_sample(shipped_customers, fitted, 42)
    assert len(sample.points) == min(len(shipped_customers), evidence.FIT_SAMPLE)
    assert (place(fitted.exact, sample.customers).cluster == sample.customers["Cluster"]).mean() > 0.999
    assert len(sample.some(evidence.PAIR_SAMPLE)) == evidence.PAIR_SAMPLE
    assert len(sample.dots) == evidence.PLOT_SAMPLE
    others = by_spend(sample.customers["Cluster"].to_numpy(), sample.customers["Monetary"].to_numpy())
    assert (others == sample.customers["Cluster"]).all(), "segments are in the order of spend"


def test_what_is_asked_is_said_with_its_threshold(decisions, words):
    asked = evidence.criteria_table(
        replace(decisions.CRITERIA, smallest_share=0.125, smallest_size=1234, percentile=0.9)
    )
    texts = [words.text(threshold) for threshold in asked["Threshold"]]
    assert texts[0] == "every segment holds at least 12.5 % of customers"
    assert texts[1] == "every segment holds at least 1,234 customers"
    assert texts[2] == "silhouette above the 90 % point of tables without groups"
    assert len(asked) == 7


# On other days


def made_anew(log, recipe):
    """The customers of a log at its quarter ends, fitted at each."""
    return seasons.refit_each(seasons.look_back(log, pd.Timestamp("2026-07-01"), 12), recipe)


def visits(groups: dict, start: str, end: str) -> list[tuple]:
    """Orders of 40 customers per group between two days, every so many days, at a price."""
    days = pd.date_range(start, end, inclusive="left")
    rows = []
    for name, (every, price) in groups.items():
        for number in range(40):
            rows += [(f"{name}{number}", day, price + number / 10) for day in days[number % every :: every]]
    return rows


def test_a_shop_that_changes_shows_it_in_the_number_of_groups(decisions, words):
    """Two kinds of customers until spring; then two more kinds join, and a third stands out."""
    two = {"a": (10, 10), "b": (120, 200)}
    rows = visits(two, "2024-01-01", "2026-07-01") + visits({"c": (5, 400)}, "2026-03-01", "2026-07-01")
    log = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    found = evidence.preferred_k(made_anew(log, decisions.RECIPE), decisions.RECIPE)
    assert [str(day.date()) for day in found.index] == [
        "2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01", "2026-07-01"
    ]  # fmt: skip
    assert found.iloc[0] == 2 and found.iloc[-1] == 3
    text = words.text(evidence.on_days(found))
    assert text.startswith("Over quarter ends the silhouette prefers 2 on 2025-07-01, ")
    assert text.endswith(" and 3 on 2026-07-01.")


def test_customers_are_drawn_so_that_a_large_shop_costs_no_more(shop, decisions, monkeypatch):
    monkeypatch.setattr(evidence, "DAY_SAMPLE", 60)
    seen = []
    score = evidence.metrics.silhouette_score
    monkeypatch.setattr(
        evidence.metrics, "silhouette_score", lambda points, labels: seen.append(len(points)) or score(points, labels)
    )
    log = shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))
    found = evidence.preferred_k(made_anew(log, decisions.RECIPE), decisions.RECIPE)
    assert set(seen) == {60} and set(found) <= set(evidence.DAY_KS)
    assert np.isin(found.index.month, [1, 4, 7, 10]).all()
