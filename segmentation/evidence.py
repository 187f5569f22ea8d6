"""evidence"""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score, calinski_harabasz_score, davies_bouldin_score, pairwise_distances
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from segmentation.clusters import kmeans
from segmentation.constants import MIN_STABILITY, NULL_MARGIN, PAIR_SAMPLE, RFM, SEGMENTS, WIDE_SAMPLE, K
from segmentation.features import draw


def shuffled(points: np.ndarray, seed: int) -> np.ndarray:
    """The same columns, each shuffled on its own."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.permutation(column) for column in points.T])


def silhouette(distance: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette (Rousseeuw 1987) from the distances of all pairs, shape (n, n) with n at most PAIR_SAMPLE."""
    each, sizes = np.arange(len(labels)), np.bincount(labels)
    sums = distance @ np.eye(len(sizes))[labels]
    own = sums[each, labels] / np.maximum(sizes[labels] - 1, 1)
    means = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.inf)
    means[each, labels] = np.inf
    other = means.min(axis=1)
    width = (other - own) / np.maximum(np.maximum(own, other), 1e-12)
    return float(np.where(sizes[labels] > 1, width, 0).mean()) if np.isfinite(other).all() else 0.0


def indices(points: np.ndarray, ks: range, seed: int) -> pd.DataFrame:
    """Per k: inertia per point, silhouette (on a sample), Calinski-Harabasz, Davies-Bouldin, smallest share."""
    some, rows = np.random.default_rng(seed).permutation(len(points))[:PAIR_SAMPLE], {}
    distance = pairwise_distances(points[some])
    for k in ks:
        found = kmeans(k, seed, n_init=5).fit(points)
        labels = found.labels_
        spread = (calinski_harabasz_score(points, labels), davies_bouldin_score(points, labels))
        quality = silhouette(distance, labels[some])
        rows[k] = (found.inertia_ / len(points), quality, *spread, np.bincount(labels).min() / len(points))
    names = ["inertia", "silhouette", "calinski", "davies", "smallest"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).round(4)


def bootstrap_labels(points: np.ndarray, k: int, fits: int, seed: int) -> np.ndarray:
    """Labels of all points under `fits` k-means, each fitted on its own bootstrap sample, shape (fits, points).

    The best of five roughly finished starts is carried on until nothing moves. No start knows the fit on all points:
    that would make fits look more alike than they are.
    """
    rng, labels = np.random.default_rng(seed), []
    for _ in range(fits):
        times = np.bincount(rng.integers(0, len(points), len(points)), minlength=len(points))
        again, weights = points[times > 0], times[times > 0].astype(float)
        rough = kmeans(k, int(rng.integers(2**31)), n_init=5, tol=1e-3).fit(again, sample_weight=weights)
        model = kmeans(k, seed, n_init=1, init=rough.cluster_centers_).fit(again, sample_weight=weights)
        labels.append(model.predict(points))
    return np.array(labels, dtype=np.int8)


def pair_rand(labels: np.ndarray) -> np.ndarray:
    """Adjusted Rand index of each pair of rows: first and second, third and fourth, ..."""
    return np.array([adjusted_rand_score(one, other) for one, other in zip(labels[::2], labels[1::2], strict=True)])


def knee(inertia: pd.Series) -> int:
    """The k farthest below the straight line from the first to the last inertia."""
    line = np.interp(inertia.index, inertia.index[[0, -1]], inertia.iloc[[0, -1]])
    return int((line - inertia).idxmax())


def preferences(quality: pd.DataFrame, null: pd.DataFrame) -> dict[str, int]:
    """Which k each view prefers."""
    return {
        "the knee of inertia": knee(quality["inertia"]),
        "the silhouette": int(quality["silhouette"].idxmax()),
        "its lead over shuffled columns": int((quality["silhouette"] - null["silhouette"]).idxmax()),
        "Calinski-Harabasz": int(quality["calinski"].idxmax()),
        "Davies-Bouldin": int(quality["davies"].idxmin()),
        "stability": int(quality["rand"].idxmax()),
    }


