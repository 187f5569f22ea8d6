"""Who is in which arm, what the campaign plan says, and how its result is read."""

import dataclasses
import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segmentation import arms, experiments, planning
from segmentation.experiments import MIN_ARM, Design
from segmentation.power import Comparison
from segmentation.problems import InputError, LeftOut
from segmentation.vocabulary import (
    AT_RISK,
    DEVELOP,
    GROUPS,
    GROW,
    KEEP_LOYAL,
    KEEP_VIP,
    LOYAL,
    PROMISING,
    RFM,
    VIP,
    WIN_BACK,
)
from segmentation.words import safe_for_spreadsheets

REST = [KEEP_LOYAL, GROW, DEVELOP]

START = pd.Timestamp("2026-07-01")
SALT = "segment-actions-1"
SHARE, ALPHA = 0.5, 0.05
DESIGN = Design(days=90, cap=0.99, salt=SALT, slipped="Stop the slide, back to")


def half(ids):
    """Arms by the hash alone, half and half on average."""
    return np.where(arms.hash_position(ids, "test") < SHARE, *arms.ARMS)


def a_plan(customers=2_000):
    """A plan with two groups of equal size, half of each hash control."""
    ids = pd.Series([f"C{n:05d}" for n in range(customers)])
    group = np.where(np.arange(customers) < customers / 2, VIP, AT_RISK)
    return pd.DataFrame({"Customer_ID": ids, "Group": group, "Arm": half(ids)})


def outcomes_of(plan, lift=0.0, seed=0):
    """Skewed spend, 30 % of it zero, with a lift in the treatment arm."""
    rng = np.random.default_rng(seed)
    spend = rng.lognormal(3, 0.8, len(plan)) * (rng.random(len(plan)) < 0.7)
    spend = np.where(plan["Arm"] == "treatment", 1 + lift, 1) * spend
    return pd.DataFrame({"Customer_ID": plan["Customer_ID"], "Value": spend, "Date": START + pd.Timedelta(days=90)})


def read(plan, outcomes, share=SHARE):
    return arms.read_out(plan, outcomes, START, DESIGN, ALPHA, share)


def of_sizes(control, treatment, group=VIP):
    """A plan with so many customers in each arm of a group."""
    plan = pd.DataFrame({"Arm": np.repeat(arms.ARMS, [control, treatment]), "Group": group})
    return plan.assign(Customer_ID=[f"{group} {n}" for n in range(len(plan))])


# Arms


def test_an_arm_depends_on_the_id_and_the_salt_and_not_on_the_order():
    ids = [f"C{n}" for n in range(500)]
    dealt = dict(zip(ids, arms.deal(ids, 100, SALT), strict=True))
    mixed = [*np.random.default_rng(0).permutation(ids)]
    assert all(dealt[name] == arm for name, arm in zip(mixed, arms.deal(mixed, 100, SALT), strict=True))
    assert (arms.deal(ids, 250, "another") != arms.deal(ids, 250, SALT)).mean() > 0.4


@pytest.mark.parametrize("control", [0, 1, 123, 500])
def test_control_is_exactly_as_large_as_asked(control):
    assert (arms.deal([f"C{n}" for n in range(500)], control, SALT) == "control").sum() == control


def test_an_arm_is_the_published_hash_so_that_another_program_can_check_it(decisions):
    assert decisions.DESIGN.salt == SALT  # another deals everybody anew
    for name in ("0001", "1", " 1", "Zoë", "客户", "=A1"):
        number = int.from_bytes(hashlib.sha256(f"{SALT}|{name}".encode()).digest()[:8], "big")
        assert arms.hash_position([name], SALT)[0] == pytest.approx(number / 2**64, abs=1e-15)
    ids = [f"C{n}" for n in range(100)]
    position, control = arms.hash_position(ids, SALT), arms.deal(ids, 30, SALT) == "control"
    assert position[control].max() < position[~control].min()


def test_a_smaller_control_group_only_turns_control_into_treatment():
    ids = [f"C{n}" for n in range(5_000)]
    assert (arms.deal(ids, 2_500, SALT)[arms.deal(ids, 500, SALT) == "control"] == "control").all()


