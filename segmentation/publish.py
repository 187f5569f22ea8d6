"""Results as files: written aside first, then published all at once; a manifest tells a whole set from a broken one.

A run stages everything in a folder of its own beside the target, checks every target, and only then moves the files,
the manifest last. A run that was stopped between two moves is finished by the next one (`recover`).
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from segmentation.problems import InputError, LeftOut, named_path
from segmentation.vocabulary import COMPUTED, CUSTOMER_COLUMNS, ENGAGEMENT
from segmentation.words import safe_for_spreadsheets

MANIFEST, LOCK, STAGING = "run.json", ".segmentation.lock", ".segmentation-"
PUBLISHING = {"complete": False, "what": "a run was stopped while it published here; the next run repairs the folder"}
OUTPUTS = (
    "ecommerce_user_behavior_cleaned.csv", "ecommerce_segmented_customers.csv", "ecommerce_set_aside_rows.csv",
    "ecommerce_set_aside_orders.csv", "segment_profiles.csv", "segment_model.json", "segment_movers.csv",
    "assign_segments.sql", "customers_from_orders.sql", "campaign_plan.csv", "new_customers.csv", MANIFEST,
)  # fmt: skip
FOR_PEOPLE = ("campaign_plan.csv", "segment_movers.csv")  # opened in spreadsheets; all others hold data as given
OVERWRITTEN = "is read by this run and would be overwritten; expected another OUTPUT_DIR"
SPARE = 200_000_000  # bytes that must be free where results go; the results of 100,000 customers take a third of it


def whole_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The table with columns that hold only whole numbers as integers, so that they are written without '.0'."""
    floats = table.select_dtypes("float")
    whole = [name for name in floats if not (floats[name] % 1).any() and np.isfinite(floats[name].dropna()).all()]
    return table.astype(dict.fromkeys(whole, "Int64"))


def customer_tables(cleaned: pd.DataFrame, customers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The two customer files: known columns of the input in their order, what was computed, then all others."""
    known = [name for name in CUSTOMER_COLUMNS if name in cleaned]
    extra = [name for name in cleaned if name not in known]
    computed = [name for name in COMPUTED if name in customers]
    return {
        "ecommerce_user_behavior_cleaned.csv": customers[[*known, *ENGAGEMENT, *extra]],
        "ecommerce_segmented_customers.csv": customers[[*known, *computed, *extra]],
    }


def stage(tables: dict[str, pd.DataFrame | LeftOut], folder: Path) -> pd.DataFrame:
    """Write the tables that are there and have rows into the folder as CSV; returns File, Rows and Columns of each.

    In files made for people no text can run as a formula; everything else is written as it is.
    """
    there = {name: table for name, table in tables.items() if not isinstance(table, LeftOut) and len(table)}
    for name, table in there.items():
        table = safe_texts(table) if name in FOR_PEOPLE else table
        whole_numbers(table).to_csv(folder / name, index=False, lineterminator="\n")
    sizes = [(name, *table.shape) for name, table in there.items()]
    return pd.DataFrame(sizes, columns=["File", "Rows", "Columns"])


def safe_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its texts safe for spreadsheets."""
    texts = table.select_dtypes(exclude=["number", "bool", "category"])
    return table.assign(**{name: safe_for_spreadsheets(texts[name]) for name in texts})


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Targets:
    """Where results go, and the files that a run reads and so never touches."""

    data: Path
    images: Path
    inputs: tuple[Path, ...]

    @classmethod
    def of(cls, data: str, images: str, *inputs: str | None) -> "Targets":
        """Targets with `~` expanded; raises InputError before any work where results could not be written."""
        for name, path in (("OUTPUT_DIR", data), ("IMAGES_DIR", images)):
            if named_path(name, path) is None:
                raise InputError(f"{name} is {path!r}; expected a path")
        found = cls(_folder(data), _folder(images), tuple(_folder(path) for path in inputs if path))
        for folder in (found.data, found.images):
            _check_folder(folder)
        for path in found.inputs:
            if path.parent == found.data and path.name in OUTPUTS:
                raise InputError(f"{path.name}: {OVERWRITTEN}")
        return found


def _folder(path: str) -> Path:
    """A path as the caller means it; one that leads round in a circle stays as it is."""
    try:
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError):
        return Path(path).absolute()


