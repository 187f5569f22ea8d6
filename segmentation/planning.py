"""The plan: one row per action, whom it is for, what it brings in margin over twelve months, when, and how proved."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.decisions import Action, Assumptions
from segmentation.experiments import Design, add_tests
from segmentation.groups import Measured, group_of
from segmentation.problems import LeftOut
from segmentation.vocabulary import GROUPS, OVERDUE, WIN_BACK
from segmentation.words import Sentence, sentence
from segmentation.yearly import Season, index_ahead


@dataclass(frozen=True)
class Plan:
    """What to do, for whom, in which order."""

    table: pd.DataFrame  # by group of GROUPS, the most margin first: see rows_of and experiments.add_tests; Priority
    groups: pd.Series  # group of each customer, '' where none
    late_known: bool  # whether it is known who is overdue
    actions: dict[str, Action]  # by group
    measured: Measured | LeftOut
    season: Season | LeftOut
    snapshot: pd.Timestamp | None
    assumptions: Assumptions
    design: Design

    @property
    def ranked(self) -> bool:
        """Whether anything is known to bring margin."""
        return bool(self.table["Margin"].max() > 0)

    @property
    def first(self) -> pd.Series:
        """The row that comes first; its name is the group."""
        return self.table.iloc[0]

    @property
    def rivals(self) -> pd.DataFrame:
        """The other rows whose margin is known, the next one first."""
        return self.table.iloc[1:].query("Margin > 0")

    def do(self, group: str) -> Sentence:
        """What is done, as part of a sentence."""
        return sentence("{goal} {group}", goal=self.actions[group].goal.lower(), group=group)

    def title(self, group: str) -> Sentence:
        """What is done, as a heading."""
        return sentence("{goal} {group}", goal=self.actions[group].goal, group=group)

    def when(self, group: str) -> Sentence:
        """When it starts."""
        start = self.table.loc[group, "Start"]
        return sentence("now" if pd.isna(start) else "on {start:%-d %B %Y}", start=start)


def rows_of(sizes: pd.Series, measured: Measured | LeftOut, actions: dict[str, Action]) -> pd.DataFrame:
    """By group: Segment, Goal, Customers, Success (assumed), and where it was measured the rates of groups.rates_of.

    Reached: customers expected not to be back before the action starts. Successes: Success of those of them who would
    not have it by themselves. Margin: successes times gain, with the range of both; Max_Spend: that per customer.
    """
    table = pd.DataFrame({"Customers": sizes.reindex(GROUPS, fill_value=0)}, GROUPS)
    table["Segment"] = [actions[name].segment for name in GROUPS]
    table["Goal"] = [actions[name].goal for name in GROUPS]
    table["Success"] = [actions[name].success for name in GROUPS]
    rates = ["Then", "Reached", "By_Itself", "By_Itself_Low", "By_Itself_High", "Gain", "Gain_Low", "Gain_High"]
    known = pd.DataFrame(np.nan, GROUPS, rates) if isinstance(measured, LeftOut) else measured.table[rates]
    table = table.join(known.astype(float))
    table["Reached"] = (table["Customers"] * table["Reached"]).round()
    could = table["Success"] * table["Reached"]
    table["Successes"] = could * (1 - table["By_Itself"])
    table["Margin"] = table["Successes"] * table["Gain"].clip(lower=0.0)
    table["Margin_Low"] = could * (1 - table["By_Itself_High"]) * table["Gain_Low"].clip(lower=0.0)
    table["Margin_High"] = could * (1 - table["By_Itself_Low"]) * table["Gain_High"].clip(lower=0.0)
    return table.assign(Max_Spend=(table["Margin"] / table["Customers"].clip(lower=1)).round(2))


def make_plan(
    customers: pd.DataFrame,
    measured: Measured | LeftOut,
    actions: dict[str, Action],
    assumptions: Assumptions,
    design: Design,
    snapshot: pd.Timestamp | None,
) -> Plan:
    """The plan for today's customers; actions by group; measured: see groups.measure, or left out."""
    season = measured if isinstance(measured, LeftOut) else measured.season
    people = customers
    if snapshot is not None:
        people = customers.assign(Last=snapshot - pd.to_timedelta(customers["Recency"], unit="D"))
    groups = group_of(people, assumptions.overdue_from, season)
    table = rows_of(groups[groups != ""].value_counts(), measured, actions)
    table = table.sort_values("Margin", ascending=False, kind="stable", na_position="last")
    table = add_tests(table, assumptions)
    table["Priority"] = pd.Series(range(1, len(table) + 1), table.index).where(table["Margin"] > 0)
    table["Start"] = pd.Series(pd.NaT, table.index, dtype="datetime64[ns]")
    if not isinstance(measured, LeftOut) and measured.start is not None:
        table.loc[WIN_BACK, "Start"] = measured.start
    found = table.rename_axis("Group")
    return Plan(found, groups, OVERDUE[1] in customers, actions, measured, season, snapshot, assumptions, design)


