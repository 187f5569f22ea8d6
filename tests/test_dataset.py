"""The shipped data: reproducible to the byte, consistent in itself, as uneven as asked, and as the data card says."""

import gzip
import time
import zlib

import numpy as np
import pandas as pd
import pytest
from benchmarks import shop_facts, shop_seeds
from decided import ROOT

from segmentation import cleaning, lines, reading
from segmentation.features import engagement
from segmentation.vocabulary import RFM

DATA = ROOT / "data"


@pytest.fixture(scope="module")
def made(generator):
    """The order log and the customers before any defect."""
    return generator.make(defects=False)


@pytest.fixture(scope="module")
def orders_and_refunds(made):
    """The log without defects: (orders, refunds), dates as dates."""
    return shop_facts.sort_out(made[0].astype(str))


@pytest.fixture(scope="module")
def shipped(generator):
    """The files as they are shipped: (log, table)."""
    return shop_facts.load(DATA / generator.LOG_NAME), pd.read_csv(DATA / generator.TABLE_NAME, keep_default_na=True)


@pytest.fixture(scope="module")
def placed(shipped, decisions):
    """Customers of the shipped table with Segment_Name, and the model: the notebook's own fit."""
    table = shipped[1].fillna({"Customer_ID": ""})
    return shop_seeds.placed(table, decisions.RECIPE)


@pytest.fixture(scope="module")
def found(shipped, placed, decisions):
    """Every fact of shop_seeds.ASKED for the shipped files."""
    return shop_seeds.measure(shipped[0], *placed, decisions.ENGAGEMENT_PARTS)


def test_generator_writes_the_shipped_files_again_in_time(generator, tmp_path):
    start = time.perf_counter()
    generator.write(*generator.make(), tmp_path)
    assert time.perf_counter() - start < 30
    assert (tmp_path / generator.TABLE_NAME).read_bytes() == (DATA / generator.TABLE_NAME).read_bytes()
    new, old = ((folder / generator.LOG_NAME).read_bytes() for folder in (tmp_path, DATA))
    assert gzip.decompress(new) == gzip.decompress(old)
    assert new[4:8] == b"\0\0\0\0", "the gzip header carries a time"
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # another deflate may pack the same text differently
        assert new == old


def test_another_seed_gives_other_customers(generator):
    assert not generator.make(seed=1, customers=200)[1].equals(generator.make(seed=2, customers=200)[1])


def test_more_customers_than_candidates_are_refused(generator):
    orders = pd.DataFrame({"person": [0, 1], "day": generator.LAST_DAY - 1})
    assert len(generator.first_buyers(orders, 2)) == 2
    with pytest.raises(ValueError, match="2 candidates bought in the window, 3 are needed"):
        generator.first_buyers(orders, 3)


def test_table_follows_from_the_order_log(made, orders_and_refunds, generator):
    table = made[1].set_index("Customer_ID")
    logged = shop_facts.summarise(*orders_and_refunds, generator.SNAPSHOT, 12)
    assert len(table) == generator.CUSTOMERS
    assert set(logged.index) == set(table.index)
    assert ((logged.loc[table.index] - table[RFM]).abs().max() < 0.006).all()
    dates = orders_and_refunds[0]["Order_Date"]
    assert dates.min() >= generator.LOG_START
    assert dates.max() == generator.SNAPSHOT - pd.Timedelta(days=1)


def test_identities_of_the_columns_hold(made):
    table = made[1]
    assert ((table["Monetary"] / table["Frequency"]).round(2) == table["Avg_Order_Value"]).all()
    assert (table["Returns"] <= table["Frequency"]).all()
    assert (table["Session_Count"] >= table["Frequency"]).all()
    assert (table["Pages_Viewed"] >= table["Session_Count"]).all()
    assert table["Cart_Abandon_Rate"].between(0, 100).all()
    assert table["Customer_ID"].is_unique
    assert not {"group", "appeal", "rate", "spell"} & set(table.columns), "the generator's own groups are in the table"


def test_log_holds_customers_who_lapsed_before_the_window(made):
    log, table = made
    assert log["Customer_ID"].nunique() > 1.5 * len(table)


def test_refunds_bear_the_number_of_an_earlier_order_and_never_exceed_it(orders_and_refunds):
    orders, refunds = orders_and_refunds
    assert orders["Order_ID"].is_unique
    both = refunds.merge(orders, on=["Customer_ID", "Order_ID"], suffixes=("", "_Bought"))
    assert len(both) == len(refunds) > 300
    assert (both["Order_Date"] > both["Order_Date_Bought"]).all()
    assert (-both["Amount"] <= both["Amount_Bought"] + 0.005).all()


