"""What has changed since an earlier run: sizes, moves, and who moved."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from segmentation.clusters import Model, place
from segmentation.decisions import Action
from segmentation.movement import ABSENT, Movement, Transition, since_when
from segmentation.previous import Earlier
from segmentation.problems import InputError, LeftOut
from segmentation.published import in_words
from segmentation.vocabulary import SEGMENTS
from segmentation.words import Sentence, sentence, written

YEAR_DAYS, SEASON_DAYS = 365.25, 31  # two days of the year so far apart at most are of the same season
NAMES = np.array([*SEGMENTS, "Lost"], dtype=object)  # by cluster; ABSENT is the last


@dataclass(frozen=True)
class Since:
    """What has changed since an earlier run."""

    earlier: Earlier
    people: pd.DataFrame  # everybody of either run by Customer_ID: Before, After (by the borders of `view`), Today (in
    # today's files), clusters or ABSENT each; Spent_Before, Spent, in the window of each run, NaN where not known
    view: str  # "frozen": After as the earlier model places them; "refitted": as today's does, so After is Today
    snapshot: pd.Timestamp | None  # of this run
    window: int | None  # of this run, in months

    @cached_property
    def moves(self) -> Transition:
        """Who moved, by the borders of the view."""
        return Transition(self.people["Before"].to_numpy(), self.people["After"].to_numpy())

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """By segment, and All: people and money then and now, more_people, more_money; moved: customers by the view."""
        then = self.earlier.profiles.set_axis(["people_then", "money_then"], axis=1)
        here = self.people[self.people["Today"] != ABSENT]
        groups = here["Spent"].groupby(here["Today"])
        now = pd.DataFrame({"people_now": groups.size(), "money_now": groups.sum()}).reindex(range(len(SEGMENTS)))
        table = then.join(now.fillna(0).set_axis(SEGMENTS))
        after = self.people["After"].to_numpy()
        table["moved"] = np.bincount(after[after != ABSENT], minlength=len(SEGMENTS))
        table.loc["All"] = table.sum(skipna=False)
        table["more_people"] = table["people_now"] - table["people_then"]
        table["more_money"] = table["money_now"] - table["money_then"]
        return table.assign(borders=table["people_now"] - table["moved"])

    @cached_property
    def listed(self) -> np.ndarray:
        """Who is in segment_movers.csv: moved, or lost, and not where he was by today's borders either."""
        return np.isin(self.moves.path, ["Up", "Down", "Lost"]) & (self.people["Today"] != self.people["Before"])

    @property
    def moved_back(self) -> int:
        """Customers who moved, but whom today's borders have where they were."""
        return int((np.isin(self.moves.path, ["Up", "Down"]) & ~self.listed).sum())

    @property
    def only_borders(self) -> int:
        """Customers who stayed, but whom today's borders have elsewhere."""
        return int(((self.moves.path == "Stayed") & (self.people["Today"] != self.people["Before"])).sum())

    @property
    def finding(self) -> Sentence:
        """How many changed segment, came and went."""
        text = "{s[Moved]:#} of {s[Present]:# customer} in both runs changed segment ({share:%}); {s[New]:#} new, "
        text += "{s[Lost]:#} lost"
        return sentence(text, s=self.moves.sizes, share=self.moves.shares["Moved"])

    @property
    def days(self) -> int | None:
        """From the earlier run to this one; None where one of them is of no known day."""
        known = self.earlier.published
        if isinstance(known, LeftOut) or known.snapshot is None or self.snapshot is None:
            return None
        return (self.snapshot - known.snapshot).days

    @property
    def order(self) -> str:
        """Where the earlier run's day lies; "earlier": of the same season; "" where a day is not known."""
        if self.days is None:
            return ""
        if self.days <= 0:
            return "a later day" if self.days else "the same day"
        apart = self.days % YEAR_DAYS
        return "earlier" if min(apart, YEAR_DAYS - apart) <= SEASON_DAYS else "another season"

    @property
    def then(self) -> str:
        """The earlier run's day in words."""
        known = self.earlier.published
        return "a day that is not known" if isinstance(known, LeftOut) else known.day

    @property
    def now(self) -> str:
        """This run's day in words."""
        return "a day that was not named" if self.snapshot is None else str(self.snapshot.date())


