"""What letters about accounts say, in both languages; the kept words are without the link."""

import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from domain.account_letters import AccountFacts, AccountLetterKind, carries_link
from domain.letters import Language
from mail.composing import LetterEnvelope, compose_account
from mail.identity import Keyring, sign_account
from mail.quotes import visible_reply
from mail.wording import FOLDER, MARKERS, render_account

KEYS = Keyring("a", {"a": b"k" * 32})
LINK = "https://desk.example/invitation/i_" + "0123456789abcdefghij" * 2
FORGOT = "https://desk.example/signin/forgot"
FACTS = AccountFacts(
    language=Language.RU,
    at=datetime(2026, 9, 7, 8, 30, tzinfo=UTC),
    name="Анна Сергеевна",
    login="anna",
    is_client=True,
    forgot_page=FORGOT,
    link=LINK,
    holds_until=datetime(2026, 9, 7, 9, 30, tzinfo=UTC),
)
CHANGED = replace(FACTS, link="", holds_until=None)
EVERY = [(kind, language) for kind in AccountLetterKind for language in Language]


def facts_of(kind: AccountLetterKind, language: Language) -> AccountFacts:
    return replace(FACTS if carries_link(kind) else CHANGED, language=language)


def envelope(kind: AccountLetterKind) -> LetterEnvelope:
    return LetterEnvelope(
        to="anna@client.example",
        to_name="Анна Сергеевна",
        message_id=sign_account(7, kind, KEYS, "profman.example"),
        date_at=FACTS.at,
        instance="profman-1",
    )


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_every_letter_about_an_account_is_whole_and_of_no_ticket(
    kind: AccountLetterKind, language: Language
) -> None:  # R2 R3
    wording = render_account(kind, facts_of(kind, language))

    lines = wording.body.splitlines()
    assert "anna" in wording.body
    assert "Анна Сергеевна" in lines[0]
    assert FORGOT in wording.body
    assert lines[lines.index("-- ") + 3] == "lanskov@profman.ru, 329-12-29"
    assert MARKERS[language] not in wording.body
    assert not re.search(r"[{}%]|None|PS-|\n\n\n", wording.subject + wording.body)
    assert all(len(line) < 72 or "://" in line for line in lines)


@pytest.mark.parametrize("language", Language)
def test_each_kind_about_an_account_has_one_wording_file(language: Language) -> None:
    files = {path.stem for path in (FOLDER / language / "account").glob("[!_]*.txt")}

    assert files == set(AccountLetterKind)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_the_link_is_in_the_letter_and_not_in_what_is_kept(
    kind: AccountLetterKind, language: Language
) -> None:  # R2 law 9
    letter = compose_account(kind, facts_of(kind, language), envelope(kind))

    sent = b64decode(letter.mime.partition(b"\r\n\r\n")[2]).decode()
    assert (LINK in sent) == carries_link(kind)
    assert "i_" not in letter.text
    assert ("[" in letter.text) == carries_link(kind)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_machines_see_that_no_person_wrote_it(kind: AccountLetterKind, language: Language) -> None:
    letter = compose_account(kind, facts_of(kind, language), envelope(kind))

    message = message_from_bytes(letter.mime, policy=default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Profman-Loop"] == "profman-1"
    assert message["Message-ID"] == letter.message_id
    assert (
        str(message["Subject"])
        == letter.subject
        == render_account(kind, facts_of(kind, language)).subject
    )


def test_a_link_says_until_when_it_is_good_and_what_to_do_if_it_was_not_asked_for() -> None:  # R2
    letter = " ".join(render_account(AccountLetterKind.PASSWORD_RESET, FACTS).body.split())

    assert "Действует до: понедельник, 7 сентября, 12:30 (Москва)" in letter
    assert "Ссылка годится один раз." in letter
    assert "ЕСЛИ ПРОСИЛИ НЕ ВЫ Ничего делать не нужно" in letter


def test_only_a_client_is_told_of_the_cabinet() -> None:  # R2
    ours = replace(FACTS, is_client=False)

    assert "В кабинете" in render_account(AccountLetterKind.INVITATION, FACTS).body
    assert "кабинет" not in render_account(AccountLetterKind.INVITATION, ours).body


def test_a_name_that_is_a_template_is_only_a_name() -> None:
    trick = replace(FACTS, name="{{ facts.link }}", login="{% raw %}")

    body = render_account(AccountLetterKind.PASSWORD_CHANGED, replace(trick, link="")).body

    assert "{{ facts.link }}, здравствуйте!" in body


def test_an_answer_above_the_quoted_letter_is_what_is_shown() -> None:
    quoted = "\n".join(
        f"> {line}"
        for line in render_account(AccountLetterKind.INVITATION, FACTS).body.splitlines()
    )

    shown = visible_reply(f"Не открывается.\n\n07.09.2026 11:30, Поддержка пишет:\n{quoted}")

    assert shown == "Не открывается."
