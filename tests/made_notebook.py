"""A small executed notebook made in this process: every warning, labels that mean harm, drawings, tags."""

import base64
import json
from types import SimpleNamespace
from unittest.mock import patch

import nbformat
import numpy as np
import pandas as pd

from segmentation import figures, headline, planning
from segmentation.experiments import add_tests
from segmentation.problems import LeftOut
from segmentation.show import Page
from segmentation.vocabulary import DEVELOP, GROUPS, GROW, KEEP_VIP, SEGMENTS
from segmentation.words import sentence, short

TAG, SCRIPT, FORMULA, TURNED = "<b>bold</b>", "</script><script>alert(1)</script>", "=1+1", "\u202eabc"
LONG = "x" * 300
LABELS = [TAG, SCRIPT, FORMULA, TURNED, LONG, 'a" onload="alert(2)', "{{ 7 * 7 }}", "שלום"]
MODEL = {
    "features": ["Recency", "Frequency", "Monetary"],
    "segments": list(SEGMENTS),
    "caps": [300.0, 20.0, 2000.0],
    "means": [100.0, 5.0, 400.0],
    "scales": [100.0, 5.0, 500.0],
    "centroids": [[-1.0, 2.0, 2.0], [-1.0, 1.0, 1.0], [-1.0, -0.5, -0.5], [1.0, -0.5, -0.5]],
    "window_months": 12,
}


def profiles() -> pd.DataFrame:
    """Four segments as profiles.describe has them, as far as the answer needs it."""
    return pd.DataFrame(
        {
            "Customers": [10, 20, 30, 40],
            "Customer_Share": [0.1, 0.2, 0.3, 0.4],
            "Revenue": [5000.0, 3000.0, 1500.0, 500.0],
            "Revenue_Share": [0.5, 0.3, 0.15, 0.05],
            "Recency_Median": [5.0, 20.0, 38.5, 200.0],
            "Frequency_Median": [20.0, 9.0, 3.0, 1.0],
            "Monetary_Median": [500.0, 150.0, 50.0, 12.5],
            "Largest_Share": 0.1,
        },
        index=pd.Index(SEGMENTS, name="Segment_Name"),
    )


RATES = {  # by group: share that succeeds by itself, margin of a success; the last two were not measured
    KEEP_VIP: (0.5, 40.0),
    GROW: (0.2, 30.0),
    DEVELOP: (0.1, 20.0),
}


def plan_of(decisions, day: pd.Timestamp | None) -> planning.Plan:
    """A plan of ten customers a group."""
    columns = ["Then", "Reached", "By_Itself", "By_Itself_Low", "By_Itself_High", "Gain", "Gain_Low", "Gain_High"]
    rates = pd.DataFrame(np.nan, GROUPS, columns)
    for name, (share, gain) in RATES.items():
        rates.loc[name] = [500, 1.0, share, 0.9 * share, 1.1 * share, gain, 0.9 * gain, 1.1 * gain]
    table = planning.rows_of(pd.Series(10, GROUPS), SimpleNamespace(table=rates), decisions.ACTIONS)
    table = add_tests(table.sort_values("Margin", ascending=False, na_position="last"), decisions.ASSUMPTIONS)
    table = table.assign(Start=pd.NaT, Priority=[1.0, 2.0, 3.0, np.nan, np.nan])
    rest = [LeftOut("not measured"), LeftOut("no season"), day, decisions.ASSUMPTIONS, decisions.DESIGN]
    return planning.Plan(table, pd.Series(dtype=object), True, decisions.ACTIONS, *rest)


def answer_of(decisions, source: str = "shop.csv", warned: bool = True, day: str | None = "2026-07-01"):
    """An answer on these segments, with or without every warning."""
    snapshot = pd.Timestamp(day) if day else None
    weak = [sentence("{once:%} of customers ordered at most once", once=0.93)] * warned
    return headline.Answer(
        profiles(),
        LeftOut("no orders"),
        plan_of(decisions, snapshot),
        step=sentence("keep {vip}.", vip=SEGMENTS[0]),
        sure=sentence("{met:n} of 7 criteria are met.", met=5),
        weak=weak,
        doubts=["Promising Regulars spend nearly as much as High-Value Loyalists"] * warned,
        since=LeftOut("no earlier run"),
        source=source,
        snapshot=snapshot,
    )