def test_the_hash_knows_nothing_of_recency_frequency_and_spend(words):
    rng = np.random.default_rng(3)
    table = pd.DataFrame({name: rng.lognormal(3, 1, 8_000) for name in RFM})
    campaign = pd.DataFrame({"Group": np.array(GROUPS)[rng.integers(4, size=8_000)]})
    fair = arms.balance_of(table, campaign.assign(Arm=arms.deal(range(8_000), 2_000, SALT)))
    assert (fair.beyond, fair.groups, fair.compared) == ("none", 8, 12)
    assert words.text(fair.shares).startswith("what a fair coin gives")
    by_spend = np.where(table["Monetary"] > table["Monetary"].median(), "treatment", "control")
    unfair = arms.balance_of(table, campaign.assign(Arm=by_spend))
    assert unfair.beyond == 4 and (unfair.table["Monetary"] > unfair.table["By chance"]).all()
    assert words.text(unfair.shares) == "**not what was drawn: use another salt**"


def test_balance_of_a_worked_case():
    """Two customers an arm: days 1 and 3 in control, 2 and 6 in treatment; sd of all four is 2.16."""
    table = pd.DataFrame({"Recency": [1, 3, 2, 6, 9], "Frequency": 1, "Monetary": [1.0, 2, 3, 4, 5]})
    campaign = pd.DataFrame({"Arm": [*["control"] * 2, *["treatment"] * 2, arms.NO_TEST], "Group": KEEP_VIP})
    row = arms.balance_of(table, campaign).table.loc[0]
    assert row["Recency"] == pytest.approx(2 / np.std([1, 3, 2, 6], ddof=1), abs=1e-6)
    assert np.isnan(row["Frequency"])
    assert (row["Customers"], row["Control"]) == (4, 0.5)  # who is in no test is not counted
    assert row["By chance"] == pytest.approx(stats.norm.isf(0.025 / 3))
    assert "no test is planned" in arms.balance_of(table, campaign.assign(Arm=arms.NO_TEST)).reason


# The campaign plan


@pytest.fixture(scope="module")
def plan(decisions):
    """A plan of 400 customers: a hundred lapsed ones with a test, fifty VIPs that slip, the others in no group."""
    table = pd.DataFrame({"Customers": [100, 50, 0, 0, 0], "Control": [40, 0, 0, 0, 0]}, [WIN_BACK, KEEP_VIP, *REST])
    table["Priority"], table["Margin"] = [1.0, 2, np.nan, np.nan, np.nan], [200.0, 100, np.nan, np.nan, np.nan]
    table["Max_Spend"] = [2.0, 7.5, np.nan, np.nan, np.nan]
    table["Start"] = pd.to_datetime(["2026-10-01", None, None, None, None])
    groups = pd.Series(np.repeat([WIN_BACK, KEEP_VIP, ""], [100, 50, 250]))
    rest = [LeftOut(""), LeftOut(""), START, decisions.ASSUMPTIONS, DESIGN]
    return planning.Plan(table, groups, True, decisions.ACTIONS, *rest)


@pytest.fixture(scope="module")
def customers():
    """The customers of the plan; half of the slipping VIPs have fallen to Promising, the others are overdue."""
    names = np.repeat([AT_RISK, PROMISING, VIP, LOYAL], [100, 25, 25, 250])
    table = pd.DataFrame({"Customer_ID": [f"{n:03d}" for n in range(400)], "Segment_Name": names})
    return table.assign(Previous_Segment=np.repeat([AT_RISK, VIP, LOYAL], [100, 50, 250]))


@pytest.fixture(scope="module")
def campaign(plan, customers):
    """campaign_plan.csv."""
    return arms.campaign_plan(plan, customers)


def test_the_campaign_names_every_customer_once_in_the_order_given(campaign, customers):
    columns = ["Customer_ID", "Segment_Name", "Group", "Action", "Channel", "Start", "Arm", "Priority", "Max_Spend"]
    assert list(campaign) == columns
    assert campaign["Customer_ID"].tolist() == customers["Customer_ID"].tolist()


def test_control_only_where_a_test_is_planned_and_gets_nothing(campaign):
    control = campaign["Arm"] == "control"
    assert control.sum() == 40 and (campaign.loc[control, "Group"] == WIN_BACK).all()
    assert (campaign.loc[campaign["Group"] != WIN_BACK, "Arm"] == arms.NO_TEST).all()
    assert (campaign.loc[control, "Max_Spend"] == 0).all()
    assert (control == (campaign["Channel"] == "none (control)")).all()
    assert (campaign.loc[(campaign["Arm"] == "treatment"), "Max_Spend"] == 2).all()


