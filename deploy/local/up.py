"""The whole service on one machine, in one folder: begun, watched and ended together.

What was accepted is found again at the next start: register, processes and letters stay in the
folder, and so do ports, keys and sign-ins.
"""

import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from deploy.local import engine, journal, people, postgres, processes, settings
from deploy.local.engine import EngineOptions
from deploy.local.parts import Part, Parts, Say, Started
from deploy.local.people import CLIENTS, SignIn
from deploy.local.processes import LOOPBACK, Program
from deploy.local.settings import DATABASE, OWN_ADDRESSES, Home, Ports
from storage.database import Database

GLANCE_SECONDS: Final = 0.5
DRAINED_WITHIN: Final = timedelta(seconds=30)  # the worker finishes what it has in hand


@dataclass(frozen=True)
class Launch:
    """A local world under way: its folder, its ports, the parts begun so far."""

    home: Home
    ports: Ports
    parts: Parts
    say: Say


def run(folder: Path, say: Say, *, free_ports: bool = False) -> None:
    """Run the world of this folder until Ctrl-C or SIGTERM, reporting to `say` line by line.

    Raises:
        FolderInUseError: another run holds the folder.
        PortTakenError: a customary port is held by somebody else.
        PartFailedError: a part did not start.

    """
    home = Home(folder.absolute())
    with processes.sole_use(home.folder):
        _end_leftovers(home)
        launch = Launch(home, settings.choose_ports(home, free=free_ports), Parts(say), say)
        with _asked_to_stop():
            _carry_on(launch)


def _carry_on(launch: Launch) -> None:
    try:
        made = begin(launch)
        launch.say(greeting(launch.home, launch.ports, made))
        while True:
            time.sleep(GLANCE_SECONDS)
            launch.parts.mend()
    except KeyboardInterrupt:
        launch.say("Останавливаю всё по порядку; заявки и письма сохранены.")
    finally:
        for ask in (signal.SIGINT, signal.SIGTERM):  # a second Ctrl-C must not leave half of it
            signal.signal(ask, signal.SIG_IGN)
        launch.parts.stop()


@contextmanager
def _asked_to_stop() -> Iterator[None]:
    """Let SIGTERM mean what Ctrl-C means, and put the signals back afterwards."""
    before = {ask: signal.getsignal(ask) for ask in (signal.SIGINT, signal.SIGTERM)}
    for ask in before:
        signal.signal(ask, signal.default_int_handler)
    try:
        yield
    finally:
        for ask, handler in before.items():
            signal.signal(ask, handler)


def begin(launch: Launch) -> tuple[SignIn, ...]:
    """Begin every part in order; return the sign-ins of the demo people that are new."""
    launch.say(f"Поддержка PROFMAN ISS на этой машине, папка {launch.home.folder}")
    database_url = _start_register(launch)
    made = _prepare_register(database_url, launch)
    launch.parts.start(_engine(launch.home, launch.ports))
    launch.parts.start(_post_office(launch.home, launch.ports))
    access = journal.access_to(launch.home.post)
    told = settings.environment(launch.home, launch.ports, database_url, access)
    settings.write_private(launch.home.environment, settings.as_shell(told))
    launch.parts.start(_worker(launch.home, told))
    launch.parts.start(_gateway(launch.home, launch.ports, told))
    launch.parts.start(_page(launch.home, launch.ports))
    return made


def _start_register(launch: Launch) -> str:
    clusters: list[postgres.Cluster] = []

    def start() -> Started:
        clusters[:] = [postgres.start(launch.home.postgres)]
        return Started(clusters[0].child, clusters[0].stop)

    log_file = launch.home.postgres / "postgres.log"
    launch.parts.start(Part("реестр (PostgreSQL)", log_file, start, signal.SIGINT))
    clusters[0].create_database(DATABASE)
    return clusters[0].url(DATABASE)


def _prepare_register(database_url: str, launch: Launch) -> tuple[SignIn, ...]:
    database = Database(database_url)
    try:
        database.upgrade()
        return people.settle(database, launch.home.sign_ins, datetime.now(UTC))
    finally:
        database.dispose()


def _engine(home: Home, ports: Ports) -> Part:
    options = EngineOptions(
        log_file=home.log("temporal"),
        db_file=home.folder / "temporal" / "temporal.db",
        port=ports.engine,
        ui_port=ports.engine_ui,
        search_attributes=engine.attribute_types(),
    )

    def start() -> Started:
        started = engine.start(options)
        return Started(started.child, started.stop)

    return Part("процессы (Temporal)", options.log_file, start)


