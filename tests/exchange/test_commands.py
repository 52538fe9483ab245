"""The commands as they are typed: what goes where, and how they end."""

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from flask import Flask

from portal.core.database import db, set_writing
from portal.events.models import Organizer
from portal.exchange.demo import demo_banner_facts
from portal.exhibitors.models import AccessCode
from portal.tickets.models import OrderPosition
from tests.exchange.files import SAMPLE, change, count, example, load, rows, sample, tables

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def here(app: Flask) -> Any:
    """Runs a command in the app; the database is looked at in `look`."""

    def run(*words: str, stdin: bytes | None = None) -> Result:
        set_writing(True)
        return app.test_cli_runner().invoke(args=list(words), input=stdin)

    return run


def written(folder: Path, data: Any, name: str = "fair.json") -> str:
    raw = data if isinstance(data, bytes) else orjson.dumps(data)
    file = folder / name
    file.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return str(file)


class TestLoad:
    """`bundle load`."""

    @pytest.mark.parametrize("name", ["fair.json", "fair.json.gz"])
    def test_a_file(self, app: Flask, here: Any, tmp_path: Path, name: str) -> None:
        result = here("bundle", "load", written(tmp_path, example(), name))
        assert result.exit_code == 0
        assert result.stdout.startswith("bigevents: ")
        assert "0 changed, 0 unchanged" in result.stdout
        assert result.stderr == ""
        with app.app_context():
            assert count(OrderPosition) == 3

    def test_standard_input(self, app: Flask, here: Any) -> None:
        assert here("bundle", "load", "-", stdin=SAMPLE.read_bytes()).exit_code == 0
        with app.app_context():
            assert count(OrderPosition) == 45

    def test_prints_what_it_made_once(self, app: Flask, here: Any, tmp_path: Path) -> None:
        data = example()
        del data["events"][0]["exhibitors"][0]["access_code"]
        del data["events"][0]["devices"][0]["key"]
        file = written(tmp_path, data)
        first, second = here("bundle", "load", file), here("bundle", "load", file)
        with app.app_context():
            code = next(code.code for code in rows(AccessCode) if code.kind == "full")
        assert f"access code of “Aperture Science”  {code}\n" in first.stdout
        assert "key of device “Gate 1”" in first.stdout
        assert first.stdout.count("shown this once") == 1
        assert code not in second.output
        assert "shown this once" not in second.output

    def test_warnings_go_to_standard_error(self, here: Any, tmp_path: Path) -> None:
        result = here("bundle", "load", written(tmp_path, change(example(), "generator", "hand")))
        assert result.exit_code == 0
        assert result.stderr == "Warning: generator: unknown key, ignored\n"

    def test_a_mistake_ends_it_with_its_path_and_status_1(self, app: Flask, here: Any, tmp_path: Path) -> None:
        with app.app_context():
            before = tables()
        data = change(example(), "events[0].orders[0].positions[0].item", 99)
        result = here("bundle", "load", written(tmp_path, data))
        assert result.exit_code == 1
        assert result.stderr == "events[0].orders[0].positions[0].item: no item 99\n"
        assert result.stdout == ""
        with app.app_context():
            assert tables() == before

    def test_many_mistakes_are_cut_short(self, here: Any, tmp_path: Path) -> None:
        data = example()
        data["events"][0]["seats"] = [{"seat_guid": str(number), "blocked": 5} for number in range(40)]
        lines = here("bundle", "load", written(tmp_path, data)).stderr.splitlines()
        assert len(lines) == 21
        assert lines[-1] == "These are the first 20 problems; there may be more."

    @pytest.mark.parametrize(
        ("name", "raw", "reason"),
        [
            ("fair.json", b"{", "line 1, column 2: this is not JSON: "),
            ("fair.json.gz", b"\x1f\x8b\x08\x00", "fair.json.gz: the gzip file ends too early"),
            ("fair.json.gz", b"{}", "fair.json.gz: this is not a gzip file, though its name ends in .gz"),
            ("fair.json", b"", "fair.json: the file is empty"),
        ],
    )
    def test_what_is_no_bundle(self, here: Any, tmp_path: Path, name: str, raw: bytes, reason: str) -> None:
        (tmp_path / name).write_bytes(raw)
        result = here("bundle", "load", str(tmp_path / name))
        assert result.exit_code == 1
        assert reason in result.stderr
        assert "Traceback" not in result.output

    def test_a_file_that_is_not_there(self, here: Any, tmp_path: Path) -> None:
        result = here("bundle", "load", str(tmp_path / "none.json"))
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.endswith("none.json: No such file or directory\n")


