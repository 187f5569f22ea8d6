"""A real mailing read by the project's read-out: python tests/real/campaigns.py [CAMPAIGN, 1 to 23 or 27; default: 13]

Complete Journey says which households got which of 27 campaigns, not why. Whoever was mailed was chosen, not drawn by
lot, and there is no control; so households that were not mailed stand in for one, and the read-out has to notice. Its
check of sizes refuses 22 of the 24 campaigns that begin inside the log. It cannot see a choice among the 12 or 13
households of campaigns 1 and 3, but these are too few, and it says so: whether a lot was drawn, only the sender knows.
"""

import argparse

import pandas as pd
import shops  # first: it says where the project lies
from decided import read_decisions
from second_look import spend_of

from segmentation import arms, clusters, orders
from segmentation.problems import InputError
from segmentation.vocabulary import SEGMENTS
from segmentation.words import percent

JOURNEY = shops.SHOPS[1]


def households(log: pd.DataFrame, campaign: int, start: pd.Timestamp, recipe) -> pd.DataFrame:
    """The plan: households known before the start, in that day's segments; mailed are treatment, others control."""
    known = orders.rfm_from_orders(log, start, None).sort_index()
    cluster = clusters.place(clusters.fit(known, recipe).model, known).cluster
    campaigns = shops.journey("campaigns")
    mailed = campaigns.loc[campaigns["campaign_id"] == campaign, "household_id"].astype(str)
    plan = pd.DataFrame({"Customer_ID": known.index, "Group": [SEGMENTS[number] for number in cluster]})
    return plan.assign(Arm=plan["Customer_ID"].isin(mailed).map({True: "treatment", False: "control"}))


def outcomes(log: pd.DataFrame, plan: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """What each household of the plan spent from start to end, 0 included."""
    spent = spend_of(log, start, end + pd.Timedelta(days=1)).reindex(plan["Customer_ID"], fill_value=0.0)
    return pd.DataFrame({"Customer_ID": plan["Customer_ID"], "Value": spent.to_numpy(), "Date": start})


def apart(plan: pd.DataFrame, found: pd.DataFrame) -> pd.Series:
    """How much more the mailed spent than those who were not, by segment and for all, as it is naively read."""
    joined = found.merge(plan, on="Customer_ID")
    by_segment = joined.groupby(["Group", "Arm"])["Value"].mean().unstack()
    by_segment.loc[arms.POOLED] = joined.groupby("Arm")["Value"].mean()
    return by_segment["treatment"] / by_segment["control"] - 1


def answer(log: pd.DataFrame, plan: pd.DataFrame, dates: tuple, decisions) -> str:
    """The read-out's table, or its refusal."""
    share = (plan["Arm"] == "control").mean()  # none was drawn: the one that happened
    try:
        found = outcomes(log, plan, *dates)
        alpha = decisions.ASSUMPTIONS.alpha
        return arms.read_out(plan, found, dates[0], decisions.DESIGN, alpha, share).round(3).to_string()
    except InputError as refusal:
        return f"refused: {refusal}"


def read(campaign: int) -> list[str]:
    """What the campaign's read-out says, and what it does and does not show."""
    decisions, log = read_decisions(), JOURNEY.log()
    dates = shops.journey("campaign_descriptions").astype({"campaign_id": int}).set_index("campaign_id").loc[campaign]
    start, end = dates["start_date"], dates["end_date"]
    plan = households(log, campaign, start, decisions.RECIPE)
    mailed = (plan["Arm"] == "treatment").groupby(plan["Group"]).mean().reindex(SEGMENTS)
    during = apart(plan, outcomes(log, plan, start, end))
    earlier = start - (end - start) - pd.Timedelta(days=1)
    before = apart(plan, outcomes(log, plan, earlier, start - pd.Timedelta(days=1)))
    table = pd.DataFrame({"Mailed": mailed, "More spend, before": before, "during": during})
    redeemed = shops.journey("coupon_redemptions").astype({"campaign_id": int}).query("campaign_id == @campaign")
    return [
        f"Campaign {campaign}, {start.date()} to {end.date()}: {(plan['Arm'] == 'treatment').sum():,} of {len(plan):,} "
        f"households known before it were mailed; {redeemed['household_id'].nunique():,} redeemed a coupon.",
        f"read_out: {answer(log, plan, (start, end), decisions)}",
        table.map(lambda share: percent(share) if pd.notna(share) else "-").to_string(),
        f"What it shows: who was mailed, and that they spent {percent(during.iloc[-1])} more than the others while it "
        f"ran - and {percent(before.iloc[-1])} more in as many days before it, when they had received nothing of it.",
        "What it does not show: an effect of the mailing. Households were chosen by what they buy, other campaigns ran "
        "beside it, and no lot left anybody out; only a control group that is drawn before mailing could show one.",
    ]


def main() -> None:
    """Print the reading of the campaign named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("campaign", nargs="?", type=int, default=13, choices=[*range(1, 24), 27])
    asked = parser.parse_args()
    print(shops.absent() or "\n\n".join(read(asked.campaign)))


if __name__ == "__main__":
    main()
