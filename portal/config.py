"""The settings: one typed value, read from the environment. A bad value stops the start with its name."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from portal.core.database import database_uri, read_json

ROOT = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """A setting cannot be used; the message starts with its name."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as the documentation shows it."""

    name: str
    default: str
    meaning: str


#: Every variable that the portal reads, in the order of the README's table.
SETTINGS = (
    Setting("PORTAL_ENV", "production", "`development` shows mails as pages and allows a generated key"),
    Setting("DATABASE_URL", "SQLite in the instance folder", "`sqlite:///…` or `postgresql://…`"),
    Setting("REDIS_URL", "none", "shared rate limits and job queue when several machines serve"),
    Setting("SECRET_KEY", "made once by `make run`", "signs session cookies; `serve` without one refuses to start"),
    Setting("BASE_URL", "from the request", "the address in mails and QR codes"),
    Setting("SMTP_URL", "mails become files in the instance folder", "`smtp://user:password@host:port?starttls=1`"),
    Setting("MAIL_FROM", "portal@localhost", "the sender of mails"),
    Setting("INSTANCE_PATH", "instance/", "where the embedded database, key and mails live"),
    Setting("TRUSTED_PROXIES", "0", "how many proxies set `X-Forwarded-*`"),
    Setting("RATELIMIT_ENABLED", "1", "limits on sign-in and code pages"),
    Setting("API_RATE", "0", "requests a minute for each API token, more get a 429; `0` is no limit"),
    Setting("CORS_ORIGINS", "none", "sites whose scripts may call the APIs: `https://scan.example.org,…`, or `*`"),
    Setting("METRICS_TOKEN", "none", "`/metrics` answers to this bearer token, and to nobody without one"),
    Setting("MAX_BODY_BYTES", "10485760", "larger requests get a 413"),
    Setting("HOST", "127.0.0.1", "the address that `serve` listens on"),
    Setting("PORT", "8000", "the port that `serve` listens on"),
    Setting("WORKERS", "2", "processes that serve requests"),
    Setting("THREADS", "4", "threads of each process"),
    Setting("WORKER", "1", "`0`: `serve` does not start the worker that sends mail"),
)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: bool = False
    ssl: bool = False
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. `Config.from_env` reads them; tests build it directly."""

    database_uri: str
    instance_path: Path
    secret_key: str = field(repr=False)
    env: str = "production"
    redis_url: str | None = None
    base_url: str | None = None
    smtp: SmtpServer | None = None
    mail_from: str = "portal@localhost"
    trusted_proxies: int = 0
    ratelimit_enabled: bool = True
    api_rate: int = 0
    cors_origins: tuple[str, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)
    max_body_bytes: int = 10 * 1024 * 1024
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 4
    worker: bool = True
    testing: bool = False

    @property
    def development(self) -> bool:
        """Whether a developer is looking: mails are pages, the parts page is there."""
        return self.env == "development"

    @property
    def https(self) -> bool:
        """Whether the public address is https; cookies are then `Secure`."""
        return bool(self.base_url and self.base_url.startswith("https://"))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """The settings from ``environ`` (the process's own by default).

        Raises `ConfigError` that names the first bad one.
        """
        env = {key: value for key, value in (os.environ if environ is None else environ).items() if value != ""}
        mode = env.get("PORTAL_ENV", "production")
        if mode not in ("production", "development"):
            raise ConfigError(f"PORTAL_ENV must be “production” or “development”, not “{mode}”.")
        instance = Path(env.get("INSTANCE_PATH", str(ROOT / "instance"))).absolute()
        default_url = f"sqlite:///{instance / 'portal.sqlite3'}"
        try:
            uri = database_uri(env.get("DATABASE_URL", default_url))
        except ValueError as error:
            raise ConfigError(f"DATABASE_URL {error}.") from None
        return cls(
            database_uri=uri,
            instance_path=instance,
            secret_key=_secret_key(env, instance, mode),
            env=mode,
            redis_url=_url(env, "REDIS_URL", ("redis", "rediss", "unix")),
            base_url=(_url(env, "BASE_URL", ("http", "https")) or "").rstrip("/") or None,
            smtp=_smtp(env),
            mail_from=_mail_from(env),
            trusted_proxies=_int(env, "TRUSTED_PROXIES", 0, low=0, high=10),
            ratelimit_enabled=_bool(env, "RATELIMIT_ENABLED", True),
            api_rate=_int(env, "API_RATE", 0, low=0, high=1_000_000),
            cors_origins=_origins(env),
            metrics_token=env.get("METRICS_TOKEN"),
            max_body_bytes=_int(env, "MAX_BODY_BYTES", 10 * 1024 * 1024, low=1024, high=2**31),
            host=env.get("HOST", "127.0.0.1"),
            port=_int(env, "PORT", 8000, low=1, high=65535),
            workers=_int(env, "WORKERS", 2, low=1, high=64),
            threads=_int(env, "THREADS", 4, low=1, high=64),
            worker=_bool(env, "WORKER", True),
        )

    def flask_settings(self) -> dict[str, Any]:
        """What Flask and its extensions read."""
        sqlite = self.database_uri.startswith("sqlite")
        engine: dict[str, Any] = {
            "pool_size": max(self.threads, 4),
            "max_overflow": 4,
            "pool_pre_ping": False,
            # An error's text may reach the log, and parameters hold codes.
            "hide_parameters": True,
            "json_deserializer": read_json,
        }
        if not sqlite:
            engine |= {"pool_recycle": 1800, "connect_args": {"connect_timeout": 5}}
        return {
            "SECRET_KEY": self.secret_key,
            "TESTING": self.testing,
            "SQLALCHEMY_DATABASE_URI": self.database_uri,
            "SQLALCHEMY_ENGINE_OPTIONS": engine,
            "MAX_CONTENT_LENGTH": self.max_body_bytes,
            "MAX_FORM_MEMORY_SIZE": self.max_body_bytes,
            "SESSION_COOKIE_NAME": "portal",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_SECURE": self.https,
            # The session's row says when it ends. The cookie only has to outlive it, and is not sent with every answer:
            # with a stylesheet, a shared cache would keep it.
            "PERMANENT_SESSION_LIFETIME": timedelta(days=400),
            "SESSION_REFRESH_EACH_REQUEST": False,
            "PREFERRED_URL_SCHEME": "https" if self.https else "http",
            "WTF_CSRF_TIME_LIMIT": None,
            "WTF_CSRF_CHECK_DEFAULT": False,
            "WTF_CSRF_SSL_STRICT": False,
            "RATELIMIT_ENABLED": self.ratelimit_enabled,
            "RATELIMIT_STORAGE_URI": self.redis_url or "memory://",
            "BABEL_DEFAULT_LOCALE": "en",
            "BABEL_DEFAULT_TIMEZONE": "UTC",
            "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "portal" / "translations"),
            "JSON_SORT_KEYS": False,
        }


def _bool(env: Mapping[str, str], name: str, default: bool) -> bool:
    value = env.get(name)
    if value is None:
        return default
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    raise ConfigError(f"{name} must be 1 or 0, not “{value}”.")


def _int(env: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    value = env.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ConfigError(f"{name} must be a whole number, not “{value}”.") from None
    if not low <= number <= high:
        raise ConfigError(f"{name} must be between {low} and {high}, not {number}.")
    return number


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    value = env.get(name)
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in schemes or not (parts.netloc or parts.path):
        raise ConfigError(f"{name} must be an address that starts with {' or '.join(s + '://' for s in schemes)}.")
    return value


def _origins(env: Mapping[str, str]) -> tuple[str, ...]:
    """Origins as browsers send them: scheme and host, with a port where it is not the scheme's own; or ``*`` alone."""
    given = tuple(dict.fromkeys(entry.strip() for entry in env.get("CORS_ORIGINS", "").split(",") if entry.strip()))
    if given == ("*",):
        return given
    for origin in given:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}" or "@" in origin:
            raise ConfigError(f"CORS_ORIGINS must be origins like “https://scan.example.org”, not “{origin}”.")
    return tuple(origin.lower() for origin in given)


