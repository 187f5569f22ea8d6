"""Forecasts earn belief on a year that they never saw: what is known on a date, who ships, what is said of it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from decided import ROOT
from threadpoolctl import threadpool_limits

from segmentation import lifetime, value
from segmentation.problems import LeftOut
from segmentation.value import BGNBD, BOOSTED, CANDIDATES, SAME_AGAIN, SEGMENT_MEAN
from segmentation.vocabulary import AT_RISK, VIP
from segmentation.words import sentence

SNAPSHOT = pd.Timestamp("2026-07-01")
SPLIT = pd.Timestamp("2025-07-01")


@pytest.fixture(autouse=True)
def one_thread():
    """As in a run: one thread, so that nothing depends on the machine."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="module")
def raw_log(shop):
    """The small shop's orders by id."""
    return shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))


def test_spend_counts_from_the_first_day_to_before_the_last():
    dates = pd.to_datetime(["2024-06-30", "2024-07-01", "2025-06-30", "2025-07-01"])
    log = pd.DataFrame({"Customer_ID": 0, "Order_Date": dates, "Amount": [1.0, 10, 100, 1000]})
    spent = value.spend_between(log, pd.Timestamp("2024-07-01"), SPLIT, pd.Index([0, 1]))
    assert spent.tolist() == [110, 0]


def test_what_is_known_of_a_customer_on_a_date():
    dates = pd.to_datetime(["2024-06-30", "2024-11-10", "2025-03-10", "2025-03-12", "2025-05-09", "2025-07-01"])
    amounts = [999.0, 60, 30, -30, 30, 999]  # before the year, four in it (one a refund), after it
    log = pd.DataFrame({"Customer_ID": 0, "Order_Date": dates, "Amount": amounts})
    known = value.features_at(log, SPLIT, pd.DataFrame({"Recency": [53]})).loc[0].to_dict()
    assert known == {
        "recency": 53,
        "tenure": 233,
        "mean_gap": 90,
        "last_gap": 60,
        "overdue": 53 / 90,
        "orders_12": 3,
        "spend_12": 90,
        "orders_6": 2,
        "spend_6": 30,
        "orders_3": 1,
        "spend_3": 30,
        "busy_share": 1 / 3,
        "order_value": 30,
        "trend": 1,
    }


def test_who_did_not_buy_in_the_year_is_known_by_recency_alone():
    log = pd.DataFrame({"Customer_ID": [0], "Order_Date": pd.to_datetime(["2024-01-01"]), "Amount": [5.0]})
    known = value.features_at(log, SPLIT, pd.DataFrame({"Recency": [547]})).loc[0]
    assert known[["tenure", "mean_gap", "last_gap", "overdue"]].isna().all()
    assert known.drop(["recency", "tenure", "mean_gap", "last_gap", "overdue"]).eq(0).all()


def test_refunds_beyond_orders_count_as_nothing_spent():
    dates = pd.to_datetime(["2025-01-10", "2025-03-12", "2025-05-01"])
    log = pd.DataFrame({"Customer_ID": [0, 0, 1], "Order_Date": dates, "Amount": [50.0, -300, 20]})
    assert value.spend_between(log, dates[0], SPLIT, pd.Index([0, 1])).tolist() == [0, 20]


def test_the_hold_out_is_never_seen(judged):
    late = judged.log["Order_Date"] >= SPLIT
    assert judged.start == SPLIT and late.any()
    changed = judged.log.assign(Amount=judged.log["Amount"].where(~late, 9_999.0))
    before, again = (value.predict(log, SPLIT, judged.terms) for log in (judged.log, changed))
    pd.testing.assert_frame_equal(again.now, before.now)
    pd.testing.assert_frame_equal(again.then, before.then)
    columns = ["Segment", *CANDIDATES]
    pd.testing.assert_frame_equal(again.now[columns], judged.people[columns])
    for log in (judged.log, changed):
        known = value.features_at(log, SPLIT, before.now)
        pd.testing.assert_frame_equal(known, value.features_at(log[log["Order_Date"] < SPLIT], SPLIT, before.now))
        people = value.people_at(log, SPLIT, judged.terms)
        pd.testing.assert_frame_equal(people, before.now[people.columns])


def test_what_came_before_is_learned_from(judged):
    doubled = judged.log.assign(Amount=2 * judged.log["Amount"])
    again = value.predict(doubled, SPLIT, judged.terms).now
    for name in (SAME_AGAIN, BOOSTED):
        assert again[name].sum() > 1.5 * judged.people[name].sum()