def proof(plan: Plan, group: str) -> Sentence:
    """The test that would prove an action, or that none can."""
    row = plan.table.loc[group]
    if pd.isna(row["By_Itself"]):
        return sentence("none: nothing was measured to compare with; keep the cost low")
    if pd.isna(row["Gain"]):
        few = "nearly all" if row["By_Itself"] > 0.5 else "hardly any"
        return sentence("none: {few} succeed by themselves, so what a success brings is not known", few=few)
    if not row["Control"]:
        seen = (
            "only a success of {smallest:%0} or more would show" if pd.notna(row["Smallest"]) else "nothing would show"
        )
        return sentence("no test can: " + seen + "; keep the cost low", smallest=row["Smallest"])
    start = plan.snapshot if pd.isna(row["Start"]) else row["Start"]
    return sentence(
        "the share to {counted}, against {control:#} of them who get nothing; read on {read:%-d %B %Y}",
        counted=plan.design.counted(plan.actions[group].measure),
        control=row["Control"],
        read=start + pd.Timedelta(days=plan.design.days),
    )


def tasks(plan: Plan, segment: str) -> list[Sentence]:
    """What the plan asks for a segment, shortly, in the order of the plan."""
    rows = plan.table[(plan.table["Segment"] == segment) & (plan.table["Customers"] > 0)]
    text = "{priority}{do}: {n:#} customers, {when}"
    ranks = ["" if pd.isna(row["Priority"]) else f"{row['Priority']:.0f}. " for _, row in rows.iterrows()]
    sizes = zip(rows.index, rows["Customers"], ranks, strict=True)
    return [sentence(text, priority=rank, do=plan.title(name), n=n, when=plan.when(name)) for name, n, rank in sizes]


def share_range(row: pd.Series) -> Sentence | float:
    """The share that succeeds without an action, with its range."""
    text = "{x[By_Itself]:%0} ({x[By_Itself_Low]:%0} to {x[By_Itself_High]:%0})"
    return sentence(text, x=row) if pd.notna(row["By_Itself"]) else np.nan


def margin_range(row: pd.Series) -> Sentence | float:
    """The expected margin with its range."""
    text = "{x[Margin]:$} ({x[Margin_Low]:$} to {x[Margin_High]:$})"
    return sentence(text, x=row) if pd.notna(row["Margin"]) else np.nan


def plan_table(plan: Plan) -> pd.DataFrame:
    """The plan as it is shown, an action a row; what is assumed bears an asterisk."""
    table = plan.table
    rows = [row for _, row in table.iterrows()]
    shown = pd.DataFrame({"Do": [plan.title(name) for name in table.index]})
    shown["Customers"] = table["Customers"].to_numpy()
    shown["Succeed by themselves"] = [share_range(row) for row in rows]
    shown["More by the action *"] = [sentence("{s:%0} of the others", s=row["Success"]) for row in rows]
    shown["More margin per success"] = table["Gain"].to_numpy()
    shown["Expected margin *"] = [margin_range(row) for row in rows]
    shown["At most, each *"] = table["Max_Spend"].to_numpy()
    channels = [plan.actions[name].channel.split(",")[0] for name in table.index]
    by = zip(table.index, channels, strict=True)
    shown["When, how"] = [sentence("{when}, {by}", when=plan.when(name), by=channel) for name, channel in by]
    shown["Test"] = [proof(plan, name) for name in table.index]
    return shown


