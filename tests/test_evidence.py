"""What supports the segments: the evidence says four where there are four, nothing where there is nothing."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segmentation import evidence
from segmentation.clusters import fit, place
from segmentation.comparisons import by_spend, other_choices
from segmentation.evidence import Choice, Sample
from segmentation.vocabulary import RFM, SEGMENTS


@pytest.fixture(autouse=True)
def few_fits(monkeypatch):
    """Three pairs of fits for up to six segments say enough here."""
    monkeypatch.setattr(evidence, "PAIRS", 3)
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


@pytest.fixture(scope="module")
def noise():
    """400 points without structure."""
    return np.random.default_rng(1).random((400, 3)) * 3.4


def test_planted_groups_are_found_and_noise_is_called_so(four, noise, decisions):
    choice = evidence.choose_k(sample_of(four), decisions.RECIPE)
    assert evidence.verdict_on_k(choice, decisions.CRITERIA) == "**The evidence says four.**"
    assert choice.rand > 0.99
    nothing = evidence.choose_k(sample_of(noise), decisions.RECIPE)
    assert "These data show no groups" in evidence.verdict_on_k(nothing, decisions.CRITERIA)
    assert nothing.rand < 0.9
    assert abs(nothing.null_rand - nothing.rand) < 0.3


def test_four_different_profiles_are_judged_without_a_warning(decisions):
    points = np.repeat(CENTRES, 15, axis=0).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        choice = evidence.choose_k(sample_of(points), decisions.RECIPE)
        others = other_choices(sample_of(points), decisions.RECIPE)
    assert choice.quality.index.tolist() == [2, 3, 4]
    assert choice.quality["silhouette"][4] == 1
    assert others.at_other_k.filter(like="k=3").shape[1] == 3


def choice_of(lead=0.2, rand=0.99, best=4, **quality) -> Choice:
    """Indices that all prefer one k, with these values at four."""
    ks = pd.Index([2, 3, 4, 5, 6])
    at_best = (ks == best).astype(float)
    table = pd.DataFrame({"inertia": [10.0, 9, 8, 7, 6], "silhouette": 0.4 + 0.1 * at_best, "calinski": at_best}, ks)
    table.loc[best, "inertia"] -= 2
    table = table.assign(davies=1 - at_best, rand=0.5 + 0.4 * at_best)
    table.loc[4, "rand"] = rand
    table = table.assign(**quality)
    null = pd.DataFrame({"silhouette": table["silhouette"][4] - lead}, ks)
    return Choice(table, null, 0.5, np.zeros((2, 4), int))


@pytest.mark.parametrize("best", [3, 4, 5])
def test_every_view_prefers_the_k_that_is_best_on_it(best):
    choice = choice_of(best=best, rand=0.9 if best == 4 else 0.5)
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


def test_distinct_and_stable_are_just_met_and_just_missed(decisions):
    def verdict(**numbers):
        return evidence.verdict_on_k(choice_of(best=3, **numbers), decisions.CRITERIA)

    criteria = decisions.CRITERIA
    assert "no groups" in verdict(lead=criteria.silhouette_lead - 0.0001)
    assert "no groups" not in verdict(lead=criteria.silhouette_lead)
    assert "comes back on resamples" in verdict(rand=criteria.rand)
    assert "does not come back reliably" in verdict(rand=criteria.rand - 0.0001)
    strict = replace(criteria, silhouette_lead=0.3)
    assert "no groups" in evidence.verdict_on_k(choice_of(lead=0.2), strict)


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
    labels = evidence.bootstrap_labels(noise, 5, decisions.RECIPE)
    assert len({row.tobytes() for row in labels}) == len(labels) == 6
    assert (labels == evidence.bootstrap_labels(noise, 5, decisions.RECIPE)).all()
    assert (labels != evidence.bootstrap_labels(noise, 5, replace(decisions.RECIPE, seed=1))).any()
    assert evidence.pair_rand(labels).max() < 0.999


def test_shuffled_columns_keep_their_values_and_lose_their_ties(four):
    mixed = evidence.shuffled(four, 0)
    assert (np.sort(mixed, axis=0) == np.sort(four, axis=0)).all()
    assert abs(np.corrcoef(mixed.T)[0, 2]) < 0.1


def test_jaccard_of_a_worked_case_and_of_labels_in_another_order():
    published = np.array([0, 0, 0, 0, 1, 1, 2, 3])
    found = np.array([[5, 5, 5, 1, 1, 1, 2, 3]])
    assert evidence.segment_jaccard(published, found) == pytest.approx([3 / 4, 2 / 3, 1, 1])
    assert evidence.segment_jaccard(published, 3 - published[None]) == pytest.approx([1, 1, 1, 1])


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.5999, "not to be trusted"),
        (0.6, "a pattern, doubtful"),
        (0.7499, "a pattern, doubtful"),
        (0.75, "valid"),
        (0.8499, "valid"),
        (0.85, "highly stable"),
    ],
)
def test_jaccard_is_read_as_hennig_does(value, word):
    assert evidence.jaccard_word(value) == word


def test_planted_segments_come_back_each_of_them(four, decisions, words):
    sample = sample_of(four, np.repeat(range(4), 100))
    choice = Choice(pd.DataFrame(), pd.DataFrame(), 0, evidence.bootstrap_labels(four, 4, decisions.RECIPE))
    found = evidence.stability(sample, choice)
    assert found.index.tolist() == list(SEGMENTS) and found.min() > 0.95
    assert words.text(evidence.comebacks(found)[0]).endswith(", highly stable")


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
    asked = evidence.criteria_table(replace(decisions.CRITERIA, smallest_share=0.125, smallest_size=1234, rand=0.9))
    texts = [words.text(threshold) for threshold in asked["Threshold"]]
    assert texts[0] == "every segment holds at least 12.5 % of customers"
    assert texts[1] == "every segment holds at least 1,234 customers"
    assert texts[3] == "mean adjusted Rand index over pairs of resamples at least 0.9"
    assert len(asked) == 7
