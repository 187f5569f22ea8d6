"""Numbers as text: shares, money, counts; and templates, which become text only where they are shown."""

import re
import string
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

FORMULA = r"[\s\ufeff\u200b]*[=+\-@＝＋－＠﹦﹢﹣﹫]|[\t\r\n]"  # how a text begins that a spreadsheet may run


def percent(share: float, digits: int = 1) -> str:
    """A share as text; the one place where shares are rounded.

    >>> percent(0.125)
    '12.5 %'
    """
    return "-" if pd.isna(share) else f"{round(100 * share + 1e-9, digits):,.{digits}f} %"


def count(number: float) -> str:
    """A whole number as text.

    >>> count(12345)
    '12,345'
    """
    return f"{number:,.0f}"


def plural(number: float, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "order"), plural(1200, "order")
    ('1 order', '1,200 orders')
    """
    return f"{count(number)} {noun}{'' if count(number) == '1' else 's'}"


def plain(label) -> str:
    """A label from the data, safe inside Markdown and HTML.

    >>> plain("<b>")
    '&#60;b&#62;'
    """
    return re.sub(r"[&<>\"'|*_`\[\]\\~#]", lambda mark: f"&#{ord(mark[0])};", str(label))


def code(name) -> str:
    """A file's name as code, whatever is in it.

    >>> code("folder/a.csv")
    '<code>a.csv</code>'
    """
    return f"<code>{plain(Path(name).name)}</code>"


def short(text) -> str:
    """A value for a message: one line, at most 40 characters.

    >>> short("a" + 100 * "b")
    'abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...'
    """
    line = re.sub(r"[\s\x00-\x1f]+", " ", str(text))
    return line if len(line) <= 40 else f"{line[:37]}..."


def formulas(texts: pd.Series) -> pd.Series:
    """Whether a spreadsheet may run each text as a formula (OWASP, CSV injection): by its beginning, after blanks too.

    >>> formulas(pd.Series(["=1+1", "a=b", " ＠x"])).tolist()
    [True, False, True]
    """
    return texts.astype(object).astype(str).str.match(FORMULA).astype(bool)


def safe_for_spreadsheets(column: pd.Series) -> pd.Series:
    """A column of texts; those that a spreadsheet may run as a formula get an apostrophe in front.

    >>> safe_for_spreadsheets(pd.Series(["=1+1", "a=b", "＠x"])).tolist()
    ["'=1+1", 'a=b', "'＠x"]
    """
    texts = column.astype(object)
    return texts.mask(formulas(texts), "'" + texts.astype(str))


def as_given(column: pd.Series) -> pd.Series:
    """The texts as they were before safe_for_spreadsheets.

    >>> as_given(pd.Series(["'=1+1", "a=b", "'a"])).tolist()
    ['=1+1', 'a=b', "'a"]
    """
    texts = column.astype(object).astype(str)
    return column.astype(object).mask(texts.str.startswith("'") & formulas(texts.str[1:]), texts.str[1:])


def join(words: list) -> str:
    """Words as they are listed in a sentence.

    >>> join(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


@dataclass(frozen=True)
class Sentence:
    """A template and the numbers in it; see Words for what may stand in the template.

    >>> Words("$").text(Sentence("{left:%} of {n:# customer} left", {"left": 0.1, "n": 20}))
    '10.0 % of 20 customers left'
    """

    template: str
    numbers: dict = field(default_factory=dict)


def sentence(template: str, **numbers) -> Sentence:
    """A Sentence, written shortly."""
    return Sentence(template, numbers)


def each(template: str, values: pd.Series) -> list[Sentence]:
    """A sentence for each value, of {name} and {value}.

    >>> Words("$").text("{parts:, }", parts=each("{name} {value:$}", pd.Series({"a": 1.5, "b": 200})))
    'a $1.50, b $200'
    """
    return [sentence(template, name=name, value=value) for name, value in values.items()]


def written(table: pd.DataFrame, templates: dict[str, str]) -> pd.DataFrame:
    """A table of sentences; templates: column -> template of the numbers in a row.

    >>> Words("$").text(written(pd.DataFrame({"low": [1], "high": [2]}), {"Range": "{low}-{high}"}).iloc[0, 0])
    '1-2'
    """
    rows = table.to_dict("records")
    return pd.DataFrame({name: [Sentence(text, row) for row in rows] for name, text in templates.items()}, table.index)


class Words(string.Formatter):
    """Fills templates: {x:%} a share ({x:%0} without decimals), {x:$} money, {n:#} a count, {n:# order} with its noun,
    {names:&} a list as in a sentence, {parts:, } and {parts:; } a list with these between, {file:code}, {label:plain};
    all else, dates too, as Python formats it. A name is looked up among the keywords, then as an attribute of the
    results given.

    >>> Words("$").text("{spend:$} from {n:# order} by {who:&}", spend=1234.5, n=1, who=["a", "b"])
    '$1,234 from 1 order by a and b'
    """

    def __init__(self, currency: str):
        self.currency = currency
        self.prefix = f"{currency} " if currency[-1:].isalpha() else currency  # before a number

    def text(self, template, *results, **numbers) -> str:
        """The template, or Sentence, as text."""
        if isinstance(template, Sentence):
            template, numbers = template.template, template.numbers | numbers
        return self.vformat(template, results, numbers)

    def money(self, amount: float) -> str:
        """Money: whole units from 100 on, cents below.

        >>> Words("$").money(1234.5), Words("$").money(9.5), Words("EUR").money(-0.004)
        ('$1,234', '$9.50', '-EUR 0.004')
        """
        sign, size = "-" if amount < 0 else "", abs(amount)
        digits = f"{size:,.0f}" if size >= 100 else f"{size:.2f}" if not 0 < size < 0.01 else f"{size:.2g}"
        return f"{sign}{self.prefix}{digits}"

    def get_value(self, key, results, numbers):
        """The number of this name, or the attribute of the first result that has it."""
        if key in numbers:
            return numbers[key]
        return next(getattr(result, key) for result in results if hasattr(result, key))

    def format_field(self, value, spec: str) -> str:
        """One value as the part of the template after the colon says."""
        if isinstance(value, Sentence):
            return self.text(value)
        if isinstance(value, float) and np.isnan(value):
            return "-"
        if isinstance(value, list | tuple | pd.Index | np.ndarray):
            parts = [self.format_field(part, "") for part in value]
            return join(parts) if spec in ("&", "") else spec.join(parts)
        kinds = {"$": self.money, "#": count, "code": code, "plain": plain}
        if spec in kinds:
            return kinds[spec](value)
        if spec.startswith("%") and not hasattr(value, "strftime"):
            return percent(value, int(spec[1:] or 1))
        return plural(value, spec[2:]) if spec.startswith("# ") else format(value, spec)
