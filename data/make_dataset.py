"""Make the shipped synthetic shop: an order log of 36 months and the customer table that follows from it.

Everything comes from one seed. Customers join, buy, drift away and come back; the table's Recency, Frequency
and Monetary are then computed from their orders, and sessions, carts, clicks, wishlists, returns and campaign
responses follow from what each customer is like. No real person is described.

    python data/make_dataset.py                 writes both files beside this script
    python data/make_dataset.py --seed 7 --out /some/folder --customers 50000

The models, with their sources:

- Orders while a customer is active: Erlang gaps around a gamma-distributed rate (condensed negative binomial;
  Chatfield and Goodhardt 1973), on a clock that runs faster before Christmas.
- Dropping out: exponential lifetimes (Schmittlein, Morrison and Colombo 1987), here followed, sometimes, by an
  exponential pause and a return.
- Order values: lognormal around a customer's own lognormal level; a few wholesale buyers order many times that.
- Sessions, clicks, wishlist adds: negative binomial; returns: beta-binomial; abandoned carts: negative binomial
  (failures before the orders that went through); campaign response: Bernoulli with a logistic chance.
"""

import argparse
import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 9  # of seeds 1 to 159 the one whose segment shares come nearest to the published ones (data/README.md)
CUSTOMERS = 10_000  # customers left after cleaning
LOG_START = pd.Timestamp("2023-07-01")
SNAPSHOT = pd.Timestamp("2026-07-01")  # the day after the last day of the log
WINDOW_START = pd.Timestamp("2025-07-01")  # the table counts orders from here on
BURN_IN_DAYS = 8 * 365  # customers who joined up to this long before the log began
LAST_DAY = (SNAPSHOT - LOG_START).days  # days are counted from LOG_START; the log holds days 0 .. LAST_DAY - 1
WHOLESALE_SHARE = 0.0015
WHOLESALE_FACTOR = 9.0
TIERS = ("Bronze", "Silver", "Gold", "Platinum")
TIER_SPEND = (140.0, 420.0, 950.0)  # last year's spend from which Silver, Gold and Platinum are given
LOG_NAME = "ecommerce_orders.csv.gz"
TABLE_NAME = "ecommerce_user_segmentation.csv"

# What goes wrong on purpose: kind of defect -> how many (data/README.md and the notebook's ledger count the same).
DEFECTS = {
    "exact duplicate": 22,  # a row written twice
    "conflicting duplicate": 6,  # customers with two rows that disagree
    "blank id": 8,
    "blank Recency": 5,
    "negative Monetary": 5,
    "spend without orders": 4,  # Frequency 0 beside a positive Monetary
    "blank Avg_Session_Duration": 10,
    "blank Wishlist_Adds": 8,
    "Cart_Abandon_Rate above 100": 7,
    "Returns above Frequency": 6,
    "ragged Segment_Label": 20,  # odd case, or spaces around it
}
# These defects cost the customer his row; so many more customers are simulated.
LOSING = ("conflicting duplicate", "blank id", "blank Recency", "negative Monetary", "spend without orders")


@dataclass(frozen=True)
class Group:
    """What a kind of customer is like. The groups overlap, and no output names them."""

    joins_per_year: float  # relative to the other groups
    orders_per_year: float  # mean rate while active
    rate_shape: float  # gamma shape of the rate over customers; larger = more alike
    gap_shape: int  # Erlang shape of the gaps; 1 = Poisson, larger = more regular
    active_years: float  # mean length of an active spell
    pause_years: float  # mean length of a pause
    return_chance: float  # chance that a pause ends at all
    order_value: float  # median order, dollars
    value_spread: float  # sd of the log level over customers
    season: float  # height of the November-December peak over the ordinary day
    season_days: float  # its width (standard deviation)
    spring: float  # how busy spring is against the ordinary day
    appeal: float  # browsing and response, on a standard-normal scale


