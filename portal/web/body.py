"""Bodies that nobody read: a server that answers before it has a request whole drops the connection after it."""

from io import BytesIO

from flask import current_app
from flask.globals import request_ctx
from werkzeug.exceptions import RequestEntityTooLarge

PIECE = 1024 * 1024


def gather(most: int) -> bool:
    """Read a body that came in chunks, so that it is like any other; False where it is larger than ``most`` bytes.

    Nothing says beforehand how long such a body is, and what reads it otherwise would take its beginning for all of it.
    """
    environ = request_ctx.request.environ
    stream, size = environ["wsgi.input"], 0
    pieces: list[bytes] = []
    while size <= most:
        piece = stream.read(min(most + 1 - size, PIECE))
        if not piece:
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(b"".join(pieces)), str(size)
            return True
        pieces.append(piece)
        size += len(piece)
    return False


def unread() -> bool:
    """Whether some of the request's body may still be to come: it was refused before any door read it whole."""
    request = request_ctx.request
    if request.environ.get("CONTENT_LENGTH", "0") in ("", "0") and "HTTP_TRANSFER_ENCODING" not in request.environ:
        return False
    if "HTTP_EXPECT" in request.environ:  # its sender waits to be asked for it
        return False
    return "_cached_data" not in request.__dict__


def read_away() -> bool:
    """Read the rest of a body and forget it; whether it came to its end.

    Who is still sending when we hang up may never see the answer, least of all through a proxy, and whose connection
    we drop loses the next request on it. What is much larger than allowed is not waited for.
    """
    request = request_ctx.request
    left = 2 * int(current_app.config["MAX_CONTENT_LENGTH"])
    if (request.content_length or 0) > left:
        return False
    try:
        # A server that does not end the stream where the body ends would wait for more of it.
        stream = request.environ["wsgi.input"] if request.environ.get("wsgi.input_terminated") else request.stream
        while left > 0:
            piece = stream.read(min(left, PIECE))
            if not piece:
                return True
            left -= len(piece)
    except (OSError, ValueError, RequestEntityTooLarge):
        pass
    return False
