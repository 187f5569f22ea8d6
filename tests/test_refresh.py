"""Next quarter: keep the frozen model or refit, what changed since an earlier run."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from decided import ROOT

from segmentation import refresh
from segmentation.clusters import fit, place
from segmentation.movement import Movement
from segmentation.problems import InputError, LeftOut
from segmentation.published import checksum, load_model
from segmentation.vocabulary import AT_RISK, LOYAL, PROMISING, VIP

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
    dates = pd.DatetimeIndex(["2026-04-01", "2026-07-01"])
    moves = Movement(dates, pd.Index([]), *np.zeros((4, 0, 2)))
    table = refresh.compare_refits(moves, log, 12, model, decisions.RECIPE, 0.8)
    assert list(table.index) == ["2026-04-01"] and 0 < table[refresh.RAND].iloc[0] < 1
    assert table[refresh.ALONE].iloc[0] == ("KEEP" if table[refresh.RAND].iloc[0] >= 0.8 else "REFIT")
    always = refresh.compare_refits(moves, log, 12, model, decisions.RECIPE, table[refresh.RAND].iloc[0])
    assert always[refresh.ALONE].iloc[0] == "KEEP"
    assert refresh.compare_refits(moves, few, 12, model, decisions.RECIPE, 0.8).isna().all(axis=None)


def test_thirty_quiet_days_move_customers_under_the_frozen_model_and_none_under_a_refit(shipped_customers, decisions):
    frozen = fit(shipped_customers, decisions.RECIPE).model
    assert (place(frozen, shipped_customers).cluster == shipped_customers["Cluster"]).all()
    moved = refresh.moved_by_silence(shipped_customers, frozen, decisions.RECIPE)
    assert moved["frozen"] > 0.005 and moved["refitted"] == 0


# An earlier run


@pytest.fixture
def earlier_run(tmp_path, shipped_customers):
    """The shipped results, 400 customers of them, with their model beside."""
    shipped_customers.head(400).to_csv(tmp_path / "earlier.csv", index=False)
    shutil.copy(SHIPPED, tmp_path)
    return tmp_path / "earlier.csv"


def test_an_earlier_run_with_its_model_is_compared_frozen_and_refitted(earlier_run, shipped_customers, words):
    earlier = refresh.read_earlier(str(earlier_run))
    now = shipped_customers.iloc[1:401].assign(Recency=lambda table: table["Recency"] + 300)
    now = now.assign(Cluster=[3, *now["Cluster"].iloc[1:]])
    refitted = refresh.since_earlier(earlier, now, "refitted")
    assert refitted.sizes[["New", "Lost", "Present"]].tolist() == [1, 1, 399]
    assert refitted.sizes["Moved"] == (shipped_customers["Cluster"].iloc[1] != 3)
    frozen = refresh.since_earlier(earlier, now, "frozen")
    assert (
        frozen.sizes["Moved"]
        == (place(earlier.model, now.iloc[:-1]).cluster != earlier.customers["Cluster"].iloc[1:]).sum()
        > 0
    )
    text = words.text(refresh.on_earlier_model(earlier, shipped_customers, 0.8))
    assert text == "**KEEP** its model: with today's it agrees at 1.00."
    assert words.text(refresh.on_earlier_model(earlier, shipped_customers, 1.0)).startswith("**KEEP**")
    assert words.text(refresh.on_earlier_model(earlier, shipped_customers, 1.1)).startswith("**REFIT** its model")


def change_model(path, **changes):
    """Change the model beside an earlier run, and seal it again."""
    sealed = json.loads((path.parent / "segment_model.json").read_text()) | changes
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
    earlier = refresh.read_earlier(str(earlier_run))
    assert isinstance(refresh.since_earlier(earlier, shipped_customers, "frozen"), LeftOut)
    text = words.text(refresh.on_earlier_model(earlier, shipped_customers, 0.8))
    assert reason in text.replace("&#95;", "_") and text.endswith(".")
    assert refresh.since_earlier(earlier, shipped_customers.head(400), "refitted").sizes["Moved"] == 0


@pytest.mark.parametrize(("wrong", "used"), [(2, True), (3, False)])
def test_a_model_must_place_nearly_all_customers_where_their_file_has_them(earlier_run, wrong, used):
    table = pd.read_csv(earlier_run)
    table.loc[: wrong - 1, "Segment_Name"] = np.where(table["Segment_Name"][:wrong] == VIP, LOYAL, VIP)
    table.to_csv(earlier_run, index=False)
    assert isinstance(refresh.read_earlier(str(earlier_run)).model, LeftOut) != used


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
        refresh.read_earlier(str(tmp_path / "old.csv"))


# Columns of the customer file


def test_customers_learn_their_previous_segment_and_since_when_they_are_where_they_are():
    dates = pd.DatetimeIndex(["2026-01-01", "2026-04-01", "2026-07-01"])
    cluster = np.array([[2, 2, 2], [0, 0, 1], [-1, -1, 3]])
    moves = Movement(dates, pd.Index(["a", "b", "c"]), cluster, *np.zeros((3, 3, 3)))
    customers = pd.DataFrame({"Customer_ID": ["c", "b", "a", "z"], "Cluster": [3, 1, 2, 0]}, index=[5, 6, 7, 8])
    found = refresh.columns_over_time(customers, moves, LeftOut("no earlier run"))
    assert found.loc[5].tolist() == ["", "2026-07-01"]  # new this quarter
    assert found.loc[6].tolist() == [VIP, "2026-07-01"]
    assert found.loc[7].tolist() == [PROMISING, "2026-01-01"]
    assert found.loc[8].tolist() == ["", ""]  # not in the log


def test_without_a_log_the_earlier_run_tells_and_without_either_there_is_no_column():
    customers = pd.DataFrame({"Customer_ID": ["a", "z"], "Cluster": [3, 1]})
    earlier = refresh.Earlier(pd.DataFrame({"Cluster": [3]}, index=["a"]), LeftOut("no model"))
    found = refresh.columns_over_time(customers, LeftOut("no log"), earlier)
    assert found.to_dict("list") == {"Previous_Segment": [AT_RISK, ""]}
    assert refresh.columns_over_time(customers, LeftOut("no log"), LeftOut("no run")).columns.empty