GROUPS = (
    Group(2.21, 19.0, 40.0, 3, 9.0, 0.5, 0.6, 79.0, 0.17, 0.35, 16.0, 1.0, 1.25),  # the shop's core
    Group(4.25, 10.5, 60.0, 4, 9.0, 0.5, 0.5, 68.0, 0.15, 0.35, 16.0, 1.0, 0.55),  # steady buyers
    Group(1.70, 4.4, 40.0, 5, 2.5, 0.6, 0.4, 52.0, 0.18, 0.25, 16.0, 1.0, 0.15),  # buy now and then
    Group(52.0, 0.7, 8.0, 1, 0.6, 1.2, 0.3, 38.0, 0.30, 12.0, 36.0, 0.03, -0.55),  # come for the season
)


def day_weights(group: Group) -> np.ndarray:
    """Relative busyness of each day from the start of the burn-in to the snapshot, shape (days,)."""
    days = pd.date_range(LOG_START - pd.Timedelta(days=BURN_IN_DAYS), SNAPSHOT - pd.Timedelta(days=1))
    day_of_year = days.day_of_year.to_numpy()
    from_peak = (day_of_year - 335 + 182) % 365 - 182  # days before or after the first of December
    peak = np.exp(-0.5 * (from_peak / group.season_days) ** 2)
    spring = (day_of_year > 45) & (day_of_year < 190)
    return (np.where(spring, group.spring, 1.0) + group.season * peak) * np.where(days.day_of_week < 5, 1.0, 1.15)


