"""A drawing (SVG) as part of the page: its text is text, and nothing in it needs a style of its own."""

import re
from html import unescape

from markupsafe import Markup, escape

OUTSIDE = r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->"
DOT = r"M (\S+) (\S+) (?:C (?:\S+ ){6}){8}z"
DIGITS = 2  # of coordinates: a hundredth of a point


def embedded(svg: str, name: str, alt: str, look: str) -> Markup:
    """The drawing as an element with its alt text and class, ids under the figure's name, styles as attributes."""
    text = re.sub(OUTSIDE, "", svg, flags=re.S)
    box = re.search(r'viewBox="([^"]+)"', text)[1]
    inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    inner = re.sub(r'\sstyle="([^"]*)"', _as_attributes, inner)
    inner = re.sub(r'\bid="(?:figure|axes|patch|text|line2d|matplotlib.axis|xtick|ytick|legend)_\d+"', "", inner)
    inner = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-{look}-", inner)
    inner = re.sub(DOT, _as_arcs, re.sub(r"\s*\n\s*", " ", inner))
    inner = re.sub(r"-?\d+\.\d{3,}(?![\w%])", _shorter, inner) if "<image" not in inner else inner
    inner = re.sub(r">\s+<", "><", inner)
    label = escape(unescape(alt))
    return Markup(f'<svg class="{look}" viewBox="{box}" role="img" aria-label="{label}">{inner}</svg>')


def _as_arcs(dot: re.Match) -> str:
    """A dot of a hatch, drawn as eight curves, as two arcs: a seventh of the text."""
    heights = [float(pair.split()[1]) for pair in re.findall(r"\S+ \S+(?= [Cz])", dot[0])]
    radius = (max(heights) - min(heights)) / 2
    half = f"a {radius:.2g} {radius:.2g} 0 1 1 0"
    return f"M {dot[1]} {dot[2]} {half} {-2 * radius:.2g} {half} {2 * radius:.2g} z"


def _shorter(number: re.Match) -> str:
    """A coordinate without digits that nobody sees."""
    return f"{float(number[0]):.{DIGITS}f}".rstrip("0").rstrip(".")


def _as_attributes(style: re.Match) -> str:
    """A style as attributes, which a page's policy lets through; the typeface is the page's."""
    pairs = [pair.split(":", 1) for pair in style[1].split(";") if ":" in pair]
    kept = [(name.strip(), value.strip().replace('"', "'")) for name, value in pairs]
    return "".join(f' {name}="{value}"' for name, value in kept if name != "font-family")
