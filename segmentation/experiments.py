"""experiments"""

import numpy as np
import pandas as pd
from scipy import stats

from segmentation.clusters import place
from segmentation.constants import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP, K
from segmentation.orders import rfm_from_orders
from segmentation.words import count, join, money, percent

ALPHA, POWER = 0.05, 0.80  # the usual promises: one false alarm in twenty, four real lifts in five found


def effect_size(base: float, lift: float, sd: float = np.nan, treated: float = 0.5) -> float:
    """A relative lift in standard units: Cohen's h of two shares (1988); with sd, the difference of two means over
    their sd, where the lift is a factor on everybody's spend and so widens the spread of the treated."""
    if not np.isnan(sd):
        return (
            base * lift / (sd * np.sqrt((1 - treated) * (1 + lift) ** 2 + treated)) if sd > 0 and base > 0 else np.nan
        )
    top = base * (1 + lift)
    return 2 * (np.arcsin(np.sqrt(top)) - np.arcsin(np.sqrt(base))) if 0 < base and top <= 1 else np.nan


def customers_needed(base: float, lift: float, sd=np.nan, alpha=ALPHA, treated=0.5, left=1.0) -> float:
    """Customers in both arms together; infinite where the lift cannot be. customers_needed(0.1, 0.1) -> 29488.2"""
    z, size = stats.norm.isf(alpha / 2) + stats.norm.ppf(POWER), effect_size(base, lift, sd, treated)
    return left * (z / size) ** 2 / (treated * (1 - treated)) if size > 0 else np.inf


def power_of(base: float, lift: float, customers, sd=np.nan, alpha=ALPHA, treated=0.5, left=1.0):
    """Chance that a test on so many customers finds the lift. power_of(0.1, 0.1, 29488) -> 0.8"""
    reach = effect_size(base, lift, sd, treated) * np.sqrt(treated * (1 - treated) * customers / left)
    return stats.norm.sf(stats.norm.isf(alpha / 2) - reach) + stats.norm.cdf(-stats.norm.isf(alpha / 2) - reach)


TEST_SPLITS = {"50/50": 0.5, "90/10": 0.9}  # share of customers who get the action


TEST_DAYS, TEST_LONG_DAYS = 90, 180  # the window in which an outcome counts, and the longer one to fall back on


MIN_BASE = 30  # customers known, below which there is no base rate to speak of


POOLED = "All together"


KPIS = {  # short name: (what is counted, days)
    "Response": ("responds to the campaign", TEST_DAYS),
    "Orders": (f"orders within {TEST_DAYS} days", TEST_DAYS),
    "Spend": (f"spend over {TEST_DAYS} days", TEST_DAYS),
    "Spend, CUPED": (f"spend over {TEST_DAYS} days, with CUPED", TEST_DAYS),
    "Orders, long": (f"orders within {TEST_LONG_DAYS} days", TEST_LONG_DAYS),
}


PLANNED_KPI = {VIP: "Orders", LOYAL: "Spend", PROMISING: "Orders", AT_RISK: "Orders"}  # what chapter 8 watches


def detectable_lift(base: float, customers: float, sd=np.nan, alpha=ALPHA, treated=0.5, left=1.0) -> float:
    """The smallest relative lift found with POWER; nan where there is none, as above a share of 100 %.

    >>> round(detectable_lift(0.1, 29488.2), 3)
    0.1
    """
    if not base > 0 or customers * min(treated, 1 - treated) < 2:
        return np.nan
    z = stats.norm.isf(alpha / 2) + stats.norm.ppf(POWER)
    size = z * np.sqrt(left / (treated * (1 - treated) * customers))
    if not np.isnan(sd):
        share = treated * (size * sd / base) ** 2  # effect_size(lift) = size, solved for the lift
        a, b, c = treated - (1 - treated) * share, (1 - treated) * share, share
        return (b + np.sqrt(b**2 + a * c)) / a if sd > 0 and a > 0 else np.nan
    angle = np.arcsin(np.sqrt(base)) + size / 2
    return np.sin(angle) ** 2 / base - 1 if angle <= np.pi / 2 and base < 1 else np.nan


def weeks_needed(needed: float, now: float, arrivals: float, days: int) -> float:
    """Weeks until so many customers have joined and been watched. weeks_needed(150, 100, 10, 90) -> 18"""
    waiting = max(0.0, needed - now)
    join_in = waiting / arrivals if waiting and arrivals > 0 else np.inf if waiting else 0
    return np.ceil(join_in) + np.ceil(days / 7)


