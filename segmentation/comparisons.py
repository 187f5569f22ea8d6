"""Segments compared: with those of other choices, with what came later, with plain scores, with plain thresholds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from segmentation.clusters import fit, kmeans, place, steady
from segmentation.decisions import Recipe
from segmentation.evidence import FOUR, PAIR_SAMPLE, Sample
from segmentation.exploring import mean_interval, spearman, wilson
from segmentation.features import BANDS, draw, fifths, rfm_scores
from segmentation.orders import covers, rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, MIN_CUSTOMERS, RFM, SEGMENTS, VIP
from segmentation.words import Sentence, sentence, written

AS_WELL = 0.01  # by which a rank correlation may be lower and still be as good: about its error in 10,000 customers
TREE_SAMPLE = 100_000  # customers from whom the rule card is learnt


@dataclass(frozen=True)
class Others:
    """The segments beside those of other choices."""

    table: pd.DataFrame  # Other choice, Adjusted Rand (with the published segments), Customers, Shares
    at_other_k: pd.DataFrame  # share of each segment's customers in each group, k=3: 1 to k=5: 5, highest spend first


@steady()
def other_choices(sample: Sample, recipe: Recipe) -> Others:
    """Segments without the cap, on other scales, by other methods, at other k; slow methods see few customers."""
    spend, published = sample.customers["Monetary"].to_numpy(), sample.customers["Cluster"].to_numpy()
    rows, crossed = [], []
    for name, found in variants(sample, recipe).items():
        seen = sample.some(len(found))
        labels = by_spend(found, spend[seen])
        shares = [round(100 * share, 1) for share in np.bincount(labels) / len(labels)]
        agreement = adjusted_rand_score(published[seen], labels)
        rows.append((name, agreement, len(seen), sentence("{shares: / }", shares=shares)))
        if name.startswith("k = "):
            segment = pd.Categorical.from_codes(published[seen], SEGMENTS)
            shares = pd.crosstab(segment, labels + 1, normalize="index", dropna=False)
            crossed.append(shares.add_prefix(f"{name.replace(' ', '')}: "))
    columns = ["Other choice", "Adjusted Rand", "Customers", "Shares in %, highest spend first"]
    at_other_k = pd.concat(crossed, axis=1).rename_axis("Where segments go at other k (1 = highest spend)")
    return Others(pd.DataFrame(rows, columns=columns), at_other_k.rename(str))


def by_spend(labels: np.ndarray, spend: np.ndarray) -> np.ndarray:
    """The same groups, numbered from 0 = the highest mean spend.

    >>> by_spend(np.array([0, 0, 2]), np.array([1.0, 2.0, 9.0]))
    array([1, 1, 0])
    """
    means = pd.Series(spend).groupby(labels).mean().sort_values(ascending=False, kind="stable")
    return means.index.get_indexer(labels)


def variants(sample: Sample, recipe: Recipe) -> dict[str, np.ndarray]:
    """Labels by other choice, of all customers of the sample or of PAIR_SAMPLE of them."""
    points, some = sample.points, sample.points[sample.some(PAIR_SAMPLE)]
    raw = sample.customers[list(sample.features)].to_numpy(float)
    spaces = {
        "log1p instead of the cap": np.log1p(raw),
        "ranks instead of values": rankdata(raw, axis=0),
        "no cap": raw,
        "a cap at the 95th percentile": np.minimum(raw, np.quantile(raw, 0.95, axis=0, method="inverted_cdf")),
    }
    found = {}
    for name, space in spaces.items():
        found[name] = kmeans(recipe).fit_predict(StandardScaler().fit_transform(space))
    mixture = GaussianMixture(FOUR, n_init=3, reg_covar=1e-3, random_state=recipe.seed)
    found["a Gaussian mixture"] = mixture.fit_predict(some)
    found["Ward's method"] = AgglomerativeClustering(FOUR, linkage="ward").fit_predict(some)
    return found | {f"k = {k}": kmeans(recipe, k).fit_predict(points) for k in (3, 5)}


def on_other_k(others: Others) -> Sentence:
    """Which segments fall together at three groups, and which comes apart most at five."""
    most = others.at_other_k.filter(like="k=3").idxmax(axis=1)
    groups = [list(names) for names in most.index.groupby(most).values() if len(names) > 1]
    together = [sentence("{names:&} fall together", names=names) for names in groups] or ["none fall together"]
    largest = others.at_other_k.filter(like="k=5").max(axis=1)
    template = "With three groups, {together:&}; with five, {apart} come apart most (their largest part is {part:%})."
    return sentence(template, together=together, apart=largest.idxmin(), part=largest.min())


def on_choices(others: Others) -> Sentence:
    """Which other choice of four segments changes most, and which least."""
    rand = others.table.set_index("Other choice")["Adjusted Rand"].drop(["k = 3", "k = 5"])
    return sentence(
        "What matters most is {most} (adjusted Rand index {low:.2f} with the published segments); {least} changes "
        "least ({high:.2f}).",
        most=rand.idxmin(),
        low=rand.min(),
        least=rand.idxmax(),
        high=rand.max(),
    )


@dataclass(frozen=True)
class Afterwards:
    """What customers of a past day spent in the months after it."""

    day: date
    months: int
    table: pd.DataFrame  # by segment of that day, then by band of the RFM score: see outcome
    segments_rho: float  # rank correlation of the order of segments with later spend
    scores_rho: float  # of the full RFM score
    sizes_rho: float  # of the RFM score cut into groups as large as the segments, so that ties do not flatter

    @property
    def customers(self) -> int:
        """How many they were."""
        return self.table.loc[list(SEGMENTS), "n"].sum()

    @property
    def verb(self) -> Sentence:
        """What the segments do to later spend, in words: rank it where the mean falls from segment to segment.

        Where the RFM score cut into groups as large does so better, that is said.
        """
        spend = self.table.loc[list(SEGMENTS), "mean"].dropna()
        text = "rank" if spend.is_monotonic_decreasing else "**do not rank**"
        if self.segments_rho < self.sizes_rho - AS_WELL:
            text += " (**less well than the RFM score cut into groups of the same sizes**, {rho:.2f})"
        return sentence(text, rho=self.sizes_rho)


def later_spend(log: pd.DataFrame, snapshot: pd.Timestamp, window: int | None, months: int, recipe: Recipe):
    """Segments fitted on what was known `months` before the snapshot, against what was spent since: Afterwards.

    Left out where the log has no whole window (in months; None: one month) before that day, or too few customers.
    """
    needed = "an order log with a whole window before its last twelve months"
    impossible = LeftOut(f"this needs {needed}, and enough different customers in it")
    day = snapshot - pd.DateOffset(months=months)
    then = rfm_from_orders(log, day, window).sort_index()
    if not covers(log, day, window or 1) or len(then) < MIN_CUSTOMERS:
        return impossible
    if isinstance(fitted := fit(then, recipe), LeftOut):
        return impossible
    later = rfm_from_orders(log, snapshot, months)["Monetary"].reindex(then.index, fill_value=0.0)
    if not later.any():
        return LeftOut(f"this needs spend in the {months} months since {day.date()}, and there is none")
    cluster = pd.Series(place(fitted.model, then).cluster, then.index)
    total = rfm_scores(then, fifths(then))["RFM_Score"]
    by_segment = outcome(pd.Series(pd.Categorical.from_codes(cluster, SEGMENTS), then.index), later)
    by_band = outcome(band(total), later).iloc[::-1].rename("RFM score {}".format)
    table = pd.concat([by_segment, by_band])
    ranked = (-cluster, total, -as_coarse(then["Monetary"], total, cluster))
    return Afterwards(day.date(), months, table, *(spearman(order, later).rho for order in ranked))


def as_coarse(spend: pd.Series, score: pd.Series, cluster: pd.Series) -> pd.Series:
    """The score cut into groups as large as the clusters, 0 = the highest; equal scores by spend, then by row.

    >>> as_coarse(pd.Series([9, 5, 7]), pd.Series([3, 15, 15]), pd.Series([1, 1, 0])).tolist()
    [1, 1, 0]
    """
    best_first = np.lexsort((-spend.to_numpy(), -score.to_numpy()))
    groups = np.empty(len(score), dtype=int)
    groups[best_first] = np.sort(cluster.to_numpy())
    return pd.Series(groups, score.index)


def band(scores: pd.Series) -> pd.Series:
    """The band of an RFM score.

    >>> band(pd.Series([5, 6, 12])).tolist()
    ['3-5', '6-8', '12-15']
    """
    return pd.cut(scores, [0, *BANDS.values()], labels=list(BANDS))


def outcome(groups: pd.Series, later: pd.Series) -> pd.DataFrame:
    """Per group: n customers; mean, low, high of later spend; again, again_low, again_high: share who bought again."""
    table = mean_interval(later, groups)
    again = (later > 0).groupby(groups, observed=False).sum()
    low, high = wilson(again, table["n"])
    return table.assign(again=again / table["n"], again_low=low, again_high=high).rename(str)


def outcome_table(afterwards: Afterwards) -> pd.DataFrame:
    """The outcome as it is shown."""
    columns = {
        "Customers": "{n:#}",
        "Later spend, mean": "{mean:$} ({low:$}-{high:$})",
        "Bought again": "{again:%} ({again_low:%}-{again_high:%})",
    }
    return written(afterwards.table.rename_axis(f"As of {afterwards.day}"), columns)


@dataclass(frozen=True)
class RuleCard:
    """The segments restated in plain thresholds."""

    rules: pd.DataFrame  # If, then mostly, Customers, Right (share of these customers)
    seen: int  # customers from whom it was learnt
    fidelity: float  # share of all customers it gets right


def rule_card(customers: pd.DataFrame, seed: int) -> RuleCard:
    """The leaves of a decision tree of depth 3."""
    some = draw(customers, TREE_SAMPLE, seed)
    tree = DecisionTreeClassifier(max_depth=3, random_state=seed).fit(some[RFM].to_numpy(float), some["Cluster"])
    values, bounds = customers[RFM].to_numpy(float), dict(leaves(tree.tree_))
    said = tree.predict(values)
    placed = pd.DataFrame({"leaf": tree.apply(values), "said": said, "right": said == customers["Cluster"]})
    rules = placed.groupby(["leaf", "said"])["right"].agg(Customers="size", Right="mean").reset_index()
    rules.insert(0, "If", [conditions(bounds[leaf]) for leaf in rules.pop("leaf")])
    rules.insert(1, "then mostly", [SEGMENTS[cluster] for cluster in rules.pop("said")])
    return RuleCard(rules, len(some), float(placed["right"].mean()))


def leaves(tree, node: int = 0, bounds: dict | None = None) -> Iterator[tuple[int, dict]]:
    """Every leaf below a node with the bounds that lead there: {feature: {"<=" or ">": cut}}."""
    bounds = bounds or {}
    if tree.children_left[node] < 0:
        yield node, bounds
        return
    name = RFM[tree.feature[node]]
    for child, sign in ((tree.children_left[node], "<="), (tree.children_right[node], ">")):
        others = {other: cut for other, cut in bounds.get(name, {}).items() if other != sign}
        yield from leaves(tree, child, bounds | {name: others | {sign: tree.threshold[node]}})


def conditions(bounds: dict) -> str:
    """Bounds in words.

    >>> conditions({"Recency": {">": 30.5, "<=": 90.5}, "Monetary": {"<=": 100.0}})
    'Recency > 30.5 and <= 90.5, Monetary <= 100'
    """
    parts = {name: " and ".join(f"{sign} {cut:.6g}" for sign, cut in cuts.items()) for name, cuts in bounds.items()}
    return ", ".join(f"{name} {text}" for name, text in parts.items())


def score_bands(customers: pd.DataFrame) -> pd.DataFrame:
    """Share of each segment's customers in each band of the RFM score."""
    table = pd.crosstab(customers["Segment_Name"], band(customers["RFM_Score"]), normalize="index", dropna=False)
    return table.set_axis(table.index.astype(str)).set_axis(list(BANDS), axis=1).rename_axis("Share with RFM score")


def reading(customers: pd.DataFrame, bands: pd.DataFrame) -> Sentence:
    """How RFM scores and segments go together (bands: see score_bands)."""
    match = spearman(customers["RFM_Score"], -customers["Cluster"])
    return sentence(
        "**What this tells us.** RFM score and order of segments {relation} (rank correlation {rho:.2f}). {vip:%} of "
        "VIP Champions score 12 or more and {at_risk:%} of At-Risk Customers.",
        relation=match.relation,
        rho=match.rho,
        vip=bands.loc[VIP, "12-15"],
        at_risk=bands.loc[AT_RISK, "12-15"],
    )
