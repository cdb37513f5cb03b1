"""Who a letter is from, and when that may be believed: law 11, CVE-2023-27043."""

import pytest

from mail.addresses import addresses, sender_of
from mail.lookalikes import is_deceptive

OURS = frozenset({"profman.ru", "поддержка.рф"})


@pytest.mark.parametrize(
    "field",
    [
        "<anna@client.test >x",
        "<an na@client.test>",
        "<anna@client.test\x00>",
        "<an\rna@client.test>",
        "=?utf-8?q?anna=40client.test?=",
        "<=?utf-8?q?anna=40client.test?=>",
        "anna@client(.evil).test",
        "<anna@client(.evil).test>",
        "anna@client.test(",
        "<@relay.test:anna@client.test>",
        "anna@client.test; bob@evil.test",
        "anna@client..test@evil.test",
        '"anna@client.test',
        "anna@[192.0.2.1]",
        "group: anna@client.test, bob@evil.test;",
    ],
)
def test_an_address_that_had_to_be_mended_is_not_believed(field: str) -> None:  # R2
    assert not sender_of([field]).trusted


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("Анна (бухгалтерия) <anna@client.test>", "anna@client.test"),
        ("(бухгалтерия) anna@client.test (Анна)", "anna@client.test"),
        ("< anna@client.test >", "anna@client.test"),
        ("Анна <anna@почта.рф>", "anna@xn--80a1acny.xn--p1ai"),
        ("anna@xn--80a1acny.xn--p1ai", "anna@xn--80a1acny.xn--p1ai"),
    ],
)
def test_an_address_in_the_usual_forms_is_believed(field: str, address: str) -> None:
    sender = sender_of([field])

    assert (sender.address, sender.trusted) == (address, True)


@pytest.mark.parametrize(
    "domain",
    [
        "рrofman.ru",  # a Cyrillic er before Latin letters
        "profmаn.ru",
        "pr0fman.ru",
        "prof\u043can.ru",
        "pröfman.ru",
        "profrnan.ru",
        "mail.pr0fman.ru",
        "ρrofman.ru",
        "clіent.test",  # mixed, though it is like nobody's of ours
        "xn--a-ecp.ru",  # no name of any domain
    ],
)
def test_a_domain_made_to_be_taken_for_another_is_not_believed(domain: str) -> None:
    sender = sender_of([f"<office@{domain}>"], own_domains=OURS)

    assert not sender.trusted


@pytest.mark.parametrize(
    "domain",
    ["profman.ru", "mail.profman.ru", "поддержка.рф", "client.test", "bücher.test", "почта.рф"],
)
def test_a_domain_of_ones_own_is_believed(domain: str) -> None:
    sender = sender_of([f"<office@{domain}>"], own_domains=OURS)

    assert sender.trusted


def test_a_domain_is_compared_with_ours_however_ours_is_written() -> None:
    assert not is_deceptive("xn--80aeahcglt2bj.xn--p1ai", {"Поддержка.РФ"})
    assert not is_deceptive("PROFMAN.ru", {"Profman.RU"})


def test_a_long_list_takes_time_in_proportion_to_its_length() -> None:
    listed = addresses("a@b.test, " * 6000)

    assert len(listed) == 6000
    assert all(address.sound for address in listed)
