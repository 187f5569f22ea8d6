"""The early guess: judged fairly, from what was known, and said as it is."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from segmentation import cohorts, newcomers
from segmentation.clusters import Model
from segmentation.cohorts import prepare
from segmentation.decisions import EarlyGuess
from segmentation.figures.newcomers import plot_guess
from segmentation.figures.style import Canvas
from segmentation.newcomers import Early, Study, guess_after, guess_new, judge, majority_by, resampled_accuracy, tally
from segmentation.problems import LeftOut

TODAY = pd.Timestamp("2026-07-01")
BY_ORDERS = Model(("Frequency",), (1e9,), (0.0,), (1.0,), ((12.0,), (5.0,), (2.5,), (1.0,)))


@pytest.fixture(scope="module")
def log(generator):
    """A log of 36 months with some thousand joiners."""
    orders = generator.make(seed=1, customers=2000, defects=False)[0]
    return orders.assign(Order_Date=pd.to_datetime(orders["Order_Date"]))


@pytest.fixture(scope="module")
def joiners(log):
    """Who joined in that log."""
    return prepare(log, TODAY, BY_ORDERS, 12, EarlyGuess(30, 6), 0)


@pytest.fixture(scope="module")
def early(joiners):
    """The guess, judged."""
    return judge(joiners)


@pytest.fixture(scope="module")
def new(joiners, log):
    """Who joined last."""
    return guess_new(joiners, customers_of(log))


def customers_of(log: pd.DataFrame) -> pd.DataFrame:
    """A customer table in which everybody is the same."""
    return pd.DataFrame({"Customer_ID": log["Customer_ID"].unique(), "Segment_Name": "At-Risk Customers"})


def study_of(truth, guess, chance=None, gain=(0.1, 0.2)) -> Study:
    """A study with two classes and nothing but the guess, whose gain over the rule is known."""
    truth, guess = np.array(truth), np.array(guess)
    chance = np.eye(2)[guess] if chance is None else np.array(chance)
    resampled = pd.DataFrame({"guess": np.linspace(*gain, 41), "rule": 0.0})
    return Study(30, truth, chance, pd.DataFrame({"guess": guess}), resampled)


def early_of(study: Study) -> Early:
    """What is said of a single study."""
    return Early(["Best", "Rest"], 6, [study], study, study, study)


def test_balanced_accuracy_of_a_worked_case():
    study = study_of([0] * 2 + [1] * 8, [0, 1] + [1] * 6 + [0] * 2)
    assert study.accuracy["guess"] == pytest.approx((1 / 2 + 6 / 8) / 2)  # 0.7 of all are right


def test_resampled_accuracy_is_that_of_the_sample_with_a_spread():
    truth = np.array([0] * 20 + [1] * 80)
    guess = np.array([0] * 10 + [1] * 70 + [0] * 20)
    guesses = pd.DataFrame({"guess": guess, "again": guess, "always": 1, "right": truth})
    drawn = resampled_accuracy(truth, guesses, 0)
    assert len(drawn) == 1000
    assert drawn["guess"].mean() == pytest.approx((10 / 20 + 60 / 80) / 2, abs=0.01)
    assert drawn["guess"].std() == pytest.approx(np.hypot(0.5 / 20**0.5, (0.75 * 0.25 / 80) ** 0.5) / 2, rel=0.1)
    assert (drawn["guess"] == drawn["again"]).all()  # all are judged on the same resample
    assert (drawn["always"] == 0.5).all() and (drawn["right"] == 1).all()


@pytest.mark.parametrize(
    "gain, worth",
    [
        ((0.001, 0.2), "worth more than"),
        ((-0.01, 0.2), "hardly better than"),
        ((-0.2, 0.01), "hardly better than"),
        ((0, 0), "hardly better than"),
        ((-0.2, -0.001), "worth less than"),
    ],
)
def test_the_guess_is_worth_more_than_the_rule_only_if_the_whole_interval_says_so(gain, worth):
    study = study_of([0, 1], [0, 1], gain=gain)
    assert study.worth == worth
    low, high = gain
    assert study.gain == pytest.approx([100 * (low + 0.025 * (high - low)), 100 * (high - 0.025 * (high - low))])


def test_rule_by_number_of_orders_of_a_worked_case():
    orders, classes = pd.DataFrame({"Orders": np.log1p([1, 1, 1, 1, 2, 2])}), pd.Series([1, 1, 1, 0, 0, 0])
    asked = pd.DataFrame({"Orders": np.log1p([1, 2, 9])})  # nobody had nine: as those with two
    assert majority_by(orders, classes, asked).tolist() == [1, 0, 0]
    skewed = pd.Series([1] * 7 + [0, 1, 1, 1])  # one order: all 1; two orders: a quarter of them the only 0
    orders = pd.DataFrame({"Orders": np.repeat([1, 2], [7, 4])})
    asked = pd.DataFrame({"Orders": [1, 2]})
    assert majority_by(orders, skewed, asked).tolist() == [1, 1]
    assert majority_by(orders, skewed, asked, "balanced").tolist() == [1, 0]


def test_calibration_compares_eight_groups_of_equally_many():
    chance = np.repeat([0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.95], 10)
    right = np.tile([True] * 6 + [False] * 4, 8)
    study = study_of(right.astype(int), np.ones(80, int), np.column_stack([1 - chance, chance]))
    assert study.calibration["stated"].tolist() == pytest.approx(np.unique(chance))
    assert study.calibration["true"].tolist() == [0.6] * 8
    assert study.calibration["off"].tolist() == pytest.approx([0.05, 0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35])


@pytest.mark.parametrize("stated, advice", [(0.949, "It can be read as it stands."), (0.951, "Read it as a rank")])
def test_chances_that_are_off_by_more_than_five_points_are_a_rank(words, stated, advice):
    study = study_of([1] * 90 + [0] * 10, [1] * 100, np.tile([1 - stated, stated], (100, 1)))
    text = words.text(newcomers.on_calibration(early_of(study)))
    assert f"off by {100 * (stated - 0.9):.1f} points" in text and advice in text
    assert "at worst 95 % were stated and 90 % came true" in text


def test_what_is_found_of_each_class(words):
    early = early_of(study_of([0] * 4 + [1] * 16, [0, 1, 1, 1] + [1] * 15 + [0]))
    assert newcomers.found_by_class(early).tolist() == [1 / 4, 15 / 16]
    assert words.text(newcomers.finding(early)) == "30 days recognise 25.0 % of Best and 93.8 % of Rest"
    assert newcomers.found_by_class(early_of(study_of([0, 1, 1], [1, 1, 1])))["Best"] == 0


def test_all_kinds_of_guess_are_compared(early, words):
    table = newcomers.score_table(early)
    titles = [words.text(title) for title in table.index[:3]]
    assert titles[0] == "Always At-Risk Customers"
    assert titles[1:] == ["Where the model puts them on day 30", "By number of orders in 30 days"]
    assert table["Balanced accuracy"].iloc[0] == pytest.approx(1 / len(early.names))
    assert words.text(table["95 % interval"].iloc[0]) == " to ".join(2 * [f"{100 / len(early.names):.1f} %"])
    accuracy = early.chosen.accuracy
    assert accuracy["guess alike"] > accuracy["guess"] > accuracy["always"]
    assert table["Right"].iloc[3] == (early.chosen.chance.argmax(axis=1) == early.chosen.truth).mean()


def test_the_guess_gets_better_with_days_of_history(early):
    assert [study.days for study in early.studies] == [1, 7, 14, 30, 60, 90]
    assert early.last.accuracy["guess"] > early.chosen.accuracy["guess"] > early.first.accuracy["guess"]


def test_days_of_one_s_own_are_studied_too(joiners, monkeypatch):
    monkeypatch.setattr(newcomers, "HORIZONS", (1, 60))
    early = judge(dataclasses.replace(joiners, guess=EarlyGuess(45, 6)))
    assert [study.days for study in early.studies] == [1, 45, 60]
    assert early.chosen.days == 45


def test_the_future_changes_no_guess(joiners, log):
    """Orders after a test customer's first 30 days leave the stated chances as they are."""
    before = guess_after(joiners, 30).chance
    test = joiners.table.loc[joiners.table["Test"], "First_Order"]
    later = (log["Order_Date"] - log["Customer_ID"].map(test)).dt.days >= 30
    changed = prepare(pd.concat([log, log[later].assign(Amount=70.0)]), TODAY, BY_ORDERS, 12, joiners.guess, 0)
    assert (guess_after(changed, 30).chance == before).all()
    assert (changed.table["Reached"] != joiners.table["Reached"]).any()


