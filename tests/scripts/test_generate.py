"""`lampyris generate`: what it writes, and that it writes all or nothing."""

import os
import re
import resource
import signal
import subprocess
import sys
import textwrap

import pytest

from lampyris.config import ConfigError, preset

SLOW = textwrap.dedent("""
    import sys, time, types
    from lampyris.cli import main

    def generate(config, progress):
        progress("elaborating")
        time.sleep({seconds})
        return {{f"{{name}}.v": name * {size} for name in "abc"}}

    sys.modules["lampyris.export"] = types.SimpleNamespace(generate=generate)
    sys.exit(main(sys.argv[1:]))
""")


def start(*argv: str, seconds: float = 60, size: int = 1, **keywords) -> subprocess.Popen:
    code = SLOW.format(seconds=seconds, size=size)
    return subprocess.Popen([sys.executable, "-c", code, "generate", *argv], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords)


def without_times(progress: str) -> str:
    """A slow machine says how long a step took."""
    return re.sub(r" \([0-9.]+ s\)\n", "\n", progress)


def test_writes_the_files_and_a_summary(lampyris, exporter, folder, tree):
    result = lampyris("generate")
    assert result.status == 0
    assert tree(folder / "build" / "uled128") == {
        name: content.encode() if isinstance(content, str) else content
        for name, content in exporter.files.items()}
    sizes = {name: len(content) for name, content in exporter.files.items()}
    assert result.out == textwrap.dedent(f"""\
        build/uled128: 3 files, {sum(sizes.values())} bytes
          lampyris_rx.v        {sizes["lampyris_rx.v"]}
          lampyris_tx.v        {sizes["lampyris_tx.v"]}
          manifest.json        {sizes["manifest.json"]}
        net rate 508.66 Gb/s of 1500-byte packets, core clock 500 MHz
    """)
    assert without_times(result.err) == "elaborating\nwriting build/uled128\n"


def test_options_reach_the_exporter(lampyris, exporter, folder):
    argv = ["--preset", "uled8", "--set", "lanes=4", "--set", "name=mine", "--top", "tx", "-q"]
    result = lampyris("generate", *argv)
    expected = preset("uled8").with_settings({"lanes": 4, "name": "mine"})
    assert exporter.calls == [(expected, ("tx",))]
    assert (folder / "build" / "mine" / "manifest.json").exists()
    assert result.err == ""


def test_folder_is_tried_before_the_work(lampyris, exporter, folder):
    (folder / "file").write_text("x")
    result = lampyris("generate", "-o", "file/deep")
    assert result.status == 2
    assert result.err == (f"lampyris: error: cannot write file/deep: {folder}/file is a file, "
                          "not a folder\n")
    assert not exporter.calls


@pytest.mark.parametrize("error, status, sentence", [
    (ConfigError("gear = 7 cannot be exported"), 2, "error: gear = 7 cannot be exported"),
    (OSError(28, "No space left on device"), 2,
     "error: cannot write out: No space left on device"),
    (OSError(2, "No such file or directory", "yosys"), 2,
     "error: yosys: No such file or directory"),
    (MemoryError(), 2, "error: not enough memory for a link of this size"),
    (KeyboardInterrupt(), 130, "interrupted"),
    (BrokenPipeError(32, "Broken pipe"), 141, None),
])
def test_errors_of_the_exporter(error, status, sentence, lampyris, exporter, folder, tree):
    exporter.error = error
    result = lampyris("generate", "-o", "out")
    said = f"lampyris: {sentence}\n" if sentence else ""
    assert (result.status, result.out, result.err) == (status, "", f"elaborating\n{said}")
    assert tree(folder) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("exists", [False, True], ids=["new", "existing"])
def test_interrupted(number, exists, folder, tree):
    if exists:
        (folder / "out").mkdir()
        (folder / "out" / "a.v").write_text("old")
    before = tree(folder)
    with start("-o", "out") as process:
        assert process.stderr is not None
        assert process.stderr.read(len("elaborating")) == "elaborating"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "\nlampyris: interrupted\n")
    assert tree(folder) == before


@pytest.mark.parametrize("exists", [False, True], ids=["new", "existing"])
def test_really_full(exists, folder, tree):
    """The kernel refuses in the middle of a file, as a full disk or quota does."""
    if exists:
        (folder / "out").mkdir()
        (folder / "out" / "a.v").write_text("old")
    before = tree(folder)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))

    with start("-o", "out", seconds=0, size=100_000, preexec_fn=limit) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert without_times(err) == ("elaborating\nwriting out\n"
                                  "lampyris: error: cannot write out/a.v: File too large\n")
    assert tree(folder) == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_full_output(folder):
    with open("/dev/full", "w") as full:
        result = subprocess.run([sys.executable, "-m", "lampyris.cli", "info"], stdout=full,
                                stderr=subprocess.PIPE, text=True)
    assert result.returncode == 2
    assert result.stderr == ("lampyris: error: cannot write the output: No space left on "
                             "device\n")


@pytest.mark.parametrize("buffered", [True, False])
def test_nobody_reads(buffered, folder):
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run([sys.executable, "-m", "lampyris.cli", "info"], stdout=write,
                            stderr=subprocess.PIPE, text=True,
                            env=os.environ | {"PYTHONUNBUFFERED": "" if buffered else "1"})
    os.close(write)
    assert (result.returncode, result.stderr) == (141, "")


@pytest.mark.parametrize("closed, status", [(">&-", 0), ("2>&-", 0), (">&- 2>&- --gear", 2)])
def test_closed_streams(closed, status, folder):
    result = subprocess.run(f"{sys.executable} -m lampyris.cli info {closed}", shell=True,
                            capture_output=True, text=True)
    assert result.returncode == status and result.stderr == ""
