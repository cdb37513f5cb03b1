"""A real IMAP server, Dovecot, with folders and a configuration of its own, on loopback."""

import hmac
import json
import os
import shutil
import subprocess
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from activities.imap import Account
from deploy.local import processes
from deploy.local.processes import LOOPBACK, Child, Program
from tests.hosted import Hosted

PROGRAM: Final = "dovecot"
VERSION: Final = "2.3."  # 2.4 reads another language
OWNERS: Final = 100
NUMBERS = iter(range(OWNERS))
SECRET: Final = "a password"  # noqa: S105 - of a server that lives as long as a test
# The folder Processed/ has a quota of its own: two letters.
CONFIGURATION: Final = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
default_vsz_limit = 512M
mail_plugins = quota
mail_max_userip_connections = 100
auth_mechanisms = plain xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2
}}
passdb {{
  driver = passwd-file
  mechanisms = plain
  args = scheme=plain username_format=%u {folder}/passwd
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  location = maildir:~/Maildir
}}
namespace full {{
  prefix = Full/
  separator = /
  location = maildir:~/Full
}}
plugin {{
  quota = maildir:Full:ns=Full/
  quota_rule = *:messages=2
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  service_count = 1000
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""

TOKENS: Final = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
"""
SIGNING_KEY: Final = b"a key of a server that lives as long as a test"


def lack() -> str:
    """Say what keeps Dovecot from being started here; empty when nothing does."""
    if (program := shutil.which(PROGRAM)) is None:
        return "Dovecot is not installed (apt-get install dovecot-imapd)"
    if os.geteuid() != 0:
        return "Dovecot with an own configuration is started by root only"
    told = subprocess.run([program, "--version"], capture_output=True, check=False)  # noqa: S603 - a fixed command
    version = told.stdout.decode().strip()
    is_written_for = version.startswith(VERSION)
    return "" if is_written_for else f"the configuration is one for {VERSION}, not for {version}"


@dataclass(frozen=True)
class Dovecot:
    """A server at work; each mailbox in it belongs to one test."""

    folder: Path
    port: int
    child: Child

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start a server in a folder that everybody may enter."""
        for name in ("run", "state", "mail"):
            (folder / name).mkdir()
        shutil.chown(folder / "mail", "nobody", "nogroup")
        port = processes.free_port()
        keys = folder / "keys" / "default" / "HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_bytes(b64encode(SIGNING_KEY))
        (folder / "oauth2").write_text(TOKENS.format(folder=folder))
        owners = "".join(f"owner{number}:{SECRET}\n" for number in range(OWNERS))
        (folder / "passwd").write_text(owners)
        configuration = folder / "dovecot.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, port=port))
        command = (PROGRAM, "-F", "-c", str(configuration))
        child = processes.start(Program(command, folder / "console.log"))
        child.wait_until(lambda: processes.is_answering(port))
        return cls(folder, port, child)

    def mailbox(self) -> Hosted:
        """Give the mailbox of an owner that nobody else in this run is."""
        name = f"owner{next(NUMBERS)}"
        return Hosted(Account(name, LOOPBACK, self.port, name, SECRET, tls=False))

    def let_in(self, name: str, password: str) -> None:
        """Change the password of an owner; the server looks once a second."""
        passwords = self.folder / "passwd"
        others = [line for line in passwords.read_text().splitlines() if line.split(":")[0] != name]
        fresh = self.folder / "passwd.new"
        fresh.write_text("\n".join([*others, f"{name}:{password}"]) + "\n")
        fresh.chmod(0o644)
        fresh.rename(passwords)
        time.sleep(1.1)

    @staticmethod
    def token_for(name: str, good_for: timedelta) -> str:
        """Return a token that lets this owner in (RFC 7519)."""
        ends_at = datetime.now(UTC) + good_for
        claims = {"sub": name, "exp": int(ends_at.timestamp())}
        signed = b".".join(_encoded(part) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        signature = hmac.digest(SIGNING_KEY, signed, "sha256")
        return (signed + b"." + urlsafe_b64encode(signature).rstrip(b"=")).decode()

    def stop(self) -> None:
        """Stop the server and every process of it."""
        self.child.stop()


def _encoded(part: Mapping[str, object]) -> bytes:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
