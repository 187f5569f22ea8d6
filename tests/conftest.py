"""Fixtures: the notebook, its definitions, the generator, a kernel for whole runs, a fresh run."""

import hashlib
import shutil
from types import SimpleNamespace

import pytest
from hypothesis import settings
from runs import complete, names
from shared import ROOT, SHIPPED_SHA256, Kernel, definitions, load, read_notebook

settings.register_profile("suite", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def notebook():
    """The committed notebook."""
    return read_notebook()


@pytest.fixture(scope="session")
def nb():
    """What the package defines, as attributes."""
    found = SimpleNamespace(**definitions())
    yield found
    found.STAGE.cleanup()


@pytest.fixture(scope="session")
def generator():
    """The dataset generator."""
    return load(ROOT / "data" / "make_dataset.py")


@pytest.fixture(scope="session")
def shipped():
    """Skips what pins the shipped results when the customer CSV is not the shipped one."""
    found = hashlib.sha256((ROOT / "data" / "ecommerce_user_segmentation.csv").read_bytes()).hexdigest()
    if found != SHIPPED_SHA256:
        pytest.skip("data/ecommerce_user_segmentation.csv is not the shipped file, so its results are not pinned")


@pytest.fixture(scope="session")
def kernel(notebook, tmp_path_factory):
    """A kernel for whole runs."""
    shared = Kernel(notebook, tmp_path_factory.mktemp("runs"))
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def fresh(kernel):
    """A fresh run on the committed input, with its order log."""
    result = kernel.run(figures=True, full=True, ORDERS_CSV="data/ecommerce_orders.csv.gz")
    assert result.ok, result.error
    yield result
    shutil.rmtree(result.out, ignore_errors=True)


@pytest.fixture(scope="session")
def shop(generator):
    """A small shop of 300 clean customers."""
    return generator.make(seed=3, customers=300, defects=False)[1]


@pytest.fixture(scope="session")
def slim(shop):
    """Its required columns."""
    return shop[["Customer_ID", "Recency", "Frequency", "Monetary"]]


@pytest.fixture(scope="session")
def reference(kernel, shop):
    """Segment by customer for the plain file."""
    return names(complete(kernel.run(shop)))


@pytest.fixture(scope="session")
def slim_reference(kernel, slim):
    """Segment by customer for the required columns only."""
    return names(complete(kernel.run(slim)))