def test_each_candidate_expects_what_its_name_says(judged):
    now, then = value.predict(judged.log, SPLIT, judged.terms)
    assert now[SAME_AGAIN].equals(value.spend_between(judged.log, pd.Timestamp("2024-07-01"), SPLIT, now.index))
    means = then.groupby("Segment")["actual"].mean()
    assert now[SEGMENT_MEAN].tolist() == means[now["Segment"]].tolist()
    assert now[list(CANDIDATES)].ge(0).all(axis=None)


def test_what_came_is_what_the_hold_out_spent(judged):
    spent = value.spend_between(judged.log, SPLIT, SNAPSHOT, judged.people.index)
    assert judged.people["actual"].equals(spent.rename("actual"))
    bought = judged.log[(judged.log["Order_Date"] >= SPLIT) & (judged.log["Amount"] >= 0)]["Customer_ID"]
    assert judged.people["again"].tolist() == judged.people.index.isin(bought).tolist()


def test_without_any_spend_to_learn_from_trees_expect_nothing():
    table = pd.DataFrame({"recency": [1.0, 2]})
    assert value.boosted(table, pd.Series([0.0, 0.0]), seed=0)(table).tolist() == [0, 0]


def test_neither_row_order_nor_ids_change_a_forecast(judged, raw_log):
    back = {name: f"{number:06d}" for number, name in enumerate(sorted(raw_log["Customer_ID"].unique())[::-1])}
    log, _ = value.numbered(raw_log.sample(frac=1, random_state=1).replace({"Customer_ID": back}))
    again = value.predict(log, SPLIT, judged.terms).now
    again = again.set_axis(len(back) - 1 - again.index).sort_index()
    pd.testing.assert_frame_equal(again[list(CANDIDATES)], judged.people[list(CANDIDATES)], rtol=1e-6)


def test_a_short_log_is_named_as_the_reason(judged, raw_log):
    short = raw_log[raw_log["Order_Date"] >= "2024-01-01"]
    why = "value over the next 12 months; the order log begins on {}; learning and judging need {} months"
    assert value.judge(short, SNAPSHOT, judged.terms).reason == why.format("2024-01-01", 36)
    wider = dataclasses.replace(judged.terms, window_months=24)
    assert value.judge(raw_log, SNAPSHOT, wider).reason == why.format(raw_log["Order_Date"].min().date(), 48)


def test_too_few_customers_at_a_past_date_are_no_base(judged, raw_log):
    few = raw_log[raw_log["Customer_ID"].isin(judged.ids[judged.people.index[:49]])]
    found = value.judge(few, SNAPSHOT, judged.terms)
    assert isinstance(found, LeftOut) and "fewer than 50 customers at a past date" in found.reason


def measured(**rows):
    """A table for choose: per candidate (total, mean absolute error, rank, gain)."""
    columns = ["Predicted / actual", "MAE", "Rank", "Gain"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)
    return table.rename(index={"a": SAME_AGAIN, "b": SEGMENT_MEAN, "c": BOOSTED})


THREE = {"a": (1.1, 100, 0.5, 0), "b": (1, 90, 0.5, 5), "c": (1, 70, 0.6, 20)}


def test_the_smallest_error_is_chosen(decisions):
    assert value.choose(measured(**THREE), decisions.BELIEF) == BOOSTED
    assert value.choose(measured(**THREE | {"b": (1, 60, 0.5, 5)}), decisions.BELIEF) == SEGMENT_MEAN


def test_the_same_again_is_chosen_where_nothing_surely_beats_it(decisions):
    table = measured(**THREE)
    assert value.choose(table.assign(Gain=0.0), decisions.BELIEF) == SAME_AGAIN
    assert value.choose(table.assign(Gain=[0, 0, 0.001]), decisions.BELIEF) == BOOSTED


def test_without_the_same_again_the_smallest_error_of_those_believed_is_chosen(decisions):
    table = measured(**THREE | {"a": (1.6, 100, 0.5, 0)}).assign(Gain=-1.0)
    assert value.choose(table, decisions.BELIEF) == BOOSTED


@pytest.mark.parametrize(
    ("total", "chosen"), [(1.25, BOOSTED), (0.75, BOOSTED), (1.251, SAME_AGAIN), (0.749, SAME_AGAIN)]
)
def test_a_total_off_by_more_than_decided_is_not_believed(decisions, total, chosen):
    table = measured(a=(1.0, 100, 0.5, 0), c=(total, 70, 0.6, 20))
    assert value.choose(table, decisions.BELIEF) == chosen


@pytest.mark.parametrize(("rank", "chosen"), [(0.1, BOOSTED), (0.099, None), (np.nan, None)])
def test_nothing_is_chosen_that_hardly_ranks_customers(decisions, rank, chosen):
    assert value.choose(measured(c=(1, 70, rank, 20)), decisions.BELIEF) == chosen


