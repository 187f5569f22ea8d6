"""movement"""

import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from segmentation.clusters import past_segmentation, place
from segmentation.constants import CUSTOMER_COLUMNS, FIT_SAMPLE, RFM, SEGMENTS, K
from segmentation.exploring import wilson
from segmentation.features import draw
from segmentation.orders import rfm_from_orders
from segmentation.parsing import read_numbers
from segmentation.problems import InputError
from segmentation.reading import read_table
from segmentation.show import show_table
from segmentation.words import count, join, percent, plain, short

MODEL_SCHEMA = 2


MODEL_KEYS = [
    "schema", "features", "segments", "caps", "means", "scales", "centroids", "rfm_thresholds", "window_months",
    "snapshot", "customers", "versions", "checksum",
]  # fmt: skip


PACKAGES = ["numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "seaborn", "pandera"]


def model_checksum(model: dict) -> str:
    """The first 16 digits of the SHA-256 of everything in the model but its checksum."""
    rest = {name: value for name, value in model.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]


def load_model(path: str | Path) -> dict:
    """A published segment_model.json. Raises InputError when it is not one, of another schema, or was edited."""
    name = Path(path).name
    try:
        model = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read as JSON ({short(error)}); expected a segment_model.json") from error
    found = model.get("schema") if isinstance(model, dict) else None
    if found != MODEL_SCHEMA:
        raise InputError(f"{name}: schema {short(found)}; expected schema {MODEL_SCHEMA}: publish the model again")
    missing = [key for key in MODEL_KEYS if key not in model]
    if missing:
        raise InputError(f"{name}: no {join(missing)}; expected every key of a published model")
    if model["checksum"] != model_checksum(model):
        raise InputError(f"{name}: was edited (its checksum does not fit); expected it as the notebook wrote it")
    return model


QUARTER = 3  # months between two looks


YEAR = 12 // QUARTER  # looks


FIRST_DAYS = 31  # a log may begin so many days after the first window and still count as whole


def quarter_ends(orders: pd.DataFrame, snapshot: pd.Timestamp, months: int) -> list[pd.Timestamp]:
    """The snapshot and every QUARTER months back, as far as a whole window lies behind; the oldest first."""
    first = orders["Order_Date"].min() - pd.Timedelta(days=FIRST_DAYS)
    steps = (snapshot - pd.DateOffset(months=QUARTER * n) for n in itertools.count())
    return [*itertools.takewhile(lambda end: end - pd.DateOffset(months=months) >= first, steps)][::-1]


def history(orders: pd.DataFrame, ends: list, months: int, model: dict) -> dict[str, np.ndarray]:
    """Every customer of the log at every quarter end, under one frozen model; Customer_ID is a number from 0.

    cluster, confidence (customers, ends): -1 and 1.0 without an order in the window; spend: in that window;
    later: in the quarter that follows the end.
    """
    shape = (orders["Customer_ID"].max() + 1, len(ends))
    found = {"cluster": np.full(shape, -1), "confidence": np.ones(shape), "spend": np.zeros(shape)}
    for number, end in enumerate(ends):
        then = rfm_from_orders(orders, end, months)
        found["cluster"][then.index, number], _, found["confidence"][then.index, number] = place(model, then)
        found["spend"][then.index, number] = then["Monetary"]
    quarter = np.searchsorted(pd.DatetimeIndex(ends), orders["Order_Date"], side="right") - 1
    after = orders[quarter >= 0]
    cell = after["Customer_ID"].to_numpy() * shape[1] + quarter[quarter >= 0]
    return found | {"later": np.bincount(cell, weights=after["Amount"], minlength=shape[0] * shape[1]).reshape(shape)}


def migration(before: np.ndarray, now: np.ndarray) -> pd.DataFrame:
    """Customers by cluster before (down) and now (across); -1 before is New, -1 now is Lost. Shape (K + 1, K + 1).

    migration([0, 0, -1], [0, 1, 3]) has 1 from VIP to VIP, 1 from VIP to Loyalists, 1 from New to At-Risk.
    """
    cells = np.zeros((K + 1, K + 1), dtype=int)
    np.add.at(cells, (before, now), 1)  # -1 is the last row or column
    cells[K, K] = 0
    return pd.DataFrame(cells, index=[*SEGMENTS, "New"], columns=[*SEGMENTS, "Lost"])


def path_of(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Each customer's path: New, Lost, Up, Down, Stayed; '' when absent at both ends. path_of([1], [0]) -> ['Up']"""
    before, now = np.asarray(before), np.asarray(now)
    cases = [(before < 0) & (now < 0), before < 0, now < 0, now < before, now > before]
    return np.select(cases, ["", "New", "Lost", "Up", "Down"], "Stayed")


def stirred(moves: pd.DataFrame) -> tuple[int, int, int]:
    """Of a migration matrix: customers in both, those of them who moved up, those who moved down."""
    both = moves.iloc[:K, :K].to_numpy()
    return int(both.sum()), int(np.tril(both, -1).sum()), int(np.triu(both, 1).sum())


def show_migration(moves: pd.DataFrame, label: str) -> None:
    """A migration matrix with its totals: before down, now across."""
    table = moves.assign(All=moves.sum(axis=1))
    table.loc["All"] = table.sum()
    show_table(table.rename_axis(label), dict.fromkeys(table.columns, count))


def up_and_down(before: np.ndarray, now: np.ndarray) -> pd.DataFrame:
    """Per segment before: customers; share that moved up, moved down, was lost; each as text with its 95 % interval."""
    moves = migration(before, now).iloc[:K]
    cells, size = moves[list(SEGMENTS)].to_numpy(), np.maximum(moves.sum(axis=1), 1)
    table = pd.DataFrame({"Customers": moves.sum(axis=1)})
    found = {"Up": np.tril(cells, -1).sum(axis=1), "Down": np.triu(cells, 1).sum(axis=1), "Lost": moves["Lost"]}
    for name, hits in found.items():
        rates = np.stack([hits / size, *wilson(hits, size)], axis=1)
        table[name] = rates[:, 0]
        table[f"{name} (95 %)"] = [f"{percent(r)} ({percent(low)}-{percent(high)})" for r, low, high in rates]
    return table


def path_values(cluster: np.ndarray, later: np.ndarray, steps: list[int]) -> pd.DataFrame:
    """Mean spend in the quarter after a path, by segment before (down) and path (across).

    A step n is the move from quarter end n to n + 1; its following quarter must be in the log.
    """
    parts = []
    for n in steps:
        path = path_of(cluster[:, n], cluster[:, n + 1])
        parts.append(
            pd.DataFrame({"before": cluster[:, n], "path": path, "later": later[:, n + 1]})[cluster[:, n] >= 0]
        )
    means = pd.concat(parts).groupby(["before", "path"])["later"].mean().unstack()
    return means.reindex(index=range(K), columns=["Up", "Stayed", "Down", "Lost"]).set_axis(SEGMENTS)


def against_staying(values: pd.DataFrame, before: np.ndarray, path: np.ndarray, kind: str) -> float:
    """What the moves of one kind are worth in the next quarter: mean of their path less that of staying, summed."""
    gain = (values[kind] - values["Stayed"]).fillna(0).to_numpy()
    return float(gain[before[path == kind]].sum())


KEEP_FROM = 0.8  # adjusted Rand index of the frozen and a refitted placement below which a refit is due


def refits(orders: pd.DataFrame, ends: list, months: int, model: dict, seed: int) -> pd.Series:
    """Adjusted Rand index of the frozen placement with a refit, by quarter end; nan where none can be fitted."""
    found = pd.Series(np.nan, index=[str(end.date()) for end in ends])
    for end in ends:
        then = rfm_from_orders(orders, end, months)
        again = past_segmentation(draw(then, FIT_SAMPLE, seed), seed)
        if again is not None:
            found[str(end.date())] = adjusted_rand_score(place(model, then)[0], place(again, then)[0])
    return found.round(3)


def refit_reading(agree: pd.Series, back: int) -> str:
    """KEEP or REFIT by the refit `back` quarter ends before the last, and where the calendar alone moves customers."""
    judge, value = agree.index[-back], agree.iloc[-back]
    like = "the same season a year back" if back == YEAR else "the oldest quarter end there is"
    if np.isnan(value):
        return f"At {judge}, {like}, no refit was possible, so nothing can be said of the model."
    word = "KEEP" if value >= KEEP_FROM else "REFIT"
    text = f"**{word}** the model: at {judge}, {like}, it agrees with a refit at {value:.2f} (asked: {KEEP_FROM})."
    off = agree[agree < KEEP_FROM].drop(judge, errors="ignore").index.tolist()
    at = f" At {join(off)} the two differ: there the calendar moves customers, so compare like seasons."
    return text + (at if off else "")


SAME_MODEL = 0.995  # share of an earlier file's customers that its own model must place where the file has them


def read_previous(path: str) -> pd.DataFrame:
    """An earlier run by Customer_ID: Cluster (0 to 3), and R, F, M where the file has them. Raises InputError."""
    name = Path(path).name
    table, delimiter = read_table(path, CUSTOMER_COLUMNS, ["Customer_ID", "Segment_Name"])
    odd = table[~table["Segment_Name"].isin(SEGMENTS) | table["Customer_ID"].duplicated()]
    if len(odd):
        found = f"'{short(odd['Segment_Name'].iloc[0])}' for '{short(odd['Customer_ID'].iloc[0])}'"
        raise InputError(f"{name}, line {odd.index[0]}: {found}; expected each id once, in one of four segments")
    rfm = {n: read_numbers(table[n], n, delimiter, f"{name}, column {n}") for n in RFM if n in table}
    codes = table["Segment_Name"].map({segment: number for number, segment in enumerate(SEGMENTS)}).astype(int)
    return pd.DataFrame(rfm | {"Cluster": codes}).set_index(table["Customer_ID"].astype(str))


def previous_model(path: str, earlier: pd.DataFrame) -> tuple[dict | None, str]:
    """The segment_model.json beside an earlier file, if it is that file's; and a sentence when it is not used."""
    beside = Path(path).with_name("segment_model.json")
    if not beside.is_file() or not set(RFM) <= set(earlier):
        return None, "No `segment_model.json` lies beside it, so only the refitted segments can be compared."
    try:
        model = load_model(beside)
    except InputError as error:
        return None, f"The model beside it is not used: {plain(error)}."
    right = (place(model, earlier[RFM].fillna(0))[0] == earlier["Cluster"]).mean()
    if right >= SAME_MODEL:
        return model, ""
    return (
        None,
        f"The model beside it places only {percent(right)} of its customers where it has them, so it is not its model.",
    )


def since_when(cluster: np.ndarray, now: np.ndarray) -> np.ndarray:
    """First quarter end (column) of each customer's unbroken stay in today's segment, given (customers, ends)."""
    run = np.cumprod(cluster[:, ::-1] == now[:, None], axis=1).sum(axis=1)
    return np.minimum(cluster.shape[1] - run, cluster.shape[1] - 1)
