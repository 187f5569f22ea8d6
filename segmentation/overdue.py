"""When each customer's next order is due by his own rhythm, who is overdue, and whether that foretells anything."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from segmentation.clusters import Model, place
from segmentation.orders import covers, rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.vocabulary import LOYAL, OVERDUE, SEGMENTS, VIP
from segmentation.words import Sentence, sentence

MIN_SIDE = 30  # customers who bought, and who did not, below which nothing is judged
JUDGED = 20_000  # customers at most behind a judgement; more only cost time
STATES = ("on time", "due", "overdue")


@dataclass(frozen=True)
class Rhythm:
    """How long customers of a log usually wait between two orders, as far as the log shows it; by Customer_ID."""

    last: pd.Series  # day of the last order
    gaps: pd.Series  # how many gaps between days with an order
    own: pd.Series  # mean of the logarithm of these gaps; NaN without one
    weight: float  # gaps of others that count as much as one's own: see usual_gaps


def rhythm_of(log: pd.DataFrame, day: pd.Timestamp) -> Rhythm:
    """The rhythm that the orders before the day show; refunds and further orders of a day are none."""
    orders = log.loc[(log["Order_Date"] < day) & (log["Amount"] >= 0), ["Customer_ID", "Order_Date"]]
    orders = orders.assign(Order_Date=orders["Order_Date"].dt.normalize()).drop_duplicates()
    orders = orders.sort_values(["Customer_ID", "Order_Date"], kind="stable")
    groups = orders.groupby("Customer_ID", observed=True)["Order_Date"]
    waited = np.log(groups.diff().dt.days.astype(float))
    by_customer = waited.groupby(orders["Customer_ID"], observed=True)
    own, gaps = by_customer.mean(), by_customer.count()
    spread = by_customer.var()
    within = np.average(spread.dropna(), weights=(gaps - 1)[spread.notna()]) if spread.notna().any() else np.nan
    between = own[gaps > 1].var() - within * (1 / gaps[gaps > 1]).mean()
    weight = within / between if between > 0 else np.inf
    found = (groups.max(), gaps, own)
    return Rhythm(*(part.set_axis(part.index.astype(str)) for part in found), float(weight))


def usual_gaps(rhythm: Rhythm, segment: pd.Series) -> pd.Series:
    """Usual days between orders, by the index of `segment` (Customer_ID); NaN where nobody's gap is known.

    A geometric mean, drawn to that of the segment by credibility (Buehlmann 1967): own gaps count n / (n + weight),
    the weight being the variance within customers over that between them, so one gap decides little and ten a lot.
    """
    names = segment.astype(str)
    own, n = rhythm.own.reindex(names.index), rhythm.gaps.reindex(names.index, fill_value=0)
    typical = own.groupby(names).transform("mean").fillna(rhythm.own.mean())
    share = np.where(np.isinf(rhythm.weight), 0.0, n / (n + min(rhythm.weight, 1e9)))
    return np.exp(share * own.fillna(0.0) + (1 - share) * typical)


def due(log: pd.DataFrame, day: pd.Timestamp, segment: pd.Series) -> pd.DataFrame:
    """By Customer_ID (index of `segment`): Last, the usual Gap in days, and the columns OVERDUE; NaN where unknown.

    Expected_Next_Order: last order plus the usual gap. Overdue_Ratio: days since the last order over the usual gap.
    """
    rhythm = rhythm_of(log, day)
    table = pd.DataFrame({"Last": rhythm.last.reindex(segment.index), "Gap": usual_gaps(rhythm, segment)})
    table[OVERDUE[0]] = table["Last"] + pd.to_timedelta(table["Gap"].round(), unit="D")
    table[OVERDUE[1]] = (day - table["Last"]).dt.days / table["Gap"]
    return table


def columns_of(log: pd.DataFrame | LeftOut, day: pd.Timestamp, customers: pd.DataFrame) -> pd.DataFrame:
    """The columns OVERDUE of the customer table; none without a log."""
    if isinstance(log, LeftOut):
        return pd.DataFrame(index=customers.index)
    segment = customers.set_index(customers["Customer_ID"].astype(str))["Segment_Name"]
    found = due(log, day, segment).set_axis(customers.index)
    dates = found[OVERDUE[0]].dt.strftime("%Y-%m-%d").fillna("")
    return pd.DataFrame({OVERDUE[0]: dates, OVERDUE[1]: found[OVERDUE[1]].round(2)})


def add_columns(customers: pd.DataFrame, log: pd.DataFrame | LeftOut, day: pd.Timestamp) -> None:
    """Write the columns OVERDUE into the customer table, where there is a log."""
    found = columns_of(log, day, customers)
    customers[list(found)] = found


@dataclass(frozen=True)
class Overdue:
    """Who is overdue, by segment."""

    customers: pd.DataFrame  # by segment (SEGMENTS): how many are in each of STATES
    overdue_from: float  # times the usual gap

    @property
    def finding(self) -> Sentence:
        """How many of the two best segments are overdue."""
        late = self.customers.loc[[VIP, LOYAL], STATES[-1]]
        text = "{n:# customer} of {best:&} {verb} overdue: silent for {times:g} times as long as usual for them"
        names = late[late > 0].index.tolist() or [VIP, LOYAL]
        verb = "is" if late.sum() == 1 else "are"
        return sentence(text, n=late.sum(), best=names, verb=verb, times=self.overdue_from)


def who_is_overdue(customers: pd.DataFrame, overdue_from: float) -> Overdue | LeftOut:
    """Customers by segment and state: on time (ratio up to 1), due, overdue (from `overdue_from` times on)."""
    if OVERDUE[1] not in customers or customers[OVERDUE[1]].notna().sum() == 0:
        return LeftOut("who is overdue needs an order log in which customers come back")
    ratio = customers[OVERDUE[1]]
    state = np.select([ratio >= overdue_from, ratio > 1], STATES[:0:-1], STATES[0])
    table = pd.crosstab(customers["Segment_Name"].astype(str)[ratio.notna()], state[ratio.notna()])
    return Overdue(table.reindex(index=SEGMENTS, columns=STATES, fill_value=0), overdue_from)


@dataclass(frozen=True)
class Foretold:
    """How well a number known on a past day told who would not buy in the days after it."""

    day: pd.Timestamp
    days: int  # watched
    table: pd.DataFrame  # by group: Customers, Silent (share), AUC of ratio and of recency; Gain, Low, High

    def verdict(self, group: str) -> str:
        """Whether the ratio foretells silence better than recency does."""
        low, high = self.table.loc[group, ["Low", "High"]]
        return "better than" if low > 0 else "worse than" if high < 0 else "no better than"

    @property
    def finding(self) -> Sentence:
        """The verdicts with their numbers."""
        text = (
            "Put to the past: of the {all[Customers]:#} customers of {day} {all[Silent]:%} bought nothing in the "
            "{days} days after. Among all, the ratio told who would stay away **{verdict} days since the last order "
            "alone** (AUC "
            "{all[Ratio]:.2f} against {all[Recency]:.2f}; 0.5 is chance)"
        )
        inside = self.table.loc["Best"]
        if pd.notna(inside["Ratio"]):
            text += "; within {best:&}, for whom the plan uses it, {among} it ({x[Ratio]:.2f} against {x[Recency]:.2f})"
        numbers = {"all": self.table.loc["All"], "x": inside, "best": [VIP, LOYAL], "among": self.verdict("Best")}
        return sentence(text + ".", day=self.day.date(), days=self.days, verdict=self.verdict("All"), **numbers)


def foretold(log, snapshot: pd.Timestamp, months: int | None, model: Model, days: int, seed: int) -> Foretold | LeftOut:
    """The ratio put to a time split: known `days` before the snapshot, judged by who bought nothing since."""
    day = snapshot - pd.Timedelta(days=days)
    if months and not covers(log, day, months):
        return LeftOut(f"whether being overdue foretells anything needs a log of {days} days beyond the window")
    then = rfm_from_orders(log, day, months).dropna().sort_index()
    then = then[then["Frequency"] > 0]
    if len(then) > JUDGED:
        then = then.sample(JUDGED, random_state=seed).sort_index()
    segment = place(model, then).columns(then.index)["Segment_Name"].astype(str)
    known = pd.DataFrame({"Ratio": due(log, day, segment)[OVERDUE[1]], "Recency": then["Recency"]})
    bought = log.loc[(log["Order_Date"] >= day) & (log["Amount"] >= 0), "Customer_ID"].astype(str)
    known["Silent"] = ~known.index.isin(bought.unique())
    known = known[known["Ratio"].notna()]
    if not MIN_SIDE <= known["Silent"].sum() <= len(known) - MIN_SIDE:
        return LeftOut("whether being overdue foretells anything; nearly everybody, or hardly anybody, bought again")
    groups = {"All": known, "Best": known[segment[known.index].isin([VIP, LOYAL])]}
    return Foretold(day, days, pd.DataFrame({name: compared(group) for name, group in groups.items()}).T)


def placements(silent: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each silent one the share of others with a lower value, of each other the share of silent ones with a higher.

    Ties count half; the mean of either is the AUC (DeLong and others 1988).
    """
    ranks = rankdata(values)
    among = ranks[silent] - rankdata(values[silent]), ranks[~silent] - rankdata(values[~silent])
    return among[0] / (~silent).sum(), 1 - among[1] / silent.sum()


def compared(known: pd.DataFrame) -> dict:
    """AUC of ratio and recency for Silent, and the 95 % interval of the gain (DeLong); NaN where one side lacks."""
    found = {"Customers": len(known), "Silent": known["Silent"].mean()}
    silent = known["Silent"].to_numpy()
    if not MIN_SIDE <= silent.sum() <= len(silent) - MIN_SIDE:
        return found | dict.fromkeys(["Ratio", "Recency", "Gain", "Low", "High"], np.nan)
    ratio, recency = (placements(silent, known[name].to_numpy(float)) for name in ("Ratio", "Recency"))
    gain = ratio[0].mean() - recency[0].mean()
    apart = [one - other for one, other in zip(ratio, recency, strict=True)]
    half = 1.96 * np.sqrt(sum(part.var(ddof=1) / len(part) for part in apart))
    areas = {"Ratio": ratio[0].mean(), "Recency": recency[0].mean()}
    return found | areas | {"Gain": gain, "Low": gain - half, "High": gain + half}