def _smtp(env: Mapping[str, str]) -> SmtpServer | None:
    value = _url(env, "SMTP_URL", ("smtp", "smtps"))
    if value is None:
        return None
    parts = urlsplit(value)
    ssl = parts.scheme == "smtps"
    try:
        port = parts.port or (465 if ssl else 25)
    except ValueError:
        raise ConfigError("SMTP_URL has a port that is no number.") from None
    if not parts.hostname:
        raise ConfigError("SMTP_URL has no host.")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if unknown := options.keys() - {"starttls", "verify"}:
        raise ConfigError(f"SMTP_URL has an option that is not known: {', '.join(sorted(unknown))}.")
    named = {f"SMTP_URL {key}": value for key, value in options.items()}
    return SmtpServer(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        starttls=_bool(named, "SMTP_URL starttls", False),
        ssl=ssl,
        verify=_bool(named, "SMTP_URL verify", True),
    )


def _mail_from(env: Mapping[str, str]) -> str:
    value = env.get("MAIL_FROM", "portal@localhost")
    local, _, domain = parseaddr(value)[1].rpartition("@")
    if not local or not domain or not value.isprintable():
        raise ConfigError(f"MAIL_FROM must be an address like “portal@example.org”, not “{value}”.")
    return value


def _secret_key(env: Mapping[str, str], instance: Path, mode: str) -> str:
    if "SECRET_KEY" in env:
        if len(env["SECRET_KEY"]) < 16:
            raise ConfigError("SECRET_KEY must have at least 16 characters.")
        return env["SECRET_KEY"]
    file = instance / "secret-key"
    if file.exists():
        return file.read_text().strip()
    if mode != "development":
        return ""
    instance.mkdir(parents=True, exist_ok=True)
    key = secrets.token_hex(32)
    file.touch(mode=0o600)
    file.write_text(key)
    return key
