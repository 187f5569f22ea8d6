"""value"""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import HistGradientBoostingRegressor

from segmentation.clusters import place
from segmentation.constants import AT_RISK, CLV, LOYAL, MIN_CUSTOMERS, MIN_VALUES, PROMISING, SEGMENTS, VIP
from segmentation.features import cut_points
from segmentation.lifetime import FIRST_SEEN_DAYS, bgnbd_spend, in_order, purchases_at
from segmentation.orders import rfm_from_orders
from segmentation.words import count, join, money, percent, plural

HORIZON_MONTHS = 12  # how far ahead value looks; also what is learned from before each date, one whole year of seasons


BUSY_MONTHS = (11, 12)  # Christmas shoppers come for the season; chapter 2 shows the peak


def coded(orders: pd.DataFrame) -> tuple[pd.DataFrame, pd.Index]:
    """The log by customer, day and amount, with a number for each id; and the ids by number."""
    codes, ids = pd.factorize(orders["Customer_ID"], sort=True)
    log = orders[["Order_Date", "Amount"]].assign(Customer_ID=codes.astype(np.int32))
    return log.sort_values(["Customer_ID", "Order_Date", "Amount"], kind="stable", ignore_index=True), pd.Index(ids)


def months_before(when: pd.Timestamp, months: int) -> pd.Timestamp:
    """The day so many months before. months_before(Timestamp("2026-07-01"), 12) -> 2025-07-01"""
    return when - pd.DateOffset(months=months)


def people_at(log: pd.DataFrame, when: pd.Timestamp, months: int | None, model: dict) -> pd.DataFrame:
    """Customers with an order in the window before the date, by number: R, F, M and Segment by the frozen model."""
    people = rfm_from_orders(log[log["Order_Date"] < when], when, months).sort_index()
    people = people[people["Frequency"] > 0].copy()
    people["Segment"] = np.array(SEGMENTS, dtype=object)[place(model, people)[0]] if len(people) else ""
    return people


def spend_between(log: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, people: pd.Index) -> np.ndarray:
    """Net spend of each customer from start to before end; more refunds than orders count as nothing."""
    rows = (log["Order_Date"] >= start) & (log["Order_Date"] < end)
    size = int(people.max()) + 1 if len(people) else 0
    who, amount = log["Customer_ID"].to_numpy()[rows], log["Amount"].to_numpy()[rows]
    total = np.bincount(who[who < size], amount[who < size], minlength=size)
    return np.maximum(np.round(total[people], 2), 0.0)


def features_at(log: pd.DataFrame, when: pd.Timestamp, people: pd.DataFrame) -> pd.DataFrame:
    """What is known of each customer on the date, from the twelve months before it only; days, orders and money.

    Same look-back at every date, so that a number means the same where it is learned and where it is used.
    """
    since = {months: months_before(when, months) for months in (12, 6, 3)}
    year = log[(log["Order_Date"] >= since[12]) & (log["Order_Date"] < when)]
    bought = year[year["Amount"] >= 0]
    who, date = bought["Customer_ID"].to_numpy(), bought["Order_Date"]
    day = (when - date).dt.days.to_numpy()
    start, stop = (np.searchsorted(who, people.index, side=side) for side in ("left", "right"))
    n = (stop - start).astype(float)
    table = pd.DataFrame({"recency": people["Recency"].astype(float)}, index=people.index)
    at = {"first": start, "last": stop - 1, "before": stop - 2}
    days = {name: np.append(day, np.nan)[np.clip(place, 0, len(day))] for name, place in at.items()}
    table["tenure"] = np.where(n > 0, days["first"], np.nan)
    table["mean_gap"] = np.where(n > 1, (days["first"] - days["last"]) / np.maximum(n - 1, 1), np.nan)
    table["last_gap"] = np.where(n > 1, days["before"] - days["last"], np.nan)
    table["overdue"] = table["recency"] / table["mean_gap"].clip(lower=1)
    size = int(people.index.max()) + 1 if len(people) else 0
    for months, first in since.items():
        inside = (date >= first).to_numpy()
        table[f"orders_{months}"] = np.bincount(who[inside], minlength=size)[people.index].astype(float)
        table[f"spend_{months}"] = spend_between(year, first, when, people.index)
    busy = date.dt.month.isin(BUSY_MONTHS).to_numpy()
    table["busy_share"] = np.bincount(who[busy], minlength=size)[people.index] / np.maximum(n, 1)
    table["order_value"] = table["spend_12"] / np.maximum(n, 1)
    table["trend"] = 2 * table["orders_6"] - table["orders_12"]
    return table


