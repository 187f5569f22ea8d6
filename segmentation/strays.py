"""Days so far from all others that they are a slip of the pen, or how a system writes that it knows no day."""

import pandas as pd

PAUSE = 335  # days without an order: eleven months, more than a shop that opens for one month a year has
FEW = 0.02  # share of days that may lie beyond such a pause; after a real one there are more
ZERO = pd.Timestamp("1970-01-01")  # how systems write that they know no day


def far_days(days: pd.Series) -> pd.Series:
    """Whether each day lies far from all others: one of few beyond a PAUSE, or, unless most are, the ZERO of systems.

    >>> days = pd.Series(pd.to_datetime(["1999-01-01"] + 49 * ["2026-06-30"]))
    >>> far_days(days).sum(), far_days(days[:49]).sum()
    (np.int64(1), np.int64(0))
    """
    zero = days == ZERO
    zero &= 2 * zero.sum() < days.count()
    sizes = days[~zero].value_counts().sort_index()
    island = (sizes.index.to_series().diff().dt.days > PAUSE).cumsum()
    islands = sizes.groupby(island).sum().sort_values(kind="stable")
    few = islands.index[islands.cumsum() <= FEW * sizes.sum()]
    return zero | days.isin(sizes.index[island.isin(few)])
