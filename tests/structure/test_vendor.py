"""What was taken from others is exactly what the manifest says, and comes with its licence."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.web.vendor import ROOT, digest, entries, problems, read_manifest, sprite

MANIFEST = read_manifest()
PACKAGES = MANIFEST["packages"]


def names(packages: list[dict[str, Any]]) -> list[str]:
    return [package["name"] for package in packages]


def test_every_file_agrees_with_its_checksum() -> None:
    assert problems(MANIFEST) == []


def test_a_changed_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = {"name": "x", "files": [{"path": "a.js", "sha256": digest(b"one")}, {"path": "b.js", "sha256": ""}]}
    (tmp_path / "a.js").write_bytes(b"two")
    monkeypatch.setattr("portal.web.vendor.ROOT", tmp_path)
    assert problems({"packages": [package]}) == ["a.js: differs from its checksum", "b.js: missing"]


@pytest.mark.parametrize("package", PACKAGES, ids=names(PACKAGES))
def test_every_package_names_version_and_licence_and_keeps_its_text(package: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert package["licence"] in {"0BSD", "Apache-2.0", "ISC", "MIT", "MPL-2.0"}
    folders = {Path(file["path"]).parent for file in package["files"] if "LICENSE" in Path(file["path"]).name}
    assert folders == {Path(file["path"]).parent for file in package["files"]}


def test_nothing_lies_beside_the_manifest_that_it_does_not_name() -> None:
    named = {file["path"] for _, file in entries(MANIFEST)} | {"static/vendor/manifest.json"}
    for folder in ("static/vendor", "tests/data/vendor"):
        found = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert found <= named


def test_a_sprite_holds_the_shapes_of_its_icons() -> None:
    icon = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M1 2" /><circle r="3" /></svg>'
    drawn = sprite({"dot": icon}, "a comment").decode()
    assert '<symbol id="dot" viewBox="0 0 24 24"><path d="M1 2"/><circle r="3"/></symbol>' in drawn


def used_icons() -> Iterator[tuple[str, str]]:
    """Icons that templates and the kit name as words in their source."""
    call = re.compile(r"""(?:\bicon\(|icon_name=|"icon": )["']([a-z0-9-]+)["']""")
    for path in (ROOT / "templates").rglob("*.html"):
        for name in call.findall(path.read_text(encoding="utf-8")):
            yield path.relative_to(ROOT).as_posix(), name


def test_every_icon_that_a_template_draws_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/img/icons.svg").read_text(encoding="utf-8")))
    assert [(path, name) for path, name in used_icons() if name not in known] == []


def test_the_style_sheet_asks_for_the_vendored_version_of_pico() -> None:
    version = next(package["version"] for package in PACKAGES if package["name"] == "@picocss/pico")
    for path in ("static/css/base.css", "templates/layouts/base.html"):
        asked = re.findall(
            r"""pico\.min\.css(?:\?v=|['"], v=['"])([\d.]+)""", (ROOT / path).read_text(encoding="utf-8")
        )
        assert asked == [version], path