def test_priority_start_and_ceiling_are_those_of_the_plan(campaign):
    first = campaign[campaign["Group"] == WIN_BACK]
    assert (first["Priority"] == 1).all() and (first["Start"] == "2026-10-01").all()
    second = campaign[campaign["Group"] == KEEP_VIP]
    assert (second["Priority"] == 2).all() and (second["Start"] == "2026-07-01").all()
    assert (second["Channel"] == "personal e-mail and phone").all()
    others = campaign[campaign["Group"] == ""]
    assert others["Priority"].isna().all() and (others["Max_Spend"] == 0).all() and (others["Start"] == "").all()
    assert set(others["Action"]) == {arms.NOTHING}


def test_who_slipped_keeps_urgency_and_ceiling_of_the_segment_he_comes_from_and_is_no_control(campaign, words):
    fallen = campaign["Action"].str.startswith(DESIGN.slipped)
    assert fallen.sum() == 25 and set(campaign.loc[fallen, "Segment_Name"]) == {PROMISING}
    assert set(campaign.loc[fallen, "Action"]) == {f"{DESIGN.slipped} {VIP}"}
    assert (campaign.loc[fallen, "Priority"] == 2).all() and (campaign.loc[fallen, "Max_Spend"] == 7.5).all()
    assert (campaign.loc[fallen, "Arm"] == arms.NO_TEST).all()
    said = words.text(arms.plan_in_words(campaign, DESIGN))
    assert said == (
        "`campaign_plan.csv` holds 400 customers; the plan asks something for 150 of them, of whom 40 are control and get nothing; 25 "
        "customers fell from one of the two best segments and get an action of their own."
    )
    alone = words.text(arms.plan_in_words(campaign.assign(Arm=arms.NO_TEST, Action=""), DESIGN))
    assert alone.endswith("for 150 of them, none is control, because no test could show anything.")


def test_without_measured_money_there_is_no_ceiling(plan, customers):
    unknown = dataclasses.replace(plan, table=plan.table.assign(Margin=np.nan, Max_Spend=np.nan, Control=0))
    assert arms.campaign_plan(unknown, customers)["Max_Spend"].isna().all()


def test_no_text_of_the_campaign_runs_in_a_spreadsheet_and_its_ids_are_still_read(plan, customers):
    hostile = customers.assign(Customer_ID=["=1+1", *customers["Customer_ID"][1:]])
    written = arms.campaign_plan(plan, hostile)
    assert written.loc[0, "Customer_ID"] == "'=1+1"
    outcomes = pd.DataFrame({"Customer_ID": hostile["Customer_ID"], "Value": 1.0, "Date": START})
    assert read(written, outcomes, share=None).loc[WIN_BACK, "Customers"] == 100


# The read-out: the promises


def splits_read(lift, splits=2_000, customers=400, cuped=False):
    """What read-outs say of random splits of the same customers, with a lift in the treatment arm: a row per split."""
    rng = np.random.default_rng(0)
    prior = rng.lognormal(4, 0.6, customers)
    spend = prior * rng.lognormal(-1, 0.5, customers)
    treated = rng.random((splits, customers)) < 0.5
    values = np.where(treated, 1 + lift, 1) * spend
    if cuped:
        values = values - np.apply_along_axis(arms.cuped_part, 1, values, prior)
    drawn = {"control": np.where(treated, np.nan, values), "treatment": np.where(treated, values, np.nan)}
    means = {arm: np.nanmean(part, axis=1) for arm, part in drawn.items()}
    noise = {f"noise_{arm}": np.nanvar(part, axis=1, ddof=1) / (~np.isnan(part)).sum(1) for arm, part in drawn.items()}
    left = 1 - np.corrcoef(prior, spend)[0, 1] ** 2 if cuped else 1
    return arms.lifts_of(pd.DataFrame(means | noise)), Comparison(spend.mean(), np.sqrt(left) * spend.std(), ALPHA, 0.8)


@pytest.mark.parametrize("cuped", [False, True])
def test_splits_without_a_lift_alarm_in_one_of_twenty(cuped):
    found, _ = splits_read(0.0, cuped=cuped)
    low, high = stats.binom.ppf([0.0005, 0.9995], len(found), ALPHA) / len(found)
    assert low - 0.01 <= (found["p"] < ALPHA).mean() <= high + 0.005


