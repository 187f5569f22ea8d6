"""Four clusters by k-means, their names by rule, the published model, and the one rule that places everybody."""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from segmentation.decisions import Recipe
from segmentation.features import cut_points
from segmentation.problems import LeftOut
from segmentation.vocabulary import PLACED, RFM, SEGMENTS
from segmentation.words import Sentence, count, plural, sentence

SEARCHED = 100_000  # distinct profiles that the ten starts search; the best is carried on over all of them

BOUNDARY = 0.25  # Segment_Confidence below it: the second-nearest centre is at most 15 % farther than the nearest


class Placed(NamedTuple):
    """Where customers belong, shape (customers,) each."""

    cluster: np.ndarray  # 0 to 3, in the order of SEGMENTS; the lower one on a tie
    runner_up: np.ndarray  # second nearest
    confidence: np.ndarray  # 1 - d1^2 / d2^2: 0 on a border, 1 at a centre

    def columns(self, index: pd.Index) -> pd.DataFrame:
        """The columns PLACED of the customer files."""
        names = [pd.Categorical.from_codes(codes, SEGMENTS) for codes in (self.cluster, self.runner_up)]
        table = dict(zip(PLACED, (self.cluster, *names, self.confidence.round(3)), strict=True))
        return pd.DataFrame(table, index=index)


@dataclass(frozen=True)
class Model:
    """What places a customer: published numbers, rounded so that every machine reads the same ones."""

    features: tuple[str, ...]  # those of R, F and M that differ between customers
    caps: tuple[float, ...]  # observed values, exact
    means: tuple[float, ...]
    scales: tuple[float, ...]
    centroids: tuple[tuple[float, ...], ...]  # in the order of SEGMENTS


@dataclass(frozen=True)
class Fitted:
    """K-means, rounded for publication, and before rounding."""

    model: Model
    exact: Model
    inertia: float
    profiles: int  # distinct combinations of the features
    agreement: float  # of the search on SEARCHED profiles with the fit on all of them


@contextmanager
def steady():
    """Many fits alike, as context or decorator: on one thread (more change the last digits, and gain nothing here),
    without checks of what was checked, or warnings that there are fewer distinct customers than k: see the counts.
    """
    with threadpool_limits(limits=1), config_context(assume_finite=True, skip_parameter_validation=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            yield


def nearest(points: np.ndarray, centres: np.ndarray) -> Placed:
    """Nearest and second nearest centre by squared distance; points (n, features), centres (k, features).

    >>> nearest(np.array([[0.0], [1.0]]), np.array([[1.0], [-1.0]]))
    Placed(cluster=array([0, 0]), runner_up=array([1, 1]), confidence=array([0., 1.]))
    """
    distance = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres])
    order = distance.argsort(axis=0, kind="stable")[:2]
    first, second = np.take_along_axis(distance, order, axis=0)
    return Placed(order[0], order[1], 1 - first / np.where(second > 0, second, 1))


def standardised(model: Model, customers: pd.DataFrame) -> np.ndarray:
    """The customers in the space of the centroids, shape (customers, features): capped, minus mean, over scale."""
    capped = np.minimum(customers[list(model.features)].to_numpy(float), model.caps)
    return (capped - model.means) / model.scales


def place(model: Model, customers: pd.DataFrame) -> Placed:
    """Where customers (with R, F and M) belong under a published model; nowhere (-1, -1, NaN) if a value is missing."""
    known = (customers[RFM].abs() <= 1e100).all(axis=1).to_numpy()
    points = np.where(known[:, None], standardised(model, customers), 0)
    cluster, runner_up, confidence = nearest(points, np.array(model.centroids))
    return Placed(np.where(known, cluster, -1), np.where(known, runner_up, -1), np.where(known, confidence, np.nan))


def kmeans(recipe: Recipe, k: int = len(SEGMENTS), **options) -> KMeans:
    """K-means as decided; options go to scikit-learn."""
    return KMeans(n_clusters=k, **{"random_state": recipe.seed} | recipe.kmeans | options)


