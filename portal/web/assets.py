"""Addresses of static files that change with their content, so that browsers may keep them for good."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, g, request, url_for
from flask.globals import request_ctx
from markupsafe import Markup

FOREVER = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Give templates ``asset(filename)`` and ``icon_svg(name)``; what they name is kept for a year."""
    versions: dict[str, tuple[float, str]] = {}

    def version(filename: str) -> str:
        path = Path(app.static_folder or "") / filename
        changed = path.stat().st_mtime
        known = versions.get(filename)
        if known is None or known[0] != changed:
            known = versions[filename] = (changed, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
        return known[1]

    def asset(filename: str) -> str:
        # A long list asks for the icons' sprite a thousand times.
        known: dict[str, str] = g.setdefault("asset_addresses", {})
        if filename not in known:
            known[filename] = url_for("static", filename=filename, v=version(filename))
        return known[filename]

    def icon(name: str, label: str | None = None, **attributes: str) -> Markup:
        return _drawing(asset("img/icons.svg"), name, label, attributes.get("class", ""))

    @app.after_request
    def keep(response: Response) -> Response:
        if request_ctx.request.endpoint == "static" and "v" in request.args and response.status_code in (200, 304):
            response.headers["Cache-Control"] = FOREVER
        return response

    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["icon_svg"] = icon


@lru_cache(maxsize=1024)
def _drawing(sprite: str, name: str, label: str | None, more: str) -> Markup:
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="{}" {}><use href="{}#{}"></use></svg>').format(
        f"icon {more}" if more else "icon", said, sprite, name
    )
