"""The front end's vendored files: fetched from npm, named with version and licence, held to their checksums.

``python -m portal.web.vendor`` packs every package of ``static/vendor/manifest.json`` afresh with ``npm pack``,
compares each file with its checksum and writes it. ``--offline`` compares what lies in the tree and fetches nothing.
After a new version, package, file or icon in the manifest, ``--accept`` takes over the checksums of what was fetched.
"""

import argparse
import hashlib
import json
import shutil
import subprocess  # npm is the registry's ordinary client
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "static" / "vendor" / "manifest.json"
SVG = "{http://www.w3.org/2000/svg}"


def read_manifest() -> dict[str, Any]:
    """The manifest as it is written."""
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return manifest


def entries(manifest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every package with each of its files."""
    for package in manifest["packages"]:
        for file in package["files"]:
            yield package, file


def digest(content: bytes) -> str:
    """The checksum of the manifest."""
    return hashlib.sha256(content).hexdigest()


def sprite(icons: dict[str, bytes], comment: str) -> bytes:
    """One SVG with a ``<symbol>`` for each of ``icons``, in the order given."""
    lines = [
        f"<!-- {comment} -->",
        '<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round">',
    ]
    for name, source in icons.items():
        drawing = ET.fromstring(source)  # noqa: S314 - a file of a package held to its checksum
        shapes = []
        for shape in drawing:
            attributes = "".join(f' {key}="{value}"' for key, value in shape.attrib.items())
            shapes.append(f"<{shape.tag.removeprefix(SVG)}{attributes}/>")
        lines.append(f'<symbol id="{name}" viewBox="{drawing.attrib["viewBox"]}">{"".join(shapes)}</symbol>')
    return "\n".join([*lines, "</svg>", ""]).encode()


def fetch(package: dict[str, Any], folder: Path) -> dict[str, bytes]:
    """The wanted files of one package by their path in the repository."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed; --offline compares without it")
    wanted = f"{package['name']}@{package['version']}"
    packed = subprocess.run(  # noqa: S603 - arguments come from the manifest in the repository
        [npm, "pack", wanted, "--silent", "--pack-destination", str(folder)], check=True, capture_output=True, text=True
    )
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:

        def member(path: str) -> bytes:
            reader = archive.extractfile(f"package/{path}")
            if reader is None:
                raise SystemExit(f"{wanted} has no file {path}")
            return reader.read()

        found: dict[str, bytes] = {}
        for file in package["files"]:
            if "icons" in file:
                icons = {name: member(f"{file['source']}/{name}.svg") for name in file["icons"]}
                found[file["path"]] = sprite(icons, f"{wanted}, {package['licence']}; see {file['licence']}")
            else:
                found[file["path"]] = member(file["source"])
        return found


def problems(manifest: dict[str, Any]) -> list[str]:
    """What lies in the tree and differs from the manifest."""
    wrong = []
    for _, file in entries(manifest):
        path = ROOT / file["path"]
        if not path.is_file():
            wrong.append(f"{file['path']}: missing")
        elif digest(path.read_bytes()) != file["sha256"]:
            wrong.append(f"{file['path']}: differs from its checksum")
    return wrong


def refresh(manifest: dict[str, Any], *, accept: bool) -> list[str]:
    """Fetch everything, then write what agrees with the manifest (or all of it, where it is accepted)."""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for package in manifest["packages"]:
            contents = fetch(package, Path(folder))
            for file in package["files"]:
                content = contents[file["path"]]
                if accept:
                    file["sha256"] = digest(content)
                elif digest(content) != file.get("sha256"):
                    wrong.append(f"{file['path']}: {package['name']} {package['version']} sent something else")
                    continue
                path = ROOT / file["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    if accept:
        MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """The command; 1 where something differs."""
    parser = argparse.ArgumentParser(prog="python -m portal.web.vendor", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--offline", action="store_true", help="compare the tree with the manifest, fetch nothing")
    choice.add_argument("--accept", action="store_true", help="take over the checksums of what was fetched")
    options = parser.parse_args(arguments)
    manifest = read_manifest()
    wrong = problems(manifest) if options.offline else refresh(manifest, accept=options.accept)
    for line in wrong:
        sys.stderr.write(line + "\n")
    sys.stdout.write(f"{sum(1 for _ in entries(manifest))} files, {len(wrong)} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
