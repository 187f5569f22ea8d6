"""The shop's own season: how each month of the year compares with an average one, and the twelve months ahead."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.orders import PEAK, Months, by_month
from segmentation.problems import LeftOut

SEASON_YEARS = 2  # that every month must have been seen in: one year cannot tell a season from growth


@dataclass(frozen=True)
class Season:
    """Spend by calendar month, and which of them stand out."""

    index: pd.Series  # 1 to 12: spend over that of an average month of its year
    busy: tuple[int, ...]  # months that stand out in every year, with the highest one and in one run; () if none do
    years: int  # seen

    def starts(self, day: pd.Timestamp, lead: int = 1) -> pd.Timestamp | None:
        """The first day, not before `day`, of the month that lies `lead` months before the busy ones; None without."""
        if not self.busy:
            return None
        month = (self.busy[0] - 1 - lead) % 12 + 1
        first = pd.Timestamp(day.year, month, 1)
        return first if first >= day.normalize() else first + pd.DateOffset(years=1)

    def holds(self, dates: pd.Series) -> pd.Series:
        """Whether days lie in the busy months or the month on either side of them."""
        around = {(month + step - 1) % 12 + 1 for month in self.busy for step in (-1, 0, 1)}
        return dates.dt.month.isin(around)


def season_of(months: Months) -> Season | LeftOut:
    """The season that a log shows, from its last two years or more of whole months; each year weighs the same."""
    spend = months.spend[months.whole]
    years = len(spend) // 12
    if years < SEASON_YEARS or len(spend) < len(pd.period_range(spend.index[0], spend.index[-1], freq="M")):
        return LeftOut(f"the season needs {SEASON_YEARS} whole years of orders; one cannot tell a season from growth")
    spend = spend.iloc[-12 * years :]
    parts = spend.to_numpy().reshape(years, 12)
    relative = pd.DataFrame(parts / parts.mean(axis=1, keepdims=True), columns=spend.index.month[:12]).sort_index(
        axis=1
    )
    index = relative.mean()
    stands_out = (relative > PEAK).all()
    return Season(index, run_of(stands_out, int(index.idxmax())), years)


def season_in(log: pd.DataFrame, snapshot: pd.Timestamp) -> Season | LeftOut:
    """The season that an order log shows."""
    return season_of(by_month(log, snapshot))


def run_of(stands_out: pd.Series, peak: int) -> tuple[int, ...]:
    """The months around the peak that stand out without a break, in the order of the calendar; () if it does not.

    >>> run_of(pd.Series(np.isin(range(1, 13), [1, 6, 11, 12]), range(1, 13)), 12)
    (11, 12, 1)
    """
    if not stands_out[peak] or stands_out.all():
        return ()
    before = next(step for step in range(12) if not stands_out[(peak - 2 - step) % 12 + 1])
    after = next(step for step in range(12) if not stands_out[(peak + step) % 12 + 1])
    return tuple((peak + step - 1) % 12 + 1 for step in range(-before, after + 1))


def months_ahead(day: pd.Timestamp) -> pd.PeriodIndex:
    """The twelve calendar months from the day on."""
    return pd.period_range(day.to_period("M"), periods=12, freq="M")


def index_ahead(season: Season | LeftOut, day: pd.Timestamp) -> pd.Series:
    """Spend against an average month in each of the twelve months ahead; NaN where no season is known."""
    ahead = months_ahead(day)
    known = np.full(12, np.nan) if isinstance(season, LeftOut) else season.index[ahead.month].to_numpy()
    return pd.Series(known, ahead)
