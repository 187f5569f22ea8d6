"""How far a forecast is off: ranges hold what they promise, periods differ, and what cannot be believed is named."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segmentation import calibration
from segmentation.figures.style import Canvas
from segmentation.figures.value import plot_calibration
from segmentation.problems import LeftOut
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP


@pytest.fixture(scope="module")
def forecast(judged):
    """The candidate that ships in the small shop."""
    return calibration.ship(judged)


def errors_of(name, values):
    """Errors of a segment's customers."""
    return pd.DataFrame({"Segment": name, "error": values})


def test_chance_is_the_standard_error_of_a_mean():
    errors = errors_of(VIP, np.random.default_rng(7).normal(3, 10, 20_000))
    found = calibration.chance(errors, "Segment", pd.Series({VIP: 400, LOYAL: 100, PROMISING: 0, "All": 1_600}))
    assert found[[VIP, LOYAL, "All"]].to_numpy() == pytest.approx([10 / 20, 10 / 10, 10 / 40], rel=0.02)
    assert np.isnan(found[PROMISING])


@pytest.mark.parametrize(("earlier", "own"), [(9, False), (10, True)])
def test_a_group_with_too_few_earlier_customers_takes_the_errors_of_all(earlier, own):
    errors = pd.concat([errors_of(AT_RISK, np.linspace(-90, 90, 200)), errors_of(VIP, np.linspace(-1, 1, earlier))])
    assert (calibration.chance(errors, "Segment", pd.Series({VIP: 40}))[VIP] < 1) == own


def test_the_hold_out_against_the_forecast_in_a_worked_case():
    now = pd.DataFrame(
        {"Segment": [VIP, VIP, VIP, AT_RISK], "predicted": [90.0, 100, 110, 5], "actual": [100.0, 80, 150, 0]}
    )
    now["MAE"] = (now["predicted"] - now["actual"]).abs()
    errors = errors_of(VIP, np.linspace(-20, 20, 50))
    found = calibration.held_against(now, errors, "Segment", [VIP, AT_RISK, LOYAL])
    assert found["Customers"].tolist() == [3, 1, 0]
    assert found.loc[VIP, ["predicted", "actual"]].tolist() == [100, 110]
    assert found.loc[VIP, "Predicted / actual"] == pytest.approx(100 / 110)
    assert found.loc[VIP, "MAE"] == pytest.approx((10 + 20 + 40) / 3)
    assert found.loc[VIP, "Rank"] == 0.5
    half = 1.96 * errors["error"].std() / np.sqrt(3)
    assert found.loc[VIP, ["low", "high"]].tolist() == pytest.approx([100 - half, 100 + half], rel=1e-4)
    assert found.loc[AT_RISK, "low"] == 0
    assert found.loc[[AT_RISK, LOYAL], "Predicted / actual"].isna().all()


def test_a_segment_without_customers_is_missed_as_everybody_is():
    people = pd.DataFrame({"Segment": [VIP, VIP, AT_RISK], "error": [4.0, 2, 0]})
    assert calibration.missed_by(people).tolist() == [3, 2, 2, 0, 2]


def with_misses(forecast, *misses):
    """The forecast of 100 per customer, had the mean of each segment and of all been missed by so much each period."""
    table = pd.DataFrame({name: misses for name in [*SEGMENTS, "All"]}, dtype=float)
    return dataclasses.replace(forecast, misses=table, by_segment=forecast.by_segment.assign(predicted=100.0))


MANY = pd.Series(10**9, [*SEGMENTS, "All"])  # customers; among so many there is no chance


@pytest.mark.parametrize(
    ("misses", "half"),
    [
        ([10], 10 * stats.t.ppf(5 / 6, 1)),  # 17.3, not the 127 of a t-interval
        ([6, -8], np.sqrt(50) * stats.t.ppf(5 / 6, 2)),
        ([6, -8, 0], np.sqrt(100 / 3) * stats.t.ppf(0.975, 3)),
        ([6, -8, 0, 10], np.sqrt(50) * stats.t.ppf(0.975, 4)),
    ],
)
def test_ranges_hold_how_periods_differ_by_a_quantile_for_so_few(forecast, misses, half):
    found = calibration.reach(with_misses(forecast, *misses), MANY)
    assert found.to_numpy() == pytest.approx(half, rel=1e-3)


