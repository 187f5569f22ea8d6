"""What supports the segments, and what does not: which k, and how well each comes back; what is asked of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn import metrics

from segmentation.clusters import Fitted, kmeans, standardised, steady
from segmentation.decisions import Criteria, Recipe
from segmentation.features import draw
from segmentation.nulls import box, shuffled, without_groups
from segmentation.problems import LeftOut
from segmentation.seasons import YEAR, Seasons
from segmentation.vocabulary import RFM, SEGMENTS
from segmentation.words import Sentence, each, sentence, written

FIT_SAMPLE = 5_000  # customers in each of the many fits, so that tables with and without groups are judged alike
PAIR_SAMPLE = 3_000  # customers where all pairs are compared (silhouette, Ward): within 0.006 of the full silhouette
PLOT_SAMPLE = 2_000  # dots in a scatter plot; more would only hide each other
PAIRS = 20  # pairs of bootstrap fits per k
STARTS = 5  # of k-means in these fits; with twenty the highest of tables without groups is the same
DRAWS = 19  # tables without groups: the highest of 19 is their 95 % point, as an exact test takes it (Barnard 1963)
FEW_PAIRS = 3  # of bootstrap fits per table without groups; few pairs spread more, which makes "beyond" harder
REFERENCES = 10  # tables behind the gap statistic
DAY_SAMPLE = 2_000  # customers at each quarter end, where all pairs are compared
DAY_KS = range(2, 7)  # numbers of groups that are tried there
MOST_SEGMENTS = 8  # that are tried
FOUR = len(SEGMENTS)
MAJORITY = 4  # of the six views on k
GAP = "the gap statistic"


def criteria_table(criteria: Criteria) -> pd.DataFrame:
    """What is asked of a segmentation: Criterion, Threshold, Why."""
    above = "above the {percentile:%0} point of tables without groups"
    rows = [
        ("Large enough", "every segment holds at least {smallest_share:%} of customers", "pays for its own campaign"),
        ("Reachable", "every segment holds at least {smallest_size:#} customers", "a campaign's result can be read"),
        ("Distinct", f"silhouette {above}", "k-means finds clusters in anything"),
        ("Stable", f"adjusted Rand index of refits {above}", "slices of a continuum come back, too"),
        ("Each one stable", f"lowest Jaccard index of a segment {above}", "no segment is a fluke"),
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


def indices(points: np.ndarray, some: np.ndarray, ks: range, recipe: Recipe) -> pd.DataFrame:
    """Per k: inertia per point, silhouette (of `some`), Calinski-Harabasz, Davies-Bouldin, smallest share."""
    distance, rows = metrics.pairwise_distances(points[some]), {}
    for k in ks:
        found = kmeans(recipe, k, n_init=STARTS).fit(points)
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


def gap(points: np.ndarray, inertia: pd.Series, recipe: Recipe) -> pd.DataFrame:
    """Gap statistic by k (Tibshirani, Walther and Hastie 2001): gap, gap_error. inertia: by k, per point.

    By how much the logarithm of inertia lies below that of uniform points, on the mean of REFERENCES such tables.
    """
    rng, logs = np.random.default_rng(recipe.seed), []
    for _ in range(REFERENCES):
        uniform = box(points, rng)
        fits = [kmeans(recipe, k, n_init=1, tol=1e-3).fit(uniform) for k in inertia.index]
        logs.append([np.log(found.inertia_ / len(points)) for found in fits])
    logs = pd.DataFrame(logs, columns=inertia.index)
    error = logs.std(ddof=0) * np.sqrt(1 + 1 / REFERENCES)
    return pd.DataFrame({"gap": logs.mean() - np.log(inertia.clip(lower=1e-9)), "gap_error": error}).round(4)


def first_gap(quality: pd.DataFrame) -> int:
    """The smallest k whose gap is within an error of the next one's or above it; where none is, the largest k.

    >>> first_gap(pd.DataFrame({"gap": [0.1, 0.5, 0.45], "gap_error": 0.01}, index=[2, 3, 4]))
    3
    """
    enough = quality["gap"] >= (quality["gap"] - quality["gap_error"]).shift(-1)
    return int(enough.idxmax() if enough.any() else quality.index[-1])


def bootstrap_labels(points: np.ndarray, k: int, recipe: Recipe, pairs: int) -> np.ndarray:
    """Labels of all points under pairs of k-means, each fitted on its own bootstrap sample, shape (2 * pairs, points).

    The best of five roughly finished starts is carried on until nothing moves. No start knows the fit on all points:
    that would make fits look more alike than they are.
    """
    rng = np.random.default_rng(recipe.seed)
    labels = np.empty((2 * pairs, len(points)), dtype=np.int8)
    for row in labels:
        times = np.bincount(rng.integers(0, len(points), len(points)), minlength=len(points))
        again, weights = points[times > 0], times[times > 0].astype(float)
        rough = kmeans(recipe, k, n_init=STARTS, tol=1e-3, random_state=int(rng.integers(2**31)))
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


def of_four(points: np.ndarray, some: np.ndarray, recipe: Recipe) -> dict[str, float]:
    """What four clusters of a table reach: silhouette (of `some`), rand (of refits), jaccard (of the least stable)."""
    found = kmeans(recipe, n_init=STARTS).fit_predict(points)
    labels = bootstrap_labels(points, FOUR, recipe, FEW_PAIRS)
    return {
        "silhouette": float(metrics.silhouette_score(points[some], found[some])),
        "rand": float(pair_rand(labels).mean()),
        "jaccard": float(segment_jaccard(found, labels).min()),
    }


@dataclass(frozen=True)
class Choice:
    """What speaks for which number of segments, and what four clusters reach where there are no groups."""

    quality: pd.DataFrame  # by k: see indices, gap; rand, low, high: adjusted Rand index of pairs of fits on resamples
    without: pd.DataFrame  # by table without groups (a Gaussian copula): see of_four
    shuffled: pd.Series  # see of_four; of the same columns, each shuffled on its own
    labels: np.ndarray  # of the points at four segments, shape (fits, points)

    @property
    def preferred(self) -> dict[str, int]:
        """The k that each view prefers."""
        quality = self.quality
        return {
            "the knee of inertia": knee(quality["inertia"]),
            "the silhouette": int(quality["silhouette"].idxmax()),
            "Calinski-Harabasz": int(quality["calinski"].idxmax()),
            "Davies-Bouldin": int(quality["davies"].idxmin()),
            GAP: first_gap(quality),
            "stability": int(quality["rand"].idxmax()),
        }

    @property
    def votes(self) -> int:
        """How many views prefer four."""
        return list(self.preferred.values()).count(FOUR)

    def of(self, measure: str) -> float:
        """Silhouette or adjusted Rand index of four segments."""
        return float(self.quality[measure][FOUR])

    def bar(self, measure: str, percentile: float) -> float:
        """What only so large a share of tables without groups stays below."""
        return float(np.quantile(self.without[measure], percentile, method="weibull"))

    def beyond(self, measure: str, criteria: Criteria) -> bool:
        """Whether four segments reach more than tables without groups do."""
        return self.of(measure) > self.bar(measure, criteria.percentile)


@steady()
def choose_k(sample: Sample, recipe: Recipe) -> Choice:
    """Six views on how many segments there are, and the yardsticks of four."""
    points, some = sample.points, sample.some(PAIR_SAMPLE)
    distinct = len(np.unique(points, axis=0))
    ks = range(2, max(FOUR, min(MOST_SEGMENTS, distinct - 1)) + 1)
    quality = indices(points, some, ks, recipe)
    quality = quality.join(gap(points, quality["inertia"], recipe))
    labels = {k: bootstrap_labels(points, k, recipe, PAIRS) for k in ks}
    rand = pd.DataFrame({k: pair_rand(found) for k, found in labels.items()})
    quality["rand"] = rand.mean().round(4)
    quality["low"] = rand.quantile(0.025).round(4)
    quality["high"] = rand.quantile(0.975).round(4)
    rng = np.random.default_rng(sample.seed)
    mixed = pd.Series(of_four(shuffled(points, rng), some, recipe)).round(4)
    tables = [of_four(without_groups(points, rng), some, recipe) for _ in range(DRAWS)]
    return Choice(quality, pd.DataFrame(tables).round(4), mixed, labels[FOUR])


def k_table(choice: Choice) -> pd.DataFrame:
    """The indices by k as they are shown."""
    columns = {
        "k": "{k}",
        "Inertia": "{inertia:.2f}",
        "Silhouette": "{silhouette:.2f}",
        "Calinski-H.": "{calinski:#}",
        "Davies-B.": "{davies:.2f}",
        "Gap": "{gap:.2f}",
        "Adjusted Rand, 95 % of pairs": "{rand:.2f} ({low:.2f}-{high:.2f})",
        "Smallest": "{smallest:%}",
    }
    return written(choice.quality.rename_axis("k").reset_index(), columns)


def verdict_on_k(choice: Choice, criteria: Criteria) -> str:
    """What the evidence says of four segments."""
    if not choice.beyond("silhouette", criteria):
        nothing = "**These data show no groups that a population without groups would not show as well:**"
        return f"{nothing} the segments are slices of a continuum. Use them as tiers, not as kinds of customers."
    if choice.votes >= MAJORITY:
        return "**The evidence says four.**"
    steadily = "more" if choice.beyond("rand", criteria) else "**no** more"
    text = "**Four is a business choice, not the indices' first:** it is more distinct than slices of a population "
    return text + f"without groups, and comes back {steadily} reliably on resamples than such slices do."


def on_four(choice: Choice) -> Sentence:
    """How many views prefer four, and its silhouette beside tables without groups."""
    text = "{votes} of {views} views prefer k=4; its silhouette is {own:.2f}, without groups at most {most:.2f}"
    most = choice.without["silhouette"].max()
    return sentence(text, votes=choice.votes, views=len(choice.preferred), own=choice.of("silhouette"), most=most)


def on_k(sample: Sample, choice: Choice, criteria: Criteria) -> Sentence:
    """Which view prefers which k, on how many customers, the yardsticks of four, and the verdict."""
    most, mixed = choice.without.max(), choice.shuffled
    beside = "{x:.3f} ({n} tables without groups: at most {most:.3f}; shuffled columns: {mixed:.3f})"
    own = {
        name: sentence(beside, x=choice.of(name), n=len(choice.without), most=most[name], mixed=mixed[name])
        for name in ("silhouette", "rand")
    }
    return sentence(
        "On {fitted:#} customers (silhouette: {paired:#}; {pairs} pairs of resamples per k, {few} for a table without "
        "groups), {views:&}. At k=4 the silhouette is {own[silhouette]}, the adjusted Rand index of refits is "
        "{own[rand]}. {verdict}",
        fitted=len(sample.points),
        paired=len(sample.some(PAIR_SAMPLE)),
        pairs=len(choice.labels) // 2,
        few=FEW_PAIRS,
        views=said(choice),
        own=own,
        verdict=verdict_on_k(choice, criteria),
    )


def said(choice: Choice) -> list[Sentence]:
    """Which view prefers which k; the gap statistic may go beyond those that were tried."""
    views = []
    for view, k in choice.preferred.items():
        beyond = view == GAP and k == choice.quality.index[-1]
        views.append(sentence("{view} prefers {k}" + (" or more" if beyond else ""), view=view, k=k))
    return views


def stability(sample: Sample, choice: Choice) -> pd.Series:
    """Jaccard index by segment: how well it comes back on resamples."""
    return pd.Series(segment_jaccard(sample.customers["Cluster"].to_numpy(), choice.labels), index=SEGMENTS)


def comebacks(jaccard: pd.Series) -> list[Sentence]:
    """How well each segment comes back."""
    return each("**{name}** {value:.3f}", jaccard)


@steady()
def preferred_k(seasons: Seasons, recipe: Recipe) -> pd.Series | LeftOut:
    """The k with the highest silhouette at the quarter ends of a year and the snapshot, of at most DAY_SAMPLE; by date.

    seasons: the same customers, fitted anew at each date.
    """
    found = {}
    quarters = seasons.quarters
    for day, then, fitted in [*zip(quarters.dates, quarters.tables, seasons.fits, strict=True)][-YEAR - 1 :]:
        if isinstance(fitted, LeftOut):
            continue
        points = standardised(fitted.exact, draw(then, DAY_SAMPLE, recipe.seed))
        labels = {k: kmeans(recipe, k, n_init=STARTS).fit_predict(points) for k in DAY_KS}
        found[day] = max(DAY_KS, key=lambda k: metrics.silhouette_score(points, labels[k]))
    return pd.Series(found) if found else LeftOut("no quarter end had customers enough for a fit")


def on_days(preferred: pd.Series) -> Sentence:
    """Which k the silhouette prefers when."""
    days = [sentence("{k} on {day}", k=k, day=day.date()) for day, k in preferred.items()]
    return sentence("Over quarter ends the silhouette prefers {days:&}.", days=days)