def how_made(plan: Plan) -> Sentence:
    """On what the plan rests, and what is assumed in it."""
    if isinstance(plan.measured, LeftOut):
        return unranked(plan)
    text = (
        "{note} * Assumed: how many of those who would not succeed by themselves do because of the action. A success "
        "is to {orders}; of Loyalists near the line, to {vip}. It is taken to bring what those who succeeded by "
        "themselves left more than those who did not, which is the most that can be hoped; control is counted as if it "
        "got the action. Whoever spends the most per customer (all costs, discounts too) earns nothing. {unranked}"
    )
    counted = {"orders": plan.design.counted("Orders"), "vip": plan.design.counted("VIP")}
    return sentence(text, note=plan.measured.note, unranked=unranked(plan), **counted)


def with_money(plan: Plan) -> Plan | LeftOut:
    """The same, unless nothing in it is known to bring margin."""
    return plan if plan.ranked else LeftOut("the order of the actions; nothing is known to bring margin")


def with_rates(plan: Plan) -> Plan | LeftOut:
    """The same, unless no rate was measured that a test could be compared with."""
    known = plan.table["By_Itself"].notna().any()
    return plan if known else LeftOut("sizes of tests; nothing was measured to compare with")


def finding(plan: Plan) -> Sentence:
    """The first of the plan and its margin, as a figure's title."""
    text = "Expected to bring most: to {do}, {m:$} of margin over twelve months"
    return sentence(text, do=plan.do(plan.first.name), m=plan.first["Margin"])


def on_tests(plan: Plan) -> Sentence:
    """Which actions a test can prove at the success that is assumed."""
    names = plan.table.index[plan.table["Control"] > 0].tolist()
    if names:
        return sentence("A test can prove the assumed success for {n} of {all} actions: {do:&}", n=len(names),
                        all=len(plan.table), do=[plan.do(name) for name in names])  # fmt: skip
    return sentence("No test can prove the assumed success of any action: the groups are too small")


def what_would_change(plan: Plan) -> Sentence:
    """How far which assumption would have to be off for another action to come first."""
    if not plan.ranked or not len(plan.rivals):
        return sentence("")
    first = plan.first
    second = plan.rivals.iloc[0]
    falls = first["Success"] * second["Margin"] / first["Margin"]
    needed = (plan.rivals["Success"] * first["Margin"] / plan.rivals["Margin"]).sort_values()
    text = (
        "The first would change if the action made fewer than {falls:%} of the others succeed (assumed: "
        "{first[Success]:%0}; then {second} would come first)"
    )
    if needed.iloc[0] <= 1:
        text += ", or if '{rival}' won {rises:%} of the others (assumed: {rival_share:%0})"
    text += "; another margin or discount rate would not change the order"
    if second["Margin_High"] > first["Margin_Low"]:
        text += ". Within the measured ranges {second} could come first as well"
    numbers = {"falls": falls, "first": first, "second": plan.do(second.name), "rises": needed.iloc[0]}
    numbers |= {"rival": plan.do(needed.index[0]), "rival_share": plan.table.loc[needed.index[0], "Success"]}
    return sentence(text + ".", **numbers)


def unranked(plan: Plan) -> Sentence:
    """What the plan cannot rank, and why; empty where it ranks all."""
    names = plan.table.index[plan.table["Margin"].isna()].tolist()
    if not names:
        return sentence("")
    if isinstance(plan.measured, LeftOut):
        text = (
            "The plan cannot be ranked: {reason}. What an action brings was not measured, so no money is named{slips}."
        )
        slips = "" if plan.late_known else ", and who is slipping cannot be told"
        return sentence(text, reason=plan.measured.reason, slips=slips)
    text = "Not ranked, because too few were there, or nearly all did the same: {names:; }."
    return sentence(text, names=names)


