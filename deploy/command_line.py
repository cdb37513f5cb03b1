"""The command `support`: the service on one machine, its check-up, and the operator's errands.

Each command imports what it needs when it is called, so that reading one letter starts at once.
"""

# ruff: noqa: PLC0415 - imports inside commands keep the start quick

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

if TYPE_CHECKING:
    from storage.letters import PreparedLetter

DEFAULT_FOLDER: Final = Path(".local")


def _group(said: str) -> typer.Typer:
    return typer.Typer(
        help=said,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


app = _group("Техническая поддержка PROFMAN ISS.")
tokens = _group("Токены, по которым входят люди и программы.")
clients = _group("Клиенты, их договоры и пользователи.")
staff = _group("Сотрудники поддержки.")
app.add_typer(tokens, name="token")
app.add_typer(clients, name="clients")
app.add_typer(staff, name="staff")
mail = _group("Почта: как она стоит и что разобрать снова.")
app.add_typer(mail, name="mail")

Folder = Annotated[Path, typer.Option(help="Папка со всем, что хранится.")]
FreePorts = Annotated[bool, typer.Option("--free-ports", help="Взять свободные порты.")]
AsJson = Annotated[bool, typer.Option("--json", help="Один объект JSON в строке.")]
Login = Annotated[str, typer.Option(help="Логин сотрудника или пользователя.")]
INVITATION: Final = "support invite --by-letter"
DAY_FORMATS = ["%Y-%m-%d"]


@app.command(help="Запустить всё на этой машине; Ctrl-C остановит.")
def up(folder: Folder = DEFAULT_FOLDER, *, free_ports: FreePorts = False) -> None:
    """Run the local world until Ctrl-C."""
    from deploy.local import up as local
    from deploy.local.parts import PartFailedError
    from deploy.local.postgres import CannotGiveUpRootError
    from deploy.local.processes import FolderInUseError
    from deploy.local.settings import PortTakenError

    try:
        local.run(folder, typer.echo, free_ports=free_ports)
    except FolderInUseError:
        _fail(
            f"Папка {folder} занята другим запуском. Остановите его (Ctrl-C в его окне) "
            "или укажите другую: support up --folder ПАПКА --free-ports"
        )
    except (PartFailedError, PortTakenError, CannotGiveUpRootError) as failure:
        _fail(str(failure))


@app.command(help="Показать работу на письмах в виртуальном времени, меньше чем за минуту.")
def demo() -> None:
    """Run the demonstration."""
    import_module("deploy.local.demo").run()


@app.command(help="Проверить установку: строка на каждую часть, код 1 при сбое.")
def doctor() -> None:
    """Check every part of the installation."""
    from deploy.doctor import examine

    findings = examine()
    for finding in findings:
        typer.echo(str(finding))
    raise typer.Exit(int(any(finding.is_fault for finding in findings)))


@app.command("calendar", help="Показать рабочие и выходные дни, строка на день.")
def show_calendar(
    since: Annotated[datetime, typer.Option("--from", formats=DAY_FORMATS, help="Первый день.")],
    until: Annotated[datetime, typer.Option("--to", formats=DAY_FORMATS, help="Последний день.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Print a line for each day."""
    from deploy import working_days

    with _explained():
        lines = working_days.lines(since.date(), until.date(), as_json=as_json)
    for line in lines:
        typer.echo(line)


@app.command("read-mail", help="Прочитать письма из файлов .eml и папок с ними.")
def read_mail(files: list[Path], *, as_json: AsJson = False) -> None:
    """Print what is read of each letter; a missing file is told and the rest still read."""
    from deploy import mail_files

    raise typer.Exit(mail_files.read(files, sys.stdout.buffer, typer.echo, as_json=as_json))


@mail.command("status", help="Как стоит почта: ящики, неразобранное, неотправленное и почему.")
def mail_status(*, as_json: AsJson = False) -> None:
    """Print how mail stands."""
    from deploy import mail_errands

    with _explained():
        for line in mail_errands.status(as_json=as_json):
            typer.echo(line)


@mail.command("reprocess", help="Разобрать снова то, что не удалось прочитать.")
def reprocess_mail(
    letter: Annotated[int | None, typer.Option(help="Только письмо с этим номером.")] = None,
) -> None:
    """Have unreadable letters filed once more."""
    from deploy import mail_errands

    with _explained():
        again = mail_errands.reprocess(letter)
    typer.echo(f"Передано на разбор: {len(again)}")


@tokens.command("create", help="Выдать токен: его видно один раз.")
def create_token(
    login: Login,
    scopes: Annotated[str, typer.Option(help="Области через запятую.")] = "api",
    days: Annotated[int, typer.Option(min=1, max=3650, help="Сколько дней действует.")] = 365,
    label: Annotated[str, typer.Option(help="Для чего он.")] = "",
) -> None:
    """Make a token and print it alone, for a script to take."""
    from deploy import register

    with _explained():
        made = register.create_token(login, scopes.split(","), days, label)
    typer.echo(made)


@tokens.command("revoke", help="Отозвать токен по его номеру.")
def revoke_token(number: int) -> None:
    """End a token."""
    from deploy import register

    with _explained():
        register.revoke_token(number)
    typer.echo(f"Токен {number} больше не действует.")


@clients.command("import", help="Принять клиентов, договоры и пользователей из таблицы CSV.")
def import_clients(file: Path) -> None:
    """Take the good rows and report the others by line and field."""
    from deploy import register

    with _explained():
        report = register.import_clients(file)
    typer.echo(f"Принято строк: {report.taken}")
    if report.taken:
        typer.echo(f"Пригласить человека: {INVITATION} --login ЛОГИН")
    for problem in report.problems:
        typer.echo(f"строка {problem.line}, {problem.field}: {problem.reason}", err=True)
    raise typer.Exit(int(bool(report.problems)))


@clients.command("sharing", help="Видят ли пользователи клиента заявки друг друга.")
def set_sharing(
    code: Annotated[str, typer.Argument(help="Код клиента.")],
    *,
    shares: Annotated[bool, typer.Option("--on/--off", help="Видят или только свои.")],
) -> None:
    """Let a client's users see each other's tickets, or their own alone."""
    from deploy import register

    with _explained():
        register.set_sharing(code, shares=shares)
    seen = "видят заявки друг друга" if shares else "видят только свои заявки"
    typer.echo(f"{code}: пользователи {seen}.")


@staff.command("add", help="Завести сотрудника или изменить его данные.")
def add_staff(
    login: Login,
    name: Annotated[str, typer.Option(help="Имя, как его увидят клиенты.")],
    email: Annotated[str, typer.Option(help="Адрес почты.")],
    role: Annotated[
        str, typer.Option(help="specialist, head, development или operations.")
    ] = "specialist",
) -> None:
    """Enter one of us."""
    from deploy import register

    with _explained():
        register.add_staff(login, name, email, role)
    typer.echo(f"{name}: записано. Токен: support token create --login {login}")
    typer.echo(f"Пароль для входа: {INVITATION} --login {login}")


@staff.command("password", help="Задать сотруднику пароль: из ввода или строкой на stdin.")
def set_password(login: Login) -> None:
    """Take the password where nobody sees it: typed unseen, or the first line of a pipe."""
    from deploy import register

    is_typed = sys.stdin.isatty()
    asked = partial(typer.prompt, hide_input=True, confirmation_prompt="Ещё раз")
    plain = asked(f"Пароль для {login}") if is_typed else sys.stdin.readline().rstrip("\r\n")
    with _explained():
        register.set_password(login, plain)
    typer.echo(f"{login}: пароль задан, прежние сеансы завершены.")


@app.command(help="Дать одноразовую ссылку, по которой человек задаст себе пароль.")
def invite(
    login: Login,
    *,
    by_letter: Annotated[
        bool, typer.Option("--by-letter", help="Отправить её письмом, а не показать здесь.")
    ] = False,
) -> None:
    """Print the link alone, for whoever hands it over; or have it sent to the person's address."""
    from deploy import register

    with _explained():
        told = _told(register.invite_by_letter(login)) if by_letter else register.invite(login)
    typer.echo(told)


def _told(letter: "PreparedLetter") -> str:
    from domain.calendar import MOSCOW

    at = letter.leaves_at
    when = f"уйдёт {at.astimezone(MOSCOW):%d.%m.%Y в %H:%M} МСК" if at else "уходит сейчас"
    return f"Письмо со ссылкой на {letter.recipient} {when}. Ссылка действует семь дней."


@contextmanager
def _explained() -> Iterator[None]:
    """Turn a refusal into its words and exit code 1."""
    try:
        yield
    except (LookupError, ValueError, OSError) as refusal:
        _fail(str(refusal))


def _fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    app(prog_name="support")


if __name__ == "__main__":
    main()