def _post_office(home: Home, ports: Ports) -> Part:
    own = [word for address in OWN_ADDRESSES for word in ("--own", address)]
    command = processes.python_module(
        "deploy.local.post_office",
        *("--folder", str(home.post), "--port", str(ports.smtp)),
        *("--door", f"{LOOPBACK}:{ports.door}", *own),
    )
    program = Program(command, home.log("post-office"))
    return Part("почта", program.log_file, partial(_begin, program, (ports.smtp,)))


def _worker(home: Home, told: dict[str, str]) -> Part:
    program = Program(processes.python_module("worker"), home.log("worker"), told)
    return Part("исполнитель заявок", program.log_file, partial(_begin_worker, program))


def _gateway(home: Home, ports: Ports, told: dict[str, str]) -> Part:
    program = Program(processes.python_module("gateway"), home.log("gateway"), told)
    doors = (ports.http, ports.door)
    return Part("приём заявок и писем", program.log_file, partial(_begin, program, doors))


def _page(home: Home, ports: Ports) -> Part:
    command = processes.python_module(
        "deploy.local.page",
        *("--folder", str(home.post), "--port", str(ports.page), "--smtp-port", str(ports.smtp)),
    )
    program = Program(command, home.log("page"))
    return Part("страница почты", program.log_file, partial(_begin, program, (ports.page,)))


def _begin(program: Program, ports: tuple[int, ...]) -> Started:
    """Start a program and wait until it answers on all its ports."""
    child = processes.start(program)
    child.wait_until(lambda: all(map(processes.is_answering, ports)))
    return Started(child, child.stop)


def _begin_worker(program: Program) -> Started:
    """Start the worker, which opens no port: it says in its log that it is up."""
    old = program.log_file.stat().st_size if program.log_file.exists() else 0
    child = processes.start(program)
    child.wait_until(lambda: b"worker is up" in program.log_file.read_bytes()[old:])
    return Started(child, partial(child.stop, grace=DRAINED_WITHIN))


def _end_leftovers(home: Home) -> None:
    """End what a killed run left behind, so that it does not hold our ports.

    The post office goes before the journal's server, which it would take for its own.
    """
    for name in ("page", "gateway", "worker", "post-office", "temporal"):
        processes.end_leftover(home.log(name))


def greeting(home: Home, ports: Ports, made: tuple[SignIn, ...]) -> str:
    """Say where everything is and how to begin, in Russian."""
    return f"""
Готово. Всё работает на этой машине и наружу ничего не отправляет.

  Вход для всех                {ports.site}/signin
  Очередь (специалисты)        {ports.site}/queue
  Сводка (руководитель)        {ports.site}/head
  Кабинет (клиенты)            {ports.site}/cabinet
  Заявка без входа             {ports.site}/request
  Программный доступ           {ports.site}/api
  Письма и новое письмо        http://{LOOPBACK}:{ports.page}
  Ход заявок (Temporal)        http://{LOOPBACK}:{ports.engine_ui}
  SMTP для почтовой программы  {LOOPBACK}:{ports.smtp}

Написать в поддержку одной строкой:
  {letter_line(ports)}

{_sign_ins(home, made)}
Проверка: . {shlex.quote(str(home.environment))} && .venv/bin/support doctor
Журналы частей: {home.folder / "logs"}
Остановить: Ctrl-C. Следующий запуск найдёт все заявки и письма на месте.
"""


def letter_line(ports: Ports) -> str:
    """Return a line for the shell that writes to support as a demo client."""
    client, ours = CLIENTS[0]["email"], OWN_ADDRESSES[0]
    letter = (
        f"From: {client}\\nTo: {ours}\\nSubject: Не открывается отчёт\\n"
        "Content-Type: text/plain; charset=utf-8\\n\\n"
        "PROFMAN ISS 4.2: отчёт по аренде закрывается сразу после запуска.\\n"
    )
    send = f"curl -sS smtp://{LOOPBACK}:{ports.smtp} --mail-from {client} --mail-rcpt {ours} -T -"
    return f"printf '{letter}' | {send}"


def _sign_ins(home: Home, made: tuple[SignIn, ...]) -> str:
    if not made:
        return f"Входы (роль, логин, пароль, токен): в файле {home.sign_ins}\n"
    lines = "".join(f"  {sign_in}\n" for sign_in in made)
    kept = f"показаны один раз; они и токены для API хранятся в файле {home.sign_ins}"
    return f"Входы: роль, логин, пароль ({kept}):\n{lines}"
