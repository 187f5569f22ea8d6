"""Experiments: who is in which arm, how large a test must be, and how its result is read."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower, normal_power_het
from statsmodels.stats.proportion import power_proportions_2indep, proportion_effectsize

START = pd.Timestamp("2026-07-01")
SEGMENTS = ["VIP Champions", "High-Value Loyalists", "Promising Regulars", "At-Risk Customers"]


def a_plan(nb, customers=8_000, salt="test"):
    """A plan with two segments of equal size, arms dealt by the notebook's rule."""
    ids = pd.Series([f"C{n:05d}" for n in range(customers)])
    segment = np.where(np.arange(customers) < customers / 2, SEGMENTS[0], SEGMENTS[3])
    return pd.DataFrame({"Customer_ID": ids, "Segment_Name": segment, "Arm": nb.arms(ids, salt=salt)})


def outcomes_of(plan, lift=0.0, seed=0):
    """Skewed spend, 30 % of it zero, with a lift in the treatment arm."""
    rng = np.random.default_rng(seed)
    spend = rng.lognormal(3, 0.8, len(plan)) * (rng.random(len(plan)) < 0.7)
    spend = np.where(plan["Arm"] == "treatment", 1 + lift, 1) * spend
    return pd.DataFrame({"Customer_ID": plan["Customer_ID"], "Value": spend, "Date": START + pd.Timedelta(days=90)})


# Arms


def test_an_arm_depends_on_the_id_and_the_salt_alone(nb):
    ids = [f"C{n}" for n in range(500)]
    dealt = dict(zip(ids, nb.arms(ids), strict=True))
    mixed = [*np.random.default_rng(0).permutation(ids)[:200], "new customer", " C1", "0001"]
    assert all(dealt.get(name, arm) == arm for name, arm in zip(mixed, nb.arms(mixed), strict=True))
    assert (nb.arms(ids, salt="another") != nb.arms(ids)).mean() > 0.4


def test_an_arm_is_the_published_hash_so_that_another_program_can_check_it(nb):
    for name in ("0001", "1", " 1", "Zoë", "客户", "=A1"):
        number = int.from_bytes(hashlib.sha256(f"{nb.SALT}|{name}".encode()).digest()[:8], "big")
        assert nb.hash_position([name])[0] == pytest.approx(number / 2**64, abs=1e-15)
        assert nb.arms([name])[0] == ("control" if number / 2**64 < nb.CONTROL_SHARE else "treatment")
    assert nb.SALT == "segment-actions-1" and nb.CONTROL_SHARE == 0.5  # changing either deals every customer anew


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_shares_of_the_arms_are_within_binomial_bounds(nb, share):
    ids = [f"CUST{n:05d}" for n in range(40_000)]
    control = nb.arms(ids, share) == "control"
    low, high = stats.binom.ppf([0.0005, 0.9995], len(ids), share)
    assert low <= control.sum() <= high
    for part in np.array_split(control, 20):  # and in every part of the base
        low, high = stats.binom.ppf([0.0001, 0.9999], len(part), share)
        assert low <= part.sum() <= high


def test_positions_are_uniform(nb):
    assert stats.kstest(nb.hash_position([str(n) for n in range(20_000)]), "uniform").pvalue > 0.001


def test_a_smaller_control_share_only_turns_control_into_treatment(nb):
    ids = [f"C{n}" for n in range(5_000)]
    half, tenth = nb.arms(ids, 0.5), nb.arms(ids, 0.1)
    assert (half[tenth == "control"] == "control").all()


def test_the_hash_knows_nothing_of_recency_frequency_and_spend(nb):
    rng = np.random.default_rng(3)
    table = pd.DataFrame({name: rng.lognormal(3, 1, 8_000) for name in nb.RFM})
    table["Customer_ID"] = [f"C{n}" for n in range(8_000)]
    table["Segment_Name"] = pd.Categorical(np.array(SEGMENTS)[rng.integers(4, size=8_000)], SEGMENTS)
    dealt = pd.Series(nb.arms(table["Customer_ID"]))
    fair = nb.arm_balance(table, dealt)
    assert fair[nb.RFM].abs().le(fair["By chance"], axis=0).all().all()
    by_spend = pd.Series(np.where(table["Monetary"] > table["Monetary"].median(), "treatment", "control"))
    unfair = nb.arm_balance(table, by_spend)
    assert (unfair["Monetary"] > unfair["By chance"]).all()
    assert "**not what was drawn" in nb.balance_text(unfair, by_spend == "control", nb.strata_of(table))
    said = nb.balance_text(fair, dealt == "control", nb.strata_of(table))
    assert "none of 12 beyond chance" in said and "what a fair coin gives" in said


