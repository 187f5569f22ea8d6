"""Movement between segments over time: one frozen model, flows that add up, an order log read by stated rules."""

import json

import numpy as np
import pandas as pd
import pytest
from shared import ROOT

SNAPSHOT = pd.Timestamp("2026-07-01")


@pytest.fixture(scope="module")
def model():
    """The shipped model."""
    return json.loads((ROOT / "data" / "segment_model.json").read_text())


@pytest.fixture(scope="module")
def toy(nb):
    """A model whose segments can be told by eye: orders 20 and spend 2,000; 10 and 1,000; 3 and 100; long ago."""
    return {
        "features": nb.RFM,
        "caps": [365.0, 30.0, 3000.0],
        "means": [0.0, 0.0, 0.0],
        "scales": [100.0, 10.0, 1000.0],
        "centroids": [[0.1, 2.0, 2.0], [0.1, 1.0, 1.0], [0.2, 0.2, 0.1], [2.5, 0.1, 0.05]],
    }


def log(rows):
    """An order log from (customer, date, amount, how often)."""
    orders = [(who, pd.Timestamp(date), amount) for who, date, amount, times in rows for _ in range(times)]
    table = pd.DataFrame(orders, columns=["Customer_ID", "Order_Date", "Amount"])
    return table.assign(
        Order_ID=[f"o{n}" for n in range(len(table))], Customer_ID=pd.factorize(table["Customer_ID"])[0]
    )


def test_a_dozen_customers_give_the_worked_out_matrix(nb, toy):
    early, late = "2026-03-20", "2026-06-20"
    rows = [("log begins", "2025-04-01", 50.0, 1)]  # lapsed by the second date: lost
    rows += [(f"vip {n}", day, 100.0, 20) for n in range(2) for day in (early, late)]  # stay VIP, capped
    rows += [("rising", early, 100.0, 10), ("rising", late, 100.0, 10)]  # 10 orders, then 20
    rows += [("loyal", "2025-04-15", 100.0, 9), ("loyal", early, 100.0, 1), ("loyal", late, 100.0, 9)]  # 10, then 10
    rows += [("falling", "2025-04-10", 100.0, 17), ("falling", early, 100.0, 3)]  # 20, then 3 orders 103 days ago
    rows += [(f"new {n}", late, 30.0, 3) for n in range(3)]
    rows += [("gone", "2025-06-01", 20.0, 1), ("waning", "2025-08-01", 20.0, 1)]
    orders, ends = log(rows), [pd.Timestamp("2026-04-01"), SNAPSHOT]
    past = nb.history(orders, ends, 12, toy)
    moves = nb.migration(past["cluster"][:, 0], past["cluster"][:, 1])
    expected = pd.DataFrame(0, index=moves.index, columns=moves.columns)
    vip, loyal, promising, at_risk = nb.SEGMENTS
    for before, now, size in (
        (vip, vip, 2),
        (loyal, vip, 1),
        (loyal, loyal, 1),
        (vip, promising, 1),
        ("New", promising, 3),
        (at_risk, at_risk, 1),
        (at_risk, "Lost", 2),
    ):
        expected.loc[before, now] = size
    pd.testing.assert_frame_equal(moves, expected, check_dtype=False)
    assert nb.stirred(moves) == (6, 1, 1)
    assert past["later"][:, 0].sum() == orders.loc[orders["Order_Date"] >= ends[0], "Amount"].sum()


def test_flows_add_up_at_every_step(nb, generator, model):
    orders = generator.make(seed=5, customers=400, defects=False)[0]
    orders = orders.assign(Order_Date=pd.to_datetime(orders["Order_Date"]))
    orders["Customer_ID"] = pd.factorize(orders["Customer_ID"])[0]
    ends = nb.quarter_ends(orders, SNAPSHOT, 12)
    assert len(ends) == 9 and ends[-1] == SNAPSHOT and ends[0] == pd.Timestamp("2024-07-01")
    past = nb.history(orders, ends, 12, model)["cluster"]
    for n in range(len(ends) - 1):
        moves = nb.migration(past[:, n], past[:, n + 1])
        start, end = moves.iloc[:4].sum(axis=1), moves.iloc[:, :4].sum()
        assert start.sum() + moves.loc["New"].sum() == end.sum() + moves["Lost"].sum()
        assert (start == np.bincount(past[:, n][past[:, n] >= 0], minlength=4)).all()
        assert (end == np.bincount(past[:, n + 1][past[:, n + 1] >= 0], minlength=4)).all()


def test_thirty_quiet_days_move_customers_under_the_frozen_model_and_none_under_a_refit(nb):
    customers = pd.read_csv(ROOT / "data" / "ecommerce_segmented_customers.csv")
    frozen = nb.segmentation(customers, "test", 42)
    aged = customers.assign(Recency=customers["Recency"] + 30)
    refitted = nb.segmentation(aged, "test", 42)
    today = nb.place(frozen, customers)[0]
    assert (nb.place(frozen, aged)[0] != today).mean() > 0.005
    assert (nb.place(refitted, aged)[0] == today).all()


