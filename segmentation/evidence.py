"""What supports the segments, and what does not: which k, and how well each comes back; what is asked of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn import metrics

from segmentation.clusters import Fitted, kmeans, standardised, steady
from segmentation.decisions import Criteria, Recipe
from segmentation.features import draw
from segmentation.vocabulary import RFM, SEGMENTS
from segmentation.words import Sentence, sentence, written

FIT_SAMPLE = 10_000  # customers in each of the many fits that judge the number of segments
BOOT_SAMPLE = 5_000  # customers that are resampled; fewer make fits differ more, so stability is not overstated
PAIR_SAMPLE = 3_000  # customers where all pairs are compared (silhouette, Ward): within 0.006 of the full silhouette
PLOT_SAMPLE = 2_000  # dots in a scatter plot; more would only hide each other
PAIRS = 20  # pairs of bootstrap fits per k
MOST_SEGMENTS = 8  # that are tried
FOUR = len(SEGMENTS)
MAJORITY = 4  # of the six views on k


def criteria_table(criteria: Criteria) -> pd.DataFrame:
    """What is asked of a segmentation: Criterion, Threshold, Why."""
    rows = [
        ("Large enough", "every segment holds at least {smallest_share:%} of customers", "pays for its own campaign"),
        ("Reachable", "every segment holds at least {smallest_size:#} customers", "a campaign's result can be read"),
        (
            "Distinct",
            "silhouette at least {silhouette_lead} above shuffled columns",
            "shuffled data have clusters, too",
        ),
        ("Stable", "mean adjusted Rand index over pairs of resamples at least {rand}", "a refit says the same"),
        ("Each one stable", "every segment's Jaccard index over resamples at least {jaccard}", "no segment is a fluke"),
        ("Ordered in value", "mean spend at least {value_step} times the next segment's", "budgets follow value"),
        ("Worth its name", "each profile fits its segment's name", "people act on the name"),
    ]
    table = pd.DataFrame(rows, columns=["Criterion", "Threshold", "Why"])
    return table.assign(Threshold=[Sentence(threshold, vars(criteria)) for threshold in table["Threshold"]])


@dataclass(frozen=True)
class Sample:
    """The customers that evidence looks at: it needs many fits, and all pairs of customers."""

    customers: pd.DataFrame  # at most FIT_SAMPLE, sorted by value: R, F, M, Cluster, Segment_Name
    features: tuple[str, ...]  # those of R, F and M that differ
    points: np.ndarray  # (customers, features), capped and standardised
    size: int  # of all customers
    seed: int

    def some(self, most: int) -> np.ndarray:
        """Positions of at most so many of them."""
        return np.sort(np.random.default_rng(self.seed).permutation(len(self.points))[:most])

    @property
    def dots(self) -> pd.DataFrame:
        """Those in a scatter plot."""
        return draw(self.customers, PLOT_SAMPLE, self.seed)


def take_sample(customers: pd.DataFrame, fitted: Fitted, seed: int) -> Sample:
    """At most FIT_SAMPLE of the placed customers, in the space of the fit before rounding."""
    some = draw(customers[[*RFM, "Cluster", "Segment_Name"]], FIT_SAMPLE, seed)
    points = standardised(fitted.exact, some).round(9)
    return Sample(some, fitted.exact.features, points, len(customers), seed)


def shuffled(points: np.ndarray, seed: int) -> np.ndarray:
    """The same columns, each shuffled on its own."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.permutation(column) for column in points.T])


def indices(points: np.ndarray, some: np.ndarray, ks: range, recipe: Recipe) -> pd.DataFrame:
    """Per k: inertia per point, silhouette (of `some`), Calinski-Harabasz, Davies-Bouldin, smallest share."""
    distance, rows = metrics.pairwise_distances(points[some]), {}
    for k in ks:
        found = kmeans(recipe, k, n_init=5).fit(points)
        labels = found.labels_
        several = len(np.unique(labels[some])) > 1
        rows[k] = {
            "inertia": found.inertia_ / len(points),
            "silhouette": metrics.silhouette_score(distance, labels[some], metric="precomputed") if several else 0.0,
            "calinski": metrics.calinski_harabasz_score(points, labels),
            "davies": metrics.davies_bouldin_score(points, labels),
            "smallest": np.bincount(labels).min() / len(points),
        }
    return pd.DataFrame.from_dict(rows, orient="index").round(4)