def test_balance_survives_a_segment_with_one_customer_and_equal_spend(nb):
    table = pd.DataFrame({"Recency": 1, "Frequency": 1, "Monetary": 5.0, "Customer_ID": list("abcdef")})
    table["Segment_Name"] = pd.Categorical([SEGMENTS[0], *[SEGMENTS[3]] * 5], SEGMENTS)
    control = pd.Series(nb.arms(table["Customer_ID"]))
    assert len(nb.arm_balance(table, control)) == 4
    assert "none of 12" in nb.balance_text(nb.arm_balance(table, control), control == "control", nb.strata_of(table))


def test_the_plan_says_who_gets_what(nb):
    customers = pd.DataFrame(
        {"Customer_ID": [f"{n:03d}" for n in range(400)], "Segment_Name": np.repeat(SEGMENTS, 100)}
    )
    customers["Previous_Segment"] = np.tile([SEGMENTS[0], "", SEGMENTS[3], "else"], 100)
    stakes = pd.DataFrame({"Segment": SEGMENTS[::-1], "Priority": ["1", "2", "3", "4"]})
    worth = pd.DataFrame({"Max_Spend": [30.0, 20.004, 10.0, np.nan]}, index=SEGMENTS)
    plan = nb.campaign_plan(customers, stakes, worth)
    assert plan["Customer_ID"].tolist() == customers["Customer_ID"].tolist()
    control, slipped = plan["Arm"] == "control", plan["Action"].str.startswith(nb.SLIPPED)
    fell = (customers["Previous_Segment"] == SEGMENTS[0]) & (customers["Segment_Name"] != SEGMENTS[0])
    assert (slipped == fell).all()
    assert (plan.loc[control & (plan["Segment_Name"] != SEGMENTS[3]), "Max_Spend"] == 0).all()
    assert plan.loc[~control].groupby("Segment_Name")["Max_Spend"].first()[SEGMENTS[1]] == 20
    assert plan.loc[plan["Segment_Name"] == SEGMENTS[3], "Max_Spend"].isna().all()
    assert plan.groupby("Segment_Name")["Priority"].first()[SEGMENTS[3]] == 1
    assert nb.campaign_plan(customers, stakes, None)["Max_Spend"].isna().all()


# Sample sizes


@pytest.mark.parametrize("treated", [0.5, 0.9])
@pytest.mark.parametrize("alpha", [0.05, 0.0125])
@pytest.mark.parametrize("base", [0.02, 0.1, 0.4, 0.8])
@pytest.mark.parametrize("lift", [0.05, 0.1, 0.2])
def test_sizes_of_tests_of_shares_agree_with_statsmodels(nb, base, lift, alpha, treated):
    needed = nb.customers_needed(base, lift, alpha=alpha, treated=treated)
    size, ratio = proportion_effectsize(base * (1 + lift), base), treated / (1 - treated)
    control = NormalIndPower().solve_power(size, alpha=alpha, power=nb.POWER, ratio=ratio)
    assert needed == pytest.approx(control * (1 + ratio), rel=0.01)
    for customers in (needed / 2, needed):
        theirs = NormalIndPower().power(size, customers * (1 - treated), alpha, ratio)
        assert nb.power_of(base, lift, customers, alpha=alpha, treated=treated) == pytest.approx(theirs, rel=0.01)
    assert nb.detectable_lift(base, needed, alpha=alpha, treated=treated) == pytest.approx(lift, rel=0.001)
    if needed > 2_000 and treated == 0.5:  # and with the test of two shares itself
        score = power_proportions_2indep(base * lift, base, nobs1=needed / 2, alpha=alpha).power
        assert score == pytest.approx(nb.POWER, rel=0.01)


