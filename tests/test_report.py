"""The HTML report, as a file and as a browser shows it."""

import re
import shutil
import subprocess
import sys

import pytest
from decided import NOTEBOOK, ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report as the README makes it."""
    folder = tmp_path_factory.mktemp("report")
    template = "segmentation/report/report.html.j2"
    command = f"nbconvert --to html --no-input --template classic --template-file {template} --output-dir".split()
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", *command, str(folder), str(NOTEBOOK)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "ecommerce_segmentation.html"


@pytest.fixture(scope="module")
def page(report):
    """The report in a headless browser, 1280 pixels wide."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("no Chromium with its chromedriver on this machine: the report is not looked at in a browser")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in "headless no-sandbox disable-gpu disable-dev-shm-usage no-first-run window-size=1280,900".split():
        options.add_argument(f"--{flag}")
    options.add_argument("--disable-background-networking")
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    opened.get(report.as_uri())
    yield opened
    opened.quit()


def test_report_is_one_file_that_needs_no_network(report):
    text = report.read_text(encoding="utf-8")
    assert "<script" not in text and "http://" not in text and "https://" not in text
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)


def test_report_shows_no_code_and_no_errors(report):
    text = report.read_text(encoding="utf-8")
    assert "input_area" not in text and "output_error" not in text and "Traceback" not in text
    assert "Who are our customers" in text.split("</title>")[0]


def test_every_figure_is_loaded_with_alt_text(page):
    figures = page.execute_script(
        "return [...document.images].map(i => [i.complete && i.naturalWidth > 0, (i.alt || '').length, i.width])"
    )
    assert len(figures) >= 15
    assert all(loaded and alt > 40 and width <= 1280 for loaded, alt, width in figures)


def test_contents_links_land_on_their_chapters(page):
    links = page.execute_script(
        "return [...document.querySelectorAll('main li > a')].map(a => "
        "[a.textContent, (document.getElementById(decodeURIComponent(a.hash.slice(1))) || {}).textContent || ''])"
    )
    assert len(links) >= 10
    for title, heading in links:
        assert heading.startswith(title), title


def test_nothing_scrolls_sideways_on_a_laptop(page):
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    wide = page.execute_script(
        "return [...document.querySelectorAll('.output_subarea')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.textContent.slice(0, 80))"
    )
    assert wide == []


def test_the_answer_is_on_the_first_screen(page):
    top = page.execute_script(
        "const e = [...document.querySelectorAll('main li')].find(e => e.textContent.includes('of revenue'));"
        "return e ? e.getBoundingClientRect().top + window.scrollY : null"
    )
    assert top is not None and top < 900
    assert "The answer appears here" not in page.find_element("tag name", "body").text
