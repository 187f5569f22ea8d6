"""New customers: three ways place everybody alike, the guess sees nothing from later, the way up is the shortest."""

import json
import sqlite3

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared import ROOT

MODEL = json.loads((ROOT / "data" / "segment_model.json").read_text(encoding="utf-8"))
HALVES = {  # every number is exact in binary, so a customer can stand exactly on a border
    "features": ["Recency", "Frequency", "Monetary"],
    "segments": MODEL["segments"],
    "caps": [256.0, 64.0, 4096.0],
    "means": [128.0, 8.0, 512.0],
    "scales": [64.0, 4.0, 256.0],
    "centroids": [[-1.0, 3.0, 3.0], [-1.0, 1.0, 1.0], [-1.0, -1.0, -1.0], [1.0, -1.0, -1.0]],
}
NO_FREQUENCY = {n: [v for at, v in enumerate(x) if at != 1] for n, x in HALVES.items() if n not in ("segments",)}
NO_FREQUENCY |= {"segments": MODEL["segments"], "centroids": [[a, c] for a, _, c in HALVES["centroids"]]}
ONE = {"features": ["Monetary"], "segments": MODEL["segments"], "caps": [4096.0], "means": [512.0], "scales": [256.0]}
ONE |= {"centroids": [[3.0], [1.0], [-1.0], [-1.0]]}  # two segments share a centre: always a tie
MODELS = {"shipped": MODEL, "halves": HALVES, "no Frequency": NO_FREQUENCY, "one feature": ONE}


def table_of(rows) -> pd.DataFrame:
    """Customers from (Recency, Frequency, Monetary)."""
    table = pd.DataFrame(list(rows), columns=["Recency", "Frequency", "Monetary"], dtype=float)
    table.insert(0, "Customer_ID", [f"C{n}" for n in range(len(table))])
    return table


def in_duckdb(sql: str, customers: pd.DataFrame, types=("DOUBLE", "DOUBLE", "DOUBLE")) -> pd.DataFrame:
    """What the statement returns on DuckDB, in the order of the customers."""
    with duckdb.connect() as base:
        columns = ", ".join(f"{n} {kind}" for n, kind in zip(customers.columns[1:4], types, strict=True))
        base.execute(f"CREATE TABLE customers (Customer_ID TEXT, {columns})")
        base.register("rows_given", customers[["Customer_ID", "Recency", "Frequency", "Monetary"]])
        base.execute("INSERT INTO customers SELECT * FROM rows_given")
        found = base.execute(sql).df()
    return found.set_index("Customer_ID").loc[customers["Customer_ID"]].reset_index()


def all_ways(nb, model: dict, customers: pd.DataFrame, engines=("sqlite", "duckdb")) -> None:
    """Fail unless every way gives the segment, runner-up and confidence of `place`, bit for bit."""
    wanted = nb.place(model, customers)
    ways = {"assign": nb.assign(json.loads(json.dumps(model)), *(customers[n] for n in nb.RFM))}
    ways["pipeline"] = nb.nearest_of(nb.frozen_pipeline(model).transform(customers[model["features"]].to_numpy(float)))
    sql = nb.segment_sql(model, "12 months")
    found = {"sqlite": nb.run_on_sqlite, "duckdb": lambda sql, rows: in_duckdb(sql, rows)}
    for engine in engines:
        table = found[engine](sql, customers)
        assert (table["Cluster"] == wanted[0]).all(), engine
        ways[engine] = [table[n].to_numpy() for n in ("Segment_Name", "Runner_Up", "Segment_Confidence")]
    for way, parts in ways.items():
        assert nb.differing(wanted, *parts) == 0, way


