"""arms"""

import hashlib

import numpy as np
import pandas as pd
from scipy import stats

from segmentation.constants import LOYAL, RFM, SEGMENTS, VIP, K
from segmentation.experiments import ALPHA, MIN_BASE, POOLED, POWER, TEST_CANDIDATES, detectable_lift, variance_left
from segmentation.problems import InputError
from segmentation.profiles import holm
from segmentation.words import count, percent, plural, short

SALT = "segment-actions-1"  # a new name only for a new experiment: it deals every customer anew


CONTROL_SHARE = 0.5  # the split that needs fewest customers; lower it once the tests are read


def hash_position(ids, salt: str = SALT) -> np.ndarray:
    """A number in [0, 1) per customer id, from nothing but the salt and that id."""
    names = ids.tolist() if isinstance(ids, pd.Series) else ids  # a list is read five times as fast
    digests = b"".join(hashlib.sha256(f"{salt}|{name}".encode()).digest()[:8] for name in names)
    return (np.frombuffer(digests, dtype=">u8") >> np.uint64(11)) / 2.0**53


def arms(ids, share: float = CONTROL_SHARE, salt: str = SALT) -> np.ndarray:
    """'control' or 'treatment' per customer id; a smaller share only turns control into treatment."""
    return np.where(hash_position(ids, salt) < share, "control", "treatment")


SLIPPED = "Stop the slide: ask what went wrong, offer the way back to"


MAX_RATIO_P = 0.001  # a sample ratio less likely than this is a broken experiment, not chance


SPLIT_CHECKS = 1_000  # random splits in the A/A and the A/B check


CHECK_SAMPLE = 1_500  # customers per segment in them


def campaign_plan(
    customers: pd.DataFrame, stakes: pd.DataFrame, worth: pd.DataFrame | None, playbook: dict
) -> pd.DataFrame:
    """One row per customer, in the order given: who gets what, by which channel, in which arm, for how much at most.

    Control gets nothing: channel 'none (control)', Max_Spend 0. Max_Spend is blank where no worth is known.
    """
    segment = customers["Segment_Name"].astype(pd.CategoricalDtype(SEGMENTS))  # few texts in many rows
    action = segment.map({name: f"{playbook[name][0]}: {playbook[name][1].split(';')[0]}" for name in SEGMENTS})
    if "Previous_Segment" in customers:
        before, rank = customers["Previous_Segment"].astype(str), dict(zip(SEGMENTS, range(K), strict=True))
        slipped = before.isin([VIP, LOYAL]) & before.map(rank).lt(segment.cat.codes)  # others drift with the season
        action = action.astype(str).mask(slipped, SLIPPED + " " + before)
    control = arms(customers["Customer_ID"]) == "control"
    channel = segment.map({name: playbook[name][2].split(",")[0] for name in SEGMENTS}).astype("category")
    channel = channel.cat.add_categories("none (control)")
    channel[control] = "none (control)"
    most = worth["Max_Spend"] if worth is not None else pd.Series(np.nan, index=SEGMENTS)
    most = segment.map(most.to_dict()).astype(float).round(2)
    plan = pd.DataFrame({"Customer_ID": customers["Customer_ID"], "Segment_Name": segment, "Action": action})
    return plan.assign(
        Channel=channel,
        Arm=pd.Categorical.from_codes((~control).astype(np.int8), ["control", "treatment"]),
        Priority=segment.map(stakes.set_index("Segment")["Priority"].astype(int).to_dict()).astype(int),
        Max_Spend=most.mask(control & most.notna(), 0.0),
    )


def ratio_p(control: float, total: float, share: float = CONTROL_SHARE) -> float:
    """Sample-ratio check: chi-square p of so many controls among so many customers. ratio_p(50, 100, 0.5) -> 1.0"""
    apart = (control - share * total) ** 2 / (share * (1 - share) * max(total, 1))
    return float(stats.chi2.sf(apart, 1))