def compare(earlier: Earlier, customers: pd.DataFrame, snapshot: pd.Timestamp | None, window: int | None) -> Since:
    """Everybody of the earlier run and of this one. Raises InputError where they have nobody in common."""
    view = "refitted" if isinstance(earlier.model, LeftOut) else "frozen"
    today = customers["Cluster"].to_numpy()
    after = place(earlier.model, customers).cluster if view == "frozen" else today
    columns = {"After": after, "Today": today, "Spent": customers["Monetary"].to_numpy()}
    now = pd.DataFrame(columns, customers["Customer_ID"])
    then = earlier.customers.reindex(columns=["Cluster", "Monetary"]).set_axis(["Before", "Spent_Before"], axis=1)
    if not then.index.isin(now.index).any():
        found = f"none of its {len(then):,} customers is among today's"
        raise InputError(f"{earlier.name}: {found}; expected an earlier run of the same shop, with the same ids")
    people = then.join(now, how="outer").rename_axis("Customer_ID")
    whole = ["Before", "After", "Today"]
    return Since(earlier, people.assign(**people[whole].fillna(ABSENT).astype(int)), view, snapshot, window)


def doubts(since: Since) -> list[Sentence]:
    """What stands against reading the two runs as then and now."""
    known = since.earlier.published
    found, window = [], since.window if isinstance(known, LeftOut) else known.window
    if since.order == "the same day":
        found.append(sentence("both are of the same day, so other data or decisions differ, not time"))
    if since.order == "a later day":
        found.append(sentence("**the earlier run is of a later day than this one**: then and now are swapped"))
    if since.order == "another season":
        text = "the two lie in different seasons, and the calendar alone moves customers; a run of a year ago would not"
        found.append(sentence(text))
    if window != since.window:
        text = "then orders and spend were those of {then}, now of {now}, so sizes and money cannot be compared"
        found.append(sentence(text, then=in_words(window), now=in_words(since.window)))
    listed, counted = len(since.earlier.customers), since.earlier.profiles["Customers"].sum()
    if listed != counted:
        text = "its customer file holds {listed:# customer}, its profiles count {counted:#}"
        found.append(sentence(text, listed=listed, counted=counted))
    return found


def on_days(since: Since) -> Sentence:
    """From when the two runs are, and what stands against comparing them."""
    text = "**Since {name:code}:** the earlier run is of {x.then}, this one of {x.now}"
    text += ", {days:# day} later" if (since.days or 0) > 0 else ""
    text += ". Beware: {doubts:; }." if doubts(since) else "."
    return sentence(text, name=since.earlier.name, x=since, days=since.days, doubts=doubts(since))


def sizes_table(since: Since) -> pd.DataFrame:
    """Customers, revenue and their shares by segment, then and now, as they are shown."""
    table = since.sizes
    shares = table[["people_then", "people_now", "money_then", "money_now"]].div(table.loc["All"].replace(0, 1))
    table = table.join(shares.dropna(axis=1, how="all").add_prefix("share_"))
    table["up"] = np.where(table["more_money"] < 0, "-", "+")
    table["by"] = table["more_money"].abs()
    columns = {"Customers": "{people_then:#} to {people_now:#} ({more_people:+,.0f})"}
    if since.sizes["borders"].any():
        columns["Of it by new borders"] = "{borders:+,.0f}"
    columns["Share"] = "{share_people_then:%} to {share_people_now:%}"
    if table["money_then"].notna().all():
        columns["Revenue"] = "{money_then:$} to {money_now:$} ({up}{by:$})"
        columns["Share of revenue"] = "{share_money_then:%} to {share_money_now:%}"
    return written(table.rename_axis("Then to now"), columns)


def matrix(since: Since) -> pd.DataFrame:
    """Who moved from where to where, as it is shown."""
    return since.moves.matrix.rename_axis(f"{since.then} (down), {since.now} (across)")


def on_moves(since: Since) -> Sentence:
    """Who moved by which borders, and whom segment_movers.csv lists."""
    whose = "Then and now by the earlier run's borders: {finding}. "
    if since.view == "refitted":
        whose = "{why}, each by the borders of its own run: {finding}. "
    text = whose + "`segment_movers.csv` lists {listed:# customer} who moved or are lost, with what to do"
    if since.moved_back or since.only_borders:
        text += (
            ". Not listed: {x.moved_back:#} who moved, but whom today's borders have where they were, and "
            "{x.only_borders:#} who stayed, but whom today's borders have elsewhere"
        )
    known = since.earlier.published
    why = known.reason if isinstance(known, LeftOut) else ""
    return sentence(text + ".", x=since, finding=since.finding, listed=since.listed.sum(), why=why)


