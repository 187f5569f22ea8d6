"""words"""

import re
from pathlib import Path

CURRENCY = ["$"]


def use_currency(sign: str) -> None:
    """How money is shown from here on."""
    CURRENCY[0] = sign


def percent(part: float, whole: float = 1, digits: int = 1) -> str:
    """A share as text; the one place where shares are rounded. percent(1, 8) -> '12.5 %'"""
    return f"{round(100 * part / whole + 1e-9, digits):,.{digits}f} %" if whole else "-"


def money(amount: float) -> str:
    """Money as text: whole units from 100 on, cents below. money(1234.5) -> '$1,234', money(9.5) -> '$9.50'"""
    sign, size = "-" if amount < 0 else "", abs(amount)
    return f"{sign}{CURRENCY[0]}" + (
        f"{size:,.0f}" if size >= 100 else f"{size:.2f}" if not 0 < size < 0.01 else f"{size:.2g}"
    )


def count(number: float) -> str:
    """A whole number as text. count(12345) -> '12,345'"""
    return f"{number:,.0f}"


def plural(number: float, noun: str) -> str:
    """plural(1, 'order') -> '1 order', plural(1200, 'order') -> '1,200 orders'"""
    return f"{number:,.0f} {noun}{'' if f'{number:,.0f}' == '1' else 's'}"


def plain(label) -> str:
    """A label from the data, safe inside Markdown and HTML. plain('<b>') -> '&#60;b&#62;'"""
    return re.sub(r"[&<>\"'|*_`\[\]\\~#]", lambda mark: f"&#{ord(mark[0])};", str(label))


def code(name) -> str:
    """A file's name as code, whatever is in it. code('a.csv') -> '<code>a.csv</code>'"""
    return f"<code>{plain(Path(name).name)}</code>"


def short(text) -> str:
    """A value for a message: one line, at most 40 characters. short('a' + 100 * 'b') -> 'abbb...'"""
    line = re.sub(r"[\s\x00-\x1f]+", " ", str(text))
    return line if len(line) <= 40 else f"{line[:37]}..."


def join(words: list) -> str:
    """join(['a', 'b', 'c']) -> 'a, b and c'"""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
