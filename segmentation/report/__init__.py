"""The report: one HTML file that needs nothing else, made from an executed notebook, so that it says what that says.

story reads the notebook (tags of its cells say what goes where), tables and drawings turn what it shows into a page's
own elements, first makes the first screen and the tables to work with, page.html.j2 puts all of it together.
"""

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import jinja2
from markupsafe import Markup

from segmentation.report import first, markup, story

HERE = Path(__file__).parent
POLICY = (  # nothing is fetched, nothing runs or styles but what this file was made with
    "default-src 'none'; img-src data:; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
)


def write(notebook, path: Path, drawings: Path | None = None) -> None:
    """Write the report of an executed notebook; drawings: folder of its figures as SVG (see show.Page), if there.

    Raises InputError for a notebook that was not run to its end.
    """
    path.write_text(page(notebook, drawings), encoding="utf-8", newline="\n")


def page(notebook, drawings: Path | None = None) -> str:
    """The report as HTML."""
    told = story.read(notebook, drawings)
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    day = told.record["day"]
    style = style.replace("RUNNING HEAD", f"Customer segments, {day}")
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"together": markup.together, "longest": lambda text: max(map(len, text.split(" ")))}
    return landing(
        templates.get_template("page.html.j2").render(
            story=told,
            first=first.screen(told.record),
            style=Markup(style),
            script=Markup(script),
            policy=POLICY.format(style=checksum(style), script=checksum(script)),
            data=for_script({"model": told.record["model"], "plan": told.record["plan"], **first.units(told.record)}),
        )
    )


def landing(text: str) -> str:
    """The page with links to what it leaves out as plain text.

    >>> landing('<b id="a"><a href="#a">x</a> <a href="#b">y</a>')
    '<b id="a"><a href="#a">x</a> y'
    """
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    link = r'<a href="#([^"]+)">(.*?)</a>'
    return re.sub(link, lambda found: found[0] if unquote(unescape(found[1])) in ids else found[2], text, flags=re.S)


def checksum(text: str) -> str:
    """The source expression that lets one inline style or script through."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def for_script(content: dict) -> Markup:
    """JSON that can stand in a page: nothing in it ends the element."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
