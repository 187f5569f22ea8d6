"""Movement between segments over time: one frozen model, flows that add up, moves judged by what followed."""

import numpy as np
import pandas as pd
import pytest
from decided import ROOT

from segmentation import movement, seasons
from segmentation.clusters import Model
from segmentation.movement import Movement, Transition
from segmentation.problems import LeftOut, quietly
from segmentation.published import load_model
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, RFM, SEGMENTS, VIP

SNAPSHOT = pd.Timestamp("2026-07-01")
EARLY, LATE = "2026-03-20", "2026-06-20"


@pytest.fixture(scope="module")
def toy():
    """A model whose segments can be told by eye: orders 20 and spend 2,000; 10 and 1,000; 3 and 100; long ago."""
    centres = ((0.1, 2.0, 2.0), (0.1, 1.0, 1.0), (0.2, 0.2, 0.1), (2.5, 0.1, 0.05))
    return Model(tuple(RFM), (365.0, 30.0, 3000.0), (0.0, 0.0, 0.0), (100.0, 10.0, 1000.0), centres)


@pytest.fixture(scope="module")
def shop_moves(shop):
    """A small shop followed under the shipped model."""
    log = shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))
    return follow(log, SNAPSHOT, 12, load_model(ROOT / "data" / "segment_model.json"))


def log(rows):
    """An order log from (customer, date, amount, how often)."""
    orders = [(who, pd.Timestamp(date), amount) for who, date, amount, times in rows for _ in range(times)]
    table = pd.DataFrame(orders, columns=["Customer_ID", "Order_Date", "Amount"])
    return table.assign(Order_ID=[f"o{n}" for n in range(len(table))])


def follow(orders, snapshot, months, model):
    """The customers of a log under a model; LeftOut where the log is too short."""
    return quietly(movement.follow, seasons.look_back(orders, snapshot, months), orders, model)


def moves_of(cluster, spend=None, end="2026-07-01"):
    """A Movement of these clusters, a quarter between two columns."""
    cluster = np.array(cluster)
    dates = pd.DatetimeIndex([pd.Timestamp(end) - pd.DateOffset(months=3 * n) for n in range(cluster.shape[1])][::-1])
    ids = pd.Index([f"c{n}" for n in range(len(cluster))])
    return Movement(dates, ids, cluster, np.zeros(cluster.shape) if spend is None else np.array(spend, float))


# From an order log


def test_a_dozen_customers_give_the_worked_out_matrix(toy):
    rows = [("log begins", "2025-04-01", 50.0, 1)]  # lapsed by the second date: lost
    rows += [(f"vip {n}", day, 100.0, 20) for n in range(2) for day in (EARLY, LATE)]  # stay VIP, capped
    rows += [("rising", EARLY, 100.0, 10), ("rising", LATE, 100.0, 10)]  # 10 orders, then 20
    rows += [("loyal", "2025-04-15", 100.0, 9), ("loyal", EARLY, 100.0, 1), ("loyal", LATE, 100.0, 9)]  # 10, then 10
    rows += [("falling", "2025-04-10", 100.0, 17), ("falling", EARLY, 100.0, 3)]  # 20, then 3 orders 103 days ago
    rows += [(f"new {n}", LATE, 30.0, 3) for n in range(3)]
    rows += [("gone", "2025-06-01", 20.0, 1), ("waning", "2025-08-01", 20.0, 1)]
    orders = log(rows)
    moves = follow(orders, SNAPSHOT, 12, toy)
    assert list(moves.dates) == [pd.Timestamp("2026-04-01"), SNAPSHOT]
    expected = pd.DataFrame(0, index=[*SEGMENTS, "New"], columns=[*SEGMENTS, "Lost"])
    for before, now, size in (
        (VIP, VIP, 2),
        (LOYAL, VIP, 1),
        (LOYAL, LOYAL, 1),
        (VIP, PROMISING, 1),
        ("New", PROMISING, 3),
        (AT_RISK, AT_RISK, 1),
        (AT_RISK, "Lost", 2),
    ):
        expected.loc[before, now] = size
    pd.testing.assert_frame_equal(moves.latest.matrix.iloc[:-1, :-1], expected, check_dtype=False)
    assert moves.latest.sizes[["Present", "Up", "Down", "Moved", "New", "Lost"]].tolist() == [6, 1, 1, 2, 3, 2]
    assert moves.latest.shares["Up"] == 1 / 6
    assert moves.spend[moves.ids.get_loc("rising")].tolist() == [1000, 2000]