def test_a_stay_began_at_the_first_quarter_end_of_its_unbroken_run(nb):
    cluster = np.array([[1, 1, 1, 1], [1, 0, 1, 1], [-1, -1, 2, 3], [3, 3, 3, 0], [0, 0, -1, 0]])
    assert nb.since_when(cluster, cluster[:, -1]).tolist() == [0, 2, 3, 3, 3]
    assert nb.since_when(cluster[:1], np.array([2])).tolist() == [3]  # the table says otherwise than the log: today


def test_paths_and_what_followed_them(nb):
    assert nb.path_of([1, 1, 1, 1, -1, -1], [0, 1, 2, -1, 3, -1]).tolist() == [
        "Up",
        "Stayed",
        "Down",
        "Lost",
        "New",
        "",
    ]
    cluster = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1], [1, 2, 2], [-1, 3, 3]])
    later = np.array([[0, 50, 0], [0, 70, 0], [0, 40, 0], [0, 10, 0], [0, 99, 0]], dtype=float)
    values = nb.path_values(cluster, later, [0])
    assert values.loc[nb.LOYAL, ["Up", "Stayed", "Down"]].tolist() == [60, 40, 10]
    before, path = cluster[:, 0], nb.path_of(cluster[:, 0], cluster[:, 1])
    assert nb.against_staying(values, before, path, "Up") == 2 * (60 - 40)
    assert nb.against_staying(values, before, path, "Down") == 10 - 40


def test_upgrades_and_downgrades_carry_intervals(nb):
    before = np.array([1] * 100 + [0] * 10)
    now = np.array([0] * 10 + [1] * 70 + [3] * 15 + [-1] * 5 + [0] * 10)
    table = nb.up_and_down(before, now)
    assert table.loc[nb.LOYAL, ["Customers", "Up", "Down", "Lost"]].tolist() == [100, 0.10, 0.15, 0.05]
    assert table.loc[nb.LOYAL, "Up (95 %)"] == "10.0 % (5.5 %-17.4 %)"  # Wilson
    assert table.loc[nb.VIP, "Up"] == 0 and table.loc[nb.PROMISING, "Customers"] == 0


def test_quarter_ends_need_a_whole_window_behind_them(nb):
    orders = log([("a", "2025-01-10", 5.0, 1), ("b", "2026-06-30", 5.0, 1)])
    assert [str(end.date()) for end in nb.quarter_ends(orders, SNAPSHOT, 12)] == [
        "2026-01-01",
        "2026-04-01",
        "2026-07-01",
    ]
    assert nb.quarter_ends(orders, SNAPSHOT, 24) == []


# The published model


def test_published_model_is_complete_and_places_every_customer(nb, model):
    assert set(nb.MODEL_KEYS) == set(model)
    customers = pd.read_csv(ROOT / "data" / "ecommerce_segmented_customers.csv", dtype={"Customer_ID": str})
    loaded = nb.load_model(ROOT / "data" / "segment_model.json")
    assert (nb.place(loaded, customers)[0] == customers["Cluster"]).all()
    for name in nb.RFM:
        scores = nb.score(customers[name], loaded["rfm_thresholds"][name], low_is_best=name == "Recency")
        assert (scores == customers[f"{name[0]}_Score"]).all()
    assert (
        loaded["customers"] == len(customers) and loaded["snapshot"] == "2026-07-01" and loaded["window_months"] == 12
    )


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda m: m["caps"].__setitem__(0, 300.0), "was edited"),
        (lambda m: m.update(schema=1), "schema 1; expected schema 2"),
        (lambda m: m.pop("scales"), "no scales"),
        (lambda m: m.clear(), "schema None"),
    ],
)
def test_a_bad_model_file_gives_one_clear_message(nb, model, tmp_path, damage, word):
    bad = json.loads(json.dumps(model))
    damage(bad)
    (tmp_path / "model.json").write_text(json.dumps(bad))
    with pytest.raises(nb.InputError, match=r"model\.json: ") as stopped:
        nb.load_model(tmp_path / "model.json")
    assert word in str(stopped.value)