def test_three_ways_and_duckdb_agree_on_every_shipped_customer(nb):
    customers = pd.read_csv(ROOT / "data" / "ecommerce_segmented_customers.csv", dtype={"Customer_ID": str})
    all_ways(nb, MODEL, customers)
    segment, rival, confidence = nb.assign(MODEL, *(customers[n] for n in nb.RFM))
    assert (segment == customers["Segment_Name"]).all()
    assert (rival == customers["Runner_Up"]).all()
    assert (confidence.round(3) == customers["Segment_Confidence"]).all()


AMOUNT = st.one_of(st.floats(0, 1e12), st.integers(0, 5000), st.integers(0, 500_000).map(lambda cents: cents / 100))
ROW = st.tuples(st.integers(0, 9000), st.one_of(st.integers(0, 200), st.integers(0, 10**12)), AMOUNT)


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=25)
@given(rows=st.lists(ROW, min_size=1, max_size=40))
def test_ways_agree_on_customers_nobody_thought_of(nb, name, rows):
    all_ways(nb, MODELS[name], table_of(rows), engines=("sqlite",))


@pytest.mark.parametrize("name", MODELS)
def test_duckdb_agrees_on_any_customers(nb, name):
    rng = np.random.default_rng(5)
    rows = np.column_stack(
        [rng.integers(0, 400, 4000), rng.integers(0, 60, 4000), np.exp(rng.normal(5, 2, 4000)).round(2)]
    )
    all_ways(nb, MODELS[name], table_of([*rows, (0, 0, 0), (9000, 10**12, 1e12)]))


def test_on_an_exact_tie_the_better_segment_wins_everywhere(nb):
    grid = [(r, f, m) for r in range(0, 257, 16) for f in range(0, 33, 2) for m in range(0, 1537, 64)]
    customers = table_of(grid)
    points = (customers[nb.RFM].to_numpy() - HALVES["means"]) / HALVES["scales"]
    distance = np.sort(((points[:, None] - np.array(HALVES["centroids"])) ** 2).sum(axis=2), axis=1)
    tied = distance[:, 0] == distance[:, 1]
    assert tied.sum() > 200
    all_ways(nb, HALVES, customers)
    segment, rival, confidence = nb.assign(HALVES, *(customers.loc[tied, n] for n in nb.RFM))
    rank = {name: n for n, name in enumerate(HALVES["segments"])}
    assert all(rank[one] < rank[other] for one, other in zip(segment, rival, strict=True))
    assert (confidence == 0).all()
    assert nb.assign(HALVES, 64, 16, 1024)[0] == ["VIP Champions"]  # halfway between the first two


def test_a_customer_on_two_centres_at_once_is_certain_and_of_the_better_segment(nb):
    all_ways(nb, ONE, table_of([(5, 1, 256), (5, 1, 255)]))
    segment, rival, confidence = nb.assign(ONE, 5, 1, 256)
    assert (segment[0], rival[0], confidence[0]) == ("Promising Regulars", "At-Risk Customers", 1)


MISSING = [(None, 3, 50), (20, None, 50), (20, 3, None), (None, None, None), (20, 3, 50)]


@pytest.mark.parametrize("name", MODELS)
def test_a_missing_value_gives_no_segment_as_the_comment_says(nb, name):
    assert "gets NULL in all four columns" in nb.SQL_HEAD
    sql, customers = nb.segment_sql(MODELS[name], "12 months"), table_of(MISSING)
    for found in (nb.run_on_sqlite(sql, customers), in_duckdb(sql, customers)):
        assert len(found) == len(customers)
        assert found.iloc[:4, 1:].isna().all(axis=None)
        assert found.iloc[4].notna().all()
    segment, rival, confidence = nb.assign(MODELS[name], *(customers[n] for n in nb.RFM))
    assert [*segment[:4], *rival[:4]] == [None] * 8
    assert np.isnan(confidence[:4]).all() and segment[4] is not None


