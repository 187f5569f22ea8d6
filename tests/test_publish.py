"""Results appear all at once or not at all; whatever is stopped, a reader can tell a whole set from a broken one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from decided import ROOT

from segmentation import publish
from segmentation.problems import InputError

RUN = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from segmentation import publish
word, source, out = sys.argv[1:]
data, images = Path(source, word, "data"), Path(source, word, "images")
while True:
    publish.publish(data, images, publish.Targets.of(out, out + "/images"), {{"word": word}})
    if {once}:
        break
"""


def staged(folder: Path, word: str, files=12) -> Path:
    """A staged run whose files all hold the same word."""
    for name in ("data", "images"):
        (folder / word / name).mkdir(parents=True)
        for number in range(files):
            (folder / word / name / f"{name}{number}.csv").write_text(word * 2000)
    return folder / word


def published(folder: Path, word: str, out: Path, *inputs) -> int:
    """Publish a staged run into out and out/images."""
    targets = publish.Targets.of(str(out), str(out / "images"), *map(str, inputs))
    return publish.publish(folder / word / "data", folder / word / "images", targets, {"word": word})


def words_in(out: Path) -> set[str]:
    """Which runs' words the published files hold."""
    return {path.read_text()[:3] for path in out.rglob("*.csv") if not path.parent.name.startswith(".")}


def whole(out: Path) -> bool:
    """Whether the manifest calls the set complete and every file is as it says."""
    manifest = publish.read_manifest(out)
    if not manifest.get("complete"):
        return False
    return all(publish.checksum(out / name) == mark for name, mark in manifest["outputs"].items())


@pytest.fixture
def runs(tmp_path):
    """Two staged runs, 'one' and 'two', and a folder for results."""
    staged(tmp_path, "one")
    staged(tmp_path, "two", files=9)
    return tmp_path


def test_a_run_replaces_the_earlier_one_and_removes_what_only_that_one_made(runs):
    out = runs / "out"
    assert published(runs, "one", out) == 24
    (out / "mine.csv").write_text("my own")
    (out / "data11.csv").write_text("changed by hand")
    assert published(runs, "two", out) == 18
    assert words_in(out) == {"two", "my ", "cha"} and whole(out)
    assert sorted(path.name for path in out.iterdir() if path.suffix != ".csv") == ["images", "run.json"]
    assert not (out / "data10.csv").exists()


def test_the_manifest_is_the_same_wherever_the_run_was_made(runs):
    for name in ("out", "elsewhere"):
        published(runs, "one", runs / name)
    assert (runs / "out" / "run.json").read_bytes() == (runs / "elsewhere" / "run.json").read_bytes()


def test_an_input_is_never_overwritten_or_removed(runs):
    out = runs / "out"
    out.mkdir()
    (out / "data3.csv").write_text("input")
    with pytest.raises(InputError, match=r"data3\.csv: is read by this run and would be overwritten"):
        published(runs, "one", out, out / "data3.csv")
    assert [path.name for path in out.iterdir() if path.name != "images"] == ["data3.csv"]
    assert (out / "data3.csv").read_text() == "input"


def test_a_folder_where_a_file_should_go_stops_the_run_before_anything_is_replaced(runs):
    out = runs / "out"
    published(runs, "one", out)
    (out / "images" / "images8.csv").unlink()
    (out / "images" / "images8.csv").mkdir()
    with pytest.raises(InputError, match=r"images8\.csv: is a folder where a file should go"):
        published(runs, "two", out)
    (out / "images" / "images8.csv").rmdir()
    assert words_in(out) == {"one"}


def test_where_one_move_fails_all_are_taken_back(runs, monkeypatch):
    out = runs / "out"
    published(runs, "one", out)
    replace, moves = os.replace, []

    def fails_once(source, target):
        moves.append(target)
        if len(moves) == 15:
            raise PermissionError(13, "Permission denied", str(source), None, str(target))
        return replace(source, target)

    monkeypatch.setattr(os, "replace", fails_once)
    with pytest.raises(InputError, match=r"cannot be written .* nothing was changed"):
        published(runs, "two", out)
    assert words_in(out) == {"one"} and whole(out)
    assert not list(out.rglob(".segmentation-*"))


