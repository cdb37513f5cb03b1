"""Which letters are our own, and when a sender can be taken for who he says he is: R2, R28."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from gateway.incoming import Incoming, house_of, incoming_of, own_names_of
from mail.reading import read
from storage.raw_letters import RawLetter, RawState
from workflows.installation import Installation

SETTINGS = Installation(
    own_addresses=("Lanskov@Profman.RU",),
    authserv_ids=("MX.profman.ru",),
    signing_keys={"k1": SecretStr("ab" * 32)},
)
LETTER = "From: {sender}\r\nSubject: s\r\nMessage-ID: <1@x>\r\n{field}\r\n\r\nwords\r\n"


def received(sender: str = "anna@client.example", field: str = "X-Nothing: 1") -> Incoming:
    content = LETTER.format(sender=sender, field=field).encode()
    kept = RawLetter(
        id=1,
        digest="",
        door="lmtp",
        envelope_from=sender,
        envelope_to=(),
        received_at=datetime(2026, 9, 7, tzinfo=UTC),
        content=content,
        state=RawState.KEPT,
        reason="",
    )
    return incoming_of(kept, read(content, own_names_of(SETTINGS)), house_of(SETTINGS))


def test_our_addresses_are_known_however_the_settings_write_them() -> None:
    assert house_of(SETTINGS).own_addresses == {"lanskov@profman.ru"}


def test_a_sender_whom_our_own_server_found_false_is_in_doubt() -> None:  # R2
    told = "Authentication-Results: mx.profman.ru; dmarc=fail header.from=client.example"

    assert received().is_trusted
    assert not received(field=told).is_trusted


@pytest.mark.parametrize("server", ["mx.evil.example", "mx.profman.ru.evil.example"])
def test_what_another_server_says_of_a_sender_changes_nothing(server: str) -> None:  # R2
    assert received(field=f"Authentication-Results: {server}; dmarc=fail").is_trusted


@pytest.mark.parametrize("domain", ["prоfman.ru", "profrnan.ru"])
def test_a_domain_that_looks_like_ours_is_in_doubt(domain: str) -> None:  # R2
    assert not received(sender=f"lanskov@{domain}").is_trusted
