"""Columns of text as numbers: what is written around them, and which mark is the decimal one, decided by the column."""

import re

import numpy as np
import pandas as pd

from segmentation.problems import InputError
from segmentation.reading import is_blank
from segmentation.words import join, plural, short

MONEY = ("Monetary", "Avg_Order_Value", "Amount", "Unit_Price", "Line_Total", "Refunded")
RATES = ("Cart_Abandon_Rate",)
MEASURED = ("Avg_Session_Duration", *RATES)  # may well have three decimals; money and counts do not
MAX_VALUE = 1e12  # no count or sum of a real customer is larger
CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|RON|TRY|AUD|CAD|NZD|BRL|MXN|ZAR|SGD|HKD|KRW|AED|Rs|kr|zł"
SIGN = rf"(?:(?:US|A|C|R)?\$|[€£¥₹₩₽₺฿₫₪]|{CODES})"
YES_NO = {"yes": 1, "y": 1, "true": 1, "t": 1, "no": 0, "n": 0, "false": 0, "f": 0}
# How numbers with a decimal point are written; the same with the marks swapped shows a decimal comma
GROUPED = r"\d{1,3}(,\d{2,3})*,\d{3}"  # 14,766 and 1,234,567; 1,92,495 in India
SURE = rf"[+-]?({GROUPED}\.\d*|\d{{1,3}}(,\d{{2,3}})+,\d{{3}}|(0|\d{{4,}})?\.\d+|\d+\.(\d{{0,2}}|\d{{4,}}))"
UNSURE = r"[+-]?[1-9]\d{0,2},\d{3}"  # 14,766 may be thousands, or three decimals
SWAP = str.maketrans(",.", ".,")
FOR_ONE_SURE = 20  # so many unsure values and no more: a stray value or two does not decide for the column


def decimal_mark(texts: pd.Series, where: str, decimals: bool = False) -> str:
    """The decimal mark of a column of bare numbers, '.' or ',', by the votes of its distinct texts.

    `decimals`: 1.234 is below two. Raises InputError where the votes contradict each other or do not decide.

    >>> decimal_mark(pd.Series(["1.234,5", "17"]), "a.csv")
    ','
    """
    swapped = texts.str.translate(SWAP)
    point = texts[texts.str.fullmatch(SURE).astype(bool)]
    comma = texts[swapped.str.fullmatch(SURE).astype(bool)]
    if len(point) and len(comma):
        found = f"'{point.iloc[0]}' and '{comma.iloc[0]}' use the comma differently"
        raise InputError(f"{where}: {found}; expected one way to write")
    unsure = texts[texts.str.fullmatch(UNSURE).astype(bool)]
    if not decimals or len(comma):
        unsure = pd.concat([unsure, texts[swapped.str.fullmatch(UNSURE).astype(bool)]])
    if len(unsure) > FOR_ONE_SURE * (len(point) + len(comma)):
        found = f"'{unsure.iloc[0]}' may mean thousands or decimals"
        raise InputError(f"{where}: {found}; expected numbers without grouping")
    return "," if len(comma) else "."


def bare(text: str, column: str) -> str:
    """A number without what may stand around it in such a column; brackets mean minus.

    >>> bare("(5 €)", "Monetary"), bare("5 €", "Clicks"), bare("1 234", "Clicks")
    ('-5', '5 €', '1234')
    """
    text = re.sub(r"^\((.*)\)$", r"-\1", text.strip())
    text = re.sub(r"(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}(?!\d))", "", text)
    around = f"(?:{SIGN})?" if column in MONEY else "%?" if column in RATES else ""
    number = r"([+-]?[\d.,]+(?:[eE][+-]?\d+)?)"
    return re.sub(rf"^([+-]?)[ \u00a0\u202f]*{around}[ \u00a0\u202f]*{number}[ \u00a0\u202f]*{around}$", r"\1\2", text)


def parse_number(text: str, mark: str) -> float:
    """A bare number as the decimal mark says; NaN for what is none.

    >>> parse_number("1.234,5", ","), parse_number("1.234,5", ".")
    (1234.5, nan)
    """
    text = text.translate(SWAP) if mark == "," else text
    if re.fullmatch(rf"[+-]?{GROUPED}(\.\d*)?", text):
        text = text.replace(",", "")
    return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) else np.nan


def one_currency(texts, where: str) -> None:
    """Raise InputError when amounts carry different currencies; they cannot be added."""
    found = sorted({sign for text in texts for sign in re.findall(SIGN, text)})
    if len(found) > 1:
        raise InputError(f"{where}: amounts in {join(found)}; expected one currency")


def same_currency(codes: pd.Series, where: str) -> None:
    """Raise InputError where a column of currencies names more than one."""
    named = codes[~is_blank(codes)].astype(str).str.strip().str.upper().value_counts()
    if len(named) > 1:
        found = join([f"{code} ({plural(rows, 'row')})" for code, rows in named.head(3).items()])
        raise InputError(
            f"{where}: amounts in {found} cannot be added; expected one currency: convert them, or give a file for each"
        )