def test_the_window_reaches_back_whole_months_and_ends_the_day_before(toy):
    rows = [("log begins", "2024-01-01", 1.0, 1), ("first day", "2025-07-01", 10.0, 1)]
    rows += [("before", "2025-06-30", 10.0, 1), ("last day", "2026-06-30", 10.0, 1)]
    moves = follow(log(rows), SNAPSHOT, 12, toy)
    assert dict(zip(moves.ids, moves.spend[:, -1], strict=True)) == {
        "log begins": 0,
        "first day": 10,
        "before": 0,
        "last day": 10,
    }
    assert moves.cluster[moves.ids.get_loc("before"), -2:].tolist() == [3, movement.ABSENT]
    half_a_year = follow(log(rows), SNAPSHOT, 6, toy)
    assert half_a_year.spend[:, -1].tolist() == [0, 0, 0, 10]


def test_quarter_ends_need_a_whole_window_behind_them():
    orders = log([("a", "2025-01-10", 5.0, 1), ("b", "2026-06-30", 5.0, 1)])
    dates = seasons.quarter_ends(orders, SNAPSHOT, 12)
    assert dates.strftime("%Y-%m-%d").tolist() == ["2026-01-01", "2026-04-01", "2026-07-01"]
    assert seasons.quarter_ends(orders, SNAPSHOT, 24).empty


@pytest.mark.parametrize(("months", "reason"), [(24, "a whole window"), (None, "a whole window in months")])
def test_without_a_second_quarter_end_movement_is_left_out(toy, months, reason):
    orders = log([("a", "2025-01-10", 5.0, 1), ("b", "2026-06-30", 5.0, 1)])
    left_out = follow(orders, SNAPSHOT, months, toy)
    assert isinstance(left_out, LeftOut) and reason in left_out.reason


def test_flows_add_up_at_every_step(shop_moves):
    assert len(shop_moves.dates) == 9 and shop_moves.dates[-1] == SNAPSHOT
    assert shop_moves.dates[0] == pd.Timestamp("2024-07-01")
    for step in range(8):
        cells = shop_moves.between(step, step + 1).matrix
        assert (cells["All"].iloc[:4] == shop_moves.sizes.iloc[step]).all()
        assert (cells.loc["All"].iloc[:4] == shop_moves.sizes.iloc[step + 1]).all()
        assert (cells.iloc[:-1, :-1].sum(axis=1) == cells["All"].iloc[:-1]).all() and cells.loc["New", "Lost"] == 0


def test_an_order_on_a_quarter_end_belongs_to_the_quarter_that_follows(toy):
    moves = follow(log([("a", "2025-03-01", 1.0, 1), ("b", "2026-04-01", 10.0, 1)]), SNAPSHOT, 12, toy)
    assert moves.spend[1].tolist() == [0, 10]


# Paths


def test_paths_go_up_towards_vip_and_down_towards_at_risk():
    before, now = np.array([1, 1, 1, 1, -1, -1]), np.array([0, 1, 2, -1, 3, -1])
    assert Transition(before, now).path.tolist() == ["Up", "Stayed", "Down", "Lost", "New", ""]


def test_the_two_best_segments_slip_when_they_move_down_or_are_lost():
    before = np.array([0, 0, 0, 1, 1, 1, 1, 2, 3, -1, 0])
    now = np.array([1, -1, 0, 2, -1, 0, 1, 3, -1, 2, 3])
    slipped = Transition(before, now).slipped
    assert slipped.tolist() == [True, True, False, True, True, False, False, False, False, False, True]


def test_who_slipped_is_counted_with_what_he_had_spent_and_the_year_before(words):
    cluster = [[0, 1, 0, 0, 0, 1], [1, -1, 1, 1, 1, -1], [2, 3, 2, 2, 2, 3]]
    moves = moves_of(cluster, spend=[[0, 0, 0, 0, 500, 0], [0, 0, 0, 0, 250, 0], [0, 0, 0, 0, 70, 0]])
    text = f"2 customers of {VIP} and {LOYAL} slipped or were lost this quarter"
    spent = "; they had spent $750 in their window"
    assert words.text(moves.slipping) == f"{text} (2 in the same quarter a year before){spent}"
    short = Movement(moves.dates[1:], moves.ids, moves.cluster[:, 1:], moves.spend[:, 1:])
    assert words.text(short.slipping) == text + spent  # no year before in five quarter ends