def boosted(table: pd.DataFrame, later: np.ndarray, seed: int):
    """Gradient-boosted trees with Poisson loss, which suits spend with many zeros; a function table -> spend.

    Friedman 2001; scikit-learn's HistGradientBoostingRegressor. Spend is divided by its mean, so units do not matter.
    """
    scale, rows = later.mean() if len(later) else 0.0, in_order(table, later, seed)
    if not scale > 0:
        return lambda new: np.zeros(len(new))
    # a small, slow model by rule of thumb; tuning it on the hold-out would make the hold-out part of the learning
    leaf = int(np.clip(len(rows) / 40, 5, 40))
    settings = {"max_iter": 80, "learning_rate": 0.07, "max_leaf_nodes": 8, "min_samples_leaf": leaf}
    trees = HistGradientBoostingRegressor(loss="poisson", early_stopping=False, random_state=seed, **settings).fit(
        table.to_numpy()[rows], later[rows] / scale
    )
    return lambda new: trees.predict(new.to_numpy()) * scale


def mean_of_segment(then: pd.DataFrame, later: np.ndarray, people: pd.DataFrame) -> np.ndarray:
    """Mean later spend of the segment a year ago, for each of today's customers of the segment."""
    means = pd.Series(later, index=then.index).groupby(then["Segment"]).mean()
    return people["Segment"].map(means).fillna(later.mean() if len(later) else 0.0).to_numpy(float)


CANDIDATES = ("Last year again", "Segment mean", "BG/NBD + Gamma-Gamma", "Boosted trees")  # the simplest first


LAST_YEAR, SEGMENT_MEAN, BGNBD, BOOSTED = CANDIDATES


def predict(log: pd.DataFrame, when: pd.Timestamp, months: int | None, model: dict, seed: int) -> dict:
    """What every candidate expects of the next twelve months, from a log that ends before `when`.

    All learn from the customers of a year before: what was known then, and what they spent in the year since.
    Returns now and then (tables with Segment and a column per candidate), later (spend of `then`) and found.
    """
    before = months_before(when, HORIZON_MONTHS)
    then, now = (people_at(log, day, months, model) for day in (before, when))
    later = spend_between(log, before, when, then.index)
    tables = [features_at(log, day, people) for day, people in ((before, then), (when, now))]
    trees = boosted(tables[0], later, seed)
    lifetime, found = bgnbd_spend(purchases_at(log, when), seed)
    for people, table in ((then, tables[0]), (now, tables[1])):
        people[LAST_YEAR] = table["spend_12"]
        people[SEGMENT_MEAN] = mean_of_segment(then, later, people)
        people[BOOSTED] = trees(table)
        people[BGNBD] = people[SEGMENT_MEAN]
    now["Seen"] = now.index.isin(lifetime.index)
    now[BGNBD] = lifetime.reindex(now.index).fillna(now[SEGMENT_MEAN])
    return {"now": now, "then": then, "later": later, "found": found}


BELIEF = 0.25  # a forecast whose total is off by more than a quarter is no base for a budget


MIN_RANK = 0.1  # below it a forecast hardly ranks customers


def rank_of(predicted: np.ndarray, actual: np.ndarray) -> float:
    """Rank correlation, nan where either side is all equal."""
    if len(actual) < 3 or np.ptp(predicted) == 0 or np.ptp(actual) == 0:
        return np.nan
    return float(stats.spearmanr(predicted, actual).statistic)


def signed_two(value: float) -> str:
    """Two decimals, never -0.00. signed_two(-0.001) -> '0.00'"""
    return f"{round(value, 2) + 0.0:.2f}"


