"""Sizes of tests: effect sizes, customers needed, power detectable lifts and control groups, against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower, normal_power_het
from statsmodels.stats.proportion import power_proportions_2indep, proportion_effectsize

from segmentation.power import Comparison

POWER = 0.8
SPLITS_ALPHAS_LIFTS = [(0.5, 0.05, 0.05), (0.5, 0.0125, 0.2), (0.9, 0.05, 0.2), (0.9, 0.0125, 0.1)]


def of_shares(base, alpha=0.05, treated=0.5):
    return Comparison(base, np.nan, alpha, POWER, treated)


def of_means(base, sd, alpha=0.05, treated=0.5):
    return Comparison(base, sd, alpha, POWER, treated)


@pytest.mark.parametrize("base", [0.02, 0.1, 0.4, 0.8])
@pytest.mark.parametrize("treated, alpha, lift", SPLITS_ALPHAS_LIFTS)
def test_sizes_of_tests_of_shares_agree_with_statsmodels(base, treated, alpha, lift):
    compared = of_shares(base, alpha, treated)
    needed = compared.needed(lift)
    ratio = treated / (1 - treated)
    effect = proportion_effectsize(base * (1 + lift), base)
    control = NormalIndPower().solve_power(effect, alpha=alpha, power=POWER, ratio=ratio)
    assert needed == pytest.approx(control * (1 + ratio), rel=0.01)
    assert compared.chance(lift, needed) == pytest.approx(POWER, rel=0.001)
    assert compared.detectable(needed) == pytest.approx(lift, rel=0.001)
    if needed > 2_000 and treated == 0.5:  # and with the test of two shares itself
        score = power_proportions_2indep(base * lift, base, nobs1=needed / 2, alpha=alpha).power
        assert score == pytest.approx(POWER, rel=0.01)


@pytest.mark.parametrize("spread", [0.5, 1.5, 4.0])
@pytest.mark.parametrize("treated, alpha, lift", SPLITS_ALPHAS_LIFTS)
def test_a_lift_in_spend_widens_the_spread_of_those_who_get_it(spread, treated, alpha, lift):
    compared = of_means(100, 100 * spread, alpha, treated)
    needed = compared.needed(lift)
    widened = 100 * spread * np.sqrt((1 + lift) ** 2 / treated + 1 / (1 - treated))
    theirs = normal_power_het(100 * lift, needed, alpha, std_null=widened, std_alternative=widened)
    assert theirs == pytest.approx(POWER, rel=0.001)
    assert compared.chance(lift, needed) == pytest.approx(POWER, rel=0.001)
    assert compared.detectable(needed) == pytest.approx(lift, rel=0.001)


def test_a_worked_size_of_a_test_of_spend():
    """Lift of a tenth on 100 +- 100, half and half: variances 100^2 and 110^2, z of 1.96 and 0.8416."""
    assert of_means(100, 100).needed(0.1) == pytest.approx(2 * (1.959964 + 0.841621) ** 2 * (100**2 + 110**2) / 10**2)


def test_less_variance_needs_fewer_customers_in_proportion():
    whole, less = of_means(100, 80), of_means(100, 80 * np.sqrt(0.4))
    assert less.needed(0.1) == pytest.approx(0.4 * whole.needed(0.1))
    assert less.detectable(1000) < whole.detectable(1000)


@pytest.mark.parametrize(
    "base, sd", [(0.0, np.nan), (1.0, np.nan), (np.nan, np.nan), (0.0, 5.0), (5.0, 0.0), (-3.0, 2.0)]
)
def test_what_cannot_be_tested_is_not_a_number_of_customers(base, sd):
    compared = Comparison(base, sd, 0.05, POWER)
    assert compared.needed(0.1) == np.inf
    assert np.isnan(compared.detectable(1000)) and np.isnan(compared.chance(0.1, 1000))


def test_no_share_rises_above_100_percent():
    assert of_shares(0.91).needed(0.09) < np.inf and of_shares(0.97).needed(0.1) == np.inf
    assert np.isnan(of_shares(0.97).detectable(100))
    assert np.isnan(of_shares(0.01).detectable(3)) and of_shares(0.01).detectable(4) > 0  # two customers in each arm


@pytest.mark.parametrize("base, lift, customers", [(0.1, 0.1, 40_000), (0.2, 0.2, 5_000), (0.5, 0.05, 20_000)])
def test_the_smallest_control_group_is_just_large_enough(base, lift, customers):
    compared = of_shares(base)
    control = float(compared.smallest_control(lift, customers))
    assert control < customers / 2
    for size, enough in ((control, True), (control - 1, False)):
        uneven = of_shares(base, treated=1 - size / customers)
        assert (uneven.chance(lift, customers) >= POWER) == enough


def test_half_of_too_few_is_no_control_group():
    needed = float(of_shares(0.1).needed(0.1))
    assert of_shares(0.1).smallest_control(0.1, np.ceil(needed)) <= np.ceil(needed / 2)
    assert np.isnan(of_shares(0.1).smallest_control(0.1, np.floor(needed)))
    assert np.isnan(of_shares(0.1).smallest_control(0.0, 1_000)) and np.isnan(
        of_shares(0.0).smallest_control(0.1, 1_000)
    )
