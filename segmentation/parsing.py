"""parsing"""

import re

import numpy as np
import pandas as pd

from segmentation.problems import InputError
from segmentation.reading import is_blank
from segmentation.words import join

MONEY, RATES = ("Monetary", "Avg_Order_Value", "Amount"), ("Cart_Abandon_Rate",)


MEASURED = ("Avg_Session_Duration", *RATES)  # may well have three decimals; money and counts do not


CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|AUD|CAD|NZD|BRL|MXN|ZAR|SGD|HKD|KRW|AED|Rs|kr|zł"


SIGN = rf"(?:(?:US|A|C|R)?\$|[€£¥₹₩₽₺฿₫₪]|{CODES})"


GROUPED = r"\d{1,3}(,\d{2,3})*,\d{3}"  # 14,766 and 1,234,567; 1,92,495 in India


def decimal_mark(texts: list[str], where: str, decimals: bool = False) -> str:
    """The decimal mark that a column of bare number texts uses: '.' or ','. `decimals`: 1.234 is below two.

    Raises InputError where the values contradict each other or do not decide.
    """

    def matching(pattern: str) -> list[str]:
        """The texts that match, as they are for commas and with the marks swapped for dots."""
        return [text for text in texts if re.fullmatch(rf"[+-]?({pattern})", text)]

    swap = str.maketrans(",.", ".,")
    shows_mark = rf"{GROUPED}\.\d*|\d{{1,3}}(,\d{{2,3}})+,\d{{3}}|(0|\d{{4,}})?\.\d+|\d+\.(\d{{0,2}}|\d{{4,}})"
    point = matching(shows_mark)
    texts = [text.translate(swap) for text in texts]
    comma = [text.translate(swap) for text in matching(shows_mark)]
    dots = [text.translate(swap) for text in matching(r"[1-9]\d{0,2},\d{3}")]
    texts = [text.translate(swap) for text in texts]
    commas = matching(r"[1-9]\d{0,2},\d{3}")
    if point and comma:
        raise InputError(f"{where}: '{point[0]}' and '{comma[0]}' use the comma differently; expected one way to write")
    unsure = commas + ([] if decimals and not comma else dots)
    if unsure and len(unsure) > 20 * len(point + comma):  # a stray value or two does not decide for the column
        raise InputError(f"{where}: '{unsure[0]}' may mean thousands or decimals; expected numbers without grouping")
    return "," if comma else "."


def bare(text: str, name: str) -> str:
    """A number without what may stand around it there; brackets mean minus. bare('(5 €)', 'Monetary') -> '-5'"""
    text = re.sub(r"^\((.*)\)$", r"-\1", text.strip())
    text = re.sub(r"(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}(?!\d))", "", text)
    around = f"(?:{SIGN})?" if name in MONEY else "%?" if name in RATES else ""
    number = r"([+-]?[\d.,]+(?:[eE][+-]?\d+)?)"
    return re.sub(rf"^([+-]?)[ \u00a0\u202f]*{around}[ \u00a0\u202f]*{number}[ \u00a0\u202f]*{around}$", r"\1\2", text)


def ungroup(text: str, mark: str) -> str:
    """A bare number in Python's writing, or 'unreadable'. ungroup('1.234,5', ',') -> '1234.5'"""
    text = text.translate(str.maketrans(",.", ".,")) if mark == "," else text
    if re.fullmatch(rf"[+-]?{GROUPED}(\.\d*)?", text):
        text = text.replace(",", "")
    return text if "," not in text else "unreadable"


def one_currency(texts, where: str) -> None:
    """Raise InputError when amounts carry different currencies; they cannot be added."""
    found = sorted({sign for text in texts for sign in re.findall(SIGN, text)})
    if len(found) > 1:
        raise InputError(f"{where}: amounts in {join(found)}; expected one currency")


def telling(dotted: pd.Series, times: np.ndarray, others: int) -> list[str]:
    """Enough of a column's plain numbers with a dot (and how often each occurs) to decide on their mark."""
    unsure = (dotted.str.get(-4).eq(".") & dotted.str.match(r"[+ -]*[1-9]\d{0,2}\.")).to_numpy(bool)
    sure = np.repeat(np.flatnonzero(~unsure), times[~unsure])[:5000]
    most = 20 * (len(sure) + others) + 1
    doubtful = np.repeat(np.flatnonzero(unsure), times[unsure])[:most] if times[unsure].sum() > 20 * len(sure) else []
    return dotted.iloc[[*sure, *doubtful]].str.strip().to_list()


YES_NO = {"yes": "1", "y": "1", "true": "1", "t": "1", "no": "0", "n": "0", "false": "0", "f": "0"}


def read_numbers(texts: pd.Series, name: str, delimiter: str, where: str, european: bool = False) -> pd.Series:
    """A column of text as numbers, float64; NaN where a value is blank or no number. Each distinct text is read once.

    `european`: another column of the file has decimal commas. Raises InputError (decimal_mark, one_currency).
    read_numbers(pd.Series(['1,5', '', 'x']), 'Monetary', ';', 'a.csv') -> [1.5, nan, nan]
    """
    coded = texts.astype("category").cat
    times = np.bincount(coded.codes, minlength=len(coded.categories))
    words = pd.Series(coded.categories, dtype=str)[times > 0]
    numbers, bland = pd.to_numeric(words, errors="coerce").astype(float), is_blank(words)
    odd, dotted = words[numbers.isna() & ~bland], numbers.notna() & words.str.contains(".", regex=False)
    if name == "Campaign_Response":
        numbers = numbers.fillna(pd.to_numeric(words.str.strip().str.casefold().map(YES_NO)))
        odd = odd[numbers[odd.index].isna()]
    if name in MONEY:
        one_currency(odd, where)
    written = [bare(text, name) for text in odd] + telling(words[dotted], times[words[dotted].index], len(odd))
    mark = decimal_mark(written, where, name in MEASURED and delimiter != ";" and not european)
    again = words[~bland] if mark == "," else odd
    found = pd.to_numeric(pd.Series([ungroup(bare(text, name), mark) for text in again], again.index), errors="coerce")
    numbers[again.index] = found.astype(float)
    return pd.Series(np.append(numbers.reindex(range(len(times))), np.nan)[coded.codes], texts.index)