def read_numbers(texts: pd.Series, column: str, delimiter: str, where: str, european: bool = False) -> pd.Series:
    """A column of text as numbers, float64; NaN where a value is blank or no number. Each distinct text is read once.

    `european`: another column of the file has decimal commas. Raises InputError (decimal_mark, one_currency).

    >>> read_numbers(pd.Series(["1,5", "", "x"]), "Monetary", ";", "a.csv").tolist()
    [1.5, nan, nan]
    """
    coded = texts.astype("category").cat.remove_unused_categories().cat
    words = pd.Series(coded.categories, dtype=str)
    numbers = pd.to_numeric(words, errors="coerce").astype(float)
    if column == "Campaign_Response":
        numbers = numbers.fillna(words.str.strip().str.casefold().map(YES_NO))
    odd = words[numbers.isna() & ~is_blank(words)]
    dotted = words[numbers.notna() & words.str.contains(".", regex=False)].str.strip()
    if column in MONEY:
        one_currency(odd, where)
    odd = odd.map(lambda text: bare(text, column))
    three_decimals = column in MEASURED and delimiter != ";" and not european
    mark = decimal_mark(pd.concat([odd, dotted]), where, three_decimals)
    again = pd.concat([odd, dotted]) if mark == "," else odd
    numbers[again.index] = [parse_number(text, mark) for text in again]
    return pd.Series(np.append(numbers, np.nan)[coded.codes], texts.index)


DAY_MONTH = r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?!\d)"  # either first: 05/12/2026
YEAR_FIRST = r"^\s*(\d{4})(?:[/.-](\d{1,2})[/.-](\d{1,2})|(\d{2})(\d{2}))(?!\d)"  # 2026/6/30, 20260630
DAY_NAME = r"^\s*(?:[a-z]{3,9},? )?(\d{1,2})[ .-]+([a-z]{3})[a-z]*[ .,-]+(\d{4})"  # Tue, 30 June 2026
NAME_DAY = r"^\s*(?:[a-z]{3,9},? )?([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})"  # Jun 30, 2026
MONTHS = dict(zip("jan feb mar apr may jun jul aug sep oct nov dec".split(), range(1, 13), strict=True))


def read_dates(texts: pd.Series, where: str) -> pd.Series:
    """A column of text as days; NaT for what is none. What follows the day, time and zone, is left off.

    Whether day or month comes first the whole column decides. Raises InputError where it does not, or contradicts
    itself.

    >>> read_dates(pd.Series(["31/12/2026 08:15", "5/1/2027"]), "a.csv").dt.strftime("%Y-%m-%d").tolist()
    ['2026-12-31', '2027-01-05']
    """
    coded = texts.astype("category").cat.remove_unused_categories().cat
    words = pd.Series(coded.categories, dtype=str)
    days = pd.to_datetime(words.str[:10], format="%Y-%m-%d", errors="coerce")
    odd = words[days.isna()]
    days = days.fillna(pd.to_datetime(year_first(odd), errors="coerce"))
    slashed = pd.to_datetime(day_month(odd, where), errors="coerce").dropna()
    if len(slashed) and days.notna().any():  # a spreadsheet that took some for dates may have taken days for months
        found = f"'{short(words[days.first_valid_index()])}' and '{short(words[slashed.index[0]])}' are mixed"
        raise InputError(f"{where}: {found}; expected one way to write, like 2026-06-30")
    for found in (pd.to_datetime(named_month(odd), errors="coerce"), slashed):
        days = days.fillna(found)
    return pd.Series(pd.DatetimeIndex(days).append(pd.DatetimeIndex([pd.NaT])).take(coded.codes), texts.index)


def year_first(words: pd.Series) -> pd.DataFrame:
    """Year, month and day of texts that begin with the year."""
    parts = words.str.extract(YEAR_FIRST).astype(float)
    return pd.DataFrame({"year": parts[0], "month": parts[1].fillna(parts[3]), "day": parts[2].fillna(parts[4])})


def named_month(words: pd.Series) -> pd.DataFrame:
    """Year, month and day of texts that name the month in English."""
    first, last = (words.str.casefold().str.extract(pattern) for pattern in (DAY_NAME, NAME_DAY))
    day, name, year = first[0].fillna(last[1]), first[1].fillna(last[0]), first[2].fillna(last[2])
    return pd.DataFrame({"year": year, "month": name.map(MONTHS), "day": day}).astype(float)


def day_month(words: pd.Series, where: str) -> pd.DataFrame:
    """Year, month and day of texts with two numbers before the year; a year of two digits is one of this century."""
    parts = words.str.extract(DAY_MONTH).astype(float)
    day_leads, month_leads = words[parts[0] > 12], words[parts[1] > 12]
    written = words[parts[0].notna()]
    if len(day_leads) and len(month_leads):
        found = f"'{short(day_leads.iloc[0])}' and '{short(month_leads.iloc[0])}' put day and month in different order"
        raise InputError(f"{where}: {found}; expected one way to write")
    if len(written) and not len(day_leads) and not len(month_leads):
        raise InputError(
            f"{where}: '{short(written.iloc[0])}' may begin with day or month; expected dates like 2026-06-30"
        )
    day, month = (parts[0], parts[1]) if len(day_leads) else (parts[1], parts[0])
    return pd.DataFrame({"year": parts[2].mask(parts[2] < 100, parts[2] + 2000), "month": month, "day": day})
