"""The letters that the demo's clients send: as real mail programs write them."""

import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

SERVICE = "lanskov@profman.ru"
COMPLETE = """\
Здравствуйте!

Открываю «Отчёты → Заявки за период», выбираю октябрь: таблица пустая,
хотя заявок за месяц больше двухсот. За сентябрь всё строится.

Версия продукта: PROFMAN ISS 5.14
Платформа: 8.2
Как воспроизвести: Отчёты, Заявки за период, октябрь, Построить
Периодичность: каждый раз
Критичность: обычная
Телефон: +7 000 000-00-01
Логин: anna

Снимок экрана приложила.
"""
POOR = """\
Добрый день. Не печатаются квитанции, выходит чистый лист.
Версия продукта: PROFMAN ISS 5.13
"""
REPLY = """\
Версия 5.14.2, период другой открывается. Обновились на прошлой неделе.

{on} Техническая поддержка PROFMAN ISS пишет:
> Какая версия указана в меню «О программе»?
> Открывается ли отчёт за другой период?
"""
AWAY = "Я в отпуске до 1 марта. По срочным вопросам звоните в офис."
STRANGER = """\
Здравствуйте, мы управляем домом на Садовой, у коллеги не открывается
программа после перезагрузки сервера. Подскажите, что проверить.
"""
CRITICAL = """\
Не проводятся платежи, касса стоит, люди в очереди.

Версия продукта: PROFMAN ISS 5.14
Платформа: 8.2
Критичность: критичная
Как воспроизвести: Касса, Принять платёж, любая сумма
Периодичность: каждый раз
Логин: oleg
Телефон: +7 000 000-00-02
"""
OUT_OF_SCOPE = """\
Добрый день. Почтовый сервер нашего хостинга перестал принимать письма
с телефонов сотрудников. Настройте, пожалуйста.
Версия продукта: PROFMAN ISS 5.14
"""


@dataclass(frozen=True)
class Writer:
    """A person with an address who writes letters."""

    name: str
    address: str


ANNA = Writer("Анна Ветрова", "anna@client.example")
OLEG = Writer("Олег Дубов", "oleg@client.example")
IRINA = Writer("Ирина Ясенева", "irina@parus.example")
PAVEL = Writer("Павел Лугов", "pavel@lipa.example")
STRANGER_ON_SADOVAYA = Writer("Дом на Садовой", "dom@sadovaya.example")
MAIL_SYSTEM = Writer("Mail Delivery System", "MAILER-DAEMON@parus.example")


def letter(writer: Writer, subject: str, text: str, at: datetime) -> EmailMessage:
    """Return a plain letter to support."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{writer.name} <{writer.address}>"
    message["To"] = SERVICE
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    stamp = f"{at:%Y%m%d%H%M%S}.{zlib.crc32(text.encode()):08x}"
    message["Message-ID"] = f"<{stamp}@{writer.address.partition('@')[2]}>"
    message.set_content(text)
    return message


def with_picture(message: EmailMessage, name: str) -> EmailMessage:
    """Return the letter with a screenshot added."""
    message.add_attachment(picture(), maintype="image", subtype="png", filename=name)
    return message


def reply(message: EmailMessage, to: str) -> EmailMessage:
    """Return the letter as a reply to the one with that Message-ID."""
    message["In-Reply-To"] = to
    message["References"] = to
    return message


def koi8(writer: Writer, subject: str, text: str, at: datetime) -> bytes:
    """Return a letter as an old mail program writes it: koi8-r, eight bits."""
    plain = letter(writer, "x", "x", at)
    plain.replace_header("Subject", "")
    head = plain.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii").splitlines()
    kept = [line for line in head if not line.startswith(("Subject", "Content", "MIME"))]
    words = subject.encode("koi8-r")
    encoded = "".join(f"={byte:02X}" for byte in words)
    lines = [
        *kept,
        f"Subject: =?koi8-r?Q?{encoded}?=",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=koi8-r",
        "Content-Transfer-Encoding: 8bit",
    ]
    body = text.replace("\n", "\r\n").encode("koi8-r")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


def bounce(of: str, address: str, at: datetime) -> bytes:
    """Return what a mail server writes when the letter with that Message-ID did not arrive."""
    message = letter(MAIL_SYSTEM, "Undelivered Mail Returned to Sender", "", at)
    head = message.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii")
    lines = [line for line in head.splitlines() if not line.startswith(("Content", "MIME"))]
    report = f"""\
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

The mailbox {address} does not exist.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.parus.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--=_b
Content-Type: text/rfc822-headers

Message-ID: {of}
To: {address}

--=_b--
"""
    return ("\r\n".join(lines) + "\r\n" + report.replace("\n", "\r\n")).encode("ascii")


def picture(width: int = 160, height: int = 90) -> bytes:
    """Return a small PNG: an empty table under a dark heading."""
    rows = b"".join(
        b"\x00" + (b"\x33\x44\x55" if y < height // 6 else b"\xf4\xf6\xf8") * width
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
