"""The rest of a request's body is read before its answer leaves: who is still sending when we hang up never sees it."""

from flask import Flask, Response
from flask.globals import request_ctx

_NO_BODY = ("", "0")
_PIECE = 1024 * 1024


def init_app(app: Flask) -> None:
    """Install the hook."""
    most = 2 * app.config["PORTAL"].max_body_bytes

    @app.after_request
    def read_rest(response: Response) -> Response:
        current = request_ctx.request
        environ = current.environ
        if environ.get("CONTENT_LENGTH", "0") in _NO_BODY and "HTTP_TRANSFER_ENCODING" not in environ:
            return response
        if "_cached_data" in current.__dict__ or "HTTP_EXPECT" in environ or "wsgi.input_terminated" not in environ:
            # It was read whole, its sender waits to be asked for it, or nobody says where it ends.
            return response
        if not _read_away(environ["wsgi.input"], current.content_length, most):
            response.headers["Connection"] = "close"
        return response


def _read_away(stream: object, length: int | None, left: int) -> bool:
    """Read what is left of a body and forget it; whether it came to its end.

    A server closes the connection of a request that was not read whole: a client that was told 401 would find its next
    request broken, and one that still sends finds a broken pipe instead of the answer. What is much larger than allowed
    is not waited for.
    """
    if (length or 0) > left:
        return False
    read = stream.read  # type: ignore[attr-defined]
    try:
        while left > 0:
            piece = read(min(left, _PIECE))
            if not piece:
                return True
            left -= len(piece)
    except (OSError, ValueError):
        pass
    return False