def test_nan_and_infinity_are_no_customers_either(nb):
    sql = nb.segment_sql(MODEL, "12 months")
    with duckdb.connect() as base:
        base.execute("CREATE TABLE customers (Customer_ID TEXT, Recency DOUBLE, Frequency DOUBLE, Monetary DOUBLE)")
        base.execute(
            "INSERT INTO customers VALUES ('a', 'NaN', 1, 1), ('b', '-Infinity', 1, 1), ('c', 1, 1, 'Infinity')"
        )
        assert [row[1:] for row in base.execute(sql).fetchall()] == [(None,) * 4] * 3
    assert list(nb.assign(MODEL, [np.nan, -np.inf, 1], [1, 1, 1], [1, 1, np.inf])[0]) == [None] * 3


def test_whole_numbers_and_decimals_in_the_table_are_placed_alike(nb):
    customers = table_of((r, f, m) for r in (1, 40, 400) for f in (1, 7, 30) for m in (19.99, 250, 4000.5))
    sql = nb.segment_sql(MODEL, "12 months")
    wanted = nb.place(MODEL, customers)[0]
    assert (in_duckdb(sql, customers, ("INTEGER", "SMALLINT", "DECIMAL(12, 2)"))["Cluster"] == wanted).all()
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE customers (Customer_ID TEXT, Recency INTEGER, Frequency INTEGER, Monetary NUMERIC)")
    base.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", customers.itertuples(index=False, name=None))
    assert [row[1] for row in base.execute(sql)] == wanted.tolist()
    base.close()


def test_statement_uses_only_what_its_comment_names(nb):
    sql = nb.segment_sql(MODEL, "12 months")
    body = "\n".join(line.split("--")[0] for line in sql.splitlines())
    words = {word.upper() for word in nb.re.findall(r"[A-Za-z_]+(?=\()", body)}
    assert words == {"CAST"}  # no function is called
    assert not nb.re.findall(r"\b(WITH|OVER|LEAST|GREATEST|ROUND|POWER|LIMIT|QUALIFY)\b", body)
    assert body.count("SELECT") == body.count("FROM") == 7
    numbers = nb.re.findall(r"(?<![\w.])\d+\.\d+(?:E[+-]\d+)?", body)
    assert numbers and all("E" in number for number in numbers)  # approximate numbers, not decimals


def test_sql_literals_read_back_as_the_same_float(nb):
    for value in (0.1, 1 / 3, -2.5e-7, 338.0, 2361.04, 1e12, 123456789.123456):
        text = nb.sql_number(value).strip("()")
        assert float(text) == value
        with duckdb.connect() as base:
            assert base.execute(f"SELECT {text}").fetchone()[0] == value
        base = sqlite3.connect(":memory:")
        assert base.execute(f"SELECT {text}").fetchone()[0] == value
        base.close()


def test_function_can_be_copied_out(nb, notebook):
    """Nothing but numpy and json is in reach of the copied function."""
    source = next(cell.source for cell in notebook.cells if cell.id == "assign")
    space = {"np": np}
    exec(source, space)
    assert space["assign"](MODEL, 3, 20, 1800)[0] == ["VIP Champions"]
    body = source.split('"""')[2].strip().splitlines()
    assert len(body) == 10


def test_fit_on_a_sample_of_planted_groups_places_all_alike(nb):
    rng = np.random.default_rng(0)
    centres = np.array([[10, 40, 4000], [20, 20, 1500], [40, 6, 300], [250, 2, 50]])
    rows = np.concatenate([np.abs(rng.normal(centre, centre * 0.1, (1000, 3))) for centre in centres])
    customers = table_of(rows.round())
    caps = pd.Series({n: float(nb.cut_points(customers[n], [0.99])[0]) for n in nb.RFM})
    full = nb.segmentation(customers, "x.csv", 42)
    part = nb.sample_model(customers, caps, nb.RFM, 400, 1)
    assert part["caps"] == full["caps"] and part["centroids"] != full["centroids"]
    assert (nb.place(part, customers)[0] == nb.place(full, customers)[0]).all()
    assert nb.sample_model(customers.iloc[:3], caps, nb.RFM, 3, 1) is None


