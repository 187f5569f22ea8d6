"""Who is in which arm, what the campaign plan says, and how its result is read."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segmentation import arms
from segmentation.power import Comparison
from segmentation.problems import InputError, LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, RFM, SEGMENTS, VIP
from segmentation.words import safe_for_spreadsheets

START = pd.Timestamp("2026-07-01")
SALT = "segment-actions-1"
SHARE, ALPHA = 0.5, 0.05


def a_plan(customers=2_000):
    """A plan with two segments of equal size, arms dealt by the rule."""
    ids = pd.Series([f"C{n:05d}" for n in range(customers)])
    segment = np.where(np.arange(customers) < customers / 2, VIP, AT_RISK)
    return pd.DataFrame({"Customer_ID": ids, "Segment_Name": segment, "Arm": arms.deal(ids, SHARE, "test")})


def outcomes_of(plan, lift=0.0, seed=0):
    """Skewed spend, 30 % of it zero, with a lift in the treatment arm."""
    rng = np.random.default_rng(seed)
    spend = rng.lognormal(3, 0.8, len(plan)) * (rng.random(len(plan)) < 0.7)
    spend = np.where(plan["Arm"] == "treatment", 1 + lift, 1) * spend
    return pd.DataFrame({"Customer_ID": plan["Customer_ID"], "Value": spend, "Date": START + pd.Timedelta(days=90)})


def read(plan, outcomes):
    return arms.read_out(plan, outcomes, START, SHARE, ALPHA)


# Arms


def test_an_arm_depends_on_the_id_and_the_salt_alone():
    ids = [f"C{n}" for n in range(500)]
    dealt = dict(zip(ids, arms.deal(ids, SHARE, SALT), strict=True))
    mixed = [*np.random.default_rng(0).permutation(ids)[:200], "new customer", " C1", "0001"]
    assert all(dealt.get(name, arm) == arm for name, arm in zip(mixed, arms.deal(mixed, SHARE, SALT), strict=True))
    assert (arms.deal(ids, SHARE, "another") != arms.deal(ids, SHARE, SALT)).mean() > 0.4


def test_an_arm_is_the_published_hash_so_that_another_program_can_check_it(decisions):
    assert (decisions.DESIGN.salt, decisions.ASSUMPTIONS.control_share) == (SALT, SHARE)  # others deal everybody anew
    for name in ("0001", "1", " 1", "Zoë", "客户", "=A1"):
        number = int.from_bytes(hashlib.sha256(f"{SALT}|{name}".encode()).digest()[:8], "big")
        assert arms.hash_position([name], SALT)[0] == pytest.approx(number / 2**64, abs=1e-15)
        assert arms.deal([name], SHARE, SALT)[0] == ("control" if number / 2**64 < SHARE else "treatment")


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_shares_of_the_arms_are_within_binomial_bounds(share):
    control = arms.deal([f"CUST{n:05d}" for n in range(40_000)], share, SALT) == "control"
    low, high = stats.binom.ppf([0.0005, 0.9995], len(control), share)
    assert low <= control.sum() <= high
    for part in np.array_split(control, 20):  # and in every part of the base
        low, high = stats.binom.ppf([0.0001, 0.9999], len(part), share)
        assert low <= part.sum() <= high


def test_a_smaller_control_share_only_turns_control_into_treatment():
    ids = [f"C{n}" for n in range(5_000)]
    assert (arms.deal(ids, 0.5, SALT)[arms.deal(ids, 0.1, SALT) == "control"] == "control").all()


def test_the_hash_knows_nothing_of_recency_frequency_and_spend(words):
    rng = np.random.default_rng(3)
    table = pd.DataFrame({name: rng.lognormal(3, 1, 8_000) for name in RFM})
    table["Segment_Name"] = pd.Categorical(np.array(SEGMENTS)[rng.integers(4, size=8_000)], SEGMENTS)
    fair = arms.balance_of(table, pd.DataFrame({"Arm": arms.deal(range(8_000), SHARE, SALT)}), SHARE)
    assert (fair.beyond, fair.groups) == ("none", 8)
    assert words.text(fair.shares).startswith("what a fair coin gives")
    by_spend = np.where(table["Monetary"] > table["Monetary"].median(), "treatment", "control")
    unfair = arms.balance_of(table, pd.DataFrame({"Arm": by_spend}), SHARE)
    assert unfair.beyond == 4 and (unfair.table["Monetary"] > unfair.table["By chance"]).all()
    assert words.text(unfair.shares) == "**not what was drawn: use another salt**"


def test_balance_of_a_worked_case():
    """Two customers an arm: days 1 and 3 in control, 2 and 6 in treatment; sd of all four is 2.16."""
    table = pd.DataFrame({"Recency": [1, 3, 2, 6], "Frequency": 1, "Monetary": [1.0, 2, 3, 4], "Segment_Name": VIP})
    row = arms.balance_of(table, pd.DataFrame({"Arm": [*["control"] * 2, *["treatment"] * 2]}), SHARE).table.loc[0]
    assert row["Recency"] == pytest.approx(2 / np.std([1, 3, 2, 6], ddof=1), abs=1e-6)
    assert np.isnan(row["Frequency"])
    assert (row["Customers"], row["Control"], row["Ratio p"]) == (4, 0.5, 1.0)
    assert row["By chance"] == pytest.approx(stats.norm.isf(0.025 / 12))


def test_balance_survives_a_segment_with_one_customer_and_equal_spend():
    table = pd.DataFrame({"Recency": 1, "Frequency": 1, "Monetary": 5.0, "Segment_Name": [VIP, *[AT_RISK] * 5]})
    found = arms.balance_of(table, pd.DataFrame({"Arm": arms.deal([*"abcdef"], SHARE, SALT)}), SHARE)
    assert len(found.shown) == 4 and found.beyond == "none"


# The plan


@pytest.fixture(scope="module")
def customers():
    """A hundred in each segment, a quarter of them once VIP, a quarter Loyalists, a quarter Promising."""
    table = pd.DataFrame({"Customer_ID": [f"{n:03d}" for n in range(400)], "Segment_Name": np.repeat(SEGMENTS, 100)})
    return table.assign(Previous_Segment=np.tile([VIP, LOYAL, PROMISING, ""], 100))


@pytest.fixture(scope="module")
def plan_of(customers, decisions):
    """The plan for a table of worth; At-Risk come first, VIP last."""
    stakes = pd.DataFrame({"Segment": SEGMENTS[::-1], "Priority": ["1", "2", "3", "4"]})
    return lambda worth: arms.campaign_plan(customers, stakes, worth, decisions.ACTIONS, SHARE, decisions.DESIGN)


WORTH = pd.DataFrame({"Max_Spend": [30.0, 20.004, 10.0, np.nan]}, index=list(SEGMENTS))


def test_the_plan_names_every_customer_once_in_the_order_given(plan_of, customers, decisions):
    plan = plan_of(WORTH)
    assert list(plan) == ["Customer_ID", "Segment_Name", "Action", "Channel", "Arm", "Priority", "Max_Spend"]
    assert plan["Customer_ID"].tolist() == customers["Customer_ID"].tolist()
    assert plan["Arm"].tolist() == arms.deal(customers["Customer_ID"], SHARE, decisions.DESIGN.salt).tolist()


def test_the_plan_keeps_the_order_of_the_recommendations(plan_of):
    first = plan_of(WORTH).groupby("Segment_Name", observed=True)["Priority"].agg(["min", "max"])
    assert first["min"].to_dict() == first["max"].to_dict() == {VIP: 4, LOYAL: 3, PROMISING: 2, AT_RISK: 1}


def test_control_gets_nothing(plan_of):
    plan = plan_of(WORTH)
    control = plan["Arm"] == "control"
    known = plan["Segment_Name"] != AT_RISK
    assert (plan.loc[control & known, "Max_Spend"] == 0).all() and control.any()
    spend = plan[~control & known].groupby("Segment_Name", observed=True)["Max_Spend"]
    assert spend.min().to_dict() == spend.max().to_dict() == {VIP: 30, LOYAL: 20, PROMISING: 10}
    assert plan.loc[~known, "Max_Spend"].isna().all()
    assert (control == (plan["Channel"] == "none (control)")).all()
    assert plan_of(LeftOut("no log"))["Max_Spend"].isna().all()


def test_who_slipped_out_of_the_two_best_segments_gets_an_action_of_their_own(plan_of, customers, decisions, words):
    plan = plan_of(WORTH)
    slipped = plan["Action"].str.startswith(decisions.DESIGN.slipped)
    before, now = (
        customers[name].map({s: i for i, s in enumerate(SEGMENTS)}) for name in ("Previous_Segment", "Segment_Name")
    )
    assert (slipped == ((before <= 1) & (before < now))).all()  # VIP and Loyalists alike; others drift with the season
    assert slipped.sum() == 75 + 50
    assert plan.loc[slipped, "Action"].iloc[0].endswith("the way back to VIP Champions")
    assert plan.loc[~slipped, "Action"].iloc[0] == "Keep: loyalty programme with early access and a named contact"
    said = words.text(arms.plan_in_words(plan, decisions.DESIGN))
    assert said.startswith("`campaign_plan.csv` holds 400 customers, ") and "; 125 customers slipped" in said


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
    found = read(plan, outcomes_of(plan, 0.25))
    assert found.index.tolist() == [VIP, AT_RISK, "All together"]
    assert (found["Low"].le(0.25) & found["High"].ge(0.25)).all() and (found["Verdict"] == "works").all()


# The read-out: worked cases


def test_the_read_out_of_a_worked_case():
    ids, values = [*"abcdefgh"], [10.0, 20, 14, 22, 6, 18, 10, 20]
    plan = pd.DataFrame({"Customer_ID": ids, "Segment_Name": VIP, "Arm": ["control", "treatment"] * 4})
    row = read(plan, pd.DataFrame({"Customer_ID": ids, "Value": values, "Date": START})).loc[VIP]
    assert (row["Control"], row["Treatment"], row["Lift"], row["Verdict"]) == (10, 20, 1, "works")
    t = stats.ttest_ind(values[1::2], values[::2], equal_var=False)
    assert row["p"] == pytest.approx(2 * stats.norm.sf(abs(t.statistic)))
    assert row["High"] - row["Lift"] == pytest.approx(1.96 * np.sqrt((8 / 3 + 4 * 32 / 3) / 4) / 10)


def test_p_is_adjusted_by_holm_over_the_segments_and_not_over_all_together():
    found = read(a_plan(), outcomes_of(a_plan(), 0.04, seed=3))
    low, high = sorted(found["p"].iloc[:2])
    assert sorted(found["p (Holm)"].iloc[:2]) == pytest.approx([2 * low, max(2 * low, high)])
    assert found["p (Holm)"].iloc[2] == found["p"].iloc[2]


def test_all_together_weighs_segments_by_their_customers():
    plan = a_plan(400).assign(Segment_Name=np.repeat([VIP, AT_RISK], [300, 100]))
    found = arms.by_arm(plan.assign(Value=outcomes_of(plan)["Value"]))
    assert found["Customers"].tolist() == [300, 100, 400]
    for arm in arms.ARMS:
        assert found.loc["All together", arm] == pytest.approx(
            0.75 * found.loc[VIP, arm] + 0.25 * found.loc[AT_RISK, arm]
        )
        squares = 0.75**2 * found.loc[VIP, f"noise_{arm}"] + 0.25**2 * found.loc[AT_RISK, f"noise_{arm}"]
        assert found.loc["All together", f"noise_{arm}"] == pytest.approx(squares)


def test_verdicts_are_works_harms_not_shown_and_too_few():
    plan = a_plan(400)
    plan.loc[0, "Segment_Name"] = LOYAL
    outcomes = outcomes_of(plan, 2.0)
    outcomes["Value"] = np.where(plan["Segment_Name"] == AT_RISK, 50 - outcomes["Value"], outcomes["Value"])
    assert read(plan, outcomes)["Verdict"].tolist()[:3] == ["works", "too few", "harms"]
    equal = read(plan, outcomes_of(plan).assign(Value=1.0))
    assert equal["Verdict"].tolist() == ["not shown", "too few", "not shown", "not shown"]
    assert equal.loc[VIP, "p (Holm)"] == 1 and np.isnan(equal.loc[LOYAL, "p"])


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
    """Outcomes without every fourth customer of the treatment arm, one segment spared."""
    kept = (plan["Arm"] == "control") | (np.arange(len(outcomes)) % 4 > 0) | (plan["Segment_Name"] == spared)
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
    "a ratio broken in one segment": (lambda p, o: fewer_treated(p, o, VIP), "The split is broken"),
    "buyers only": (lambda p, o: (p, o[o["Value"] > 0]), "with 0 for those who did nothing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_read_out_refuses(case):
    plan = a_plan()
    make, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        read(*make(plan, outcomes_of(plan)))


def of_sizes(control, treatment, segment=VIP):
    """A plan with so many customers in each arm of a segment."""
    plan = pd.DataFrame({"Arm": np.repeat(arms.ARMS, [control, treatment]), "Segment_Name": segment})
    return plan.assign(Customer_ID=[f"{segment} {n}" for n in range(len(plan))])


@pytest.mark.parametrize(
    "plan, fair",
    [
        (of_sizes(552, 448), True),  # p 0.00101, all together
        (of_sizes(553, 447), False),  # p 0.0008
        (pd.concat([of_sizes(557, 443), of_sizes(500, 500, LOYAL)], ignore_index=True), True),  # p 0.00031, one of four
        (pd.concat([of_sizes(558, 442), of_sizes(500, 500, LOYAL)], ignore_index=True), False),  # p 0.00024
    ],
)
def test_the_limit_of_the_sample_ratio(plan, fair):
    if fair:
        arms.check_arms(plan, plan, SHARE)
    else:
        with pytest.raises(InputError, match="The split is broken"):
            arms.check_arms(plan, plan, SHARE)


@pytest.mark.parametrize("known, enough", [(90, True), (89, False)])
def test_nine_in_ten_customers_of_each_segment_need_an_outcome(known, enough):
    plan = of_sizes(50, 50)
    joined = plan.sample(known, random_state=0)
    if enough:
        arms.check_arms(plan, joined, SHARE)
    else:
        with pytest.raises(
            InputError, match="89 of the 100 customers in the plan have an outcome; expected at least 90 %"
        ):
            arms.check_arms(plan, joined, SHARE)