def reading(plan: Plan) -> Sentence:
    """What the plan comes to: the first, its money, what is assumed in it, and what would change it."""
    if not plan.ranked:
        text = "**What this tells us.** Nothing here is known to bring margin. {unranked}"
        return sentence(text, unranked=unranked(plan))
    text = (
        "**What this tells us.** First: **{do}**, {when}: {first[Customers]:#} customers, {first[Successes]:.3g} more "
        "successes*, {first[Margin]:$} of margin over twelve months*, so at most {first[Max_Spend]:$} a customer. The "
        "whole plan: {total:$} of margin*. {change} {unranked}"
    )
    numbers = {"do": plan.do(plan.first.name), "when": plan.when(plan.first.name), "first": plan.first}
    return sentence(
        text, total=plan.table["Margin"].sum(), change=what_would_change(plan), unranked=unranked(plan), **numbers
    )


def next_step(plan: Plan) -> Sentence:
    """The first of the plan, as the headline says it; and what to do meanwhile, where the first waits for its day."""
    if not plan.ranked:
        return sentence("nothing yet. {unranked}", unranked=unranked(plan))
    first = plan.first
    text = (
        "{do}, {when}: {first[Customers]:#} customers, {first[Margin]:$} of margin over twelve months if "
        "it wins {first[Success]:%0} (assumed) of those who would otherwise not {counted}; at most "
        "{first[Max_Spend]:$} a customer. Test: {proof}."
    )
    numbers = {"do": plan.do(first.name), "when": plan.when(first.name), "first": first}
    counted = plan.design.counted(plan.actions[first.name].measure)
    return sentence(text + "{now}", counted=counted, proof=proof(plan, first.name), now=meanwhile(plan), **numbers)


def in_short(plan: Plan) -> Sentence:
    """The first of the plan, for a slide."""
    if not plan.ranked:
        return sentence("nothing yet, because nothing is known to bring margin")
    text = (
        "{do}, {when}: {x[Customers]:#} customers, {x[Margin]:$} of margin in a year if it wins {x[Success]:%0} "
        "(assumed) of those who would otherwise not {counted}, at most {x[Max_Spend]:$} each."
    )
    first = plan.first
    numbers = {"counted": plan.design.counted(plan.actions[first.name].measure), "now": meanwhile(plan)}
    return sentence(text + "{now}", do=plan.do(first.name), when=plan.when(first.name), x=first, **numbers)


def meanwhile(plan: Plan) -> Sentence:
    """What to do now, where the first of the plan waits for its day; else empty."""
    now = plan.rivals[plan.rivals["Start"].isna()]
    if pd.isna(plan.first["Start"]) or not len(now):
        return sentence("")
    text = " Until then: {do} ({x[Customers]:#} customers, {x[Margin]:$} of margin, at most {x[Max_Spend]:$} each)."
    return sentence(text, do=plan.do(now.index[0]), x=now.iloc[0])


def calendar_of(plan: Plan) -> pd.DataFrame | LeftOut:
    """The twelve months ahead: spend against an average month, and what to do in each, as it is shown."""
    if plan.snapshot is None:
        return LeftOut("a calendar needs the day of the export: set SNAPSHOT_DATE")
    index = index_ahead(plan.season, plan.snapshot)
    table = pd.DataFrame({"Spend, times an average month": index.to_numpy()}, index.index.strftime("%B %Y"))
    steps = {month: [] for month in index.index}
    for name, row in plan.table[plan.table["Customers"] > 0].iterrows():
        start = plan.snapshot if pd.isna(row["Start"]) else row["Start"]
        steps[start.to_period("M")].append(sentence("start: {do}", do=plan.do(name)))
        read = (start + pd.Timedelta(days=plan.design.days)).to_period("M")
        if row["Control"] and read in steps:
            steps[read].append(sentence("read the test: {do}", do=plan.do(name)))
    for month in index.index[3::3]:
        steps[month].append(sentence("new export, new plan"))
    table["What to do"] = [sentence("{parts:; }", parts=parts) for parts in steps.values()]
    return table.dropna(axis=1, how="all").rename_axis("Month")
