"""How far a forecast is off: intervals hold what they promise, years differ, and what cannot be believed is named."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from segmentation import calibration
from segmentation.figures.style import Canvas
from segmentation.figures.value import plot_calibration
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP


@pytest.fixture(scope="module")
def forecast(judged):
    """The candidate that ships in the small shop."""
    return calibration.ship(judged)


def test_interval_of_a_mean_is_as_wide_as_theory_says():
    errors = np.random.default_rng(7).normal(3, 10, 20_000)
    for size in (50, 400, 40_000):
        low, high = calibration.resampled_mean(errors, size, seed=0)
        assert (high - low) / 2 == pytest.approx(1.96 * 10 / np.sqrt(size), rel=0.12)
    assert np.isnan(calibration.resampled_mean(errors, 0, seed=0)).all()
    assert np.isnan(calibration.resampled_mean(errors[:0], 5, seed=0)).all()


@pytest.mark.parametrize(("earlier", "own"), [(9, False), (10, True)])
def test_a_group_with_too_few_earlier_customers_takes_the_errors_of_all(earlier, own):
    now = pd.DataFrame({"Segment": [VIP] * 40, "predicted": 100.0})
    wide = pd.DataFrame({"Segment": AT_RISK, "error": np.linspace(-90, 90, 200)})
    narrow = pd.DataFrame({"Segment": VIP, "error": np.linspace(-1, 1, earlier)})
    found = calibration.group_means(now, pd.concat([wide, narrow]), "Segment", [VIP], seed=0).loc[VIP]
    assert (found["high"] - found["low"] < 2) == own


def test_intervals_of_money_end_at_nothing():
    now = pd.DataFrame({"Segment": [VIP] * 4, "predicted": 1.0})
    then = pd.DataFrame({"Segment": [VIP] * 20, "error": np.linspace(-90, 90, 20)})
    found = calibration.group_means(now, then, "Segment", [VIP, LOYAL, "All"], seed=0)
    assert found.loc[VIP, "low"] == 0 and found.loc["All"].equals(found.loc[VIP])
    assert found.loc[LOYAL, "Customers"] == 0 and found.loc[LOYAL, ["predicted", "low", "high"]].isna().all()


def test_the_hold_out_against_the_forecast_in_a_worked_case():
    now = pd.DataFrame(
        {"Segment": [VIP, VIP, VIP, AT_RISK], "predicted": [90.0, 100, 110, 5], "actual": [100.0, 80, 150, 0]}
    )
    now["MAE"] = (now["predicted"] - now["actual"]).abs()
    then = pd.DataFrame({"Segment": VIP, "error": np.linspace(-20, 20, 50)})
    found = calibration.held_against(now, then, "Segment", [VIP, AT_RISK, LOYAL], seed=0)
    assert found["Customers"].tolist() == [3, 1, 0]
    assert found.loc[VIP, ["predicted", "actual"]].tolist() == [100, 110]
    assert found.loc[VIP, "Predicted / actual"] == pytest.approx(100 / 110)
    assert found.loc[VIP, "MAE"] == pytest.approx((10 + 20 + 40) / 3)
    assert found.loc[VIP, "Rank"] == 0.5
    assert found.loc[VIP, "low"] < 110 < found.loc[VIP, "high"]
    assert found["Within"].tolist() == [True, True, False]
    missed = calibration.held_against(now.assign(actual=130.0), then, "Segment", [VIP], seed=0)
    assert missed.loc[VIP, "high"] < 130 and not missed.loc[VIP, "Within"]
    assert found.loc[[AT_RISK, LOYAL], "Predicted / actual"].isna().all()


def simulated(n=6_000):
    """Forecasts, and spend of which two in five customers leave nothing."""
    rng = np.random.default_rng(6)
    predicted = rng.gamma(1, 100, n)
    actual = np.where(rng.random(n) < 0.4, 0, rng.gamma(3, predicted / 1.8))
    return pd.DataFrame({"predicted": predicted, "actual": actual})


def test_intervals_of_customers_hold_about_what_they_promise():
    past = simulated()
    assert calibration.half_coverage(past, seed=0) == pytest.approx(0.95, abs=0.015)
    ends = calibration.customer_intervals(past, past["predicted"])
    assert (ends["low"] >= 0).all()
    assert (ends["low"] <= past["predicted"]).all() and (past["predicted"] <= ends["high"]).all()


def test_a_customer_takes_the_errors_of_his_own_tenth():
    past = pd.DataFrame({"predicted": np.repeat([10.0, 1_000.0], 50), "actual": np.repeat([10.0, 1_500.0], 50)})
    ends = calibration.customer_intervals(past, pd.Series([10.0, 1_000.0, 9_999.0]))
    assert ends["low"].tolist() == [10, 1_000, 9_999]
    assert ends["high"].tolist() == pytest.approx([10, 1_500, 9_999 + (9_999 + 50.5) * 500 / 1_050.5])


def test_years_drift_by_a_mean_weighted_by_value():
    table = pd.DataFrame({"Customers": 10, "predicted": [90.0, 8, 2, 0, 25], "actual": [99.0, 8, 1, 0, 27]})
    found = calibration.yearly_drift(table.set_axis([*SEGMENTS, "All"]))
    common = np.sqrt((90 * 0.1**2 + 2 * 0.5**2) / 100)
    assert found["All"] == pytest.approx(common) == found[LOYAL] == found[AT_RISK]
    assert found[PROMISING] == 0.5  # its own miss is more
    assert found[VIP] == pytest.approx(max(0.1, common))


def test_the_forecast_is_held_against_what_the_hold_out_spent(forecast, judged):
    assert forecast.total["Customers"] == len(judged.people) == forecast.by_segment.drop("All")["Customers"].sum()
    assert forecast.total["actual"] == pytest.approx(judged.people["actual"].mean())
    assert forecast.missed == pytest.approx(abs(judged.candidates.loc[judged.ships, "Predicted / actual"] - 1))
    assert forecast.by_part["Customers"].sum() == len(judged.people)
    assert calibration.shown(forecast)["Within"].isin(["yes", "NO"]).all()


def test_nothing_is_held_against_the_hold_out_where_nothing_ships(judged):
    found = calibration.ship(dataclasses.replace(judged, ships=None))
    assert found == LeftOut("value over the next twelve months; no candidate earned belief on the hold-out")


def with_segment(forecast, name, **cells):
    """The forecast, had it done like this in one segment."""
    table = forecast.by_segment.copy()
    for column, cell in cells.items():
        table.loc[name, column] = cell
    return dataclasses.replace(forecast, by_segment=table)


def test_segments_whose_total_was_off_are_named(forecast, words):
    for ratio, named in ((1.25, False), (1.26, True), (0.75, False), (0.74, True)):
        text = words.text(calibration.reliance(with_segment(forecast, VIP, **{"Predicted / actual": ratio})))
        doubted = text.partition(" The totals of ")[2].partition(" were off by more than 25 %: doubt them.")[0]
        assert (VIP in doubted) == named


def test_segments_that_are_hardly_ranked_are_named(forecast, words):
    for rank, named in ((0.1, False), (0.09, True), (np.nan, True)):
        text = words.text(calibration.reliance(with_segment(forecast, VIP, Rank=rank)))
        assert named == (VIP in text.partition(" Among ")[2])


def test_a_miss_within_chance_is_called_no_more_than_chance(forecast, words):
    for actual, said in ((100.0, "no more than chance explains"), (104.0, ", no more"), (106.0, ", more than chance")):
        missed = with_segment(forecast, "All", predicted=100.0, low=95.0, high=105.0, actual=actual)
        assert said in words.text(calibration.reliance(missed))


def test_a_forecast_in_cents_or_of_nobody_is_drawn_too(forecast, words):
    small = forecast.by_part.assign(predicted=0.1, actual=0.2)
    nobody = with_segment(forecast, VIP, actual=np.nan)
    canvas = Canvas("Finding", words)
    figure = plot_calibration(dataclasses.replace(nobody, by_part=small), canvas)
    assert canvas.shows == "Dots of predicted against actual spend per customer by part and by segment"
    assert figure.axes[0].get_xscale() == "symlog"
