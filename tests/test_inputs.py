"""Which files a run starts from: never another shop's; customers from orders; too little to go on is said."""

import dataclasses

import pandas as pd
import pytest

from segmentation import inputs
from segmentation.inputs import SHIPPED_CUSTOMERS, SHIPPED_ORDERS, files_named, kind_of, read_shop, too_little
from segmentation.orders import rfm_from_orders
from segmentation.problems import InputError, LeftOut


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shop):
    """A small shop's orders and customers as files."""
    path = tmp_path_factory.mktemp("shop")
    shop[0].to_csv(path / "orders.csv.gz", index=False)
    shop[1].to_csv(path / "customers.csv", index=False)
    return path


def read(decisions, customers, orders, months=12, given=None, **rules):
    files = tuple(str(path) if path else None for path in (customers, orders))
    return read_shop(files, given or {}, None, months, dataclasses.replace(decisions.RULES, **rules))


@pytest.mark.parametrize(
    ("customers", "orders", "expected"),
    [
        (SHIPPED_CUSTOMERS, SHIPPED_ORDERS, (SHIPPED_CUSTOMERS, SHIPPED_ORDERS)),
        (SHIPPED_CUSTOMERS, None, (SHIPPED_CUSTOMERS, None)),
        (SHIPPED_CUSTOMERS, "mine.csv", (None, "mine.csv")),
        ("mine.csv", SHIPPED_ORDERS, ("mine.csv", None)),
        ("mine.csv", "log.csv", ("mine.csv", "log.csv")),
        (None, "log.csv", (None, "log.csv")),
    ],
)
def test_a_shipped_file_never_stands_in_for_one_that_was_not_named(customers, orders, expected):
    assert files_named(customers, orders) == expected


def test_no_file_at_all_stops(decisions):
    with pytest.raises(InputError, match="both None; expected at least one file"):
        read(decisions, None, None)


def test_a_named_log_that_is_not_there_stops(decisions, folder):
    with pytest.raises(InputError, match=r"nowhere\.csv: does not exist"):
        read(decisions, folder / "customers.csv", folder / "nowhere.csv")


def test_a_file_is_known_by_its_header(folder, tmp_path):
    assert kind_of(str(folder / "orders.csv.gz"), {}) == "orders"
    assert kind_of(str(folder / "customers.csv"), {}) == "customers"
    (tmp_path / "neither.csv").write_text("Customer_ID,Recency,Frequency\na,1,2\n")
    with pytest.raises(InputError, match=r"neither\.csv: no column Monetary"):
        kind_of(str(tmp_path / "neither.csv"), {})
    (tmp_path / "theirs.csv").write_text("Who,Recency,Frequency,Monetary\na,1,2,3\n")
    assert kind_of(str(tmp_path / "theirs.csv"), {"Who": "Customer_ID"}) == "customers"


def test_customers_are_made_from_orders_alone(decisions, folder, shop):
    found = read(decisions, None, folder / "orders.csv.gz")
    assert found.orders_only and not isinstance(found.log, LeftOut)
    expected = rfm_from_orders(found.log, found.snapshot, 12)
    customers = found.cleaned.customers.set_index("Customer_ID")[["Recency", "Frequency", "Monetary"]]
    pd.testing.assert_frame_equal(customers, expected.astype(float), check_names=False, check_dtype=False)
    table = shop[1].set_index("Customer_ID").loc[customers.index]
    assert (table["Frequency"] == customers["Frequency"]).all()


def test_both_files_are_used_together_where_they_agree(decisions, folder, words):
    found = read(decisions, folder / "customers.csv", folder / "orders.csv.gz")
    assert not found.orders_only and "so it is used" in words.text(found.story)
    alone = read(decisions, folder / "customers.csv", None)
    assert isinstance(alone.log, LeftOut)


# Too little to go on


def told(words, shop, months, decisions):
    return [words.text(problem) for problem in too_little(shop, months, decisions.RULES)]


def test_a_shop_of_its_kind_has_enough(decisions, folder, words):
    assert told(words, read(decisions, None, folder / "orders.csv.gz"), 12, decisions) == []


@pytest.mark.parametrize(("once", "said"), [(90, True), (89, False)])
def test_one_time_buyers_are_just_too_many_and_just_not(decisions, folder, words, once, said):
    shop = read(decisions, folder / "customers.csv", None)
    orders = [1.0] * once + [2.0] * (100 - once)
    customers = shop.cleaned.customers.head(100).assign(Frequency=orders)
    shop = dataclasses.replace(shop, cleaned=dataclasses.replace(shop.cleaned, customers=customers))
    assert any("ordered at most once" in text for text in told(words, shop, 12, decisions)) == said


@pytest.mark.parametrize(("days", "said"), [(182, True), (184, False)])
def test_six_months_of_history_are_just_there_and_just_not(decisions, folder, words, days, said):
    shop = read(decisions, None, folder / "orders.csv.gz")
    log = shop.log[shop.log["Order_Date"] >= shop.snapshot - pd.Timedelta(days=days)]
    log = pd.concat([log, log.head(1).assign(Order_Date=shop.snapshot - pd.Timedelta(days=days))])
    shop = dataclasses.replace(shop, log=log)
    assert any("the orders cover" in text for text in told(words, shop, 12, decisions)) == said


@pytest.mark.parametrize(("old", "said"), [(11, True), (10, False)])
def test_lifetime_totals_are_noticed_and_only_in_a_window(decisions, folder, words, old, said):
    shop = read(decisions, folder / "customers.csv", None)
    customers = shop.cleaned.customers.head(100).assign(Recency=[400.0] * old + [10.0] * (100 - old))
    shop = dataclasses.replace(shop, cleaned=dataclasses.replace(shop.cleaned, customers=customers))
    assert any("those of a lifetime" in text for text in told(words, shop, 12, decisions)) == said
    assert not any("those of a lifetime" in text for text in told(words, shop, None, decisions))


def test_the_warning_is_silent_where_there_is_nothing_to_say(words):
    assert words.text(inputs.warning([])) == ""