def arm_balance(customers: pd.DataFrame, arm: pd.Series) -> pd.DataFrame:
    """Per segment: customers, share in control, ratio p, difference of R, F and M (treatment - control, in sd), chance.

    Chance is the largest of 3 x K differences that a fair coin exceeds in one shop of twenty.
    """
    rows = []
    for name in SEGMENTS:
        here = customers[customers["Segment_Name"] == name]
        control = arm.loc[here.index] == "control"
        some, rest = int(control.sum()), int((~control).sum())
        sd = here[RFM].std().where(lambda values: values > 0)
        apart = (here.loc[~control, RFM].mean() - here.loc[control, RFM].mean()) / sd
        chance = stats.norm.isf(0.025 / (len(RFM) * K)) * np.sqrt(1 / some + 1 / rest) if some and rest else np.nan
        rows.append((name, len(here), some / max(len(here), 1), ratio_p(some, len(here)), *apart.round(6), chance))
    columns = ["Segment", "Customers", "Control", "Ratio p", *RFM, "By chance"]
    return pd.DataFrame(rows, columns=columns)


def strata_of(customers: pd.DataFrame) -> pd.Series:
    """Segment and half of its spend, as one label per customer; equal spend, equal half."""
    middle = customers.groupby("Segment_Name", observed=True)["Monetary"].transform("median")
    return customers["Segment_Name"].astype(str) + np.where(customers["Monetary"] > middle, ", upper", ", lower")


def balance_text(balanced: pd.DataFrame, control: pd.Series, strata: pd.Series) -> str:
    """What the balance table says, and whether the control share is as drawn in every stratum (Bonferroni)."""
    off = int(balanced[RFM].abs().gt(balanced["By chance"], axis=0).to_numpy().sum())
    by_stratum = control.groupby(strata).agg(["sum", "size"])
    lowest = min(ratio_p(*row) for row in by_stratum.to_numpy())
    fair = f"what a fair coin gives (smallest p {lowest:.3f})"
    return (
        f"Differences of the arms in standard deviations: {off or 'none'} of {len(RFM) * K} beyond chance. In "
        f"{plural(len(by_stratum), 'group')} of segment and value half the control share is "
        + (f"{fair}." if lowest >= MAX_RATIO_P / len(by_stratum) else "**not what was drawn: use another salt**.")
    )