def up(nb, *rows):
    """Customers with their Cluster under HALVES."""
    customers = table_of(rows)
    return customers.assign(Cluster=nb.place(HALVES, customers)[0])


def test_way_up_of_a_worked_example(nb):
    customers = up(nb, (64, 4, 256), (64, 8, 512))  # at the Promising centre; exactly between it and the Loyal one
    assert customers["Cluster"].tolist() == [2, 1]
    # In model units an order of 64 adds 0.25 to both z_F and z_M; Recency 0 costs all alike; halfway is z_F + z_M = 0.
    assert nb.orders_to_rise(HALVES, customers, 24)[0] == 4
    assert nb.orders_to_rise(HALVES, customers, 3)[0] == np.inf
    # Spend alone: z_F stays at -1, so z_M has to come from -1 to +1: 512 more.
    assert nb.spend_to_rise(HALVES, customers)[0] == 512
    # From Loyal, at (0, 0), to VIP: z_F + z_M = 4, of which spend alone brings all four: 1024 more.
    assert nb.spend_to_rise(HALVES, customers)[1] == 1024


def test_extra_spend_is_the_least_that_rises(nb):
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.integers(1, 400, 300), rng.integers(1, 20, 300), rng.uniform(5, 2000, 300).round(2)])
    for model in (HALVES, MODEL):
        customers = table_of(rows)
        customers["Cluster"] = nb.place(model, customers)[0]
        extra = nb.spend_to_rise(model, customers)
        cents = np.linspace(0, model["caps"][2], 400)
        tried = np.array(
            [
                nb.place(model, customers.assign(Monetary=customers["Monetary"] + more))[0] < customers["Cluster"]
                for more in cents
            ]
        )
        least = np.where(tried.any(axis=0), cents[tried.argmax(axis=0)], np.inf)
        assert (np.isinf(extra) | (extra > 0)).all()
        assert (extra <= least + 0.01).all()  # nothing smaller on the grid rises
        able = np.isfinite(extra)
        assert able.any() and not able.all()
        after = customers.assign(Monetary=customers["Monetary"] + np.where(able, extra + 0.01, 0))
        assert (nb.place(model, after)[0] < customers["Cluster"])[able].all()
        assert not np.isfinite(least[~able]).any()


def test_without_spend_in_the_model_spend_raises_nobody(nb):
    model = {n: [v[:2] for v in x] if n == "centroids" else x[:2] for n, x in HALVES.items() if n != "segments"}
    model["segments"] = HALVES["segments"]
    customers = up(nb, (64, 4, 256))
    assert nb.spend_to_rise(model, customers).tolist() == [np.inf]


def test_rise_table_names_only_segments_with_customers(nb):
    customers = up(nb, (64, 4, 256), (64, 4, 250))
    customers["Segment_Name"] = pd.Categorical.from_codes(customers["Cluster"], nb.SEGMENTS)
    table = nb.rise_table(HALVES, customers)
    assert table.index.tolist() == ["Promising Regulars"]
    assert table.loc["Promising Regulars", "3 orders"] == 0
    assert table.loc["Promising Regulars", "Orders needed"] == 4


# The early guess


def log_of(*rows) -> pd.DataFrame:
    """An order log from (customer, day, amount)."""
    log = pd.DataFrame(rows, columns=["Customer_ID", "Order_Date", "Amount"])
    log["Order_Date"] = pd.to_datetime(log["Order_Date"])
    log["Customer_ID"] = log["Customer_ID"].astype("str")
    return log.assign(Order_ID=range(len(log)))


def seen(nb, log, days):
    """What the guess sees of every customer of a log."""
    firsts = nb.first_orders(log)
    return nb.early_history(nb.since_joining(log, firsts), firsts, days, 100.0)


