"""Make the shipped synthetic shop: an order log of 36 months and the customer table that follows from it.

Everything comes from one seed. Customers join, buy, drift away and come back; the table's Recency, Frequency
and Monetary are then computed from their orders, and sessions, carts, clicks, wishlists, returns and campaign
responses follow from what each customer is like. No real person is described.

    python data/make_dataset.py                 writes both files beside this script
    python data/make_dataset.py --seed 7 --out /some/folder --customers 50000

Customers, groups, clocks and spells come first, then orders and refunds, then behaviour, then what goes wrong.
The models, their sources, and how the constants were found: data/README.md.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 39  # of seeds 1 to 50 the one whose shares come nearest to the published ones (rule: data/README.md)
CUSTOMERS = 10_000  # customers left after cleaning
OPENED = pd.Timestamp("2015-07-01")  # nobody joined before; long enough ago for most first customers to have left
LOG_START = pd.Timestamp("2023-07-01")
WINDOW_START = pd.Timestamp("2025-07-01")  # the table counts orders from here on
SNAPSHOT = pd.Timestamp("2026-07-01")  # the day after the last day of the log
LAST_DAY = (SNAPSHOT - LOG_START).days  # days are counted from LOG_START; the log holds days 0 .. LAST_DAY - 1
WINDOW_DAY = (WINDOW_START - LOG_START).days
DAYS = pd.date_range(OPENED, SNAPSHOT - pd.Timedelta(days=1))
CALENDAR = np.arange(len(DAYS) + 1) - float((LOG_START - OPENED).days)  # day numbers of DAYS, and the snapshot's

PEAK = 335  # day of the year around which Christmas shopping lies: the first of December
PEAK_DAYS = 22.0  # its standard deviation: it takes eleven weeks, not one sale
WEEKEND = 1.15  # a weekend day against a weekday
MARKET = 0.08  # sd of the log of a July-to-June year's demand: what last year cannot tell of the next
PRICE_RISE = ((pd.Timestamp("2025-02-01") - LOG_START).days, 1.05)  # from this day on prices are so much higher

LEVEL_SPREAD = 0.30  # sd over customers of the log order level
ORDER_SPREAD = 0.40  # sd of the log value of a customer's orders around his level
APPEAL_IN_LEVEL = 0.75  # correlation of appeal and order level: engaged customers spend more per order
APPEAL_IN_SPELL = 0.25  # log of a spell's mean length per unit of appeal: engaged customers keep coming
BULK = (0.007, 12.0, 0.3)  # share of bulk orders, how many times the usual value, sd of its log
SAME_DAY = 0.004  # share of orders that another one follows on the same day: something was forgotten
RETURNED = (1.2, 12.0)  # beta parameters of a customer's chance to send an order back
REFUNDED = (0.08, 0.5)  # share of returns paid back (others are exchanged), and of those the share in full
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
    "spend without orders": 4,  # Frequency 0 beside a positive Monetary; the customer is kept
    "blank Avg_Session_Duration": 10,
    "blank Wishlist_Adds": 8,
    "Cart_Abandon_Rate above 100": 7,
    "Returns above Frequency": 6,
    "ragged Segment_Label": 20,  # odd case, or spaces around it
}
# These defects cost the customer his row; so many more customers are simulated.
LOSING = ("conflicting duplicate", "blank id", "blank Recency", "negative Monetary")
# The same for the order log. All but the further lines are extra rows, which the rules of the log take out again.
LOG_DEFECTS = {
    "further line of an order": 300,  # an order written as two rows that add up to it
    "repeated row": 30,
    "guest order": 240,  # no Customer_ID
    "order number of two customers": 6,  # two rows each
    "blank Order_ID": 5,
    "unreadable date": 5,
    "amount that is no number": 4,
}


@dataclass(frozen=True)
class Group:
    """What a kind of customer is like. The groups overlap, and no output names them."""

    joins: float  # customers who join, relative to the other groups
    orders_per_year: float  # mean rate while active
    rate_shape: float  # gamma shape of the rate over customers; larger = more alike
    gap_shape: int  # Erlang shape of the gaps; 1 = Poisson, larger = more regular
    active_years: float  # mean length of an active spell
    pause_years: float  # mean length of a pause
    return_chance: float  # chance that a pause ends at all
    order_value: float  # median order, dollars
    season: float  # height of the Christmas peak over the ordinary day
    appeal: float  # mean of the latent appeal, whose sd over customers is 1


GROUPS = (
    Group(2.19, 22.0, 200.0, 8, 1.5, 0.45, 0.85, 58.0, 0.15, 0.6),  # the shop's core
    Group(2.79, 9.5, 200.0, 8, 6.0, 0.50, 0.70, 56.0, 0.15, 0.3),  # steady buyers
    Group(0.84, 3.5, 100.0, 8, 4.0, 0.60, 0.40, 54.0, 0.15, 0.1),  # buy now and then
    Group(40.0, 0.6, 8.0, 1, 0.6, 1.20, 0.30, 52.0, 60.0, -0.4),  # come for presents
    Group(0.06, 90.0, 2.0, 2, 3.0, 0.50, 0.60, 125.0, 0.20, 0.3),  # firms that buy for their staff
)


def clock(group: Group, demand: np.ndarray | float = 1.0) -> np.ndarray:
    """Time as a group's customers live it: its reading at every day of CALENDAR; one unit = an ordinary day."""
    from_peak = (DAYS.day_of_year.to_numpy() - PEAK + 182) % 365 - 182
    busy = 1 + group.season * np.exp(-0.5 * (from_peak / PEAK_DAYS) ** 2)
    busy *= np.where(DAYS.day_of_week < 5, 1.0, WEEKEND)
    return np.concatenate([[0.0], np.cumsum(demand * busy / busy.mean())])