@pytest.mark.parametrize(("periods", "vip"), [(2, 40), (3, 1)])
def test_a_segment_that_was_missed_by_little_in_few_periods_was_lucky(forecast, periods, vip):
    found = with_misses(forecast, *[20] * periods)
    found.misses[VIP] = 1.0
    found.by_segment.loc[VIP, "predicted"] = 200.0  # a fifth of the total was missed, so at least a fifth of these
    assert calibration.typical_miss(found).tolist() == [vip, 20, 20, 20, 20]


def test_ranges_are_never_narrower_than_chance_which_past_misses_hold_already(forecast):
    sizes = pd.Series(25, [*SEGMENTS, "All"])
    by_chance = stats.norm.ppf(5 / 6) * calibration.chance(forecast.errors, "Segment", sizes).to_numpy()
    assert calibration.reach(with_misses(forecast, 0), sizes).to_numpy() == pytest.approx(by_chance)
    much = calibration.reach(with_misses(forecast, 10_000), sizes)
    assert much.to_numpy() == pytest.approx(10_000 * stats.t.ppf(5 / 6, 1))


@pytest.mark.parametrize(
    ("periods", "least", "most"), [(1, 0.62, 0.71), (2, 0.62, 0.71), (3, 0.9, 0.98), (5, 0.9, 0.98)]
)
def test_ranges_hold_as_often_as_said_where_periods_differ_at_random(forecast, periods, least, most):
    rng = np.random.default_rng(1)
    held = []
    for _ in range(400):
        *past, came = rng.normal(0, 30, periods + 1)
        held.append(abs(came) <= calibration.reach(with_misses(forecast, *past), MANY)["All"])
    assert least <= np.mean(held) <= most


@pytest.mark.parametrize(("periods", "name"), [(1, "range"), (2, "range"), (3, "95 % interval")])
def test_only_with_three_periods_is_a_range_called_an_interval(forecast, words, periods, name):
    found = with_misses(forecast, *[10] * periods)
    assert found.range_name == name
    text = words.text(calibration.on_ranges(found))
    assert ("95 %" in text) == (name != "range") == ("one outcome in three, or more, outside" not in text)
    assert text.startswith(f"The {name}s are as wide as ")


def test_what_so_few_periods_cannot_show_is_said(forecast, words):
    one, two = (words.text(calibration.on_ranges(with_misses(forecast, *misses))) for misses in ([9], [9, 9]))
    assert f"{words.text('{m:%}', m=forecast.missed)} of the total in the last 12 months), or chance" in one
    assert "One such period cannot show how periods differ" in one
    assert "2 such periods cannot show how periods differ" in two


def simulated(n=6_000):
    """Forecasts, and spend of which two in five customers leave nothing."""
    rng = np.random.default_rng(6)
    predicted = rng.gamma(1, 100, n)
    actual = np.where(rng.random(n) < 0.4, 0, rng.gamma(3, predicted / 1.8))
    return pd.DataFrame({"predicted": predicted, "actual": actual})


def test_intervals_of_customers_hold_about_what_they_promise():
    past = simulated()
    learned, others = past[::2], past[1::2]
    held = others["actual"].between(*calibration.customer_intervals(learned, others["predicted"]).to_numpy().T)
    assert held.mean() == pytest.approx(0.95, abs=0.015)
    ends = calibration.customer_intervals(past, past["predicted"])
    assert (ends["low"] >= 0).all()
    assert (ends["low"] <= past["predicted"]).all() and (past["predicted"] <= ends["high"]).all()