def test_row_order_of_the_log_and_categories_do_not_matter(joiners, log, new):
    shuffled = log.sample(frac=1, random_state=3).astype({"Customer_ID": "category"})
    other = prepare(shuffled, TODAY, BY_ORDERS, 12, joiners.guess, 0)
    assert (guess_after(joiners, 30).chance == guess_after(other, 30).chance).all()
    pd.testing.assert_frame_equal(guess_new(other, customers_of(log)), new, check_dtype=False)


def test_who_joined_last_is_listed_with_what_is_known(joiners, log, new):
    header = "Customer_ID First_Order Days_Known Orders Spend Segment_Name Early_Guess Early_Guess_Probability"
    assert list(new) == header.split()
    firsts = log.groupby("Customer_ID")["Order_Date"].min()
    late = firsts[firsts >= "2026-06-01"]
    assert new["Customer_ID"].tolist() == sorted(late.index)
    assert pd.to_datetime(new["First_Order"]).tolist() == late.sort_index().tolist()
    assert new["Days_Known"].tolist() == (TODAY - late.sort_index()).dt.days.tolist()
    own = log[log["Customer_ID"].isin(late.index)].groupby("Customer_ID")["Amount"]
    assert new["Spend"].tolist() == pytest.approx(own.sum().tolist())
    assert new["Orders"].tolist() == own.size().tolist()
    assert new["Early_Guess"].cat.categories.tolist() == joiners.names
    assert new["Early_Guess_Probability"].between(1 / len(joiners.names) - 0.001, 1).all()