def test_features_of_a_worked_customer(nb):
    log = log_of(("a", "2025-03-01", 100), ("a", "2025-03-11", 50), ("a", "2025-03-30", -20), ("a", "2025-03-31", 999))
    row = seen(nb, log, 30).loc["a"]
    assert np.expm1(row["Orders"]) == pytest.approx(2)
    assert np.expm1(row["Spend"]) == pytest.approx(1.3)  # refund of day 29 netted, order of day 30 not seen
    assert np.expm1(row["First_Basket"]) == pytest.approx(1)
    assert np.expm1(row["Span"]) == pytest.approx(10) == np.expm1(row["Gap"])
    assert (row["Month_Sin"], row["Month_Cos"]) == pytest.approx((1, 0), abs=1e-9)


@given(
    days=st.sampled_from([1, 7, 14, 30, 60, 90]),
    later=st.lists(st.tuples(st.integers(0, 600), st.floats(-500, 500)), max_size=8),
)
def test_nothing_after_the_horizon_is_seen(nb, days, later):
    start = pd.Timestamp("2024-02-10")
    base = [("a", start, 80.0), ("b", start, 20.0), ("b", start + pd.Timedelta(days=days - 1), 30.0)]
    more = [("a", start + pd.Timedelta(days=days + day), amount) for day, amount in later]
    pd.testing.assert_frame_equal(seen(nb, log_of(*base), days), seen(nb, log_of(*more, *base), days))


def test_an_order_inside_the_horizon_is_seen(nb):
    base = [("a", "2024-02-10", 80.0)]
    inside = seen(nb, log_of(*base, ("a", "2024-03-10", 5.0)), 30)  # day 29
    assert inside.loc["a", "Orders"] > seen(nb, log_of(*base), 30).loc["a", "Orders"]


def test_refunds_are_no_first_order(nb):
    log = log_of(("a", "2024-01-01", -10), ("a", "2024-02-01", 10), ("b", "2024-03-01", -5))
    assert nb.first_orders(log).to_dict() == {"a": pd.Timestamp("2024-02-01")}


def test_outcome_of_a_hand_made_customer(nb):
    log = log_of(("a", "2024-08-31", 100), ("a", "2025-02-01", 60), ("a", "2025-02-20", -10), ("a", "2025-02-28", 5000))
    firsts = nb.first_orders(log)
    history, when = nb.since_joining(log, firsts), firsts + pd.DateOffset(months=6)
    assert when["a"] == pd.Timestamp("2025-02-28")
    cluster = nb.segment_at(history, firsts, when, MODEL, 12)
    wanted = pd.DataFrame({"Recency": [27], "Frequency": [2], "Monetary": [150.0]})  # the order of the day is not known
    assert cluster == nb.place(MODEL, wanted)[0]
    borders = dict(HALVES, caps=[512.0, 64.0, 8192.0], centroids=[[0, 0, (150 - 512) / 256], *[[9, 9, 9]] * 3])
    borders["means"], borders["scales"] = [27.0, 2.0, 512.0], [1.0, 1.0, 256.0]
    assert nb.segment_at(history, firsts, when, borders, 12) == [0]
    near = dict(borders, centroids=[[0, 0, (150 - 512) / 256 + 0.01], [0, 0, (150 - 512) / 256], *[[9, 9, 9]] * 2])
    assert nb.segment_at(history, firsts, when, near, 12) == [1]
    # A window shorter than the six months forgets the first order's spend, not the customer's last order.
    short = dict(
        near,
        means=[27.0, 1.0, 512.0],
        centroids=[[0, 1, (150 - 512) / 256], [0, 0, (50 - 512) / 256], *[[9, 9, 9]] * 2],
    )
    assert nb.segment_at(history, firsts, when, short, 1) == [1]


