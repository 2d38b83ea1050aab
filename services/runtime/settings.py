"""Settings: environment variables `GOALTRAIL_…`, secret files, or what `goaltrail up` wrote for a role."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from events.errors import BilingualError
from events.ids import WORKSPACE_ID
from events.text import Text
from events.zones import is_zone
from services.runtime import urls

Role = Literal["api", "intake", "projector", "operator"]
"""What a process is; `operator` may create streams and databases (provisioning, backup, rebuild, doctor)."""

DEFAULT_DATA = Path("data")
DEFAULT_API_PORT = 8642


class SettingsError(BilingualError, ValueError):
    """The settings can't be used; the text is one line for a person."""


class Settings(BaseSettings):
    """Everything a process is told from outside. Each field is the variable GOALTRAIL_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="GOALTRAIL_", frozen=True, extra="ignore")

    nats_url: str = Field(
        "nats://127.0.0.1:4222",
        description="Where NATS is: one URL, or the nodes of a cluster with commas between.",
    )
    nats_monitor_url: str = Field(
        "",
        description="Monitoring address of NATS, http://host:port, of several nodes with commas between: it"
        " tells a full disk from NATS being away.",
    )
    nats_user: str = Field(
        "api", description="NATS user of the process: `api`, `intake`, `projector`, or `provisioner`."
    )
    nats_password: SecretStr = Field(SecretStr(""), description="Password of `nats_user`.")
    nats_provisioner_user: str = Field(
        "provisioner",
        description="NATS user that creates and migrates streams; for provisioning and operators.",
    )
    nats_provisioner_password: SecretStr | None = Field(
        None, description="Password of `nats_provisioner_user`; services don't need it."
    )
    replicas: Literal[1, 3] = Field(1, description="Copies of each stream: 1 on one machine, 3 on a cluster.")

    database_url: SecretStr = Field(
        SecretStr("postgresql://goaltrail_projector@127.0.0.1:5432/goaltrail"),
        description="PostgreSQL 18 as postgresql://user:password@host:port/database.",
    )
    database_password: SecretStr | None = Field(
        None, description="Password for `database_url`, where it comes as a secret file of its own."
    )
    projector_database_password: SecretStr | None = Field(
        None, description="Password to give to the role goaltrail_projector; for provisioning only."
    )
    api_database_password: SecretStr | None = Field(
        None, description="Password to give to the role goaltrail_api; for provisioning only."
    )
    bi_database_password: SecretStr | None = Field(
        None, description="Password to give to the role goaltrail_bi; without one it can't log in."
    )

    data: Path = Field(DEFAULT_DATA, description="Directory of everything that `goaltrail up` stores.")
    api_host: str = Field("127.0.0.1", description="Address the API listens on.")
    api_port: int = Field(DEFAULT_API_PORT, ge=1, le=65535, description="Port the API listens on.")
    api_processes: int = Field(
        1,
        ge=1,
        le=64,
        description="How many API processes serve the system, on this and other machines; those of one"
        " machine share the port. With more than one, rules that span goals are held by locks of PostgreSQL.",
    )
    api_url: str | None = Field(
        None, description="Where commands find the API; by default http://<api_host>:<api_port>."
    )
    api_head_seconds: float = Field(
        10, gt=0, description="Seconds a client may take for the head of a request; then 408."
    )
    api_body_seconds: float = Field(
        30,
        gt=0,
        description="Seconds a client may keep the API waiting for a body, and one more for each 16 KiB that"
        " came; then 408. As long may a client leave an answer unread.",
    )
    api_connections: int = Field(
        4096, ge=0, description="Connections that one API process holds; more are answered 429. 0: no limit."
    )
    api_connections_per_address: int = Field(
        1024, ge=0, description="Of them from one address (of IPv6: from one /64). 0: no limit."
    )
    api_requests_per_address: int = Field(
        5000,
        ge=0,
        description="Requests a second from one address, and ten times as many at once; more are answered"
        " 429. For each API process; /healthz and the like do not count. 0: no limit.",
    )
    api_requests_per_token: int = Field(
        2000, ge=0, description="The same for one token. An import of 100,000 rows takes 100 requests."
    )
    metrics_host: str = Field(
        "127.0.0.1", description="Address of the metrics pages of intake and projector."
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of /healthz and /metrics of intake and projector; 0 for none."
    )

    resolve_goals: bool = Field(
        True, description="Whether the API resolves relative goals by itself as days begin."
    )
    resolve_goals_after: int = Field(
        10,
        ge=0,
        lt=24 * 60,
        description="Minutes after midnight, in the workspace's zone, until it does, so that readings of the"
        " day before are in.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    log_format: Literal["json", "console"] = Field("json", description="One JSON object a line, or text.")

    workspace: str = Field(
        "main",
        pattern=WORKSPACE_ID,
        description="The workspace that is made at the first start and that commands use by default.",
    )
    zone: str = Field("Asia/Seoul", description="Time zone (IANA) of the workspace made at the first start.")

    admin_token: SecretStr | None = Field(None, description="Token of the first administrator.")
    admin_token_file: Path | None = Field(None, description="File with the token of the first administrator.")
    master_key: SecretStr | None = Field(
        None, description="Key that wraps the keys of people's texts: 32 bytes as base64."
    )
    master_key_file: Path | None = Field(
        None,
        description="File with the master key. Keep it apart from backups: without it texts are unreadable.",
    )

    @field_validator("replicas", mode="before")
    @classmethod
    def _number_from_text(cls, replicas: object) -> object:
        # A Literal takes the number only, and the environment has only text.
        return int(replicas) if isinstance(replicas, str) and replicas.isdigit() else replicas

    @field_validator("nats_url")
    @classmethod
    def _nats_urls(cls, nodes: str) -> str:
        return urls.NATS.several(nodes)

    @field_validator("nats_monitor_url")
    @classmethod
    def _monitor_urls(cls, nodes: str) -> str:
        return urls.MONITOR.several(nodes) if nodes else nodes

    @field_validator("api_url")
    @classmethod
    def _url_of_the_api(cls, url: str | None) -> str | None:
        return urls.API.one(url) if url else url

    @field_validator("database_url")
    @classmethod
    def _url_of_the_database(cls, url: SecretStr) -> SecretStr:
        return SecretStr(urls.DATABASE.one(url.get_secret_value()))

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if not is_zone(zone):
            raise ValueError(f"{zone!r} is not an IANA time zone such as Asia/Seoul")
        return zone

    @property
    def nats_servers(self) -> list[str]:
        """The NATS nodes as a list, as clients take it."""
        return [url.strip() for url in self.nats_url.split(",") if url.strip()]

    @property
    def nats_monitors(self) -> list[str]:
        """The monitoring addresses as a list."""
        return [url.strip().rstrip("/") for url in self.nats_monitor_url.split(",") if url.strip()]

    @property
    def database_dsn(self) -> str:
        """The database with its password, for asyncpg. Never log it."""
        return self._database("postgresql")

    @property
    def sqlalchemy_url(self) -> str:
        """The database with its password, for SQLAlchemy's asyncpg dialect. Never log it."""
        return self._database("postgresql+asyncpg")

    @property
    def api_base_url(self) -> str:
        """Where the API is, without a slash at the end."""
        return (self.api_url or f"http://{self.api_host}:{self.api_port}").rstrip("/")

    def load_admin_token(self) -> str | None:
        """Return the first administrator's token from the setting or its file; None if neither is there."""
        if self.admin_token is not None:
            return self.admin_token.get_secret_value()
        return _read(self.admin_token_file) if self.admin_token_file else None

    def load_master_key(self) -> bytes:
        """Return the 32 bytes that wrap people's keys. Raises SettingsError."""
        text = self.master_key.get_secret_value() if self.master_key else None
        if text is None and self.master_key_file is not None:
            text = _read(self.master_key_file)
        if text is None:
            raise SettingsError("set GOALTRAIL_MASTER_KEY_FILE or GOALTRAIL_MASTER_KEY (32 bytes as base64)")
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            raise SettingsError("the master key is not base64") from None
        if len(key) != 32:
            raise SettingsError(f"the master key has {len(key)} bytes, not 32")
        return key

    def _database(self, scheme: str) -> str:
        parts = urlsplit(self.database_url.get_secret_value())
        location = parts.netloc
        if self.database_password is not None and not parts.password:
            host = location.rpartition("@")[2]
            location = (
                f"{parts.username or ''}:{quote(self.database_password.get_secret_value(), safe='')}@{host}"
            )
        return urlunsplit((scheme, location, parts.path, parts.query, ""))