@pytest.mark.parametrize("treated", [0.5, 0.9])
@pytest.mark.parametrize("alpha", [0.05, 0.0125])
@pytest.mark.parametrize("spread", [0.5, 1.5, 4.0])
@pytest.mark.parametrize("lift", [0.05, 0.1, 0.2])
def test_sizes_of_tests_of_means_agree_with_statsmodels(nb, spread, lift, alpha, treated):
    needed = nb.customers_needed(100, lift, 100 * spread, alpha, treated)
    treatment, control = treated * needed, (1 - treated) * needed
    widened = 100 * spread * np.sqrt((1 + lift) ** 2 * needed / treatment + needed / control)
    theirs = normal_power_het(100 * lift, needed, alpha, std_null=widened, std_alternative=widened)
    assert theirs == pytest.approx(nb.POWER, rel=0.01)
    equal = widened / np.sqrt(needed) / np.sqrt(1 / treatment + 1 / control)
    other = NormalIndPower().power(100 * lift / equal, control, alpha, ratio=treatment / control)
    assert nb.power_of(100, lift, needed, 100 * spread, alpha, treated) == pytest.approx(other, rel=0.01)
    assert nb.detectable_lift(100, needed, 100 * spread, alpha, treated) == pytest.approx(lift, rel=0.001)


def test_less_variance_needs_fewer_customers_in_proportion(nb):
    assert nb.customers_needed(100, 0.1, 80, left=0.4) == pytest.approx(0.4 * nb.customers_needed(100, 0.1, 80))
    assert nb.detectable_lift(100, 1000, 80, left=0.4) < nb.detectable_lift(100, 1000, 80)


def test_what_cannot_be_tested_is_not_a_number_of_customers(nb):
    assert nb.customers_needed(0.97, 0.1) == np.inf  # no share above 100 %
    for base, sd in ((0.0, np.nan), (1.0, np.nan), (np.nan, np.nan), (0.0, 5.0), (5.0, 0.0), (-3.0, 2.0)):
        assert nb.customers_needed(base, 0.1, sd) == np.inf
        assert np.isnan(nb.detectable_lift(base, 1000, sd))
    assert np.isnan(nb.detectable_lift(0.3, 3)) and np.isnan(nb.detectable_lift(0.97, 100))


def test_weeks_count_those_who_join_and_the_window(nb):
    assert nb.weeks_needed(100, 100, 0, 90) == 13
    assert nb.weeks_needed(150, 100, 10, 90) == 18
    assert nb.weeks_text(nb.weeks_needed(101, 100, 0, 90)) == "never"
    assert nb.weeks_text(nb.weeks_needed(np.inf, 100, 10, 90)) == "never"


# Base rates


