"""placing"""

import contextlib
import sqlite3

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from segmentation.clusters import cap, fit, place, profiles_of, publish_model
from segmentation.constants import LOYAL, PROMISING, RFM, SEGMENTS, K
from segmentation.features import draw
from segmentation.words import plural


def assign(model: dict, recency, frequency, monetary):
    """Segment, runner-up and confidence of each customer; numpy and the content of segment_model.json are all it needs.

    Arrays of equal length, or single numbers. A customer with a value missing gets None, None, nan.
    assign(json.load(open("segment_model.json")), [3, 200], [20, 1], [1800, 40])[0] -> ['VIP Champions', 'At-Risk ...']
    """
    given = {"Recency": recency, "Frequency": frequency, "Monetary": monetary}
    given = {name: np.atleast_1d(np.asarray(values, dtype=float)) for name, values in given.items()}
    known = np.all([np.abs(values) <= 1e100 for values in given.values()], axis=0)
    points = np.stack([np.where(known, given[name], 0) for name in model["features"]], axis=1)
    points = (np.minimum(points, model["caps"]) - model["means"]) / model["scales"]
    distance = np.stack([((points - centre) ** 2).sum(axis=1) for centre in np.array(model["centroids"])])
    order, (first, second) = distance.argsort(axis=0, kind="stable"), np.sort(distance, axis=0)[:2]
    confidence = np.where(known, 1 - first / np.where(second > 0, second, 1), np.nan)
    names = np.array([*model["segments"], None], dtype=object)
    return names[np.where(known, order[0], -1)], names[np.where(known, order[1], -1)], confidence


SQL_SAMPLE = 20_000  # customers placed on SQLite and moved step by step; DuckDB takes millions in the tests


SQL_HEAD = """\
-- Places customers in segments with the frozen model segment_model.json; the notebook writes this file from it.
--
-- Reads    customers(Customer_ID, Recency, Frequency, Monetary): one row per customer; days since the last order,
--          orders and spend in the window ({window}), as the notebook defines them. Name your own
--          table or view in the line marked "input".
-- Returns  Customer_ID, Cluster (0 = {best}), Segment_Name, Runner_Up (second nearest) and
--          Segment_Confidence (1 - d1 / d2 with squared distances; 0 on a border, 1 at a centre); one row per row.
-- Rule     squared distance to each segment's centre, the lower cluster on an exact tie.
-- NULL     a customer with NULL, NaN or infinity in Recency, Frequency or Monetary gets NULL in all four columns.
-- SQL      one SELECT of SQL-92: CASE, CAST, BETWEEN, arithmetic, derived tables; no functions, no vendor syntax.
--          The type is called DOUBLE in MySQL and Spark, FLOAT64 in BigQuery: change the three CASTs there.
"""


def sql_number(value: float) -> str:
    """A float as an approximate SQL literal that reads back as the same float. sql_number(-1.5) -> '(-1.5E+00)'"""
    text = np.format_float_scientific(value, trim="0").upper()
    return f"({text})" if text.startswith("-") else text


def sql_nearest(clusters: list[int]) -> str:
    """CASE for the lowest of the columns D<cluster>, the lower cluster on a tie."""
    cases = [
        f"WHEN {' AND '.join(f'D{one} <= D{other}' for other in clusters[place + 1 :])} THEN {one}"
        for place, one in enumerate(clusters[:-1])
    ]
    return f"CASE {' '.join(cases)} ELSE {clusters[-1]} END"


def sql_choice(column: str, values: dict) -> str:
    """CASE column WHEN key THEN value ... END: NULL where the column is NULL."""
    cases = "".join(f"\n    WHEN {key} THEN {value}" for key, value in values.items())
    return f"CASE {column}{cases} END"


