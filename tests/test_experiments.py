"""Base rates from the log, what tests can find with them, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from segmentation import experiments, proofs
from segmentation.clusters import Model
from segmentation.experiments import POOLED
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, RFM, SEGMENTS, VIP

SNAPSHOT = pd.Timestamp("2026-07-01")
YEAR_AGO = pd.Timestamp("2025-07-01")
MODEL = Model(tuple(RFM), (365, 20, 1000), (0, 0, 0), (100, 5, 100), ((0, 4, 9), (0, 2, 4), (0, 1, 1), (3, 0, 0)))


@pytest.fixture(scope="module")
def design(decisions):
    """The notebook's design of tests."""
    return decisions.DESIGN


def log_of(rows):
    """An order log from (customer, day, amount)."""
    log = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    return log.assign(
        Order_Date=pd.to_datetime(log["Order_Date"]), Order_ID=range(len(log)), Amount=log["Amount"] * 1.0
    )


@pytest.fixture(scope="module")
def log():
    """A hand-made past: who orders again, is refunded, comes late, or comes on the last day that counts."""
    return log_of([
        ("again", "2025-01-10", 100), ("again", "2025-07-05", 40),
        ("refunded", "2025-02-10", 50), ("refunded", "2025-07-20", -30),
        ("late", "2025-03-10", 20), ("late", "2025-11-01", 60),
        ("gone", "2025-04-10", 10),
        ("last day", "2025-05-10", 10), ("last day", "2025-09-28", 5),
        ("day after", "2025-05-10", 10), ("day after", "2025-09-29", 5), ("new", "2025-08-01", 70),
    ])  # fmt: skip


# Base rates


def test_the_past_is_measured_without_knowing_the_future(log, design):
    past = experiments.past_customers(log, MODEL, YEAR_AGO, 12, SNAPSHOT, design)
    assert list(past.index) == ["again", "day after", "gone", "last day", "late", "refunded"]  # not "new"
    assert past["Orders"].to_dict() == dict.fromkeys(past.index, 0) | {"again": 1, "last day": 1}
    assert past.loc["refunded", ["Prior", "Spend"]].tolist() == [50, -30]
    assert past.loc["late", ["Spend", "Orders, long"]].tolist() == [0, 1]
    assert past.loc[["last day", "day after"], "Spend"].tolist() == [5, 0]
    before = log[log["Order_Date"] < YEAR_AGO]
    unchanged = experiments.past_customers(before, MODEL, YEAR_AGO, 12, SNAPSHOT, design)
    assert past["Segment_Name"].equals(unchanged["Segment_Name"])


def test_a_window_that_the_log_does_not_hold_is_blank_not_zero(log, design):
    known = experiments.past_customers(log, MODEL, SNAPSHOT - pd.Timedelta(days=90), 12, SNAPSHOT, design)
    assert known["Orders"].notna().all() and known["Orders, long"].isna().all()
    later = experiments.past_customers(log, MODEL, SNAPSHOT - pd.Timedelta(days=89), 12, SNAPSHOT, design)
    assert later["Orders"].isna().all()


def test_base_rates_are_a_year_back_if_the_log_reaches(design):
    def day(first):
        rows = [(f"C{n}", first, 10) for n in range(40)] + [(f"C{n}", "2026-03-01", 10) for n in range(40)]
        past = experiments.look_back(log_of(rows), SNAPSHOT, MODEL, 12, design)
        return past if isinstance(past, LeftOut) else (str(past.day), past.arrivals.notna().all())

    assert day("2024-08-01") == ("2025-07-01", True)  # within a month of a year before the year ago
    assert day("2024-08-02") == ("2026-04-02", False)
    assert day("2025-05-03") == ("2026-04-02", False)
    assert "longer than the window by the 90 days" in day("2025-05-04").reason


def test_fewer_than_thirty_customers_are_no_base_rate(design):
    for customers, known in ((29, False), (30, True)):
        log = log_of([(f"C{n}", "2024-07-15", 10 + n) for n in range(customers)])
        past = experiments.look_back(log, SNAPSHOT, MODEL, 12, design)
        assert isinstance(past, LeftOut) != known
        table = pd.DataFrame({"Segment_Name": VIP, "Orders": 1.0}, index=range(customers))
        assert experiments.base_rates(table, "Orders")["Base"].notna().loc[[VIP, POOLED, LOYAL]].tolist() == [
            known,
            known,
            False,
        ]
    assert isinstance(experiments.look_back(log, SNAPSHOT, MODEL, None, design), LeftOut)  # no fixed window


