"""The report: what goes into it and what cannot, as a file and as a browser shows it."""

import base64
import hashlib
import io
import itertools
import json
import re

import made_notebook
import nbformat
import numpy as np
import pandas as pd
import pytest
from browser import Browser
from decided import ROOT
from made_notebook import LABELS, MODEL

from segmentation import clusters, placing, report
from segmentation.clusters import Model
from segmentation.problems import InputError
from segmentation.report import drawings, first, markup, story, tables
from segmentation.vocabulary import GROUPS, RFM, SEGMENTS

WIDTHS = (1280, 820, 390)
LARGEST = 2_500_000  # bytes
SMALLEST_TEXT = 9  # pixels, on a phone


@pytest.fixture(scope="module")
def shipped(tmp_path_factory, notebook):
    """The report of the shipped shop, from the committed notebook."""
    path = tmp_path_factory.mktemp("shipped") / "report.html"
    report.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory, decisions):
    """(path, notebook) of a report with every warning, hostile labels and drawings."""
    folder = tmp_path_factory.mktemp("made")
    notebook, drawn = made_notebook.make(folder, decisions)
    report.write(notebook, folder / "report.html", drawn)
    return folder / "report.html", notebook


@pytest.fixture(scope="module")
def browser():
    """One browser for all questions."""
    opened = Browser()
    yield opened
    opened.close()


@pytest.fixture(params=["shipped", "made"])
def page(request):
    """Either report."""
    found = request.getfixturevalue(request.param)
    return found if request.param == "shipped" else found[0]


def text_of(path) -> str:
    """The file."""
    return path.read_text(encoding="utf-8")


