"""What customers are worth: forecasts that earn belief on a hold-out they never saw, and what is said without them."""

import re

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

SNAPSHOT = pd.Timestamp("2026-07-01")
SPLIT = pd.Timestamp("2025-07-01")
CLV = ["CLV_12M", "CLV_12M_Low", "CLV_12M_High"]


@pytest.fixture(autouse=True)
def one_thread():
    """As in the notebook: one thread, so that nothing depends on the machine."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="module")
def shop(generator):
    """A small shop: orders as the notebook reads them, and the customer table."""
    orders, table = generator.make(seed=5, customers=700, defects=False)
    orders = orders.assign(Customer_ID=orders["Customer_ID"].astype("str"))
    return orders.assign(Order_Date=pd.to_datetime(orders["Order_Date"])), table


@pytest.fixture(scope="module")
def model(nb, shop):
    """A frozen model of the shop's customers."""
    return nb.segmentation(shop[1].set_index("Customer_ID"), "shop.csv", 0)


@pytest.fixture(scope="module")
def log(nb, shop):
    """The shop's log with a number for each customer."""
    return nb.coded(shop[0])[0]


@pytest.fixture(scope="module")
def forecast(nb, log, model):
    """What the candidates expect at the split."""
    with threadpool_limits(limits=1):
        return nb.predict(log[log["Order_Date"] < SPLIT], SPLIT, 12, model, 0)


def buyers(n, r, alpha, a, b, weeks=52, seed=0):
    """Simulated BG/NBD customers: repeat purchases, week of the last, weeks known (Fader, Hardie and Lee 2005)."""
    rng = np.random.default_rng(seed)
    rate, drop, known = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), rng.uniform(weeks / 2, weeks, n)
    now, x, last = np.zeros(n), np.zeros(n), np.zeros(n)
    alive = np.ones(n, bool)
    while alive.any():
        now = now + rng.exponential(1 / rate)
        alive &= now <= known
        x, last = x + alive, np.where(alive, now, last)
        alive &= rng.random(n) > drop
    return x, last, known


def test_bgnbd_recovers_the_parameters_of_simulated_customers(nb):
    truth = (0.6, 4.0, 0.9, 2.5)
    found = nb.bgnbd_fit(*buyers(12_000, *truth))
    assert found[0] / found[1] == pytest.approx(truth[0] / truth[1], rel=0.1)
    assert found[2] / found[2:].sum() == pytest.approx(truth[2] / sum(truth[2:]), rel=0.15)
    assert found == pytest.approx(truth, rel=0.35)


def test_bgnbd_expects_what_simulated_customers_go_on_to_buy(nb):
    rng, n, (r, alpha, a, b) = np.random.default_rng(3), 40_000, (0.6, 4.0, 0.9, 2.5)
    rate, drop = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    now, alive, x, last, later = np.zeros(n), np.ones(n, bool), np.zeros(n), np.zeros(n), np.zeros(n)
    for _ in range(400):
        now = now + rng.exponential(1 / rate)
        early, late = alive & (now <= 40), alive & (now > 40) & (now <= 92)
        x, last, later = x + early, np.where(early, now, last), later + late
        alive &= (now <= 92) & (rng.random(n) > drop)
    expected = nb.bgnbd_expect((r, alpha, a, b), x, last, np.full(n, 40.0), 52.0)
    assert expected.sum() == pytest.approx(later.sum(), rel=0.03)
    for group in (x == 0, x == 1, x >= 4):
        assert expected[group].mean() == pytest.approx(later[group].mean(), rel=0.08)


def test_bgnbd_repeats_the_worked_case_of_its_authors(nb):
    parameters = (0.243, 4.414, 0.793, 2.426)
    found = nb.bgnbd_expect(parameters, np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0)
    assert found == pytest.approx([1.226], abs=0.001)


def test_bgnbd_stays_finite_for_heavy_buyers_and_extreme_parameters(nb):
    x, last, known = np.array([0.0, 5, 900]), np.array([0.0, 3, 51]), np.array([0.1, 40, 52])
    for parameters in ((0.2, 4, 0.8, 2.4), (150, 10_000, 150, 150), (1e-3, 1e-3, 1e-3, 1e-3), (1, 1, 1, 1)):
        found = nb.bgnbd_expect(parameters, x, last, known, 52.0)
        assert np.isfinite(found).all() and (found >= 0).all()


