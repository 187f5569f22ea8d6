"""The same question at other quarter ends: which number of groups the silhouette prefers on which day."""

import pandas as pd
from sklearn.metrics import silhouette_score

from segmentation.clusters import fit, kmeans, standardised, steady
from segmentation.decisions import Recipe
from segmentation.evidence import STARTS
from segmentation.features import draw
from segmentation.movement import YEAR, quarter_ends
from segmentation.orders import rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.words import Sentence, sentence

SAMPLE = 2_000  # customers at each quarter end, where all pairs are compared
KS = range(2, 7)  # numbers of groups that are tried


@steady()
def preferred_k(log: pd.DataFrame, snapshot: pd.Timestamp, months: int | None, recipe: Recipe) -> pd.Series | LeftOut:
    """The k with the highest silhouette at the quarter ends of a year and the snapshot, each fitted anew; by date."""
    dates = quarter_ends(log, snapshot, months)[-YEAR - 1 :] if months else []
    if len(dates) < 2:
        return LeftOut("which number of groups stands out at other quarter ends, the log has no earlier whole window")
    found = {}
    for day in dates:
        then = rfm_from_orders(log, day, months)
        fitted = fit(then, recipe)
        if isinstance(fitted, LeftOut):
            continue
        points = standardised(fitted.exact, draw(then, SAMPLE, recipe.seed))
        labels = {k: kmeans(recipe, k, n_init=STARTS).fit_predict(points) for k in KS}
        found[day] = max(KS, key=lambda k: silhouette_score(points, labels[k]))
    return pd.Series(found)


def on_days(preferred: pd.Series) -> Sentence:
    """Which k the silhouette prefers when."""
    days = [sentence("{k} on {day}", k=k, day=day.date()) for day, k in preferred.items()]
    return sentence("Over quarter ends the silhouette prefers {days:&}.", days=days)