def tenths(values: np.ndarray) -> np.ndarray:
    """Tenth of each value, 1 = lowest; equal values share one. Below 500 customers fewer groups, of 50 or more."""
    groups = int(np.clip(len(values) // 50, 1, 10))
    cuts = cut_points(pd.Series(values), list(np.arange(1, groups) / groups)) if groups > 1 else np.array([])
    return 1 + np.searchsorted(cuts, values, side="left")


def off_by(predicted: np.ndarray, actual: np.ndarray, groups: np.ndarray) -> float:
    """Sum over groups of |predicted - actual| totals, as a share of the actual total; 0 = every group right."""
    apart = pd.Series(predicted - actual).groupby(groups).sum().abs().sum()
    return float(apart / actual.sum()) if actual.sum() else np.nan


def measures(people: pd.DataFrame, actual: np.ndarray) -> pd.DataFrame:
    """Per candidate: total (predicted / actual), what segments and tenths are off by, mean absolute error, ranks.

    Gain: lower 95 % limit of how much smaller the mean absolute error is than last year's, pairwise by customer.
    """
    rows, base = {}, np.abs(people[LAST_YEAR].to_numpy() - actual)
    for name in CANDIDATES:
        predicted = people[name].to_numpy()
        better = base - np.abs(predicted - actual)
        rows[name] = {
            "Total": predicted.sum() / actual.sum() if actual.sum() else np.nan,
            "Segments": off_by(predicted, actual, people["Segment"].to_numpy()),
            "Tenths": off_by(predicted, actual, tenths(predicted)),
            "MAE": np.abs(predicted - actual).mean(),
            "Rank": rank_of(predicted, actual),
            "Gain": better.mean() - 1.96 * better.std() / np.sqrt(len(better)),
        }
    return pd.DataFrame(rows).T


def choose(table: pd.DataFrame, refused: list[str]) -> str | None:
    """The candidate that ships, or None; table: see measures.

    Believed: total within BELIEF, rank correlation at least MIN_RANK, not refused. Of these the smallest mean absolute
    error that is surely below last year's; else last year again. (Alone, that error would favour guessing low.)
    """
    believed = table[((table["Total"] - 1).abs() <= BELIEF) & (table["Rank"] >= MIN_RANK)].drop(
        refused, errors="ignore"
    )
    surely = believed[(believed["Gain"] > 0) | (LAST_YEAR not in believed.index)]
    if len(surely):
        return str(surely["MAE"].round(6).idxmin())
    return LAST_YEAR if LAST_YEAR in believed.index else None


def verdict_on_value(table: pd.DataFrame, ships: str | None, reference: dict) -> str:
    """Which candidate ships and why, and what became of the reference model, in sentences."""
    if ships is None:
        best = table["MAE"].idxmin()
        text = (
            f"**Not from these data:** no candidate's total comes within {percent(BELIEF, 1, 0)} of the actual one and "
        )
        text += f"ranks customers as well. The smallest error is that of {best} ({money(table['MAE'].min())})."
    elif ships == LAST_YEAR:
        text = f"**{LAST_YEAR} ships:** no candidate that can be believed surely has a smaller error."
    else:
        less = 1 - table.loc[ships, "MAE"] / table.loc[LAST_YEAR, "MAE"] if table.loc[LAST_YEAR, "MAE"] else 0.0
        text = f"**{ships} ships:** its mean absolute error is {percent(less)} smaller than that of last year again."
    text += f" BG/NBD can speak for {plural(reference['customers'], 'customer')} who first ordered more than "
    text += f"{FIRST_SEEN_DAYS} days into the log"
    if reference["refused"]:
        return f"{text}. It is refused: {reference['refused']}."
    rate, scale, *drop = reference["bgnbd"]
    fitted = f"r = {rate:.2f}, alpha = {scale:.2f}, a = {drop[0]:.2f}, b = {drop[1]:.2f}, in weeks"
    return f"{text} ({fitted}); frequency and order value correlate with {reference['rho']:.2f}, which it allows."


BOOTSTRAPS = 500  # resamples of customers behind an interval


VALUE_RESAMPLE = 5_000  # customers per resample at most; the spread of a mean of more of them follows from their number


def resampled_mean(errors: np.ndarray, size: int, seed: int) -> tuple[float, float]:
    """2.5 % and 97.5 % points of the mean error of `size` customers around its centre, by bootstrap over customers."""
    if not len(errors) or not size:
        return np.nan, np.nan
    rng, drawn = np.random.default_rng(seed), min(size, VALUE_RESAMPLE)
    some = (
        np.sort(errors)
        if len(errors) <= VALUE_RESAMPLE
        else np.sort(rng.choice(np.sort(errors), VALUE_RESAMPLE, False))
    )
    means = some[rng.integers(0, len(some), (BOOTSTRAPS, drawn), dtype=np.int32)].mean(axis=1) - some.mean()
    low, high = np.quantile(means, [0.025, 0.975]) * np.sqrt(drawn / size)
    return float(low), float(high)


def group_intervals(predicted, groups, errors, error_groups, order, seed: int) -> pd.DataFrame:
    """Customers, mean and its 95 % interval per group in order; errors (actual - predicted) of earlier customers.

    A group with fewer than MIN_VALUES earlier customers takes the errors of all.
    """
    rows = {}
    for group in order:
        mine, theirs = predicted[groups == group], errors[error_groups == group]
        low, high = resampled_mean(theirs if len(theirs) >= MIN_VALUES else errors, len(mine), seed)
        mean = mine.mean() if len(mine) else np.nan
        rows[group] = {"n": len(mine), "mean": mean, "low": max(mean + low, 0.0), "high": mean + high}
    return pd.DataFrame(rows).T


def customer_spread(predicted: np.ndarray, actual: np.ndarray) -> dict:
    """How far actual spend lies from the forecast, by tenth of the forecast: relative errors at 2.5 % and 97.5 %.

    Split conformal (Lei et al. 2018) within tenths. Relative to forecast plus floor, a tenth of the mean forecast.
    """
    floor = 0.1 * predicted.mean() or 1.0
    relative, groups = (actual - predicted) / (predicted + floor), tenths(predicted)
    bounds = pd.Series(predicted).groupby(groups).max()
    ends = [
        pd.Series(relative).groupby(groups).quantile(q, interpolation=i)
        for q, i in ((0.025, "lower"), (0.975, "higher"))
    ]
    return {"floor": floor, "bounds": bounds.to_numpy(), "low": ends[0].to_numpy(), "high": ends[1].to_numpy()}


def customer_interval(predicted: np.ndarray, spread: dict) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of each customer's spend; never below nothing, and around the forecast."""
    group = np.searchsorted(spread["bounds"][:-1], predicted, side="left")
    ends = [predicted + spread[side][group] * (predicted + spread["floor"]) for side in ("low", "high")]
    return np.clip(ends[0], 0, predicted), np.maximum(ends[1], predicted)


def half_coverage(predicted: np.ndarray, actual: np.ndarray, seed: int) -> float:
    """Share of one random half of customers whose spend lies in an interval learned from the other half."""
    rows = np.lexsort([actual, predicted])[np.random.default_rng(seed).permutation(len(actual))]
    learn, check = rows[::2], rows[1::2]
    low, high = customer_interval(predicted[check], customer_spread(predicted[learn], actual[learn]))
    return float(((actual[check] >= low) & (actual[check] <= high)).mean())


def with_outcome(table: pd.DataFrame, predicted: np.ndarray, actual: np.ndarray, groups: np.ndarray) -> pd.DataFrame:
    """The table of group_intervals with actual mean, ratio, mean absolute error, rank, and whether it lies within."""
    inside = {group: groups == group for group in table.index}
    means = {group: actual[rows].mean() if rows.any() else np.nan for group, rows in inside.items()}
    error = {group: np.abs(predicted - actual)[rows].mean() if rows.any() else np.nan for group, rows in inside.items()}
    table = table.assign(actual=pd.Series(means), mae=pd.Series(error))
    table["ratio"] = table["mean"] / table["actual"].where(table["actual"] > 0)
    table["rank"] = [rank_of(predicted[rows], actual[rows]) for rows in inside.values()]
    table["within"] = (table["low"] <= table["actual"]) & (table["actual"] <= table["high"])
    return table


def shown_outcome(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table of with_outcome as it is shown."""
    span = [
        "-" if np.isnan(mean) else f"{money(mean)} ({money(low)} to {money(high)})"
        for mean, low, high in table[["mean", "low", "high"]].to_numpy(float)
    ]
    columns = {"n": "Customers", "actual": "Actual", "ratio": "Predicted / actual", "mae": "MAE", "rank": "Rank"}
    shown = table[list(columns)].rename(columns=columns)
    shown.insert(1, "Predicted (95 % interval)", span)
    shown["Within"] = np.where(table["n"] == 0, "-", np.where(table["within"], "yes", "NO"))
    return shown.set_axis(table.index.astype(str)).rename_axis(name)


def yearly_drift(table: pd.DataFrame) -> pd.Series:
    """How far the hold-out's segment means were off, by segment and for All, relative to the forecast.

    Root mean square of actual / predicted - 1, weighted by value; a segment's own miss where that is more.
    """
    weights = (table["n"] * table["mean"]).fillna(0)
    apart = (table["actual"] / table["mean"].where(weights > 0) - 1).abs().fillna(0)
    common = float(np.sqrt(np.average(apart**2, weights=weights)))
    return pd.concat([apart.clip(lower=common), pd.Series({"All": common})])


def said_of_intervals(by_name, by_tenth, whole, drift: pd.Series, covered: float, part_word: str) -> str:
    """How often intervals held, what they do not see, and where the forecast does not rank, in sentences."""
    sets = ((by_name, "segments"), (by_tenth, f"{part_word}s"))
    held = join([f"{table['within'].sum()} of {(table['n'] > 0).sum()} {word}" for table, word in sets])
    chance = (whole["high"] - whole["low"]) / 2 / whole["mean"]
    apart = abs(whole["actual"] / whole["mean"] - 1)
    flat = [str(name) for name in by_name.index[(by_name["n"] > 2) & ~(by_name["rank"] >= MIN_RANK)]]
    wrong = [str(name) for name in by_name.index[(by_name["ratio"] - 1).abs() > BELIEF]]
    return (
        f"The 95 % intervals that the year before gives by bootstrap over customers hold the actual mean of {held}. "
        f"An interval for each customer, learned from one half of them, holds {percent(covered)} of the other half. "
        f"By resampling, the total should lie within {percent(chance)}; it was off by {percent(apart)}, "
        + ("more" if apart > chance else "no more")
        + f" than chance explains, and segments by {percent(drift['All'])} (root mean square, weighted by value). "
        "Resampling customers does not see how one year differs from the next, so this last figure, or a segment's own "
        "miss where that was larger, is added to the intervals below. Whether that is enough, a single judged year "
        "cannot show."
        + (f" The totals of {join(wrong)} were off by more than {percent(BELIEF, 1, 0)}: doubt them." if wrong else "")
        + (f" Among {join(flat)} the forecast hardly ranks customers: use the segment's mean there." if flat else "")
    )


def to_customers(customers: pd.DataFrame, codes: np.ndarray, spend: pd.Series) -> tuple[pd.Series, int]:
    """Expected spend by customer; who is not in it takes the segment's mean. Also how many those are."""
    own = pd.Series(spend.reindex(codes).to_numpy(), index=customers.index)
    means = own.groupby(customers["Segment_Name"], observed=False).transform("mean").fillna(spend.mean())
    return own.fillna(means), int(own.isna().sum())


def widened(table: pd.DataFrame, drift: pd.Series) -> pd.DataFrame:
    """Mean, low and high with the drift from year to year added to the bootstrap's half-widths (root of squares).

    drift: see yearly_drift, with the index of the table.
    """
    drifted = 1.96 * drift * table["mean"]
    low = table["mean"] - np.hypot(table["mean"] - table["low"], drifted)
    return table.assign(low=low.clip(lower=0), high=table["mean"] + np.hypot(table["high"] - table["mean"], drifted))


def between(low: float, high: float) -> str:
    """An interval of money as text. between(1, 2) -> '$1.00 to $2.00'"""
    return f"{money(low)} to {money(high)}"


def segment_values(
    customers: pd.DataFrame, people: pd.DataFrame, errors: np.ndarray, drift: pd.Series, seed: int
) -> pd.DataFrame:
    """Customers, mean CLV_12M with 95 % interval, and total; per segment and for all; errors of `people`, in money."""
    clv, names = customers["CLV_12M"].to_numpy(), customers["Segment_Name"].astype(str).to_numpy()
    earlier, rows = people["Segment"].to_numpy(), []
    for mine, theirs, order in ((names, earlier, SEGMENTS), (clv >= 0, earlier != "", [True])):
        rows.append(group_intervals(clv, mine, errors, theirs, order, seed))
    table = widened(pd.concat(rows).set_axis([*SEGMENTS, "All"]), drift)
    return table.assign(total=(table["n"] * table["mean"]).round(2))


def share_of_top(values: pd.Series, part: float = 0.1) -> float:
    """Share of the sum that the highest tenth of the values holds. share_of_top(pd.Series([9, 1]), 0.5) -> 0.9"""
    ordered = np.sort(values.to_numpy())[::-1]
    return float(ordered[: max(1, round(part * len(ordered)))].sum() / (ordered.sum() or 1))


def moves_in_year(people: pd.DataFrame, again: np.ndarray, later: pd.Series) -> pd.DataFrame:
    """Customers by segment a year ago (down) and where they are today (across: SEGMENTS and Stopped).

    people: Segment a year ago by customer number; again: bought at all since; later: Segment today by number.
    """
    now = later.reindex(people.index).where(again).fillna("Stopped")
    table = pd.crosstab(people["Segment"], now)
    return table.reindex(index=list(SEGMENTS), columns=[*SEGMENTS, "Stopped"], fill_value=0)


def spending_limits(clv: pd.Series, moves: pd.DataFrame, returned: float) -> pd.DataFrame:
    """Gain per success, Max_Spend per customer on the segment's goal, and Why; in money, none below nothing.

    clv: mean CLV_12M by segment; moves: see moves_in_year; returned: mean value in a year of At-Risk who came back.
    Keep: nobody leaves who would have left. Grow, develop, win back: as many again move as moved by themselves.
    """
    size = moves.sum(axis=1)
    share = moves.div(size.clip(lower=1), axis=0)
    told = {name: f"of {count(size[name])} a year ago {{}}".format for name in SEGMENTS}
    loss = (share.loc[VIP] * (clv[VIP] - clv.reindex(share.columns).fillna(0.0)).clip(lower=0)).sum()
    left, stopped = 1 - share.loc[VIP, VIP], share.loc[VIP, "Stopped"]
    fell = f"{percent(left)} left ({percent(stopped)} stopped buying), which costs {money(loss / (left or 1))} each"
    rows = {VIP: (loss / (left or 1), loss, told[VIP](fell))}
    for name, better in ((LOYAL, [VIP]), (PROMISING, [VIP, LOYAL])):
        gap, up = max(clv[better[-1]] - clv[name], 0.0), share.loc[name, better].sum()
        moved = f"{percent(up)} moved up; {better[-1]} are worth {money(gap)} more each"
        rows[name] = (gap, gap * up, told[name](moved))
    back = share.loc[AT_RISK, list(SEGMENTS)].sum()
    came = f"{percent(back)} bought again and left {money(returned)} each"
    rows[AT_RISK] = (returned, back * returned, told[AT_RISK](came))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["Per_Success", "Max_Spend", "Why"])
    known = size > 0
    table["Why"] = table["Why"].where(known, "nobody was in the segment a year ago, so nothing was measured")
    return table.assign(
        Max_Spend=table["Max_Spend"].where(known, 0.0).round(2), Per_Success=table["Per_Success"].round(2)
    )


def missing_for_value(orders: pd.DataFrame | None, snapshot, needed: int, judged: bool) -> str:
    """What keeps the future out of this chapter, in words."""
    if orders is None:
        return "there is no order log that agrees with the customer table; the future needs dated orders"
    if orders["Order_Date"].min() > months_before(snapshot, needed) + pd.Timedelta(days=31):
        return f"the order log begins on {orders['Order_Date'].min().date()}; learning and judging need {needed} months"
    return (
        "no candidate earned belief on the hold-out"
        if judged
        else f"fewer than {MIN_CUSTOMERS} customers at a past date"
    )


def reading_on_value(values: pd.DataFrame, worth: pd.DataFrame, ships: str, playbook: dict) -> str:
    """What whoever pays for campaigns should take from the chapter."""
    total, best, top = values.loc["All"], worth["CLV_12M"].idxmax(), worth["Max_Spend"].idxmax()
    low, high = total[["low", "high"]] * total["n"]
    limit = join([f"{money(worth.loc[n, 'Max_Spend'])} to {playbook[n][0].lower()} {n}" for n in SEGMENTS])
    ahead, span = money(worth.loc[best, "CLV_12M"]), between(*worth.loc[best, CLV[1:]])
    return (
        f"**What this tells us.** The next twelve months are worth {money(total['total'])} ({between(low, high)}) by "
        f"{ships}; most per customer in {best}, {ahead} ({span}). Spend at most {limit}, per customer of the segment "
        "and year: more pays within the year only if it does better than keeping all who would have left, or than "
        "doubling the moves of last year. The ceiling is highest for "
        f"{top}. All of it moves in step with the margin of {percent(MARGIN, 1, 0)}, an assumption to replace by yours."
    )


MARGIN = 0.30  # of spend left after goods, shipping and payment: an assumption, put your own contribution margin here


DISCOUNT_RATE = 0.10  # a year; about what capital costs a retailer, and small over one year


KEPT_OF_SPEND = MARGIN / (1 + DISCOUNT_RATE) ** 0.5  # twelve months of spend come half a year ahead on average