def plot_labels(labels: list[str], canvas):
    """A bar for each label."""
    fig, ax = canvas.axes("Bars of labels that came with the data", "A bar for each label", 2.0)
    ax.barh([short(label) for label in labels], range(1, len(labels) + 1))
    canvas.money(ax.xaxis)
    return fig


def plot_panels(sizes: list[int], canvas):
    """The same bars twice."""
    drawn = "Left: bars. Right: the same bars"
    fig, axes = canvas.axes("Bars of made-up numbers, twice", drawn, 2.0, ncols=2)
    for ax in axes:
        ax.bar(range(len(sizes)), sizes, color="white", edgecolor="#17616f", hatch="....")
        ax.set(title="Made-up numbers", xlabel="Number")
    return fig


def shown(step) -> list:
    """What a step shows, as outputs of a cell."""
    outputs = []

    def display(found, raw=False, metadata=None):
        data = dict(found) if raw else {"text/markdown": found.data}
        if "image/png" in data:
            data["image/png"] = base64.b64encode(data["image/png"]).decode()
        outputs.append(nbformat.v4.new_output("display_data", data=data, metadata=metadata or {}))

    with patch("segmentation.show.display", display):
        step()
    return outputs


def make(folder, decisions, answer=None):
    """The notebook, as executed, and the folder of its drawings."""
    drawings = folder / "drawings"
    drawings.mkdir()
    page = Page("$")
    page.drawings = drawings
    (page.data / "segment_model.json").write_text(json.dumps(MODEL), encoding="utf-8")
    answer = answer or answer_of(decisions, source=f"{TAG}.csv")
    cells = []

    def text(source, *tags):
        cells.append(nbformat.v4.new_markdown_cell(source, id=f"c{len(cells)}", metadata={"tags": list(tags)}))

    def code(step, *tags):
        cell = nbformat.v4.new_code_cell("hidden = 1", id=f"c{len(cells)}", metadata={"tags": list(tags)})
        cell.outputs = shown(step)
        cells.append(cell)

    labels = pd.DataFrame({"Label": LABELS, "Customers": range(len(LABELS)), "Share": 0.125})
    text("# Who are our customers?\n\nAn introduction.\n\nThe shop is made up.")
    text("## Parameters\n\nSecret parameters.", "report-skip")
    code(lambda: page.say("a skipped result"))
    text("## 1 First\n\n**Which question?** It is asked.\n\nThe method, told at length.")
    code(lambda: page.table(labels, {"Customers": "#", "Share": "%"}))
    code(lambda: page.figure(plot_panels, [3, 1, 2], "panels", "Numbers rise"))
    more = " (interval {low:.2f})"
    code(lambda: page.figure(plot_labels, [TAG, SCRIPT, LONG], "labels", "Labels differ", more=more, low=0.5))
    code(lambda: page.say("**What this tells us.** A lead with {share:%}.", share=0.5))
    text("### Deep\n\nFor those who doubt.", "appendix")
    code(lambda: page.say("A doubt is answered."))
    text("## 2 Second\n\nWhat else?")
    code(lambda: page.say("> **Warning.** Take care."))
    code(lambda: page.say("On demand only."), "report-details")
    text("## A Proof\n\nIs it true?\n\nIt is.", "appendix")
    code(lambda: page.say("A proof stands here."))
    told = []
    place = SimpleNamespace(update=lambda data, **_: told.append(data))
    shown(lambda: page.figure(figures.plot_overview, answer.segments, "overview", "All in one"))
    page.save(figures.plot_summary(answer, page.words), "summary", dpi=150)
    page.answer(SimpleNamespace(text=place, picture=place), answer, "overview")
    page.stage.cleanup()
    first = nbformat.v4.new_code_cell("top", id="answer")
    first.outputs = [nbformat.v4.new_output("display_data", data=told[0])]
    return nbformat.v4.new_notebook(cells=[cells[0], first, *cells[1:]]), drawings