def _check_folder(folder: Path) -> None:
    """Raise InputError where the folder is none, or cannot be written, or is on a disk that is nearly full."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists() or parent.is_symlink())
    if not there.is_dir():
        raise InputError(f"{folder.name}: {there.name} is a file; expected a folder for the results")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"{folder.name}: results cannot be written there; expected a folder that you may write to")
    if (free := shutil.disk_usage(there).free) < SPARE:
        raise InputError(f"{folder.name}: {free / 1e6:,.0f} MB are free on its disk; expected {SPARE / 1e6:,.0f} MB")


@contextmanager
def locked(folder: Path, patience: float = 30.0):
    """Hold the folder for one run at a time; the system lets go of it when the run ends, however it ends.

    Raises InputError, which names the holder, where another run still publishes after `patience` seconds.
    """
    path = folder / LOCK
    until = time.monotonic() + patience
    while (file := _held(path)) is None:
        if time.monotonic() > until:
            raise InputError(
                f"{folder.name}: {path.read_text(encoding='utf-8')} publishes there; wait until it has ended"
            )
        time.sleep(0.05)
    try:
        yield
    finally:
        if os.name != "nt":  # there an open file cannot be removed
            path.unlink(missing_ok=True)
        file.close()
        if os.name == "nt":
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _held(path: Path):
    """The lock file, open and held by this process; None where another process holds it or has just removed it."""
    file = open(path, "a+", encoding="utf-8")
    with suppress(OSError):
        _hold(file)
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            return file
    file.close()
    return None


def _hold(file) -> None:
    """The system's lock on an open file; raises OSError where another process has it."""
    if os.name == "nt":
        import msvcrt

        file.seek(1_000_000)  # beyond what is read as the holder's name
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def publish(data: Path, images: Path, targets: Targets, facts: dict) -> int:
    """Move what waits in two folders to the targets, all or nothing, and the manifest last; returns how many files.

    facts: what the manifest says beside the checksums of inputs and outputs. Files that an earlier run's manifest
    lists, that are as that run left them and that this run does not make are removed. Inputs are never touched.
    """
    folders = {data: targets.data, images: targets.images}
    made = [folder for folder in folders.values() if not folder.exists()]
    try:
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            for folder in sorted({*folders.values()}):
                stack.enter_context(locked(folder))
            recover(*folders.values())
            _finish(_prepare(folders, targets, facts))
    except (InputError, OSError) as error:
        raise _undone(error, made, targets.data) from error
    return len(read_manifest(targets.data)["outputs"])


def _undone(error: InputError | OSError, made: list[Path], folder: Path) -> InputError:
    """Remove the folders made for a run that could not publish; the error as one message."""
    for empty in reversed(made):
        with suppress(OSError):
            empty.rmdir()
    if isinstance(error, InputError):
        return error
    name = Path(error.filename2 or error.filename or folder).name
    return InputError(f"{name}: cannot be written ({error.strerror}); nothing was changed. Close it and run again")


def _prepare(folders: dict[Path, Path], targets: Targets, facts: dict) -> Path:
    """Stage every file beside its target and write down what is to be moved and removed; returns the plan's path."""
    stagings, moves = [], []
    try:
        for source, target in folders.items():
            stagings.append(Path(tempfile.mkdtemp(prefix=STAGING, dir=target)))
            for file in sorted(source.iterdir()):
                _check_target(target / file.name, targets.inputs)
                moves.append((str(shutil.copyfile(file, stagings[-1] / file.name)), str(target / file.name)))
        outputs = {_name(Path(to), targets): checksum(Path(staged)) for staged, to in moves}
        inputs = {path.name: checksum(path) for path in targets.inputs if path.is_file()}
        manifest = {"complete": True, **facts, "inputs": inputs, "outputs": outputs}
        old = [str(path) for path in _left_over(targets, {to for _, to in moves})]
        plan = {"moves": moves, "remove": old, "manifest": manifest, "stagings": [str(path) for path in stagings]}
        return _write_json(stagings[0] / "plan.json", plan)
    except BaseException:
        for folder in stagings:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _name(path: Path, targets: Targets) -> str:
    """An output as the manifest calls it: images/x.png for what is in the folder of images, x.csv for the rest."""
    return f"images/{path.name}" if path.parent == targets.images != targets.data else path.name