def bootstrap_labels(points: np.ndarray, k: int, recipe: Recipe) -> np.ndarray:
    """Labels of all points under pairs of k-means, each fitted on its own bootstrap sample, shape (2 * PAIRS, points).

    The best of five roughly finished starts is carried on until nothing moves. No start knows the fit on all points:
    that would make fits look more alike than they are.
    """
    rng = np.random.default_rng(recipe.seed)
    labels = np.empty((2 * PAIRS, len(points)), dtype=np.int8)
    for row in labels:
        times = np.bincount(rng.integers(0, len(points), len(points)), minlength=len(points))
        again, weights = points[times > 0], times[times > 0].astype(float)
        rough = kmeans(recipe, k, n_init=5, tol=1e-3, random_state=int(rng.integers(2**31)))
        centres = rough.fit(again, sample_weight=weights).cluster_centers_
        row[:] = kmeans(recipe, k, n_init=1, init=centres).fit(again, sample_weight=weights).predict(points)
    return labels


def pair_rand(labels: np.ndarray) -> np.ndarray:
    """Adjusted Rand index of each pair of rows: first and second, third and fourth, ...

    >>> pair_rand(np.array([[0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]]))
    array([ 1. , -0.5])
    """
    pairs = zip(labels[::2], labels[1::2], strict=True)
    return np.array([metrics.adjusted_rand_score(one, other) for one, other in pairs])


def knee(inertia: pd.Series) -> int:
    """The k farthest below the straight line from the first to the last inertia.

    >>> knee(pd.Series([10.0, 4, 1, 0.9, 0.8], index=[2, 3, 4, 5, 6]))
    4
    """
    line = np.interp(inertia.index, inertia.index[[0, -1]], inertia.iloc[[0, -1]])
    return int((line - inertia).idxmax())


@dataclass(frozen=True)
class Choice:
    """What speaks for which number of segments, beside the same columns shuffled independently."""

    quality: pd.DataFrame  # by k: see indices; rand, low, high: adjusted Rand index of pairs of fits on resamples
    null: pd.DataFrame  # by k: see indices
    null_rand: float  # of four segments
    labels: np.ndarray  # of the resampled points at four segments, shape (fits, points)

    @property
    def preferred(self) -> dict[str, int]:
        """The k that each view prefers."""
        quality = self.quality
        return {
            "the knee of inertia": knee(quality["inertia"]),
            "the silhouette": int(quality["silhouette"].idxmax()),
            "its lead over shuffled columns": int((quality["silhouette"] - self.null["silhouette"]).idxmax()),
            "Calinski-Harabasz": int(quality["calinski"].idxmax()),
            "Davies-Bouldin": int(quality["davies"].idxmin()),
            "stability": int(quality["rand"].idxmax()),
        }

    @property
    def votes(self) -> int:
        """How many views prefer four."""
        return list(self.preferred.values()).count(FOUR)

    @property
    def lead(self) -> float:
        """Silhouette of four segments above that of shuffled columns."""
        return round(self.quality["silhouette"][FOUR] - self.null["silhouette"][FOUR], 4)

    @property
    def rand(self) -> float:
        """Mean adjusted Rand index of pairs of fits of four segments."""
        return self.quality["rand"][FOUR]


@steady()
def choose_k(sample: Sample, recipe: Recipe) -> Choice:
    """Six views on how many segments there are."""
    points, some = sample.points, sample.some(PAIR_SAMPLE)
    distinct = len(np.unique(points, axis=0))
    ks = range(2, max(FOUR, min(MOST_SEGMENTS, distinct - 1)) + 1)
    quality = indices(points, some, ks, recipe)
    null = indices(shuffled(points, sample.seed), some, ks, recipe)
    few = points[sample.some(BOOT_SAMPLE)]
    labels = {k: bootstrap_labels(few, k, recipe) for k in ks}
    rand = pd.DataFrame({k: pair_rand(found) for k, found in labels.items()})
    quality["rand"] = rand.mean().round(4)
    quality["low"] = rand.quantile(0.025).round(4)
    quality["high"] = rand.quantile(0.975).round(4)
    null_rand = pair_rand(bootstrap_labels(shuffled(few, sample.seed), FOUR, recipe)).mean()
    return Choice(quality, null, float(null_rand), labels[FOUR])


