"""The tools agree with each other: locks, Makefile, pre-commit, CI and the rules of the house."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))
CHECKS = re.findall(r"^CHECKS := (.*)$", MAKEFILE, re.MULTILINE)[0].split()
CONTRACTS: dict[str, dict[str, Any]] = {one["id"]: one for one in SETTINGS["importlinter"]["contracts"]}
ROOMS_WITHOUT_FEATURE = {"app", "serve", "worker", "upkeep", "models", "web", "extensions", "config", "core"}


def _wanted(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith(("#", "-"))]


@cache
def _locked(name: str) -> dict[str, list[Requirement]]:
    """The pins of a lock by package; several where they differ by marker."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    pins: dict[str, list[Requirement]] = {}
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement = Requirement(line.partition("--hash")[0].strip())
            pins.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return pins


class TestLocks:
    @pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
    def test_what_is_asked_for_is_what_is_locked(self, name: str) -> None:
        for wanted in _wanted(f"{name}.in"):
            assert re.fullmatch(r"==[\w.]+", str(wanted.specifier)), f"{wanted} is not an exact version"
            locked = _locked(f"{name}.txt").get(canonicalize_name(wanted.name), [])
            assert [pin.specifier for pin in locked] == [wanted.specifier], f"{wanted}: run `make lock`"

    def test_tests_run_with_the_versions_of_production(self) -> None:
        development = _locked("requirements-dev.txt")
        for name, pins in _locked("requirements.txt").items():
            assert list(map(str, development[name])) == list(map(str, pins))

    @pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
    def test_every_pin_has_hashes_and_no_address(self, name: str) -> None:
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index-url" not in text
        for line in text.replace("\\\n", " ").splitlines():
            if line and not line.lstrip().startswith("#"):
                assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line

    def test_this_environment_is_the_locked_one(self) -> None:
        for name, pins in _locked("requirements-dev.txt").items():
            for pin in pins:
                if pin.marker is None or pin.marker.evaluate():
                    assert pin.specifier.contains(version(name), prereleases=True), f"{pin}: run `make setup`"


class TestMake:
    def test_check_runs_what_pre_commit_runs(self) -> None:
        repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
        entries = [hook["entry"] for one in repositories for hook in one["hooks"]]
        assert entries == [f"make --silent {check}" for check in CHECKS]
        assert TARGETS.issuperset(CHECKS)

    def test_documents_name_only_targets_that_exist(self) -> None:
        documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for document in documents:
            text = document.read_text()
            code = re.findall(r"```.*?```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
            named = set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(code)))
            assert named <= TARGETS, f"{document.name}: {named - TARGETS}"

    def test_help_lists_every_target(self) -> None:
        make = shutil.which("make")
        assert make
        output = subprocess.run([make, "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
        assert set(re.findall(r"^  make ([a-z-]+)", output, re.MULTILINE)) == TARGETS
        phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
        assert phony
        assert TARGETS.issubset([*phony.group(1).split(), *CHECKS])

    def test_ci_runs_the_checks_and_demands_every_service(self) -> None:
        script = ROOT / ".ci" / "run"
        assert os.access(script, os.X_OK)
        subprocess.run(["bash", "-n", str(script)], check=True)
        lines = script.read_text().splitlines()
        assert any(re.match(r"make check\b", line) for line in lines)
        assert any(re.match(r"REQUIRE_SERVICES=1 make test\b", line) for line in lines)


class TestRooms:
    def test_every_feature_is_held_to_its_inner_layers(self) -> None:
        rooms = set(re.findall(r"\w+", " ".join(CONTRACTS["rooms"]["layers"])))
        features = {name.removeprefix("portal.") for name in CONTRACTS["inside"]["containers"]}
        assert features == rooms - ROOMS_WITHOUT_FEATURE

    def test_the_rules_bite(self, tmp_path: Path) -> None:
        """In a copy with one wrong import for each rule, import-linter breaks all four."""
        shutil.copytree(ROOT / "portal", tmp_path / "portal", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tmp_path)
        wrong = {
            "accounts/models.py": "import portal.exchange.models",
            "events/views.py": "",
            "checkin/queries.py": "import portal.events.views",
            "events/models.py": "import portal.events.queries",
            "core/clock.py": "import flask_login",
        }
        for name, line in wrong.items():
            file = tmp_path / "portal" / name
            file.parent.mkdir(exist_ok=True)
            file.write_text((file.read_text() if file.exists() else "") + f"\n{line}\n")
        linter = Path(sys.executable).with_name("lint-imports")
        result = subprocess.run([linter, "--no-logo", "--no-cache"], cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 1, result.stdout + result.stderr
        for contract in CONTRACTS.values():
            assert re.search(rf"{re.escape(contract['name'])}\s*BROKEN", result.stdout), result.stdout

    @pytest.mark.parametrize("folder", ["portal", "bench"])
    def test_modules_are_short_and_say_what_belongs_there(self, folder: str) -> None:
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text()
            assert text.count("\n") < 400, f"{file}: split it into a package"
            assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{file} has no docstring"
