"""publish"""

import contextlib
import csv
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.problems import InputError
from segmentation.words import count, join, money, percent, plural


def as_text(column: pd.Series, whole: bool) -> list[str]:
    """A column's values as they would be typed: no '.0' where the whole column is whole, blanks blank."""
    codes, words = pd.factorize(column)
    form = (lambda value: str(int(value))) if whole else str
    return np.array([*map(form, words.tolist()), ""], dtype=object)[codes].tolist()


def write_csv(table: pd.DataFrame, files: dict[Path, list[str]]) -> None:
    """Write columns of a table to one or more CSV files, 100,000 rows at a time; a value becomes text only once."""
    whole = {
        name: table[name].dtype.kind == "f" and bool((np.floor(table[name]) == table[name])[table[name].notna()].all())
        for name in table
    }
    with contextlib.ExitStack() as stack:
        opened = {path: stack.enter_context(open(path, "w", encoding="utf-8", newline="")) for path in files}
        writers = {path: csv.writer(file, lineterminator="\n") for path, file in opened.items()}
        for path, writer in writers.items():
            writer.writerow(files[path])
        for start in range(0, len(table), 100_000):
            texts = {name: as_text(table[name].iloc[start : start + 100_000], whole[name]) for name in table}
            for path, writer in writers.items():
                writer.writerows(zip(*(texts[name] for name in files[path]), strict=True))


def publish(staged: dict[Path, Path], optional: list[Path]) -> None:
    """Move every staged file to its place, all or nothing; remove optional files of an earlier run."""
    ready = {}
    try:
        for source, target in staged.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            ready[target] = target.with_name(f".{target.name}.new")
            shutil.copyfile(source, ready[target])
    except OSError as error:
        for waiting in ready.values():
            waiting.unlink(missing_ok=True)
        raise InputError(
            f"results cannot be written to {Path(error.filename or '').parent.name}: {error.strerror}"
        ) from error
    for target, waiting in ready.items():
        os.replace(waiting, target)
    for old in optional:
        if old not in staged.values():
            old.unlink(missing_ok=True)


OPTIONAL_FIGURES = [
    "monthly_spend", "correlations", "engagement_value", "campaign_response", "loyalty_tier", "engagement_levels",
    "cart_abandonment", "segments_over_time", "segment_flows", "value_calibration", "value_by_segment", "test_power",
    "early_guess", "early_history",
]  # fmt: skip


def headline(profiles: pd.DataFrame, worth: pd.DataFrame | None, step: str, sure: str) -> str:
    """The answer in a few lines of Markdown: a line per segment, what to do first, how sure it is."""
    people, revenue = profiles["Customers"].sum(), profiles["Revenue"].sum()
    lines = [f"**{count(people)} customers, {money(revenue)} of revenue, four segments** (medians):", ""]
    for name, row in profiles.iterrows():
        shares = f"{percent(row['Customer_Share'])} of customers, **{percent(row['Revenue_Share'])} of revenue**"
        orders, days = plural(row["Frequency_Median"], "order"), plural(row["Recency_Median"], "day")
        ahead = f"; worth {money(worth.loc[name, 'CLV_12M'])} in the next year" if worth is not None else ""
        lines.append(f"- **{name}**: {shares}; {orders}, {money(row['Monetary_Median'])}, last order {days} ago{ahead}")
    return "\n".join([*lines, "", f"**Do first:** {step}", "", f"**How sure:** {sure}"])


def next_step(first: pd.Series, todo: str, worth: pd.DataFrame | None, test: str) -> str:
    """The most valuable next step, what it may cost and how it can be proved, as a sentence."""
    most = f", at most {money(worth.loc[first['Segment'], 'Max_Spend'])} a customer" if worth is not None else ""
    return f"{todo} ({money(first['At stake'])} at stake{most}). The test that would prove it: {test}."


def how_sure(verdicts: pd.DataFrame, votes: int, views: int, problems: list[str], miss: float | None) -> str:
    """What supports the segments and what does not, as sentences."""
    failed = verdicts.loc[verdicts["Met"] == "NO", "Criterion"].tolist()
    text = f"{len(verdicts) - len(failed)} of {len(verdicts)} criteria fixed beforehand are met"
    text += f" (not met: {join(failed).lower()})" if failed else ""
    text += f"; four groups are a choice, {votes} of {views} indices prefer them" if votes < views else ""
    text += f"; the forecast missed a year that it had not seen by {percent(miss)}" if miss is not None else ""
    return text + (f". **Warning: the names do not fit well:** {'; '.join(problems)}." if problems else ".")