@pytest.mark.parametrize("cuped", [False, True])
def test_a_lift_that_should_just_be_found_is_found_in_four_of_five_splits(cuped):
    _, compared = splits_read(0.0, splits=2, cuped=cuped)
    found, _ = splits_read(float(compared.detectable(400)), cuped=cuped)
    assert (found["p"] < ALPHA).mean() == pytest.approx(0.8, abs=0.05)


def test_the_interval_holds_a_planted_lift_in_95_of_100_samples():
    rng = np.random.default_rng(2)
    samples = rng.lognormal(3, 0.8, (2_000, 400)) * (rng.random((2_000, 400)) < 0.7)
    parts = {"control": samples[:, :200], "treatment": 1.2 * samples[:, 200:]}
    noise = {f"noise_{arm}": part.var(axis=1, ddof=1) / 200 for arm, part in parts.items()}
    found = arms.lifts_of(pd.DataFrame({arm: part.mean(axis=1) for arm, part in parts.items()} | noise))
    assert (found["Low"].le(0.2) & found["High"].ge(0.2)).mean() == pytest.approx(0.95, abs=0.015)


def test_the_read_out_recovers_a_planted_lift():
    plan = a_plan(4_000)
    found = arms.read_out(plan, outcomes_of(plan, 0.25), START, dataclasses.replace(DESIGN, cap=1.0), ALPHA)
    assert found.index.tolist() == [AT_RISK, VIP, "All together"]
    assert (found["Low"].le(0.25) & found["High"].ge(0.25)).all() and (found["Verdict"] == "works").all()


# The read-out: worked cases


def test_the_read_out_of_a_worked_case():
    values = MIN_ARM // 4 * [10.0, 20, 14, 22, 6, 18, 10, 20]
    ids = range(len(values))
    plan = pd.DataFrame({"Customer_ID": ids, "Group": VIP, "Arm": ["control", "treatment"] * MIN_ARM})
    row = read(plan, pd.DataFrame({"Customer_ID": ids, "Value": values, "Date": START})).loc[VIP]
    assert (row["Control"], row["Treatment"], row["Lift"], row["Verdict"]) == (10, 20, 1, "works")
    t = stats.ttest_ind(values[1::2], values[::2], equal_var=False)
    assert row["p"] == pytest.approx(2 * stats.norm.sf(abs(t.statistic)))
    spread = np.var(values[1::2], ddof=1) + 4 * np.var(values[::2], ddof=1)
    assert row["High"] - row["Lift"] == pytest.approx(1.96 * np.sqrt(spread / MIN_ARM) / 10)


def test_p_is_adjusted_by_holm_over_the_groups_and_not_over_all_together():
    found = read(a_plan(), outcomes_of(a_plan(), 0.04, seed=3))
    low, high = sorted(found["p"].iloc[:2])
    assert sorted(found["p (Holm)"].iloc[:2]) == pytest.approx([2 * low, max(2 * low, high)])
    assert found["p (Holm)"].iloc[2] == found["p"].iloc[2]


def test_all_together_weighs_groups_by_their_customers():
    plan = a_plan(2_000).assign(Group=np.repeat([VIP, AT_RISK], [1_500, 500]))
    found = arms.by_arm(plan.assign(Value=outcomes_of(plan)["Value"]))
    assert found["Customers"].tolist() == [500, 1_500, 2_000]
    for arm in arms.ARMS:
        assert found.loc["All together", arm] == pytest.approx(
            0.75 * found.loc[VIP, arm] + 0.25 * found.loc[AT_RISK, arm]
        )
        squares = 0.75**2 * found.loc[VIP, f"noise_{arm}"] + 0.25**2 * found.loc[AT_RISK, f"noise_{arm}"]
        assert found.loc["All together", f"noise_{arm}"] == pytest.approx(squares)


