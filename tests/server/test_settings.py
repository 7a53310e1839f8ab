"""Settings: the file, the environment over it, and the sentence when something is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from zkp_nb.server.settings import MIN_SECRET, REQUIRED_SECRETS, Settings, SettingsError

PRODUCTION = Path(__file__).parents[2] / "config" / "production.toml"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    values = {name: f"{name.lower()} ".ljust(MIN_SECRET, "x") for name in REQUIRED_SECRETS}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
def production(tmp_path: Path) -> Path:
    """The file that ships, with certificates that exist."""
    text = PRODUCTION.read_text()
    for name in ("node.crt", "node.key"):
        (tmp_path / name).touch()
        text = text.replace(f"/etc/zkp-ledger/tls/{name}", str(tmp_path / name))
    path = tmp_path / "production.toml"
    path.write_text(text)
    return path


def test_the_file_that_ships_has_every_key_and_its_default(secrets: dict[str, str], production: Path) -> None:
    settings = Settings.load(production)
    document = tomllib.loads(PRODUCTION.read_text())
    optional = {"jwt_keys_file", "s3_endpoint", "s3_bucket"}
    said_otherwise = {"environment", "data_folder", "drain_delay_seconds", "enable_tls"}
    for section, field in Settings.model_fields.items():
        if section == "secrets":
            continue
        model = getattr(settings, section)
        keys = set(type(model).model_fields) - optional
        assert set(document[section]) == keys, section
        for key in keys - said_otherwise - {"tls_certificate", "tls_private_key"}:
            assert getattr(model, key) == getattr(field.default, key), (section, key)


def test_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, secrets: dict[str, str], production: Path
) -> None:
    monkeypatch.setenv("ZKP_LEDGER_BIND_ADDRESS", "[::1]:9000")
    monkeypatch.setenv("ZKP_LEDGER_NODE_ID", "node-7")
    monkeypatch.setenv("ZKP_LEDGER_MAX_PROVING_THREADS", "2")
    monkeypatch.setenv("ZKP_LEDGER_SECURITY__RATE_LIMIT_REQUESTS_PER_MINUTE", "5")
    monkeypatch.setenv("S3_BUCKET", "backups")
    settings = Settings.load(production)
    assert settings.server.address == ("::1", 9000)
    assert settings.cluster.node_id == "node-7"
    assert settings.crypto.max_proving_threads == 2
    assert settings.security.rate_limit_requests_per_minute == 5
    assert settings.backup.s3_bucket == "backups"
    assert settings.security.enable_tls


@pytest.mark.parametrize("missing", REQUIRED_SECRETS)
def test_a_missing_secret_is_named(
    monkeypatch: pytest.MonkeyPatch, secrets: dict[str, str], production: Path, missing: str
) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(SettingsError, match=f"The secret {missing} is missing") as caught:
        Settings.load(production)
    assert not any(value.strip("x ") in str(caught.value) for value in secrets.values())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[server]\nbind_adress = 'x'",
            r"setting \[server\] bind_adress is not known\. Did you mean bind_address",
        ),
        ("[sever]\n", "setting sever is not known. Did you mean server"),
        ("[server]\nbind_address = '8080'", r"\[server\] bind_address .*cannot be used.*host:port"),
        ("[server]\nmax_connections = 'many'", r"\[server\] max_connections cannot be used.*integer"),
        ("[cluster]\nconsensus_algorithm = 'pbft'", r"\[cluster\] consensus_algorithm cannot be used.*raft"),
        ("[security]\nenable_tls = true", r"\[security\] tls_certificate names no file"),
        ("[security]\njwt_algorithms = ['none']", r"\[security\] jwt_algorithms cannot be used"),
        ("[secrets]\njwt_secret = 'hush hush'", "holds secrets"),
        ("server = ", "is not TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=sentence) as caught:
        Settings.load(path)
    assert "hush" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.toml cannot be opened"):
        Settings.load(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    "name", ["ZKP_LEDGER_BIND_ADRESS", "ZKP_LEDGER_SERVER__PORT", "ZKP_LEDGER_SECRETS__JWT_SECRET"]
)
def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "hush")
    with pytest.raises(SettingsError, match=f"variable {name} is not a setting") as caught:
        Settings.load()
    assert "hush" not in str(caught.value)


def test_a_short_secret_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "hush")
    with pytest.raises(SettingsError, match=r"JWT_SECRET.*fewer than 32") as caught:
        Settings.load()
    assert "hush" not in str(caught.value)


def test_settings_show_no_secret(secrets: dict[str, str]) -> None:
    text = repr(Settings.load()) + Settings.load().model_dump_json()
    assert not any(value in text for value in secrets.values())
