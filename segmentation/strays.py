"""Days so far from all others that they are a slip of the pen, or how a system writes that it knows no day."""

import pandas as pd

PAUSE = 335  # days without an order: eleven months, more than a shop that opens for one month a year has
FEW = 0.02  # share of days that may lie beyond such a pause; after a real one there are more
AHEAD, TIMES = 31, 5  # days without an order before a last one, and times the longest gap between the others
STRAY, MANY = 0.005, 50  # at most one in two hundred, and only among so many
ZERO = pd.Timestamp("1970-01-01")  # how systems write that they know no day


def far_days(days: pd.Series) -> pd.Series:
    """Whether each day lies far from all others: one of few beyond a PAUSE, the ZERO of systems unless most are, ahead.

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
    return zero | days.isin(sizes.index[island.isin(few)]) | ahead(days)


def ahead(days: pd.Series) -> pd.Series:
    """Whether each day is one of few behind a gap as no other is: a slip in the last orders would move the snapshot.

    >>> days = pd.Series(pd.date_range("2026-01-01", periods=60)).replace(pd.Timestamp("2026-03-01"), "2026-09-01")
    >>> ahead(days).sum()
    np.int64(1)
    """
    ordered = days.dropna().sort_values()
    few = max(1, int(STRAY * len(ordered)))
    if len(ordered) < MANY:
        return pd.Series(False, days.index)
    gaps = ordered.diff().dt.days
    late = gaps.iloc[-few:] > max(AHEAD, TIMES * gaps.iloc[1:-few].max())
    return days >= ordered[late[late].index[0]] if late.any() else pd.Series(False, days.index)