def k_table(choice: Choice) -> pd.DataFrame:
    """The indices by k as they are shown."""
    numbers = choice.quality.join(choice.null.add_prefix("null_")).rename_axis("k").reset_index()
    columns = {
        "k": "{k}",
        "Inertia": "{inertia:.2f}",
        "Silhouette (shuffled)": "{silhouette:.2f} ({null_silhouette:.2f})",
        "Calinski-H. (shuffled)": "{calinski:#} ({null_calinski:#})",
        "Davies-B. (shuffled)": "{davies:.2f} ({null_davies:.2f})",
        "Adjusted Rand, 95 % of pairs": "{rand:.2f} ({low:.2f}-{high:.2f})",
        "Smallest": "{smallest:%}",
    }
    return written(numbers, columns)


def verdict_on_k(choice: Choice, criteria: Criteria) -> str:
    """What the evidence says of four segments."""
    if choice.lead < criteria.silhouette_lead:
        nothing = "**These data show no groups that shuffled columns would not show as well:**"
        return f"{nothing} the segments are slices of a continuum. Use them as tiers, not as kinds of customers."
    if choice.votes >= MAJORITY:
        return "**The evidence says four.**"
    steadily = "comes back on resamples" if choice.rand >= criteria.rand else "does not come back reliably on resamples"
    return f"**Four is a business choice, not the indices' first:** it stands clear of shuffled columns and {steadily}."


def on_k(sample: Sample, choice: Choice, criteria: Criteria) -> Sentence:
    """Which view prefers which k, on how many customers, and the verdict."""
    return sentence(
        "On {fitted:#} customers (silhouette: {paired:#}; {pairs} pairs of fits per k on resamples of {resampled:#}), "
        "{preferred:&}. At k=4 pairs of fits agree with an adjusted Rand index of {x.rand:.2f}, on shuffled columns "
        "with {x.null_rand:.2f}. {verdict}",
        x=choice,
        fitted=len(sample.points),
        paired=len(sample.some(PAIR_SAMPLE)),
        resampled=choice.labels.shape[1],
        pairs=len(choice.labels) // 2,
        preferred=[sentence("{view} prefers {k}", view=view, k=k) for view, k in choice.preferred.items()],
        verdict=verdict_on_k(choice, criteria),
    )


def segment_jaccard(published: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean Jaccard index of each published segment with its best match in every row of labels (Hennig 2007).

    >>> segment_jaccard(np.array([0, 0, 0, 0, 1, 1, 2, 3]), np.array([[5, 5, 5, 1, 1, 1, 2, 3]])).round(3)
    array([0.75 , 0.667, 1.   , 1.   ])
    """
    best = []
    for found in labels:
        both = np.zeros((FOUR, found.max() + 1))
        np.add.at(both, (published, found), 1)
        either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
        best.append((both / either).max(axis=1))
    return np.mean(best, axis=0)


def stability(sample: Sample, choice: Choice) -> pd.Series:
    """Jaccard index by segment: how well it comes back on resamples."""
    published = sample.customers["Cluster"].to_numpy()[sample.some(BOOT_SAMPLE)]
    return pd.Series(segment_jaccard(published, choice.labels), index=SEGMENTS)


def jaccard_word(value: float) -> str:
    """Hennig's reading (2008): below 0.6 not to be trusted, from 0.75 valid, from 0.85 highly stable.

    >>> [jaccard_word(value) for value in (0.59, 0.6, 0.75, 0.85)]
    ['not to be trusted', 'a pattern, doubtful', 'valid', 'highly stable']
    """
    steps = ((0.85, "highly stable"), (0.75, "valid"), (0.6, "a pattern, doubtful"))
    return next((word for step, word in steps if value >= step), "not to be trusted")


def comebacks(jaccard: pd.Series) -> list[Sentence]:
    """How well each segment comes back."""
    text = "**{name}** {value:.3f}, {word}"
    return [sentence(text, name=name, value=value, word=jaccard_word(value)) for name, value in jaccard.items()]