def test_verdicts_are_works_harms_not_shown_and_too_few():
    plan = a_plan(2_000)
    plan.loc[0, "Group"] = LOYAL
    outcomes = outcomes_of(plan, 2.0)
    outcomes["Value"] = np.where(plan["Group"] == AT_RISK, 50 - outcomes["Value"], outcomes["Value"])
    assert read(plan, outcomes)["Verdict"].tolist()[:3] == ["harms", "too few", "works"]
    equal = read(plan, outcomes_of(plan).assign(Value=1.0))
    assert equal["Verdict"].tolist() == ["not shown", "too few", "not shown", "not shown"]
    assert equal.loc[VIP, "p (Holm)"] == 1 and np.isnan(equal.loc[LOYAL, "p"])


@pytest.mark.parametrize(("treated", "verdict"), [(MIN_ARM - 1, "too few"), (MIN_ARM, "works")])
def test_an_arm_smaller_than_its_normal_approximation_needs_is_too_few(treated, verdict):
    plan = of_sizes(1_000, treated)
    outcomes = outcomes_of(plan).assign(Value=(plan["Arm"] == "treatment") * 1.0)
    assert read(plan, outcomes, share=None).loc[VIP, "Verdict"] == verdict


def test_capped_spend_rarely_alarms_with_the_smallest_arm_and_far_too_often_with_13():
    """Arms with no difference, the smaller one treated; a skew like that of real shops, capped."""
    rng = np.random.default_rng(5)
    spend, _ = experiments.capped(pd.Series(rng.lognormal(3, 1.2, 20_000) * (rng.random(20_000) < 0.35)), 0.99)
    alarms = {}
    for size in (13, MIN_ARM):
        treated, control = (spend.to_numpy()[rng.integers(0, 20_000, (2_000, n))] for n in (size, 1_000))
        parts = {"control": control, "treatment": treated}
        noise = {f"noise_{arm}": part.var(axis=1, ddof=1) / part.shape[1] for arm, part in parts.items()}
        means = pd.DataFrame({arm: part.mean(axis=1) for arm, part in parts.items()} | noise)
        alarms[size] = (arms.lifts_of(means)["p"] < ALPHA).mean()
    assert alarms[MIN_ARM] < 0.08 and alarms[13] > 0.12


def test_one_wholesale_order_does_not_decide_a_test():
    plan = a_plan()
    outcomes = outcomes_of(plan, 0.3)
    usual = read(plan, outcomes).loc[VIP]
    outcomes.loc[plan.index[(plan["Group"] == VIP) & (plan["Arm"] == "control")][0], "Value"] = 1e6
    found = read(plan, outcomes).loc[VIP]
    assert found["Lift"] == pytest.approx(usual["Lift"], abs=0.02) and found["Verdict"] == usual["Verdict"] == "works"
    assert found["Capped_At"] < 1_000
    shares = read(plan, outcomes.assign(Value=(np.arange(len(plan)) % 500 == 0) * 1.0))
    assert np.isnan(shares["Capped_At"]).all() and shares["Control"].max() > 0  # rare successes are not capped away


def test_a_plan_without_a_test_cannot_be_read():
    with pytest.raises(InputError, match="plan: no test was planned, so nobody is control and nothing can be read"):
        read(a_plan().assign(Arm=arms.NO_TEST), outcomes_of(a_plan()))


def test_the_read_out_takes_ids_that_the_plans_file_made_safe():
    plan = a_plan().assign(Customer_ID=lambda table: "=" + table["Customer_ID"])
    outcomes = outcomes_of(plan, 0.1)
    filed = plan.assign(Customer_ID=safe_for_spreadsheets(plan["Customer_ID"]))
    assert filed["Customer_ID"].str.startswith("'=").all()
    pd.testing.assert_frame_equal(read(filed, outcomes), read(plan, outcomes))
    back = outcomes.assign(Customer_ID=filed["Customer_ID"])
    pd.testing.assert_frame_equal(read(filed, back), read(plan, outcomes))


