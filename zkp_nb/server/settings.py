"""Settings of a node: a TOML file, overlaid by the environment, checked before anything starts.

Sections and keys are the fields below. `ZKP_LEDGER_<SECTION>__<KEY>` sets any of them, `NAMED` lists the
variables that have a name of their own. Secrets come from the environment alone and are never shown.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from zkp_nb.errors import ZkpError

PREFIX: Final = "ZKP_LEDGER_"
"""Beginning of the name of every variable that sets a key of a section."""

NAMED: Final[Mapping[str, tuple[str, str]]] = {
    "ZKP_LEDGER_BIND_ADDRESS": ("server", "bind_address"),
    "ZKP_LEDGER_NODE_ROLE": ("cluster", "node_role"),
    "ZKP_LEDGER_CLUSTER_ID": ("cluster", "cluster_id"),
    "ZKP_LEDGER_NODE_ID": ("cluster", "node_id"),
    "ZKP_LEDGER_MAX_PROVING_THREADS": ("crypto", "max_proving_threads"),
    "ZKP_LEDGER_PROMETHEUS_PORT": ("monitoring", "prometheus_port"),
    "S3_ENDPOINT": ("backup", "s3_endpoint"),
    "S3_BUCKET": ("backup", "s3_bucket"),
    "DB_PASSWORD": ("secrets", "db_password"),
    "JWT_SECRET": ("secrets", "jwt_secret"),
    "JWT_SECRET_PREVIOUS": ("secrets", "jwt_secret_previous"),
    "GRAFANA_ADMIN_PASSWORD": ("secrets", "grafana_admin_password"),
}
"""Environment variable to the section and key that it sets."""

REQUIRED_SECRETS: Final = ("DB_PASSWORD", "JWT_SECRET", "GRAFANA_ADMIN_PASSWORD")
"""Variables without which a production node does not start."""

MIN_SECRET: Final = 32
"""Fewest characters of `JWT_SECRET`: the bytes of an HS256 key (RFC 7518 section 3.2)."""

Port = Annotated[int, Field(ge=0, le=65_535)]
Count = Annotated[int, Field(ge=1)]


class SettingsError(ZkpError):
    """A setting is unknown, malformed or missing; the node does not start."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSection(_Section):
    """How the node listens. Times in seconds, sizes in bytes."""

    environment: Literal["development", "production"] = "development"
    bind_address: str = "127.0.0.1:8080"
    max_connections: Count = 1000
    data_folder: Path = Path(".zkp-server")
    namespace: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+$")] = "default"
    request_timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    max_body_bytes: Count = 4 * 1024 * 1024
    drain_delay_seconds: Annotated[float, Field(ge=0)] = 0.0
    drain_timeout_seconds: Count = 30

    @field_validator("bind_address")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise ValueError("write it as host:port, for example 127.0.0.1:8080")
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host, without the brackets of an IPv6 address, and port."""
        host, _, port = self.bind_address.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)


class ClusterSection(_Section):
    """Who this node is among others."""

    node_role: Literal["single"] = "single"
    cluster_id: str = "local"
    node_id: str = "node-1"
    consensus_algorithm: Literal["raft"] = "raft"
    election_timeout_ms: Count = 1000


class DatabaseSection(_Section):
    """The database of log and node state."""

    engine: Literal["sqlite"] = "sqlite"
    max_connections: Count = 50
    connection_timeout_seconds: Annotated[float, Field(gt=0)] = 30.0


class CryptoSection(_Section):
    """Proving on this node. `max_upload_bytes` is for all tables of one job."""

    parallel_proving: bool = True
    max_proving_threads: Count = 4
    proof_compression: bool = True
    max_upload_bytes: Count = 4 * 1024**3
    upload_hours: Annotated[float, Field(gt=0)] = 24.0


class SecuritySection(_Section):
    """TLS, tokens and quotas."""

    enable_tls: bool = False
    tls_certificate: Path | None = None
    tls_private_key: Path | None = None
    rate_limit_requests_per_minute: Count = 1000
    rate_limit_storage: Annotated[str, Field(pattern=r"^memory://$")] = "memory://"
    public_reads: bool = False
    jwt_issuer: Annotated[str, Field(min_length=1)] = "zkp-ledger"
    jwt_audience: Annotated[str, Field(min_length=1)] = "zkp-ledger"
    jwt_algorithms: tuple[Literal["HS256", "Ed25519", "ES256", "RS256"], ...] = ("HS256", "Ed25519", "ES256")
    jwt_keys_file: Path | None = None
    jwt_leeway_seconds: Annotated[int, Field(ge=0, le=300)] = 10


class BackupSection(_Section):
    """Backups of the database."""

    enabled: bool = False
    schedule: str = "0 2 * * *"
    retention_days: Count = 30
    s3_endpoint: str = ""
    s3_bucket: str = ""


class MonitoringSection(_Section):
    """Metrics; a `prometheus_port` of 0 leaves only `/metrics` of the API."""

    enabled: bool = True
    prometheus_port: Port = 9090
    tracing_enabled: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class PerformanceSection(_Section):
    """Threads and memory of this node."""

    max_worker_threads: Count = 8
    max_memory_usage_mb: Count = 8192
    proof_cache_size_mb: Annotated[int, Field(ge=0)] = 512
    parallel_batch_processing: bool = True


class SecretsSection(_Section):
    """What only the environment may set."""

    db_password: SecretStr | None = None
    jwt_secret: SecretStr | None = None
    jwt_secret_previous: SecretStr | None = None
    grafana_admin_password: SecretStr | None = None

    @field_validator("jwt_secret", "jwt_secret_previous")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"it has fewer than {MIN_SECRET} characters")
        return value


class Settings(BaseSettings):
    """All settings of a node. The environment wins over what is passed here."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter="__", hide_input_in_errors=True
    )

    server: ServerSection = ServerSection()
    cluster: ClusterSection = ClusterSection()
    database: DatabaseSection = DatabaseSection()
    crypto: CryptoSection = CryptoSection()
    security: SecuritySection = SecuritySection()
    backup: BackupSection = BackupSection()
    monitoring: MonitoringSection = MonitoringSection()
    performance: PerformanceSection = PerformanceSection()
    secrets: SecretsSection = SecretsSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The named variables, then the prefixed ones, then the file."""
        return _NamedVariables(settings_cls), env_settings, init_settings

    @classmethod
    def load(cls, path: Path | None = None) -> Settings:
        """Read the file, where one is named, and the environment.

        Raises:
            SettingsError: a key is unknown, a value malformed, or a secret missing; the sentence names it.
        """
        document = {} if path is None else _read(path)
        _check_variables()
        try:
            settings = cls(**document)
        except ValidationError as error:
            raise _sentence(error) from None
        settings.check()
        return settings

    def check(self) -> None:
        """What no single key can tell.

        Raises:
            SettingsError: a secret is missing in production, or TLS has no certificate.
        """
        if self.server.environment == "production":
            for name in REQUIRED_SECRETS:
                if getattr(self.secrets, NAMED[name][1]) is None:
                    raise SettingsError(
                        f"The secret {name} is missing.",
                        why="A production node does not start without it.",
                        todo=f"Set the environment variable {name}.",
                    )
        if self.security.enable_tls:
            for key in ("tls_certificate", "tls_private_key"):
                file = getattr(self.security, key)
                if file is None or not file.is_file():
                    raise SettingsError(
                        f"The setting [security] {key} names no file.",
                        why="TLS is enabled, and needs a certificate and its key.",
                        todo="Name the file, or set enable_tls to false.",
                    )


class _NamedVariables(PydanticBaseSettingsSource):
    """The variables of `NAMED`, as nested settings."""

    def get_field_value(self, field: object, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for variable, (section, key) in NAMED.items():
            value = os.environ.get(variable)
            if value:
                found.setdefault(section, {})[key] = value
        return found


def _read(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be opened.", why=f"{error.strerror}.", todo="Check the path."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        where = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8"
        raise SettingsError(
            f"The settings file {path} is not TOML.", why=f"The parser says: {where}."
        ) from None
    if "secrets" in document:
        names = ", ".join(name for name, (section, _) in NAMED.items() if section == "secrets")
        raise SettingsError(
            f"The settings file {path} holds secrets.",
            why="A file is copied and read by more people than the environment of one process.",
            todo=f"Set {names} in the environment.",
        )
    return document


def _check_variables() -> None:
    """A misspelt variable would be ignored in silence; refuse it."""
    known = set(NAMED)
    for section, field in Settings.model_fields.items():
        if section != "secrets" and isinstance(field.annotation, type):
            model = field.annotation
            assert issubclass(model, _Section)
            known |= {f"{PREFIX}{section}__{key}".upper() for key in model.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise SettingsError(
                f"The environment variable {name} is not a setting.", todo=_nearest(name.upper(), known)
            )


def _sentence(error: ValidationError) -> SettingsError:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = [str(part) for part in first["loc"]]
    where = f"[{place[0]}] {place[1]}" if len(place) > 1 else place[0]
    if first["type"] == "extra_forbidden":
        field = Settings.model_fields.get(place[0])
        model = field.annotation if field is not None and len(place) > 1 else Settings
        known = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
        return SettingsError(f"The setting {where} is not known.", todo=_nearest(place[-1], set(known)))
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    named = [name for name, target in NAMED.items() if list(target) == place[:2]]
    also = f" (environment variable {named[0]})" if named else ""
    return SettingsError(f"The setting {where}{also} cannot be used.", why=f"The check says: {message}.")


def _nearest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"Did you mean {near[0]}?" if near else "Remove it, or see the documentation of the server."
