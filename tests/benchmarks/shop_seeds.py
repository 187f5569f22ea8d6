"""What is asked of the shipped shop beside what came out, the same for other seeds, and which seed is to be shipped.

    python tests/benchmarks/shop_seeds.py               the shipped seed, and the spread over seeds 1 to 20
    python tests/benchmarks/shop_seeds.py --choose      of seeds 1 to 50 the one to ship (some five minutes)

Customers are the generator's table without the rows that its defects cost; segments are the notebook's own fit of them.
The rule for the seed: of those that meet everything in ASKED and deserve their names, the one whose four shares come
nearest to the published ones, by the largest of the four distances.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]
from benchmarks.shop_facts import AHEAD, facts, sort_out, summarise  # noqa: E402
from decided import load_generator, read_decisions  # noqa: E402

from segmentation import clusters  # noqa: E402
from segmentation.decisions import Recipe  # noqa: E402
from segmentation.features import engagement  # noqa: E402
from segmentation.vocabulary import RFM, SEGMENTS, VIP  # noqa: E402

PUBLISHED = dict(zip(SEGMENTS, (0.097, 0.219, 0.108, 0.576), strict=True))
NEAR = 0.003  # how far a share may lie from the published one
ASKED = {  # fact -> (least, most)
    **{name: (round(share - NEAR, 3), round(share + NEAR, 3)) for name, share in PUBLISHED.items()},
    "with one order": (0.30, 0.50),
    "spend held by the top 1 %": (0.12, 1.0),
    "skew of Frequency": (3.0, np.inf),
    "rank correlation of order frequency and order value": (-0.25, 0.25),
    "VIPs order again within 90 days": (0.85, 0.93),
    "a November or December against another month": (1.3, 1.8),
    "change of yearly growth, up or down": (0.05, np.inf),
    "engagement and spend at the same number of orders": (0.25, 0.45),
    "carts abandoned and spend at the same number of orders": (-0.40, -0.20),
    "silhouette above shuffled columns": (0.10, 1.0),
    "silhouette above a Gaussian copula": (0.04, 1.0),
    "customers in the busiest fortnight": (0.0, 0.40),
}
FEWEST = 10  # customers with the same number of orders among whom ranks are compared


def customers_of(table: pd.DataFrame) -> pd.DataFrame:
    """The customers of a generated table without the rows that its defects cost, index: Customer_ID."""
    rows = table.drop_duplicates()
    rows = rows[~rows["Customer_ID"].duplicated(keep=False) & rows["Customer_ID"].ne("") & rows["Recency"].notna()]
    rows = rows[rows["Monetary"].ge(0)]
    return rows.astype(dict.fromkeys(RFM, float)).set_index("Customer_ID").sort_index()


def within(one: pd.Series, other: pd.Series, orders: pd.Series) -> float:
    """Rank correlation among customers with the same number of orders, over all such groups of at least FEWEST."""
    both = pd.DataFrame({"one": one, "other": other, "orders": orders}).dropna()
    both = both[both.groupby("orders")["one"].transform("size") >= FEWEST]
    ranks = both.groupby("orders").rank(pct=True)
    ranks -= ranks.groupby(both["orders"]).transform("mean")
    return float((ranks["one"] * ranks["other"]).sum() / np.sqrt((ranks**2).sum().prod()))


def busiest(orders: pd.DataFrame, days: int = 14) -> float:
    """Share of the last twelve months' customers who order in the fortnight in which most do."""
    end = orders["Order_Date"].max() + pd.Timedelta(days=1)
    window = orders[orders["Order_Date"] >= end - pd.DateOffset(months=12)]
    day = (window["Order_Date"] - window["Order_Date"].min()).dt.days
    starts = range(0, day.max() - days + 2)
    most = max(window.loc[day.between(at, at + days - 1), "Customer_ID"].nunique() for at in starts)
    return most / window["Customer_ID"].nunique()


def again(model: clusters.Model, orders: pd.DataFrame, refunds: pd.DataFrame, day: pd.Timestamp) -> float:
    """Share of those who were VIP 90 days before `day`, under the model of that day, who order in those days."""
    split = day - pd.Timedelta(days=AHEAD)
    table = summarise(orders, refunds, split, 12)
    best = table.index[clusters.place(model, table).cluster == SEGMENTS.index(VIP)]
    return float(best.isin(orders.loc[orders["Order_Date"] >= split, "Customer_ID"]).mean())


