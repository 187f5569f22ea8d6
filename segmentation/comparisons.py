"""Segments compared: with those of other choices, of other starts, with plain scores, with plain thresholds."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from segmentation.clusters import kmeans, steady
from segmentation.decisions import Recipe
from segmentation.evidence import FOUR, PAIR_SAMPLE, Sample
from segmentation.exploring import spearman
from segmentation.features import BANDS, draw
from segmentation.vocabulary import AT_RISK, RFM, SEGMENTS, VIP
from segmentation.words import Sentence, sentence

WHOLE = 10  # whole fits, whose starts are looked at one by one
SAME = 0.95  # adjusted Rand index from which two fits are one solution but for some customers on borders
LOG = "log1p instead of the cap"
SHARES = "Shares in %, highest spend first"
TREE_SAMPLE = 100_000  # customers from whom the rule card is learnt


@steady()
def other_choices(sample: Sample, recipe: Recipe) -> pd.DataFrame:
    """Segments without the cap, on other scales, by other methods, at other k; slow methods see few customers.

    Other choice, Adjusted Rand (with the published segments), Customers, SHARES (a Sentence).
    """
    spend, published = sample.customers["Monetary"].to_numpy(), sample.customers["Cluster"].to_numpy()
    rows = []
    for name, found in variants(sample, recipe).items():
        seen = sample.some(len(found))
        labels = by_spend(found, spend[seen])
        shares = [round(100 * share, 1) for share in np.bincount(labels) / len(labels)]
        agreement = adjusted_rand_score(published[seen], labels)
        rows.append((name, agreement, len(seen), sentence("{shares: / }", shares=shares)))
    return pd.DataFrame(rows, columns=["Other choice", "Adjusted Rand", "Customers", SHARES])


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
        LOG: np.log1p(raw),
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


def on_log(others: pd.DataFrame) -> Sentence:
    """What a logarithm in place of the cap makes of the segments."""
    log = others.set_index("Other choice").loc[LOG]
    text = "With a logarithm in place of the cap, the four groups are {shares} % of customers (adjusted Rand index "
    text += "with the published segments {rand:.2f})."
    return sentence(text, shares=log[SHARES], rand=log["Adjusted Rand"])


def on_choices(others: pd.DataFrame) -> Sentence:
    """Which other choice of four segments changes most, and which least."""
    rand = others.set_index("Other choice")["Adjusted Rand"].drop(["k = 3", "k = 5"])
    return sentence(
        "What matters most is {most} (adjusted Rand index {low:.2f} with the published segments); {least} changes "
        "least ({high:.2f}).",
        most=rand.idxmin(),
        low=rand.min(),
        least=rand.idxmax(),
        high=rand.max(),
    )


@dataclass(frozen=True)
class Optima:
    """Where single starts of k-means (k-means++) end, beside the best of them; arrays of one value a start."""

    inertia: np.ndarray  # per customer
    rand: np.ndarray  # adjusted Rand index with the best start's segments
    together: int  # starts of a whole fit

    @property
    def elsewhere(self) -> np.ndarray:
        """Whether a start ends in another solution than the best."""
        return self.rand < SAME

    @property
    def second(self) -> int:
        """The best start of those that end elsewhere."""
        return int(np.where(self.elsewhere, self.inertia, np.inf).argmin())

    @property
    def whole(self) -> np.ndarray:
        """Adjusted Rand index of each whole fit (the best of so many starts in a row) with the best start's."""
        best = self.inertia.reshape(-1, self.together).argmin(axis=1)
        return self.rand.reshape(-1, self.together)[np.arange(len(best)), best]


@steady()
def single_starts(sample: Sample, recipe: Recipe) -> Optima:
    """The starts of WHOLE fits on the sample, each on its own."""
    together = kmeans(recipe).n_init
    seeds = np.random.default_rng(recipe.seed).integers(2**31, size=WHOLE * together)
    fits = [kmeans(recipe, n_init=1, random_state=int(seed)).fit(sample.points) for seed in seeds]
    inertia = np.array([found.inertia_ for found in fits]) / len(sample.points)
    best = fits[inertia.argmin()].labels_
    rand = np.array([adjusted_rand_score(best, found.labels_) for found in fits])
    return Optima(inertia, rand, together)


def on_starts(optima: Optima) -> Sentence:
    """How many single starts end in another solution, how far that is, and whether whole fits agree."""
    text = "All of {n} single starts of k-means end in the same segments."
    if optima.elsewhere.any():
        text = (
            "{share:%0} of {n} single starts of k-means end in other segments (the best of them with an inertia of "
            "{second:.4f} against {best:.4f}; adjusted Rand index {apart:.2f}); a fit takes the best of {x.together}, "
            "and {same} of {fits} such fits find the best."
        )
    return sentence(
        text,
        x=optima,
        n=len(optima.rand),
        share=optima.elsewhere.mean(),
        second=optima.inertia[optima.second],
        best=optima.inertia.min(),
        apart=optima.rand[optima.second],
        same=int((optima.whole >= SAME).sum()),
        fits=len(optima.whole),
    )


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


def band(scores: pd.Series) -> pd.Series:
    """The band of an RFM score.

    >>> band(pd.Series([5, 6, 12])).tolist()
    ['3-5', '6-8', '12-15']
    """
    return pd.cut(scores, [0, *BANDS.values()], labels=list(BANDS))


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