def kpi_heading(kpi: str) -> str:
    """What a measure counts, as a heading. kpi_heading('Response') -> 'Responds to the campaign'"""
    return KPIS[kpi][0][0].upper() + KPIS[kpi][0][1:]


def base_day(orders: pd.DataFrame, snapshot: pd.Timestamp, months: int) -> pd.Timestamp | None:
    """The day to measure base rates from: a year back (same season), else TEST_DAYS back; None for a shorter log."""
    start = orders["Order_Date"].min() - pd.Timedelta(days=31)
    days = [snapshot - pd.DateOffset(months=12), snapshot - pd.Timedelta(days=TEST_DAYS)]
    return next((day for day in days if start <= day - pd.DateOffset(months=months)), None)


def past_customers(orders: pd.DataFrame, model: dict, day: pd.Timestamp, months: int, end: pd.Timestamp):
    """Customers as the frozen model placed them on a past day, with spend before and after; one row each, by id.

    Columns: Segment_Name; Prior (spend in the window before); Spend (over TEST_DAYS from the day on, refunds netted);
    Orders and Orders_Long (0/1: ordered within TEST_DAYS, TEST_LONG_DAYS; the latter blank where the log ends earlier).
    """
    then = rfm_from_orders(orders, day, months).dropna().sort_index()
    table = pd.DataFrame({"Prior": then["Monetary"].astype(float)}, index=then.index)
    cluster = place(model, then)[0] if len(then) else np.array([], dtype=int)
    table.insert(0, "Segment_Name", pd.Categorical.from_codes(cluster, SEGMENTS))
    later = orders[(orders["Order_Date"] >= day) & (orders["Order_Date"] < end)]
    after = (later["Order_Date"] - day).dt.days
    spend = later[after < TEST_DAYS].groupby("Customer_ID")["Amount"].sum()
    table["Spend"] = spend.reindex(then.index, fill_value=0.0).round(2)
    for name, days in (("Orders", TEST_DAYS), ("Orders_Long", TEST_LONG_DAYS)):
        buyers = later.loc[(after < days) & (later["Amount"] >= 0), "Customer_ID"].unique()
        known = day + pd.Timedelta(days=days) <= end
        table[name] = then.index.isin(buyers).astype(float) if known else np.nan
    return table


def weekly_arrivals(orders: pd.DataFrame, model: dict, snapshot: pd.Timestamp, months: int) -> pd.Series:
    """Per segment, customers a week who were in it at one of the last four quarter ends and not a year ago."""
    seen = []
    for back in (12, 9, 6, 3, 0):
        then = rfm_from_orders(orders, snapshot - pd.DateOffset(months=back), months).dropna()
        cluster = place(model, then)[0] if len(then) else np.array([], dtype=int)
        seen.append(pd.DataFrame({"id": then.index, "cluster": cluster, "new": back < 12}))
    joined = pd.concat(seen).drop_duplicates(["id", "cluster"])
    counts = joined[joined["new"]].groupby("cluster").size().reindex(range(K), fill_value=0) / 52
    return pd.Series(counts.to_numpy(float), index=SEGMENTS)


def variance_left(past: pd.DataFrame) -> pd.Series:
    """1 - r squared of later with prior spend, per segment and for all; 1 where no correlation can be had."""
    groups = {name: past[past["Segment_Name"] == name] for name in SEGMENTS} | {POOLED: past}
    flat = {
        name: len(g) < MIN_BASE or g["Prior"].nunique() < 2 or g["Spend"].nunique() < 2 for name, g in groups.items()
    }
    return pd.Series({n: 1.0 if flat[n] else 1 - g["Prior"].corr(g["Spend"]) ** 2 for n, g in groups.items()})


def base_rates(values: pd.Series, segments: pd.Series) -> pd.DataFrame:
    """Mean and standard deviation per segment and for all; blank where fewer than MIN_BASE are known."""
    known = values.notna()
    table = values[known].groupby(segments[known], observed=False).agg(["mean", "std", "count"])
    table.index = table.index.astype(str)
    table.loc[POOLED] = [values.mean(), values.std(), known.sum()]
    return table[["mean", "std"]].where(table["count"] >= MIN_BASE)


