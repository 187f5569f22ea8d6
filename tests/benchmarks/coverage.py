"""How often ranges hold what they should, and how much choosing and judging on one period flatters.

    python tests/benchmarks/coverage.py                               120 simulated shops (some ten minutes)
    python tests/benchmarks/coverage.py --first 1001 --shops 75       others

Each shop is drawn by data/make_dataset.py with 2,500 customers and a longer log; every year from July to June has a
demand of its own. Forecasts are made a year before its end, with one to five earlier years to judge by; the year that
follows, which nothing has seen, says whether ranges hold. Prints what data/README.md says of forecasts.
"""

import argparse
import dataclasses
import itertools
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: many small fits are slower with threads

import numpy as np
import pandas as pd

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]
from decided import load_generator, read_decisions  # noqa: E402

from segmentation import budget, calibration, clusters, orders, value  # noqa: E402
from segmentation.problems import LeftOut  # noqa: E402
from segmentation.vocabulary import SEGMENTS  # noqa: E402

CUSTOMERS = 2_500  # with an order in the last year
PERIODS = (1, 2, 3, 5)  # judged years of which ranges are made
YEARS = max(PERIODS) + 3  # of the log: to look back, to learn, to judge, and the one that follows
HOW = {"held": "mean", "width": "median"}  # over shops


def simulated_log(seed: int) -> pd.DataFrame:
    """An order log of YEARS years by the shop's generator: Customer_ID, Order_Date, Amount (refunds negative)."""
    generator = load_generator()
    moved = generator.LOG_START - pd.DateOffset(years=YEARS - 3)
    days = (generator.LOG_START - moved).days
    generator.LOG_START = moved
    generator.LAST_DAY += days
    generator.WINDOW_DAY += days
    generator.OPENED -= pd.DateOffset(years=YEARS - 3)
    generator.DAYS = pd.date_range(generator.OPENED, generator.SNAPSHOT - pd.Timedelta(days=1))
    generator.CALENDAR = np.arange(len(generator.DAYS) + 1) - float((moved - generator.OPENED).days)
    generator.PRICE_RISE = (generator.PRICE_RISE[0] + days, generator.PRICE_RISE[1])
    draws = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)]
    people = generator.draw_customers(draws[0], 9 * CUSTOMERS + 1000)
    bought = generator.first_buyers(generator.draw_orders(draws[1], people), CUSTOMERS)
    rows = pd.concat([bought, generator.draw_refunds(draws[2], bought)])
    dates = moved + pd.to_timedelta(rows["day"], unit="D")
    log = pd.DataFrame({"Customer_ID": rows["person"].astype(str), "Order_Date": dates, "Amount": rows["Amount"]})
    return log.reset_index(drop=True)


def shop(seed: int, decisions) -> tuple[list[dict], list[dict]]:
    """Of one shop: the ranges of each group by number of judged years; and each year's choice, in it and a year on."""
    log = simulated_log(seed)
    end = log["Order_Date"].max().normalize() + pd.Timedelta(days=1)
    now = end - pd.DateOffset(years=1)
    past = log[log["Order_Date"] < now]
    customers = orders.rfm_from_orders(past, now, 12).sort_index().reset_index()
    model = clusters.fit(customers, decisions.RECIPE).model
    customers["Segment_Name"] = np.array(SEGMENTS)[clusters.place(model, customers).cluster]
    judged = value.judge(past, now, value.Terms(model, 12, 12, decisions.BELIEF, seed=0))
    later = value.spend_between(log, now, end, pd.Index(customers["Customer_ID"])).to_numpy()
    ranges = []
    for number in PERIODS:
        forecast = calibration.ship(value.decided(dataclasses.replace(judged, periods=judged.periods[:number])))
        if not isinstance(forecast, LeftOut):
            valued = budget.value_customers(forecast, customers, decisions.ASSUMPTIONS)
            ranges += [{"periods": number, **row} for row in held(valued, later)]
    came = value.hold_out(value.numbered(log)[0], end, judged.terms)
    years = [period.people for period in (came, *judged.periods)]
    pairs = [choice(same, after, decisions.BELIEF) for after, same in itertools.pairwise(years)]
    return ranges, [row for row in pairs if row]


def held(valued: budget.Valued, later: np.ndarray) -> list[dict]:
    """Whether the range of each segment's mean, and of customers, holds what came; money in margin, as in the range."""
    table = valued.customers.assign(came=valued.assumptions.kept_of_spend * later)
    means = table.groupby("Segment")["came"].mean()
    means["All"] = table["came"].mean()
    groups = valued.by_segment.join(means).dropna(subset=["came", "predicted"])
    within = groups["came"].between(groups["low"], groups["high"])
    width = (groups["high"] - groups["predicted"]) / groups["predicted"]
    own = table["came"].between(table["CLV_12M_Low"] - 0.01, table["CLV_12M_High"] + 0.01).mean()
    rows = [{"group": name, "held": within[name], "width": width[name]} for name in groups.index]
    return [*rows, {"group": "each customer", "held": own, "width": np.nan}]


def choice(same: pd.DataFrame, after: pd.DataFrame, belief) -> dict | None:
    """How far the forecast that is chosen on one year was off in it, and in the next; None where none is chosen."""
    there, then = value.measures(same), value.measures(after)
    chosen = value.choose(there, belief)
    if chosen is None:
        return None
    row = {"chosen": chosen}
    for when, table in (("same", there), ("next", then)):
        row[f"{when} total"] = abs(table.loc[chosen, "Predicted / actual"] - 1)
        row[f"{when} gain"] = 1 - table.loc[chosen, "MAE"] / table.loc[value.SAME_AGAIN, "MAE"]
    return row


def as_rows(table: pd.DataFrame) -> str:
    """A table of shares as lines of Markdown, in percent."""
    lines = [
        f"| {name} | " + " | ".join(f"{100 * share:.0f}" for share in row) + " |" for name, *row in table.itertuples()
    ]
    return "\n".join(lines)


def main() -> None:
    """Print what data/README.md says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=1, help="seed of the first shop")
    parser.add_argument("--shops", type=int, default=120)
    options = parser.parse_args()
    decisions = read_decisions()
    every = [shop(seed, decisions) for seed in range(options.first, options.first + options.shops)]
    ranges = pd.DataFrame([row for found, _ in every for row in found])
    shops = ranges[ranges["group"] == "All"].groupby("periods").size()
    print("| judged years | " + " | ".join(map(str, PERIODS)) + " |\n|---|" + len(PERIODS) * "--:|")
    print("| shops with a forecast | " + " | ".join(map(str, shops)) + " |")
    for what in ("held", "width"):
        print(f"{what}, in percent:\n" + as_rows(ranges.pivot_table(what, "group", "periods", HOW[what], sort=False)))
    chosen = pd.DataFrame([row for _, found in every for row in found])
    print(f"chosen: {chosen.pop('chosen').value_counts().to_dict()}")
    for what in ("total", "gain"):
        same, after = (100 * chosen[f"{when} {what}"] for when in ("same", "next"))
        print(f"{what}: {same.mean():.1f} in the year of the choice, {after.mean():.1f} in the next, ", end="")
        print(f"apart {(after - same).mean():.1f} (standard error {(after - same).sem():.1f})")


if __name__ == "__main__":
    main()
