"""One place for the simulators of these tests, so that Verilator's library is compiled once."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def builds(tmp_path_factory) -> Path:
    """New in each run of pytest, and the same for all its workers."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / "builds"
    folder.mkdir(exist_ok=True)
    return folder