def test_gamma_gamma_recovers_the_mean_order_value_of_simulated_customers(nb):
    rng, (p, q, scale) = np.random.default_rng(1), (6.0, 4.0, 15.0)
    number = rng.integers(1, 12, 8_000)
    value = rng.gamma(p * number, 1 / (rng.gamma(q, 1 / scale, 8_000) * number))
    found = nb.gamma_gamma_fit(number, value)
    assert found[0] * found[2] / (found[1] - 1) == pytest.approx(p * scale / (q - 1), rel=0.05)
    assert found == pytest.approx([p, q, scale], rel=0.3)
    own = nb.gamma_gamma_expect(found, np.array([1, 100]), np.array([90.0, 90.0]))
    assert 30 < own[0] < own[1] < 90


def known_buyers(nb, related, n=3_000):
    """Simulated customers as purchases_at gives them; order value goes with frequency, or does not."""
    x, last, known = buyers(n, 0.6, 4.0, 0.9, 2.5)
    noise = np.random.default_rng(2).gamma(8, 5, n)
    return pd.DataFrame({"x": x, "last": last, "known": known, "value": noise * (1 + related * x)})


def test_gamma_gamma_is_refused_where_frequency_and_order_value_go_together(nb):
    assert nb.bgnbd_spend(known_buyers(nb, 0.0), 0)[1]["refused"] == ""
    spend, found = nb.bgnbd_spend(known_buyers(nb, 0.5), 0)
    assert found["rho"] > nb.MAX_CORRELATION
    assert f"correlate with {found['rho']:.2f}" in found["refused"]
    assert spend.ge(0).all()


def test_one_order_per_customer_leaves_nothing_to_fit(nb):
    once = known_buyers(nb, 0.0).assign(x=0.0, last=0.0)
    spend, found = nb.bgnbd_spend(once, 0)
    assert spend.isna().all()
    assert found["refused"].startswith("only 0 customers with a second purchase")


def test_first_orders_count_as_seen_only_after_a_year_of_log(nb):
    dates = pd.to_datetime(["2023-07-01", "2024-06-29", "2024-07-02", "2025-01-02", "2025-01-02", "2025-01-20"])
    log = pd.DataFrame({"Customer_ID": [0, 1, 2, 2, 2, 2], "Order_Date": dates, "Amount": [5.0, 5, 10, 20, 30, -6]})
    table = nb.purchases_at(log, SPLIT)
    assert table.index.tolist() == [2]  # two orders of one day are one purchase, a refund is none
    assert table.loc[2].round(3).tolist() == [1, round(184 / 7, 3), 52, 27]


def test_the_hold_out_is_never_seen(nb, log, model, forecast):
    late = log["Order_Date"] >= SPLIT
    assert late.any()
    changed = log.assign(Amount=log["Amount"].where(~late, 9_999.0))
    people = [nb.people_at(table, SPLIT, 12, model) for table in (log, changed)]
    pd.testing.assert_frame_equal(*people)
    pd.testing.assert_frame_equal(*(nb.features_at(t, SPLIT, p) for t, p in zip((log, changed), people, strict=True)))
    again = nb.predict(changed, SPLIT, 12, model, 0)  # even when the later orders are handed over
    pd.testing.assert_frame_equal(again["now"], forecast["now"])
    moved = nb.predict(log.assign(Amount=log["Amount"].where(late, 2 * log["Amount"])), SPLIT, 12, model, 0)
    assert not np.allclose(moved["now"][nb.BOOSTED], forecast["now"][nb.BOOSTED])


def test_predictions_are_never_negative_nor_missing(nb, forecast):
    for name in nb.CANDIDATES:
        assert forecast["now"][name].ge(0).all() and forecast["then"][name].ge(0).all()


