"""What a run says when something is wrong (InputError) or missing (LeftOut), and the check of its parameters."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


class InputError(ValueError):
    """A message for whoever runs the notebook: what was found where, and what was expected; shown without traceback."""

    def _render_traceback_(self):
        """What Jupyter shows in place of a traceback."""
        return [f"InputError: {self}"]


@dataclass(frozen=True)
class LeftOut:
    """A result that cannot be had, and why; the notebook shows it as one line.

    >>> LeftOut("no campaign response in the file")
    Left out: no campaign response in the file.
    """

    reason: str

    def __repr__(self) -> str:
        return f"Left out: {self.reason}."


def quietly(step, *arguments, **options):
    """step(*arguments), or the first argument that is left out.

    >>> quietly(abs, LeftOut("no orders"))
    Left out: no orders.
    """
    missing = [value for value in (*arguments, *options.values()) if isinstance(value, LeftOut)]
    return missing[0] if missing else step(*arguments, **options)


def required(result, name: str):
    """The result; raises InputError that names the file where it is left out."""
    if isinstance(result, LeftOut):
        raise InputError(f"{name}: {result.reason}")
    return result


def setting(name: str, default):
    """A parameter's default, unless the environment sets SEGMENTATION_<name>: empty means None, numbers are cast.

    >>> setting("RANDOM_STATE", 42)
    42
    """
    text = os.environ.get(f"SEGMENTATION_{name}", default)
    if text == "":
        return None
    if isinstance(default, dict) and isinstance(text, str):  # "Total Spent=Monetary; Client=Customer_ID"
        return dict(pair.strip().split("=", 1) for pair in text.split(";") if "=" in pair)
    return int(text) if isinstance(default, int) and re.fullmatch(r"[+-]?\d+", str(text)) else text


def named_path(name: str, path) -> Path | None:
    """The path that a parameter names, None where it names none; raises InputError for what is no path.

    >>> named_path("MODEL", None), named_path("MODEL", "")
    (None, None)
    """
    if path is not None and not isinstance(path, str | Path):
        raise InputError(f"{name} is {path!r}; expected a path, or None")
    if not path or not str(path).strip():
        return None
    try:
        found = Path(path).expanduser()
        os.path.realpath(found), found.exists()  # fail for a path that no file can have
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{name} is '{str(path)[:40]}': {why}; expected a path, or None") from error
    return found


def check_parameters(window_months, snapshot_date, random_state, currency, columns) -> None:
    """Raise InputError for a parameter that cannot be meant."""
    if window_months is not None and (type(window_months) is not int or not 1 <= window_months <= 600):
        raise InputError(f"WINDOW_MONTHS is {window_months!r}; expected a whole number from 1 to 600, or None")
    if type(random_state) is not int or not 0 <= random_state < 2**32:
        raise InputError(f"RANDOM_STATE is {random_state!r}; expected a whole number from 0 to 4,294,967,295")
    if snapshot_date is not None and pd.isna(pd.to_datetime(str(snapshot_date), format="%Y-%m-%d", errors="coerce")):
        raise InputError(f"SNAPSHOT_DATE is {snapshot_date!r}; expected a date like 2026-07-01, or None")
    if not isinstance(currency, str) or not re.fullmatch(r"[^\d\s<>|*_`\[\]\\~#&]{1,5}", currency):
        raise InputError(f"CURRENCY is {currency!r}; expected a sign or code of one to five letters, like $ or EUR")
    if not isinstance(columns, dict) or not all(isinstance(name, str) for pair in columns.items() for name in pair):
        raise InputError(f"COLUMNS is {columns!r}; expected your header: our name, like {{'Total Spent': 'Monetary'}}")