@pytest.fixture(scope="module")
def shop(generator):
    """A log of 36 months with some thousand joiners."""
    orders, table = generator.make(seed=1, customers=2000, defects=False)
    return orders.assign(
        Order_Date=pd.to_datetime(orders["Order_Date"]), Customer_ID=orders["Customer_ID"].astype("str")
    ), table


@pytest.mark.parametrize("snapshot", ["2026-07-01", "2026-06-30", "2026-05-31", "2026-02-28", "2026-04-15"])
def test_what_the_guess_learned_from_was_known_before_the_first_test_customer_came(nb, shop, snapshot):
    day, ahead = pd.Timestamp(snapshot), pd.DateOffset(months=nb.GUESS_MONTHS)
    orders = shop[0][shop[0]["Order_Date"] < day]
    parts = nb.cohorts(orders, day, 0)
    start = day - pd.DateOffset(months=nb.GUESS_MONTHS + nb.TEST_MONTHS)
    assert len(parts["train"]) and len(parts["test"])
    assert (parts["train"] + ahead).max() <= start <= parts["test"].min()
    assert (parts["test"] + ahead).max() <= day
    assert (parts["known"] + ahead).max() <= day
    assert parts["new"].min() >= day - pd.Timedelta(days=nb.GUESS_DAYS)
    assert not set(parts["train"].index) & set(parts["test"].index)
    assert parts["train"].min() >= orders["Order_Date"].min() + pd.Timedelta(days=nb.WARM_UP_DAYS)


def test_months_on_a_log_of_36(nb, shop):
    parts = nb.cohorts(shop[0], pd.Timestamp("2026-07-01"), 0)
    assert parts["train"].max() < pd.Timestamp("2024-07-01")  # months 1 to 12
    assert pd.Timestamp("2025-01-01") <= parts["test"].min()  # months 19 to 30
    assert parts["test"].max() < pd.Timestamp("2026-01-01")


def test_the_future_changes_no_guess(nb, shop):
    """Orders after a test customer's first 30 days leave the stated chances as they are."""
    day = pd.Timestamp("2026-07-01")
    early = nb.prepare(shop[0], day, MODEL, 12, 0)
    before = nb.study(early, 30, 0)["chance"]
    late = shop[0].copy()
    joined = late["Customer_ID"].map(early["parts"]["test"])
    after = (late["Order_Date"] - joined).dt.days >= 30
    late.loc[after, "Amount"] *= 7
    changed = nb.prepare(late, day, MODEL, 12, 0)
    assert (nb.study(changed, 30, 0)["chance"] == before).all()
    assert (changed["reached"]["test"] != early["reached"]["test"]).any()


def test_row_order_of_the_log_does_not_matter(nb, shop):
    day = pd.Timestamp("2026-07-01")
    one = nb.prepare(shop[0], day, MODEL, 12, 0)
    other = nb.prepare(shop[0].sample(frac=1, random_state=3), day, MODEL, 12, 0)
    assert (nb.study(one, 30, 0)["chance"] == nb.study(other, 30, 0)["chance"]).all()
    pd.testing.assert_frame_equal(nb.guess_new(one, day), nb.guess_new(other, day))


def test_a_sample_of_many_joiners_has_its_size(nb, shop, monkeypatch):
    firsts = nb.first_orders(shop[0])
    monkeypatch.setitem(nb.joined.__globals__, "MAX_JOINERS", 100)
    found = nb.joined(firsts, pd.Timestamp("2024-01-01"), pd.Timestamp("2025-01-01"), 0)
    assert len(found) == 100 and found.index.is_monotonic_increasing


