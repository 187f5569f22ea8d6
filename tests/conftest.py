"""What the tests share: the notebook's decisions, a made shop, the shipped one."""

import sys
from pathlib import Path

import matplotlib
import nbformat
import pandas as pd
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
matplotlib.use("Agg")

from decided import NOTEBOOK, load_generator, read_decisions  # noqa: E402
from runs import Kernel  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

from segmentation import clusters, value  # noqa: E402
from segmentation.words import Words  # noqa: E402

settings.register_profile("suite", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def decisions():
    """What the notebook decides: ASSUMPTIONS, CRITERIA, RECIPE, ACTIONS and the rest of its `decision` cells."""
    return read_decisions()


@pytest.fixture(scope="session")
def words():
    """Templates as text, in dollars."""
    return Words("$")


@pytest.fixture(scope="session")
def generator():
    """The dataset generator."""
    return load_generator()


@pytest.fixture(scope="session")
def shop(generator):
    """A small shop without defects: (order log, table of 300 customers)."""
    return generator.make(seed=3, customers=300, defects=False)


@pytest.fixture(scope="session")
def shipped_customers():
    """The shipped shop as a run segmented it: one row per customer, numbers as numbers."""
    return pd.read_csv(ROOT / "data" / "ecommerce_segmented_customers.csv", dtype={"Customer_ID": str})


@pytest.fixture(scope="session")
def notebook():
    """The committed notebook."""
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    """A kernel for whole runs."""
    shared = Kernel(tmp_path_factory.mktemp("runs"))
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def judged(decisions, shop):
    """All forecasts on the last year of the small shop."""
    orders, table = shop
    log = orders.assign(Customer_ID=orders["Customer_ID"].astype(str), Order_Date=pd.to_datetime(orders["Order_Date"]))
    terms = value.Terms(clusters.fit(table, decisions.RECIPE).model, 12, 12, decisions.BELIEF, seed=0)
    with threadpool_limits(limits=1):
        return value.judge(log, pd.Timestamp("2026-07-01"), terms)