def kpi_table(customers: pd.DataFrame, past: pd.DataFrame | None, response: bool) -> pd.DataFrame:
    """One row per segment (and POOLED) and KPI: Base, SD (blank for a share), Left, Customers, Alpha, Days."""
    rates = {"Response": base_rates(customers["Campaign_Response"], customers["Segment_Name"])} if response else {}
    if past is not None:
        columns = {"Orders": "Orders", "Spend": "Spend", "Spend, CUPED": "Spend", "Orders, long": "Orders_Long"}
        rates |= {name: base_rates(past[column], past["Segment_Name"]) for name, column in columns.items()}
    sizes = customers["Segment_Name"].value_counts(sort=False)
    left = variance_left(past) if past is not None else pd.Series(1.0, index=[*SEGMENTS, POOLED])
    rows = []
    for kpi, table in rates.items():
        for name in [*SEGMENTS, POOLED]:
            sd = table.loc[name, "std"] if kpi.startswith("Spend") else np.nan
            row = (name, kpi, table.loc[name, "mean"], sd, left[name] if "CUPED" in kpi else 1.0)
            rows.append((*row, sizes.get(name, len(customers)), ALPHA if name == POOLED else ALPHA / K, KPIS[kpi][1]))
    names = ["Segment", "KPI", "Base", "SD", "Left", "Customers", "Alpha", "Days"]
    kpis = pd.DataFrame(rows, columns=names).set_index(["Segment", "KPI"])
    for split, treated in TEST_SPLITS.items():
        kpis[split] = [detectable_lift(r.Base, r.Customers, r.SD, r.Alpha, treated, r.Left) for r in kpis.itertuples()]
    return kpis


def base_table(kpis: pd.DataFrame, arrivals: pd.Series | None) -> pd.DataFrame:
    """What kpi_table found, as text: customers, newcomers a week, and each measure's base rate."""
    table = pd.DataFrame({"Customers": kpis["Customers"].groupby(level=0).first()[[*SEGMENTS, POOLED]].map(count)})
    if arrivals is not None:
        table["New a week"] = arrivals.map("{:.1f}".format)
    for kpi, rates in kpis.groupby(level=1, sort=False):
        rates = rates.droplevel(1)
        if kpi != "Spend, CUPED" and rates["Base"].notna().any():
            form = [f"{money(r.Base)} ({money(r.SD)})" if r.SD == r.SD else percent(r.Base) for r in rates.itertuples()]
            table[kpi_heading(kpi)] = pd.Series(form, index=rates.index).where(rates["Base"].notna())
    return table.rename_axis("Base rates (spend: mean and sd)")


MAX_WEEKS = 52  # an answer that takes longer than a year comes too late to act on


NEVER_WEEKS = 260  # from five years on, "never" is the honest word


TEST_LIFTS = (0.05, 0.10, 0.20)


SEASON_POINTS = 0.05  # shares who order again that differ by more between seasons are told


TEST_CANDIDATES = ["Orders", "Spend", "Spend, CUPED", "Orders, long"]  # after the measure of chapter 8, in this order


INSTEAD = {  # the measure that works where the planned one does not: what that means
    "Orders": "watch orders instead",
    "Spend": "watch spend instead",
    "Spend, CUPED": "watch spend, less what last year's spend predicts (CUPED)",
    "Orders, long": "a longer window",
}


def lift_to_prove(stakes: pd.DataFrame, profiles: pd.DataFrame) -> pd.Series:
    """Relative lift in revenue that chapter 8 assumes, per segment and pooled, at most 1; nan without revenue."""
    table = stakes.set_index("Segment")[["At stake"]].reindex(SEGMENTS).assign(Revenue=profiles["Revenue"].to_numpy())
    table.loc[POOLED] = table.sum()
    return (table["At stake"] / table["Revenue"].where(table["Revenue"] > 0)).clip(0, 1)


def feasibility(kpis: pd.DataFrame, lifts: pd.Series, arrivals: pd.Series | None) -> pd.DataFrame:
    """Per segment and KPI: Lift to prove, customers Needed for it at 50/50, Weeks to an answer, whether Feasible."""
    table = kpis.assign(Lift=[lifts[name] for name, _ in kpis.index])
    table["Needed"] = [customers_needed(r.Base, r.Lift, r.SD, r.Alpha, left=r.Left) for r in table.itertuples()]
    pace = [0.0 if arrivals is None else arrivals.get(name, 0.0) for name, _ in table.index]
    rows = zip(table["Needed"], table["Customers"], pace, table["Days"], strict=True)
    table["Weeks"] = [weeks_needed(*row) for row in rows]
    return table.assign(Feasible=table["Weeks"] <= MAX_WEEKS)


