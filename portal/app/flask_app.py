"""Flask, with the way of a request through it cut to what the portal uses."""

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

from flask import Flask, Request, Response
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadHost
from werkzeug.routing import MapAdapter
from werkzeug.wsgi import get_host


@lru_cache(maxsize=256)
def _server_name(host: str) -> str:
    """A host as addresses are made with it. Raises `BadHost` for what is none."""
    name, colon, port = host.lower().partition(":")
    try:
        return name.encode("idna").decode("ascii") + colon + port
    except UnicodeError:
        raise BadHost from None


class Portal(Flask):
    """Flask without asking each hook of each request whether it is a coroutine: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    @cached_property
    def _hosts_are_named(self) -> bool:
        return self.config["TRUSTED_HOSTS"] is not None or self.config["SERVER_NAME"] is not None

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What matches the address of a request; the ordinary request's without looking anything up twice."""
        if request is None or "HTTP_UPGRADE" in request.environ or self._hosts_are_named:
            return super().create_url_adapter(request)
        environ = request.environ
        request.host = host = get_host(environ)
        query = environ.get("QUERY_STRING", "").encode("latin-1").decode(errors="replace")
        return MapAdapter(
            self.url_map, _server_name(host), request.root_path, "", environ["wsgi.url_scheme"], request.path,
            environ["REQUEST_METHOD"], query,
        )  # fmt: skip

    def preprocess_request(self) -> ResponseReturnValue | None:
        """The hooks before a request: the app's, then those of its blueprint."""
        hooks, blueprints = self.before_request_funcs, request_ctx.request.blueprints
        for name in (None, *reversed(blueprints)):
            for hook in hooks.get(name, ()):
                answer = hook()
                if answer is not None:
                    return answer  # type: ignore[return-value]
        return None

    def process_response(self, response: Response) -> Response:
        """The hooks behind a request: those of its blueprint, then the app's; the cookie at last."""
        context = request_ctx._get_current_object()  # type: ignore[attr-defined]
        for once in context._after_request_functions:
            response = once(response)
        hooks = self.after_request_funcs
        for name in (*context.request.blueprints, None):
            for hook in reversed(hooks.get(name, ())):
                response = hook(response)
        if not self.session_interface.is_null_session(context._session):
            self.session_interface.save_session(self, context._session, response)
        return response