def test_refunds_are_among_the_returns(made, orders_and_refunds, generator):
    orders, refunds = orders_and_refunds
    window = orders.loc[orders["Order_Date"] >= generator.WINDOW_START, "Order_ID"]
    paid_back = refunds[refunds["Order_ID"].isin(window)].groupby("Customer_ID").size()
    returns = made[1].set_index("Customer_ID")["Returns"]
    assert (paid_back <= returns.reindex(paid_back.index)).all()
    assert (made[1]["Monetary"] == 0).any(), "no order was paid back in full"


def test_some_customers_order_several_times_a_day(orders_and_refunds):
    a_day = orders_and_refunds[0].groupby(["Customer_ID", "Order_Date"]).size()
    assert (a_day > 1).sum() > 300


def test_prices_rose_once(orders_and_refunds, generator):
    orders = orders_and_refunds[0]
    day, factor = generator.PRICE_RISE
    day = generator.LOG_START + pd.Timedelta(days=day)
    near = orders[(orders["Order_Date"] - day).dt.days.between(-180, 179)]
    value = np.log(near["Amount"]).groupby([near["Customer_ID"], near["Order_Date"] >= day]).agg(["mean", "size"])
    value = value.unstack().dropna()
    weight = 1 / (1 / value["size"]).sum(axis=1)
    rise = np.average(value["mean"][True] - value["mean"][False], weights=weight)
    assert factor >= 1.03
    assert abs(rise - np.log(factor)) < 0.015


def test_demand_differs_by_july_to_june_year(generator):
    draws = [generator.draw_demand(np.random.default_rng(seed)) for seed in range(60)]
    year = (generator.DAYS - pd.DateOffset(months=6)).year
    by_year = pd.DataFrame(np.log(draws).T).groupby(year)
    assert (by_year.nunique() == 1).all(axis=None), "demand changes within a year"
    assert 0.07 < by_year.first().to_numpy().std() < 0.09
    assert (draws[0] == generator.draw_demand(np.random.default_rng(0))).all()


@pytest.mark.parametrize("fact", shop_seeds.ASKED)
def test_shop_is_as_asked(found, fact):
    least, most = shop_seeds.ASKED[fact]
    assert least <= found[fact] <= most


def test_published_shares_are_the_ones_asked_for():
    assert [round(100 * share, 1) for share in shop_seeds.PUBLISHED.values()] == [9.7, 21.9, 10.8, 57.6]
    assert shop_seeds.NEAR == 0.003


def test_segments_are_what_their_names_say(placed):
    customers = placed[0]
    assert shop_seeds.deserved(customers)
    days = customers.groupby("Segment_Name", observed=False)["Recency"].median()
    assert days["At-Risk Customers"] > 120
    assert days["Promising Regulars"] < 60


def test_names_on_the_wrong_segments_are_not_deserved(placed):
    names = placed[0]["Segment_Name"]
    turned = names.cat.rename_categories(dict(zip(names.cat.categories, names.cat.categories[::-1], strict=True)))
    assert not shop_seeds.deserved(placed[0].assign(Segment_Name=turned.cat.reorder_categories(names.cat.categories)))


def test_the_four_findings_hold_by_a_wide_margin(placed, decisions):
    customers = placed[0]
    groups = customers.groupby("Segment_Name", observed=False)
    revenue = groups["Monetary"].sum() / customers["Monetary"].sum()
    assert revenue["VIP Champions"] > 3 * groups.size()["VIP Champions"] / len(customers)
    assert groups.size()["At-Risk Customers"] > 0.55 * len(customers)
    score = engagement(customers, decisions.ENGAGEMENT_PARTS)["Engagement_Score"]
    assert 0.6 < score.corr(customers["Monetary"], method="spearman") < 0.8
    assert groups["Cart_Abandon_Rate"].mean().diff().dropna().gt(3).all()


def test_loyalty_tier_is_no_copy_of_spend(made):
    tier = made[1]["Segment_Label"].map({"Bronze": 0, "Silver": 1, "Gold": 2, "Platinum": 3})
    assert 0.4 < tier.corr(made[1]["Monetary"], method="spearman") < 0.9