@pytest.mark.parametrize("text", ["", "[]", '"x"', "{", "\x80\x04K\x01."])
def test_a_file_that_is_no_model_is_refused(nb, tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(nb.InputError, match=r"model\.json: "):
        nb.load_model(tmp_path / "model.json")


# The order log


def write(path, rows):
    pd.DataFrame(rows, columns=["Customer_ID", "Order_ID", "Order_Date", "Amount"]).to_csv(path, index=False)
    return str(path)


def test_refunds_repeats_and_lines_of_one_order(nb, tmp_path):
    rows = [
        ("a", "1", "2026-01-05", 10),
        ("a", "1", "2026-01-05", 10),  # repeats
        ("a", "2", "2026-02-05", 20),
        ("a", "2", "2026-02-06", 5),  # a line of order 2
        ("a", "2", "2026-03-01", -8),  # refund of it: no order, no Recency
        ("b", "3", "2026-01-01", 7),
        ("c", "3", "2026-01-01", 7),  # one id, two customers: nobody's
        *[("d", f"d{n}", "2026-01-01", 1) for n in range(40)],
        ("d", "bad", "01/02/2026", 1),
    ]
    orders, done = nb.read_orders(write(tmp_path / "log.csv", rows))
    assert done == {
        "set aside, Order_Date is no date like 2026-06-30": 1,
        "set aside, one Order_ID under two customers": 2,
        "dropped, rows that repeat another": 1,
        "added to their order, further lines of it": 1,
        "refunds, taken off spend": 1,
    }
    table = nb.rfm_from_orders(orders, SNAPSHOT, 12)
    assert table.loc["a"].tolist() == [(SNAPSHOT - pd.Timestamp("2026-02-05")).days, 2, 27.0]
    assert list(table.index) == ["a", "d"] and table.loc["d", "Frequency"] == 40


def test_a_customer_who_only_sent_back_is_no_customer_and_nobody_spends_less_than_nothing(nb, tmp_path):
    rows = [("a", "1", "2026-01-05", -10), ("b", "2", "2026-01-05", 5), ("b", "3", "2026-02-05", -50)]
    table = nb.rfm_from_orders(nb.read_orders(write(tmp_path / "log.csv", rows))[0], SNAPSHOT, 12)
    assert list(table.index) == ["b"] and table.loc["b", "Monetary"] == 0


def test_dates_that_do_not_parse_stop_with_the_first_line(nb, tmp_path):
    rows = [("a", str(n), "30.06.2026", 5) for n in range(60)]
    with pytest.raises(nb.InputError) as stopped:
        nb.read_orders(write(tmp_path / "log.csv", rows))
    assert str(stopped.value).startswith("log.csv: 60 of 60 rows cannot be used")
    assert "line 2: Order_Date is no date like 2026-06-30 ('30.06.2026')" in str(stopped.value)


# Whole runs


@pytest.fixture(scope="module")
def shop(generator):
    """A small shop: (order log, customer table)."""
    return generator.make(seed=3, customers=400, defects=False)


def test_movement_reaches_the_files(kernel, shop):
    orders, customers = shop
    later = orders.iloc[[0]].assign(Order_ID="late", Order_Date="2026-09-01")
    path = kernel.folder / "moving.csv"
    pd.concat([orders, later]).to_csv(path, index=False)
    hint = kernel.run(customers, ORDERS_CSV=str(path))
    assert hint.ok and "counted back from 2026-07-01 it would agree: set SNAPSHOT_DATE" in hint.text
    assert "Previous_Segment" not in hint.table("ecommerce_segmented_customers.csv")
    assert "*Left out: movement needs" in hint.text
    run = kernel.run(customers, ORDERS_CSV=str(path), SNAPSHOT_DATE="2026-07-01")
    assert run.ok, run.error
    assert "left out, on or after the snapshot: 1" in run.text
    table = run.table("ecommerce_segmented_customers.csv")
    assert set(table["Previous_Segment"]) <= {"", *table["Segment_Name"]}
    new = customers.set_index("Customer_ID").index.isin(orders.loc[orders["Order_Date"] >= "2026-04-01", "Customer_ID"])
    old = orders[(orders["Order_Date"] < "2026-04-01") & (orders["Order_Date"] >= "2025-04-01")]["Customer_ID"]
    absent = ~table["Customer_ID"].isin(old)
    assert ((table["Previous_Segment"] == "") == absent).all() and (new | ~absent).all()
    changed = table["Previous_Segment"] != table["Segment_Name"]
    assert ((table["Segment_Since"] == "2026-07-01") == changed).all()


def test_two_files_with_the_earlier_model_show_frozen_and_refitted(kernel, shop):
    customers = shop[1]
    first = kernel.run(customers)
    aged = customers.assign(Recency=(customers["Recency"] + 60).clip(upper=700))
    run = kernel.run(aged, PREVIOUS_CSV=str(first.out / "data" / "ecommerce_segmented_customers.csv"))
    assert run.ok, run.error
    assert ", refitted:** of 400 customers in both files 0 (0.0 %) changed segment" in run.text
    assert ", frozen:** of 400 customers in both files" in run.text
    assert ", frozen:** of 400 customers in both files 0 (0.0 %)" not in run.text
    assert set(run.table("ecommerce_segmented_customers.csv")["Previous_Segment"]) <= set(nb_segments())
    model = first.out / "data" / "segment_model.json"
    model.write_text(model.read_text().replace('"schema": 2', '"schema": 7'))
    run = kernel.run(aged, PREVIOUS_CSV=str(first.out / "data" / "ecommerce_segmented_customers.csv"))
    assert run.ok and "schema 7; expected schema 2" in run.text.replace("&#95;", "_") and "frozen:**" not in run.text


def nb_segments():
    return ["VIP Champions", "High-Value Loyalists", "Promising Regulars", "At-Risk Customers"]
