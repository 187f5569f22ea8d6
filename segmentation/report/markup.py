"""Text as the page's own: Markdown to HTML of a few harmless elements, spaces that do not break."""

import re

import bleach
import mistune
from markupsafe import Markup, escape

TAGS = {"p", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "br", "span", "a", "h4", "sub", "sup"}
TURNING = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # they turn what follows
SPACE = "\u00a0"

_to_html = mistune.create_markdown(escape=False, renderer="html")


def prose(markdown: str) -> Markup:
    """Markdown as HTML; elements and links other than those of a text become text.

    >>> prose("9.7 % <script>*of* <b>")
    Markup('<p>9.7\\xa0% &lt;script&gt;<em>of</em> &lt;b&gt;</p>')
    """
    clean = bleach.clean(_to_html(markdown), tags=TAGS, attributes=_keep)
    return Markup(together(clean.strip()))


def inline(markdown: str) -> Markup:
    """One paragraph of Markdown without its paragraph."""
    return Markup(re.sub(r"^<p>(.*)</p>$", r"\1", prose(markdown), flags=re.S))


def plain(text: str) -> Markup:
    """Text as text."""
    return escape(together(text))


def together(text: str) -> str:
    """Text in which a per cent sign is never alone on a line, and no mark turns the direction of what follows.

    >>> together("12.5 %")
    '12.5\\xa0%'
    """
    return re.sub(r"(?<=\d) %", f"{SPACE}%", text.translate(TURNING))


def slug(title: str) -> str:
    """The id of a heading, as Jupyter makes it."""
    return re.sub(r"\s", "-", title.strip())


def _keep(tag: str, name: str, value: str) -> bool:
    """Whether an attribute stays: links within the page."""
    return tag == "a" and name == "href" and value.startswith("#")