def load_settings(role: Role, *, data: Path | None = None, **overrides: Any) -> Settings:
    """Return the settings of a process.

    What is set wins in this order: `overrides`, environment, what `goaltrail up` wrote for `role` under
    the data directory (`data`, else GOALTRAIL_DATA, else ./data), files in GOALTRAIL_SECRETS_DIR, defaults.
    Raises SettingsError.
    """
    directory = data or Path(os.environ.get("GOALTRAIL_DATA", DEFAULT_DATA))
    secrets = os.environ.get("GOALTRAIL_SECRETS_DIR")
    if secrets is not None and not Path(secrets).is_dir():
        raise SettingsError(f"GOALTRAIL_SECRETS_DIR: no directory {secrets}")
    try:
        return Settings(
            _env_file=role_file(directory, role), _secrets_dir=secrets, data=directory, **overrides
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        en = first["msg"].removeprefix("Value error, ")
        ko = first.get("ctx", {}).get("ko", en)
        raise SettingsError(Text(f"GOALTRAIL_{name}: {ko}", f"GOALTRAIL_{name}: {en}")) from None


def nats_inbox(user: str) -> str:
    """Return the prefix of the subjects on which a NATS user, and nobody else, can listen to answers."""
    return f"_INBOX_{user}"


def role_file(data: Path, role: Role) -> Path:
    """Return where `goaltrail up` writes the settings of a role, as GOALTRAIL_… lines, mode 0600."""
    return data / "run" / f"{role}.env"


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"can't read {path}: {error.strerror}") from None