def test_forecasts_do_not_depend_on_the_order_of_rows_or_on_ids(nb, shop, model, forecast):
    orders = shop[0].sample(frac=1, random_state=1)
    back = {name: f"{number:06d}" for number, name in enumerate(sorted(orders["Customer_ID"].unique())[::-1])}
    renamed = nb.coded(orders.assign(Customer_ID=orders["Customer_ID"].map(back)))[0]
    again = nb.predict(renamed[renamed["Order_Date"] < SPLIT], SPLIT, 12, model, 0)["now"]
    size = len(back) - 1
    again = again.set_axis(size - again.index).sort_index()
    for name in nb.CANDIDATES:
        assert again[name].to_numpy() == pytest.approx(forecast["now"][name].to_numpy(), rel=1e-6)


def test_refunds_lower_spend_and_are_no_orders(nb):
    dates = pd.to_datetime(["2025-01-10", "2025-03-10", "2025-03-12", "2025-05-01"])
    log = pd.DataFrame({"Customer_ID": [0, 0, 0, 1], "Order_Date": dates, "Amount": [50.0, 30, -30, 20]})
    people = pd.DataFrame({"Recency": [113, 61]}, index=[0, 1])
    table = nb.features_at(log, SPLIT, people)
    assert table.loc[0, ["orders_12", "spend_12", "mean_gap", "last_gap"]].tolist() == [2, 50, 59, 59]
    spent = nb.spend_between(log.assign(Amount=[50.0, 30, -300, 20]), dates[0], SPLIT, people.index)
    assert spent.tolist() == [0, 20]


def measured(nb, **rows):
    """A table for choose: per candidate (total, mean absolute error, rank, gain)."""
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["Total", "MAE", "Rank", "Gain"])
    return table.rename(index={"a": nb.LAST_YEAR, "b": nb.SEGMENT_MEAN, "c": nb.BGNBD, "d": nb.BOOSTED})


def test_what_predicts_best_ships_if_it_can_be_believed(nb):
    table = measured(nb, a=(1.1, 100, 0.5, 0), b=(1, 90, 0.5, 5), c=(1, 60, 0.6, 30), d=(1, 70, 0.6, 20))
    assert nb.choose(table, []) == nb.BGNBD
    assert nb.choose(table, [nb.BGNBD]) == nb.BOOSTED
    assert nb.choose(table.assign(Gain=-1), []) == nb.LAST_YEAR  # nothing surely beats last year
    table.loc[nb.BOOSTED, "Total"] = 0.7  # a small error by guessing low
    assert nb.choose(table, [nb.BGNBD]) == nb.SEGMENT_MEAN
    assert nb.choose(table.assign(Rank=0.05), []) is None
    assert nb.choose(table.assign(Total=1.6), []) is None
    assert nb.choose(table.assign(Rank=np.nan), []) is None


def test_a_planted_best_candidate_is_found(nb):
    rng = np.random.default_rng(4)
    actual = rng.gamma(1, 100, 2_000)
    people = pd.DataFrame({"Segment": np.where(actual > 100, nb.VIP, nb.AT_RISK)})
    for planted in nb.CANDIDATES[1:]:
        for name in nb.CANDIDATES:
            noise = 20 if name == planted else 80 if name == nb.LAST_YEAR else 50
            people[name] = np.maximum(actual + rng.normal(0, noise, len(actual)), 0)
        assert nb.choose(nb.measures(people, actual), []) == planted


def test_intervals_of_customers_hold_about_what_they_promise(nb):
    rng = np.random.default_rng(6)
    predicted = rng.gamma(1, 100, 6_000)
    actual = np.where(rng.random(6_000) < 0.4, 0, rng.gamma(3, predicted / 1.8))
    assert nb.half_coverage(predicted, actual, 0) == pytest.approx(0.95, abs=0.015)
    low, high = nb.customer_interval(predicted, nb.customer_spread(predicted, actual))
    assert (low >= 0).all() and (low <= predicted).all() and (high >= predicted).all()


def test_interval_of_a_mean_is_as_wide_as_theory_says(nb):
    errors = np.random.default_rng(7).normal(3, 10, 20_000)
    for size in (50, 400, 40_000):
        low, high = nb.resampled_mean(errors, size, 0)
        assert (high - low) / 2 == pytest.approx(1.96 * 10 / np.sqrt(size), rel=0.12)
    assert np.isnan(nb.resampled_mean(errors, 0, 0)).all()


