"""Addresses of static files that change with their content, so that browsers may keep them for good."""

import hashlib
from pathlib import Path

from flask import Flask, Response, g, request, url_for
from flask.globals import request_ctx

FOREVER = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Give templates ``asset(filename)``; what is fetched by such an address is kept for a year."""
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

    @app.after_request
    def keep(response: Response) -> Response:
        if request_ctx.request.endpoint == "static" and "v" in request.args and response.status_code in (200, 304):
            response.headers["Cache-Control"] = FOREVER
        return response

    app.jinja_env.globals["asset"] = asset