def test_rare_segments_are_guessed_with_their_neighbour(nb):
    train, test = np.repeat([0, 1, 2, 3], [5, 100, 40, 500]), np.repeat([0, 1, 2, 3], [50, 100, 40, 500])
    assert nb.classes_of(train, test, 30) == [[0, 1], [2], [3]]
    assert nb.classes_of(train[5:], test, 30) == [[0, 1], [2], [3]]
    assert nb.classes_of(np.repeat([1, 3], [50, 4]), np.repeat([1, 3], [50, 4]), 30) == [[0, 1, 2, 3]]
    assert nb.classes_of(np.repeat([0, 2], [50, 50]), np.repeat([0, 2], [50, 50]), 30) == [[0], [1, 2, 3]]
    assert nb.classes_of(np.array([3]), np.array([3]), 30) == [[0, 1, 2, 3]]
    assert [nb.class_name(c) for c in ([0, 1], [2], [2, 3])] == [
        "High-Value Loyalists or better",
        "Promising Regulars",
        "Promising Regulars or below",
    ]


def test_balanced_accuracy_of_a_worked_case(nb):
    truth = np.array([0] * 2 + [1] * 8)
    guess, always = np.array([0, 1] + [1] * 6 + [0] * 2), np.ones(10, int)
    scores, draws = nb.balanced_accuracy(truth, [guess, always], 0)
    assert scores == pytest.approx([(0.5 + 0.75) / 2, 0.5])
    assert draws.shape == (nb.GUESS_RESAMPLES, 2)
    assert abs(draws[:, 0].mean() - scores[0]) < 0.05 and draws[:, 0].std() > 0.05


def test_simple_rule_of_a_worked_case(nb):
    key, labels = np.array([1, 1, 1, 1, 2, 2]), np.array([1, 1, 1, 0, 0, 0])
    assert nb.majority_by(key, labels, np.array([1, 2, 9])).tolist() == [1, 0, 0]
    skewed = np.array([1, 1, 1, 1, 1, 1, 1, 0, 1, 0])
    assert nb.majority_by(np.repeat([1, 2], [7, 3]), skewed, np.array([1, 2])).tolist() == [1, 0]
    assert nb.majority_by(np.ones(10, int), skewed, np.array([1]), alike=True).tolist() == [0]


def test_calibration_of_a_worked_case(nb):
    table = nb.calibration(np.repeat([0.5, 0.9], 50), np.repeat([True, False, True], [25, 25, 50]), bins=2)
    assert table["chance"].tolist() == pytest.approx([0.5, 0.9])
    assert table["right"].tolist() == [0.5, 1]
    assert table["size"].tolist() == [50, 50]


def test_shuffling_what_decides_costs_most_and_noise_costs_nothing(nb):
    rng = np.random.default_rng(0)
    columns = [name for group in nb.EARLY.values() for name in group]
    history = pd.DataFrame(rng.normal(size=(2000, len(columns))), columns=columns)
    truth = (history["Spend"] > 0).astype(int).to_numpy()
    fitted = nb.fit_guess(history, truth)
    lost = nb.importance(fitted, history, truth, 0)
    assert lost.index[0] == "spend" and lost["spend"] > 1
    assert lost.drop("spend").abs().max() < 0.05


def test_a_young_log_takes_old_customers_for_new(nb):
    log = log_of(("a", "2023-01-01", 9), ("a", "2024-06-01", 9), ("b", "2024-06-01", 9), ("c", "2024-01-02", 9))
    assert nb.returners(log, pd.Timestamp("2024-01-01"), 12) == 0.5  # c came within the warm-up
    assert nb.returners(log[log["Customer_ID"] == "b"], pd.Timestamp("2024-01-01"), 12) == 0
    assert nb.returners(log, pd.Timestamp("2025-01-01"), 12) == 0


def test_new_customers_are_judged_by_what_their_days_cover(nb, shop, monkeypatch):
    day = pd.Timestamp("2026-07-01")
    early = nb.prepare(shop[0], day, MODEL, 12, 0)
    asked = []
    plain = nb.early_history
    spy = lambda history, firsts, days, typical: (asked.append(days), plain(history, firsts, days, typical))[1]  # noqa: E731
    monkeypatch.setitem(nb.guess_new.__globals__, "early_history", spy)
    table = nb.guess_new(early, day)
    allowed = {max(h for h in nb.HORIZONS if h <= age) for age in table["Days_Known"]}
    assert set(asked) == allowed and max(allowed) <= 30
    assert table["Days_Known"].between(1, 30).all()
    assert table["Early_Guess"].isin(early["names"]).all()
    assert table["Early_Guess_Probability"].between(1 / len(early["names"]) - 0.001, 1).all()


