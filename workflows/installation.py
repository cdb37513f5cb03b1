"""What an installation is told by its environment: addresses, keys, the way out for mail.

Every name begins with `SUPPORT_`; a secret may come as a file (`SUPPORT_SECRETS`, one file a name).
"""

import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.terms import Role

# Loopback and the networks that no stranger can be in (RFC 1918, RFC 4193, link-local).
PRIVATE = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)


class Installation(BaseSettings):
    """The settings of one installation; the regulation's own settings live in editions."""

    model_config = SettingsConfigDict(
        env_prefix="SUPPORT_", secrets_dir=os.environ.get("SUPPORT_SECRETS"), extra="ignore"
    )

    database_url: str = "postgresql+psycopg://localhost/support"
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    engine_ui: str = ""
    files_folder: Path = Path("files")
    site: str = "http://127.0.0.1:8000"
    http_port: int = 8000
    door_host: str = "127.0.0.1"
    door_port: int = 2525
    lmtp_port: int = 2424
    door_peers: tuple[str, ...] = PRIVATE
    door_certificate: Path | None = None
    door_key: Path | None = None
    own_addresses: tuple[str, ...] = ("lanskov@profman.ru", "office@profman.ru")
    mail_domain: str = "profman.ru"
    authserv_ids: tuple[str, ...] = ()
    reading_children: int = 2
    instance: str = "support"
    signing_key_id: str = "k1"
    signing_keys: dict[str, SecretStr] = Field(default_factory=dict)
    payload_key_id: str = ""
    payload_keys: dict[str, SecretStr] = Field(default_factory=dict)
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    mail_ca_file: Path | None = None
    letters_a_minute: int = 300
    letters_at_once: int = 4
    automatic_letters_a_minute: int = 600
    bounce_address: str = "lanskov@profman.ru"
    journal_address: str = ""
    journal_host: str = ""
    journal_port: int = 993
    journal_user: str = ""
    journal_password: SecretStr = SecretStr("")
    journal_tls: bool = True
    mailbox_host: str = ""
    mailbox_port: int = 993
    mailbox_user: str = ""
    mailbox_password: SecretStr = SecretStr("")
    mailbox_tls: bool = True
    mailbox_folder: str = "INBOX"
    mailbox_processed: str = "Processed"
    mailbox_token_file: Path | None = None
    clamd_host: str = ""
    clamd_port: int = 3310
    clamd_socket: str = ""
    clamd_database_days: int = 7
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_scopes: str = "openid profile email groups"
    oidc_role_claim: str = "groups"
    oidc_roles: dict[str, Role] = Field(default_factory=dict)
    oidc_login_claim: str = "preferred_username"
    oidc_name: str = ""

    @property
    def has_scanner(self) -> bool:
        """Tell whether files wait for a scanner before anybody gets them."""
        return bool(self.clamd_host or self.clamd_socket)

    @property
    def has_provider(self) -> bool:
        """Tell whether staff may sign in by the organisation's own provider (OpenID Connect)."""
        return bool(self.oidc_issuer and self.oidc_client_id)

    @field_validator("oidc_issuer")
    @classmethod
    def _is_safe(cls, issuer: str) -> str:
        """Keep codes and secrets off the open wire: a provider is reached by HTTPS or loopback."""
        if issuer and not issuer.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ValueError("SUPPORT_OIDC_ISSUER must begin with https://")
        return issuer

    @field_validator("oidc_roles")
    @classmethod
    def _are_of_staff(cls, roles: dict[str, Role]) -> dict[str, Role]:
        """Let the provider vouch for staff alone."""
        if {Role.CLIENT, Role.SYSTEM} & set(roles.values()):
            raise ValueError("SUPPORT_OIDC_ROLES gives roles of staff alone")
        return roles

    def plain_signing_keys(self) -> dict[str, str]:
        """Return the keys that sign Message-IDs, in hexadecimal digits, by name."""
        return {name: key.get_secret_value() for name, key in self.signing_keys.items()}


@cache
def installation() -> Installation:
    """Return the settings of this process, read once."""
    return Installation()
