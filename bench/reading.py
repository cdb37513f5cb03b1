"""Reading a letter of 50 kB with a picture, and filing one beside a thousand to 100,000 tickets."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from hashlib import sha256
from itertools import count
from random import Random

from pydantic import SecretStr
from sqlalchemy import text

from bench.figures import Figure, Goal, Sample, Side, alternate, middle, quantile
from bench.ground import SERVICE, Ground, address
from bench.letter import WORDS, compose
from gateway.filing import FilingDesk
from gateway.incoming import house_of
from gateway.sorting import Sorter
from mail.confinement import Reading
from mail.identity import Keyring, sign
from mail.reading import read
from storage import filing, raw_letters
from storage.files import FileStore
from storage.raw_letters import Arrival
from storage.rules import CurrentRules
from workflows.installation import Installation

SIZES = (1_000, 10_000, 100_000)
LETTERS = 60
PICTURE_BYTES = 36_000
GROWTH = 1.5  # a letter may cost so much more among 100,000 tickets than among a thousand
KEY = "00" * 32

FILL = """
WITH given AS (
  SELECT n, 'PS-' || lpad(n::text, 6, '0') AS number, :at - n * interval '1 minute' AS at,
         'past' || n % 1000 || '@client.example' AS address
  FROM generate_series(cast(:first AS int), cast(:last AS int)) AS n
), message AS (
  INSERT INTO messages (number, direction, channel, sender_address, subject, text, visible_text,
                        header_id, key, at)
  SELECT number, 'in', 'email', address, 'Отчёт', :words, :words, '<' || n || '@past>',
         'past:' || n, at FROM given RETURNING id, number
), request AS (
  INSERT INTO requests (number, message_id, channel, kind, declared, address, received_at,
                        accepted_at)
  SELECT number, id, 'email', 'problem', 'normal', address, at, at
  FROM message JOIN given USING (number)
), ticket AS (
  INSERT INTO tickets (number, status, received_at, closed_at)
  SELECT number, CASE WHEN n % 20 = 0 THEN 'in_queue' ELSE 'closed' END, at,
         CASE WHEN n % 20 = 0 THEN NULL ELSE at END FROM given
), told AS (
  INSERT INTO handovers (number, kind, payload, done_at) SELECT number, 'start', '{}', at FROM given
)
INSERT INTO raw_letters (digest, door, received_at, content, state)
SELECT md5(number), 'smtp', at, convert_to(:words, 'UTF8'), 'filed' FROM given
"""


async def measure(ground: Ground, runs: int) -> list[Figure]:
    """Read by turns with the bare parser; then file letters while the register grows."""
    return [*await _reading(runs), *await _growth(ground)]


async def _reading(runs: int) -> list[Figure]:
    raw = _with_picture()

    def side(task: Callable[[bytes], object]) -> Side:
        async def sample(_: int) -> Sample:
            return {"per second": _rate(task, raw)}

        return sample

    with Reading(1) as child:
        child.read(raw)  # it starts with its first letter
        sides = {"ours": side(read), "bare": side(_bare), "child": side(child.read)}
        samples = await alternate(sides, runs)
    ours, bare, confined = (middle(samples[name], "per second") for name in sides)
    return [
        Figure("reading: 50 kB with a picture", "/s", ours, bare),
        Figure("reading: the same in a child of its own", "/s", confined, bare),
    ]


def _rate(task: Callable[[bytes], object], raw: bytes) -> float:
    begun = time.monotonic()
    for _ in range(LETTERS):
        task(raw)
    return LETTERS / (time.monotonic() - begun)


def _bare(raw: bytes) -> object:
    """Parse with the standard library, decode the text and the file, digest the file."""
    letter = message_from_bytes(raw, policy=default)
    body = letter.get_body(("plain",))
    files = [part.get_payload(decode=True) for part in letter.iter_attachments()]
    return body and body.get_content(), [sha256(bytes(file)).hexdigest() for file in files]


def _with_picture() -> bytes:
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = "Анна Сергеевна <anna@client.example>", SERVICE
    letter["Subject"], letter["Message-ID"] = "Не открывается отчёт", "<1@client.example>"
    letter.set_content(WORDS, cte="base64")
    letter.add_alternative(f"<p>{WORDS}</p>", subtype="html", cte="base64")
    picture = Random(1).randbytes(PICTURE_BYTES)  # noqa: S311 - bytes to carry, no secret
    letter.add_attachment(picture, maintype="image", subtype="png", filename="экран.png")
    return letter.as_bytes()


async def _growth(ground: Ground) -> list[Figure]:
    keys = Keyring.from_hex("k1", {"k1": KEY})
    settings = Installation(signing_keys={"k1": SecretStr(KEY)})
    rules = CurrentRules(ground.database, lambda: datetime.now(UTC))
    desk = FilingDesk(FileStore(ground.folder / "files"), rules, house_of(settings))
    sorter = Sorter(ground.database, desk)
    strangers, figures = count(2_000_000), list[Figure]()
    first: dict[str, float] = {}
    for raw in _kinds(keys, strangers)["a new matter"]:  # to warm up
        await _file(ground, sorter, raw)
    for size in SIZES:
        _fill(ground, size)
        for name, raws in _kinds(keys, strangers).items():
            took = [await _file(ground, sorter, raw) for raw in raws]
            ms = quantile(took[len(took) // 3 :], 0.5) * 1000
            first.setdefault(name, ms)
            goal = Goal("at most", GROWTH) if size == SIZES[-1] else None
            label = f"filing {name}, among {size} tickets (bare: among {SIZES[0]})"
            figures.append(Figure(label, "ms", ms, first[name], goal))
    return figures


def _kinds(keys: Keyring, strangers: "count[int]") -> dict[str, Sequence[bytes]]:
    """Write letters with a new matter, and replies to tickets of old."""
    new = [compose(address(next(strangers))) for _ in range(LETTERS)]
    numbers = [f"PS-{number:06}" for number in range(20, 20 * LETTERS + 1, 20)]
    replies = [
        b"In-Reply-To: %s\r\n" % sign(number, 1, "confirmation", keys, "profman.ru").encode() + raw
        for number, raw in zip(
            numbers, (compose(address(next(strangers))) for _ in numbers), strict=True
        )
    ]
    return {"a new matter": new, "a reply": replies}


async def _file(ground: Ground, sorter: Sorter, raw: bytes) -> float:
    begun = time.monotonic()
    with ground.database.transaction() as connection:
        arrival = Arrival(
            content=raw,
            door="smtp",
            received_at=datetime.now(UTC),
            envelope_from="a@client.example",
            envelope_to=(SERVICE,),
        )
        raw_letters.keep(connection, arrival)
        filing.announce(connection)
    await sorter.sort()
    return time.monotonic() - begun


def _fill(ground: Ground, size: int) -> None:
    """Fill the register with tickets of the past, up to that many."""
    with ground.database.transaction() as connection:
        there = connection.execute(text("SELECT last_value FROM ticket_numbers")).scalar_one()
        values = {"first": there + 1, "last": size, "words": WORDS, "at": datetime.now(UTC)}
        values["at"] -= timedelta(days=2)
        connection.execute(text(FILL), values)
        connection.execute(text("SELECT setval('ticket_numbers', :size)"), {"size": size})
    with ground.database.transaction() as connection:
        connection.execute(text("ANALYZE"))
        connection.execute(text("CHECKPOINT"))  # else the letters to come would pay for the filling