def profiles_of(customers: pd.DataFrame, features: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Distinct feature values, sorted, shape (profiles, features), and how many customers share each."""
    sizes = customers.groupby(list(features), sort=True).size()
    return sizes.index.to_frame().to_numpy(float), sizes.to_numpy(float)


@steady()
def fit(customers: pd.DataFrame, recipe: Recipe) -> Fitted | LeftOut:
    """Four clusters of capped and standardised R, F and M, named by rule; left out where customers hardly differ.

    Standardised values are rounded to 9 decimals, so that cents and dollars, or two machines, cluster the same numbers.
    """
    caps = {name: float(cut_points(customers[name], [recipe.cap_quantile])[0]) for name in RFM}
    capped = customers[RFM].clip(upper=pd.Series(caps), axis=1)
    if not capped[["Frequency", "Monetary"]].any(axis=None):
        return nobody_bought(customers)
    if (found := len(capped.drop_duplicates())) < len(SEGMENTS):
        return LeftOut(f"{plural(found, 'different combination')} of R, F and M; expected at least {len(SEGMENTS)}")
    features = [name for name in RFM if capped[name].min() < capped[name].max()]
    points, weights = profiles_of(customers, features)
    top = np.array([caps[name] for name in features])
    scaler = StandardScaler().fit(np.minimum(points, top), sample_weight=weights)
    space = scaler.transform(np.minimum(points, top)).round(9)
    found, agreement = search(space, weights, recipe)
    exact = Model(tuple(features), *map(tuple, (top, scaler.mean_, scaler.scale_, found.cluster_centers_)))
    means = capped.groupby(place(exact, customers).cluster).mean()  # one enormous order must not name a segment
    if len(means) < len(SEGMENTS):
        return LeftOut(f"customers differ too little, they form {len(means)} groups; expected {len(SEGMENTS)}")
    centres = found.cluster_centers_[recipe.name_order(means)]
    exact = Model(exact.features, exact.caps, exact.means, exact.scales, tuple(map(tuple, centres)))
    return Fitted(published(exact), exact, float(found.inertia_), len(points), agreement)


def nobody_bought(customers: pd.DataFrame) -> LeftOut:
    """Why there are no segments where hardly anybody ever bought."""
    buyers = (customers[["Frequency", "Monetary"]] > 0).any(axis=1).sum()
    found = f"{plural(buyers, 'customer')} of {count(len(customers))} have an order or spent anything"
    return LeftOut(
        f"{found}, so nobody is a VIP and there is nothing to plan; expected a table of customers who bought"
    )


def notes(fitted: Fitted) -> list[Sentence]:
    """What is out of the ordinary with a fit: a feature that does not differ, a search on a sample."""
    text = "{name} is the same for all customers (up to the cap), so the clustering goes on without it."
    said = [sentence(text, name=name) for name in RFM if name not in fitted.model.features]
    if fitted.profiles > SEARCHED:
        text = (
            "Ten starts searched {searched:#} of {x.profiles:#} distinct profiles; the best was carried on over all of "
            "them, which put {x.agreement:%2} where the search had."
        )
        said.append(sentence(text, searched=SEARCHED, x=fitted))
    return said


def search(space: np.ndarray, weights: np.ndarray, recipe: Recipe) -> tuple[KMeans, float]:
    """The best of the starts; above SEARCHED profiles found on a sample and carried on over all: (fit, agreement)."""
    if len(space) <= SEARCHED:
        return kmeans(recipe).fit(space, sample_weight=weights), 1.0
    some = np.sort(np.random.default_rng(recipe.seed).choice(len(space), SEARCHED, replace=False))
    rough = kmeans(recipe).fit(space[some], sample_weight=weights[some])
    found = kmeans(recipe, n_init=1, init=rough.cluster_centers_).fit(space, sample_weight=weights)
    return found, float((nearest(space, rough.cluster_centers_).cluster == found.labels_).mean())


def published(model: Model) -> Model:
    """Scales and centroids with six significant digits, means with as many decimals as their scale."""
    means = tuple(
        round(float(mean), 5 - int(np.floor(np.log10(scale))))
        for mean, scale in zip(model.means, model.scales, strict=True)
    )
    scales = tuple(float(f"{scale:.6g}") for scale in model.scales)
    centroids = tuple(tuple(float(f"{at:.6g}") for at in centre) for centre in model.centroids)
    return Model(model.features, tuple(map(float, model.caps)), means, scales, centroids)