def draw_customers(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Candidates in random order: group, day of joining, yearly rate, log order level, latent appeal."""
    weights = np.array([group.joins_per_year for group in GROUPS])
    people = pd.DataFrame({"group": rng.choice(len(GROUPS), size=count, p=weights / weights.sum())})
    people["joined"], people["rate"], people["level"] = 0.0, 0.0, 0.0
    for number, group in enumerate(GROUPS):
        rows = people["group"].to_numpy() == number
        clock = np.concatenate([[0.0], np.cumsum(day_weights(group))])
        share = rng.random(rows.sum())
        people.loc[rows, "joined"] = np.interp(share * clock[-1], clock, np.arange(len(clock))) - BURN_IN_DAYS
        people.loc[rows, "rate"] = rng.gamma(group.rate_shape, group.orders_per_year / group.rate_shape, rows.sum())
        people.loc[rows, "level"] = rng.normal(np.log(group.order_value), group.value_spread, rows.sum())
        people.loc[rows, "appeal"] = rng.normal(group.appeal, 0.75, rows.sum())
    people["level"] += np.log(WHOLESALE_FACTOR) * (rng.random(count) < WHOLESALE_SHARE)
    return people


def draw_orders(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Orders of every candidate inside the log: position in `people`, day (from LOG_START), amount (dollars).

    Each spell opens with an order (joining, or coming back); the next ones follow after Erlang gaps on the
    group's seasonal clock until the spell ends; pauses run on the same clock.
    """
    found = []
    for number, group in enumerate(GROUPS):
        who = np.flatnonzero(people["group"].to_numpy() == number)
        clock = np.concatenate([[0.0], np.cumsum(day_weights(group))])
        clock *= (len(clock) - 1) / clock[-1]  # an ordinary year keeps its length
        calendar = np.arange(len(clock)) - float(BURN_IN_DAYS)
        now = people["joined"].to_numpy()[who]
        rate = people["rate"].to_numpy()[who] / 365
        end = now + rng.exponential(365 * group.active_years, len(who))
        while len(who):
            found.append((who[now >= 0], now[now >= 0]))
            gap = rng.gamma(group.gap_shape, 1 / (group.gap_shape * rate))
            pause = rng.exponential(365 * group.pause_years, len(who))
            pause[rng.random(len(who)) > group.return_chance] = np.inf
            later = np.interp(np.interp(now, calendar, clock) + gap, clock, calendar, right=np.inf)
            back = np.interp(np.interp(end, calendar, clock) + pause, clock, calendar, right=np.inf)
            lapsed = later > end
            now = np.where(lapsed, back, later)
            end = np.where(lapsed, back + rng.exponential(365 * group.active_years, len(who)), end)
            keep = now < LAST_DAY
            who, now, rate, end = who[keep], now[keep], rate[keep], end[keep]
    orders = pd.DataFrame(
        {"person": np.concatenate([w for w, _ in found]), "time": np.concatenate([t for _, t in found])}
    )
    orders = orders.sort_values(["time", "person"], kind="stable", ignore_index=True)
    level = people["level"].to_numpy()[orders["person"]]
    orders["Amount"] = np.maximum(np.exp(rng.normal(level, 0.38)), 2.0).round(2)
    orders["day"] = np.floor(orders["time"]).astype(int)
    return orders[["person", "day", "Amount"]]


def summarise(orders: pd.DataFrame, first_day: int) -> pd.DataFrame:
    """Recency (days), Frequency (orders), Monetary (dollars) per person over the days from first_day on."""
    window = orders[orders["day"] >= first_day].groupby("person")
    return pd.DataFrame(
        {
            "Recency": LAST_DAY - window["day"].max(),
            "Frequency": window.size(),
            "Monetary": window["Amount"].sum().round(2),
        }
    )


def add_behaviour(rng: np.random.Generator, table: pd.DataFrame, appeal: np.ndarray, past: np.ndarray) -> pd.DataFrame:
    """The optional columns, from a customer's orders in the window, appeal and spend of the year before."""
    n, frequency = len(table), table["Frequency"].to_numpy()
    table = table.assign(Avg_Order_Value=(table["Monetary"] / table["Frequency"]).round(2))
    visits = np.exp(1.75 + 0.50 * appeal) * (0.6 + 0.4 * np.sqrt(frequency))
    table["Session_Count"] = frequency + rng.negative_binomial(4, 4 / (4 + visits))
    sessions = table["Session_Count"].to_numpy()
    table["Avg_Session_Duration"] = np.exp(rng.normal(1.75 + 0.12 * appeal, 0.35, n)).round(1)
    table["Pages_Viewed"] = sessions + rng.poisson(sessions * np.exp(rng.normal(1.0 + 0.10 * appeal, 0.25, n)))
    table["Clicks"] = rng.negative_binomial(5, 5 / (5 + sessions * np.exp(0.9 + 0.22 * appeal)))
    wishes = 0.25 * sessions * np.exp(-0.4 + 0.45 * appeal)
    table["Wishlist_Adds"] = rng.negative_binomial(2, 2 / (2 + wishes))
    chance = 1 / (1 + np.exp(2.2 - 0.75 * appeal - 0.02 * np.minimum(frequency, 30)))
    table["Campaign_Response"] = (rng.random(n) < chance).astype(int)
    leave = 1 / (1 + np.exp(-(2.1 - 0.30 * appeal - 0.72 * np.log(frequency) + rng.normal(0, 0.30, n))))
    abandoned = rng.negative_binomial(frequency, 1 - leave)
    table["Cart_Abandon_Rate"] = (100 * abandoned / (abandoned + frequency)).round(1)
    table["Returns"] = rng.binomial(frequency, rng.beta(1.2, 12.0, n))
    judged = past * np.exp(rng.normal(0, 0.30, n))
    table["Segment_Label"] = np.array(TIERS)[np.searchsorted(TIER_SPEND, judged, side="right")]
    return table


def add_defects(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """The table as the shop would export it: the DEFECTS put in, every one on a customer of its own."""
    rows = rng.permutation(len(table))
    hit, start = {}, 0
    for kind, count in DEFECTS.items():
        hit[kind], start = np.sort(rows[start : start + count]), start + count
    raw = table.astype({"Customer_ID": object, "Segment_Label": object, "Recency": "Int64", "Wishlist_Adds": "Int64"})
    column = {name: raw.columns.get_loc(name) for name in raw.columns}
    raw.iloc[hit["blank id"], column["Customer_ID"]] = ""
    raw.iloc[hit["blank Recency"], column["Recency"]] = pd.NA
    raw.iloc[hit["negative Monetary"], column["Monetary"]] *= -1
    raw.iloc[hit["spend without orders"], column["Frequency"]] = 0
    raw.iloc[hit["spend without orders"], column["Returns"]] = 0
    raw.iloc[hit["blank Avg_Session_Duration"], column["Avg_Session_Duration"]] = np.nan
    raw.iloc[hit["blank Wishlist_Adds"], column["Wishlist_Adds"]] = pd.NA
    raw.iloc[hit["Cart_Abandon_Rate above 100"], column["Cart_Abandon_Rate"]] += 101
    at = hit["Returns above Frequency"]
    raw.iloc[at, column["Returns"]] = raw["Frequency"].to_numpy()[at] + 2
    for position, row in enumerate(hit["ragged Segment_Label"]):
        label = raw.iloc[row, column["Segment_Label"]]
        raw.iloc[row, column["Segment_Label"]] = (label.upper(), f" {label}", f"{label.lower()} ")[position % 3]
    twice = raw.iloc[hit["exact duplicate"]]
    other = raw.iloc[hit["conflicting duplicate"]].assign(
        Recency=lambda rows: rows["Recency"] + 30, Monetary=lambda rows: (rows["Monetary"] * 1.5).round(2)
    )
    raw = pd.concat([raw, twice, other], ignore_index=True)
    return raw.iloc[rng.permutation(len(raw))].reset_index(drop=True)


def make(seed: int = SEED, customers: int = CUSTOMERS, defects: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The order log and the customer table.

    Candidates come in random order and are taken until exactly `customers` (plus those that the defects cost)
    have an order in the window; everyone before the last of them is in the log, lapsed or not.

    Returns (orders, table): orders has Customer_ID, Order_ID, Order_Date (date), Amount (dollars), by date; table
    has the 14 columns of data/README.md. Raises ValueError if too few candidates were drawn.
    """
    people_rng, order_rng, behaviour_rng, defect_rng = (
        np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)
    )
    wanted = customers + (sum(DEFECTS[kind] for kind in LOSING) if defects else 0)
    people = draw_customers(people_rng, int(6 * wanted) + 1000)
    orders = draw_orders(order_rng, people)
    window_day = (WINDOW_START - LOG_START).days
    active = np.zeros(len(people), dtype=bool)
    active[orders.loc[orders["day"] >= window_day, "person"].unique()] = True
    if active.sum() < wanted:
        raise ValueError(f"{active.sum()} of {len(people)} candidates bought in the window, {wanted} are needed")
    last = np.flatnonzero(active)[wanted - 1]
    orders = orders[orders["person"] <= last].reset_index(drop=True)

    everyone = np.sort(orders["person"].unique())
    joined = people["joined"].to_numpy()[everyone]
    rank = np.empty(len(everyone), dtype=int)
    rank[np.argsort(joined, kind="stable")] = np.arange(1, len(everyone) + 1)  # ids in the order of joining
    width = max(5, len(str(len(everyone))))
    ids = pd.Series([f"CUST{number:0{width}d}" for number in rank], index=everyone)

    table = summarise(orders, window_day)
    before = orders[(orders["day"] < window_day) & (orders["day"] >= window_day - 365)]
    past = before.groupby("person")["Amount"].sum().reindex(table.index, fill_value=0.0).to_numpy()
    appeal = people["appeal"].to_numpy()[table.index]
    table.insert(0, "Customer_ID", ids.loc[table.index].to_numpy())
    table = add_behaviour(behaviour_rng, table, appeal, past).sort_values(
        "Customer_ID", kind="stable", ignore_index=True
    )
    if defects:
        table = add_defects(defect_rng, table)

    log = pd.DataFrame(
        {
            "Customer_ID": ids.loc[orders["person"]].to_numpy(),
            "Order_ID": [f"ORD{number:07d}" for number in range(1, len(orders) + 1)],
            "Order_Date": (LOG_START + pd.to_timedelta(orders["day"], unit="D")).dt.strftime("%Y-%m-%d"),
            "Amount": orders["Amount"],
        }
    )
    return log, table


def write(log: pd.DataFrame, table: pd.DataFrame, folder: Path) -> None:
    """Write both files; the gzip header carries no time and no name, so the same seed gives the same bytes."""
    table.to_csv(folder / TABLE_NAME, index=False, lineterminator="\n")
    text = io.BytesIO()
    log.to_csv(text, index=False, lineterminator="\n")
    with (
        open(folder / LOG_NAME, "wb") as file,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=file, mtime=0) as packed,
    ):
        packed.write(text.getvalue())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="customers left after cleaning")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    order_log, customer_table = make(options.seed, options.customers)
    write(order_log, customer_table, options.out)
    print(f"{len(customer_table):,} rows in {TABLE_NAME}, {len(order_log):,} orders in {LOG_NAME}")
