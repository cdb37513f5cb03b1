"""Which letters are our own: R28."""

from pydantic import SecretStr

from gateway.incoming import house_of
from workflows.installation import Installation


def test_our_addresses_are_known_however_the_settings_write_them() -> None:
    settings = Installation(
        own_addresses=("Lanskov@Profman.RU",), signing_keys={"k1": SecretStr("ab" * 32)}
    )

    assert house_of(settings).own_addresses == {"lanskov@profman.ru"}