def test_the_read_out_does_not_care_for_order():
    plan, outcomes = a_plan(), outcomes_of(a_plan(), 0.1)
    mixed = read(plan.sample(frac=1, random_state=1), outcomes.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(read(plan, outcomes), mixed)


def test_prior_spend_narrows_the_interval_and_takes_out_a_head_start():
    plan = a_plan()
    joined = plan.assign(Value=outcomes_of(plan, 0.05)["Value"])
    noise = np.random.default_rng(9).normal(0, 3, len(plan))
    plain, less = (arms.lifts_of(arms.by_arm(j)) for j in (joined, joined.assign(Prior=joined["Value"] + noise)))
    assert ((less["High"] - less["Low"]) < 0.5 * (plain["High"] - plain["Low"])).all()
    prior = (
        np.where(plan["Arm"] == "treatment", 12.0, 10.0) + noise
    )  # treatment spent more before, and so it does later
    assert arms.lifts_of(arms.by_arm(plan.assign(Value=prior, Prior=prior)))["Lift"].abs().max() < 1e-9


# The read-out: refusals


def change(frame, row, **values):
    """A copy with other values in one row."""
    changed = frame.astype(object)
    for name, value in values.items():
        changed.loc[row, name] = value
    return changed


def fewer_treated(plan, outcomes, spared=""):
    """Outcomes without every fourth customer of the treatment arm, one group spared."""
    kept = (plan["Arm"] == "control") | (np.arange(len(outcomes)) % 4 > 0) | (plan["Group"] == spared)
    return plan, outcomes[kept]


def in_both_arms(plan, outcomes):
    """The first customer once in each arm."""
    return pd.concat([plan, *(plan.iloc[:1].assign(Arm=arm) for arm in arms.ARMS)]), outcomes


NO_DATE, NO_NUMBER = "1 rows without a date or dated before", "1 rows hold no number as Value"
REFUSED = {
    "an id that is not in the plan": (
        lambda p, o: (p, change(o, 0, Customer_ID="C99999")),
        "1 ids are not in the plan",
    ),
    "an id with a space": (lambda p, o: (p, change(o, 0, Customer_ID="C00000 ")), "1 ids are not in the plan"),
    "an id that comes twice": (lambda p, o: (p, pd.concat([o, o.iloc[:1]])), "1 rows repeat an id"),
    "an outcome before the start": (lambda p, o: (p, change(o, 0, Date="2026-06-30")), NO_DATE),
    "an outcome without a date": (lambda p, o: (p, change(o, 0, Date=None)), NO_DATE),
    "a text for a number": (lambda p, o: (p, change(o, 0, Value="many")), NO_NUMBER),
    "a blank value": (lambda p, o: (p, change(o, 0, Value=None)), NO_NUMBER),
    "no values": (lambda p, o: (p, o.drop(columns="Value")), "outcomes: no Value"),
    "no rows": (lambda p, o: (p, o.iloc[:0]), "outcomes: no rows"),
    "a customer in both arms": (in_both_arms, "1 ids in both arms"),
    "an arm that is none": (lambda p, o: (change(p, 0, Arm="holdout"), o), "1 rows with the arm 'holdout'"),
    "an arm that is missing": (lambda p, o: (p.assign(Arm="treatment"), o), "The split is broken"),
    "a broken ratio": (fewer_treated, "The split is broken, so no lift is computed"),
    "a ratio broken in one group": (lambda p, o: fewer_treated(p, o, VIP), "The split is broken"),
    "buyers only": (lambda p, o: (p, o[o["Value"] > 0]), "with 0 for those who did nothing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_read_out_refuses(case):
    plan = a_plan()
    make, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        read(*make(plan, outcomes_of(plan)))


@pytest.mark.parametrize(
    "plan, fair",
    [
        (of_sizes(552, 448), True),  # p 0.00101
        (of_sizes(553, 447), False),  # p 0.0008
        (pd.concat([of_sizes(555, 445), of_sizes(500, 500, LOYAL)], ignore_index=True), True),  # p 0.000504, one of two
        (pd.concat([of_sizes(556, 444), of_sizes(500, 500, LOYAL)], ignore_index=True), False),  # p 0.00040
    ],
)
def test_the_limit_of_the_sample_ratio(plan, fair):
    if fair:
        arms.check_arms(plan, plan, SHARE)
    else:
        with pytest.raises(InputError, match="The split is broken"):
            arms.check_arms(plan, plan, SHARE)


@pytest.mark.parametrize("known, enough", [(90, True), (89, False)])
def test_nine_in_ten_customers_of_each_group_need_an_outcome(known, enough):
    plan = of_sizes(50, 50)
    joined = plan.sample(known, random_state=0)
    if enough:
        arms.check_arms(plan, joined, SHARE)
    else:
        with pytest.raises(
            InputError, match="89 of the 100 customers in the plan have an outcome; expected at least 90 %"
        ):
            arms.check_arms(plan, joined, SHARE)
