"""The first screen, the tables to work with and the words of the two tools, from the record of the answer."""

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from segmentation.clusters import BOUNDARY
from segmentation.placing import MAX_ORDERS
from segmentation.report import markup
from segmentation.report.tables import Table, download
from segmentation.words import Words, percent

LONGEST = 200  # characters of a warning that leave room for the segments on the first screen


@dataclass(frozen=True)
class Card:
    """A segment on the first screen."""

    name: str
    number: int  # 1 to 4: its colour
    size: str
    range: str  # of its share over other days; empty where not known
    shares: list[tuple[str, str, float]]  # (of what, in words, per cent)
    typical: str
    todo: str
    changed: str  # empty where there is no earlier run


@dataclass(frozen=True)
class Screen:
    """What stands before the chapters."""

    facts: list[str]
    warnings: list[tuple[Markup, Markup]]  # (what is seen at once, the rest of a long one)
    step: Markup
    sure: Markup
    changed: Markup | None
    cards: list[Card]
    segments: Table
    plan: Table
    ranked: bool  # whether anything is known to bring margin
    downloads: dict[str, str]  # file: address
    margin: str
    names: list[str]
    chances: list[tuple[str, str]]  # by priority: group, per cent of the others that the action wins


def screen(record: dict) -> Screen:
    """The first screen of a record (see headline.record)."""
    words = Words(record["currency"])
    facts = [record["source"], record["day"]]
    facts += [words.text("{n:# customer}", n=record["customers"]), words.money(record["revenue"]) + " of revenue"]
    segments, plan = pd.DataFrame(record["segments"]), pd.DataFrame(record["plan"])
    known = [name for name in segments if segments[name].notna().any()]
    return Screen(
        facts=[markup.plain(fact) for fact in facts],
        warnings=[shortened(text) for text in record["warnings"]],
        step=markup.inline(capital(record["step"])),
        sure=markup.inline(capital(record["sure"])),
        changed=record["changed"] and markup.inline(record["changed"]),
        cards=[card(number, row, words) for number, row in enumerate(record["segments"], start=1)],
        segments=segment_table(record["segments"], words),
        plan=plan_table(record["plan"], words),
        ranked=any(row["margin"] for row in record["plan"]),
        downloads={
            "segments.csv": download(segments[known].round(6)),
            "plan.csv": download(plan.dropna(axis=1, how="all").round(6)),
        },
        margin=f"{100 * record['margin']:g}",
        names=[row["name"] for row in record["segments"]],
        chances=[(row["group"], f"{100 * row['share']:.4g}") for row in record["plan"]],
    )


def shortened(warning: str) -> tuple[Markup, Markup]:
    """A warning, of a long one its first part; and its other parts."""
    head, _, rest = warning.partition("; ") if len(warning) > LONGEST else (warning, "", "")
    return markup.inline(head), markup.inline(rest)


def capital(text: str) -> str:
    """A sentence with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def card(number: int, row: dict, words: Words) -> Card:
    """One segment's card."""
    shares = {"of customers": row["customer_share"], "of revenue": row["revenue_share"]}
    if row["ahead_share"] is not None:
        shares["of margin ahead"] = row["ahead_share"]
    typical = words.text("{orders:# order}, {spend:$}, last order {days:# day} ago", **row)
    typical += f"; {words.money(row['ahead'])} of margin ahead" if row["ahead"] is not None else ""
    changed = ""
    if row["customers_then"] is not None:
        more = row["customers"] - row["customers_then"]
        changed = f"{more:+,.0f} customers since {row['then']}" if more else f"as many customers as on {row['then']}"
    return Card(
        name=row["name"],
        number=number,
        size=words.text("{n:# customer}", n=row["customers"]),
        range=markup.plain(row["range"].strip("()")),
        shares=[(of, markup.plain(percent(share)), round(100 * share, 1)) for of, share in shares.items()],
        typical=typical,
        todo=row["todo"],
        changed=changed,
    )


def segment_table(rows: list[dict], words: Words) -> Table:
    """The segments as a table."""
    columns = {
        "Segment": ("name", "plain"),
        "Customers": ("customers", "#"),
        "Share of customers": ("customer_share", "%"),
        "Revenue": ("revenue", "$"),
        "Share of revenue": ("revenue_share", "%"),
        "Share of margin ahead": ("ahead_share", "%"),
        "Orders": ("orders", "#"),
        "Spend": ("spend", "$"),
        "Days since last order": ("days", "#"),
        "Margin ahead, each": ("ahead", "$"),
    }
    return _table(columns, rows, words)


def plan_table(rows: list[dict], words: Words) -> Table:
    """What to do, in its order."""
    told = [row | {"what": f"{row['goal']}: {row['what']}"} for row in rows]
    told = [row | {"priority": n if row["margin"] else None} for n, row in enumerate(told, start=1)]
    columns = {
        "For": ("group", "plain"),
        "Priority": ("priority", "#"),
        "What to do": ("what", "plain"),
        "When": ("when", "plain"),
        "Customers": ("customers", "#"),
        "Expected margin": ("margin", "$"),
        "At most, each": ("most", "$"),
        "Test": ("test", "plain"),
    }
    return _table(columns, told, words)


def _table(columns: dict, rows: list[dict], words: Words) -> Table:
    """A Table of the columns (head: (key, how it is written)) that are known for some row."""
    shown = {head: part for head, part in columns.items() if any(row[part[0]] is not None for row in rows)}
    texts = [[_cell(row[key], spec, words) for key, spec in shown.values()] for row in rows]
    return Table([*shown], texts, [spec != "plain" for _, spec in shown.values()])


def _cell(value, spec: str, words: Words) -> str:
    """A value as it is written; a dash where there is none."""
    return "-" if value is None else str(value) if spec == "plain" else words.format_field(value, spec)


def units(record: dict) -> dict:
    """What the tools need to speak as the notebook does."""
    return {"currency": record["currency"], "boundary": BOUNDARY, "mostOrders": MAX_ORDERS, "margin": record["margin"]}