def on_model(since: Since, model: Model, refit: Model, customers: pd.DataFrame, keep_from: float) -> Sentence:
    """Whether the earlier run's model can be kept (model: the published one), and how; empty where it is not known."""
    kept = since.earlier.model
    if isinstance(kept, LeftOut):
        return sentence("")
    if kept == model != refit:
        return sentence("Both runs are placed by one model; chapter 4 says what a refit would change.")
    rand = adjusted_rand_score(place(kept, customers).cluster, place(refit, customers).cluster)
    word = "KEEP" if rand >= keep_from else "REFIT"
    text = "**The earlier run's model: {word}**"
    text += ", as this run does" if word == "REFIT" and model == refit else ""
    text += " (it agrees with a refit of today at {rand:.2f}; asked: {keep_from})."
    if word == "KEEP" and kept != model:
        text += " To obey, name its `segment_model.json` in `MODEL` and run again."
    return sentence(text, word=word, rand=rand, keep_from=keep_from)


def headline(since: Since) -> Sentence:
    """What has changed since the earlier run, in one sentence: the largest change of size, and who slipped."""
    sizes = since.sizes.drop("All")
    name = sizes["more_people"].abs().idxmax()
    row, slipped = sizes.loc[name], since.moves.slipped
    text = "**Changed since {x.then}{odd}:** no segment's size; "
    if row["more_people"]:
        borders = ", of it {row[borders]:+,.0f} by new borders" if row["borders"] else ""
        text = (
            "**Changed since {x.then}{odd}:** {name} most, from {row[people_then]:#} to {row[people_now]:#} customers "
        )
        text += "({row[more_people]:+,.0f}" + borders + "); "
    spend = since.people["Spent_Before"][slipped].sum()
    text += "{n:# customer} of {best:&} slipped or stopped ordering"
    text += ", by the borders of then" if since.view == "frozen" and sizes["borders"].any() else ""
    text += " (they had spent {spend:$})." if spend > 0 else "."
    odd = f" ({since.order})" if since.order not in ("earlier", "") else ""
    return sentence(text, x=since, odd=odd, name=name, row=row, n=slipped.sum(), best=SEGMENTS[:2], spend=spend)


def movers(since: Since, actions: dict[str, Action], slipped: str) -> pd.DataFrame:
    """segment_movers.csv: Customer_ID, From, To, Spend (of the lost: then), What_To_Do.

    `slipped`: what is done for who left one of the two best segments, before its name; others get the action of the
    segment where they are today, the lost that of the last one.
    """
    listed = since.people[since.listed].reset_index()
    before, today = listed["Before"].to_numpy(), listed["Today"].to_numpy()
    steps = np.array([*(actions[name].first for name in (*SEGMENTS, SEGMENTS[-1]))], dtype=object)
    lower = (before < 2) & ((today > before) | (today == ABSENT))
    table = pd.DataFrame({"Customer_ID": listed["Customer_ID"], "From": NAMES[before], "To": NAMES[today]})
    table["Spend"] = listed["Spent"].fillna(listed["Spent_Before"]).round(2)
    table["What_To_Do"] = np.where(lower, f"{slipped} " + table["From"], steps[today])
    order = table.assign(before=before, to=today % len(NAMES), spend=-table["Spend"])
    order = order.sort_values(["before", "to", "spend", "Customer_ID"], kind="stable")
    return table.loc[order.index].reset_index(drop=True)


def columns_over_time(customers: pd.DataFrame, moves: Movement | LeftOut, earlier: Earlier | LeftOut) -> pd.DataFrame:
    """Previous_Segment and Segment_Since, as far as order log or earlier run tell; blank for who was not there."""
    names = np.array([*SEGMENTS, ""], dtype=object)
    if not isinstance(moves, LeftOut):
        row = moves.ids.get_indexer(customers["Customer_ID"])
        since = moves.dates.strftime("%Y-%m-%d")[since_when(moves.cluster[row], customers["Cluster"].to_numpy())]
        columns = {"Previous_Segment": names[moves.cluster[row, -2]], "Segment_Since": since}
        return pd.DataFrame(columns, customers.index).where(pd.Series(row >= 0, customers.index), "")
    if isinstance(earlier, LeftOut):
        return pd.DataFrame(index=customers.index)
    before = earlier.customers["Cluster"].reindex(customers["Customer_ID"], fill_value=ABSENT)
    return pd.DataFrame({"Previous_Segment": names[before]}, customers.index)