def test_a_customer_takes_the_errors_of_his_own_tenth():
    past = pd.DataFrame({"predicted": np.repeat([10.0, 1_000.0], 50), "actual": np.repeat([10.0, 1_500.0], 50)})
    ends = calibration.customer_intervals(past, pd.Series([10.0, 1_000.0, 9_999.0]))
    assert ends["low"].tolist() == [10, 1_000, 9_999]
    assert ends["high"].tolist() == pytest.approx([10, 1_500, 9_999 + (9_999 + 50.5) * 500 / 1_050.5])


def test_the_forecast_is_held_against_what_the_hold_out_spent(forecast, judged):
    assert forecast.total["Customers"] == len(judged.people) == forecast.by_segment.drop("All")["Customers"].sum()
    assert forecast.total["actual"] == pytest.approx(judged.people["actual"].mean())
    assert forecast.missed == pytest.approx(abs(judged.candidates.loc[judged.ships, "Predicted / actual"] - 1))
    assert forecast.by_part["Customers"].sum() == len(judged.people)
    assert len(forecast.misses) == 1 and len(forecast.errors) == len(judged.people)


def test_every_period_gives_its_misses_and_errors(judged):
    first = judged.periods[0]
    later = dataclasses.replace(first, people=first.people.assign(actual=first.people["actual"] + 7))
    found = calibration.ship(dataclasses.replace(judged, periods=[first, later]))
    assert (found.misses.iloc[1] - found.misses.iloc[0]).to_numpy() == pytest.approx(7)
    assert len(found.errors) == 2 * len(found.people)


def test_nothing_is_held_against_the_hold_out_where_nothing_ships(judged):
    found = calibration.ship(dataclasses.replace(judged, ships=None))
    assert found == LeftOut("value over the next 12 months; no forecast came close enough to what was spent")


def with_segment(forecast, name, **cells):
    """The forecast, had it done like this in one segment."""
    table = forecast.by_segment.copy()
    for column, cell in cells.items():
        table.loc[name, column] = cell
    return dataclasses.replace(forecast, by_segment=table)


def test_segments_whose_total_was_off_are_named(forecast, words):
    for ratio, named in ((1.25, False), (1.26, True), (0.75, False), (0.74, True)):
        text = words.text(calibration.reading(with_segment(forecast, VIP, **{"Predicted / actual": ratio})))
        doubted = text.partition(" Doubt the totals of ")[2].partition(": they were off by more than 25 %.")[0]
        assert (VIP in doubted) == named


def test_segments_that_are_hardly_ranked_are_named(forecast, words):
    for rank, named in ((0.1, False), (0.09, True), (np.nan, True)):
        text = words.text(calibration.reading(with_segment(forecast, VIP, Rank=rank)))
        assert named == (VIP in text.partition(" Among ")[2])


@pytest.mark.parametrize(
    ("ratio", "way", "said"),
    [
        (1.04, "4.0 % too high in total", "a miss of 5.0 % in the total, so this one."),
        (0.94, "6.0 % too low in total", "a miss of 5.0 % in the total; the rest is how one period differs"),
        (1.0, "right in total", "a miss of 5.0 % in the total, so this one."),
    ],
)
def test_a_miss_is_called_chance_only_where_it_is_within_chance(forecast, words, ratio, way, said):
    missed = with_segment(forecast, "All", actual=100.0, predicted=100.0, high=105.0, **{"Predicted / actual": ratio})
    assert words.text(calibration.direction(missed)) == f"The forecast of the last 12 months was {way}"
    assert said in words.text(calibration.reading(missed))


def test_a_forecast_in_cents_or_of_nobody_is_drawn_too(forecast, words):
    small = forecast.by_part.assign(predicted=0.1, actual=0.2)
    nobody = with_segment(forecast, VIP, actual=np.nan)
    canvas = Canvas("Finding", words)
    figure = plot_calibration(dataclasses.replace(nobody, by_part=small), canvas)
    assert canvas.shows == "Dots of predicted against actual spend per customer by part and by segment"
    assert figure.axes[0].get_xscale() == "symlog"
