"""clusters"""

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from segmentation.constants import CAP_QUANTILE, MIN_CUSTOMERS, RFM, SEGMENTS, WIDE_SAMPLE, K
from segmentation.features import by_value, cut_points
from segmentation.problems import InputError


def usable_features(customers: pd.DataFrame, caps: pd.Series, name: str) -> list[str]:
    """Which of R, F and M differ between customers. Raises InputError when there is too little to cluster."""
    capped = customers[RFM].clip(upper=caps, axis=1)
    features = [feature for feature in RFM if capped[feature].min() < capped[feature].max()]
    profiles = len(profiles_of(capped, RFM)[1])
    if profiles < K:
        raise InputError(f"{name}: {profiles} different combinations of R, F and M; expected at least {K}")
    return features


def profiles_of(customers: pd.DataFrame, features: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Distinct feature values, sorted, shape (profiles, features), and how many customers share each."""
    values = customers[features].to_numpy(float)
    values = values[by_value(customers[features])]
    first = np.flatnonzero(np.append(True, (values[1:] != values[:-1]).any(axis=1)))
    return values[first], np.diff(first, append=len(values)).astype(float)


def nearest(points: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest centre (the lower number on a tie), second nearest, and 1 - d1^2 / d2^2: 0 on a border, 1 at a centre."""
    distance = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres])
    order = distance.argsort(axis=0, kind="stable")[:2]
    first, second = np.take_along_axis(distance, order, axis=0)
    return order[0], order[1], 1 - first / np.where(second > 0, second, 1)


def cap(points: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Values above the cap become the cap."""
    return np.minimum(points, top)


def kmeans(k: int, seed: int, n_init: int = 10, **options) -> KMeans:
    """K-means that runs until nothing moves; the default tolerance leaves the partition to seed and row order."""
    return KMeans(n_clusters=k, n_init=n_init, **{"tol": 0, "max_iter": 1000, "random_state": seed} | options)


def fit(points: np.ndarray, weights: np.ndarray, top: np.ndarray, k: int, seed: int):
    """The fitted pipeline: cap, standardise, k-means; points (profiles, features), weights (profiles,).

    Standardised values are rounded to 9 decimals, so that cents and dollars, or two machines, cluster the same numbers.
    With more than WIDE_SAMPLE profiles the ten starts search on that many; the best is carried on over all profiles.
    """
    capped = FunctionTransformer(cap, kw_args={"top": top})
    rounded = FunctionTransformer(np.round, kw_args={"decimals": 9})
    prepare = make_pipeline(capped, StandardScaler(), rounded)
    space, some = prepare.fit_transform(points, standardscaler__sample_weight=weights), slice(None)
    if len(space) > WIDE_SAMPLE:
        some = np.sort(np.random.default_rng(seed).choice(len(space), WIDE_SAMPLE, replace=False))
    model = kmeans(k, seed).fit(space[some], sample_weight=weights[some])
    if len(space) > WIDE_SAMPLE:
        model = kmeans(k, seed, 1, init=model.cluster_centers_).fit(space, sample_weight=weights)
    return make_pipeline(*(step for _, step in prepare.steps), model)


def digits(values) -> list:
    """Six significant digits: what is published, and what every machine agrees on. digits([1/3]) -> [0.333333]"""
    return [digits(v) if np.ndim(v) else float(f"{v:.6g}") for v in values]


def place(model: dict, customers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cluster, second-nearest cluster and confidence of every customer under a published model (see nearest)."""
    points = np.minimum(customers[model["features"]].to_numpy(float), model["caps"])
    return nearest((points - model["means"]) / model["scales"], np.array(model["centroids"]))


def segmentation(customers: pd.DataFrame, name: str, seed: int) -> dict:
    """The published model of a customer table, by all the rules of this chapter."""
    caps = pd.Series({feature: float(cut_points(customers[feature], [CAP_QUANTILE])[0]) for feature in RFM})
    features = usable_features(customers, caps, name)
    pipeline = fit(*profiles_of(customers, features), caps[features].to_numpy(), K, seed)
    return publish_model(pipeline, customers, features)


def past_segmentation(then: pd.DataFrame, seed: int) -> dict | None:
    """The published model of a past date's customers; None when they are too few or too much alike."""
    try:
        return segmentation(then, "order log", seed) if len(then) >= MIN_CUSTOMERS else None
    except InputError:
        return None


def name_order(customers: pd.DataFrame, labels: np.ndarray) -> list[int]:
    """Cluster numbers in the order of SEGMENTS: by mean spend, then the more recent of the other two first."""
    means = customers[RFM].groupby(labels).mean()
    means = means.sort_values(["Monetary", "Frequency", "Recency"], ascending=[False, False, True])
    lower = means.iloc[2:].sort_values(["Recency", "Monetary"], ascending=[True, False])
    return [*means.index[:2], *lower.index]


def publish_model(pipeline, customers: pd.DataFrame, features: list[str]) -> dict:
    """Everything needed to place a customer: caps, means, scales, centroids (in the order of SEGMENTS).

    Scales and centroids have six significant digits, means as many decimals as their scale.
    """
    order = name_order(customers, pipeline.predict(customers[features].to_numpy(float)))
    scaler = pipeline[1]
    return {
        "features": features,
        "segments": list(SEGMENTS),
        "caps": pipeline[0].kw_args["top"].tolist(),  # observed values, exact
        "means": [
            round(m, 5 - int(np.floor(np.log10(s)))) for m, s in zip(scaler.mean_.tolist(), scaler.scale_, strict=True)
        ],
        "scales": digits(scaler.scale_),
        "centroids": digits(pipeline[-1].cluster_centers_[order]),
    }
