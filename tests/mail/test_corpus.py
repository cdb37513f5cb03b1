"""Real mail of other systems' test suites, read in place where its folder is beside the project."""

import difflib
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mail.quotes import visible_reply
from mail.reading import ReceivedLetter, read

CORPUS = Path(__file__).parents[3] / "shared" / "mail-corpus"
pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the folder of real mail is not beside the project"
)
PEOPLE = ("django_helpdesk", "redmine", "ru_transcoded", "zammad_inline")  # write no bounces
# Where that project's reading is not ours, by cause.
READ_OTHERWISE = {
    "files/messages/text_with_content_id.eml": "counts the letter's own text as a file as well",
    "files/messages/error_emails/missing_content_disposition.eml": "drops a picture without a name",
}


@cache
def letters(folder: str) -> tuple[tuple[dict[str, Any], ReceivedLetter], ...]:
    entries = json.loads((CORPUS / folder / "manifest.json").read_text("utf-8"))
    return tuple((entry, read((CORPUS / folder / entry["file"]).read_bytes())) for entry in entries)


def folders() -> list[str]:
    return sorted(manifest.parent.name for manifest in CORPUS.glob("*/manifest.json"))


def everything() -> Iterator[tuple[str, dict[str, Any], ReceivedLetter]]:
    for folder in folders():
        if folder != "email_reply_trimmer":  # bare texts, not letters
            for entry, letter in letters(folder):
                yield f"{folder}/{entry['file']}", entry, letter


def compared() -> Iterator[tuple[str, dict[str, Any], ReceivedLetter]]:
    """Yield the letters both projects read alike: they walk into enclosed letters, we keep them."""
    for entry, letter in letters("imap_tools"):
        kinds = {file["content_type"] for file in entry["expected"]["attachments"]}
        if "message/rfc822" not in kinds and entry["file"] not in READ_OTHERWISE:
            yield entry["file"], entry["expected"], letter


def words(text: str) -> str:
    return " ".join(text.split())


def share(title: str, misses: list[str], total: int) -> float:
    print(f"{title}: {total - len(misses)} of {total}; missed: {misses}")  # noqa: T201 - the figure is the point
    return (total - len(misses)) / total


def test_every_letter_is_read_to_its_end() -> None:
    unread = [name for name, _, letter in everything() if letter.unreadable]
    total = sum(1 for _ in everything())

    assert total > 800
    assert share("read whole", unread, total) == 1


def test_subjects_are_those_their_projects_expect() -> None:
    known = [(n, e["expected"], letter) for n, e, letter in everything() if e.get("expected")]
    subjects = [(n, e["subject"], x.subject) for n, e, x in known if "subject" in e]

    missed = [name for name, wanted, got in subjects if words(wanted) != words(got)]

    assert share("subject", missed, len(subjects)) >= 0.97


def test_senders_are_those_their_projects_expect() -> None:
    known = [(n, e["expected"], letter) for n, e, letter in everything() if e.get("expected")]
    senders = [
        (n, e.get("from_", e.get("from_email")), x.sender.address)
        for n, e, x in known
        if e.get("from_", e.get("from_email")) is not None
    ]

    missed = [name for name, wanted, got in senders if wanted.lower() != got.lower()]

    assert share("sender", missed, len(senders)) >= 0.97


def test_texts_are_those_their_projects_expect() -> None:
    texts = [
        (name, words(expected["text"]), words(letter.text))
        for name, expected, letter in compared()
        if expected["text"].strip()
    ]

    missed = [name for name, wanted, got in texts if similarity(wanted, got) < 0.95]

    assert share("text", missed, len(texts)) >= 0.95


def similarity(one: str, other: str) -> float:
    return (
        1.0 if one == other else difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
    )


def test_attachments_are_whole() -> None:
    known = [(name, expected["attachments"], letter) for name, expected, letter in compared()]

    missed = [
        name
        for name, wanted, letter in known
        if Counter(a["payload_sha256"] for a in wanted if a["size"])
        != Counter(file.sha256 for file in letter.attachments)
    ]

    assert share("attachments", missed, len(known)) == 1


def test_attachments_are_counted_as_expected() -> None:
    known = [
        (e["file"], e["expected"]["attachments"], x)
        for e, x in letters("redmine")
        if "attachments" in e.get("expected", {})
    ]

    missed = [name for name, wanted, letter in known if wanted != len(letter.attachments)]

    assert share("attachment counts", missed, len(known)) == 1


def test_bounces_are_recognised() -> None:
    bounces = [(n, x) for n, e, x in everything() if e["kind"] == "bounce"]

    missed = [name for name, letter in bounces if letter.bounce is None]

    assert share("bounces", missed, len(bounces)) >= 0.99


def test_no_letter_of_a_person_is_taken_for_a_bounce() -> None:
    people = [(entry["file"], letter) for name in PEOPLE for entry, letter in letters(name)]

    wrong = [name for name, letter in people if letter.bounce]

    assert share("not bounces", wrong, len(people)) == 1


def test_hard_and_soft_bounces_are_told_apart() -> None:
    known = [
        (e["file"], e["expected"]["recipients"], x.bounce)
        for e, x in letters("sisimai")
        if (e.get("expected") or {}).get("recipients")
    ]

    missed = [
        name
        for name, wanted, bounce in known
        if bounce is None
        or bounce.status[:1] not in {w["dsn"][:1] for w in wanted if w.get("dsn")} | {""}
    ]

    assert share("class of status", missed, len(known)) >= 0.9


def test_every_charset_of_russian_mail_is_read_exactly() -> None:
    known = [(e["file"], e["expected"], x) for e, x in letters("ru_transcoded")]

    missed = [
        name
        for name, wanted, x in known
        if (
            wanted["subject"],
            wanted["from_name"],
            wanted["from_email"],
            words(wanted["body_text"]),
        )
        != (x.subject, x.sender.name, x.sender.address, words(x.text))
    ]

    assert share("charsets", missed, len(known)) == 1


def test_russian_replies_are_cut_exactly() -> None:
    cases = json.loads((CORPUS / "ru_reply" / "cases.json").read_text("utf-8"))
    replies = [case for case in cases if case["expected"] is not None]

    missed = [c["id"] for c in replies if words(visible_reply(c["text"])) != words(c["expected"])]

    assert share("replies", missed, len(replies)) >= 0.98


def test_forwards_are_never_hidden_whole() -> None:
    cases = json.loads((CORPUS / "ru_reply" / "cases.json").read_text("utf-8"))
    forwards = [case for case in cases if case["expected"] is None]

    hidden = [
        c["id"] for c in forwards if len(visible_reply(c["text"])) < 0.9 * len(c["text"].strip())
    ]

    assert share("forwards shown", hidden, len(forwards)) == 1


def test_letters_that_want_no_automatic_answer_are_marked() -> None:
    known = [
        (e["file"], e["expected"], x)
        for folder in ("zammad_inline", "glpi")
        for e, x in letters(folder)
        if {"is_out_of_office", "send_auto_response"} & set(e.get("expected") or {})
    ]

    missed = [
        name
        for name, wanted, x in known
        if x.automatic != wanted.get("is_out_of_office", not wanted.get("send_auto_response", True))
    ]

    assert share("automatic", missed, len(known)) >= 0.95  # one is told only by its host's own name