@pytest.fixture(scope="module")
def log():
    """Six customers with a hand-made past: who orders, is refunded, comes late."""
    rows = [
        ("again", "2025-01-10", 100), ("again", "2025-07-05", 40),
        ("refunded", "2025-02-10", 50), ("refunded", "2025-07-20", -30),
        ("late", "2025-03-10", 20), ("late", "2025-11-01", 60),
        ("gone", "2025-04-10", 10),
        ("last day", "2025-05-10", 10), ("last day", "2025-09-28", 5), ("day after", "2025-05-10", 10),
        ("day after", "2025-09-29", 5), ("new", "2025-08-01", 70),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    return table.assign(
        Order_Date=pd.to_datetime(table["Order_Date"]), Order_ID=range(len(table)), Amount=table["Amount"].astype(float)
    )


MODEL = {
    "features": ["Recency", "Frequency", "Monetary"], "caps": [365, 20, 1000], "means": [0, 0, 0],
    "scales": [100, 5, 100], "centroids": [[0, 4, 9], [0, 2, 4], [0, 1, 1], [3, 0, 0]],
}  # fmt: skip


def test_the_past_is_measured_without_knowing_the_future(nb, log):
    past = nb.past_customers(log, MODEL, pd.Timestamp("2025-07-01"), 12, START)
    assert list(past.index) == ["again", "day after", "gone", "last day", "late", "refunded"]  # not "new"
    assert past["Orders"].to_dict() == {
        "again": 1, "day after": 0, "gone": 0, "last day": 1, "late": 0, "refunded": 0,
    }  # fmt: skip
    assert past.loc["refunded", ["Prior", "Spend"]].tolist() == [50, -30]
    assert past.loc["late", "Orders_Long"] == 1
    unchanged = nb.past_customers(log[log["Order_Date"] < "2025-07-01"], MODEL, pd.Timestamp("2025-07-01"), 12, START)
    assert (past["Segment_Name"] == unchanged["Segment_Name"]).all()
    short = nb.past_customers(log, MODEL, pd.Timestamp("2026-04-02"), 12, START)
    assert short["Orders_Long"].isna().all()


def test_the_base_day_is_a_year_back_if_the_log_reaches(nb, log):
    assert nb.base_day(log, START, 5) == pd.Timestamp("2025-07-01")
    assert nb.base_day(log, START, 12) == pd.Timestamp("2026-04-02")
    assert nb.base_day(log, START, 24) is None


def test_cuped_takes_out_the_squared_correlation(nb):
    rng = np.random.default_rng(0)
    prior = rng.normal(100, 20, 20_000)
    past = pd.DataFrame({"Prior": prior, "Spend": 0.6 * prior + rng.normal(0, 16, 20_000)})
    past["Segment_Name"] = pd.Categorical([SEGMENTS[0]] * 20_000, SEGMENTS)
    left = nb.variance_left(past)
    assert left[SEGMENTS[0]] == pytest.approx(0.64, abs=0.02)
    assert left[SEGMENTS[1]] == 1
    rest = past["Spend"] - nb.cuped_part(past["Spend"].to_numpy(), prior)
    assert rest.var() / past["Spend"].var() == pytest.approx(left[SEGMENTS[0]], rel=1e-6)
    assert rest.mean() == pytest.approx(past["Spend"].mean())


def test_random_splits_alarm_as_often_as_promised_and_find_what_they_should(nb):
    rng = np.random.default_rng(5)
    prior = rng.lognormal(4, 0.6, 4_000)
    past = pd.DataFrame({"Prior": prior, "Spend": prior * rng.lognormal(-1, 0.5, 4_000)})
    past["Orders"] = (rng.random(4_000) < 0.4).astype(float)
    past["Segment_Name"] = pd.Categorical(np.array(SEGMENTS)[np.arange(4_000) % 4], SEGMENTS)
    checked = nb.split_checks(past, 1).set_index("Segment")
    false, found = checked.filter(like="A/A").iloc[:4].to_numpy(), checked.filter(like="A/B").iloc[:4].to_numpy()
    low, high = stats.binom.ppf([0.0005, 0.9995], nb.SPLIT_CHECKS, nb.ALPHA) / nb.SPLIT_CHECKS
    assert (false >= low - 0.01).all() and (false <= high).all()
    assert (abs(found - nb.POWER) < 0.06).all()
    assert (checked.filter(like="A/A").loc["Any of them (Holm)"] <= high).all()
    shuffled = nb.split_checks(past.sample(frac=1, random_state=0), 1).set_index("Segment")
    pd.testing.assert_frame_equal(shuffled, checked)


def test_tables_and_sentences_survive_a_past_with_hardly_anybody(nb):
    customers = pd.DataFrame({"Segment_Name": pd.Categorical([SEGMENTS[0], *[SEGMENTS[3]] * 40], SEGMENTS)})
    past = pd.DataFrame({"Prior": 5.0, "Spend": 0.0, "Orders": 0.0, "Orders_Long": 0.0}, index=range(40))
    past["Segment_Name"] = pd.Categorical([SEGMENTS[3]] * 40, SEGMENTS)
    kpis = nb.kpi_table(customers, past, response=False)
    lifts = pd.Series(0.1, index=[*SEGMENTS, nb.POOLED])
    table = nb.feasibility(kpis, lifts, pd.Series(0.0, index=SEGMENTS))
    assert not table["Feasible"].any() and np.isnan(kpis.loc[(SEGMENTS[0], "Orders"), "Base"])
    assert nb.proof(table, SEGMENTS[0]) == "none can: no base rate is known"
    assert nb.proof(table, SEGMENTS[3]).startswith("none can; instead")
    assert "can be proved" not in nb.plan_text(table)
    texts = [nb.base_table(kpis, None), nb.sizes_table(table, None), nb.detectable_table(table, ["Orders", "Spend"])]
    assert not any((text == "nan").any().any() for text in texts)
    assert len(nb.cuped_table(table)) == 0
    assert nb.checks_text(nb.split_checks(past, 0)) == []


def test_what_to_do_follows_from_the_numbers(nb):
    """The planned measure where it works, then the other ones, then a bigger contrast."""
    customers = pd.DataFrame({"Segment_Name": pd.Categorical(np.repeat(SEGMENTS, 1_000), SEGMENTS)})
    rng = np.random.default_rng(0)
    prior = rng.lognormal(5, 0.35, 4_000)
    past = pd.DataFrame({"Prior": prior, "Spend": prior * rng.lognormal(0, 0.1, 4_000)})
    past["Segment_Name"] = pd.Categorical(np.repeat(SEGMENTS, 1_000), SEGMENTS)
    past["Orders"] = np.concatenate([rng.random(1_000) < share for share in (0.98, 0.5, 0.8, 0.02)]).astype(float)
    past["Orders_Long"] = np.maximum(past["Orders"], (np.arange(4_000) % 2).astype(float))
    lifts = pd.Series([0.1, 0.1, 0.1, 0.5, 0.1], index=[*SEGMENTS, nb.POOLED])
    past.loc[past["Segment_Name"] == SEGMENTS[3], "Spend"] *= (rng.random(1_000) < 0.02).astype(float)
    table = nb.feasibility(nb.kpi_table(customers, past, False), lifts, pd.Series(0.0, index=SEGMENTS))
    best = {name: nb.best_test(table, name) for name in SEGMENTS}
    assert best == dict(zip(SEGMENTS, ["Spend", "Spend", "Orders", "Orders, long"], strict=True))
    assert nb.instead_of(table, SEGMENTS[2]) == "as planned" and nb.instead_of(table, SEGMENTS[3]) == "a longer window"
    tight = lifts.replace(0.1, 0.065)
    table = nb.feasibility(nb.kpi_table(customers, past, False), tight, pd.Series(0.0, index=SEGMENTS))
    assert nb.best_test(table, SEGMENTS[0]) == "Spend, CUPED"
    table = nb.feasibility(nb.kpi_table(customers, past, False), lifts * 0.05, pd.Series(0.0, index=SEGMENTS))
    assert nb.best_test(table, SEGMENTS[3]) is None
    assert nb.proof(table, SEGMENTS[3]).startswith("none can; instead a bigger contrast: lifts from")
    table = nb.feasibility(nb.kpi_table(customers, past, False), lifts * 0, pd.Series(0.0, index=SEGMENTS))
    assert nb.proof(table, SEGMENTS[0]) == "none needed: no money is at stake"


# The read-out


def test_the_interval_covers_a_planted_lift_in_95_of_100_tests(nb):
    plan, covered, shown = a_plan(nb, 800), [], []
    for seed in range(150):
        read = nb.read_out(plan, outcomes_of(plan, 0.2, seed), START)
        covered += (read["Low"].le(0.2) & read["High"].ge(0.2)).tolist()
        shown.append((read["p (Holm)"] < 0.05).iloc[:2].any())
    assert 0.92 <= np.mean(covered) <= 0.98
    assert np.mean(shown) > 0.3


def test_without_a_lift_holm_keeps_false_alarms_at_one_in_twenty(nb):
    plan = a_plan(nb, 800)
    reads = [nb.read_out(plan, outcomes_of(plan, 0.0, seed), START) for seed in range(150)]
    family = np.mean([(read["p (Holm)"].iloc[:2] < 0.05).any() for read in reads])
    assert family <= stats.binom.ppf(0.999, 150, 0.05) / 150


def test_p_is_adjusted_by_holm_over_the_segments(nb):
    plan = a_plan(nb)
    read = nb.read_out(plan, outcomes_of(plan, 0.04, seed=3), START).iloc[:2]
    assert read["p (Holm)"].tolist() == pytest.approx(nb.holm(read["p"].tolist()).tolist())
    assert (read["p (Holm)"] > read["p"]).any()


def test_the_read_out_of_a_worked_case(nb):
    plan = pd.DataFrame(
        {"Customer_ID": list("abcdefgh"), "Segment_Name": SEGMENTS[0], "Arm": ["control", "treatment"] * 4}
    )
    values = [10.0, 20, 14, 22, 6, 18, 10, 20]
    outcomes = pd.DataFrame({"Customer_ID": list("abcdefgh"), "Value": values, "Date": START})
    row = nb.read_out(plan, outcomes, START).loc[SEGMENTS[0]]
    assert (row["Control"], row["Treatment"], row["Lift"]) == (10, 20, 1)
    t = stats.ttest_ind(values[1::2], values[::2], equal_var=False)
    assert row["p"] == pytest.approx(2 * stats.norm.sf(abs(t.statistic)))
    assert row["High"] - row["Lift"] == pytest.approx(1.96 * np.sqrt((8 / 3 + 4 * 32 / 3) / 4) / 10)


def test_the_read_out_does_not_care_for_order_and_keeps_ids_as_they_are(nb):
    plan = a_plan(nb)
    outcomes = outcomes_of(plan, 0.1)
    read = nb.read_out(plan, outcomes, START)
    mixed = nb.read_out(plan.sample(frac=1, random_state=1), outcomes.sample(frac=1, random_state=2), START)
    pd.testing.assert_frame_equal(read, mixed)


def test_prior_spend_narrows_the_interval(nb):
    plan = a_plan(nb)
    outcomes = outcomes_of(plan, 0.05)
    noise = np.random.default_rng(9).normal(0, 3, len(plan))
    with_prior = nb.read_out(plan, outcomes.assign(Prior=outcomes["Value"] + noise), START)
    wide, narrow = ((read["High"] - read["Low"]) for read in (nb.read_out(plan, outcomes, START), with_prior))
    assert (narrow < 0.5 * wide).all()


def change(frame, row, **values):
    """A copy with other values in one row."""
    changed = frame.astype(object)
    for name, value in values.items():
        changed.loc[row, name] = value
    return changed


REFUSED = {
    "an id that is not in the plan": (
        lambda p, o: (p, change(o, 0, Customer_ID="C99999")),
        "1 ids are not in the plan",
    ),
    "an id with a space": (lambda p, o: (p, change(o, 0, Customer_ID="C00000 ")), "1 ids are not in the plan"),
    "an id that comes twice": (lambda p, o: (p, pd.concat([o, o.iloc[:1]])), "1 rows repeat an id"),
    "an outcome before the start": (
        lambda p, o: (p, change(o, 0, Date="2026-06-30")),
        "1 rows without a date or dated",
    ),
    "an outcome without a date": (lambda p, o: (p, change(o, 0, Date=None)), "1 rows without a date or dated"),
    "a text for a number": (lambda p, o: (p, change(o, 0, Value="many")), "Value holds something that is no number"),
    "a blank value": (lambda p, o: (p, change(o, 0, Value=None)), "Value holds something that is no number"),
    "no values": (lambda p, o: (p, o.drop(columns="Value")), "outcomes: no Value"),
    "no rows": (lambda p, o: (p, o.iloc[:0]), "outcomes: no rows"),
    "a customer in both arms": (
        lambda p, o: (pd.concat([p, p.iloc[:1].assign(Arm="control"), p.iloc[:1].assign(Arm="treatment")]), o),
        "1 ids in both arms",
    ),
    "an arm that is none": (lambda p, o: (change(p, 0, Arm="holdout"), o), "1 rows with the arm 'holdout'"),
    "an arm that is missing": (lambda p, o: (p.assign(Arm="treatment"), o), "The split is broken"),
    "a broken ratio": (
        lambda p, o: (p, o[(p["Arm"] == "control") | (np.arange(len(o)) % 4 > 0)]),
        "The split is broken, so no lift is computed",
    ),
    "a ratio broken in one segment": (
        lambda p, o: (p, o[(p["Arm"] == "control") | (np.arange(len(o)) % 4 > 0) | (p["Segment_Name"] == SEGMENTS[0])]),
        "The split is broken",
    ),
    "buyers only": (lambda p, o: (p, o[o["Value"] > 0]), "with 0 for those who did nothing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_read_out_refuses(nb, case):
    plan = a_plan(nb)
    assert len(nb.read_out(plan, outcomes_of(plan), START))
    make, message = REFUSED[case]
    with pytest.raises(nb.InputError, match=message):
        nb.read_out(*make(plan, outcomes_of(plan)), START)


def test_one_customer_or_equal_outcomes_give_no_verdict_and_no_error(nb):
    plan = a_plan(nb, 400)
    plan.loc[0, "Segment_Name"] = SEGMENTS[1]
    read = nb.read_out(plan, outcomes_of(plan).assign(Value=1.0), START)
    assert read.loc[SEGMENTS[0], "p (Holm)"] == 1 and np.isnan(read.loc[SEGMENTS[1], "p"])
    shown = nb.read_out_table(read, nb.money)
    assert shown["Verdict"].tolist() == ["not shown", "too few", "not shown", "not shown"]


def test_a_planted_lift_is_as_large_as_said(nb):
    rng = np.random.default_rng(0)
    flags = (np.arange(1_000) < 200).astype(float)
    assert nb.plant_lift(flags, 0.15, rng).sum() == 230
    assert nb.plant_lift(np.array([0.0, 10, 30]), 0.1, rng) == pytest.approx([0, 11, 33])


# Whole runs


def test_the_plan_holds_every_customer_once_with_ids_as_given(kernel, generator, nb):
    orders, customers = generator.make(seed=3, customers=400, defects=False)
    odd = ["000123", " padded", "Zoë-7", "1e5", "客户 9", "-5"]
    new_name = dict(zip(customers["Customer_ID"][: len(odd)], odd, strict=True))
    customers, orders = (t.assign(Customer_ID=t["Customer_ID"].replace(new_name)) for t in (customers, orders))
    path = kernel.folder / "plan_orders.csv"
    orders.to_csv(path, index=False)
    run = kernel.run(customers, ORDERS_CSV=str(path))
    assert run.ok, run.error
    plan, segmented = run.table("campaign_plan.csv"), run.table("ecommerce_segmented_customers.csv")
    assert plan.columns.tolist() == ["Customer_ID", "Segment_Name", "Action", "Channel", "Arm", "Priority", "Max_Spend"]
    assert plan[["Customer_ID", "Segment_Name"]].equals(segmented[["Customer_ID", "Segment_Name"]])
    assert set(odd) < set(plan["Customer_ID"])
    assert plan["Arm"].tolist() == nb.arms(plan["Customer_ID"]).tolist()
    assert set(plan["Priority"]) == set("1234") and (plan["Action"] != "").all()
    control = plan["Arm"] == "control"
    assert set(plan.loc[control, "Channel"]) == {"none (control)"} and "none (control)" not in set(
        plan["Channel"][~control]
    )
    assert "Planted" not in run.text and "**simulated** outcomes a lift of 15 %" in run.text
    assert "## 12" not in run.text and "A/A:" in run.text and " nan" not in run.text
    assert not plan["Customer_ID"][6:].map(lambda name: name in run.text).any()


def test_without_an_order_log_the_plan_is_written_and_the_rest_said_to_be_missing(kernel, generator):
    _, customers = generator.make(seed=4, customers=300, defects=False)
    run = kernel.run(customers)
    assert run.ok, run.error
    assert "*Left out: repurchase, spend and CUPED." in run.text and "Responds to the campaign" in run.text
    assert len(run.table("campaign_plan.csv")) == len(customers)
    bare = kernel.run(customers[["Customer_ID", "Recency", "Frequency", "Monetary"]].sample(frac=1, random_state=0))
    assert bare.ok, bare.error
    assert "so no test can be sized" in bare.text and "none can: no base rate is known" in bare.text
    assert " nan" not in run.text + bare.text
    arms = [r.table("campaign_plan.csv").set_index("Customer_ID")["Arm"] for r in (run, bare)]
    assert arms[0].equals(arms[1].reindex(arms[0].index))


def test_fifty_customers_with_one_order_each_get_a_plan_and_no_promise(kernel):
    days = pd.to_datetime("2026-07-01") - pd.to_timedelta(np.arange(1, 51) * 7, unit="D")
    orders = pd.DataFrame({"Customer_ID": [f"{n:03d}" for n in range(50)], "Order_ID": [f"O{n}" for n in range(50)]})
    orders = orders.assign(Order_Date=days.astype(str), Amount=10.0 + np.arange(50) % 7)
    path = kernel.folder / "fifty.csv"
    orders.to_csv(path, index=False)
    table = pd.DataFrame({"Customer_ID": orders["Customer_ID"], "Recency": np.arange(1, 51) * 7, "Frequency": 1})
    run = kernel.run(table.assign(Monetary=orders["Amount"]), ORDERS_CSV=str(path), SNAPSHOT_DATE="2026-07-01")
    assert run.ok, run.error
    assert len(run.table("campaign_plan.csv")) == 50
    assert " nan" not in run.text and "can be proved within" not in run.text