@pytest.fixture
def asked(monkeypatch):
    """The days of history that were asked for."""
    days_asked, plain = [], cohorts.early_history

    def spy(orders, days, basket):
        days_asked.append(days)
        return plain(orders, days, basket)

    monkeypatch.setattr(cohorts, "early_history", spy)
    return days_asked


def test_the_new_are_judged_by_what_their_days_cover(joiners, log, asked):
    new = guess_new(joiners, customers_of(log))
    assert sorted(asked) == sorted({max(days for days in (1, 7, 14, 30) if days <= age) for age in new["Days_Known"]})


@pytest.mark.parametrize("age, days", [(1, 1), (6, 1), (7, 7), (13, 7), (14, 14), (29, 14), (30, 30)])
def test_the_longest_horizon_that_is_covered_judges(joiners, asked, age, days):
    newcomers.guess_by_horizon(joiners, joiners.table.iloc[:1].assign(Days_Known=age))
    assert asked == [days]


def test_without_new_customers_there_is_no_list(joiners, log):
    nobody = dataclasses.replace(joiners, table=joiners.table[joiners.table["Known"]])
    assert guess_new(nobody, customers_of(log)) == LeftOut("nobody's first order lies in the last 30 days")


def test_new_customers_are_counted_by_guess(joiners, new):
    table = tally(new)
    assert table["New customers"].sum() == len(new)
    assert table.index.tolist() == [name for name in joiners.names if (new["Early_Guess"] == name).any()]


def test_the_reading_says_from_which_day_on_the_guess_is_worth_more(words):
    better, worse = (study_of([0, 1], [0, 1], gain=gain) for gain in ((0.1, 0.2), (-0.1, 0.2)))
    better = dataclasses.replace(better, days=90)
    text = words.text(newcomers.on_horizons(Early(["Best", "Rest"], 6, [worse, better], worse, worse, better)))
    assert "beats counting orders from day 90 on, with a balanced accuracy of 100.0 % there" in text
    text = words.text(newcomers.on_horizons(early_of(worse)))
    assert text.startswith("The early guess does not clearly beat counting orders (100.0 % after 30 days)")


def test_the_figure_shows_what_was_judged(early, words):
    canvas = Canvas("A finding", words)
    left, right = plot_guess(early, canvas).axes
    found = newcomers.found_by_class(early).iloc[0]
    assert left.texts[0].get_text() == f"{100 * found:.0f} %"
    assert len(right.lines[1].get_xdata()) == len(early.chosen.calibration)
    plt.close("all")
