"""Settings: read whole, and a bad one stops the start with its name."""

from pathlib import Path

import pytest

from portal.config import SETTINGS, Config, ConfigError, SmtpServer


def test_defaults_need_nothing(tmp_path: Path) -> None:
    config = Config.from_env({"INSTANCE_PATH": str(tmp_path)})
    assert config.database_uri == f"sqlite+portal:///{tmp_path}/portal.sqlite3"
    assert (config.host, config.port, config.env, config.secret_key) == ("127.0.0.1", 8000, "production", "")


def test_everything_can_be_set(tmp_path: Path) -> None:
    config = Config.from_env(
        {
            "INSTANCE_PATH": str(tmp_path),
            "DATABASE_URL": "postgresql://portal@db/portal",
            "REDIS_URL": "redis://cache:6379/0",
            "SECRET_KEY": "x" * 32,
            "BASE_URL": "https://fair.example.org/",
            "SMTP_URL": "smtp://user:p%40ss@mail.example.org:587?starttls=1",
            "TRUSTED_PROXIES": "2",
            "RATELIMIT_ENABLED": "0",
            "WORKER": "false",
        }
    )
    assert config.database_uri == "postgresql+psycopg://portal@db/portal"
    assert config.base_url == "https://fair.example.org"
    assert config.https
    assert config.smtp == SmtpServer("mail.example.org", 587, "user", "p@ss", starttls=True)
    assert (config.trusted_proxies, config.ratelimit_enabled, config.worker) == (2, False, False)
    assert config.flask_settings()["SESSION_COOKIE_SECURE"] is True
    assert "p@ss" not in repr(config)
    assert "x" * 32 not in repr(config)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_ENV", "staging"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("REDIS_URL", "localhost:6379"),
        ("BASE_URL", "fair.example.org"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "smtp://mail.example.org:port"),
        ("SMTP_URL", "smtp://mail.example.org?starttls=perhaps"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "one"),
        ("PORT", "70000"),
        ("WORKERS", "0"),
        ("RATELIMIT_ENABLED", "maybe"),
        ("SECRET_KEY", "short"),
        ("MAX_BODY_BYTES", "1"),
    ],
)
def test_a_bad_value_names_its_setting(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"^{name}"):
        Config.from_env({"INSTANCE_PATH": str(tmp_path), name: value})


def test_development_makes_a_key_once(tmp_path: Path) -> None:
    environ = {"INSTANCE_PATH": str(tmp_path / "new"), "PORTAL_ENV": "development"}
    first = Config.from_env(environ)
    assert len(first.secret_key) == 64
    assert Config.from_env(environ).secret_key == first.secret_key
    assert (tmp_path / "new" / "secret-key").stat().st_mode & 0o777 == 0o600


def test_every_variable_that_is_read_is_documented() -> None:
    source = (Path(__file__).parents[2] / "portal" / "config.py").read_text()
    body = source.split("class SmtpServer")[1]
    names = {setting.name for setting in SETTINGS}
    for name in names:
        assert f'"{name}"' in body, name
