"""Writes letters about accounts, each in the transaction of the link or password it is about.

Carries out R2, R45 and laws 2, 3, 9. A letter goes to the address that the register has for the
person and nowhere else; the kept words are without the link.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.account_letters import (
    AccountFacts,
    AccountLetterKind,
    account_departure,
    account_key,
)
from domain.correspondence import OUTSIDE_WINDOW
from domain.letters import Contacts, Language, form_of_address
from domain.terms import LetterState, Role
from mail.composing import LetterEnvelope, can_be_addressed, compose_account
from mail.identity import Keyring, sign_account
from storage import account_letters, accounts
from storage.accounts import Link, Owner
from storage.database import Connection
from storage.letters import PreparedLetter
from storage.people import Person, Staff
from storage.rules import Rules
from workflows.installation import Installation

NOBODY = Staff(0, "nobody", "Nobody", "nobody@invalid.example", Role.SPECIALIST)


class NoAddressError(LookupError):
    """The person has no address to which a letter can be sent."""


@dataclass(frozen=True)
class AccountPost:
    """Writes letters for one installation by one set of rules.

    `language` is that of whoever asks; a client's user is written to in their own.
    """

    settings: Installation
    rules: Rules
    language: Language = Language.RU

    def invite(self, connection: Connection, owner: Owner, now: datetime) -> PreparedLetter:
        """Write to somebody whom the operator invites; their older links end.

        Raises:
            NoAddressError: when they have no usable address; nothing has changed then.

        """
        if not can_be_addressed(owner.email):
            raise NoAddressError(owner.login)
        link = accounts.invite(connection, owner, now)
        return self._write(connection, AccountLetterKind.INVITATION, owner, link, now)

    def answer(self, connection: Connection, typed: str, now: datetime) -> None:
        """Write to whoever has this login or address; where there is nobody, work for nobody.

        Somebody who was written to a little while ago is not written to again. Either way a letter
        is composed, so that the time of an answer tells as little as its words.
        """
        kind = AccountLetterKind.PASSWORD_RESET
        owners = accounts.find_owners(connection, typed, now)
        served = [owner for owner in owners if self._may_have_link(connection, owner)]
        offered = [(owner, accounts.offer_reset(connection, owner, now)) for owner in served]
        written = [
            self._write(connection, kind, owner, link, now) for owner, link in offered if link
        ]
        if not written:
            self._compose(kind, NOBODY, 0, accounts.decoy_link(now), now)

    def tell_of_change(
        self, connection: Connection, owner: Owner, password_id: int, now: datetime
    ) -> None:
        """Write to somebody that their password was set, if they have an address."""
        kind = AccountLetterKind.PASSWORD_CHANGED
        if can_be_addressed(owner.email):
            letter = self._compose(kind, owner, password_id, None, now)
            account_letters.put(connection, letter, owner, None)

    def _may_have_link(self, connection: Connection, owner: Owner) -> bool:
        """Tell whether a link may be asked for: nobody gets round the organisation's provider."""
        is_providers = self.settings.has_provider and isinstance(owner, Staff)
        has_way = not is_providers or accounts.find_hash(connection, owner) is not None
        return has_way and can_be_addressed(owner.email)

    def _write(
        self,
        connection: Connection,
        kind: AccountLetterKind,
        owner: Owner,
        link: Link,
        now: datetime,
    ) -> PreparedLetter:
        letter = self._compose(kind, owner, link.id, link, now)
        account_letters.put(connection, letter, owner, link.id)
        return letter

    def _compose(
        self,
        kind: AccountLetterKind,
        owner: Owner,
        id_: int,
        link: Link | None,
        now: datetime,
    ) -> PreparedLetter:
        leaves_at = account_departure(kind, now, self.rules.calendar)
        envelope = self._envelope(kind, owner, id_, leaves_at)
        letter = compose_account(kind, self._facts(owner, link, now), envelope)
        is_waiting = leaves_at > now
        return PreparedLetter(
            key=account_key(id_, kind),
            number=None,
            sequence=0,
            kind=kind,
            recipient=owner.email,
            subject=letter.subject,
            text=letter.text,
            message_id=letter.message_id,
            mime=letter.mime,
            state=LetterState.WAITING if is_waiting else LetterState.PREPARED,
            prepared_at=now,
            leaves_at=leaves_at if is_waiting else None,
            reason=OUTSIDE_WINDOW if is_waiting else "",
        )

    def _envelope(
        self, kind: AccountLetterKind, owner: Owner, id_: int, leaves_at: datetime
    ) -> LetterEnvelope:
        settings = self.settings
        keys = Keyring.from_hex(settings.signing_key_id, settings.plain_signing_keys())
        return LetterEnvelope(
            to=owner.email,
            to_name=owner.name,
            message_id=sign_account(id_, kind, keys, settings.mail_domain),
            date_at=leaves_at,
            instance=settings.instance,
            sender=self.rules.settings.service_address,
        )

    def _facts(self, owner: Owner, link: Link | None, now: datetime) -> AccountFacts:
        site, ours = self.settings.site.rstrip("/"), self.rules.settings
        is_client = isinstance(owner, Person)
        return AccountFacts(
            language=Language(owner.language) if isinstance(owner, Person) else self.language,
            at=now,
            name=form_of_address(owner.name),
            login=owner.login,
            is_client=is_client,
            forgot_page=f"{site}/signin/forgot",
            link=f"{site}/invitation/{link.plain}" if link else "",
            holds_until=link.expires_at if link else None,
            contacts=Contacts(address=ours.service_address, head_address=ours.head_address),
        )
