"""What a password must be, and how long it takes to look at one.

Carries out R2 and law 9: argon2id, two hashes at a time and no more, so that a flood of guesses
takes neither the memory nor the threads; a login that does not exist costs what a wrong one does.
"""

from asyncio import Semaphore
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi.concurrency import run_in_threadpool

from gateway.pages.translation import _

SHORTEST, LONGEST = 12, 200
AT_ONCE = 2

hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


class Passwords:
    """Makes and checks hashes of passwords, a few at a time."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._turns = Semaphore(AT_ONCE)

    async def hash(self, plain: str) -> str:
        """Return what is kept of a password."""
        async with self._turns:
            return await run_in_threadpool(hasher.hash, plain)

    async def is_right(self, plain: str, hashed: str | None) -> bool:
        """Tell whether this is the password of the hash; without a hash it takes as long."""
        async with self._turns:
            return await run_in_threadpool(_is_right, plain, hashed)


def flaw(plain: str, login: str) -> str:
    """Return what is wrong with a new password, nothing when it is well."""
    if len(plain) < SHORTEST:
        return _("Пароль короче {least} знаков. Подойдёт фраза из нескольких слов.").format(
            least=SHORTEST
        )
    if len(plain) > LONGEST:
        return _("Пароль длиннее {most} знаков.").format(most=LONGEST)
    if login.casefold() in plain.casefold() and len(plain) - len(login) < SHORTEST // 2:
        return _("Пароль почти совпадает с логином. Придумайте другой.")
    if len(set(plain)) < SHORTEST // 3:
        return _("В пароле повторяются одни и те же знаки. Придумайте другой.")
    return ""


def is_outdated(hashed: str) -> bool:
    """Tell whether the hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(hashed)


def _is_right(plain: str, hashed: str | None) -> bool:
    try:
        return hasher.verify(hashed or _nobodys(), plain[:LONGEST]) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return hasher.hash("nobody has this password")