def segment_sql(model: dict, window: str) -> str:
    """The SELECT that places every row of a table `customers` as `place` does, with a comment block before it."""
    features, clusters = model["features"], list(range(len(model["segments"])))
    numbers = [[sql_number(v) for v in model[name]] for name in ("caps", "means", "scales")]
    scaled = [
        f"(CASE WHEN {name} > {top} THEN {top} ELSE {name} END - {mean}) / {scale} AS Z_{name[0]}"
        for name, top, mean, scale in zip(features, *numbers, strict=True)
    ]
    distances = []
    for cluster, centre in enumerate(model["centroids"]):
        gaps = [f"(Z_{name[0]} - {sql_number(at)})" for name, at in zip(features, centre, strict=True)]
        distances.append(" + ".join(f"{gap} * {gap}" for gap in gaps) + f" AS D{cluster}")
    others = {one: sql_nearest([other for other in clusters if other != one]) for one in clusters}
    names = {cluster: "'" + name.replace("'", "''") + "'" for cluster, name in enumerate(model["segments"])}
    columns, known = {c: f"D{c}" for c in clusters}, "\n    AND ".join(f"{n} BETWEEN -1E+100 AND 1E+100" for n in RFM)
    lines = [
        "SELECT Customer_ID, Place AS Cluster,",
        f"  {sql_choice('Place', names)} AS Segment_Name,",
        f"  {sql_choice('Rival', names)} AS Runner_Up,",
        "  CASE WHEN Second_D > 0 THEN 1 - First_D / Second_D WHEN Second_D = 0 THEN 1E+00 END AS Segment_Confidence",
        "FROM (SELECT Customer_ID, Place, Rival,",
        f"  {sql_choice('Place', columns)} AS First_D,",
        f"  {sql_choice('Rival', columns)} AS Second_D",
        f"FROM (SELECT Customer_ID, Place, {', '.join(columns.values())},",
        f"  {sql_choice('Place', others)} AS Rival",
        f"FROM (SELECT Customer_ID, {', '.join(columns.values())},",
        f"  CASE WHEN Known = 1 THEN\n    {sql_nearest(clusters)}\n  END AS Place",
        "FROM (SELECT Customer_ID, Known,",
        "  " + ",\n  ".join(distances),
        "FROM (SELECT Customer_ID,",
        f"  CASE WHEN {known}\n    THEN 1 END AS Known,",
        "  " + ",\n  ".join(scaled),
        "FROM (SELECT Customer_ID,",
        "  " + ",\n  ".join(f"CAST({name} AS DOUBLE PRECISION) AS {name}" for name in RFM),
        "FROM customers -- input",
        ") typed) scaled) measured) placed) ranked) compared;",
    ]
    return SQL_HEAD.format(window=window, best=model["segments"][0]) + "\n".join(lines) + "\n"


def run_on_sqlite(sql: str, customers: pd.DataFrame) -> pd.DataFrame:
    """What the statement returns for the customers on SQLite, in memory, in the order of `customers`."""
    rows = customers[["Customer_ID", *RFM]].astype(object).where(customers[["Customer_ID", *RFM]].notna(), None)
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE customers (Customer_ID TEXT, Recency REAL, Frequency REAL, Monetary REAL)")
        base.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows.itertuples(index=False, name=None))
        found = base.execute(sql)
        table = pd.DataFrame(found.fetchall(), columns=[column[0] for column in found.description])
    return table.set_index("Customer_ID").loc[customers["Customer_ID"].tolist()].reset_index()


def squared_distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Points (n, features), centres (k, features) -> (n, k)."""
    return np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def frozen_pipeline(model: dict):
    """A scikit-learn pipeline with the published numbers: transform gives the squared distance to every segment.

    KMeans.predict takes a faster formula for distances that rounds differently, so that a tie might fall elsewhere.
    """
    scaler, centres = StandardScaler(), np.array(model["centroids"])
    scaler.mean_, scaler.scale_ = np.array(model["means"]), np.array(model["scales"])
    capped = FunctionTransformer(cap, kw_args={"top": np.array(model["caps"])})
    return make_pipeline(capped, scaler, FunctionTransformer(squared_distances, kw_args={"centres": centres}))


def nearest_of(distance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Segment, runner-up and confidence from squared distances (customers, segments)."""
    order, ranked = distance.argsort(axis=1, kind="stable"), np.sort(distance, axis=1)
    names = np.array(SEGMENTS, dtype=object)
    return names[order[:, 0]], names[order[:, 1]], 1 - ranked[:, 0] / np.where(ranked[:, 1] > 0, ranked[:, 1], 1)


def differing(wanted: tuple, segment: np.ndarray, rival: np.ndarray, confidence: np.ndarray) -> int:
    """Customers whose segment, runner-up or confidence is not that of `place`; not one bit may differ."""
    names = np.array(SEGMENTS, dtype=object)
    return int(((segment != names[wanted[0]]) | (rival != names[wanted[1]]) | (confidence != wanted[2])).sum())