def test_the_most_one_may_spend_of_a_worked_case(nb):
    clv = pd.Series([400.0, 200, 100, 10, 200], index=[*nb.SEGMENTS, "All"])
    people = pd.DataFrame({"Segment": [nb.VIP] * 10 + [nb.PROMISING] * 4 + [nb.AT_RISK] * 5})
    later = pd.Series([nb.VIP] * 8 + [nb.LOYAL] + [None] + [nb.PROMISING] * 3 + [nb.VIP] + [nb.AT_RISK] + [None] * 4)
    again = later.notna().to_numpy()
    limits = nb.spending_limits(clv, nb.moves_in_year(people, again, later), 30.0)
    assert limits["Max_Spend"].tolist() == [60, 0, 25, 6]  # 0.1 x 200 + 0.1 x 400; nobody; 1/4 x 100; 1/5 x 30
    assert limits["Per_Success"].tolist() == [300, 200, 100, 30]
    assert "of 10 a year ago 20.0 % left (10.0 % stopped buying)" in limits.loc[nb.VIP, "Why"]
    assert "nothing was measured" in limits.loc[nb.LOYAL, "Why"]


@pytest.fixture(scope="module")
def with_log(kernel, shop):
    """A run on the shop with its log."""
    path = kernel.folder / "value.csv"
    shop[0].to_csv(path, index=False)
    run = kernel.run(shop[1], ORDERS_CSV=str(path))
    assert run.ok, run.error
    return run


def test_every_customer_gets_a_value_and_segments_are_their_sums(with_log):
    table = with_log.table("ecommerce_segmented_customers.csv")
    numbers = table[CLV].apply(pd.to_numeric)
    assert numbers.notna().all(axis=None) and (numbers >= 0).all(axis=None)
    assert (numbers["CLV_12M_Low"] <= numbers["CLV_12M"]).all()
    assert (numbers["CLV_12M"] <= numbers["CLV_12M_High"]).all()
    profiles = with_log.table("segment_profiles.csv").set_index("Segment_Name")
    columns = [f"CLV_12M_{name}" for name in ("Mean", "Total", "Low", "High")]
    profiles = profiles[["Customers", *columns]].apply(pd.to_numeric)
    sums = numbers["CLV_12M"].groupby(table["Segment_Name"]).sum().reindex(profiles.index)
    assert profiles["CLV_12M_Total"].to_numpy() == pytest.approx(sums.to_numpy(), abs=0.006)
    assert (profiles["CLV_12M_Mean"] * profiles["Customers"]).to_numpy() == pytest.approx(sums.to_numpy(), rel=1e-4)
    assert (profiles["CLV_12M_Low"] <= profiles["CLV_12M_Mean"]).all()
    assert (profiles["CLV_12M_Mean"] <= profiles["CLV_12M_High"]).all()


def test_the_chapter_shows_all_candidates_and_says_what_to_spend(nb, with_log):
    chapter = with_log.text.split("Learned from", 1)[1]
    assert all(name in chapter for name in nb.CANDIDATES)
    assert len(re.findall(r" ships\n", chapter)) == 1
    assert "Spend at most" in chapter and "per customer of the segment and year" in chapter
    assert re.search(r"holds \d+\.\d % of the other half", chapter)
    assert "nan" not in chapter


def test_without_orders_only_the_past_is_valued_and_the_reason_given(kernel, shop):
    run = kernel.run(shop[1])
    assert run.ok, run.error
    assert "Left out: value over the next twelve months; there is no order log" in run.text
    assert "Historic value, per customer" in run.text
    assert not set(CLV) & set(run.table("ecommerce_segmented_customers.csv"))
    assert not any(name.startswith("CLV") for name in run.table("segment_profiles.csv"))


def test_a_short_log_is_named_as_the_reason(kernel, shop):
    path = kernel.folder / "short.csv"
    shop[0][shop[0]["Order_Date"] >= "2024-01-01"].to_csv(path, index=False)
    run = kernel.run(shop[1], ORDERS_CSV=str(path))
    assert run.ok, run.error
    assert "the order log begins on 2024-01-01; learning and judging need 36 months" in run.text
    assert not set(CLV) & set(run.table("ecommerce_segmented_customers.csv"))