def verdict_on_k(votes: int, lead: float, stable: float) -> str:
    """What the evidence says of K segments, in a sentence."""
    if lead < NULL_MARGIN:
        nothing = "**These data show no groups that shuffled columns would not show as well:**"
        return f"{nothing} the segments are slices of a continuum. Use them as tiers, not as kinds of customers."
    if votes >= 4:
        return "**The evidence says four.**"
    steady = "comes back on resamples" if stable >= MIN_STABILITY else "does not come back reliably on resamples"
    return f"**Four is a business choice, not the indices' first:** it stands clear of shuffled columns and {steady}."


def segment_jaccard(published: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean Jaccard index of each published segment with its best match in every row of labels (Hennig 2007)."""
    best = []
    for found in labels:
        table = np.zeros((K, found.max() + 1))
        np.add.at(table, (published, found), 1)
        union = table.sum(axis=1, keepdims=True) + table.sum(axis=0) - table
        best.append((table / union).max(axis=1))
    return np.mean(best, axis=0)


def jaccard_word(value: float) -> str:
    """Hennig's reading (2008): below 0.6 not to be trusted, from 0.75 valid, from 0.85 highly stable."""
    steps = ((0.85, "highly stable"), (0.75, "valid"), (0.6, "a pattern, doubtful"))
    return next((word for step, word in steps if value >= step), "not to be trusted")


def at_other_k(points: np.ndarray, spend: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Labels of k-means at another k, 0 = the highest mean spend."""
    labels = kmeans(k, seed).fit(points).labels_
    means = pd.Series(spend).groupby(labels).mean().sort_values(ascending=False, kind="stable")
    return np.argsort(means.index.to_numpy())[labels]


def variants(sample: pd.DataFrame, features: list[str], points: np.ndarray, some: np.ndarray, seed: int) -> dict:
    """Other choices: name -> (rows of the sample, their labels); Ward's method and the mixture use the rows `some`."""
    raw = sample[features].to_numpy(float)
    top = np.quantile(raw, 0.95, axis=0, method="inverted_cdf")
    spaces = {
        "log1p instead of the cap": np.log1p(raw),
        "ranks instead of values": stats.rankdata(raw, axis=0),
        "no cap": raw,
        "a cap at the 95th percentile": np.minimum(raw, top),
    }
    everyone = np.arange(len(points))
    found = {n: (everyone, kmeans(K, seed).fit(StandardScaler().fit_transform(s)).labels_) for n, s in spaces.items()}
    mixture = GaussianMixture(K, n_init=3, reg_covar=1e-3, random_state=seed).fit_predict(points[some])
    found["a Gaussian mixture"] = (some, mixture)
    found["Ward's method"] = (some, AgglomerativeClustering(K, linkage="ward").fit(points[some]).labels_)
    return found | {f"k = {k}": (everyone, kmeans(k, seed).fit(points).labels_) for k in (3, 5)}


def rule_card(customers: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, float]:
    """The segments restated by a tree of depth 3 in plain thresholds: (rules, share of customers it gets right)."""
    seen = draw(customers, WIDE_SAMPLE, seed)
    tree = DecisionTreeClassifier(max_depth=3, random_state=seed).fit(seen[RFM].to_numpy(float), seen["Cluster"])
    leaf, nodes, rows = tree.apply(customers[RFM].to_numpy(float)), tree.tree_, []
    held = customers.groupby([leaf, "Cluster"]).size().unstack(fill_value=0)

    def walk(node: int, path: dict) -> None:
        """Collect the leaves below a node; path holds the bounds so far."""
        if nodes.children_left[node] < 0:
            rule = ", ".join(f"{name} {' and '.join(bounds)}" for name, bounds in path.items())
            most, here = tree.classes_[nodes.value[node][0].argmax()], held.loc[node]
            rows.append((rule, SEGMENTS[most], int(here.sum()), int(here[most])))
            return
        name, cut = RFM[nodes.feature[node]], f"{nodes.threshold[node]:.6g}"
        for child, sign in ((nodes.children_left[node], "<="), (nodes.children_right[node], ">")):
            kept = [bound for bound in path.get(name, []) if not bound.startswith(sign)]
            walk(child, path | {name: [*kept, f"{sign} {cut}"]})

    walk(0, {})
    table = pd.DataFrame(rows, columns=["If", "then mostly", "Customers", "Right"])
    fidelity = table["Right"].sum() / len(customers)
    return table.assign(Right=table["Right"] / table["Customers"]), float(fidelity)