def planned_kpi(table: pd.DataFrame, segment: str) -> str | None:
    """The measure chapter 8 names if its base rate is known, else the campaign response, else None."""
    known = table.xs(segment)["Base"].dropna().index if segment in table.index.get_level_values(0) else []
    return next((kpi for kpi in (PLANNED_KPI.get(segment, "Spend"), "Response") if kpi in known), None)


def best_test(table: pd.DataFrame, segment: str) -> str | None:
    """The first measure with which the lift can be proved within MAX_WEEKS: the planned one, else a candidate."""
    if (planned := planned_kpi(table, segment)) is None:
        return None
    works = table.xs(segment)["Feasible"]
    return next((kpi for kpi in dict.fromkeys([planned, *TEST_CANDIDATES]) if works.get(kpi, False)), None)


def lift_text(lift: float) -> str:
    """A detectable lift as text; blank is 'none'. lift_text(0.123) -> '12.3 %', lift_text(1.5) -> 'over 100 %'"""
    return "none" if np.isnan(lift) else "over 100 %" if lift > 1 else percent(lift)


def smallest_lift(table: pd.DataFrame, segment: str) -> tuple[str, float]:
    """The measure, campaign response aside where there is another, that detects the smallest lift; and that lift."""
    seen = table.xs(segment)["50/50"].dropna()
    seen = seen.drop("Response") if "Response" in seen and len(seen) > 1 else seen
    return (seen.idxmin(), float(seen.min())) if len(seen) else ("", np.nan)


def instead_of(table: pd.DataFrame, segment: str) -> str:
    """What to do where the planned measure cannot prove the lift."""
    best, planned = best_test(table, segment), planned_kpi(table, segment)
    if best is not None:
        return "as planned" if best == planned else INSTEAD[best]
    kpi, lift = smallest_lift(table, segment)
    pooled = smallest_lift(table, POOLED)[1] if planned else np.nan
    contrast = f"a bigger contrast: lifts from {lift_text(lift)} on show in '{KPIS[kpi][0]}'" if lift <= 1 else ""
    pool = f"pool the segments: {lift_text(pooled)}" if pooled <= 1 else ""
    return "; or ".join(filter(None, [contrast, pool])) or "judge it by cost: not even a doubling would show"


def weeks_text(weeks: float) -> str:
    """weeks_text(13) -> '13 weeks', weeks_text(inf) -> 'never'"""
    return f"{weeks:.0f} weeks" if weeks <= NEVER_WEEKS else "never"


def size_text(row, lift: float, arrivals: float) -> str:
    """Customers needed for a lift and the weeks that takes; 'no room' above a share of 100 %."""
    needed = customers_needed(row.Base, lift, row.SD, row.Alpha, left=row.Left)
    if not np.isfinite(needed):
        return "no room" if np.isnan(row.SD) and row.Base * (1 + lift) > 1 else "-"
    return f"{count(np.ceil(needed))} ({weeks_text(weeks_needed(needed, row.Customers, arrivals, row.Days))})"


def detectable_table(table: pd.DataFrame, kpis: list[str]) -> pd.DataFrame:
    """The lift to prove, and what each measure detects at each split, as text."""
    lifts = table["Lift"].groupby(level=0).first()[[*SEGMENTS, POOLED]]
    text = pd.DataFrame({"Lift to prove": lifts.map(percent, na_action="ignore")})
    for kpi in kpis:
        pairs = table.xs(kpi, level="KPI")[list(TEST_SPLITS)]
        shares = pairs.map(lift_text)
        text[kpi_heading(kpi)] = shares.agg(" / ".join, axis=1)
    return text.rename_axis(f"Detectable relative lift, split {' / '.join(TEST_SPLITS)}")


def sizes_table(table: pd.DataFrame, arrivals: pd.Series | None) -> pd.DataFrame:
    """Per segment with a known base rate: customers and weeks for each of TEST_LIFTS, and what to do, as text."""
    rows = []
    for name in SEGMENTS:
        if kpi := planned_kpi(table, name):
            row, pace = table.loc[(name, kpi)], 0.0 if arrivals is None else arrivals[name]
            sizes = [size_text(row, lift, pace) for lift in TEST_LIFTS]
            rows.append((name, KPIS[kpi][0], *sizes, "yes" if row.Feasible else "no", instead_of(table, name)))
    needed = [f"For {percent(lift, 1, 0)}" for lift in TEST_LIFTS]
    return pd.DataFrame(rows, columns=["Segment", "Planned measure", *needed, "Proves its lift", "What to do"])


