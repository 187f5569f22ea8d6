"""Next quarter: keep the frozen model or refit, what changed since an earlier run."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from decided import ROOT

from segmentation import changes, figures, previous, refresh, seasons
from segmentation.clusters import Fitted, Model, place
from segmentation.decisions import Action
from segmentation.figures.style import Canvas
from segmentation.headline import Answer
from segmentation.movement import Movement
from segmentation.problems import InputError, LeftOut
from segmentation.published import Published, checksum, load_model, read_published
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, SEGMENTS, VIP

SHIPPED = ROOT / "data" / "segment_model.json"


@pytest.fixture(scope="module")
def model():
    """The shipped model."""
    return load_model(SHIPPED)


# Keep or refit


def refits(*values):
    """Agreement at quarter ends up to 2026-04-01, as compare_refits gives it."""
    dates = pd.date_range(end="2026-04-01", periods=len(values), freq="3MS").strftime("%Y-%m-%d")
    words = ["REFIT" if value < 0.8 else "KEEP" if value >= 0.8 else None for value in values]
    return pd.DataFrame({refresh.RAND: values, refresh.ALONE: words}, dates)


@pytest.mark.parametrize(("rand", "word"), [(0.8, "KEEP"), (0.799, "REFIT")])
def test_the_same_season_a_year_back_decides(rand, word, decisions, words):
    keep_from = decisions.ASSUMPTIONS.keep_from
    text = words.text(refresh.keep_or_refit(refits(0.1, rand, 0.9, 0.9, 0.9), keep_from))
    assert text.startswith(f"**{word}** the model: at 2025-07-01, the same season a year back, it agrees")
    assert text.endswith("At 2025-04-01 the two differ: there the calendar moves customers, so compare like seasons.")


def test_a_short_log_is_judged_by_its_oldest_date_and_says_when_it_cannot_be(words):
    text = words.text(refresh.keep_or_refit(refits(0.85, 0.9), 0.8))
    assert text.startswith("**KEEP** the model: at 2026-01-01, the oldest quarter end there is, it agrees")
    assert text.endswith("with a refit at 0.85 (asked: 0.8).")
    text = words.text(refresh.keep_or_refit(refits(np.nan, 0.9), 0.8))
    assert text == (
        "At 2026-01-01, the oldest quarter end there is, no refit was possible, so nothing can be said of the model."
    )


def test_every_quarter_end_but_the_last_is_compared_with_a_refit(model, shop, decisions):
    log = shop[0].assign(Order_Date=pd.to_datetime(shop[0]["Order_Date"]))
    few = log[log["Customer_ID"].isin(log["Customer_ID"].unique()[:49])]
    refits, too_few = (
        seasons.refit_each(seasons.look_back(some, pd.Timestamp("2026-07-01"), 27), decisions.RECIPE)
        for some in (log, few)
    )
    table = refresh.compare_refits(refits, model, 0.8)
    assert list(table.index) == ["2025-10-01", "2026-01-01", "2026-04-01"] and table[refresh.RAND].between(0, 1).all()
    assert list(table[refresh.ALONE]) == ["KEEP" if rand >= 0.8 else "REFIT" for rand in table[refresh.RAND]]
    always = refresh.compare_refits(refits, model, table[refresh.RAND].iloc[0])
    assert always[refresh.ALONE].iloc[0] == "KEEP"
    assert refresh.compare_refits(too_few, model, 0.8).isna().all(axis=None)


# An earlier model instead of a new fit

LINE = Model(("Monetary",), (1000.0,), (0.0,), (1.0,), ((400.0,), (300.0,), (200.0,), (100.0,)))
HIGHER = dataclasses.replace(LINE, centroids=((420.0,), (310.0,), (220.0,), (100.0,)))  # borders 365, 265, 160
THRESHOLDS = {name: [1.0, 2.0, 3.0, 4.0] for name in "RFM"}
OLD = Published("segment_model.json", LINE, THRESHOLDS, 12, pd.Timestamp("2026-04-01"), 5)


def table(*spend, cluster=None):
    """Customers a, b, ... of these spends, placed by LINE unless their clusters are given."""
    rows = pd.DataFrame({"Customer_ID": list("abcdefghij")[: len(spend)], "Recency": 10, "Frequency": 1})
    rows["Monetary"] = np.array(spend, float)
    return rows.assign(Cluster=place(LINE, rows).cluster if cluster is None else cluster)


def fitted_as(model):
    """A fit that gave this model."""
    return Fitted(model, model, 0.0, 5, 1.0)


@pytest.mark.parametrize("path", [None, ""])
def test_without_a_model_the_fit_is_published_and_scores_are_cut_at_its_fifths(path, shipped_customers):
    frozen = refresh.read_frozen(path, 12)
    assert isinstance(frozen, LeftOut)
    assert refresh.model_of(frozen, fitted_as(HIGHER)) == HIGHER
    sealed = json.loads(SHIPPED.read_text())["rfm_thresholds"]
    assert refresh.thresholds_of(frozen, shipped_customers) == {name[0]: cuts for name, cuts in sealed.items()}


def test_with_a_model_that_one_is_published_and_its_cut_points_are_used():
    frozen = refresh.read_frozen(str(SHIPPED), 12)
    assert refresh.model_of(frozen, fitted_as(LINE)) == load_model(SHIPPED)
    sealed = json.loads(SHIPPED.read_text())["rfm_thresholds"]
    assert refresh.thresholds_of(frozen, table(1, 2, 3)) == {name[0]: cuts for name, cuts in sealed.items()}


@pytest.mark.parametrize("months", [6, None])
def test_a_model_of_another_window_is_refused(months):
    wanted = "6 months" if months else "the whole log"
    with pytest.raises(InputError, match=rf"^segment_model\.json: made with a window of 12 months; expected {wanted}"):
        refresh.read_frozen(str(SHIPPED), months)


def test_what_a_refit_would_change_is_said(words):
    refit = refresh.compare_fit(OLD, fitted_as(HIGHER), table(400, 300, 200, 155, 100))
    assert refit.kept.tolist() == [0, 1, 2, 2, 3] and refit.refitted.tolist() == [0, 1, 2, 3, 3]
    assert refit.changed == 0.2 and round(refit.rand, 6) == round((0 - 0.1) / (1 - 0.1), 6)
    shown = refresh.refit_sizes(refit)
    assert shown.index.name == "Customers"
    assert [words.text(cell) for cell in shown.loc[PROMISING]] == ["2", "1", "-1"]
    assert [words.text(cell) for cell in shown.loc[AT_RISK]] == ["1", "2", "+1"]
    text = words.text(refresh.on_fit(refit, 0.8))
    assert text.startswith(
        "**Customers are placed by <code>segment&#95;model.json</code>**, published as of 2026-04-01 "
    )
    assert "for 5 customers, not by a new fit" in text
    assert "would put 20.0 % of customers into another segment. **REFIT:**" in text
    assert "is evidence about the refit" in text and text.endswith("RFM scores are cut where that model cuts them.")


@pytest.mark.parametrize(("keep_from", "word"), [(0.6, "**KEEP:** it is kept"), (0.6001, "**REFIT:**")])
def test_keep_from_is_just_met_or_just_missed_by_a_kept_model(keep_from, word, words):
    refit = refresh.Refit(OLD, np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    refit.__dict__["rand"] = 0.6
    assert word in words.text(refresh.on_fit(refit, keep_from))


def test_a_model_of_no_known_day_says_so(words):
    refit = refresh.compare_fit(dataclasses.replace(OLD, snapshot=None), fitted_as(LINE), table(400, 300, 200, 100))
    assert "published as of a day that was not named" in words.text(refresh.on_fit(refit, 0.8))


def test_a_model_that_leaves_a_segment_empty_is_refused():
    with pytest.raises(
        InputError, match=r"^segment_model\.json: of 3 customers it places nobody in VIP Champions and "
    ):
        refresh.compare_fit(OLD, fitted_as(LINE), table(200, 210, 100))


# An earlier run


@pytest.fixture
def earlier_run(tmp_path, shipped_customers):
    """The shipped results, 400 customers of them, with their model beside."""
    shipped_customers.head(400).to_csv(tmp_path / previous.CUSTOMERS, index=False)
    shutil.copy(SHIPPED, tmp_path)
    return tmp_path / previous.CUSTOMERS


def test_a_folder_or_its_customer_file_is_an_earlier_run(earlier_run, shipped_customers):
    by_file, by_folder = (previous.read_earlier(str(path)) for path in (earlier_run, earlier_run.parent))
    assert (by_file.name, by_folder.name) == (earlier_run.name, earlier_run.parent.name)
    for earlier in (by_file, by_folder):
        assert earlier.published == read_published(SHIPPED)
        assert earlier.profiles["Customers"].sum() == len(earlier.customers) == 400
        spend = shipped_customers.head(400).groupby("Segment_Name")["Monetary"].sum()
        assert np.allclose(earlier.profiles["Revenue"], spend.reindex(list(SEGMENTS)))
    assert previous.files_of(str(earlier_run)) == [earlier_run, earlier_run.with_name("segment_model.json")]
    assert previous.files_of(None) == previous.files_of("") == []
    assert isinstance(previous.read_earlier(None), LeftOut)


def test_sizes_of_then_are_those_of_its_profiles_where_they_lie_in_the_folder(earlier_run):
    profiles = "Segment_Name,Customers,Revenue\nAt-Risk Customers,4,1.5\nPromising Regulars,3,2\n"
    profiles += "High-Value Loyalists,2,3\nVIP Champions,1,4\n"
    earlier_run.with_name(previous.PROFILES).write_text(profiles)
    found = previous.read_earlier(str(earlier_run.parent)).profiles
    assert list(found.index) == list(SEGMENTS)
    assert found["Customers"].tolist() == [1, 2, 3, 4] and found["Revenue"].tolist() == [4, 3, 2, 1.5]
    assert previous.read_earlier(str(earlier_run)).profiles["Customers"].sum() == 400  # the file alone: counted


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Segment_Name,Customers\nVIP Champions,1\n", r"segment_profiles\.csv: no column Revenue"),
        ("Segment_Name,Customers,Revenue\nVIP Champions,1,2\n", r"rows VIP Champions; expected one for each of four"),
        (
            "Segment_Name,Customers,Revenue\nVIP Champions,1,\nHigh-Value Loyalists,1,1\n"
            "Promising Regulars,1,1\nAt-Risk Customers,1,1\n",
            r"segment_profiles\.csv: a blank or no number",
        ),
    ],
)
def test_profiles_that_are_none_are_refused(earlier_run, content, message):
    earlier_run.with_name(previous.PROFILES).write_text(content)
    with pytest.raises(InputError, match=message):
        previous.read_earlier(str(earlier_run.parent))


def test_a_run_that_is_not_there_or_is_none_is_refused_in_one_message(tmp_path):
    with pytest.raises(InputError, match=r"^march: does not exist; expected the folder of an earlier run, or its ec"):
        previous.read_earlier(str(tmp_path / "march"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        InputError, match=r"^empty: no ecommerce_segmented_customers\.csv in this folder; expected the "
    ):
        previous.read_earlier(str(tmp_path / "empty"))
    (tmp_path / "raw.csv").write_text("Customer_ID,Recency\na,1\n")
    with pytest.raises(InputError, match=r"^raw\.csv: no column Segment_Name"):
        previous.read_earlier(str(tmp_path / "raw.csv"))
    with pytest.raises(InputError, match=r"^PREVIOUS is 5; expected a path, or None"):
        previous.read_earlier(5)
    with pytest.raises(InputError, match=r"^MODEL is 5; expected a path, or None"):
        refresh.read_frozen(5, 12)


def change_model(path, **changed):
    """Change the model beside an earlier run, and seal it again."""
    sealed = json.loads((path.parent / "segment_model.json").read_text()) | changed
    sealed["checksum"] = checksum(sealed)
    (path.parent / "segment_model.json").write_text(json.dumps(sealed))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: (path.parent / "segment_model.json").unlink(), "No `segment_model.json` lies beside it"),
        (lambda path: change_model(path, schema=7), "schema 7; expected schema 2"),
        (lambda path: change_model(path, means=[0.0, 0.0, 0.0]), "so it is not its model"),
    ],
)
def test_a_model_that_is_not_the_files_is_not_used_and_the_reason_is_said(
    earlier_run, shipped_customers, words, damage, reason
):
    damage(earlier_run)
    earlier = previous.read_earlier(str(earlier_run.parent))
    assert isinstance(earlier.model, LeftOut)
    since = changes.compare(earlier, shipped_customers.head(400), pd.Timestamp("2026-10-01"), 12)
    assert (since.view, since.order, since.moves.sizes["Moved"]) == ("refitted", "", 0)
    text = words.text(changes.on_moves(since))
    assert reason in text.replace("&#95;", "_") and ", each by the borders of its own run: 0 of 400 customers" in text
    assert "is of a day that is not known, this one of 2026-10-01." in words.text(changes.on_days(since))
    assert words.text(changes.on_model(since, LINE, LINE, shipped_customers, 0.8)) == ""


@pytest.mark.parametrize(("wrong", "used"), [(2, True), (3, False)])
def test_a_model_must_place_nearly_all_customers_where_their_file_has_them(earlier_run, wrong, used):
    rows = pd.read_csv(earlier_run)
    rows.loc[: wrong - 1, "Segment_Name"] = np.where(rows["Segment_Name"][:wrong] == VIP, LOYAL, VIP)
    rows.to_csv(earlier_run, index=False)
    assert isinstance(previous.read_earlier(str(earlier_run)).model, LeftOut) != used


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,VIP Champions\nb,Whales\n", "line 3: 'Whales' for 'b'"),
        ("a,VIP Champions\na,VIP Champions\n", "line 3: 'VIP Champions' for 'a'"),
    ],
)
def test_a_file_that_is_no_earlier_run_is_refused(tmp_path, rows, message):
    (tmp_path / "old.csv").write_text("Customer_ID,Segment_Name\n" + rows)
    with pytest.raises(InputError, match=message):
        previous.read_earlier(str(tmp_path / "old.csv"))


def test_segments_nobody_was_in_count_nobody_and_unknown_spend_is_unknown():
    known = previous.count_profiles(pd.DataFrame({"Cluster": [3, 0], "Monetary": [5.0, 7.0]}, ["a", "b"]))
    assert known["Customers"].tolist() == [1, 0, 0, 1] and known["Revenue"].tolist() == [7, 0, 0, 5]
    unknown = previous.count_profiles(pd.DataFrame({"Cluster": [3, 0]}, ["a", "b"]))
    assert unknown["Customers"].tolist() == [1, 0, 0, 1] and unknown["Revenue"].isna().all()


# What has changed since

EARLIER = pd.DataFrame({"Cluster": [0, 0, 1, 2, 3, 1], "Monetary": [400, 390, 300, 200, 100, 310.0]}, list("abcdef"))


def earlier_of(published=OLD, customers=EARLIER):
    """An earlier run of these customers."""
    return previous.Earlier("march", customers, previous.count_profiles(customers), published)


def since_of(now, published=OLD, day="2026-07-01", window=12, customers=EARLIER):
    """What changed from EARLIER to these customers."""
    return changes.compare(earlier_of(published, customers), now, day and pd.Timestamp(day), window)


@pytest.fixture
def since():
    """Now, by borders that lie higher: a stays VIP by the earlier ones, b falls, d and e rise, f is lost, g is new."""
    now = pd.DataFrame({"Customer_ID": list("abcdeg"), "Recency": 10, "Frequency": 1})
    now["Monetary"] = [360.0, 330.0, 310.0, 250.5, 155.0, 500.0]
    return since_of(now.assign(Cluster=place(HIGHER, now).cluster))


def test_movement_is_by_the_earlier_borders_and_lists_agree_with_todays_files(since):
    assert since.view == "frozen"
    people = since.people
    assert people["Before"].to_dict() == {"a": 0, "b": 0, "c": 1, "d": 2, "e": 3, "f": 1, "g": -1}
    assert people["After"].to_dict() == {"a": 0, "b": 1, "c": 1, "d": 1, "e": 2, "f": -1, "g": 0}
    assert people["Today"].to_dict() == {"a": 1, "b": 1, "c": 1, "d": 2, "e": 3, "f": -1, "g": 0}
    assert since.moves.path.tolist() == ["Stayed", "Down", "Stayed", "Up", "Up", "Lost", "New"]
    assert people.index[since.listed].tolist() == ["b", "f"]
    assert (since.moved_back, since.only_borders) == (2, 1)


def test_sizes_then_and_now_with_what_new_borders_did(since, words):
    sizes = since.sizes
    assert sizes["people_then"].tolist() == [2, 2, 1, 1, 6] and sizes["people_now"].tolist() == [1, 3, 1, 1, 6]
    assert sizes["more_people"].tolist() == [-1, 1, 0, 0, 0] and sizes["borders"].tolist() == [-1, 0, 0, 1, 0]
    assert sizes["money_then"].tolist() == [790, 610, 200, 100, 1700]
    assert sizes["money_now"].tolist() == [500, 1000, 250.5, 155, 1905.5]
    shown = changes.sizes_table(since)
    assert list(shown) == ["Customers", "Of it by new borders", "Share", "Revenue", "Share of revenue"]
    assert [words.text(cell) for cell in shown.loc[VIP]] == [
        "2 to 1 (-1)", "-1", "33.3 % to 16.7 %", "$790 to $500 (-$290)", "46.5 % to 26.2 %",
    ]  # fmt: skip
    assert words.text(shown.loc["All", "Revenue"]) == "$1,700 to $1,906 (+$206)"


def test_without_new_borders_or_spend_these_columns_are_left_out():
    now = table(400, 300, 300, 200, 100)
    assert list(changes.sizes_table(since_of(now))) == ["Customers", "Share", "Revenue", "Share of revenue"]
    bare = since_of(now, LeftOut("No model"), customers=EARLIER[["Cluster"]])
    assert list(changes.sizes_table(bare)) == ["Customers", "Share"]


def test_the_matrix_says_its_days_and_the_sentences_who_is_listed(since, words):
    assert changes.matrix(since).index.name == "2026-04-01 (down), 2026-07-01 (across)"
    assert changes.matrix(since).loc[VIP].tolist() == [1, 1, 0, 0, 0, 2]
    assert words.text(changes.on_moves(since)) == (
        "Then and now by the earlier run's borders: 3 of 5 customers in both runs changed segment (60.0 %); 1 new, 1 "
        "lost. `segment_movers.csv` lists 2 customers who moved or are lost, with what to do. Not listed: 2 who moved, "
        "but whom today's borders have where they were, and 1 who stayed, but whom today's borders have elsewhere."
    )
    kept = words.text(changes.on_moves(since_of(table(400, 300, 300, 200, 100))))
    assert kept.endswith("lists 2 customers who moved or are lost, with what to do.")


@pytest.mark.parametrize(
    ("day", "order", "said"),
    [
        ("2026-04-08", "earlier", ", 7 days later."),
        ("2026-05-02", "earlier", ", 31 days later."),
        ("2026-05-03", "another season", ", 32 days later. Beware: the two lie in different seasons"),
        ("2027-04-01", "earlier", ", 365 days later."),
        ("2027-03-02", "earlier", ", 335 days later."),
        ("2027-02-28", "another season", ", 333 days later. Beware: the two lie in different seasons"),
        ("2026-04-01", "the same day", "this one of 2026-04-01. Beware: both are of the same day"),
        ("2026-03-31", "a later day", ". Beware: **the earlier run is of a later day than this one**"),
        (None, "", "this one of a day that was not named."),
    ],
)
def test_both_days_are_said_and_what_stands_against_comparing_them(day, order, said, words):
    since = since_of(table(400, 300, 300, 200, 100), day=day)
    assert since.order == order
    text = words.text(changes.on_days(since))
    assert (
        text.startswith("**Since <code>march</code>:** the earlier run is of 2026-04-01, this one of ") and said in text
    )
    odd = "" if order in ("earlier", "") else f" ({order})"
    assert words.text(changes.headline(since)).startswith(f"**Changed since 2026-04-01{odd}:** ")


def test_other_windows_and_profiles_that_count_others_are_named(words):
    now = table(400, 300, 300, 200, 100)
    text = words.text(changes.on_days(since_of(now, window=None, day="2027-04-01")))
    assert "then orders and spend were those of 12 months, now of the whole log" in text
    earlier = earlier_of()
    short = dataclasses.replace(earlier, customers=EARLIER.iloc[:5])
    text = words.text(changes.on_days(changes.compare(short, now, pd.Timestamp("2027-04-01"), 12)))
    assert text.endswith("Beware: its customer file holds 5 customers, its profiles count 6.")


def test_a_run_with_nobody_in_common_is_refused():
    with pytest.raises(
        InputError, match=r"^march: none of its 6 customers is among today's; expected an earlier run of "
    ):
        since_of(table(400, 300).assign(Customer_ID=["x", "y"]))
    assert since_of(table(400, 300).assign(Customer_ID=["x", "f"])).moves.sizes["Present"] == 1


def test_the_headline_names_the_largest_change_and_who_slipped(since, words):
    assert words.text(changes.headline(since)) == (
        "**Changed since 2026-04-01 (another season):** VIP Champions most, from 2 to 1 customers (-1, of it -1 by new "
        "borders); 2 customers of VIP Champions and High-Value Loyalists slipped or stopped ordering, by the borders "
        "of then (they had spent $700)."
    )
    same = table(*EARLIER["Monetary"])
    assert words.text(changes.headline(since_of(same, day="2026-04-02"))) == (
        "**Changed since 2026-04-01:** no segment's size; 0 customers of VIP Champions and High-Value Loyalists "
        "slipped or stopped ordering."
    )
    larger = since_of(table(400, 390, 300, 100, 100, 100), day="2026-04-02")
    assert "At-Risk Customers most, from 1 to 3 customers (+2); 1 customer of" in words.text(changes.headline(larger))


def test_the_answer_says_it_only_where_there_is_an_earlier_run(since, words, shipped_customers):
    segments = pd.DataFrame(1.0, list(SEGMENTS), ["Customer_Share", "Revenue_Share", "Customers", "Revenue"])
    segments = segments.assign(Recency_Median=1.0, Frequency_Median=1.0, Monetary_Median=1.0)
    segments["Largest_Share"] = 0.1
    rest = [segments, LeftOut("no forecast"), None, "step.", "sure.", [], []]
    told = words.text(Answer(*rest, since, "shop.csv", None).text)
    assert "**Do first:** step.\n\n**Changed since 2026-04-01 (another season):** VIP" in told
    assert told.endswith("\n\n**How sure:** sure. ")
    assert "Changed since" not in words.text(Answer(*rest, LeftOut("no earlier run"), "shop.csv", None).text)


@pytest.mark.parametrize(
    ("keep_from", "published", "said"),
    [
        (1.0, LINE, "Both runs are placed by one model; chapter 4 says what a refit would change."),
        (0.5, HIGHER, "model: KEEP** (it agrees with a refit of today at 0.50; asked: 0.5). To obey, name its "),
        (0.5001, HIGHER, "model: REFIT**, as this run does (it agrees with a refit of today at 0.50; "),
        (0.5001, dataclasses.replace(LINE, scales=(2.0,)), "model: REFIT** (it agrees with a refit of today at 0.50; "),
    ],
)
def test_keep_or_refit_the_earlier_model_and_how_to_obey(keep_from, published, said, words, monkeypatch):
    monkeypatch.setattr(
        changes, "adjusted_rand_score", lambda *clusters: 0.5 if (clusters[0] != clusters[1]).any() else 1
    )
    now = table(400, 300, 300, 200, 155)
    assert said in words.text(changes.on_model(since_of(now), published, HIGHER, now, keep_from))


def test_a_refit_that_is_the_earlier_model_is_kept_without_more_ado(words):
    now = table(400, 300, 300, 200, 155)
    text = words.text(changes.on_model(since_of(now), LINE, LINE, now, 0.8))
    assert text == "**The earlier run's model: KEEP** (it agrees with a refit of today at 1.00; asked: 0.8)."


def test_a_model_that_is_not_the_earlier_runs_is_held_against_it(words):
    now = table(400, 300, 300, 200, 155)
    other = dataclasses.replace(LINE, centroids=((600.0,), (500.0,), (200.0,), (100.0,)))
    kept = words.text(changes.on_model(since_of(now), other, LINE, now, 0.8))
    assert kept.startswith("**The earlier run's model: KEEP** (") and kept.endswith("in `MODEL` and run again.")
    same = words.text(changes.on_model(since_of(now), other, other, now, 0.99))
    assert same.startswith("**The earlier run's model: REFIT**, as this run does (")
    third = words.text(changes.on_model(since_of(now), HIGHER, other, now, 0.99))
    assert third.startswith("**The earlier run's model: REFIT** (")  # this run does not refit


# segment_movers.csv

ACTIONS = {name: Action(name, f"goal {n}", f"do {n}; more", "", "", 0.1) for n, name in enumerate(SEGMENTS)}


def test_movers_say_from_where_to_where_for_how_much_and_what_to_do():
    before = pd.DataFrame(
        {"Cluster": [0, 0, 1, 2, 3, 2, 3, 1, 1], "Monetary": [400, 390.456, 300, 200, 100, 210, 90, 320.0, 310.0]},
        ["stays", "=gone", "@falls", "rises", "leaves", "drops", "+climbs", "falls more", "soars"],
    )
    now = pd.DataFrame({"Customer_ID": ["stays", "@falls", "rises", "drops", "+climbs", "falls more", "new", "soars"]})
    now = now.assign(Recency=1, Frequency=1, Monetary=[400, 200, 400, 100, 300, 210.129, 400.0, 405.0])
    now["Cluster"] = place(LINE, now).cluster
    found = changes.movers(since_of(now, customers=before), ACTIONS, "Back to")
    assert list(found) == ["Customer_ID", "From", "To", "Spend", "What_To_Do"]
    assert found.to_numpy().tolist() == [
        ["=gone", VIP, "Lost", 390.46, f"Back to {VIP}"],
        ["soars", LOYAL, VIP, 405.0, "goal 0: do 0"],  # a Loyalist who rises has not slipped
        ["falls more", LOYAL, PROMISING, 210.13, f"Back to {LOYAL}"],
        ["@falls", LOYAL, PROMISING, 200.0, f"Back to {LOYAL}"],
        ["rises", PROMISING, VIP, 400.0, "goal 0: do 0"],
        ["drops", PROMISING, AT_RISK, 100.0, "goal 3: do 3"],
        ["+climbs", AT_RISK, LOYAL, 300.0, "goal 1: do 1"],
        ["leaves", AT_RISK, "Lost", 100.0, "goal 3: do 3"],
    ]


def test_a_customer_who_moved_is_listed_where_todays_files_have_him(since):
    found = changes.movers(since, ACTIONS, "Back to")
    assert found["Customer_ID"].tolist() == ["b", "f"] and found["To"].tolist() == [LOYAL, "Lost"]
    now = table(390, 300, 300, 210, 100, cluster=[0, 2, 1, 3, 3])  # borders so high that b counts as Promising today
    found = changes.movers(since_of(now), ACTIONS, "Back to").set_index("Customer_ID")
    assert found.loc["b", ["From", "To"]].tolist() == [VIP, PROMISING]
    assert "d" not in found.index  # stayed by the earlier borders


def test_without_a_known_spend_the_lost_have_none():
    found = changes.movers(
        since_of(table(400, 300), LeftOut("No model"), customers=EARLIER[["Cluster"]]), ACTIONS, "Back to"
    )
    assert found.loc[found["To"] == "Lost", "Spend"].isna().all()
    assert set(found["Customer_ID"]) == {"b", "c", "d", "e", "f"}


def test_the_picture_says_whose_borders_and_both_days(since, words):
    canvas = Canvas("finding", words)
    drawn = figures.plot_since(since, canvas)
    texts = [text.get_text() for text in drawn.axes[0].texts]
    assert f"{VIP}\n2" in texts and "new\n1" in texts and "lost\n1" in texts
    assert canvas.shows == "Flows between segments from the earlier run (2026-04-01) to this one"
    assert any("by the earlier run's borders" in text.get_text() for text in drawn.texts)
    drawn = figures.plot_since(since_of(table(400, 300), LeftOut("No model")), Canvas("finding", words))
    assert any("each run by its own borders" in text.get_text() for text in drawn.texts)


# Columns of the customer file


def test_customers_learn_their_previous_segment_and_since_when_they_are_where_they_are():
    dates = pd.DatetimeIndex(["2026-01-01", "2026-04-01", "2026-07-01"])
    cluster = np.array([[2, 2, 2], [0, 0, 1], [-1, -1, 3]])
    moves = Movement(dates, pd.Index(["a", "b", "c"]), cluster, np.zeros((3, 3)))
    customers = pd.DataFrame({"Customer_ID": ["c", "b", "a", "z"], "Cluster": [3, 1, 2, 0]}, index=[5, 6, 7, 8])
    found = changes.columns_over_time(customers, moves, LeftOut("no earlier run"))
    assert found.loc[5].tolist() == ["", "2026-07-01"]  # new this quarter
    assert found.loc[6].tolist() == [VIP, "2026-07-01"]
    assert found.loc[7].tolist() == [PROMISING, "2026-01-01"]
    assert found.loc[8].tolist() == ["", ""]  # not in the log


def test_without_a_log_the_earlier_run_tells_and_without_either_there_is_no_column():
    customers = pd.DataFrame({"Customer_ID": ["a", "z"], "Cluster": [3, 1]})
    earlier = earlier_of(LeftOut("no model"), pd.DataFrame({"Cluster": [3]}, index=["a"]))
    found = changes.columns_over_time(customers, LeftOut("no log"), earlier)
    assert found.to_dict("list") == {"Previous_Segment": [AT_RISK, ""]}
    assert changes.columns_over_time(customers, LeftOut("no log"), LeftOut("no run")).columns.empty