def test_circular_tree_learns_the_borders_back(nb):
    customers = pd.read_csv(ROOT / "data" / "ecommerce_segmented_customers.csv")
    assert nb.circular_accuracy(customers, 0) > 0.95


# Whole runs


def test_whole_run_writes_new_customers_and_the_statement(kernel, shop):
    orders, table = shop
    path = kernel.folder / "placing.csv"
    orders[["Customer_ID", "Order_ID", "Order_Date", "Amount"]].to_csv(path, index=False)
    run = kernel.run(table, ORDERS_CSV=str(path))
    assert run.ok, run.error
    new = run.table("new_customers.csv")
    header = "Customer_ID,First_Order,Days_Known,Orders,Spend,Segment_Name,Early_Guess,Early_Guess_Probability"
    assert ",".join(new) == header
    firsts = orders.groupby("Customer_ID")["Order_Date"].min()
    late = firsts[firsts >= "2026-06-01"]
    assert new["Customer_ID"].tolist() == sorted(late.index)
    assert pd.to_datetime(new["First_Order"]).tolist() == late.sort_index().tolist()
    spend = orders.groupby("Customer_ID")["Amount"].sum().round(2)
    assert new["Spend"].astype(float).tolist() == pytest.approx(spend[new["Customer_ID"]].tolist())
    written = run.table("ecommerce_segmented_customers.csv").set_index("Customer_ID")
    assert (written.loc[new["Customer_ID"], "Segment_Name"].to_numpy() == new["Segment_Name"]).all()
    sql = (run.out / "data" / "assign_segments.sql").read_text(encoding="utf-8")
    customers = written.reset_index()[["Customer_ID", "Recency", "Frequency", "Monetary"]]
    found = in_duckdb(sql, customers.astype(dict.fromkeys(["Recency", "Frequency", "Monetary"], float)))
    assert found["Segment_Name"].tolist() == written["Segment_Name"].tolist()
    assert "three ways agree" in run.text
    assert not set(new["Customer_ID"]) & set(run.text.split())


def test_without_an_order_log_the_guess_is_left_out_in_a_line(kernel, shop):
    stale = kernel.folder / "stale"
    stale.mkdir()
    (stale / "new_customers.csv").write_text("old", encoding="utf-8")
    run = kernel.run(shop[1], OUTPUT_DIR=str(stale))
    assert run.ok, run.error
    assert "*Left out: without an order log nobody's first order is known.*" in run.text
    assert "three ways agree" in run.text and "nan" not in run.text.split("Rises to")[-1].split("13 Limits")[0].split()
    assert not (stale / "new_customers.csv").exists() and (stale / "assign_segments.sql").exists()


def test_a_short_log_leaves_the_guess_out(nb, shop):
    late = shop[0][shop[0]["Order_Date"] >= "2025-07-01"]
    assert "too few first orders" in nb.prepare(late, pd.Timestamp("2026-07-01"), MODEL, 12, 0)


def test_one_segment_for_all_leaves_the_guess_out(nb, shop):
    days = pd.date_range("2023-07-01", "2026-06-30")
    log = log_of(*[(f"c{n}", day, 10.0) for n, day in enumerate(days)])
    assert "one segment" in nb.prepare(log, pd.Timestamp("2026-07-01"), MODEL, 12, 0)


def test_no_pickle_anywhere(notebook):
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not [word for word in ("pickle", "joblib.load", "joblib.dump", "read_pickle") if word in source]
