"""Tools that fail, lie or hang, played by small shell scripts."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lampyris.platforms import toolchain
from lampyris.platforms.toolchain import ToolError, find_tool, run_tool, work_folder, write_text


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Puts a shell script called `fake-tool` on PATH; returns how to run it in an empty folder."""
    programs = tmp_path / "programs"
    programs.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    def run(script, outputs=("out.json",), **options):
        program = programs / "fake-tool"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return run_tool("fake-tool", ["x"], step="synthesis of toy", directory=work, log="toy.log",
                        outputs=outputs, **options)

    run.work = work
    return run


def test_good_run(fake):
    lines = []
    log = fake("echo hello $1; echo '{}' > out.json", progress=lines.append)
    assert log.read_text() == "hello x\n"
    assert (fake.work / "out.json").read_text() == "{}\n"
    assert lines == ["synthesis of toy (fake-tool)"]


def test_first_call_is_announced(fake):
    lines = []
    fake("echo 'Preparing to run fake. This might take a while...' >&2; echo '{}' > out.json",
         progress=lines.append)
    assert lines[1] == "the first call of fake-tool compiles it, 20-100 s"


@pytest.mark.parametrize(("script", "sentence"), [
    ("echo noise; echo 'ERROR: no such module.'; echo more; exit 3",
     "fake-tool failed in synthesis of toy (exit status 3: no such module), see {log}"),
    ("echo '{}' > out.json; echo last; exit 1",
     "fake-tool failed in synthesis of toy (exit status 1: last), see {log}"),
    ("exit 2", "fake-tool failed in synthesis of toy (exit status 2), see {log}"),
    ("exit 0", "fake-tool ended synthesis of toy with status 0, but its output out.json is "
               "missing, see {log}"),
    (": > out.json", "fake-tool ended synthesis of toy with status 0, but its output out.json is "
                     "empty, see {log}"),
    ("echo '{' > out.json", "fake-tool ended synthesis of toy with status 0, but its output "
                            "out.json is cut off, see {log}"),
    ("echo '{}' > out.json; touch -d '1 hour ago' out.json",
     "fake-tool ended synthesis of toy with status 0, but its output out.json is older than this "
     "run, see {log}"),
])
def test_failures(fake, script, sentence):
    with pytest.raises(ToolError) as caught:
        fake(script)
    assert str(caught.value) == sentence.format(log=fake.work / "toy.log")
    assert not (fake.work / "out.json").exists()


def test_output_of_an_earlier_run_does_not_count(fake):
    (fake.work / "out.json").write_text("{}")
    with pytest.raises(ToolError, match="is missing"):
        fake("exit 0")
    assert not (fake.work / "out.json").exists()


def test_full_disk(fake, monkeypatch):
    monkeypatch.setattr(toolchain.shutil, "disk_usage",
                        lambda path: type("Usage", (), {"free": 4096}))
    with pytest.raises(ToolError, match=r"^the disk that holds .* is full after synthesis of toy "
                                        r"by fake-tool, see .*toy\.log$"):
        fake("echo '{}' > out.json")
    assert not (fake.work / "out.json").exists()


def test_missing_tool():
    with pytest.raises(ToolError) as caught:
        find_tool("no-such-tool", package="wheel==1")
    assert str(caught.value) == 'no-such-tool is not installed: run "pip install wheel==1"'


def test_tool_that_cannot_start(fake):
    program = fake.work.parent / "programs" / "broken-tool"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    with pytest.raises(ToolError, match=r"^broken-tool could not run synthesis of toy in .*: "
                                        r"Exec format error, see .*toy\.log$"):
        run_tool("broken-tool", [], step="synthesis of toy", directory=fake.work, log="toy.log",
                 outputs=["out.json"])


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolError) as caught:
        work_folder(tmp_path / "file" / "sub")
    assert str(caught.value) == f"cannot write into {tmp_path / 'file' / 'sub'}: Not a directory"


def test_write_text_leaves_nothing_partial(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(ToolError, match="cannot write"):
        write_text(tmp_path / "taken", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolError, match=r"^cannot write .*/file/page: Not a directory$"):
        write_text(tmp_path / "file" / "page", "text")


def test_interrupt_removes_outputs_and_stops_the_tool(tmp_path):
    """Ctrl-C in the middle of a tool that has begun to write."""
    program = tmp_path / "slow-tool"
    program.write_text("#!/bin/sh\necho half > out.bit\nexec sleep 60\n")
    program.chmod(0o755)
    code = ("from pathlib import Path\nfrom lampyris.platforms.toolchain import run_tool\n"
            "run_tool('slow-tool', [], step='packing', directory=Path('.'), log='log', "
            "outputs=['out.bit'])\n")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE,
                               env=os.environ | {"PATH": path})
    deadline = time.monotonic() + 20
    while not (tmp_path / "out.bit").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (tmp_path / "out.bit").exists()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in errors
    assert not (tmp_path / "out.bit").exists()
