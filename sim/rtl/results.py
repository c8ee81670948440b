"""Turning what a simulator leaves behind into a number or one sentence."""

from pathlib import Path
from xml.etree import ElementTree

__all__ = ["BenchFailure", "build_error", "judge"]


class BenchFailure(Exception):
    """A bench ran and found a fault, or ended without a result; the text is one sentence."""


def build_error(log: Path, simulator: str) -> str:
    """Sentence with the first complaint in a build log."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    marks = ("%Error", "error:", "Error:", "fatal", "No space left", "syntax error")
    line = next((line.strip() for line in lines if any(mark in line for mark in marks)), "")
    detail = f": {line}" if line else ""
    return f"{simulator} could not build the design{detail} (log: {log})"


def judge(results: Path, module: str, status: int) -> int:
    """Number of benches passed; raises :class:`BenchFailure` if that is not all."""
    if not results.exists():
        raise BenchFailure(f"the simulation of {module} ended without a result")
    try:
        cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    except ElementTree.ParseError:
        raise BenchFailure(f"the simulation of {module} left a broken result file") from None
    bad = [case for case in cases
           if case.find("failure") is not None or case.find("error") is not None]
    if bad:
        name, reason = bad[0].get("name"), _reason(bad[0])
        raise BenchFailure(f"{len(bad)} of {len(cases)} benches failed, first {name}: {reason}")
    passed = sum(case.find("skipped") is None for case in cases)
    if not passed:
        raise BenchFailure(f"the simulation of {module} ran no bench")
    if status:
        raise BenchFailure(f"the simulation of {module} ended with an error after its benches")
    return passed


def _reason(case: ElementTree.Element) -> str:
    fault = case.find("failure")
    fault = case.find("error") if fault is None else fault
    assert fault is not None, "the caller has seen one"
    text = fault.get("error_msg") or fault.get("message") or fault.text or "no reason given"
    return text.strip().splitlines()[0]
