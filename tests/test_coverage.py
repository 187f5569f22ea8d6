"""The benchmark of ranges counts what it says: what was held, and what choosing and judging on one year hides."""

import pandas as pd
import pytest
from benchmarks import coverage

from segmentation.value import BOOSTED, SAME_AGAIN, SEGMENT_MEAN


def year(same_again: float, trees: float) -> pd.DataFrame:
    """A judged year of sixty customers; candidates expect so much of what each spends."""
    actual = pd.Series(range(1, 61), dtype=float)
    return pd.DataFrame(
        {"actual": actual, SAME_AGAIN: same_again * actual, SEGMENT_MEAN: 9 * actual, BOOSTED: trees * actual}
    )


def test_what_is_chosen_on_one_year_is_followed_into_the_next(decisions):
    found = coverage.choice(year(1.2, 1.1), year(1.2, 0.7), decisions.BELIEF)
    assert found["chosen"] == BOOSTED
    totals = [found[f"{when} total"] for when in ("same", "next")]
    assert totals == pytest.approx([0.1, 0.3])
    assert [found[f"{when} gain"] for when in ("same", "next")] == pytest.approx([0.5, -0.5])


def test_where_nothing_can_be_believed_there_is_nothing_to_follow(decisions):
    assert coverage.choice(year(2, 3), year(1, 1), decisions.BELIEF) is None


def test_tables_are_printed_in_percent():
    assert coverage.as_rows(pd.DataFrame({1: [0.666], 3: [0.95]}, ["All"])) == "| All | 67 | 95 |"