def draw_demand(rng: np.random.Generator) -> np.ndarray:
    """How demand differs from an ordinary year's, by day of DAYS; one draw for each July-to-June year."""
    year = (DAYS.year - OPENED.year - (DAYS.month < OPENED.month)).to_numpy()
    return np.exp(rng.normal(0, MARKET, year.max() + 1))[year]


def draw_customers(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Candidates in random order: group, appeal, log order level, yearly rate, day of joining, mean spell in days."""
    weights = np.array([group.joins for group in GROUPS])
    people = pd.DataFrame({"group": rng.choice(len(GROUPS), size=count, p=weights / weights.sum())})
    latent, own = rng.normal(size=(2, count))
    mixed = APPEAL_IN_LEVEL * latent + np.sqrt(1 - APPEAL_IN_LEVEL**2) * own
    people["appeal"], people["level"] = latent, LEVEL_SPREAD * mixed
    people["spell"] = 365 * np.exp(APPEAL_IN_SPELL * latent - APPEAL_IN_SPELL**2 / 2)
    people["joined"], people["rate"] = 0.0, 0.0
    for number, group in enumerate(GROUPS):
        rows, time = people["group"] == number, clock(group)
        people.loc[rows, "appeal"] += group.appeal
        people.loc[rows, "level"] += np.log(group.order_value)
        people.loc[rows, "spell"] *= group.active_years
        people.loc[rows, "joined"] = np.interp(rng.random(rows.sum()) * time[-1], time, CALENDAR)
        people.loc[rows, "rate"] = rng.gamma(group.rate_shape, group.orders_per_year / group.rate_shape, rows.sum())
    return people


def order_times(rng: np.random.Generator, group: Group, people: pd.DataFrame, demand: np.ndarray) -> pd.DataFrame:
    """When the people of one group order inside the log: person (their index), time (days from LOG_START).

    Each spell opens with an order (joining, or coming back); the next ones follow after Erlang gaps on the group's
    clock until the spell ends; pauses run on the same clock.
    """
    time, found = clock(group, demand), []
    who, now = people.index.to_numpy(), people["joined"].to_numpy()
    rate, spell = people["rate"].to_numpy() / 365, people["spell"].to_numpy()
    end = now + rng.exponential(spell)
    while len(who):
        found.append(pd.DataFrame({"person": who, "time": now})[now >= 0])
        gap = rng.gamma(group.gap_shape, 1 / (group.gap_shape * rate))
        pause = rng.exponential(365 * group.pause_years, len(who))
        pause[rng.random(len(who)) > group.return_chance] = np.inf
        later = np.interp(np.interp(now, CALENDAR, time) + gap, time, CALENDAR, right=np.inf)
        back = np.interp(np.interp(end, CALENDAR, time) + pause, time, CALENDAR, right=np.inf)
        lapsed = later > end
        now = np.where(lapsed, back, later)
        end = np.where(lapsed, back + rng.exponential(spell), end)
        keep = now < LAST_DAY
        who, now, rate, spell, end = who[keep], now[keep], rate[keep], spell[keep], end[keep]
    return pd.concat(found)


def draw_orders(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Orders of every candidate inside the log, in order of time: person, day, Amount (dollars), returned."""
    demand = draw_demand(rng)
    kinds = people.groupby("group")
    orders = pd.concat([order_times(rng, GROUPS[number], kind, demand) for number, kind in kinds], ignore_index=True)
    forgot = orders[rng.random(len(orders)) < SAME_DAY]
    orders = pd.concat([orders, forgot.assign(time=np.floor(forgot["time"]) + 0.999)])
    orders = orders.sort_values(["time", "person"], kind="stable", ignore_index=True)
    person, n = orders["person"].to_numpy(), len(orders)
    orders["day"] = np.floor(orders["time"]).astype(int)
    amount = np.exp(rng.normal(people["level"].to_numpy()[person], ORDER_SPREAD))
    share, factor, spread = BULK
    amount *= np.where(rng.random(n) < share, factor * np.exp(rng.normal(0, spread, n)), 1.0)
    amount *= np.where(orders["day"] >= PRICE_RISE[0], PRICE_RISE[1], 1.0)
    orders["Amount"] = np.maximum(amount, 2.0).round(2)
    orders["returned"] = rng.random(n) < rng.beta(*RETURNED, len(people))[person]
    return orders[["person", "day", "Amount", "returned"]]


def draw_refunds(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    """Money paid back three to twenty days after an order: person, day, Amount (negative); index as in orders."""
    paid_back = orders[orders["returned"] & (rng.random(len(orders)) < REFUNDED[0])]
    n = len(paid_back)
    part = np.where(rng.random(n) < REFUNDED[1], 1.0, rng.uniform(0.2, 0.9, n))
    refunds = paid_back[["person"]].assign(
        day=paid_back["day"] + rng.integers(3, 21, n), Amount=-(paid_back["Amount"] * part).round(2)
    )
    return refunds[refunds["day"] < LAST_DAY]


def summarise(orders: pd.DataFrame, refunds: pd.DataFrame, first: int, until: int) -> pd.DataFrame:
    """Recency (days), Frequency (orders), Monetary (dollars), Returns (orders) per person over days first .. until - 1.

    A refund is no order; it lowers Monetary, at most to zero.
    """
    window = orders[orders["day"].between(first, until - 1)].groupby("person")
    back = refunds[refunds["day"].between(first, until - 1)].groupby("person")["Amount"].sum()
    table = pd.DataFrame({"Recency": until - window["day"].max(), "Frequency": window.size()})
    spend = window["Amount"].sum() + back.reindex(table.index, fill_value=0.0)
    return table.assign(Monetary=spend.round(2).clip(lower=0.0) + 0.0, Returns=window["returned"].sum())


def add_browsing(rng: np.random.Generator, table: pd.DataFrame, appeal: np.ndarray) -> pd.DataFrame:
    """Visits, pages, clicks, wishes and response, from appeal and the orders in the window."""
    n, frequency = len(table), table["Frequency"].to_numpy()
    visits = np.exp(1.75 + 0.50 * appeal) * (0.6 + 0.4 * np.sqrt(frequency))
    sessions = frequency + rng.negative_binomial(4, 4 / (4 + visits))
    wishes = 0.25 * sessions * np.exp(-0.4 + 0.50 * appeal)
    chance = 1 / (1 + np.exp(2.2 - 0.55 * appeal - 0.02 * np.minimum(frequency, 30)))
    return table.assign(
        Session_Count=sessions,
        Avg_Session_Duration=np.exp(rng.normal(1.75 + 0.12 * appeal, 0.35, n)).round(1),
        Pages_Viewed=sessions + rng.poisson(sessions * np.exp(rng.normal(1.0 + 0.10 * appeal, 0.25, n))),
        Clicks=rng.negative_binomial(5, 5 / (5 + sessions * np.exp(0.9 + 0.30 * appeal))),
        Wishlist_Adds=rng.negative_binomial(2, 2 / (2 + wishes)),
        Campaign_Response=(rng.random(n) < chance).astype(int),
    )


def add_buying(rng: np.random.Generator, table: pd.DataFrame, appeal: np.ndarray, past: np.ndarray) -> pd.DataFrame:
    """Carts left and tier, from appeal, the orders in the window and spend of the year before; Returns behind carts."""
    n, frequency = len(table), table["Frequency"].to_numpy()
    leave = 1 / (1 + np.exp(-(1.95 - 0.60 * appeal - 0.66 * np.log(frequency) + rng.normal(0, 0.30, n))))
    left = rng.negative_binomial(frequency, 1 - leave)
    judged = past * np.exp(rng.normal(0, 0.30, n))
    return table.drop(columns="Returns").assign(
        Cart_Abandon_Rate=(100 * left / (left + frequency)).round(1),
        Returns=table["Returns"],
        Segment_Label=np.array(TIERS)[np.searchsorted(TIER_SPEND, judged, side="right")],
    )


def pick(rng: np.random.Generator, rows: int, kinds: dict[str, int]) -> dict[str, np.ndarray]:
    """Positions for every kind of defect, no position twice: kind -> sorted positions."""
    order, ends = rng.permutation(rows), np.cumsum(list(kinds.values()))
    return {kind: np.sort(order[end - kinds[kind] : end]) for kind, end in zip(kinds, ends, strict=True)}


def add_defects(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """The table as the shop would export it: the DEFECTS put in, every one on a customer of its own."""
    hit = pick(rng, len(table), DEFECTS)
    raw = table.astype({"Customer_ID": object, "Segment_Label": object, "Recency": "Int64", "Wishlist_Adds": "Int64"})
    raw.loc[hit["blank id"], "Customer_ID"] = ""
    raw.loc[hit["blank Recency"], "Recency"] = pd.NA
    raw.loc[hit["negative Monetary"], "Monetary"] *= -1
    raw.loc[hit["spend without orders"], ["Frequency", "Returns"]] = 0
    raw.loc[hit["blank Avg_Session_Duration"], "Avg_Session_Duration"] = np.nan
    raw.loc[hit["blank Wishlist_Adds"], "Wishlist_Adds"] = pd.NA
    raw.loc[hit["Cart_Abandon_Rate above 100"], "Cart_Abandon_Rate"] += 101
    raw.loc[hit["Returns above Frequency"], "Returns"] = raw["Frequency"] + 2
    ragged = raw.loc[hit["ragged Segment_Label"], "Segment_Label"]
    written = [(label.upper(), f" {label}", f"{label.lower()} ")[turn % 3] for turn, label in enumerate(ragged)]
    raw.loc[hit["ragged Segment_Label"], "Segment_Label"] = written
    other = raw.loc[hit["conflicting duplicate"]]
    other = other.assign(Recency=other["Recency"] + 30, Monetary=(other["Monetary"] * 1.5).round(2))
    raw = pd.concat([raw, raw.loc[hit["exact duplicate"]], other], ignore_index=True)
    return raw.iloc[rng.permutation(len(raw))].reset_index(drop=True)


def order_log(orders: pd.DataFrame, refunds: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Orders and refunds as rows by date; a refund bears the number of its order."""
    rows = pd.concat([orders, refunds]).sort_values("day", kind="stable")
    return pd.DataFrame(
        {
            "Customer_ID": ids.loc[rows["person"]].to_numpy(),
            "Order_ID": [f"ORD{number:07d}" for number in rows.index + 1],
            "Order_Date": (LOG_START + pd.to_timedelta(rows["day"], unit="D")).dt.strftime("%Y-%m-%d").to_numpy(),
            "Amount": rows["Amount"].to_numpy(),
        }
    )


def add_log_defects(rng: np.random.Generator, log: pd.DataFrame) -> pd.DataFrame:
    """The log as the shop would export it: the LOG_DEFECTS put in, after orders of which each is hit once at most."""
    sold = np.flatnonzero(log["Amount"] >= 1)
    hit = {kind: sold[rows] for kind, rows in pick(rng, len(sold), LOG_DEFECTS).items()}
    log = log.copy()
    lines = log.loc[hit.pop("further line of an order")]
    lines["Amount"] = (lines["Amount"] * rng.uniform(0.2, 0.4, len(lines))).round(2)
    log.loc[lines.index, "Amount"] = (log["Amount"] - lines["Amount"]).round(2)
    repeated = log.loc[hit.pop("repeated row")]
    rows = [log, lines, repeated, by_hand(rng, log, hit)]
    return pd.concat(rows, ignore_index=True).sort_values("Order_Date", kind="stable", ignore_index=True)


def by_hand(rng: np.random.Generator, log: pd.DataFrame, hit: dict[str, np.ndarray]) -> pd.DataFrame:
    """Rows that somebody typed, each like the order at a position of the log but for what went wrong with it."""
    rows = pd.concat([log.loc[at].assign(kind=kind) for kind, at in hit.items()], ignore_index=True)
    rows["Amount"] = (rows["Amount"] * rng.uniform(0.8, 1.2, len(rows))).round(2)
    rows["Order_ID"] = [f"TEL{number:07d}" for number in range(1, len(rows) + 1)]
    shared = rows[rows["kind"] == "order number of two customers"]
    rows = pd.concat([rows, shared.assign(Customer_ID=np.roll(shared["Customer_ID"], 1))], ignore_index=True)
    rows = rows.astype({"Amount": object})
    kind = rows.pop("kind")
    rows.loc[kind == "guest order", "Customer_ID"] = ""
    rows.loc[kind == "blank Order_ID", "Order_ID"] = ""
    rows.loc[kind == "unreadable date", "Order_Date"] = rows["Order_Date"].str[:8] + "00"
    rows.loc[kind == "amount that is no number", "Amount"] = "n/a"
    return rows


def first_buyers(orders: pd.DataFrame, wanted: int) -> pd.DataFrame:
    """The orders of everyone up to the candidate with whom `wanted` have one in the window; ValueError if too few."""
    active = np.unique(orders.loc[orders["day"] >= WINDOW_DAY, "person"])
    if len(active) < wanted:
        raise ValueError(f"{len(active)} candidates bought in the window, {wanted} are needed")
    return orders[orders["person"] <= active[wanted - 1]].reset_index(drop=True)


def name_customers(people: pd.DataFrame, orders: pd.DataFrame) -> pd.Series:
    """Customer_ID of everyone with an order, numbered by the day of joining; index: person."""
    joined = people.loc[np.unique(orders["person"]), "joined"].sort_values(kind="stable")
    width = max(5, len(str(len(joined))))
    return pd.Series([f"CUST{number:0{width}d}" for number in range(1, len(joined) + 1)], joined.index)


def make(seed: int = SEED, customers: int = CUSTOMERS, defects: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The order log and the customer table.

    Candidates come in random order and are taken until exactly `customers` (plus those that the defects cost)
    have an order in the window; everyone before the last of them is in the log, lapsed or not.

    Returns (log, table): the log has Customer_ID, Order_ID, Order_Date (text), Amount (dollars, refunds negative),
    by date; the table has the 14 columns of data/README.md. Raises ValueError if too few candidates were drawn.
    """
    draws = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)]
    wanted = customers + (sum(DEFECTS[kind] for kind in LOSING) if defects else 0)
    people = draw_customers(draws[0], 6 * wanted + 1000)
    orders = first_buyers(draw_orders(draws[1], people), wanted)
    refunds = draw_refunds(draws[1], orders)
    ids = name_customers(people, orders)
    table = summarise(orders, refunds, WINDOW_DAY, LAST_DAY)
    before = summarise(orders, refunds, WINDOW_DAY - 365, WINDOW_DAY)["Monetary"]
    past = before.reindex(table.index, fill_value=0.0).to_numpy()
    appeal = people["appeal"].to_numpy()[table.index]
    table.insert(0, "Customer_ID", ids.loc[table.index].to_numpy())
    table["Avg_Order_Value"] = (table["Monetary"] / table["Frequency"]).round(2)
    table = add_buying(draws[2], add_browsing(draws[2], table, appeal), appeal, past)
    table = table.sort_values("Customer_ID", kind="stable", ignore_index=True)
    log = order_log(orders, refunds, ids)
    return (add_log_defects(draws[4], log), add_defects(draws[3], table)) if defects else (log, table)


def write(log: pd.DataFrame, table: pd.DataFrame, folder: Path) -> None:
    """Write both files; the gzip header carries no time, so the same seed gives the same bytes."""
    table.to_csv(folder / TABLE_NAME, index=False, lineterminator="\n")
    packed = {"method": "gzip", "compresslevel": 9, "mtime": 0}
    log.to_csv(folder / LOG_NAME, index=False, lineterminator="\n", compression=packed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="customers left after cleaning")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    order_log, customer_table = make(options.seed, options.customers)
    write(order_log, customer_table, options.out)
    print(f"{len(customer_table):,} rows in {TABLE_NAME}, {len(order_log):,} rows in {LOG_NAME}")
