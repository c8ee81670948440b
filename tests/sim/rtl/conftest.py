"""One place for the simulators of these tests, so that Verilator's library is compiled once."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def builds(tmp_path_factory) -> Path:
    """Empty at the beginning."""
    return tmp_path_factory.mktemp("builds")
