"""Forecasts earn belief on a year that they never saw: what is known on a date, who ships, what is said of it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from segmentation import value
from segmentation.problems import LeftOut
from segmentation.value import BGNBD, BOOSTED, CANDIDATES, LAST_YEAR, SEGMENT_MEAN
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
    again = value.predict(changed, SPLIT, judged.terms)  # even when the later orders are handed over
    pd.testing.assert_frame_equal(again.now, judged.past.now)
    pd.testing.assert_frame_equal(again.then, judged.past.then)
    for log in (judged.log, changed):
        known = value.features_at(log, SPLIT, judged.people)
        pd.testing.assert_frame_equal(known, value.features_at(log[log["Order_Date"] < SPLIT], SPLIT, judged.people))
        people = value.people_at(log, SPLIT, judged.terms)
        pd.testing.assert_frame_equal(people, judged.past.now[people.columns])


def test_what_came_before_is_learned_from(judged):
    doubled = judged.log.assign(Amount=2 * judged.log["Amount"])
    again = value.predict(doubled, SPLIT, judged.terms).now
    for name in (LAST_YEAR, BOOSTED):
        assert again[name].sum() > 1.5 * judged.past.now[name].sum()


def test_each_candidate_expects_what_its_name_says(judged):
    now, then = judged.past.now, judged.past.then
    assert now[LAST_YEAR].equals(value.spend_between(judged.log, pd.Timestamp("2024-07-01"), SPLIT, now.index))
    means = then.groupby("Segment")["actual"].mean()
    assert now[SEGMENT_MEAN].tolist() == means[now["Segment"]].tolist()
    unseen = ~now["seen"]
    assert unseen.any() and not unseen.all()
    assert now.loc[unseen, BGNBD].equals(now.loc[unseen, SEGMENT_MEAN].rename(BGNBD))
    for name in CANDIDATES:
        assert now[name].ge(0).all() and then[name].ge(0).all()


def test_without_any_spend_to_learn_from_trees_expect_nothing():
    table = pd.DataFrame({"recency": [1.0, 2]})
    assert value.boosted(table, pd.Series([0.0, 0.0]), seed=0)(table).tolist() == [0, 0]


def test_neither_row_order_nor_ids_change_a_forecast(judged, raw_log):
    back = {name: f"{number:06d}" for number, name in enumerate(sorted(raw_log["Customer_ID"].unique())[::-1])}
    log, _ = value.numbered(raw_log.sample(frac=1, random_state=1).replace({"Customer_ID": back}))
    again = value.predict(log, SPLIT, judged.terms).now
    again = again.set_axis(len(back) - 1 - again.index).sort_index()
    pd.testing.assert_frame_equal(again[list(CANDIDATES)], judged.past.now[list(CANDIDATES)], rtol=1e-6)


def test_a_short_log_is_named_as_the_reason(judged, raw_log):
    short = raw_log[raw_log["Order_Date"] >= "2024-01-01"]
    why = "value over the next twelve months; the order log begins on {}; learning and judging need {} months"
    assert value.judge(short, SNAPSHOT, judged.terms).reason == why.format("2024-01-01", 36)
    wider = dataclasses.replace(judged.terms, window_months=24)
    assert value.judge(raw_log, SNAPSHOT, wider).reason == why.format(raw_log["Order_Date"].min().date(), 48)


def test_too_few_customers_at_a_past_date_are_no_base(judged, raw_log):
    few = raw_log[raw_log["Customer_ID"].isin(judged.ids[judged.past.then.index[:49]])]
    found = value.judge(few, SNAPSHOT, judged.terms)
    assert isinstance(found, LeftOut) and "fewer than 50 customers at a past date" in found.reason


def measured(**rows):
    """A table for choose: per candidate (total, mean absolute error, rank, gain)."""
    columns = ["Predicted / actual", "MAE", "Rank", "Gain"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=float)
    return table.rename(index={"a": LAST_YEAR, "b": SEGMENT_MEAN, "c": BGNBD, "d": BOOSTED})


FOUR = {"a": (1.1, 100, 0.5, 0), "b": (1, 90, 0.5, 5), "c": (1, 60, 0.6, 30), "d": (1, 70, 0.6, 20)}


def test_the_smallest_error_ships_unless_it_is_refused(decisions):
    assert value.choose(measured(**FOUR), decisions.BELIEF, refused=False) == BGNBD
    assert value.choose(measured(**FOUR), decisions.BELIEF, refused=True) == BOOSTED


def test_last_year_ships_where_nothing_surely_beats_it(decisions):
    table = measured(**FOUR)
    assert value.choose(table.assign(Gain=0.0), decisions.BELIEF, refused=False) == LAST_YEAR
    assert value.choose(table.assign(Gain=[0, 0, 0, 0.001]), decisions.BELIEF, refused=False) == BOOSTED


def test_without_last_year_the_smallest_error_of_those_believed_ships(decisions):
    table = measured(**FOUR | {"a": (1.6, 100, 0.5, 0)}).assign(Gain=-1.0)
    assert value.choose(table, decisions.BELIEF, refused=False) == BGNBD


@pytest.mark.parametrize(("total", "ships"), [(1.25, BOOSTED), (0.75, BOOSTED), (1.251, LAST_YEAR), (0.749, LAST_YEAR)])
def test_a_total_off_by_more_than_decided_is_not_believed(decisions, total, ships):
    table = measured(a=(1.0, 100, 0.5, 0), d=(total, 70, 0.6, 20))
    assert value.choose(table, decisions.BELIEF, refused=False) == ships


@pytest.mark.parametrize(("rank", "ships"), [(0.1, BOOSTED), (0.099, None), (np.nan, None)])
def test_nothing_ships_that_hardly_ranks_customers(decisions, rank, ships):
    assert value.choose(measured(d=(1, 70, rank, 20)), decisions.BELIEF, refused=False) == ships


def planted(best, n=2_000):
    """Customers whose spend one candidate knows better than the others."""
    rng = np.random.default_rng(4)
    people = pd.DataFrame({"actual": rng.gamma(1, 100, n)})
    people["Segment"] = np.where(people["actual"] > 100, VIP, AT_RISK)
    for name in CANDIDATES:
        noise = 20 if name == best else 80 if name == LAST_YEAR else 50
        people[name] = np.maximum(people["actual"] + rng.normal(0, noise, n), 0)
    return people


@pytest.mark.parametrize("best", CANDIDATES[1:])
def test_a_planted_best_candidate_is_found(decisions, best):
    assert value.choose(value.measures(planted(best)), decisions.BELIEF, refused=False) == best


def test_measures_of_a_worked_case():
    people = pd.DataFrame({"Segment": [VIP, VIP, AT_RISK], "actual": [100.0, 50, 50]})
    people[list(CANDIDATES)] = 80.0
    people[BOOSTED] = [90.0, 60, 30]
    found = value.measures(people)
    assert found.loc[BOOSTED, ["Predicted / actual", "Segments off by"]].tolist() == [0.9, 0.1]
    assert found.loc[BOOSTED, "MAE"] == pytest.approx(40 / 3)
    assert found.loc[LAST_YEAR, "Segments off by"] == pytest.approx((10 + 30) / 200)
    assert found.loc[BOOSTED, "Rank"] == pytest.approx(np.sqrt(3) / 2)
    gains = np.array([20 - 10, 30 - 10, 30 - 20])
    assert found.loc[BOOSTED, "Gain"] == pytest.approx(gains.mean() - 1.96 * gains.std() / np.sqrt(3))
    assert found.loc[LAST_YEAR, "Gain"] == 0


def test_a_gain_on_average_that_may_be_luck_is_none():
    people = planted(BOOSTED, 40).assign(**{LAST_YEAR: lambda table: table["actual"] + 50})
    people[BOOSTED] = people["actual"] + np.where(people.index < 20, 0, 99)
    found = value.measures(people).loc[BOOSTED]
    assert found["MAE"] < 50 and found["Gain"] < 0


def test_without_any_later_spend_nothing_is_compared():
    found = value.measures(planted(BOOSTED).assign(actual=0.0))
    assert found[["Predicted / actual", "Segments off by", "Rank"]].isna().all(axis=None)


@pytest.mark.parametrize(("customers", "groups"), [(99, 1), (100, 2), (499, 9), (500, 10), (5_000, 10)])
def test_parts_have_fifty_customers_or_more_and_are_at_most_tenths(customers, groups):
    assert value.tenths(pd.Series(range(customers))).max() == groups


def test_equal_forecasts_share_a_tenth():
    part = value.tenths(pd.Series([0.0] * 400 + list(range(1, 601))))
    assert set(part[:400]) == {1} and part[400] > 1


def with_measures(judged, table):
    """The same hold-out, had the candidates done like this on it."""
    ships = value.choose(table, judged.terms.belief, refused=False)
    return dataclasses.replace(judged, candidates=table, ships=ships)


@pytest.mark.parametrize(
    ("ships", "total", "said"),
    [
        (
            BOOSTED,
            1.0,
            "**Boosted trees ships:** its mean absolute error is 30.0 % smaller than that of last year again.",
        ),
        (LAST_YEAR, 1.5, "**Last year again ships:** no candidate that can be believed surely has a smaller error."),
    ],
)
def test_the_verdict_says_who_ships_and_why(judged, words, ships, total, said):
    table = measured(**FOUR | {"b": (2, 90, 0, 5), "c": (2, 80, 0, 30), "d": (total, 70, 0.6, 20)})
    found = with_measures(judged, table)
    assert found.ships == ships
    assert words.text(value.verdict(found)).startswith(said)


def test_a_forecast_that_ships_because_last_year_cannot_be_believed_is_not_called_better(judged, words):
    table = measured(**FOUR | {"a": (1.5, 60, 0.6, 0), "b": (2, 90, 0, 5), "c": (2, 80, 0, 30), "d": (1, 70, 0.6, -9)})
    found = with_measures(judged, table)
    assert found.ships == BOOSTED
    said = "**Boosted trees ships**, though its mean absolute error is no smaller than that of last year again: the"
    assert words.text(value.verdict(found)).startswith(said)


def test_last_year_again_is_as_long_as_the_horizon(judged):
    half = dataclasses.replace(judged.terms, horizon_months=6)
    when = pd.Timestamp("2025-07-01")
    people = value.predict(judged.log, when, half).now
    spent = value.spend_between(judged.log, pd.Timestamp("2025-01-01"), when, people.index)
    assert people[LAST_YEAR].equals(spent)


def test_the_verdict_says_when_nothing_can_be_believed(judged, words):
    hopeless = with_measures(judged, measured(**FOUR).assign(Rank=0.0))
    text = words.text(value.verdict(hopeless))
    assert text.startswith("**Not from these data:** no candidate's total comes within 25 % of the actual one")
    assert "The smallest error is that of BG/NBD + Gamma-Gamma ($60.00)." in text
    assert (value.comparison(hopeless)["Verdict"] == "ships").sum() == 0


def test_the_verdict_says_what_became_of_the_reference(judged, words):
    def with_models(**changes):
        models = dataclasses.replace(judged.past.lifetime, **changes)
        return dataclasses.replace(judged, past=judged.past._replace(lifetime=models))

    refused = with_models(refusal=sentence("too {what}", what="few"))
    assert words.text(value.verdict(refused)).endswith("days into the log. It is refused: too few.")
    assert value.comparison(refused).loc[BGNBD, "Verdict"] == "refused"
    text = words.text(value.verdict(with_models(refusal=None, correlation=0.1)))
    assert "in weeks); frequency and order value correlate with 0.10, which it allows." in text


def test_all_candidates_are_shown_for_everybody_and_for_whom_the_log_knows_from_the_first_order(judged):
    assert value.comparison(judged).index.tolist() == list(CANDIDATES)
    assert (value.comparison(judged)["Verdict"] == "ships").sum() == 1
    seen = value.comparison_of_seen(judged)
    assert seen.index.name == f"The {judged.people['seen'].sum()} whose first order is seen"
    nobody = dataclasses.replace(judged, people=judged.people.assign(seen=False))
    assert value.comparison_of_seen(nobody).empty


def test_what_was_learned_from_and_judged_on_is_said(judged, words):
    text = words.text(value.described(judged))
    customers_before = judged.log.loc[judged.log["Order_Date"] < SPLIT, "Customer_ID"].nunique()
    assert text.startswith(f"Learned from {len(judged.past.then)} customers a year before 2025-07-01")
    assert f"the {customers_before - len(judged.people)} who had lapsed by 2025-07-01 are left out." in text
    assert "Models are fitted" not in text