def cuped_table(table: pd.DataFrame) -> pd.DataFrame:
    """Per segment: correlation of later with prior spend, customers for a lift of a tenth without and with CUPED."""
    rows = []
    for name in [*SEGMENTS, POOLED]:
        row, kept = table.loc[(name, "Spend")], table.loc[(name, "Spend, CUPED"), "Left"]
        need = customers_needed(row.Base, 0.10, row.SD, row.Alpha)
        if np.isfinite(need):
            rows.append((name, np.sqrt(1 - kept), np.ceil(need), np.ceil(kept * need), 1 - kept))
    columns = ["Later spend and prior spend", "Correlation", "Customers for 10 %", "With CUPED", "Smaller by"]
    return pd.DataFrame(rows, columns=columns)


def season_text(base: pd.Series, recent: pd.Series | None) -> str:
    """Whether the shares who order again, by segment, are other now than at the base day; recent None = no such day."""
    if recent is None:
        return "The log does not reach back a year further, so they may be of another season than the test."
    apart = (recent - base).abs().dropna()
    if not len(apart) or apart.max() <= SEASON_POINTS:
        return f"The season hardly matters: the latest {TEST_DAYS} days give much the same shares who order again."
    name = apart.idxmax()
    return (
        f"The season matters: of {name} {percent(base[name])} ordered again then, but {percent(recent[name])} of those "
        f"whom the same model finds {TEST_DAYS} days before the snapshot. Run the test in the season of the base rates."
    )


def proof(table: pd.DataFrame, segment: str) -> str:
    """The test that would prove the segment's lift, or that none can and what to do instead."""
    if planned_kpi(table, segment) is None:
        return "none can: no base rate is known"
    if not table.loc[segment, "Lift"].iloc[0] > 0:
        return "none needed: no money is at stake"
    if (best := best_test(table, segment)) is None:
        return f"none can; instead {instead_of(table, segment)}"
    row = table.loc[(segment, best)]
    seen = (
        f"finds lifts from {percent(row['50/50'])} on"
        if row["50/50"] == row["50/50"]
        else f"needs {count(row.Needed)} customers"
    )
    return f"{KPIS[best][0]}, {weeks_text(row.Weeks)} ({seen}; assumed are {percent(row.Lift)})"


def plan_text(table: pd.DataFrame) -> str:
    """What can be proved where, and how to go about it."""
    best = {name: best_test(table, name) for name in SEGMENTS}
    best = {name: kpi for name, kpi in best.items() if kpi and table.loc[(name, kpi), "Lift"] > 0}
    other = [f"{name} ({KPIS[kpi][0]})" for name, kpi in best.items() if kpi != planned_kpi(table, name)]
    none = [name for name in SEGMENTS if name not in best]
    text = f"What chapter 8 assumes can be proved within {MAX_WEEKS} weeks for {join(list(best))}. " if best else ""
    text += f"The measure first planned is too weak for {join(other)}: watch what stands in brackets. " if other else ""
    text += f"No test at hand would prove it for {join(none)}: act there on cost, or not at all. " if none else ""
    return (
        f"{text}Use `campaign_plan.csv` as it is: give nothing to control, move nobody to the other arm, count every "
        "customer's outcome when the window is over and not before, and read it with `read_out`."
    )


def power_finding(table: pd.DataFrame, kpis: list[str]) -> tuple[str, str]:
    """For how many segments the customers of today can prove the assumed lift; and for which with which measure."""
    enough = table["Needed"] <= table["Customers"]
    proved = {KPIS[kpi][0]: [name for name in SEGMENTS if enough[(name, kpi)]] for kpi in kpis}
    any_measure = sum(any(name in names for names in proved.values()) for name in SEGMENTS)
    first, names = next(iter(proved.items()))
    finding = f"The assumed lift can be proved for {any_measure} of {K} segments"
    if len(kpis) > 1:
        finding += f", with '{first}' alone for {len(names)}"
    return finding, "; ".join(f"{what}: {join(who) if who else 'none'}" for what, who in proved.items())
