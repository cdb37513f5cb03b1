"""The local world's secrets are its owner's alone, and its ports stay where they were."""

import json
import socket
from pathlib import Path

import pytest

from deploy.local import processes, settings
from deploy.local.journal import ImapAccess
from deploy.local.processes import LOOPBACK
from deploy.local.settings import Home, Ports, PortTakenError
from mail.identity import Keyring
from workflows.installation import Installation

JOURNAL = ImapAccess(LOOPBACK, 1143, "journal", "pass word'")
URL = "postgresql+psycopg://support:secret@127.0.0.1:5432/support"


def test_a_secret_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    first = settings.kept_secret(tmp_path / "signing.key")

    assert settings.kept_secret(tmp_path / "signing.key") == first
    assert len(bytes.fromhex(first)) == 32
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600


def test_free_ports_stay_the_same(tmp_path: Path) -> None:
    first = settings.choose_ports(Home(tmp_path), free=True)

    assert settings.choose_ports(Home(tmp_path), free=True) == first


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(PortTakenError, match=f"{port}.*--free-ports"):
            settings.choose_ports(Home(tmp_path), customary=Ports(http=port))


def test_every_process_reads_the_settings_as_they_were_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = settings.choose_ports(Home(tmp_path), free=True)
    for name, value in settings.environment(Home(tmp_path), ports, URL, JOURNAL).items():
        monkeypatch.setenv(name, value)

    read = Installation()

    assert (read.database_url, read.smtp_port, read.http_port) == (URL, ports.smtp, ports.http)
    assert read.own_addresses == settings.OWN_ADDRESSES
    assert (read.journal_tls, read.journal_password.get_secret_value()) == (False, "pass word'")
    assert Keyring.from_hex(read.signing_key_id, read.plain_signing_keys()).current == "k1"


def test_a_shell_reads_the_settings_back(tmp_path: Path) -> None:
    told = settings.environment(Home(tmp_path), Ports(), URL, JOURNAL)

    lines = settings.as_shell(told)

    assert """SUPPORT_JOURNAL_PASSWORD='pass word'"'"''""" in lines
    assert json.loads(told["SUPPORT_SIGNING_KEYS"])["k1"] in lines
    assert processes.LOOPBACK in lines
