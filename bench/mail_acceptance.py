"""`python -m bench.mail_acceptance FOLDER`: how much of a folder of real mail is read as meant.

The folder holds folders with a `manifest.json`, what other projects expect of their letters, and
`ru_reply/cases.json`, texts of replies. What `support read-mail --json` says of each letter is
compared with that, figure by figure; the exit code is 1 when a figure falls short of its share.
"""

import difflib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy import mail_files

NO_LETTERS = "email_reply_trimmer"  # bare texts
PEOPLE = ("django_helpdesk", "redmine", "ru_transcoded", "zammad_inline")  # write no bounces
ENCLOSED = "message/rfc822"
SIMILAR = 0.95
# Where that project's reading is not ours, by cause.
READ_OTHERWISE = {
    "files/messages/text_with_content_id.eml": "counts the letter's own text as a file as well",
    "files/messages/error_emails/missing_content_disposition.eml": "drops a picture without a name",
}

_REPLY = "From: a@client.example\nIn-Reply-To: <ours@support.example>\n"
_HEADER = f"{_REPLY}Content-Type: text/plain; charset=utf-8\n\n"

Expected = Mapping[str, Any]
Said = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A letter: what is known of it, and what `read-mail` says."""

    name: str
    folder: str
    kind: str
    expected: Expected
    said: Said


@dataclass(frozen=True)
class Figure:
    """How many of the letters that a promise is about keep it; `least` is the share it asks for."""

    title: str
    least: float
    total: int
    missed: tuple[str, ...]

    @property
    def share(self) -> float:
        """Return the share that keeps the promise; all of none at all."""
        return 1 - len(self.missed) / self.total if self.total else 1.0

    @property
    def is_met(self) -> bool:
        """Tell whether the promise is kept."""
        return self.share >= self.least


Judged = Iterable[tuple[str, bool]]


def figures(folder: Path) -> Iterator[Figure]:
    """Compare every letter below the folder with what is expected of it."""
    cases = tuple(_cases(folder))
    for title, least, judge in _PROMISES:
        yield _figure(title, least, judge(cases))
    replies = json.loads((folder / "ru_reply" / "cases.json").read_text("utf-8"))
    for title, least, judge_reply in _REPLY_PROMISES:
        yield _figure(title, least, judge_reply(replies, _visible(replies)))


def table(taken: Iterable[Figure]) -> str:
    """Return the figures as a table, with the letters that fell short."""
    lines = [f"{'figure':<44}{'right':>6}{'of':>6}{'share':>9}{'asked':>8}  met"]
    for one in taken:
        right = one.total - len(one.missed)
        shares = f"{one.share:>9.2%}{one.least:>8.0%}"
        lines.append(f"{one.title:<44}{right:>6}{one.total:>6}{shares}  {_MET[one.is_met]}")
        lines += [f"    {name}" for name in one.missed]
    return "\n".join(lines)


def _figure(title: str, least: float, judged: Judged) -> Figure:
    verdicts = tuple(judged)
    return Figure(title, least, len(verdicts), tuple(name for name, right in verdicts if not right))


def _cases(folder: Path) -> Iterator[Case]:
    manifests = sorted(folder.glob("*/manifest.json"))
    kept = [manifest for manifest in manifests if manifest.parent.name != NO_LETTERS]
    entries = [
        (manifest.parent, entry)
        for manifest in kept
        for entry in json.loads(manifest.read_text("utf-8"))
    ]
    said = read_mail([parent / entry["file"] for parent, entry in entries])
    for parent, entry in entries:
        expected = entry.get("expected") or {}
        letter = said.get(parent / entry["file"], {})
        yield Case(entry["file"], parent.name, entry["kind"], expected, letter)


def read_mail(files: Iterable[Path]) -> dict[Path, Said]:
    """Return what `support read-mail --json` prints, by file."""
    out = BytesIO()
    mail_files.read(list(files), out, lambda *_, **__: None, as_json=True)
    lines = out.getvalue().decode().splitlines()
    return {Path(line["file"]): line for line in map(json.loads, lines)}


def _visible(replies: Iterable[Expected]) -> dict[str, str]:
    """Read each text as a letter that answers one of ours."""
    with TemporaryDirectory() as name:
        files = {Path(name) / f"{number}.eml": case for number, case in enumerate(replies)}
        for file, case in files.items():
            file.write_text(_HEADER + case["text"], "utf-8")
        said = read_mail(files)
        return {case["id"]: said[file]["visible_text"] for file, case in files.items()}


def _whole(cases: Iterable[Case]) -> Judged:
    return ((case.name, bool(case.said) and "unreadable" not in case.said) for case in cases)


def _subjects(cases: Iterable[Case]) -> Judged:
    known = (case for case in cases if "subject" in case.expected)
    return ((c.name, _words(c.expected["subject"]) == _words(c.said["subject"])) for c in known)


def _senders(cases: Iterable[Case]) -> Judged:
    for case in cases:
        wanted = case.expected.get("from_", case.expected.get("from_email"))
        if wanted is not None:
            yield case.name, wanted.lower() == case.said["sender"]["address"].lower()


def _texts(cases: Iterable[Case]) -> Judged:
    return _all_texts(_compared(cases))


def _all_texts(cases: Iterable[Case]) -> Judged:
    for case in cases:
        wanted = _words(case.expected.get("text", ""))
        if wanted:
            yield case.name, _similarity(wanted, _words(case.said["text"])) >= SIMILAR


def _compared(cases: Iterable[Case]) -> Iterator[Case]:
    """Yield the letters both projects read alike: they walk into enclosed letters, we keep them."""
    for case in cases:
        files = case.expected.get("attachments") if case.folder == "imap_tools" else None
        kinds = {file["content_type"] for file in files or ()}
        if files is not None and case.name not in READ_OTHERWISE and ENCLOSED not in kinds:
            yield case


def _attachments(cases: Iterable[Case]) -> Judged:
    for case in _compared(cases):
        wanted = (a["payload_sha256"] for a in case.expected["attachments"] if a["size"])
        got = (file["sha256"] for file in case.said["attachments"])
        yield case.name, Counter(wanted) == Counter(got)


def _attachment_counts(cases: Iterable[Case]) -> Judged:
    known = (c for c in cases if c.folder == "redmine" and "attachments" in c.expected)
    return ((c.name, c.expected["attachments"] == len(c.said["attachments"])) for c in known)


def _bounces(cases: Iterable[Case]) -> Judged:
    return ((c.name, c.said["bounce"] is not None) for c in cases if c.kind == "bounce")


def _unanswered(cases: Iterable[Case]) -> Judged:
    return ((c.name, c.said["automatic"]) for c in cases if c.kind == "bounce")


def _people(cases: Iterable[Case]) -> Judged:
    return ((case.name, case.said["bounce"] is None) for case in cases if case.folder in PEOPLE)


def _status_classes(cases: Iterable[Case]) -> Judged:
    for case in cases:
        codes = [one.get("dsn") or "" for one in case.expected.get("recipients") or []]
        if codes and case.folder == "sisimai":
            bounce = case.said["bounce"]
            classes = {code[:1] for code in codes if code} | {""}
            yield case.name, bounce is not None and bounce["status"][:1] in classes


def _charsets(cases: Iterable[Case]) -> Judged:
    for case in (case for case in cases if case.folder == "ru_transcoded"):
        wanted, said = case.expected, case.said
        sender = (wanted["from_name"], wanted["from_email"])
        is_exact = sender == (said["sender"]["name"], said["sender"]["address"])
        is_exact = is_exact and wanted["subject"] == said["subject"]
        yield case.name, is_exact and _words(wanted["body_text"]) == _words(said["text"])


def _machines(cases: Iterable[Case]) -> Judged:
    for case in (case for case in cases if case.folder in {"zammad_inline", "glpi"}):
        wanted = case.expected
        if {"is_out_of_office", "send_auto_response"} & set(wanted):
            answered = wanted.get("send_auto_response", True)
            yield case.name, case.said["automatic"] == wanted.get("is_out_of_office", not answered)


def _replies(replies: Iterable[Expected], visible: Mapping[str, str]) -> Judged:
    cut = (case for case in replies if case["expected"] is not None)
    return ((c["id"], _words(visible[c["id"]]) == _words(c["expected"])) for c in cut)


def _forwards(replies: Iterable[Expected], visible: Mapping[str, str]) -> Judged:
    for case in (case for case in replies if case["expected"] is None):
        yield case["id"], len(visible[case["id"]]) >= 0.9 * len(case["text"].strip())


def _words(text: str) -> str:
    return " ".join(text.split())


def _similarity(one: str, other: str) -> float:
    if one == other:
        return 1.0
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


_MET = {True: "yes", False: "NO"}
_PROMISES: tuple[tuple[str, float, Callable[[Iterable[Case]], Judged]], ...] = (
    ("read to the end, none lost", 1, _whole),
    ("subjects", 0.97, _subjects),
    ("senders", 0.97, _senders),
    ("texts at least 95 % alike", 0.95, _texts),
    ("texts, those of enclosed letters counted too", 0, _all_texts),
    ("files whole, by their digests", 1, _attachments),
    ("files counted right", 1, _attachment_counts),
    ("bounces recognised", 0.99, _bounces),
    ("bounces not answered", 0.99, _unanswered),
    ("letters of people not taken for bounces", 1, _people),
    ("for good or for a time, as the bounce says", 0.9, _status_classes),
    ("Russian charsets exact, declared or not", 1, _charsets),
    ("automatic letters told from people's", 0.95, _machines),
)
_REPLY_PROMISES: tuple[
    tuple[str, float, Callable[[Iterable[Expected], Mapping[str, str]], Judged]], ...
] = (
    ("Russian replies cut exactly", 0.98, _replies),
    ("forwards never hidden", 1, _forwards),
)


def main() -> None:
    """Print the table for the folder that is named."""
    taken = tuple(figures(Path(sys.argv[1])))
    print(table(taken))
    raise SystemExit(int(not all(figure.is_met for figure in taken)))


if __name__ == "__main__":
    main()
