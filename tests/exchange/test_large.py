"""100,000 positions, as a pretix server answers them: under a minute and a gigabyte, on both databases."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.soak

ROOT = Path(__file__).parent.parent.parent
POSITIONS = 100_000
SECONDS, MEGABYTES = 60, 1024


@dataclass(frozen=True)
class Run:
    """How a process ended, how long it took and how large it was."""

    status: int
    seconds: float
    cpu_seconds: float
    megabytes: float
    output: str


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by another process: a small parent measures its children rightly."""
    file = tmp_path_factory.mktemp("large") / "large.json"
    subprocess.run([sys.executable, "-m", "tests.exchange.large", str(file), str(POSITIONS)], cwd=ROOT, check=True)
    return file


def flask(environ: dict[str, str], log: Path, *words: str) -> Run:
    """Run a command and measure it."""
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", *words],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text() if log.stat().st_size < 100_000 else ""
    cpu = usage.ru_utime + usage.ru_stime
    return Run(process.returncode, time.monotonic() - started, cpu, usage.ru_maxrss / 1024, text)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_100_000_positions(
    request: pytest.FixtureRequest, tmp_path: Path, large: Path, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    environ |= {"INSTANCE_PATH": str(tmp_path), "PORTAL_ENV": "development"}
    if backend == "postgresql":
        environ["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    log = tmp_path / "log"
    assert flask(environ, log, "db", "upgrade").status == 0
    runs = {
        "load": flask(environ, log, "bundle", "load", str(large)),
        "load again": flask(environ, log, "bundle", "load", str(large)),
        "dump": flask(environ, tmp_path / "dump.json", "bundle", "dump", "bigevents"),
    }
    runs["load the dump"] = flask(environ, log, "bundle", "load", str(tmp_path / "dump.json"))
    with capsys.disabled():
        for name, run in runs.items():
            print(
                f"\n{backend}: {name}: {run.seconds:.1f} s ({run.cpu_seconds:.1f} s of CPU), {run.megabytes:.0f} MB",
                end="",
            )
    for name, run in runs.items():
        assert run.status == 0, f"{name}: {run.output}"
        assert run.seconds < SECONDS, name
        assert run.megabytes < MEGABYTES, name
    assert " 0 changed, 0 unchanged" in runs["load"].output
    assert " 0 new, 0 changed" in runs["load again"].output
    assert " 0 new, 0 changed" in runs["load the dump"].output
    assert (tmp_path / "dump.json").read_bytes().count(b'"positionid":') == POSITIONS
