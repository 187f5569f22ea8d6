"""What the tests and the table compute beside a run: by plain pandas, or by the package on a split of their own."""

import numpy as np
import pandas as pd
from shops import Run

from segmentation import clusters, features, orders, outcomes, published, value


def spend_of(log: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """Spend per customer from start to before end."""
    return log[log["Order_Date"].between(start, end, inclusive="left")].groupby("Customer_ID")["Amount"].sum()


def later_spend(run: Run, recipe):
    """outcomes.Afterwards over the months that the log leaves room for, on all orders before them; and the rank
    correlation of later spend with the RFM score cut into the same four sizes, equal scores by spend.
    """
    found = outcomes.later_spend(run.log, run.snapshot, None, run.shop.ahead, recipe)
    day = run.snapshot - pd.DateOffset(months=run.shop.ahead)
    then = orders.rfm_from_orders(run.log, day, None).sort_index()
    score = features.rfm_scores(then, features.fifths(then))["RFM_Score"]
    cluster = clusters.place(clusters.fit(then, recipe).model, then).cluster
    best_first = then.assign(score=score).sort_values(["score", "Monetary"], ascending=False, kind="stable")
    groups = pd.Series(np.repeat(range(4), np.bincount(cluster, minlength=4)), best_first.index)
    later = spend_of(run.log, day, run.snapshot).reindex(groups.index, fill_value=0.0).round(2)
    return found, float((-groups).rank().corr(later.rank()))


def judge(run: Run, decisions) -> value.Judged:
    """All forecasts on the last months of the log, with the published model and as short a horizon as the log asks."""
    model = published.load_model(run.out / "segment_model.json")
    terms = value.Terms(model, None, run.shop.horizon, decisions.BELIEF, seed=42)
    return value.judge(run.log, run.snapshot, terms)


def again(run: Run, people: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Per customer of a hold-out what was spent in the months before it, and in it."""
    ids = pd.Index(np.sort(run.log["Customer_ID"].unique()))[people.index]
    dates = [run.snapshot - pd.DateOffset(months=months) for months in (2 * run.shop.horizon, run.shop.horizon, 0)]
    before, after = (spend_of(run.log, *pair) for pair in (dates[:2], dates[1:]))
    return before.reindex(ids, fill_value=0.0), after.reindex(ids, fill_value=0.0)


def lift(log: pd.DataFrame) -> float:
    """A November or December over another month, of months that the log covers but for three days."""
    days = log.groupby("Order_Date")["Amount"].sum()
    spend = {"late": [], "other": []}
    for month, part in days.groupby(days.index.strftime("%Y-%m")):
        start = pd.Timestamp(f"{month}-01")
        end = start + pd.offsets.MonthEnd()
        if (days.index.min() - start).days <= 3 and (end - days.index.max()).days <= 3:
            spend["late" if start.month in (11, 12) else "other"].append(part.sum())
    return float(np.mean(spend["late"]) / np.mean(spend["other"]))