def planted(best, n=2_000):
    """Customers whose spend one candidate knows better than the others."""
    rng = np.random.default_rng(4)
    people = pd.DataFrame({"actual": rng.gamma(1, 100, n)})
    people["Segment"] = np.where(people["actual"] > 100, VIP, AT_RISK)
    for name in CANDIDATES:
        noise = 20 if name == best else 80 if name == SAME_AGAIN else 50
        people[name] = np.maximum(people["actual"] + rng.normal(0, noise, n), 0)
    return people


@pytest.mark.parametrize("best", CANDIDATES[1:])
def test_a_planted_best_candidate_is_found(decisions, best):
    assert value.choose(value.measures(planted(best)), decisions.BELIEF) == best


def test_measures_of_a_worked_case():
    people = pd.DataFrame({"Segment": [VIP, VIP, AT_RISK], "actual": [100.0, 50, 50]})
    people[list(CANDIDATES)] = 80.0
    people[BOOSTED] = [90.0, 60, 30]
    found = value.measures(people)
    assert found.loc[BOOSTED, "Predicted / actual"] == 0.9
    assert found.loc[BOOSTED, "MAE"] == pytest.approx(40 / 3)
    assert found.loc[BOOSTED, "Rank"] == pytest.approx(np.sqrt(3) / 2)
    gains = np.array([20 - 10, 30 - 10, 30 - 20])
    assert found.loc[BOOSTED, "Gain"] == pytest.approx(gains.mean() - 1.96 * gains.std() / np.sqrt(3))
    assert found.loc[SAME_AGAIN, "Gain"] == 0


def test_a_gain_on_average_that_may_be_luck_is_none():
    people = planted(BOOSTED, 40).assign(**{SAME_AGAIN: lambda table: table["actual"] + 50})
    people[BOOSTED] = people["actual"] + np.where(people.index < 20, 0, 99)
    found = value.measures(people).loc[BOOSTED]
    assert found["MAE"] < 50 and found["Gain"] < 0


def test_without_any_later_spend_nothing_is_compared():
    found = value.measures(planted(BOOSTED).assign(actual=0.0))
    assert found[["Predicted / actual", "Rank"]].isna().all(axis=None)


@pytest.mark.parametrize(("customers", "groups"), [(99, 1), (100, 2), (499, 9), (500, 10), (5_000, 10)])
def test_parts_have_fifty_customers_or_more_and_are_at_most_tenths(customers, groups):
    assert value.tenths(pd.Series(range(customers))).max() == groups


def test_equal_forecasts_share_a_tenth():
    part = value.tenths(pd.Series([0.0] * 400 + list(range(1, 601))))
    assert set(part[:400]) == {1} and part[400] > 1


@pytest.fixture(scope="module")
def half_years(judged, raw_log):
    """The same shop forecast for half a year: its log has three such periods to judge by."""
    return value.judge(raw_log, SNAPSHOT, dataclasses.replace(judged.terms, horizon_months=6))


def test_each_earlier_period_that_the_log_covers_is_judged(judged, half_years):
    assert [period.start for period in judged.periods] == [SPLIT]
    starts = [SNAPSHOT - pd.DateOffset(months=months) for months in (6, 12, 18)]
    assert [period.start for period in half_years.periods] == starts
    early = value.judge(half_years.log, starts[0], half_years.terms).periods[0]
    pd.testing.assert_frame_equal(early.people, half_years.periods[1].people)


def test_what_is_chosen_on_earlier_periods_is_judged_on_the_last_alone(half_years):
    last, *earlier = half_years.periods
    pooled = value.measures(pd.concat([period.people for period in earlier]))
    pd.testing.assert_frame_equal(half_years.chosen_on, pooled)
    pd.testing.assert_frame_equal(half_years.candidates, value.measures(last.people))


def periods_of(judged, *people):
    """The same, had these been the periods, the last first."""
    periods = [dataclasses.replace(judged.periods[0], people=table.assign(again=True)) for table in people]
    return value.decided(dataclasses.replace(judged, periods=periods))


def test_the_last_period_does_not_choose(judged):
    last, earlier = planted(SEGMENT_MEAN), planted(BOOSTED)
    assert periods_of(judged, last, earlier).ships == BOOSTED
    assert periods_of(judged, last).ships == SEGMENT_MEAN


def test_what_the_last_period_does_not_bear_out_is_not_used(judged, words):
    last = planted(BOOSTED).assign(**{BOOSTED: 0.0})
    found = periods_of(judged, last, planted(BOOSTED))
    assert found.ships is None
    said = "**None can be used:** Boosted trees, chosen before, does not come within 25 % of the total"
    assert words.text(value.verdict(found)).startswith(said)


