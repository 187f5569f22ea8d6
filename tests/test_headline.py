"""The answer on the first screen: how sure it is said to be, and of which day."""

from types import SimpleNamespace

import pandas as pd
import pytest

from segmentation import headline
from segmentation.problems import LeftOut
from segmentation.words import sentence

NO_FORECAST = LeftOut("no forecast")


def verdicts(*met: str) -> pd.DataFrame:
    return pd.DataFrame({"Criterion": ["Large enough", "Distinct", "Stable"][: len(met)], "Met": met})


def test_limits_met_and_missed_are_counted_and_the_missed_are_named(words):
    said = words.text(headline.how_sure(verdicts("yes", "NO", "NO"), 0, [], NO_FORECAST))
    assert said.startswith("1 of 3 limits set for good segments are met (not met: distinct and stable). ")
    assert "not met" not in words.text(headline.how_sure(verdicts("yes", "yes"), 0, [], NO_FORECAST))


@pytest.mark.parametrize(("votes", "said"), [(0, "none of the measures"), (2, "2 of the measures")])
def test_how_many_measures_ask_for_four_is_said(words, votes, said):
    text = words.text(headline.how_sure(verdicts("yes"), votes, [], NO_FORECAST))
    assert f"That there are four is our choice: {said} of fit asks for exactly four (Appendix A)." in text


def test_a_forecast_and_who_is_lapsed_are_spoken_of_only_where_they_are_known(words):
    known = SimpleNamespace(
        total={"Predicted / actual": 1.145}, judged=SimpleNamespace(terms=SimpleNamespace(horizon_months=12))
    )
    text = words.text(headline.how_sure(verdicts("yes"), 0, [sentence("most are lapsed")], known))
    assert text.endswith("The forecast of the last 12 months was 14.5 % too high in total. most are lapsed.")
    assert "forecast" not in words.text(headline.how_sure(verdicts("yes"), 0, [], NO_FORECAST))


def test_without_other_days_the_season_is_not_known(words):
    segments = pd.DataFrame({"Customers": [1]})
    rest = [LeftOut("none"), None, "step", "sure", [], [], LeftOut("none"), "shop.csv"]
    of_no_day = headline.Answer(segments, *rest, None)
    assert words.text(of_no_day.day) == "as of the day of the export; the season is not known"
    seen = headline.Answer(segments.assign(Customer_Share_Low=0.1), *rest, pd.Timestamp("2026-07-01"))
    assert words.text(seen.day) == "as of 1 July 2026"
