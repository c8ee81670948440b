import warnings

from amaranth.hdl import UnusedElaboratable

# Blocks are made only to see them refuse a parameter.


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore::amaranth.hdl.UnusedElaboratable")


def pytest_unconfigure(config):
    warnings.simplefilter("ignore", UnusedElaboratable)