class TestCheck:
    """`bundle check`."""

    def test_a_sound_one(self, app: Flask, here: Any, tmp_path: Path) -> None:
        result = here("bundle", "check", written(tmp_path, example()))
        assert (result.exit_code, result.stdout) == (0, "This bundle is sound.\n")
        with app.app_context():
            assert count(Organizer) == 0

    def test_a_broken_one(self, here: Any, tmp_path: Path) -> None:
        result = here("bundle", "check", written(tmp_path, change(example(), "version", 2)))
        assert (result.exit_code, result.stderr) == (1, "version: must be 1, not 2\n")


class TestDump:
    """`bundle dump`."""

    def test_writes_the_json_and_nothing_else(self, app: Flask, here: Any, tmp_path: Path) -> None:
        with app.app_context():
            load(example())
            db.session.remove()
        result = here("bundle", "dump", "bigevents")
        assert (result.exit_code, result.stderr) == (0, "")
        assert orjson.loads(result.stdout_bytes)["format"] == "portal-bundle"
        again = here("bundle", "load", "-", stdin=result.stdout_bytes)
        assert "0 new, 0 changed" in again.stdout
        assert here("bundle", "dump", "bigevents").stdout_bytes == result.stdout_bytes

    def test_an_unknown_organizer_is_status_1(self, here: Any) -> None:
        result = here("bundle", "dump", "nobody")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "There is no organizer “nobody”.\n"


class TestDemo:
    """`demo`."""

    def test_loads_into_an_empty_database_and_says_how_to_look_around(self, app: Flask, here: Any) -> None:
        facts = demo_banner_facts()
        first = here("demo")
        assert first.exit_code == 0
        assert "Everybody knows these sign-ins" in first.stderr
        for words in (
            f"http://127.0.0.1:8000/e/{facts.access_code}",
            facts.organizer_user.email,
            facts.organizer_user.password,
            facts.team_token,
            facts.device_key,
        ):
            assert words in first.stdout
        with app.app_context():
            before = count(OrderPosition)
            assert before > 3000
            db.session.remove()
        second = here("demo")
        assert second.stdout == first.stdout
        with app.app_context():
            assert count(OrderPosition) == before

    def test_leaves_other_data_alone(self, app: Flask, here: Any) -> None:
        with app.app_context():
            data = change(sample(), "organizer.slug", "another")
            load(data)
            db.session.remove()
        result = here("demo")
        assert (result.exit_code, result.stdout) == (0, "")
        with app.app_context():
            assert count(Organizer) == 1


def flask(folder: Path, *words: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """A real process on a SQLite database of its own."""
    environ = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *words],
        cwd=ROOT,
        env=environ | {"INSTANCE_PATH": str(folder), "PORTAL_ENV": "development"},
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


def test_as_processes(tmp_path: Path) -> None:
    early = flask(tmp_path, "bundle", "load", str(SAMPLE))
    assert early.returncode == 1
    assert b"Traceback" not in early.stderr
    assert b"db upgrade" in early.stderr
    assert flask(tmp_path, "db", "upgrade").returncode == 0
    loaded = flask(tmp_path, "bundle", "load", str(SAMPLE))
    assert (loaded.returncode, loaded.stderr) == (0, b"")
    dumped = flask(tmp_path, "bundle", "dump", "bigevents")
    assert (dumped.returncode, dumped.stderr) == (0, b"")
    assert len(orjson.loads(dumped.stdout)["events"]) == 2