def test_arrivals_are_counted_per_week():
    """52 customers turn up in a segment within the year: one a week; who was there a year ago is not new."""
    rows = [(f"old {n}", day, 5) for n in range(40) for day in ("2025-06-01", "2026-05-01")]
    rows += [(f"new {n}", ["2025-09-20", "2026-06-20"][n % 2], 5) for n in range(52)]
    arrivals = experiments.weekly_arrivals(log_of(rows), MODEL, SNAPSHOT, 12)
    assert arrivals[PROMISING] == 1.0
    assert arrivals[VIP] == arrivals[LOYAL] == 0


def test_cuped_takes_out_the_squared_correlation():
    rng = np.random.default_rng(0)
    prior = rng.normal(100, 20, 20_000)
    past = pd.DataFrame({"Segment_Name": VIP, "Prior": prior, "Spend": 0.6 * prior + rng.normal(0, 16, 20_000)})
    whole, less = (experiments.base_rates(past, kpi).loc[VIP] for kpi in ("Spend", "Spend, CUPED"))
    assert less["Base"] == whole["Base"]
    assert (less["SD"] / whole["SD"]) ** 2 == pytest.approx(0.64, abs=0.02)
    same = experiments.base_rates(past.assign(Prior=5.0), "Spend, CUPED").loc[VIP]
    assert same["SD"] == whole["SD"]  # nothing to take out


def test_another_season_is_told_from_five_points_on(design, words):
    def told(recent_buyers, arrivals=1.0):
        shares = {True: 400, False: recent_buyers}
        then, now = (
            pd.DataFrame({"Segment_Name": VIP, "Orders": (np.arange(1000) < shares[key]).astype(float)})
            for key in shares
        )
        arrivals = pd.Series(arrivals, index=list(SEGMENTS))
        return words.text(experiments.Past(YEAR_AGO.date(), then, now, arrivals, design).season)

    assert told(349).startswith("The season matters: of VIP Champions 40.0 % ordered again then, but 34.9 % of those")
    assert told(351).startswith("The season hardly matters: the latest 90 days")
    assert told(349, np.nan).startswith("The log does not reach back a year further")


# What tests can find


@pytest.fixture(scope="module")
def customers():
    """A thousand customers in each segment."""
    return pd.DataFrame({"Segment_Name": pd.Categorical(np.repeat(SEGMENTS, 1_000), SEGMENTS)})


@pytest.fixture(scope="module")
def past(design):
    """What they did: VIP nearly all order again, At-Risk hardly any; spend goes with prior spend."""
    rng = np.random.default_rng(0)
    prior = rng.lognormal(5, 0.35, 4_000)
    table = pd.DataFrame({"Prior": prior, "Spend": prior * rng.lognormal(0, 0.1, 4_000)})
    table["Segment_Name"] = pd.Categorical(np.repeat(SEGMENTS, 1_000), SEGMENTS)
    table["Orders"] = np.concatenate([rng.random(1_000) < share for share in (0.98, 0.5, 0.8, 0.02)]).astype(float)
    table["Orders, long"] = np.maximum(table["Orders"], (np.arange(4_000) % 2).astype(float))
    table.loc[table["Segment_Name"] == AT_RISK, "Spend"] *= (rng.random(1_000) < 0.02).astype(float)
    return experiments.Past(YEAR_AGO.date(), table, table, pd.Series(0.0, index=list(SEGMENTS)), design)


LIFTS = pd.Series([0.1, 0.1, 0.1, 0.5, 0.1], index=[*SEGMENTS, POOLED])


@pytest.fixture(scope="module")
def feasible(customers, past, decisions):
    """feasibility(lifts) with the notebook's decisions."""

    def with_lifts(lifts, past=past, customers=customers):
        return experiments.feasibility(
            customers, past, lifts, decisions.ACTIONS, decisions.ASSUMPTIONS, decisions.DESIGN
        )

    return with_lifts


