"""What a kept letter says: its words, the letter of ours it answers, why no machine may answer.

Carries out R28, R33, R43 and laws 2, 3, 11; control fields of our own have no effect but one: a
letter that bears one is not answered by a machine.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.intake import Field, Request, is_accepted_picture, missing
from domain.terms import Channel
from domain.told import Told, language_of, read_told
from mail.addresses import is_one_of
from mail.identity import Keyring, ticket_of, verify
from mail.machines import only_asks_for_silence
from mail.reading import Attachment, OwnNames, ReceivedLetter
from storage.messages import ClientMessage
from storage.people import Person
from storage.raw_letters import RawLetter
from storage.requests import Registration
from workflows.installation import Installation

DOORS_WITH_ENVELOPE = frozenset({"smtp", "lmtp"})
LONGEST_SUBJECT = 1000
UNOPENED = "письмо.eml"

_NUMBER = re.compile(r"(?<![\w-])PS-\d{6,9}(?!\d)")


@dataclass(frozen=True)
class House:
    """Which letters are ours: the keys that sign them, our addresses, this installation."""

    keys: Keyring = field(repr=False)
    own_addresses: frozenset[str]
    instance: str


@dataclass(frozen=True)
class Incoming:
    """A letter as it was read.

    `signed` is the number that an id of ours proves, `bounced` our own Message-ID that came back,
    `silence` why no machine of ours may answer; each is empty where there is none. A letter is
    `is_automatic` when no person wrote it for us to read.
    """

    kept: RawLetter
    letter: ReceivedLetter
    key: str
    signed: str
    bounced: str
    silence: str
    is_automatic: bool
    is_ours: bool

    @property
    def is_trusted(self) -> bool:
        """Tell whether From can be taken for its sender: our own server may know better (R2)."""
        return self.letter.sender.trusted and self.letter.authentication.dmarc != "fail"

    @property
    def header_id(self) -> str:
        """Return the letter's own Message-ID in its brackets, empty where it has none."""
        return _bracketed(self.letter.message_id)

    @property
    def suggested(self) -> str:
        """Return the bare number in the subject, which proves nothing."""
        found = _NUMBER.search(self.letter.subject)
        return found[0] if found else ""

    def message_for(self, number: str, standing: str, author: str) -> ClientMessage:
        """Return it as a message on a ticket."""
        letter = self.letter
        return ClientMessage(
            number=number,
            key=self.key,
            channel=Channel.EMAIL,
            at=self.kept.received_at,
            text=letter.text,
            visible_text=letter.visible_text,
            subject=letter.subject[:LONGEST_SUBJECT],
            author=author,
            sender_name=letter.sender.name,
            sender_address=letter.sender.address,
            standing=standing,
            header_id=self.header_id,
            raw_id=self.kept.id,
        )

    def registration(self, person: Person | None, accepted_at: datetime) -> Registration:
        """Return it as an appeal of this person, or of somebody yet to be identified (Q12)."""
        letter = self.letter
        told = read_told(letter.visible_text)
        return Registration(
            key=self.key,
            channel=Channel.EMAIL,
            received_at=self.kept.received_at,
            accepted_at=accepted_at,
            subject=letter.subject[:LONGEST_SUBJECT],
            text=letter.text,
            visible_text=letter.visible_text,
            kind=told.kind,
            declared=told.declared,
            client_id=person.client_id if person else None,
            user_id=person.user_id if person else None,
            entitled=person.is_supported if person else True,
            name=person.name if person else letter.sender.name,
            address=letter.sender.address,
            phone=told.values.get(Field.PHONE) or (person.phone if person else ""),
            login=person.login if person else told.values.get(Field.LOGIN, ""),
            is_verified=person is not None,
            language=language_of(f"{letter.subject}\n{letter.visible_text}"),
            told={name.value: value for name, value in told.values.items()},
            missing=missing(self._request(told, person)),
            header_id=self.header_id,
            raw_id=self.kept.id,
        )

    def _request(self, told: Told, person: Person | None) -> Request:
        """Return what the regulation asks for, as far as the letter and the register tell it."""
        fields = set(told.values)
        fields |= {Field.EMAIL} if self.letter.sender.address else set()
        fields |= {Field.DESCRIPTION} if self.letter.visible_text.strip() else set()
        fields |= {Field.LOGIN} if person else set()
        fields |= {Field.PHONE} if person and person.phone else set()
        pictures = (is_accepted_picture(file.content_type) for file in self.letter.attachments)
        return Request(Channel.EMAIL, told.kind, frozenset(fields), has_pictures=any(pictures))


