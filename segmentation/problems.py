"""problems"""

import re
from pathlib import Path

import pandas as pd


class InputError(ValueError):
    """A message for whoever runs the notebook: what was found where, and what was expected; shown without traceback."""

    def _render_traceback_(self):
        """What Jupyter shows in place of a traceback."""
        return [f"InputError: {self}"]


def check_parameters(window_months, snapshot_date, random_state, currency, paths: dict) -> None:
    """Raise InputError for a parameter that cannot be meant."""
    for name, path in paths.items():
        if not isinstance(path, str | Path) or not str(path).strip():
            raise InputError(f"{name} is {path!r}; expected a path")
    if window_months is not None and (type(window_months) is not int or not 1 <= window_months <= 600):
        raise InputError(f"WINDOW_MONTHS is {window_months!r}; expected a whole number from 1 to 600, or None")
    if type(random_state) is not int or not 0 <= random_state < 2**32:
        raise InputError(f"RANDOM_STATE is {random_state!r}; expected a whole number from 0 to 4,294,967,295")
    if snapshot_date is not None and pd.isna(pd.to_datetime(str(snapshot_date), format="%Y-%m-%d", errors="coerce")):
        raise InputError(f"SNAPSHOT_DATE is {snapshot_date!r}; expected a date like 2026-07-01, or None")
    if not isinstance(currency, str) or not re.fullmatch(r"[^\d\s<>|*_`\[\]\\~#&]{1,5}", currency):
        raise InputError(f"CURRENCY is {currency!r}; expected a sign or code of one to five letters, like $ or EUR")