def z_scores(control: np.ndarray, treatment: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Welch's z of every split. control and treatment: what each customer would do in either arm; treated: splits x
    customers, 1 where the customer gets the action."""
    size = treated.sum(axis=1), (1 - treated).sum(axis=1)
    mean = treated @ treatment / size[0], (1 - treated) @ control / size[1]
    square = treated @ treatment**2 / size[0], (1 - treated) @ control**2 / size[1]
    noise = sum(np.maximum(q - m**2, 0) / (n - 1) for q, m, n in zip(square, mean, size, strict=True))
    return np.divide(mean[0] - mean[1], np.sqrt(noise), out=np.zeros(len(noise)), where=noise > 0)


def plant_lift(values: np.ndarray, lift: float, rng: np.random.Generator) -> np.ndarray:
    """The values under an action with a known lift: of a 0/1 outcome some 0s become 1, spend grows by the lift."""
    if not set(np.unique(values)) <= {0.0, 1.0}:
        return values * (1 + lift)
    turned = values.copy()
    turned[rng.permutation(np.flatnonzero(values == 0))[: round(lift * values.sum())]] = 1.0
    return turned


def cuped_part(values: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """What prior spend predicts of the values beyond their mean (CUPED); zeros where prior spend is all equal."""
    away = prior - prior.mean()
    return away * (away @ values) / (away @ away) if (away**2).sum() > 0 else 0 * away


def split_checks(past: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Share of random splits with a false alarm (A/A) and with the planted lift found (A/B), per segment and KPI.

    Two-sided at ALPHA for A/A and ALPHA / K for A/B, where the lift is the smallest that the sample detects; last row:
    splits in which A/A alarms in any segment after Holm.
    """
    rng, rows, any_alarm = np.random.default_rng(seed), [], {}
    ordered = past.sort_values(["Prior", "Spend", "Orders"], kind="stable")
    for name in SEGMENTS:
        here = ordered[ordered["Segment_Name"] == name]
        here = here.iloc[np.sort(rng.permutation(len(here))[:CHECK_SAMPLE])]
        treated = (rng.random((SPLIT_CHECKS, len(here))) >= CONTROL_SHARE).astype(float)
        row, left = {"Segment": name, "Customers": len(here)}, variance_left(here)[name]
        for kpi in ("Orders", "Spend", "Spend, CUPED"):
            values = here[kpi.split(",")[0]].to_numpy(float)
            if len(values) < MIN_BASE or values.std() == 0:
                continue
            known = cuped_part(values, here["Prior"].to_numpy()) if "CUPED" in kpi else 0.0
            p = 2 * stats.norm.sf(np.abs(z_scores(values - known, values - known, treated)))
            row[f"A/A {kpi}"] = (p < ALPHA).mean()
            any_alarm[f"A/A {kpi}"] = any_alarm.get(f"A/A {kpi}", False) | (p < ALPHA / K)
            sd, kept = (values.std(ddof=1) if kpi != "Orders" else np.nan), (left if "CUPED" in kpi else 1.0)
            lift = detectable_lift(values.mean(), len(values), sd, ALPHA / K, 1 - CONTROL_SHARE, kept)
            if not np.isnan(lift):
                z = z_scores(values - known, plant_lift(values, lift, rng) - known, treated)
                row[f"A/B {kpi}"] = (z > stats.norm.isf(ALPHA / K / 2)).mean()
        rows.append(row)
    family = {kpi: alarm.mean() for kpi, alarm in any_alarm.items()}
    columns = ["Segment", "Customers", *(f"{test} {k}" for test in ("A/A", "A/B") for k in TEST_CANDIDATES[:3])]
    return pd.DataFrame([*rows, {"Segment": "Any of them (Holm)", **family}]).reindex(columns=columns)


def checks_text(checked: pd.DataFrame) -> list[str]:
    """What split_checks found, in words; an empty list where no segment could be checked."""
    false = checked.filter(like="A/A").iloc[:K].stack().dropna()
    found, said = checked.filter(like="A/B").stack().dropna(), []
    if len(false):
        error = stats.norm.isf(0.025 / len(false)) * np.sqrt(ALPHA * (1 - ALPHA) / SPLIT_CHECKS)
        off = int((false > ALPHA + error).sum())
        said.append(
            f"**A/A:** in {count(SPLIT_CHECKS)} random splits of customers to whom nothing was done, with what they "
            f"really did later, the test raises a false alarm in {percent(false.min())} to {percent(false.max())}; "
            f"promised are {percent(ALPHA)}, and chance adds or takes {percent(error)}. "
            + (f"**{off} of {len(false)} rates are higher.**" if off else "None is higher.")
        )
    if len(found):
        shy = int((found < POWER - 0.05).sum())
        said.append(
            f"**A/B:** a planted lift of the size that the test should just find is found in {percent(found.min())} to "
            f"{percent(found.max())} of splits; promised are {percent(POWER, 1, 0)}. "
            + (f"**{shy} of {len(found)} fall short by more than five points.**" if shy else "None falls far short.")
        )
    return said


MIN_COVERAGE = 0.9  # share of a segment's customers in the plan who need an outcome; leaving out non-buyers misleads


def check_plan(plan: pd.DataFrame) -> None:
    """Raise InputError for a plan that cannot have been followed."""
    twice = plan[plan["Customer_ID"].duplicated(keep=False)]
    if len(twice):
        both = twice.groupby("Customer_ID")["Arm"].nunique().gt(1).sum()
        found = f"{both} ids in both arms" if both else f"{twice['Customer_ID'].nunique()} ids more than once"
        raise InputError(f"plan: {found}; expected one row per customer")
    odd = plan.loc[~plan["Arm"].isin(["control", "treatment"]), "Arm"]
    if len(odd):
        raise InputError(f"plan: {len(odd)} rows with the arm '{short(odd.iloc[0])}'; expected control or treatment")


def check_outcomes(plan: pd.DataFrame, outcomes: pd.DataFrame, started: pd.Timestamp) -> None:
    """Raise InputError for outcomes that do not belong to the plan: columns, ids, numbers, dates."""
    missing = [name for name in ("Customer_ID", "Value", "Date") if name not in outcomes]
    if missing or not len(outcomes):
        raise InputError(f"outcomes: no {missing[0] if missing else 'rows'}; expected Customer_ID, Value and Date")
    twice, strange = outcomes["Customer_ID"].duplicated(), ~outcomes["Customer_ID"].isin(plan["Customer_ID"])
    if twice.any():
        raise InputError(f"outcomes: {twice.sum()} rows repeat an id; expected one row per customer")
    if strange.any():
        raise InputError(
            f"outcomes: {strange.sum()} ids are not in the plan; expected the plan's ids, exactly as given"
        )
    for name in ("Value", "Prior"):
        if name in outcomes and not np.isfinite(pd.to_numeric(outcomes[name], errors="coerce")).all():
            raise InputError(f"outcomes: {name} holds something that is no number; expected a number in every row")
    dates = pd.to_datetime(outcomes["Date"], errors="coerce")
    early = ~(dates >= started)
    if early.any():
        expected = f"expected dates from the start of the test on, {started.date()}"
        raise InputError(f"outcomes: {early.sum()} rows without a date or dated before the test began; {expected}")


def check_ratio(plan: pd.DataFrame, joined: pd.DataFrame, share: float) -> None:
    """Raise InputError where the arms with outcomes are not as large as drawn, or too few customers have one."""
    for name, here in [(POOLED, joined), *joined.groupby("Segment_Name", sort=True)]:
        control, limit = (here["Arm"] == "control").sum(), MAX_RATIO_P / (1 if name == POOLED else K)
        if ratio_p(control, len(here), share) < limit:
            raise InputError(
                f"outcomes: {name}: {percent(control, len(here))} of {count(len(here))} customers are control; "
                f"expected {percent(share)}. The split is broken, so no lift is computed"
            )
        asked = (plan["Segment_Name"] == name).sum()
        if name != POOLED and len(here) < MIN_COVERAGE * asked:
            raise InputError(
                f"outcomes: {name}: {count(len(here))} of the {count(asked)} customers in the plan have an outcome; "
                f"expected at least {percent(MIN_COVERAGE, 1, 0)}, with 0 for those who did nothing"
            )


def compare_arms(values: np.ndarray, treated: np.ndarray) -> list[float]:
    """Means of control and treatment and their squared standard errors; nan where an arm has fewer than two."""
    parts = [values[~treated], values[treated]]
    if min(map(len, parts)) < 2:
        return [np.nan] * 4
    return [*(part.mean() for part in parts), *(part.var(ddof=1) / len(part) for part in parts)]


def read_lift(control: float, treatment: float, noise_c: float, noise_t: float) -> dict:
    """Relative lift with its 95 % interval (delta method) and the two-sided p of the difference (Welch's z)."""
    noise, apart = np.sqrt(noise_c + noise_t), treatment - control
    p = 2 * stats.norm.sf(abs(apart / noise)) if noise > 0 else 1.0 if apart == 0 else np.nan
    ratio = treatment / control if control > 0 else np.nan
    half = 1.96 * np.sqrt(noise_t + ratio**2 * noise_c) / control if control > 0 else np.nan
    numbers = {"Lift": ratio - 1, "Low": ratio - 1 - half, "High": ratio - 1 + half, "p": p}
    return {"Control": control, "Treatment": treatment} | numbers


def read_out(plan: pd.DataFrame, outcomes: pd.DataFrame, started, share: float = CONTROL_SHARE) -> pd.DataFrame:
    """Lift per segment and for all (weighted by segment), p after Holm over the segments; InputError if misleading.

    plan: Customer_ID, Segment_Name, Arm. outcomes: Customer_ID, Value, Date, and Prior for CUPED; one row per customer,
    0 for those who did nothing. started: first day on which an outcome counts. share: control's share as drawn.
    """
    check_plan(plan)
    check_outcomes(plan, outcomes, pd.Timestamp(started))
    joined = outcomes.merge(plan[["Customer_ID", "Segment_Name", "Arm"]].astype(str), on="Customer_ID")
    check_ratio(plan, joined, share)
    rows, parts = [], []
    for name, here in joined.sort_values("Customer_ID", kind="stable").groupby("Segment_Name", sort=False):
        values, treated = here["Value"].to_numpy(float), (here["Arm"] == "treatment").to_numpy()
        if "Prior" in here:
            values = values - cuped_part(values, here["Prior"].to_numpy(float))
        found = compare_arms(values, treated)
        rows.append({"Segment": name, "Customers": len(here), **read_lift(*found)})
        parts += [(len(here), *found)] if np.isfinite(found).all() else []
    order = [name for name in SEGMENTS if name in set(joined["Segment_Name"])]
    table = pd.DataFrame(rows).set_index("Segment").reindex(order)
    table["p (Holm)"] = pd.Series(holm(table["p"].dropna()), index=table["p"].dropna().index, dtype=float)
    if len(parts) > 1:
        size, *found = np.array(parts).T
        weight = size / size.sum()
        whole = read_lift(*(weight @ part for part in found[:2]), *(weight**2 @ part for part in found[2:]))
        table.loc[POOLED] = {"Customers": int(size.sum()), **whole, "p (Holm)": whole["p"]}
    return table.rename_axis("Segment").astype({"Customers": int})


def simulated_outcomes(plan: pd.DataFrame, pool: pd.DataFrame, lift: float, date, seed: int) -> pd.DataFrame:
    """Made-up outcomes: each customer gets Value and Prior of a random member of the pool of the same segment; in the
    treatment arm with the lift planted (see plant_lift). Independent of the order of rows."""
    rng, made = np.random.default_rng(seed), []
    for name, here in plan.sort_values("Customer_ID", kind="stable").groupby("Segment_Name", sort=True):
        same = pool[pool["Segment_Name"] == name]
        drawn = (same if len(same) else pool).sort_values(["Value", "Prior"], kind="stable")
        drawn = drawn.iloc[rng.integers(len(drawn), size=len(here))]
        values = drawn["Value"].to_numpy(float)
        values = np.where(here["Arm"] == "treatment", plant_lift(values, lift, rng), values)
        made.append(here[["Customer_ID"]].assign(Value=values, Prior=drawn["Prior"].to_numpy(), Date=date))
    return pd.concat(made, ignore_index=True)


def read_out_table(read: pd.DataFrame, form) -> pd.DataFrame:
    """A read-out as text; form writes the means."""
    text = pd.DataFrame({"Customers": read["Customers"].map(count)})
    for arm in ("Control", "Treatment"):
        text[arm] = read[arm].map(form, na_action="ignore")
    text["Lift"] = read["Lift"].map(percent, na_action="ignore")
    span = [f"{percent(low)} to {percent(high)}" if low == low else "-" for low, high in read[["Low", "High"]].values]
    text["95 % interval"] = span
    p, up = read["p (Holm)"], read["Treatment"] > read["Control"]
    text["p (Holm)"] = p.map(lambda value: "< 0.001" if value < 0.001 else f"{value:.3f}", na_action="ignore")
    text["Verdict"] = np.where(p.isna(), "too few", np.where(p >= ALPHA, "not shown", np.where(up, "works", "harms")))
    return text


def read_out_text(read: pd.DataFrame, lift: float) -> str:
    """How well a read-out recovers a planted lift, in words."""
    rows = read[read["Low"].notna() & (read.index != POOLED)]
    if not len(rows):
        return "The outcomes are **simulated**; no segment is large enough, or spends enough, to give a relative lift."
    inside = (rows["Low"].le(lift) & rows["High"].ge(lift)).sum()
    return (
        f"In these **simulated** outcomes a lift of {percent(lift, 1, 0)} was planted in every segment. The interval "
        f"holds it in {inside} of {plural(len(rows), 'segment')}; after Holm it is shown in "
        f"{(rows['p (Holm)'] < ALPHA).sum()}. 'Not shown' means that the test was too small to tell, not that there is "
        "no effect."
    )


PLANTED_LIFT = 0.15  # of the worked example