def test_the_lift_to_prove_is_money_at_stake_over_revenue_and_at_most_one():
    stakes = pd.DataFrame({"Segment": SEGMENTS[::-1], "At stake": [300.0, 20, 10, 50]})
    segments = pd.DataFrame({"Revenue": [500.0, 100, 0, 100]}, index=pd.Index(SEGMENTS, name="Segment"))
    lifts = experiments.lift_to_prove(stakes, segments)
    assert lifts[[VIP, LOYAL, AT_RISK]].tolist() == [0.1, 0.1, 1.0]
    assert np.isnan(lifts[PROMISING])  # money at stake, and no revenue that it would lift
    assert experiments.lift_to_prove(stakes.assign(**{"At stake": 0.0}), segments).eq(0).all()
    assert lifts[POOLED] == pytest.approx(380 / 700)


def test_each_segment_is_tested_at_alpha_over_the_number_of_segments(feasible):
    table = feasible(LIFTS).table.xs("Orders", level="KPI")
    assert table["Alpha"].to_dict() == dict.fromkeys(SEGMENTS, 0.0125) | {POOLED: 0.05}
    z = 2.4977 + 0.8416  # of 1 - 0.0125 / 2, and of 80 %
    share = table.loc[LOYAL, "Base"]
    effect = 2 * (np.arcsin(np.sqrt(1.1 * share)) - np.arcsin(np.sqrt(share)))
    assert table.loc[LOYAL, "Needed"] == pytest.approx(4 * (z / effect) ** 2, rel=1e-3)


def test_an_answer_after_a_year_comes_too_late(feasible, past, design):
    """Loyalists need 3,048 customers: 2,048 join at 52.6 or at 52.4 a week, in 39 or 40 weeks, watched for 13 more."""
    needed = feasible(LIFTS).table.loc[(LOYAL, "Orders"), "Needed"]
    in_time = design.max_weeks - 13
    for weeks, works in ((in_time, True), (in_time + 1, False)):
        arrivals = pd.Series((needed - 1_000) / (weeks - 0.01), index=list(SEGMENTS))
        found = feasible(LIFTS, experiments.Past(past.day, past.customers, past.recent, arrivals, design))
        row = found.table.loc[(LOYAL, "Orders")]
        assert (row["Weeks"], row["Feasible"]) == (weeks + 13, works)


def test_what_to_do_follows_from_the_numbers(feasible, words):
    """The planned measure where it works, then the other ones, then a bigger contrast."""

    def said(found, name):
        return words.text(proofs.instead(found, name))

    found = feasible(LIFTS)
    assert [found.best(name) for name in SEGMENTS] == ["Spend", "Spend", "Orders", "Orders, long"]
    assert said(found, VIP) == "watch spend instead" and said(found, PROMISING) == "as planned"
    assert said(found, AT_RISK) == "a longer window"
    assert feasible(LIFTS.replace(0.1, 0.065)).best(VIP) == "Spend, CUPED"
    small = feasible(LIFTS * 0.05)
    assert small.best(AT_RISK) is None
    assert words.text(proofs.proof(small, AT_RISK)).startswith("none can; instead a bigger contrast: lifts from")
    nothing = feasible(LIFTS * 0)
    assert words.text(proofs.proof(nothing, VIP)) == "none needed: no money is at stake"
    unknown = feasible(LIFTS * np.nan)
    assert words.text(proofs.proof(unknown, VIP)).startswith("none can: there is no revenue yet")
    assert f"No test at hand would prove it for {VIP}, " in words.text(proofs.what_this_tells(unknown))
    told = words.text(proofs.what_this_tells(nothing))
    assert f"No test is needed for {VIP}, " in told and "No test at hand" not in told


def test_the_planned_measure_is_the_one_that_the_action_names_else_the_campaign_response(
    feasible, decisions, customers, past
):
    found = feasible(LIFTS, past, customers.assign(Campaign_Response=np.arange(4_000) % 2))
    assert [found.planned(name) for name in SEGMENTS] == [decisions.ACTIONS[name].kpi for name in SEGMENTS]
    response = pd.DataFrame({"Segment_Name": VIP, "Campaign_Response": np.arange(100) % 2}, index=range(100))
    alone = feasible(LIFTS, LeftOut("no log"), response)
    assert alone.planned(VIP) == "Response" and alone.planned(LOYAL) is None


