"""The notebook's cost: a large shop fits in little memory, and nothing grows faster than the number of customers."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shared import Kernel

LARGE, SMALL = 200_000, 25_000


@pytest.fixture(scope="module")
def shop(generator):
    """A maker of shops: customers of a small simulated shop again and again, with new ids and jittered spend."""
    base = generator.make(seed=4, customers=5_000, defects=False)[1]

    def make(size: int) -> pd.DataFrame:
        rng = np.random.default_rng(0)
        table = base.iloc[rng.integers(0, len(base), size)].reset_index(drop=True)
        spend = (table["Monetary"] * np.exp(rng.normal(0, 0.05, size))).round(2)
        return table.assign(Customer_ID=[f"C{n:07d}" for n in range(size)], Monetary=spend)

    return make


@pytest.fixture(scope="module")
def alone(notebook, tmp_path_factory):
    """A kernel of its own, so that its peak memory is this run's."""
    kernel = Kernel(notebook, tmp_path_factory.mktemp("scale"))
    yield kernel
    kernel.close()


def status(kernel, file: str) -> str:
    """What Linux says of the kernel's process."""
    return Path(f"/proc/{kernel.client.km.provisioner.pid}/{file}").read_text()


def seconds(kernel) -> float:
    """CPU time of the kernel's process so far, in clock ticks of a hundredth of a second."""
    return sum(map(int, status(kernel, "stat").rsplit(")", 1)[1].split()[11:13])) / 100


@pytest.mark.skipif(sys.platform != "linux", reason="memory of another process is read from /proc, on Linux only")
def test_two_hundred_thousand_customers_run_within_two_gigabytes_and_time_grows_no_faster_than_they_do(alone, shop):
    spent = []
    for size in (SMALL, LARGE):
        before = seconds(alone)
        run = alone.run(shop(size))
        assert run.ok, run.error
        assert len(run.table("ecommerce_segmented_customers.csv")) == size
        assert "Traceback" not in run.text
        spent.append(seconds(alone) - before)
    gigabytes = int(re.search(r"VmHWM:\s+(\d+) kB", status(alone, "status"))[1]) / 1e6
    assert gigabytes < 2, f"{gigabytes:.2f} GB"
    assert spent[1] < LARGE / SMALL * spent[0], f"{spent[0]:.1f} s for {SMALL:,}, {spent[1]:.1f} s for {LARGE:,}"


def test_where_the_search_is_on_a_sample_the_fit_is_on_all_and_the_same(nb, shop):
    """The bounded path (ten starts on a sample, carried on over all profiles) against ten starts on all profiles."""
    customers = shop(60_000)
    points, weights = nb.profiles_of(customers, nb.RFM)
    top = np.array([nb.cut_points(customers[name], [nb.CAP_QUANTILE])[0] for name in nb.RFM])
    full = nb.fit(points, weights, top, nb.K, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(nb.fit.__globals__, "WIDE_SAMPLE", 10_000)
        bounded = nb.fit(points, weights, top, nb.K, 1)
    assert len(points) > 30_000
    assert bounded[-1].inertia_ == pytest.approx(full[-1].inertia_, rel=1e-9)
    assert nb.adjusted_rand_score(full.predict(points), bounded.predict(points)) > 0.9999
    np.testing.assert_allclose(bounded[1].mean_, full[1].mean_)


def test_order_by_value_and_sample_are_those_of_pandas_and_of_numpy(nb):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.integers(0, 9, (500, 3)) * [1.0, 1.0, 0.25], columns=nb.RFM)
    for scale in (1, 0.5, 100_000):
        scaled = table * scale
        assert list(scaled.index[nb.by_value(scaled)]) == list(scaled.sort_values(nb.RFM, kind="stable").index)
    points, weights = nb.profiles_of(table, nb.RFM)
    distinct, sizes = np.unique(table.to_numpy(), axis=0, return_counts=True)
    assert (points == distinct).all() and (weights == sizes).all()


def test_faster_statistics_are_those_of_scipy_and_sklearn(nb):
    from scipy import stats
    from sklearn.metrics import pairwise_distances, silhouette_score

    rng = np.random.default_rng(1)
    one, group = pd.Series(rng.integers(0, 12, 400).astype(float)), pd.Series(rng.integers(0, 4, 400))
    other = (one + rng.normal(0, 4, 400)).mask(rng.random(400) < 0.1)
    assert np.allclose(nb.mid_ranks(other).dropna(), stats.rankdata(other.dropna()))
    assert nb.spearman(one, other)[0] == pytest.approx(stats.spearmanr(one, other, nan_policy="omit").statistic)
    known = other.notna()
    h, p = stats.kruskal(*(part for _, part in other[known].groupby(group[known])))
    assert nb.kruskal(other, group)[:2] == pytest.approx((h, p))
    h, p = stats.kruskal(*(part for _, part in one.groupby(group)))
    assert nb.kruskal(one, group)[:2] == pytest.approx((h, p))
    points, labels = rng.normal(size=(300, 3)), rng.integers(0, 5, 300)
    labels[0] = 5
    assert nb.silhouette(pairwise_distances(points), labels) == pytest.approx(silhouette_score(points, labels))


def test_a_table_is_written_as_pandas_writes_it(nb, tmp_path):
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {
            "Customer_ID": pd.Series([f'c,{n} "x"' if n % 7 == 0 else f"00{n}" for n in range(250)], dtype=str),
            "whole": np.where(rng.random(250) < 0.1, np.nan, rng.integers(0, 9, 250)),
            "parts": rng.lognormal(3, 2, 250).round(2),
            "Segment_Name": pd.Categorical.from_codes(rng.integers(-1, 2, 250), ["a b", "c\nd"]),
            "Level": pd.Series(np.where(rng.random(250) < 0.1, None, "High"), dtype=object),
            "Score": rng.integers(0, 9, 250),
        }
    )
    table.iloc[:4, 2] = [1e6, 1e-5, 1e17, 0.1 + 0.2]
    nb.write_csv(table, {tmp_path / "all.csv": list(table), tmp_path / "some.csv": ["Score", "whole"]})
    expected = table.assign(whole=table["whole"].astype("Int64"))
    expected.to_csv(tmp_path / "pandas.csv", index=False, lineterminator="\n")
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "pandas.csv").read_bytes()
    expected[["Score", "whole"]].to_csv(tmp_path / "pandas.csv", index=False, lineterminator="\n")
    assert (tmp_path / "some.csv").read_bytes() == (tmp_path / "pandas.csv").read_bytes()
