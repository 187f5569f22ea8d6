"""The day belongs to the answer: segments made anew at every quarter end, their sizes as ranges."""

import numpy as np
import pandas as pd
import pytest

from segmentation import profiles, seasons
from segmentation.clusters import fit
from segmentation.orders import rfm_from_orders
from segmentation.problems import LeftOut
from segmentation.seasons import Quarters, Seasons
from segmentation.vocabulary import AT_RISK, PROMISING, SEGMENTS, VIP

DAY = pd.Timestamp("2026-07-01")


@pytest.fixture(scope="module")
def log(shop):
    return shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))


@pytest.fixture(scope="module")
def by_date(log, decisions):
    return seasons.refit_each(seasons.look_back(log, DAY, 12), decisions.RECIPE)


def made(*at_risk, first="2025-10-01"):
    """Seasons in which so large a share of customers is At-Risk at one quarter end after the other."""
    dates = pd.date_range(first, periods=len(at_risk), freq="QS")
    shares = pd.DataFrame({VIP: 0.1, PROMISING: [0.9 - share for share in at_risk], AT_RISK: at_risk}, dates)
    found = Seasons(Quarters(dates, []), [], [])
    found.__dict__["shares"] = shares.reindex(columns=list(SEGMENTS), fill_value=0.0)
    return found


def test_customers_are_made_into_segments_anew_at_every_quarter_end_with_a_whole_window(log, by_date, decisions):
    dates = by_date.quarters.dates
    assert [str(date.date()) for date in dates[[0, -1]]] == ["2024-07-01", "2026-07-01"] and len(dates) == 9
    then = rfm_from_orders(log, dates[2], 12)
    pd.testing.assert_frame_equal(by_date.quarters.tables[2], then)
    assert by_date.fits[2] == fit(then, decisions.RECIPE)
    assert by_date.shares.sum(axis=1).tolist() == pytest.approx([1] * 9)


def test_the_range_of_a_size_is_over_all_quarter_ends_and_the_year_over_the_last_four(by_date):
    reach = by_date.range
    assert (reach["low"] <= by_date.shares.iloc[-1]).all() and (by_date.shares.iloc[-1] <= reach["high"]).all()
    assert reach["dates"].tolist() == [9] * 4
    assert list(by_date.year.index) == list(by_date.quarters.dates[-4:])


def test_a_day_on_which_no_segments_can_be_made_is_left_out(log, decisions):
    few = log[log["Customer_ID"].isin(log["Customer_ID"].unique()[:40])]
    found = seasons.refit_each(seasons.look_back(few, DAY, 12), decisions.RECIPE)
    assert all(isinstance(fitted, LeftOut) for fitted in found.fits) and found.shares.empty


@pytest.mark.parametrize("months", [None, 36])
def test_without_another_whole_window_the_season_is_not_known(log, months, words):
    found = seasons.look_back(log, DAY, months)
    assert isinstance(found, LeftOut)
    assert "the season is not known" in words.text(seasons.swing(found))


@pytest.mark.parametrize(("low", "decides"), [(0.5, False), (0.49, True)])
def test_the_day_decides_from_ten_points_on(low, decides, words):
    text = words.text(seasons.swing(made(0.6, low)))
    assert (": the day decides" in text) == decides
    assert text.startswith("Made anew at each of 2 quarter ends, ")


def people(at_risk: int) -> pd.DataFrame:
    names = np.repeat(SEGMENTS, [100 - at_risk, 0, 0, at_risk])
    return pd.DataFrame({"Segment_Name": pd.Categorical(names, SEGMENTS), "Monetary": 1.0})


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((0.1, 0.6, 0.6, 0.6, 0.6), "Most customers are At-Risk Customers all year (60 % to 60 %"),
        ((0.6, 0.6, 0.1, 0.2, 0.6), "Whether most customers are At-Risk Customers depends on the season (10 % to 60 %"),
        ((0.1, 0.2, 0.3, 0.5), "At no time of the year are most At-Risk Customers (10 % to 50 %"),
    ],
)
def test_whether_most_are_at_risk_is_judged_over_the_year(shares, said, words):
    assert words.text(profiles.on_majority(people(60), made(*shares))).startswith(said)


@pytest.mark.parametrize(("at_risk", "said"), [(61, "Most customers are"), (55, "About half are"), (30, "Not most")])
def test_without_a_log_it_is_said_of_the_day_of_the_export(at_risk, said, words):
    text = words.text(profiles.on_majority(people(at_risk), LeftOut("no log")))
    assert text.startswith(said) and text.endswith("on the day of the export")
