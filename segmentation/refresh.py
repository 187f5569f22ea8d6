"""Next quarter: can the frozen model be kept, and what changed since an earlier run."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from segmentation.clusters import Model, fit, place
from segmentation.decisions import Recipe
from segmentation.features import draw
from segmentation.movement import ABSENT, YEAR, Movement, Transition, since_when
from segmentation.orders import rfm_from_orders
from segmentation.parsing import read_numbers
from segmentation.problems import InputError, LeftOut
from segmentation.published import load_model
from segmentation.reading import Kind, read_table
from segmentation.vocabulary import CUSTOMER_COLUMNS, MIN_CUSTOMERS, RFM, SEGMENTS
from segmentation.words import Sentence, percent, plain, sentence, short

REFIT_SAMPLE = 10_000  # customers in each refit
SEGMENTED_FILE = Kind(CUSTOMER_COLUMNS, ["Customer_ID", "Segment_Name"], "Customer_ID", [])
QUIET_DAYS = 30  # without an order, to see what only a frozen model shows
SAME_MODEL = 0.995  # share of an earlier file's customers that its own model must place where the file has them
RAND = "Adjusted Rand index with a refit"
ALONE = "Alone it would say"


def agreement(then: pd.DataFrame, model: Model, recipe: Recipe) -> float:
    """Adjusted Rand index of the model's placement of these customers with a refit's; nan where none can be fitted."""
    if len(then) < MIN_CUSTOMERS:
        return np.nan
    refit = fit(draw(then, REFIT_SAMPLE, recipe.seed), recipe)
    if isinstance(refit, LeftOut):
        return np.nan
    return adjusted_rand_score(place(model, then).cluster, place(refit.model, then).cluster)


def compare_refits(moves: Movement, log, months: int, model: Model, recipe: Recipe, keep_from: float) -> pd.DataFrame:
    """The frozen model against a refit at every quarter end but the last: adjusted Rand index, and KEEP or REFIT."""
    dates = moves.dates[:-1]
    rand = [agreement(rfm_from_orders(log, date, months), model, recipe) for date in dates]
    table = pd.DataFrame({RAND: rand}, dates.strftime("%Y-%m-%d")).round(3).rename_axis("Quarter end")
    word = table[RAND].ge(keep_from).map({True: "KEEP", False: "REFIT"})
    return table.assign(**{ALONE: word.where(table[RAND].notna())})


def keep_or_refit(refits: pd.DataFrame, keep_from: float) -> Sentence:
    """The verdict of the same season a year back; and where the calendar alone moves customers."""
    back = min(YEAR, len(refits))
    rand, word = refits.iloc[-back]
    date = refits.index[-back]
    like = "the same season a year back" if back == YEAR else "the oldest quarter end there is"
    off = refits.index[refits[ALONE] == "REFIT"].drop(date, errors="ignore")
    text = "**{word}** the model: at {date}, {like}, it agrees with a refit at {rand:.2f} (asked: {keep_from})."
    if len(off):
        text += " At {off:&} the two differ: there the calendar moves customers, so compare like seasons."
    if np.isnan(rand):
        text = "At {date}, {like}, no refit was possible, so nothing can be said of the model."
    return sentence(text, date=date, like=like, rand=rand, word=word, keep_from=keep_from, off=off)


def moved_by_silence(customers: pd.DataFrame, model: Model, recipe: Recipe) -> dict[str, float]:
    """Share of customers whom QUIET_DAYS without an order would move, under the frozen model and under a refit."""
    aged = customers.assign(Recency=customers["Recency"] + QUIET_DAYS)
    models = {"frozen": model, "refitted": fit(aged, recipe).model}
    return {name: (place(one, aged).cluster != customers["Cluster"]).mean() for name, one in models.items()}


@dataclass(frozen=True)
class Earlier:
    """An earlier run."""

    customers: pd.DataFrame  # Cluster by Customer_ID, and R, F, M as far as the file has them
    model: Model | LeftOut  # the one that placed them


def read_earlier(path: str | None) -> Earlier | LeftOut:
    """An earlier ecommerce_segmented_customers.csv, and the model beside it. Raises InputError for another file."""
    if not path:
        return LeftOut("no earlier run to compare with")
    table = read_table(path, SEGMENTED_FILE)
    rows = table.rows
    odd = rows[~rows["Segment_Name"].isin(SEGMENTS) | rows["Customer_ID"].duplicated()]
    if len(odd):
        found = f"'{short(odd['Segment_Name'].iloc[0])}' for '{short(odd['Customer_ID'].iloc[0])}'"
        raise InputError(f"{table.name}, line {odd.index[0]}: {found}; expected each id once, in one of four segments")
    rfm = {n: read_numbers(rows[n], n, table.delimiter, f"{table.name}, column {n}") for n in RFM if n in rows}
    cluster = pd.Index(SEGMENTS).get_indexer(rows["Segment_Name"].astype(str))
    customers = pd.DataFrame(rfm, rows.index).assign(Cluster=cluster).set_index(rows["Customer_ID"])
    return Earlier(customers, model_of(customers, Path(path).with_name("segment_model.json")))


def model_of(customers: pd.DataFrame, path: Path) -> Model | LeftOut:
    """The model in a segment_model.json, if it is the one that placed these customers."""
    if not path.is_file() or not set(RFM) <= set(customers):
        return LeftOut("No `segment_model.json` lies beside it, so only the refitted segments can be compared")
    try:
        model = load_model(path)
    except InputError as error:
        return LeftOut(f"The model beside it is not used: {plain(error)}")
    right = (place(model, customers.fillna(0)).cluster == customers["Cluster"]).mean()
    if right >= SAME_MODEL:
        return model
    found = f"places only {percent(right)} of its customers where it has them, so it is not its model"
    return LeftOut(f"The model beside it {found}")


def since_earlier(earlier: Earlier, customers: pd.DataFrame, view: str) -> Transition | LeftOut:
    """Everybody of an earlier run or this one, then and now; "frozen": now as the earlier model places them."""
    if view == "frozen" and isinstance(earlier.model, LeftOut):
        return earlier.model
    cluster = place(earlier.model, customers).cluster if view == "frozen" else customers["Cluster"].to_numpy()
    both = pd.concat([earlier.customers["Cluster"], pd.Series(cluster, customers["Customer_ID"])], axis=1)
    return Transition(*both.fillna(ABSENT).to_numpy(int).T)


def on_earlier_model(earlier: Earlier, customers: pd.DataFrame, keep_from: float) -> Sentence:
    """Whether the earlier run's model can be kept; or why it is not used."""
    if isinstance(earlier.model, LeftOut):
        return sentence("{why}.", why=earlier.model.reason)
    rand = adjusted_rand_score(place(earlier.model, customers).cluster, customers["Cluster"])
    word = "KEEP" if rand >= keep_from else "REFIT"
    return sentence("**{word}** its model: with today's it agrees at {rand:.2f}.", word=word, rand=rand)


def columns_over_time(customers: pd.DataFrame, moves: Movement | LeftOut, earlier: Earlier | LeftOut) -> pd.DataFrame:
    """Previous_Segment and Segment_Since, as far as order log or earlier run tell; blank for who was not there."""
    names = np.array([*SEGMENTS, ""], dtype=object)
    if not isinstance(moves, LeftOut):
        row = moves.ids.get_indexer(customers["Customer_ID"])
        since = moves.dates.strftime("%Y-%m-%d")[since_when(moves.cluster[row], customers["Cluster"].to_numpy())]
        columns = {"Previous_Segment": names[moves.cluster[row, -2]], "Segment_Since": since}
        return pd.DataFrame(columns, customers.index).where(pd.Series(row >= 0, customers.index), "")
    if isinstance(earlier, LeftOut):
        return pd.DataFrame(index=customers.index)
    before = earlier.customers["Cluster"].reindex(customers["Customer_ID"], fill_value=ABSENT)
    return pd.DataFrame({"Previous_Segment": names[before]}, customers.index)