def incoming_of(kept: RawLetter, letter: ReceivedLetter, house: House) -> Incoming:
    """Return what a kept letter says, as it was read, to a house that knows its own letters."""
    answered = ticket_of(
        _bracketed(letter.in_reply_to), [_bracketed(id_) for id_ in letter.references], house.keys
    )
    original = _bracketed(_lost_id(letter))
    came_back = verify(original, house.keys)
    signed = came_back or answered
    machine = _machine(kept, letter)
    return Incoming(
        kept=kept,
        letter=letter,
        key=f"mail:{letter.fingerprint}",
        signed=signed.number if signed else "",
        bounced=original if came_back else "",
        silence=machine or _own_sender(letter, house),
        is_automatic=bool(machine) and not _may_be_a_persons(kept, letter),
        is_ours=_is_ours(letter, house),
    )


def unopened(incoming: Incoming, reason: str) -> Incoming:
    """Return a letter that cannot be read as one that says so and carries itself as a file."""
    raw = incoming.kept
    file = Attachment(UNOPENED, "message/rfc822", len(raw.content), raw.digest, raw.content)
    words = f"Письмо не удалось прочитать ({reason}). Оно приложено таким, как пришло."
    letter = replace(
        incoming.letter, unreadable=None, text=words, visible_text=words, attachments=(file,)
    )
    return replace(incoming, letter=letter)


def house_of(settings: Installation) -> House:
    """Return which letters are those of this installation."""
    keys = Keyring.from_hex(settings.signing_key_id, settings.plain_signing_keys())
    own = frozenset(address.lower() for address in settings.own_addresses)
    return House(keys, own, settings.instance)


def own_names_of(settings: Installation) -> OwnNames:
    """Return whose findings count on a sender, and which domains others may imitate."""
    domains = {address.rpartition("@")[2].lower() for address in settings.own_addresses}
    ids = frozenset(id_.lower() for id_ in settings.authserv_ids)
    return OwnNames(ids, frozenset(domains | {settings.mail_domain.lower()}))


def _lost_id(letter: ReceivedLetter) -> str:
    """Return the id of the letter that came back: from its header, or as its envelope named it."""
    bounce = letter.bounce
    return bounce.original_message_id or bounce.envelope_id if bounce else ""


def _machine(kept: RawLetter, letter: ReceivedLetter) -> str:
    """Say what shows that a program wrote the letter, or wants no answer (RFC 3834)."""
    has_empty_sender = kept.door in DOORS_WITH_ENVELOPE and not kept.envelope_from
    reason = letter.automatic_reason or ("пустой отправитель конверта" if has_empty_sender else "")
    return f"машинное письмо: {reason}" if reason else ""


def _may_be_a_persons(kept: RawLetter, letter: ReceivedLetter) -> bool:
    has_empty_sender = kept.door in DOORS_WITH_ENVELOPE and not kept.envelope_from
    return only_asks_for_silence(letter.automatic_reason) and not has_empty_sender


def _is_ours(letter: ReceivedLetter, house: House) -> bool:
    """Tell whether we wrote the letter: it says so, and its own id proves it.

    A name alone proves nothing: two installations may bear the same, and then one would hide what
    the other's people write.
    """
    is_signed = verify(_bracketed(letter.message_id), house.keys) is not None
    return is_signed and letter.loop == house.instance


def _own_sender(letter: ReceivedLetter, house: House) -> str:
    is_own = is_one_of(letter.sender.address, house.own_addresses)
    return "отправлено с нашего собственного адреса" if is_own else ""


def _bracketed(id_: str) -> str:
    return f"<{id_}>" if id_ else ""