def test_a_planted_link_is_replaced_and_not_followed(runs):
    out = runs / "out"
    out.mkdir()
    (runs / "precious.csv").write_text("precious")
    (out / "data0.csv").symlink_to(runs / "precious.csv")
    published(runs, "one", out)
    assert (runs / "precious.csv").read_text() == "precious" and not (out / "data0.csv").is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="a process is killed with a POSIX signal")
def test_killed_at_any_moment_the_set_is_whole_or_called_broken_and_the_next_run_repairs_it(runs):
    out, rng = runs / "out", random.Random(0)
    script = RUN.format(root=str(ROOT), once=False)
    for number in range(int(os.environ.get("KILLS", 6))):
        word = ("one", "two")[number % 2]
        process = subprocess.Popen([sys.executable, "-c", script, word, str(runs), str(out)])
        while not (out / "run.json").exists() or publish.read_manifest(out).get("word") != word:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert whole(out) or not publish.read_manifest(out).get("complete")
        if whole(out):
            assert len(words_in(out)) == 1
    published(runs, "two", out)
    assert whole(out) and words_in(out) == {"two"}
    assert not list(out.rglob(".segmentation-*"))


def test_two_runs_at_the_same_time_leave_one_whole_set(runs):
    out = runs / "out"
    script = RUN.format(root=str(ROOT), once=True)
    for _ in range(int(os.environ.get("PAIRS", 2))):
        both = [subprocess.Popen([sys.executable, "-c", script, word, str(runs), str(out)]) for word in ("one", "two")]
        assert [process.wait() for process in both] == [0, 0]
        assert whole(out) and len(words_in(out)) == 1


def test_who_holds_the_folder_is_named(tmp_path):
    hold = "import sys, time\nfrom pathlib import Path\nsys.path.insert(0, sys.argv[1])\n"
    hold += "from segmentation import publish\nwith publish.locked(Path(sys.argv[2])):\n"
    hold += "    print('held', flush=True)\n    time.sleep(20)"
    other = subprocess.Popen([sys.executable, "-c", hold, str(ROOT), str(tmp_path)], stdout=subprocess.PIPE)
    other.stdout.readline()
    with pytest.raises(InputError, match=f"process {other.pid} publishes there"), publish.locked(tmp_path, 0.1):
        pass
    other.kill()
    other.communicate()
    with publish.locked(tmp_path, 1):
        pass


def test_targets_are_checked_before_the_work(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="file is a file; expected a folder"):
        publish.Targets.of(str(tmp_path / "file" / "out"), str(tmp_path))
    with pytest.raises(InputError, match="OUTPUT_DIR is None; expected a path"):
        publish.Targets.of(None, str(tmp_path))
    assert publish.Targets.of("~/x", str(tmp_path)).data == Path.home() / "x"


def test_whole_numbers_are_written_without_a_point(tmp_path):
    table = pd.DataFrame({"a": [1.0, None], "b": [1.5, 2.0], "c": ["x", 'y,"z"']})
    publish.stage({"t.csv": table}, tmp_path)
    assert (tmp_path / "t.csv").read_bytes() == b'a,b,c\n1,1.5,x\n,2.0,"y,""z"""\n'


def test_only_files_made_for_people_are_made_safe_for_spreadsheets(tmp_path):
    table = pd.DataFrame({"Customer_ID": ["=1+1", " @x", "a"], "Spend": [-1.5, 2, 3], "Action": ["\tgo", "b", "-c"]})
    table["Arm"] = pd.Categorical(["control", "treatment", "control"])
    publish.stage({"campaign_plan.csv": table, "segment_movers.csv": table, "data.csv": table}, tmp_path)
    exact, plan = (pd.read_csv(tmp_path / name, dtype=str) for name in ("data.csv", "campaign_plan.csv"))
    assert exact["Customer_ID"].tolist() == table["Customer_ID"].tolist() and exact["Action"][0] == "\tgo"
    assert plan["Customer_ID"].tolist() == ["'=1+1", "' @x", "a"] and plan["Action"].tolist() == ["'\tgo", "b", "'-c"]
    assert plan["Spend"].tolist() == exact["Spend"].tolist() and plan["Arm"].tolist() == exact["Arm"].tolist()
    assert (tmp_path / "segment_movers.csv").read_bytes() == (tmp_path / "campaign_plan.csv").read_bytes()