def _check_target(path: Path, inputs: tuple[Path, ...]) -> None:
    """Raise InputError where the file at this place must not, or cannot, be replaced."""
    if path in inputs or (path.exists() and any(file.exists() and path.samefile(file) for file in inputs)):
        raise InputError(f"{path.name}: {OVERWRITTEN}")
    if path.is_dir():
        raise InputError(f"{path.name}: is a folder where a file should go; move it away and run again")
    if path.is_file() and not path.is_symlink():
        with open(path, "r+b"):  # on Windows this fails where a spreadsheet has the file open
            pass


def _left_over(targets: Targets, made: set[str]) -> list[Path]:
    """Files of the last complete run that this one does not make, if nobody has changed them since."""
    manifest = read_manifest(targets.data)
    found = []
    for name, mark in manifest.get("outputs", {}).items():
        folder = targets.images if name.startswith("images/") else targets.data
        path = folder / name.removeprefix("images/")
        if str(path) not in made and path not in targets.inputs and path.is_file() and checksum(path) == mark:
            found.append(path)
    return found


def _finish(plan_path: Path) -> None:
    """Carry a plan out; where one move fails, everything is moved back and the error raised."""
    plan = json.loads(plan_path.read_text(encoding="utf-8"))
    manifest = plan_path.parent.parent / MANIFEST
    before = manifest.read_bytes() if manifest.is_file() else None
    _write_json(manifest, PUBLISHING)
    try:
        _move(plan, plan_path.parent / "before")
    except OSError:
        if before is None:
            manifest.unlink()
        else:
            manifest.write_bytes(before)
        raise
    _write_json(manifest, plan["manifest"])
    _clear(plan)


def _move(plan: dict, aside: Path) -> None:
    """Put what is there aside and the staged files in its place; all of it back where one move fails.

    A move that an earlier, stopped run has made already is passed over.
    """
    aside.mkdir(exist_ok=True)
    done = []
    try:
        for staged, target in [*plan["moves"], *((None, old) for old in plan["remove"])]:
            kept = aside / f"{len(done)}"
            waiting = staged is None or Path(staged).exists()
            done.append((kept, target, staged))
            if waiting and os.path.lexists(target) and not os.path.lexists(kept):
                os.replace(target, kept)
            if waiting and staged:
                os.replace(staged, target)
    except OSError:
        for kept, target, staged in reversed(done):
            if staged and not Path(staged).exists():
                os.replace(target, staged)
            if os.path.lexists(kept):
                os.replace(kept, target)
        _clear(plan)
        raise


def _clear(plan: dict) -> None:
    """Remove the staging folders, the one with the plan last."""
    for folder in reversed(plan["stagings"]):
        shutil.rmtree(folder, ignore_errors=True)


def recover(*folders: Path) -> None:
    """Finish what a stopped run had begun to publish here; throw away what it had only begun to stage."""
    stagings = [staging for folder in folders for staging in sorted(folder.glob(f"{STAGING}*"))]
    for staging in stagings:
        if (staging / "plan.json").is_file():
            _finish(staging / "plan.json")
        elif staging.is_dir():
            shutil.rmtree(staging, ignore_errors=True)
        else:
            staging.unlink(missing_ok=True)


def read_manifest(folder: Path) -> dict:
    """The manifest of the results in a folder; {} where there is none that can be read."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_json(path: Path, content: dict) -> Path:
    """Write a small JSON file in one step, so that nobody ever reads half of it."""
    waiting = path.with_name(f"{STAGING}{os.getpid()}-{path.name}")
    waiting.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    os.replace(waiting, path)
    return path