def test_who_is_lost_is_in_no_file_and_that_is_said(words):
    still = moves_of([[0, 1], [1, 2]])
    assert words.text(still.who) == "`Previous_Segment` and `Segment_Since` say who."
    both = words.text(moves_of([[0, 1], [1, -1], [1, -1], [3, -1]]).who)
    assert both.startswith("`Previous_Segment` and `Segment_Since` say who is still here. The 2 lost have no order")
    gone = words.text(moves_of([[0, -1], [1, 1]]).who)
    assert gone == "The 1 lost have no order in the window, so they are in no file: look in the order log."


def test_up_and_down_carry_wilson_intervals_and_the_year_before(words):
    before, now = [1] * 100 + [0] * 10, [0] * 10 + [1] * 70 + [3] * 15 + [-1] * 5 + [0] * 10
    table = movement.up_and_down(moves_of(np.column_stack([before, now])))
    assert table.index.name == "2026-04-01 to 2026-07-01" and "Same quarter last year: up, down" not in table
    assert table.loc[LOYAL, "Customers"] == 100 and table.loc[PROMISING, "Customers"] == 0
    texts = table.iloc[:, 1:].map(words.text)
    assert texts.loc[LOYAL].tolist() == ["10.0 % (5.5 %-17.4 %)", "15.0 % (9.3 %-23.3 %)", "5.0 % (2.2 %-11.2 %)"]
    longer = movement.up_and_down(moves_of(np.column_stack([before, now, now, now, before, now])))
    assert words.text(longer.loc[LOYAL, "Same quarter last year: up, down"]) == "10.0 %, 15.0 %"
    assert words.text(longer.loc[PROMISING, "Same quarter last year: up, down"]) == "0.0 %, 0.0 %"


# What is said of them


def test_a_change_is_counted_since_the_same_season_or_the_first_date(words):
    cluster = np.array([[0, 0, 0, 0, 0, 1], [0, 3, 3, 3, 3, 3], [-1, -1, -1, -1, -1, 3]])
    whole = moves_of(cluster)
    assert words.text(whole.since) == f"Since 2025-07-01: {VIP} -1, {LOYAL} +1, {PROMISING} +0, {AT_RISK} +1"
    assert words.text(moves_of(cluster[:, -2:]).since).startswith(f"Since 2026-04-01: {VIP} -1")
    assert words.text(whole.swing) == f"{VIP} swing most, between 0 and 2 customers over 6 quarter ends"


@pytest.mark.parametrize(("dates", "back"), [(2, -2), (4, -4), (5, -5), (9, -5)])
def test_a_year_is_looked_back_on_or_as_far_as_the_log_reaches(dates, back):
    assert moves_of(np.zeros((1, dates), int)).year_ago == back


def test_what_became_of_everybody_in_a_year_is_said_in_shares(words):
    cluster = np.tile([[0], [0], [1], [1], [2], [3], [-1], [-1]], 6)
    cluster[:, -1] = [0, 1, 0, 1, -1, 3, 2, -1]
    moves = moves_of(cluster)
    assert words.text(moves.on_year) == (
        "From 2025-07-01 to 2026-07-01, 50.0 % of 6 customers stayed in their segment, 16.7 % moved up, 16.7 % down "
        "and 16.7 % were lost; 1 customer came or came back."
    )
    table = movement.over_the_year(moves)
    assert table.index.name == "From 2025-07-01 (rows) to 2026-07-01 (columns)"
    assert table.loc[VIP, [VIP, LOYAL]].tolist() == [1, 1] and table.loc["New", "All"] == 1


def test_a_stay_began_at_the_first_quarter_end_of_its_unbroken_run():
    cluster = np.array([[1, 1, 1, 1], [1, 0, 1, 1], [-1, -1, 2, 3], [3, 3, 3, 0], [0, 0, -1, 0]])
    assert movement.since_when(cluster, cluster[:, -1]).tolist() == [0, 2, 3, 3, 3]
    assert movement.since_when(cluster[:1], np.array([2])).tolist() == [3]  # the table says otherwise: today