def test_one_file_that_needs_no_network_and_lets_nothing_in(page):
    text = text_of(page)
    assert len(text.encode()) < LARGEST
    assert not re.search(r'(?:src|href|action)="(?!data:|#)', text)
    assert "http://" not in text and "https://" not in text and "@import" not in text and "url(http" not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    for tag in ("style", "script"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_no_leftovers_of_the_notebook(shipped):
    text = text_of(shipped)
    for word in ("Traceback", "input_area", "files written", "The answer appears here", "run all cells to", ">None<"):
        assert word not in text
    assert not re.search(r"<(?:p|li|td|th|h\d)[^>]*>[^<]*\b(?:nan|NaN|inf)\b", text)


def test_first_screen_says_what_the_files_of_the_run_say(shipped, words):
    profiles = pd.read_csv(ROOT / "data" / "segment_profiles.csv").set_index("Segment_Name")
    cards = re.search(r'<ul class="segments">(.*?)</ul>', text_of(shipped), re.S)[1].split("<li ")[1:]
    assert len(cards) == 4
    total = profiles["CLV_12M_Total"].sum()
    for card, (name, row) in zip(cards, profiles.iterrows(), strict=True):
        shares = {"a": row["Customer_Share"], "b": row["Revenue_Share"], "c": row["CLV_12M_Total"] / total}
        for share in shares.values():
            assert markup.together(words.text("{x:%}", x=share)) in card, name
        assert name in card and words.text("{n:# customer}", n=row["Customers"]) in card


def test_every_sentence_of_the_page_stands_in_the_notebook(shipped, notebook):
    def letters(text):
        return re.sub(r"[\W_]+", "", re.sub(r"<[^>]+>|&#?\w+;", "", text))

    said = letters(
        "".join(
            output.data.get("text/markdown", "") + output.data.get("text/html", "")
            for cell in notebook.cells
            for output in cell.get("outputs", [])
            if "data" in output
        )
        + "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    )
    shown = re.search(r'<section class="part level2" aria-labelledby="\d.*</main>', text_of(shipped), re.S)[0]
    sentences = [letters(part) for part in re.findall(r"<p>(.*?)</p>|<bdi>(.*?)</bdi>", shown, re.S) for part in part]
    sentences = [part for part in sentences if len(part) > 20]
    assert len(sentences) > 50
    assert [part for part in sentences if part not in said] == []


def test_tags_say_what_goes_where(made):
    told = story.read(made[1], None)
    assert told.title == "Who are our customers?" and "The shop is made up" in told.about
    assert [section.title for section in told.sections] == ["1 First", "2 Second"]
    assert [section.title for section in told.appendix] == ["Deep", "A Proof"]
    text = text_of(made[0])
    assert "Secret" not in text and "skipped result" not in text and "hidden = 1" not in text
    first_chapter, second = told.sections
    assert "A lead with 50.0" in str(first_chapter.lead[0]) and first_chapter.groups[0][0] == "method"
    assert [look for look, _ in second.groups] == ["open", "details"]
    assert "A proof stands here" in text.split('id="appendix"')[1]


def test_a_notebook_that_was_not_run_is_refused(made):
    bare = nbformat.v4.new_notebook(cells=[cell for cell in made[1].cells if cell.id != "answer"])
    with pytest.raises(InputError, match="no answer"):
        report.page(bare)


def test_whatever_stands_in_the_data_is_text(made, browser):
    browser.open(made[0])
    cells = browser.ask("[...document.querySelectorAll('main tbody th[scope=row] bdi')].map((e) => e.textContent)")
    for label in LABELS:
        assert label.translate(markup.TURNING) in cells
    assert browser.ask("[...document.querySelectorAll('main b, main script, [onload]')].length") == 0
    assert browser.ask("document.querySelectorAll('body > script').length") == 2
    assert "49" not in cells and not re.search("[\u202a-\u202e\u2066-\u2069]", text_of(made[0]))


@pytest.mark.parametrize("hostile", [*LABELS, "\u2028", "]]>", "<!--"])
def test_what_is_embedded_for_the_script_ends_nothing_and_says_the_same(hostile):
    text = report.for_script({"a": hostile})
    assert "<" not in text and ">" not in text and json.loads(text) == {"a": hostile}


def test_prose_keeps_harmless_elements_only():
    bad = "[x](javascript:alert(1)) <img src=x onerror=alert(1)> <a href='http://a.b'>c</a> [d](#e) **f**"
    clean = markup.prose(bad)
    assert "javascript" not in clean and "<img" not in clean and "http" not in clean
    assert '<a href="#e">d</a>' in clean and "<strong>f</strong>" in clean


def test_csv_runs_nothing_and_reads_back():
    table = pd.DataFrame({"Segment": ["=1+1", "a,b", "é"], "n": [1, 2, 3]})
    link = tables.download(table)
    head, data = link.split(",", 1)
    assert head == "data:text/csv;charset=utf-8;base64"
    back = pd.read_csv(io.BytesIO(base64.b64decode(data)), encoding="utf-8-sig")
    assert back["Segment"].tolist() == ["'=1+1", "a,b", "é"] and back["n"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("length", "wide"), [(tables.WIDE - 7, False), (tables.WIDE - 6, True)])
def test_a_table_is_wide_just_above_the_threshold(length, wide):
    found = tables.Table(["abc", "n"], [["a" * length, "123"]], [False, True])  # two gaps of two, and three digits
    assert found.wide is wide


def test_a_table_is_long_just_above_the_threshold():
    rows = [["a"]] * tables.LONG
    assert not tables.Table(["x"], rows, [False]).long and tables.Table(["x"], [*rows, ["a"]], [False]).long


def test_a_drawing_keeps_its_text_and_needs_no_style():
    svg = (
        '<?xml version="1.0"?><svg width="9pt" viewBox="0 0 9 9"><metadata>x</metadata><defs><style>*{}</style>'
        '<clipPath id="p1"/></defs><g clip-path="url(#p1)"><text style="font-size: 9px; font-family: \'A\'; fill: red" '
        'x="1.23456">5 &lt; 6</text></g></svg>'
    )
    made = drawings.embedded(svg, "fig", 'an "alt" <b>', "wide")
    assert "style" not in made and "metadata" not in made and "font-family" not in made
    assert 'font-size="9px" fill="red" x="1.23"' in made and "5 &lt; 6" in made
    assert 'id="fig-wide-p1"' in made and "url(#fig-wide-p1)" in made
    assert 'aria-label="an &#34;alt&#34; &lt;b&gt;"' in made


def test_a_caption_says_above_where_a_phone_has_it_above():
    assert story.captions("Figure 1. Bars <b>.") == "Figure 1. Bars &lt;b&gt;."
    both = story.captions("Left: a. Right: b.")
    assert both == '<span class="wide">Left: a. Right: b.</span><span class="narrow">Above: a. Below: b.</span>'


def test_a_dot_of_a_hatch_is_two_arcs():
    curve = "C 1 {} 1 {} 1 {} "
    dot = "M 3 72.3 " + "".join(curve.format(y, y, y) for y in (72.2, 72.0, 71.8, 71.7, 71.8, 72.0, 72.2, 72.3)) + "z"
    made = drawings.embedded(f'<svg viewBox="0 0 9 9"><path d="{dot} M 0 0 L 1 1"/></svg>', "a", "b", "wide")
    assert 'd="M 3 72.3 a 0.3 0.3 0 1 1 0 -0.6 a 0.3 0.3 0 1 1 0 0.6 z M 0 0 L 1 1"' in made


def test_a_run_without_warnings_or_day_has_none(tmp_path, decisions):
    answer = made_notebook.answer_of(decisions, warned=False, day=None)
    notebook, drawn = made_notebook.make(tmp_path, decisions, answer)
    text = report.page(notebook, drawn)
    before_plan = text.split('id="plan"')[0]
    assert 'class="warning"' not in before_plan and "as of the day of the export" in before_plan
    assert "of margin ahead" not in text and "Margin ahead, each" not in text  # no forecast without orders


@pytest.mark.parametrize(("length", "whole"), [(first.LONGEST, True), (first.LONGEST + 1, False)])
def test_a_long_warning_leaves_room_and_is_there_in_full(length, whole):
    text = ("a" * 50 + "; " + "b" * length)[:length]
    seen, rest = first.shortened(text)
    assert (rest == "") is whole and "; ".join(part for part in (seen, rest) if part) == text


def test_the_record_holds_the_numbers_of_the_segments_and_of_the_plan(decisions, words):
    from segmentation.headline import record

    found = record(made_notebook.answer_of(decisions), words)
    best = found["segments"][0]
    assert (best["customer_share"], best["revenue_share"], best["days"], best["orders"]) == (0.1, 0.5, 5.0, 20.0)
    assert found["customers"] == 100 and found["revenue"] == 10_000 and len(found["warnings"]) == 2
    top = found["plan"][0]
    assert top["margin"] == pytest.approx(top["others"] * top["share"] * top["gain"]) and top["margin"] > 0
    assert found["plan"][-1]["margin"] is None and json.dumps(found, allow_nan=False)


def test_a_plan_without_margin_has_no_order_and_no_what_if(decisions, words, tmp_path):
    from dataclasses import replace

    answer = made_notebook.answer_of(decisions)
    bare = answer.plan.table.assign(Margin=np.nan, Priority=np.nan, Gain=np.nan)
    notebook, drawn = made_notebook.make(tmp_path, decisions, replace(answer, plan=replace(answer.plan, table=bare)))
    text = report.page(notebook, drawn).split("<main")[1].split("<script")[0]
    assert 'id="what-if"' not in text and "most valuable first" not in text and ">Priority<" not in text


def test_change_since_last_time_stands_on_the_cards(decisions, words):
    from segmentation.headline import record

    row = record(made_notebook.answer_of(decisions), words)["segments"][0] | {"then": "2026-04-01"}
    assert first.card(1, row | {"customers_then": 12.0}, words).changed == "-2 customers since 2026-04-01"
    assert first.card(1, row | {"customers_then": 10.0}, words).changed == "as many customers as on 2026-04-01"
    assert first.card(1, row | {"customers_then": None}, words).changed == ""


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways_and_everything_has_loaded(page, browser, width):
    browser.open(page, width)
    browser.ask("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    assert browser.ask("document.documentElement.scrollWidth") <= width
    figures = browser.ask("[...document.images].map((i) => [i.complete && i.naturalWidth > 0, i.alt.length])")
    assert all(loaded and alt > 40 for loaded, alt in figures)
    labels = browser.ask("[...document.querySelectorAll('figure svg')].map((e) => e.getAttribute('aria-label').length)")
    assert figures or labels
    assert all(label > 20 for label in labels)
    assert browser.messages() == []


def test_a_drawing_keeps_its_colours(made, browser):
    browser.open(made[0])
    told = "[...document.querySelectorAll('figure svg [fill^=\"#\"]')].map((e) => [e.getAttribute('fill'), "
    told += "getComputedStyle(e).fill])"
    for asked, shown in browser.ask(told):
        red, green, blue = (int(asked[n : n + 2], 16) for n in (1, 3, 5))
        assert shown == f"rgb({red}, {green}, {blue})"


@pytest.mark.parametrize("width", WIDTHS)
def test_text_of_drawings_can_be_read(made, browser, width):
    browser.open(made[0], width)
    sizes = browser.ask(
        "[...document.querySelectorAll('figure svg text')].filter((t) => t.getClientRects().length).map((t) => "
        "parseFloat(getComputedStyle(t).fontSize) * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b))"
    )
    assert len(sizes) > 20 and min(sizes) >= SMALLEST_TEXT


@pytest.mark.parametrize("width", [1280, 390])
def test_accessible_by_axe(page, browser, width):
    browser.open(page, width)
    browser.ask("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    assert browser.violations() == []


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, True), (390, False)])
def test_accessible_as_it_opens_and_in_the_dark(made, browser, width, dark):
    browser.open(made[0], width, dark)
    assert browser.violations() == []


def test_every_link_lands_and_headings_go_down_one_by_one(page, browser):
    browser.open(page)
    lost = browser.ask(
        "[...document.querySelectorAll('a[href^=\"#\"]')].filter((a) => "
        "!document.getElementById(decodeURIComponent(a.hash.slice(1)))).map((a) => a.hash)"
    )
    assert lost == []
    levels = browser.ask("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map((e) => Number(e.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    doubled = browser.ask("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(doubled) == len(set(doubled))


def test_contents_are_in_view_on_a_desk_and_a_menu_on_a_phone(page, browser):
    seen = "[...document.querySelectorAll('nav a')].filter((a) => a.checkVisibility()).length"
    browser.open(page, 1280)
    assert browser.ask(seen) > 3
    browser.ask("window.scrollTo(0, document.body.scrollHeight / 2)")
    assert browser.ask("document.querySelector('nav.side').getBoundingClientRect().top") == 0
    browser.open(page, 390)
    assert browser.ask(seen) == 0
    browser.ask("document.querySelector('.menu summary').click()")
    assert browser.ask(seen) > 3


def test_the_place_is_marked_and_a_deep_link_opens_what_is_folded(made, browser):
    browser.open(made[0])
    browser.ask("location.hash = '#A-Proof'")
    browser.wait("document.getElementById('A-Proof').closest('details').open")
    marked = "[...document.querySelectorAll('nav.side a[aria-current]')].map((a) => a.textContent).join()"
    browser.wait(f"{marked} === 'Appendix'")


def test_first_screen_of_a_desk_and_one_column_on_a_phone(shipped, browser):
    browser.open(shipped, 1280)
    assert browser.ask("document.querySelector('.sure').getBoundingClientRect().bottom") <= 900
    browser.open(shipped, 390)
    assert browser.ask("document.querySelector('.step').getBoundingClientRect().bottom") <= 900
    lefts = browser.ask("[...document.querySelectorAll('.segments li')].map((e) => e.getBoundingClientRect().left)")
    assert len(set(lefts)) == 1


@pytest.mark.parametrize(("width", "height"), [(8.27, 11.69), (8.5, 11)], ids=["A4", "Letter"])
def test_printed_on_at_most_18_sheets(shipped, browser, width, height):
    browser.open(shipped)
    assert 4 <= browser.pages(width, height) <= 18


def test_without_scripts_it_reads_the_same_and_prints_what_is_folded(made, browser):
    browser.open(made[0], scripts=False)
    try:
        browser.tell("Emulation.setScriptExecutionDisabled", {"value": False})
        assert browser.ask("document.getElementById('what-if').hidden && document.getElementById('place').hidden")
        assert "needs JavaScript" in browser.ask("document.querySelector('main').innerText")
        assert browser.ask("document.querySelectorAll('#actions tbody tr').length") == len(GROUPS)
        browser.tell("Emulation.setEmulatedMedia", {"media": "print"})
        folded = "document.querySelector('details.folded').getBoundingClientRect().height"  # its summary is not printed
        assert browser.ask(folded) > 20 and not browser.ask("document.querySelector('nav.side').checkVisibility()")
    finally:
        browser.tell("Emulation.setEmulatedMedia", {"media": ""})


def test_per_cent_is_never_alone_on_a_line(page):
    shown = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", text_of(page), flags=re.S)
    assert not re.search(r">[^<]*\d %", re.sub(r"<text.*?</text>", "", shown, flags=re.S))


def test_motion_is_reduced_where_asked(made, browser):
    browser.open(made[0])
    how = "getComputedStyle(document.documentElement).scrollBehavior"
    assert browser.ask(how) == "smooth"
    browser.tell("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]})
    assert browser.ask(how) == "auto"


def test_by_keyboard_the_focus_is_seen_and_the_first_stop_skips_the_contents(made, browser):
    browser.open(made[0])
    stops = []
    for _ in range(6):
        browser.driver.switch_to.active_element.send_keys("\ue004")  # Tab
        stops.append(
            browser.ask(
                "((e, r, s) => [e.hash || e.tagName, r.left >= 0 && r.top >= 0, parseFloat(s.outlineWidth)])"
                "(document.activeElement, document.activeElement.getBoundingClientRect(), "
                "getComputedStyle(document.activeElement))"
            )
        )
    assert stops[0][0] == "#main" and [stop[0] for stop in stops[1:4]] == ["#answer", "#plan", "#1-First"]
    assert all(in_view and outline >= 2 for _, in_view, outline in stops)


def grid(points: int, model: dict, seed: int = 1) -> pd.DataFrame:
    """Customers on and off the borders, some with values missing or too large."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "Recency": random.integers(0, 400, points).astype(float),
            "Frequency": random.integers(0, 30, points).astype(float),
            "Monetary": random.integers(0, 3000, points) / random.choice([1, 4, 100], points),
        }
    )
    for column in RFM:
        table.loc[random.random(points) < 0.03, column] = np.nan
    table.loc[:3, "Monetary"] = [1e100, 1e101, -1e99, 0.0]
    return table


def as_model(model: dict) -> Model:
    """A published model as the package has it."""
    parts = {name: tuple(model[name]) for name in ("features", "caps", "means", "scales")}
    return Model(**parts, centroids=tuple(map(tuple, model["centroids"])))


TIES = MODEL | {  # whole numbers around zero: a third of the grid lies on a border
    "caps": [1e9] * 3,
    "means": [200.0, 15.0, 0.0],
    "scales": [1.0, 1.0, 1.0],
    "centroids": [[10.0, 0.0, 0.0], [-10.0, 0.0, 0.0], [10.0, 8.0, 0.0], [-10.0, 8.0, 0.0]],
}


@pytest.mark.parametrize("model", ["shipped", "ties", "two columns"])
def test_the_tool_places_ten_thousand_customers_as_python_does(made, browser, model):
    found = {
        "shipped": json.loads((ROOT / "data" / "segment_model.json").read_text(encoding="utf-8")),
        "ties": TIES,
        "two columns": MODEL
        | {name: [value[0], value[2]] for name, value in MODEL.items() if name in ("features", "caps", "means")}
        | {"scales": [100.0, 500.0], "centroids": [[row[0], row[2]] for row in MODEL["centroids"]]},
    }[model]
    people = grid(10_000, found)
    browser.open(made[0])
    values = people.astype(object).where(people.notna(), None).to_dict("records")
    script = (
        "b.map((c) => window.segmentReport.place(a, Object.fromEntries(Object.entries(c).map(([k, v]) => "
        "[k, v === null ? NaN : v])))).map((p) => [p.cluster, p.runnerUp, p.confidence])"
    )
    shown = browser.ask(script, found, values)
    placed = clusters.place(as_model(found), people)
    assert [row[0] for row in shown] == placed.cluster.tolist()
    assert [row[1] for row in shown] == placed.runner_up.tolist()
    sure = [np.nan if row[2] is None else row[2] for row in shown]
    np.testing.assert_array_equal(sure, placed.confidence)
    assert model != "ties" or (placed.confidence == 0).sum() > 100


def test_the_way_up_is_the_one_that_python_finds(made, browser):
    people = grid(400, MODEL).dropna().query("Frequency > 0 and Monetary < 1e9 and Monetary >= 0")
    placed = clusters.place(as_model(MODEL), people)
    needed = placing.orders_to_rise(as_model(MODEL), people.assign(Cluster=placed.cluster))
    browser.open(made[0])
    shown = browser.ask(
        "b.map((c) => window.segmentReport.wayUp(a, c)?.orders ?? null)", MODEL, people.to_dict("records")
    )
    assert [np.inf if orders is None else orders for orders in shown] == needed.tolist()
    assert np.isfinite(needed).sum() > 50


def test_what_if_begins_with_the_plan_and_follows_its_fields(made, browser):
    plan = next(output.data for output in made[1].cells[1].outputs)[story.RECORD]["plan"]
    browser.open(made[0])
    ask = "window.segmentReport.whatIf(window.segmentReport.data.plan, a, b)"
    margin, shares = browser.ask("window.segmentReport.data.margin"), [row["share"] for row in plan]
    same = browser.ask(ask, margin, shares)
    assert [row["group"] for row in same] == [row["group"] for row in plan]
    assert [row["margin"] for row in same] == pytest.approx([row["margin"] or 0 for row in plan])
    assert [row["most"] for row in same[:3]] == pytest.approx([row["most"] for row in plan[:3]], abs=0.005)
    half = browser.ask(ask, margin / 2, shares)
    assert [row["margin"] for row in half] == pytest.approx([row["margin"] / 2 for row in same])
    only_third = browser.ask(ask, margin, [0, 0, 1, 0, 0])
    assert only_third[0]["group"] == plan[2]["group"] and only_third[1]["margin"] == 0
    told = "document.querySelector('#what-if .result').textContent"
    assert plan[0]["group"] in browser.ask(told)
    field = browser.driver.find_element("css selector", "#what-if [name=margin]")
    field.clear()
    assert "from 0 to 100" in browser.ask(told)
    field.send_keys("0")
    assert browser.ask(told) == "No margin is expected."


def test_the_tool_speaks_by_keyboard(made, browser):
    browser.open(made[0])
    for name, value in zip(RFM, ("30", "3", "150"), strict=True):
        browser.driver.find_element("css selector", f"#place [name={name}]").send_keys(value)
    told = browser.ask("document.querySelector('#place .result').textContent")
    person = pd.DataFrame([{"Recency": 30.0, "Frequency": 3.0, "Monetary": 150.0}])
    where = clusters.place(as_model(MODEL), person)
    assert told.startswith(f"{SEGMENTS[where.cluster[0]]}. Runner-up: {SEGMENTS[where.runner_up[0]]}.")
    assert f"{where.confidence[0]:.2f}" in told and "way up" in told and "$50.00" in told


def test_tables_sort_and_filter(made, browser):
    browser.open(made[0])
    rows = "[...document.querySelectorAll('#segment-table tbody tr')].filter((r) => !r.hidden)"
    order = f"{rows}.map((r) => r.cells[0].textContent)"
    click = "document.querySelectorAll('#segment-table thead button')[1].click()"
    browser.ask(click)
    assert browser.ask(order) == list(SEGMENTS)
    browser.ask(click)
    assert browser.ask(order) == list(SEGMENTS[::-1])
    heads = "document.querySelectorAll('#segment-table thead th')[1].getAttribute('aria-sort')"
    assert browser.ask(heads) == "descending"
    browser.ask("document.querySelector('#segment-table').closest('details').open = true")
    browser.driver.find_element("css selector", "details .bar input").send_keys("risk")
    assert browser.ask(order) == [SEGMENTS[3]]


def test_the_slide_is_full_size_and_carries_warnings_and_the_day(decisions, words):
    from segmentation.figures import plot_summary

    answer = made_notebook.answer_of(decisions)
    figure = plot_summary(answer, words)
    said = re.sub(r"\s+", " ", " ".join(text.get_text() for ax in figure.axes for text in ax.texts))
    assert [*(figure.get_size_inches() * 150)] == [1920, 1080]
    for warning in answer.warnings:
        assert words.text(warning) in said
    assert "as of 1 July 2026" in said and "shop.csv" in said and "seed" not in said


def test_the_slide_stands_in_the_report(made, browser):
    browser.open(made[0])
    browser.ask("document.getElementById('slide').closest('details').open = true")
    assert browser.ask("((i) => [i.naturalWidth, i.naturalHeight])(document.querySelector('#slide img'))") == [
        1920,
        1080,
    ]