def placed(table: pd.DataFrame, recipe: Recipe) -> tuple[pd.DataFrame, clusters.Model]:
    """The customers of a generated table with their Segment_Name, and the model that placed them."""
    customers = customers_of(table)
    model = clusters.fit(customers, recipe).model
    names = clusters.place(model, customers).columns(customers.index)["Segment_Name"]
    return customers.assign(Segment_Name=names), model


def deserved(customers: pd.DataFrame) -> bool:
    """Names are deserved: from segment to segment less spend (by half), fewer orders, and longer ago, on average."""
    means = customers.groupby("Segment_Name", observed=False)[RFM].mean()
    steps = (means.shift() / means).iloc[1:]
    return bool((steps["Monetary"] >= 1.5).all() and (steps["Frequency"] > 1).all() and (steps["Recency"] < 1).all())


def shares_of(customers: pd.DataFrame) -> dict[str, float]:
    """Share of customers by segment."""
    return customers["Segment_Name"].value_counts(normalize=True).reindex(SEGMENTS).to_dict()


def measure(log: pd.DataFrame, customers: pd.DataFrame, model: clusters.Model, parts: list[str]) -> dict[str, float]:
    """Everything in ASKED of one generated shop; `parts` are the columns of the engagement score."""
    orders, refunds = sort_out(log.astype(str))
    found = facts(orders, refunds)
    spend, frequency = customers["Monetary"], customers["Frequency"]
    score = engagement(customers, parts)["Engagement_Score"]
    found |= shares_of(customers) | {
        "VIPs order again within 90 days": again(
            model, orders, refunds, orders["Order_Date"].max() + pd.Timedelta(days=1)
        ),
        "engagement and spend at the same number of orders": within(score, spend, frequency),
        "carts abandoned and spend at the same number of orders": within(
            customers["Cart_Abandon_Rate"], spend, frequency
        ),
        "change of yearly growth, up or down": abs(
            found["spend of the last twelve months against the twelve before"] - found["the same a year earlier"]
        ),
        "silhouette above shuffled columns": found["silhouette at k=4"] - found["... of shuffled columns"],
        "silhouette above a Gaussian copula": found["silhouette at k=4"] - found["... of a Gaussian copula"],
        "customers in the busiest fortnight": busiest(orders),
    }
    return {name: found[name] for name in ASKED}


def failures(found: dict[str, float]) -> list[str]:
    """What of ASKED is not met."""
    return [name for name, (least, most) in ASKED.items() if not least <= found[name] <= most]


def shop(seed: int, recipe: Recipe, parts: list[str]) -> tuple[dict[str, float], bool]:
    """What came out for a seed, and whether its names are deserved."""
    log, table = load_generator().make(seed)
    customers, model = placed(table, recipe)
    return measure(log, customers, model, parts), deserved(customers)


def choose(recipe: Recipe, parts: list[str], seeds: range) -> int:
    """The seed to ship, by the rule; prints those whose shares are near enough."""
    best, nearest = 0, np.inf
    for seed in seeds:
        shares = shares_of(placed(load_generator().make(seed)[1], recipe)[0])
        worst = max(abs(shares[name] - share) for name, share in PUBLISHED.items())
        if worst <= NEAR:
            found, names = shop(seed, recipe, parts)
            print(f"seed {seed}: {100 * worst:.2f} points off, not met: {failures(found)}, names deserved: {names}")
            if worst < nearest and names and not failures(found):
                best, nearest = seed, worst
    return best


def main() -> None:
    """Print the tables, or the seed to ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--choose", action="store_true")
    options = parser.parse_args()
    decisions = read_decisions()
    recipe, parts = decisions.RECIPE, decisions.ENGAGEMENT_PARTS
    if options.choose:
        print("to ship:", choose(recipe, parts, range(1, 51)))
        return
    shipped = shop(load_generator().SEED, recipe, parts)[0]
    every = [shop(seed, recipe, parts) for seed in range(1, 21)]
    print("| | asked | came out | mean of 20 seeds | sd | lowest | highest |\n|---|---|--:|--:|--:|--:|--:|")
    for name, (least, most) in ASKED.items():
        over = np.array([found[name] for found, _ in every])
        numbers = (shipped[name], over.mean(), over.std(ddof=1), over.min(), over.max())
        print(f"| {name} | {least} to {most} | " + " | ".join(f"{number:.3f}" for number in numbers) + " |")
    print(f"names deserved: {sum(names for _, names in every)} of {len(every)}")


if __name__ == "__main__":
    main()