def test_ledger_finds_exactly_the_defects(generator, decisions):
    raw = reading.read_table(str(DATA / generator.TABLE_NAME), cleaning.CUSTOMER_FILE)
    cleaned = cleaning.clean(raw, decisions.CONTRACT, decisions.RULES.most_aside)
    found = cleaned.ledger.set_index("Rule")["Rows"].to_dict()
    unpaid = (cleaned.customers["Monetary"] == 0).sum()  # paid back in full
    put_in = generator.DEFECTS
    assert len(cleaned.customers) == generator.CUSTOMERS
    assert found == {
        "Rows read": 10_000 + put_in["exact duplicate"] + 2 * put_in["conflicting duplicate"]
        + sum(put_in[kind] for kind in generator.LOSING if kind != "conflicting duplicate"),
        "Customer_ID is blank": put_in["blank id"],
        "Recency is blank": put_in["blank Recency"],
        "Monetary is below 0": put_in["negative Monetary"],
        "spend without orders": put_in["spend without orders"],
        "rows of one id disagree": 2 * put_in["conflicting duplicate"],
        "Exact duplicate": put_in["exact duplicate"],
        "Segment_Label in odd case or spaces": put_in["ragged Segment_Label"],
        "Cart_Abandon_Rate is above 100": put_in["Cart_Abandon_Rate above 100"],
        "Avg_Session_Duration is blank": put_in["blank Avg_Session_Duration"],
        "Wishlist_Adds is blank": put_in["blank Wishlist_Adds"],
        "Cart_Abandon_Rate is blank": put_in["Cart_Abandon_Rate above 100"],
        "Monetary is not Frequency x Avg_Order_Value": put_in["spend without orders"],
        "Returns above Frequency": put_in["Returns above Frequency"],
        "orders without spend": unpaid,
        "Customers segmented": 10_000,
    }  # fmt: skip


def test_rules_of_the_log_find_exactly_the_defects(generator, decisions):
    read = lines.read_orders(str(DATA / generator.LOG_NAME), decisions.RULES.most_aside)
    put_in = generator.LOG_DEFECTS
    assert read.ledger.set_index("Rule")["Rows"].drop("Rows read").to_dict() == {
        "guests, Customer_ID is blank": put_in["guest order"],
        "Order_ID is blank": put_in["blank Order_ID"],
        "Order_Date is no date like 2026-06-30": put_in["unreadable date"],
        "Amount is no number, or too large": put_in["amount that is no number"],
        "one Order_ID under two customers": 2 * put_in["order number of two customers"],
        "rows that repeat another": put_in["repeated row"],
        "further lines of an order": put_in["further line of an order"],
        "refunds": (read.log["Amount"] < 0).sum(),
    }


def test_rows_set_aside_are_far_from_the_limit(generator, shipped, decisions):
    aside = sum(generator.LOG_DEFECTS[kind] for kind in ("guest order", "blank Order_ID", "unreadable date"))
    assert generator.LOG_DEFECTS["guest order"] < 0.005 * len(shipped[0])
    assert aside < decisions.RULES.most_aside / 10 * len(shipped[0])


def test_every_shipped_customer_agrees_with_the_shipped_log(shipped, placed, generator):
    logged = shop_facts.summarise(*shop_facts.sort_out(shipped[0]), generator.SNAPSHOT, 12)
    apart = (placed[0][RFM] - logged.reindex(placed[0].index)).abs()
    broken = placed[0]["Frequency"] == 0  # "spend without orders"
    assert broken.sum() == generator.DEFECTS["spend without orders"]
    assert (apart[~broken].max() <= [0, 0, 0.0101]).all()


def test_data_card_counts_the_defects_put_in(generator):
    card = (DATA / "README.md").read_text(encoding="utf-8")
    for kind, number in (generator.DEFECTS | generator.LOG_DEFECTS).items():
        assert f"| {kind} | {number} |" in card, kind


def test_data_card_describes_every_column(generator):
    card = (DATA / "README.md").read_text(encoding="utf-8")
    columns = [*generator.make(customers=100)[1].columns, *generator.make(customers=100)[0].columns]
    segmented = pd.read_csv(DATA / "ecommerce_segmented_customers.csv", nrows=1).columns
    for name in [*columns, *segmented]:
        assert f"| `{name}` |" in card, f"{name} is not in the codebook"


def test_data_card_says_what_came_out(found):
    card = (DATA / "README.md").read_text(encoding="utf-8")
    for fact, value in found.items():
        assert f"| {value:.3f} |" in next(line for line in card.splitlines() if line.startswith(f"| {fact} |")), fact
