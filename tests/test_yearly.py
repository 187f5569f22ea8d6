"""The shop's own season: only what every year shows, and never from one year alone."""

import numpy as np
import pandas as pd
import pytest

from segmentation import yearly
from segmentation.orders import Months
from segmentation.problems import LeftOut

FLAT = [100.0] * 12
CHRISTMAS = [100.0] * 10 + [150.0, 200.0]  # January to December


def months(*years, first="2023-01"):
    """Whole months of spend from `first` on."""
    spend = np.concatenate(years)
    index = pd.period_range(first, periods=len(spend), freq="M")
    return Months(
        pd.Series(spend, index), pd.Series(True, index), index[-1].end_time.normalize() + pd.Timedelta(days=1)
    )


def test_months_that_stand_out_in_every_year_are_the_season():
    found = yearly.season_of(months(CHRISTMAS, np.multiply(CHRISTMAS, 3)))
    assert found.busy == (11, 12) and found.years == 2
    assert found.index[12] == pytest.approx(200 * 12 / 1350)  # each year against its own mean: growth is no season


def test_a_peak_of_one_year_only_is_no_season():
    assert yearly.season_of(months(CHRISTMAS, FLAT)).busy == ()
    assert yearly.season_of(months(FLAT, FLAT)).busy == ()


def test_one_year_cannot_tell_a_season_from_growth():
    assert "two" not in yearly.season_of(months(CHRISTMAS)).reason
    assert "needs 2 whole years" in yearly.season_of(months(CHRISTMAS)).reason
    assert isinstance(yearly.season_of(months(CHRISTMAS, CHRISTMAS[:-1])), LeftOut)


def test_part_months_do_not_count():
    log = months(CHRISTMAS, CHRISTMAS)
    log.whole.iloc[0] = False
    assert isinstance(yearly.season_of(log), LeftOut)


def test_the_action_starts_a_month_before_the_season_and_never_in_the_past():
    season = yearly.season_of(months(CHRISTMAS, CHRISTMAS))
    assert season.starts(pd.Timestamp("2026-07-01")) == pd.Timestamp("2026-10-01")
    assert season.starts(pd.Timestamp("2026-10-01")) == pd.Timestamp("2026-10-01")
    assert season.starts(pd.Timestamp("2026-10-02")) == pd.Timestamp("2027-10-01")
    assert yearly.season_of(months(FLAT, FLAT)).starts(pd.Timestamp("2026-07-01")) is None


def test_a_season_over_new_year_is_one_run_and_its_neighbours_belong_to_it():
    winter = [200.0, *FLAT[1:11], 150.0]
    season = yearly.season_of(months(winter, winter))
    assert season.busy == (12, 1)
    assert season.starts(pd.Timestamp("2026-07-01")) == pd.Timestamp("2026-11-01")
    days = pd.Series(pd.to_datetime(["2025-10-31", "2025-11-01", "2026-02-28", "2026-03-01"]))
    assert season.holds(days).tolist() == [False, True, True, False]


def test_the_twelve_months_ahead_begin_with_the_day():
    season = yearly.season_of(months(CHRISTMAS, CHRISTMAS))
    ahead = yearly.index_ahead(season, pd.Timestamp("2026-07-15"))
    assert str(ahead.index[0]) == "2026-07" and len(ahead) == 12
    assert ahead.idxmax().month == 12
    assert yearly.index_ahead(LeftOut("no log"), pd.Timestamp("2026-07-15")).isna().all()
