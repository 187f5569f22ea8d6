"""BG/NBD and Gamma-Gamma find what simulated customers were made of, and are refused where they do not apply."""

import numpy as np
import pandas as pd
import pytest

from segmentation import lifetime

WEEKS = 365.25 / 7


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


def known_buyers(related, n=1_500):
    """Simulated customers as purchases_at gives them; order value goes with frequency, or does not."""
    x, last, known = buyers(n, 0.6, 4.0, 0.9, 2.5)
    noise = np.random.default_rng(2).gamma(8, 5, n)
    return pd.DataFrame({"x": x, "last": last, "known": known, "value": noise * (1 + related * x)})


def test_purchasing_recovers_the_parameters_of_simulated_customers():
    truth = (0.6, 4.0, 0.9, 2.5)
    found = lifetime.fit_purchasing(*buyers(12_000, *truth))
    assert found[0] / found[1] == pytest.approx(truth[0] / truth[1], rel=0.1)
    assert found[2] / found[2:].sum() == pytest.approx(truth[2] / sum(truth[2:]), rel=0.15)
    assert found == pytest.approx(truth, rel=0.35)


def test_expected_purchases_are_what_simulated_customers_go_on_to_buy():
    rng, n, (r, alpha, a, b) = np.random.default_rng(3), 40_000, (0.6, 4.0, 0.9, 2.5)
    rate, drop = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    now, alive, x, last, later = np.zeros(n), np.ones(n, bool), np.zeros(n), np.zeros(n), np.zeros(n)
    while (alive & (now <= 92)).any():
        now = now + rng.exponential(1 / rate)
        early, late = alive & (now <= 40), alive & (now > 40) & (now <= 92)
        x, last, later = x + early, np.where(early, now, last), later + late
        alive &= (now <= 92) & (rng.random(n) > drop)
    expected = lifetime.expected_purchases((r, alpha, a, b), x, last, np.full(n, 40.0), 52.0)
    assert expected.sum() == pytest.approx(later.sum(), rel=0.03)
    for group in (x == 0, x == 1, x >= 4):
        assert expected[group].mean() == pytest.approx(later[group].mean(), rel=0.08)


def test_expected_purchases_repeat_the_worked_case_of_the_authors():
    parameters = (0.243, 4.414, 0.793, 2.426)
    found = lifetime.expected_purchases(parameters, np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0)
    assert found == pytest.approx([1.226], abs=0.001)


def test_expected_purchases_stay_finite_for_heavy_buyers_and_extreme_parameters():
    x, last, known = np.array([0.0, 5, 900]), np.array([0.0, 3, 51]), np.array([0.1, 40, 52])
    for parameters in ((0.2, 4, 0.8, 2.4), (150, 10_000, 150, 150), (1e-3, 1e-3, 1e-3, 1e-3), (1, 1, 1, 1)):
        found = lifetime.expected_purchases(parameters, x, last, known, 52.0)
        assert np.isfinite(found).all() and (found >= 0).all()


def test_order_value_recovers_that_of_simulated_customers():
    rng, (p, q, scale) = np.random.default_rng(1), (6.0, 4.0, 15.0)
    number = rng.integers(1, 12, 8_000)
    value = rng.gamma(p * number, 1 / (rng.gamma(q, 1 / scale, 8_000) * number))
    found = lifetime.fit_order_value(number, value)
    assert found[0] * found[2] / (found[1] - 1) == pytest.approx(p * scale / (q - 1), rel=0.05)
    assert found == pytest.approx([p, q, scale], rel=0.3)
    own = lifetime.expected_order_value(found, np.array([1, 100]), np.array([90.0, 90.0]))
    assert 30 < own[0] < own[1] < 90


def test_refused_where_frequency_and_order_value_go_together(words):
    unrelated = lifetime.expect(known_buyers(0.0), WEEKS, 0.3, seed=0)
    related = lifetime.expect(known_buyers(0.5), WEEKS, 0.3, seed=0)
    assert unrelated.refusal is None
    assert related.spend.ge(0).all()
    assert f"correlate with {related.correlation:.2f}, beyond 0.3" in words.text(related.refusal)


def test_refused_only_beyond_the_decided_correlation():
    known = known_buyers(-0.02, 500)
    found = lifetime.expect(known, WEEKS, 1, seed=0).correlation
    assert found < 0
    assert lifetime.expect(known, WEEKS, -found, seed=0).refusal is None
    assert lifetime.expect(known, WEEKS, -found - 0.001, seed=0).refusal is not None


@pytest.mark.parametrize(("repeaters", "enough"), [(29, False), (30, True)])
def test_thirty_customers_with_a_second_purchase_are_enough(words, repeaters, enough):
    known = known_buyers(0.0, 300)
    once = known.index >= known.index[known["x"] > 0][repeaters - 1] + 1
    found = lifetime.expect(known.assign(x=known["x"].mask(once, 0.0), last=known["last"].mask(once, 0.0)), WEEKS, 1, 0)
    assert found.spend.notna().all() == enough
    assert enough or words.text(found.refusal) == "29 customers with first order seen bought again; it needs 30"


def test_equal_order_values_are_related_to_nothing():
    assert lifetime.expect(known_buyers(0.0).assign(value=50.0), WEEKS, 0.3, seed=0).correlation == 0


def test_purchases_count_days_and_first_orders_only_after_a_year_of_log():
    dates = pd.to_datetime(["2023-07-01", "2024-06-29", "2024-07-02", "2025-01-02", "2025-01-02", "2025-01-20"])
    log = pd.DataFrame({"Customer_ID": [0, 1, 2, 2, 2, 2], "Order_Date": dates, "Amount": [5.0, 5, 10, 20, 30, -6]})
    table = lifetime.purchases_at(log, pd.Timestamp("2025-07-01"))
    assert table.index.tolist() == [2]  # two orders of one day are one purchase, a refund is none
    assert table.loc[2].round(3).tolist() == [1, round(184 / 7, 3), 52, 27]  # 54 spent on two days


def test_first_seen_means_no_order_in_the_first_365_days():
    dates = pd.to_datetime(["2023-07-01", "2024-06-29", "2024-06-30"])  # day 0, 364 and 365
    log = pd.DataFrame({"Customer_ID": [0, 1, 2], "Order_Date": dates, "Amount": 5.0})
    assert lifetime.purchases_at(log, pd.Timestamp("2025-07-01")).index.tolist() == [2]


def test_rank_correlation_needs_three_pairs_that_differ():
    assert lifetime.rank_correlation([1, 2, 3], [1, 4, 9]) == 1
    assert np.isnan(lifetime.rank_correlation([1, 2], [1, 2]))
    assert np.isnan(lifetime.rank_correlation([1, 1, 1], [1, 2, 3]))


def test_neither_row_order_nor_ids_change_what_is_expected():
    known = known_buyers(0.0, 500)
    one = lifetime.expect(known, WEEKS, 0.3, seed=0).spend
    other = lifetime.expect(known.sample(frac=1, random_state=0), WEEKS, 0.3, seed=0).spend
    pd.testing.assert_series_equal(one, other.sort_index())
