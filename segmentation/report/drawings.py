"""A drawing (SVG) as part of the page: its text is text, and nothing in it needs a style of its own."""

import re
from html import unescape

from markupsafe import Markup, escape

OUTSIDE = r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->"
DIGITS = 2  # of coordinates: a hundredth of a point


def embedded(svg: str, name: str, alt: str, look: str) -> Markup:
    """The drawing as an element with its alt text and class, ids under the figure's name, styles as attributes."""
    text = re.sub(OUTSIDE, "", svg, flags=re.S)
    box = re.search(r'viewBox="([^"]+)"', text)[1]
    inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    inner = re.sub(r'\sstyle="([^"]*)"', _as_attributes, inner)
    inner = re.sub(r'\bid="(?:figure|axes|patch|text|line2d|matplotlib.axis|xtick|ytick|legend)_\d+"', "", inner)
    inner = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-{look}-", inner)
    inner = re.sub(r"-?\d+\.\d{3,}(?![\w%])", _shorter, inner) if "<image" not in inner else inner
    inner = re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", " ", inner))
    label = escape(unescape(alt))
    return Markup(f'<svg class="{look}" viewBox="{box}" role="img" aria-label="{label}">{inner}</svg>')


def _shorter(number: re.Match) -> str:
    """A coordinate without digits that nobody sees."""
    return f"{float(number[0]):.{DIGITS}f}".rstrip("0").rstrip(".")


def _as_attributes(style: re.Match) -> str:
    """A style as attributes, which a page's policy lets through; the typeface is the page's."""
    pairs = [pair.split(":", 1) for pair in style[1].split(";") if ":" in pair]
    kept = [(name.strip(), value.strip().replace('"', "'")) for name, value in pairs]
    return "".join(f' {name}="{value}"' for name, value in kept if name != "font-family")
