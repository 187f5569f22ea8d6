"""The shipped data: reproducible to the byte, consistent in itself, and as the data card says."""

import gzip
import zlib

import pandas as pd
import pytest
from decided import ROOT

from segmentation import cleaning, reading
from segmentation.vocabulary import CUSTOMER_COLUMNS, REQUIRED

DATA = ROOT / "data"


@pytest.fixture(scope="module")
def made(generator):
    """The customers and their orders before any defect."""
    return generator.make(defects=False)


def test_generator_writes_the_shipped_files_again(generator, tmp_path):
    generator.write(*generator.make(), tmp_path)
    assert (tmp_path / generator.TABLE_NAME).read_bytes() == (DATA / generator.TABLE_NAME).read_bytes()
    new, old = ((folder / generator.LOG_NAME).read_bytes() for folder in (tmp_path, DATA))
    assert gzip.decompress(new) == gzip.decompress(old)
    assert new[4:8] == b"\0\0\0\0", "the gzip header carries a time"
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # another deflate may pack the same text differently
        assert new == old


def test_another_seed_gives_other_customers(generator):
    assert not generator.make(seed=1, customers=200)[1].equals(generator.make(seed=2, customers=200)[1])


def test_table_follows_from_the_order_log(made, generator):
    log, table = made
    dates = pd.to_datetime(log["Order_Date"])
    window = log[dates >= generator.WINDOW_START].groupby("Customer_ID")
    table = table.set_index("Customer_ID")
    assert len(table) == generator.CUSTOMERS
    assert (window.size() == table["Frequency"]).all()
    assert (window["Amount"].sum() - table["Monetary"]).abs().max() < 0.006
    last = pd.to_datetime(window["Order_Date"].max())
    assert ((generator.SNAPSHOT - last).dt.days == table["Recency"]).all()
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
    assert not {"group", "appeal", "rate"} & set(table.columns), "the generator's own groups are in the table"


def test_log_holds_customers_who_lapsed_before_the_window(made):
    log, table = made
    assert log["Customer_ID"].nunique() > 1.5 * len(table)
    assert log["Order_ID"].is_unique


def test_november_and_december_stand_out(made):
    months = pd.to_datetime(made[0]["Order_Date"]).dt.month.value_counts()
    assert set(months.index[:2]) == {11, 12}


def test_ledger_finds_exactly_the_defects(generator, decisions):
    raw = reading.read_table(str(DATA / generator.TABLE_NAME), CUSTOMER_COLUMNS, REQUIRED, ids="Customer_ID")
    cleaned = cleaning.clean(raw, decisions.CONTRACT, decisions.MAX_SET_ASIDE)
    found = cleaned.ledger.set_index("Rule")["Rows"].to_dict()
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
        "Monetary is not Frequency x Avg_Order_Value": 0,
        "Returns above Frequency": put_in["Returns above Frequency"],
        "orders without spend": 0,
        "Customers segmented": 10_000,
    }  # fmt: skip


def test_data_card_counts_the_defects_put_in(generator):
    card = (DATA / "README.md").read_text(encoding="utf-8")
    for kind, number in generator.DEFECTS.items():
        assert f"| {kind} | {number} |" in card


def test_data_card_describes_every_column(generator):
    card = (DATA / "README.md").read_text(encoding="utf-8")
    columns = [*generator.make(customers=100)[1].columns, *generator.make(customers=100)[0].columns]
    segmented = pd.read_csv(DATA / "ecommerce_segmented_customers.csv", nrows=1).columns
    for name in [*columns, *segmented]:
        assert f"| `{name}` |" in card, f"{name} is not in the codebook"


def test_shares_are_the_published_ones():
    profiles = pd.read_csv(DATA / "segment_profiles.csv", index_col=0)
    published = {
        "VIP Champions": 9.7,
        "High-Value Loyalists": 21.9,
        "Promising Regulars": 10.8,
        "At-Risk Customers": 57.6,
    }
    assert list(profiles.index) == list(published)
    for name, share in published.items():
        assert abs(100 * profiles.loc[name, "Customer_Share"] - share) <= 0.3


def test_segments_are_what_their_names_say():
    profiles = pd.read_csv(DATA / "segment_profiles.csv", index_col=0)
    for middle in ("Mean", "Median"):
        assert profiles[f"Monetary_{middle}"].is_monotonic_decreasing
        assert profiles[f"Frequency_{middle}"].is_monotonic_decreasing
        assert profiles[f"Recency_{middle}"].is_monotonic_increasing
    assert profiles.loc["At-Risk Customers", "Recency_Median"] > 120
    assert profiles.loc["Promising Regulars", "Recency_Median"] < 60


def test_the_four_findings_hold_by_a_wide_margin():
    profiles = pd.read_csv(DATA / "segment_profiles.csv", index_col=0)
    customers = pd.read_csv(DATA / "ecommerce_segmented_customers.csv")
    vip = profiles.loc["VIP Champions"]
    assert vip["Revenue_Share"] > 3 * vip["Customer_Share"]
    assert profiles.loc["At-Risk Customers", "Customer_Share"] > 0.55
    assert 0.6 < customers["Engagement_Score"].corr(customers["Monetary"], method="spearman") < 0.8
    assert profiles["Cart_Abandon_Rate_Mean"].diff().dropna().gt(5).all()


def test_loyalty_tier_is_no_copy_of_spend():
    customers = pd.read_csv(DATA / "ecommerce_segmented_customers.csv")
    tier = customers["Segment_Label"].map({"Bronze": 0, "Silver": 1, "Gold": 2, "Platinum": 3})
    assert 0.4 < tier.corr(customers["Monetary"], method="spearman") < 0.9
