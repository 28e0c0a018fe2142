"""Configuration: one frozen value, read once from the environment (``BADGEISSUER_*``) and the command line.

A wrong value stops the start with a line that says which variable and what it should be. Secrets can also be named
by file (``BADGEISSUER_KEY_PASSPHRASE_FILE``), as container platforms mount them.
"""

from __future__ import annotations

import ipaddress
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from badgeissuer.errors import Misconfigured

DEFAULT_DATA_DIR = Path("data")
DEFAULT_KEYS_DIR = Path("keys")


class Settings(BaseSettings):
    """Everything that can be set. Field names are the environment variables' names without ``BADGEISSUER_``."""

    model_config = SettingsConfigDict(env_prefix="BADGEISSUER_", frozen=True, extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Field(DEFAULT_DATA_DIR, description="database, demo keys, passphrase file")
    database_url: str | None = Field(None, description="postgresql+asyncpg://… ; an SQLite file in data_dir when unset")
    base_url: str = Field(
        "http://localhost:8000", description="public address of this service, part of every id; never changes"
    )
    keys_dir: Path | None = Field(
        None, description="encrypted private keys; keys/, or data_dir/keys when data_dir is set"
    )
    key_passphrase: SecretStr | None = Field(None, description="passphrase of the private keys, random and long")
    key_passphrase_file: Path | None = Field(None, description="file that holds it")
    key_activation_delay: Annotated[int, Field(ge=0, le=86_400)] = 300
    operator_name: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        "Badge service", description="name of the operator's own issuer, which signs records across issuers"
    )
    demo: bool = Field(False, description="demo conveniences: loopback issuer documents may be fetched; loud warnings")
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    worker_processes: Annotated[int, Field(ge=1, le=32)] = 1
    canonicalize_timeout: Annotated[float, Field(gt=0, le=60)] = 5.0
    canon_recheck_rate: Annotated[float, Field(ge=0, le=1)] = Field(
        0.01, description="share of what is signed that is held against PyLD afterwards; 0 is none"
    )
    fetch_timeout: Annotated[float, Field(gt=0, le=30)] = 5.0
    mail_backend: Literal["console", "smtp", "none"] | None = Field(
        None, description="how e-mail leaves; without it there is none, but in the demo, which shows it on the console"
    )
    mail_host: str | None = Field(None, description="the mail server; needed with smtp")
    mail_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    mail_tls: Literal["starttls", "tls", "none"] = Field("starttls", description="none is only for this machine")
    mail_user: str | None = None
    mail_password: SecretStr | None = None
    mail_password_file: Path | None = Field(None, description="file that holds it")
    mail_language: Literal["en", "es"] = Field("en", description="of notices to people who have not said which")
    mail_from: str | None = Field(None, description="the sender, as in Badges <badges@example.org>; needed with smtp")

    @field_validator("base_url")
    @classmethod
    def _base_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if (
            parts.scheme not in ("https", "http")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError("must be an address like https://badges.example.org, without query, fragment or user")
        if parts.path.strip("/"):
            raise ValueError("must have no path: did:web and the public URLs hang on the host")
        if value != value.lower():
            raise ValueError("must be in lower case: it becomes part of a DID, which is compared byte for byte")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("must be https; plain http is only for localhost")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql+asyncpg://", "sqlite+aiosqlite:///")):
            raise ValueError("must start with postgresql+asyncpg:// or sqlite+aiosqlite:///")
        return value

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if self.mail_backend == "console" and not self.demo:
            raise ValueError("BADGEISSUER_MAIL_BACKEND console shows sign-in links: it is for the demo only")
        if self.mail_backend == "smtp":
            missing = [name for name in ("mail_host", "mail_from") if not getattr(self, name)]
            if missing:
                raise ValueError(f"BADGEISSUER_MAIL_BACKEND smtp needs BADGEISSUER_{missing[0].upper()}")
            if self.mail_tls == "none" and not is_loopback(self.mail_host or ""):
                raise ValueError("BADGEISSUER_MAIL_TLS none would send sign-in links in the clear; use starttls or tls")
            if "@" not in parseaddr(self.mail_from or "")[1] or not (self.mail_from or "").isprintable():
                raise ValueError("BADGEISSUER_MAIL_FROM must be one address, as in Badges <badges@example.org>")
            if self.mail_user is None and (self.mail_password or self.mail_password_file):
                raise ValueError("BADGEISSUER_MAIL_PASSWORD needs BADGEISSUER_MAIL_USER")
        return self

    @property
    def sends_mail(self) -> bool:
        """Whether e-mail leaves at all: without it nobody can sign in and nobody is told of an award."""
        return self.mail_backend != "none" and (self.demo or self.mail_backend is not None)

    @property
    def mail_secret(self) -> str | None:
        """The mail server's password, from the variable or the file. Raises ``Misconfigured``."""
        if self.mail_password is not None or self.mail_password_file is None:
            return self.mail_password.get_secret_value() if self.mail_password else None
        return _secret(self.mail_password_file, "the mail password file")

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """Read the environment; ``given`` (command-line options that were set) wins. Raises ``Misconfigured``."""
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            lines = [
                " ".join([*_variable(problem["loc"]), str(problem["msg"]).removeprefix("Value error, ")])
                for problem in error.errors(include_url=False, include_input=False)
            ]
            raise Misconfigured("; ".join(lines)) from None

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'badgeissuer.db').absolute()}"

    @property
    def resolved_keys_dir(self) -> Path:
        if self.keys_dir is not None:
            return self.keys_dir
        return self.data_dir / "keys" if "data_dir" in self.model_fields_set else DEFAULT_KEYS_DIR

    @property
    def passphrase_path(self) -> Path:
        """Where the passphrase file lies: the one that was named, else the one that the demo makes."""
        return self.key_passphrase_file or self.data_dir / "passphrase"

    def passphrase(self) -> SecretStr | None:
        """The passphrase, from the variable or the file; None where neither is there. Raises ``Misconfigured``."""
        if self.key_passphrase is not None:
            return self.key_passphrase
        path = self.passphrase_path
        if not path.exists():
            if self.key_passphrase_file is not None:
                raise Misconfigured(f"BADGEISSUER_KEY_PASSPHRASE_FILE names {path}, which does not exist")
            return None
        return SecretStr(_secret(path, "the passphrase file"))

    @property
    def loopback(self) -> bool:
        """Whether the base URL is this machine only: nothing issued under it can be checked from elsewhere."""
        return is_loopback(urlsplit(self.base_url).hostname or "")


def _secret(path: Path, what: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"{what} {path} cannot be read: {error.strerror}") from None
    if not text:
        raise Misconfigured(f"{what} {path} is empty")
    return text


def _variable(place: tuple[int | str, ...]) -> list[str]:
    """The variable that a fault is about; one that is about several names them itself."""
    return [f"BADGEISSUER_{str(place[0]).upper()}"] if place else []


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