def describe_sample(size: int, total: int) -> str:
    """describe_sample(5, 5) -> 'all 5 customers'"""
    return f"all {plural(total, 'customer')}" if size == total else f"a fixed sample of {plural(size, 'customer')}"


def sample_model(customers: pd.DataFrame, caps: pd.Series, features: list[str], size: int, seed: int) -> dict | None:
    """The published model of a fit on `size` customers, capped as all of them; None if they form too few groups."""
    part = draw(customers, size, seed)
    found, weights = profiles_of(part, features)
    if len(np.unique(np.minimum(found, caps[features].to_numpy()), axis=0)) < K:
        return None
    fitted = fit(found, weights, caps[features].to_numpy(), K, seed)
    labels = fitted.predict(part[features].to_numpy(float))
    return publish_model(fitted, part, features) if len(np.unique(labels)) == K else None


MAX_ORDERS = 24  # additional orders: two a month for a year; who needs more will not get there by ordering


def orders_to_rise(model: dict, customers: pd.DataFrame, most: int) -> np.ndarray:
    """Fewest additional orders, placed at the snapshot, that put a customer into a better segment; inf above `most`.

    Each is worth the customer's usual order (Monetary / Frequency; the median of the others without one) and sets
    Recency to 0; older orders stay in the window. Shape (customers,).
    """
    orders, spend = customers["Frequency"], customers["Monetary"]
    usual = spend / orders.where(orders > 0)
    usual = usual.fillna(usual.median()).fillna(0)
    found = np.full(len(customers), np.inf)
    for more in range(most, 0, -1):
        after = pd.DataFrame({"Recency": 0.0, "Frequency": orders + more, "Monetary": spend + more * usual})
        found[place(model, after)[0] < customers["Cluster"]] = more
    return found


def spend_to_rise(model: dict, customers: pd.DataFrame) -> np.ndarray:
    """Least extra spend, Recency and Frequency as they are, that puts a customer into a better segment; inf if none.

    The difference of two squared distances is linear in spend, so each other segment bounds the spend at which a
    better one is nearest from below or above; beyond the cap spend changes nothing. Money to the next cent.
    """
    if "Monetary" not in model["features"]:
        return np.full(len(customers), np.inf)
    at, centres = model["features"].index("Monetary"), np.array(model["centroids"])
    top, mean, scale = (np.array(model[name]) for name in ("caps", "means", "scales"))
    points = (np.minimum(customers[model["features"]].to_numpy(float), top) - mean) / scale
    distance = squared_distances(np.delete(points, at, axis=1), np.delete(centres, at, axis=1)) + centres[:, at] ** 2
    found = np.full(len(customers), np.inf)
    for better in range(K - 1):
        low, high = points[:, at].copy(), np.full(len(points), (top - mean)[at] / scale[at])
        for other in (cluster for cluster in range(K) if cluster != better):
            lead, gap = distance[:, better] - distance[:, other], 2 * (centres[better, at] - centres[other, at])
            if gap > 0:
                low = np.maximum(low, lead / gap)
            elif gap < 0:
                high = np.minimum(high, lead / gap)
            else:
                high = np.where(lead <= 0, high, -np.inf)
        reached = (low <= high) & (better < customers["Cluster"].to_numpy())
        found = np.where(reached, np.minimum(found, low), found)
    return np.ceil(100 * (found * scale[at] + mean[at] - customers["Monetary"].to_numpy(float)) - 1e-6) / 100


def rise_table(model: dict, customers: pd.DataFrame) -> pd.DataFrame:
    """Per segment: customers, share that rises with 1, 2, 3 orders, medians (inf: most cannot), share beyond spend."""
    rows = {}
    for name in (PROMISING, LOYAL):
        part = customers[customers["Segment_Name"] == name]
        if len(part):
            orders, spend = orders_to_rise(model, part, MAX_ORDERS), spend_to_rise(model, part)
            shares = {f"{plural(n, 'order')}": (orders <= n).mean() for n in (1, 2, 3)}
            middle = [float(np.quantile(values, 0.5, method="inverted_cdf")) for values in (orders, spend)]
            medians = dict(zip(("Orders needed", "Or extra spend alone"), middle, strict=True))
            rows[name] = {"Customers": len(part), **shares, **medians, "Spend cannot": np.isinf(spend).mean()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Rises to a better segment with")
