"""Only our own server's findings about a letter count (RFC 8601)."""

import pytest

from mail.authentication import AuthenticationResults, authentication_of
from mail.reading import OwnNames, read

OURS = frozenset({"mx.support.test"})


@pytest.mark.parametrize(
    ("field", "codes"),
    [
        ("mx.support.test; spf=pass smtp.mailfrom=client.test", ("pass", "", "")),
        ("mx.support.test; spf=fail; dkim=none; dmarc=fail", ("fail", "none", "fail")),
        ("MX.Support.Test 1; SPF = Pass", ("pass", "", "")),
        ('"mx.support.test"; dmarc=pass (p=none) header.from=client.test', ("", "", "pass")),
        ("mx.support.test (a; spf=fail (b)) ; spf=pass", ("pass", "", "")),
        (
            'mx.support.test; dkim/1=fail reason="; spf=pass"; spf=softfail',
            ("softfail", "fail", ""),
        ),
        ("mx.support.test;\r\n\tdkim=fail header.d=a.test;\r\n\tdkim=pass header.d=b.test", None),
        ("mx.support.test; none", ("", "", "")),
        ("mx.support.test; spf=excellent; arc=pass; spf", ("", "", "")),
        ("mx.support.test 2; spf=pass", ("", "", "")),
        ("mx.evil.test; spf=pass; dkim=pass; dmarc=pass", ("", "", "")),
        ("mx.evil.test (mx.support.test); spf=pass", ("", "", "")),
        ("mx.support.test.evil.test; spf=pass", ("", "", "")),
        ("x mx.support.test; spf=pass", ("", "", "")),
        ("; spf=pass", ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_a_field_says_what_its_server_found(field: str, codes: tuple[str, str, str] | None) -> None:
    assert authentication_of([field], OURS) == AuthenticationResults(*(codes or ("", "pass", "")))


def test_what_a_sender_wrote_below_our_field_changes_nothing() -> None:
    raw = (
        b"Authentication-Results: mx.support.test; spf=fail\r\n"
        b"Authentication-Results: mx.support.test; spf=pass\r\n\r\n"
    )

    assert read(raw, OwnNames(OURS)).authentication.spf == "fail"


def test_without_a_server_of_ours_nobody_is_heard() -> None:
    raw = b"Authentication-Results: mx.support.test; spf=pass\r\n\r\n"

    assert read(raw).authentication == AuthenticationResults()
