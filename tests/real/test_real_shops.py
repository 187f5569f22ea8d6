"""What must hold on any real shop, held against sums in plain pandas."""

import re

import numpy as np
import pandas as pd
import pytest
import shops

if shops.absent():
    pytest.skip(shops.absent(), allow_module_level=True)

import second_look

from segmentation import outcomes
from segmentation.value import SAME_AGAIN
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP
from segmentation.words import Words

NONSENSE = {
    "a number is missing": r"\bnan\b|\binf\b|\bNaN\b|\bNone\b",
    "a template is not filled": r"\{[A-Za-z_][\w.]*(\[[^\]]*\])?(:[^}]*)?\}",
    "a plural of one": r"(?<![\d.,])1 (customers|orders|days|months|years|segments)\b",
    "less than nothing": r"-0\.0+ %|-\$0\b",
}


def test_the_command_completes_and_leaves_everything(real):
    assert real.done.returncode == 0, real.done.stderr
    assert real.done.stderr == "" and real.done.stdout.startswith(f"{real.shop.file}: taken as orders.")
    made = {path.name for path in real.out.iterdir()}
    assert {"report.html", "run.json", "segment_model.json", "campaign_plan.csv", "segment_profiles.csv"} <= made
    assert not (real.out / "ecommerce_set_aside_rows.csv").exists()


def test_recency_frequency_and_spend_are_those_of_plain_sums(real):
    start = pd.Timestamp.min if real.shop.window is None else real.snapshot - pd.DateOffset(months=real.shop.window)
    inside = real.log[real.log["Order_Date"].between(start, real.snapshot, inclusive="left")].groupby("Customer_ID")
    expected = pd.DataFrame(
        {
            "Recency": (real.snapshot - inside["Order_Date"].max()).dt.days,
            "Frequency": inside.size(),
            "Monetary": inside["Amount"].sum(),
        }
    )
    found = real.customers
    assert len(found) == len(expected) and found.index.is_unique
    assert np.allclose(found[expected.columns], expected.loc[found.index], rtol=0, atol=0.0051)


def test_names_fit_or_the_doubt_is_said(real):
    means = real.customers.groupby("Segment_Name")[["Recency", "Frequency", "Monetary"]].mean().loc[list(SEGMENTS)]
    spend, days = means["Monetary"], means["Recency"]
    earned = spend[VIP] > spend[LOYAL] > spend[[PROMISING, AT_RISK]].max() and days[AT_RISK] > days[PROMISING]
    earned &= days[VIP] < real.customers["Recency"].mean()
    said = "Each segment is what its name says" in real.text
    doubted = "the names do not fit" in real.text
    assert said != doubted
    assert earned or doubted


def test_later_spend_is_ranked_as_well_as_by_plain_rfm_as_coarse_or_the_notebook_says_so(real, decisions):
    found, plain = second_look.later_spend(real, decisions.RECIPE)
    assert found.sizes_rho == pytest.approx(plain, abs=1e-9)
    said = Words("$").text(outcomes.lesson(found))
    if found.segments_rho < plain - 0.01:
        assert "**less** of how much is spent" in said
    if real.shop.ahead == decisions.ASSUMPTIONS.horizon_months:
        assert said in real.text
    else:
        assert "Left out: this needs an order log with a whole window before its last twelve months" in real.text


def test_a_forecast_is_used_only_where_it_beats_the_same_again_or_the_chapter_says_that_there_is_none(real):
    used = re.search(
        r"\*\*Used: ([^*]+)\.\*\* Per customer it is off by ([\d.]+) % less than the same again", real.text
    )
    same_again = f"**Used: {SAME_AGAIN}.** No forecast" in real.text
    none = "Left out: value over the next" in real.text or "**None can be used:**" in real.text
    assert [bool(used), same_again, none].count(True) == 1
    if used:
        assert float(used[2]) > 0
    if none:
        assert "of margin expected over" not in real.text and "the forecast missed" not in real.text
        assert "CLV_12M_Mean" not in pd.read_csv(real.out / "segment_profiles.csv").columns


def test_over_the_months_that_the_log_allows_what_ships_beats_the_same_months_again(real, decisions):
    judged = second_look.judge(real, decisions)
    again, actual = second_look.again(real, judged.people)
    error = (again - actual).abs().mean()
    assert judged.candidates.loc[SAME_AGAIN, "MAE"] == pytest.approx(error, abs=0.01)
    if judged.ships not in (None, SAME_AGAIN):
        assert judged.candidates.loc[judged.ships, "MAE"] < error


def test_only_whole_months_are_compared_and_only_more_is_called_a_peak(real):
    lift = second_look.lift(real.log)
    peak = re.search(r"A month in November or December brings ([\d.]+) times the spend of other months", real.text)
    flat = re.search(r"November and December bring (no|hardly) more than other months \(([\d.]+) times", real.text)
    assert bool(peak) != bool(flat)
    if peak:
        assert lift > 1.1 and float(peak[1]) == pytest.approx(lift, abs=0.051)
    else:
        assert lift <= 1.1 and float(flat[2]) == pytest.approx(lift, abs=0.0051)
        assert flat[1] == ("no" if lift <= 1 else "hardly")
        assert "recency has to be read against the calendar" not in real.text


@pytest.mark.parametrize("what", NONSENSE)
def test_sentences_are_free_of_nonsense(real, what):
    found = re.search(NONSENSE[what], real.text)
    assert not found, real.text[max(0, found.start() - 80) : found.end() + 80]


def test_the_headline_is_that_of_the_files(real):
    profiles = pd.read_csv(real.out / "segment_profiles.csv").set_index("Segment_Name")
    customers = real.customers
    for name in SEGMENTS:
        share = (customers["Segment_Name"] == name).mean()
        revenue = customers.loc[customers["Segment_Name"] == name, "Monetary"].sum() / customers["Monetary"].sum()
        assert profiles.loc[name, ["Customer_Share", "Revenue_Share"]].tolist() == pytest.approx(
            [share, revenue], abs=1e-4
        )
        assert f"**{name}**: {100 * share:.1f} % of customers, **{100 * revenue:.1f} % of revenue**" in real.text
