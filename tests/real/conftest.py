"""Each real shop goes through the command once."""

import sys
from pathlib import Path

import matplotlib
import pytest

sys.path.insert(0, str(Path(__file__).parent))
matplotlib.use("Agg")

import shops
from decided import read_decisions


@pytest.fixture(scope="session", params=shops.SHOPS, ids=lambda shop: shop.file.removesuffix(".csv"))
def real(request, tmp_path_factory):
    """A real shop and what the command made of it."""
    return shops.run(request.param, tmp_path_factory.mktemp(request.param.file.removesuffix(".csv")))


@pytest.fixture(scope="session")
def decisions():
    """What the notebook decides."""
    return read_decisions()