def test_the_proof_names_measure_weeks_and_the_smallest_lift_found(feasible, words):
    found = feasible(LIFTS)
    row = found.table.loc[(PROMISING, "Orders")]
    said = words.text(proofs.proof(found, PROMISING))
    assert (
        said == f"orders within 90 days, 13 weeks (finds lifts from {100 * row['50/50']:.1f} % on; assumed are 10.0 %)"
    )
    assert words.text(found.finding) == (
        "The assumed lift can be proved for 4 of 4 segments, with 'orders within 90 days' alone for 1"
    )
    assert "what stands in brackets" in words.text(proofs.what_this_tells(found))


def test_the_closing_table_keeps_the_order_of_the_recommendations(feasible):
    stakes = pd.DataFrame({"Segment": SEGMENTS[::-1], "Goal": [*"abcd"], "At stake": [4.0, 3, 2, 1]})
    segments = pd.DataFrame({"Customers": [1, 2, 3, 4]}, index=list(SEGMENTS))
    worth = pd.DataFrame({"Max_Spend": [10.0, 20, 30, 40]}, index=list(SEGMENTS))
    final = proofs.closing_table(stakes, segments, worth, feasible(LIFTS))
    assert final["Segment"].tolist() == list(SEGMENTS[::-1])
    assert final["Customers"].tolist() == [4, 3, 2, 1] and final["Most to spend each"].tolist() == [40, 30, 20, 10]
    assert "Most to spend each" not in proofs.closing_table(stakes, segments, LeftOut("no log"), feasible(LIFTS))


def test_times_and_lifts_in_words(design, words):
    in_words = [words.text(proofs.in_weeks(weeks, design)) for weeks in (13, 260, 261, np.inf)]
    assert in_words == ["13 weeks", "260 weeks", "never", "never"]
    assert [words.text(proofs.lift_found(x)) for x in (0.123, 1.0, 1.001, np.nan)] == [
        "12.3 %", "100.0 %", "over 100 %", "none",
    ]  # fmt: skip


def test_tables_and_sentences_survive_a_past_with_hardly_anybody(feasible, design, words):
    customers = pd.DataFrame({"Segment_Name": pd.Categorical([VIP, *[AT_RISK] * 40], SEGMENTS)})
    table = pd.DataFrame({"Prior": 5.0, "Spend": 0.0, "Orders": 0.0, "Orders, long": 0.0}, index=range(40))
    table["Segment_Name"] = pd.Categorical([AT_RISK] * 40, SEGMENTS)
    past = experiments.Past(YEAR_AGO.date(), table, table, pd.Series(0.0, index=list(SEGMENTS)), design)
    found = feasible(LIFTS, past, customers)
    assert not found.table["Feasible"].any() and np.isnan(found.table.loc[(VIP, "Orders"), "Base"])
    assert words.text(proofs.proof(found, VIP)) == "none can: no base rate is known"
    assert words.text(proofs.proof(found, AT_RISK)).startswith("none can; instead")
    assert "can be proved" not in words.text(proofs.what_this_tells(found))
    assert len(proofs.base_table(found)) == len(proofs.detectable_table(found)) == 5
    assert len(proofs.sizes_table(found)) == 1 and len(proofs.cuped_table(found)) == 0
    assert "hardly matters" in words.text(past.season)


def test_without_log_and_campaign_response_no_test_can_be_sized(feasible, words):
    found = feasible(LIFTS, LeftOut("no order log"))
    assert "no test can be sized" in proofs.measured(found).reason
    for empty in (proofs.base_table, proofs.detectable_table, proofs.sizes_table, proofs.cuped_table):
        assert len(empty(found)) == 0
    assert {words.text(proofs.proof(found, name)) for name in SEGMENTS} == {"none can: no base rate is known"}
    assert isinstance(proofs.on_response(found), LeftOut)
    assert "No test at hand would prove it for VIP Champions, " in words.text(proofs.what_this_tells(found))