def test_where_choosing_and_judging_cannot_be_separated_the_notebook_says_how_much_that_flatters(judged, words):
    alone = words.text(value.judging(judged))
    assert "The log has no other period to choose on." in alone
    flatters = f"{value.FLATTERED:.1f} points more in the year after"
    assert f"off by {flatters}." in alone
    assert flatters in (ROOT / "data" / "README.md").read_text(encoding="utf-8")  # as it was measured
    two = words.text(value.judging(periods_of(judged, planted(BOOSTED), planted(BOOSTED))))
    assert "Chosen on 1 earlier period of 12 months, so choosing does not flatter." in two
    assert "simulated" not in two


def with_measures(judged, table):
    """The same hold-out, had the candidates done like this on it."""
    ships = value.choose(table, judged.terms.belief)
    return dataclasses.replace(judged, chosen_on=table, candidates=table, ships=ships)


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (1.0, "**Used: Boosted trees.** Per customer it is off by 30.0 % less than the same again."),
        (1.5, "**Used: The same again.** No forecast that can be believed surely comes closer to each customer."),
    ],
)
def test_the_verdict_says_what_is_used_and_why(judged, words, total, said):
    table = measured(**THREE | {"b": (2, 90, 0, 5), "c": (total, 70, 0.6, 20)})
    assert words.text(value.verdict(with_measures(judged, table))) == said


def test_a_forecast_that_is_used_because_the_same_again_cannot_be_believed_is_not_called_better(judged, words):
    table = measured(a=(1.5, 60, 0.6, 0), b=(2, 90, 0, 5), c=(1, 70, 0.6, -9))
    said = "**Used: Boosted trees.** Per customer it is no closer than the same again."
    assert words.text(value.verdict(with_measures(judged, table))) == said


def test_the_verdict_says_when_nothing_can_be_believed(judged, words):
    hopeless = with_measures(judged, measured(**THREE).assign(Rank=0.0))
    said = "**None can be used:** no forecast comes within 25 % of the total and ranks customers as well."
    assert words.text(value.verdict(hopeless)) == said
    assert (value.comparison(hopeless)["Used"] == "yes").sum() == 0


def test_the_same_again_is_as_long_as_the_horizon(judged):
    half = dataclasses.replace(judged.terms, horizon_months=6)
    people = value.predict(judged.log, SPLIT, half).now
    assert people[SAME_AGAIN].equals(value.spend_between(judged.log, pd.Timestamp("2025-01-01"), SPLIT, people.index))


def test_the_reference_is_judged_only_on_whom_it_can_speak_for_and_the_others_beside_it_on_the_same(judged):
    spend = pd.Series(np.linspace(0, 900, 100), judged.people.index[::2][:100])
    judged = dataclasses.replace(judged, reference=lifetime.Lifetime(spend, None))
    table = value.comparison(judged)
    everybody, seen = ["Total", "Off by"], ["Total (first order seen)", "Off by (first order seen)"]
    assert table.loc[BGNBD, everybody].isna().all() and table[seen].notna().all(axis=None)
    known = judged.people[judged.people.index.isin(judged.reference.spend.index)]
    assert 0 < len(known) < len(judged.people)
    error = (known["actual"] - judged.reference.spend[known.index]).abs().mean()
    assert table.loc[BGNBD, seen[1]] == pytest.approx(error)
    for name in CANDIDATES:
        assert table.loc[name, seen[1]] == pytest.approx((known["actual"] - known[name]).abs().mean())
        assert table.loc[name, everybody[1]] == pytest.approx(
            (judged.people["actual"] - judged.people[name]).abs().mean()
        )


def test_where_the_reference_cannot_speak_the_reason_is_said_and_nothing_shown(judged, words):
    refused = dataclasses.replace(judged.reference, refusal=sentence("too {what}", what="few"))
    found = dataclasses.replace(judged, reference=refused)
    assert words.text(value.on_reference(found)).endswith("the field's reference, is left out: too few.")
    assert value.comparison(found).index.tolist() == list(CANDIDATES)
    assert value.comparison(found).columns.tolist() == ["Total", "Off by", "Used"]
    heard = dataclasses.replace(judged, reference=dataclasses.replace(judged.reference, refusal=None))
    known = heard.people.index.isin(heard.reference.spend.index).sum()
    assert f"can speak for {known} customers only, whose first order the log shows" in words.text(
        value.on_reference(heard)
    )


def test_what_was_judged_on_is_said(judged, words):
    text = words.text(value.judging(judged))
    spent = words.money(judged.people["actual"].sum())
    customers = f"Judged on the {len(judged.people)} customers of 2025-07-01"
    assert text.startswith(f"{customers} and the {spent} that they spent in the 12 months after.")
