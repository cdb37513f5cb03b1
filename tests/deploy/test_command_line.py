"""The command line says what it does in lines that programs and people can read."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy import doctor
from deploy.command_line import app
from deploy.doctor import Health
from deploy.local import people as demo_people
from deploy.local.processes import LOOPBACK, free_port
from domain.calendar import Hours
from domain.terms import Role
from gateway.entrance import passwords
from storage import accounts, calendars, handovers, letters, people, tokens
from storage.database import Database
from workflows.installation import installation

PASSWORD = "четыре слова про лошадь"  # noqa: S105 - a test's
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LETTER = (
    "From: anna@client.example\r\nSubject: {}\r\nMessage-ID: <1@client.example>\r\n\r\nТекст\r\n"
)
KEYS = (
    *("file", "sender", "subject", "text", "visible_text", "attachments", "automatic", "bounce"),
    *("message_id", "references", "defects"),
)


@pytest.fixture(autouse=True)
def _bare_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPPORT_DATABASE_URL", raising=False)
    installation.cache_clear()


@pytest.fixture
def register(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("SUPPORT_DATABASE_URL", database.url)
    return database


def run(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, words, input=given)


def letter_in(folder: Path, name: str, subject: str = "one") -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(LETTER.format(subject).encode())
    return str(file)


def test_each_day_is_a_line_with_its_hours_and_where_they_come_from() -> None:  # R44
    told = run("calendar", "--from", "2027-02-19", "--to", "2027-02-23", "--json")

    days = [json.loads(line) for line in told.stdout.splitlines()]
    assert days[1] == {
        "date": "2027-02-20",
        "working": True,
        "hours": "09:00-18:00",
        "source": "transfer",
        "provisional": False,
    }
    assert [day["working"] for day in days] == [True, True, False, False, False]
    assert days[4]["source"] == "holiday"
    assert days[4]["hours"] is None


def test_days_of_a_year_without_a_decree_are_provisional() -> None:
    told = run("calendar", "--from", "2035-02-01", "--to", "2035-02-01", "--json")

    assert json.loads(told.stdout)["provisional"] is True


def test_the_operators_exceptions_stand_where_there_is_a_register(register: Database) -> None:
    with register.transaction() as connection:
        short = Hours(datetime.min.time().replace(hour=10), datetime.min.time().replace(hour=12))
        calendars.add_exception(connection, {date(2027, 2, 19): short}, "Переезд", "head:1")

    told = run("calendar", "--from", "2027-02-19", "--to", "2027-02-19")

    assert told.stdout == "2027-02-19  пт  10:00-12:00  решение службы: Переезд\n"


def test_days_out_of_order_are_refused_in_words() -> None:
    told = run("calendar", "--from", "2027-02-02", "--to", "2027-02-01")

    assert (told.exit_code, told.stdout) == (1, "")
    assert "раньше первого" in told.stderr


def test_a_letter_is_one_line_with_exactly_its_keys(tmp_path: Path) -> None:
    file = letter_in(tmp_path, "a.eml", "Отчёт")

    told = run("read-mail", file, "--json")

    letter = json.loads(told.stdout)
    assert tuple(letter) == KEYS
    assert (letter["file"], letter["subject"]) == (file, "Отчёт")
    assert told.exit_code == 0


def test_a_folder_is_walked_for_letters(tmp_path: Path) -> None:
    names = [letter_in(tmp_path, name) for name in ("a.eml", "deep/er/b.eml")]
    (tmp_path / "notes.txt").write_text("no letter")

    told = run("read-mail", str(tmp_path), "--json")

    assert [json.loads(line)["file"] for line in told.stdout.splitlines()] == names


def test_a_missing_file_is_told_and_the_rest_still_read(tmp_path: Path) -> None:
    there, missing = letter_in(tmp_path, "a.eml"), str(tmp_path / "gone.eml")

    told = run("read-mail", missing, there, "--json")

    assert json.loads(told.stdout)["file"] == there
    assert f"{missing}: не открывается" in told.stderr
    assert told.exit_code == 1


def test_a_broken_letter_is_no_fault_of_the_command(tmp_path: Path) -> None:
    broken = tmp_path / "broken.eml"
    broken.write_bytes(b"X: y\r\n" * 2_000_000)

    told = run("read-mail", str(broken), "--json")

    assert told.exit_code == 0
    assert json.loads(told.stdout)["unreadable"]


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_no_letter_takes_more_than_a_line(tmp_path: Path, end: str) -> None:
    file = letter_in(tmp_path, "a.eml", f"one{end}two")

    (line,) = run("read-mail", file, "--json").stdout.splitlines()

    assert json.loads(line)["subject"].split() == ["one", "two"]


def test_a_token_is_printed_alone_and_works(register: Database) -> None:  # R2
    run("staff", "add", "--login", "sokol", "--name", "Соколов Алексей", "--email", "s@x.example")

    token = run("token", "create", "--login", "sokol", "--scopes", "api, console").stdout.strip()

    with register.transaction() as connection:
        bearer = tokens.find(connection, token, datetime.now(UTC))
    assert bearer is not None
    assert (bearer.role, bearer.scopes) == (Role.SPECIALIST, frozenset({"api", "console"}))


def test_a_revoked_token_opens_nothing(register: Database) -> None:
    run("staff", "add", "--login", "sokol", "--name", "Соколов", "--email", "s@x.example")
    token = run("token", "create", "--login", "sokol").stdout.strip()
    with register.transaction() as connection:
        bearer = tokens.find(connection, token, datetime.now(UTC))
    assert bearer is not None

    run("token", "revoke", str(bearer.token_id))

    with register.transaction() as connection:
        assert tokens.find(connection, token, datetime.now(UTC)) is None


def test_a_password_is_taken_from_a_pipe_and_a_weak_one_refused(register: Database) -> None:
    run("staff", "add", "--login", "sokol", "--name", "Соколов", "--email", "s@x.example")

    weak = run("staff", "password", "--login", "sokol", given="sokol\n")
    nobody = run("staff", "password", "--login", "anna", given=f"{PASSWORD}\n")
    taken = run("staff", "password", "--login", "sokol", given=f"{PASSWORD}\n")

    with register.transaction() as connection:
        sokol = people.find_staff(connection, "sokol")
        assert sokol is not None
        hashed = accounts.find_hash(connection, sokol)
    assert (weak.exit_code, nobody.exit_code, taken.exit_code) == (1, 1, 0)
    assert "короче 12" in weak.stderr
    assert hashed is not None
    assert passwords.hasher.verify(hashed, PASSWORD)


@pytest.fixture
def _signing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_SIGNING_KEYS", json.dumps({"k1": "00" * 32}))


@pytest.mark.usefixtures("_signing")
def test_an_invitation_by_letter_is_written_and_its_link_is_shown_to_nobody(
    register: Database,
) -> None:  # R2 R45
    run("staff", "add", "--login", "sokol", "--name", "Соколов", "--email", "s@x.example")

    told = run("invite", "--login", "sokol", "--by-letter")

    with register.transaction() as connection:
        (told_of,) = handovers.claim(connection, datetime.now(UTC) + timedelta(days=1), 10)
        letter = letters.find(connection, told_of.number)
    assert letter is not None
    assert told.exit_code == 0
    assert told.stdout.startswith("Письмо со ссылкой на s@x.example ")
    assert "i_" not in told.stdout
    assert (letter["kind"], letter["recipient"]) == ("invitation", "s@x.example")
    assert (letter["leaves_at"] is None) == ("уходит сейчас" in told.stdout)


@pytest.mark.usefixtures("_signing")
def test_an_invitation_without_an_address_names_the_way_out(register: Database) -> None:
    run("staff", "add", "--login", "sokol", "--name", "Соколов", "--email", "")

    told = run("invite", "--login", "sokol", "--by-letter")
    printed = run("invite", "--login", "sokol")

    assert told.exit_code == 1
    assert "support invite --login sokol" in told.stderr
    assert "/invitation/i_" in printed.stdout
    assert register.url


def test_a_letter_is_not_written_without_a_key_to_sign_it(register: Database) -> None:
    run("staff", "add", "--login", "sokol", "--name", "Соколов", "--email", "s@x.example")

    told = run("invite", "--login", "sokol", "--by-letter")

    assert told.exit_code == 1
    assert "SUPPORT_SIGNING_KEYS" in told.stderr
    assert register.url


def test_colleagues_see_each_others_tickets_until_their_organisation_wants_otherwise(
    register: Database, tmp_path: Path
) -> None:  # K11
    demo_people.settle(register, tmp_path / "note", NOW)
    token = run("token", "create", "--login", "anna").stdout.strip()

    told = run("clients", "sharing", "SEVER", "--off")
    unknown = run("clients", "sharing", "NOBODY", "--off")

    with register.transaction() as connection:
        bearer = tokens.find(connection, token, datetime.now(UTC))
    assert bearer is not None
    assert not bearer.sees_organisation
    assert (told.exit_code, unknown.exit_code) == (0, 1)


def test_a_token_for_nobody_is_refused(register: Database) -> None:
    told = run("token", "create", "--login", "nobody")

    assert (told.exit_code, told.stdout) == (1, "")
    assert "nobody" in told.stderr
    assert register.url


def test_an_unknown_role_is_refused_with_those_there_are(register: Database) -> None:
    told = run("staff", "add", "--login", "a", "--name", "А", "--email", "a@x", "--role", "client")

    assert told.exit_code == 1
    assert "specialist, head" in told.stderr
    with register.transaction() as connection:
        assert people.list_staff(connection) == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_good_rows_are_taken_and_bad_ones_told_by_line_and_field(
    register: Database, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "clients.csv"
    heading = "client_code;client_name;login;user_name;email;contract_starts_on"
    rows = "C1;Первый;one;Один;one@client.example;2026-01-01\nC1;Первый;two;Два;not-mail;"
    file.write_text(f"{heading}\n{rows}\n", encoding=encoding)

    told = run("clients", "import", str(file))

    assert told.stdout.splitlines() == [
        "Принято строк: 1",
        "Пригласить человека: support invite --by-letter --login ЛОГИН",
    ]
    assert told.stderr == "строка 3, email: не адрес почты\n"
    assert told.exit_code == 1
    with register.transaction() as connection:
        user = people.find_user_by_login(connection, "one", date(2026, 2, 1))
    assert user is not None
    assert (user.client_name, user.is_supported) == ("Первый", True)


def test_a_table_without_its_columns_is_refused_whole(register: Database, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("login,email\none,one@client.example\n")

    told = run("clients", "import", str(file))

    assert told.exit_code == 1
    assert "client_code" in told.stderr
    with register.transaction() as connection:
        assert people.list_clients(connection) == ()


def test_a_register_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("SUPPORT_DATABASE_URL", f"postgresql+psycopg://a:b@{LOOPBACK}:{port}/x")

    told = run("token", "create", "--login", "sokol")

    assert told.exit_code == 1
    assert f"Реестр не отвечает: {LOOPBACK}:{port}" in told.stderr


def test_the_doctor_tells_well_from_ill(
    register: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_TEMPORAL_ADDRESS", f"{LOOPBACK}:{free_port()}")
    monkeypatch.setenv("SUPPORT_SMTP_PORT", str(free_port()))

    told = run("doctor")

    begins = {line.split(":")[0].split(maxsplit=1)[1]: line for line in told.stdout.splitlines()}
    good = [part for part, line in begins.items() if line.startswith("ок")]
    assert {"Python", "реестр", "таблицы"} <= set(good)
    assert begins["процессы"].startswith("сбой")
    assert "Что делать" in begins["отправка писем"]
    assert told.exit_code == 1
    assert register.url


def test_the_doctor_sees_tables_that_are_not_there(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_DATABASE_URL", empty_database.url)

    told = run("doctor")

    assert "сбой      таблицы" in told.stdout


@pytest.mark.parametrize(
    ("left", "health"), [(90, Health.GOOD), (89, Health.WARNING), (-1, Health.FAULT)]
)
def test_the_doctor_warns_a_quarter_before_the_calendar_ends(left: int, health: Health) -> None:
    today = date(2027, 10, 1)

    found = doctor.calendar(today + timedelta(days=left), today)

    assert found.health is health


def test_demo_people_get_their_tokens_once(register: Database, tmp_path: Path) -> None:
    note = tmp_path / "sign-ins.txt"

    first = demo_people.settle(register, note, NOW)
    second = demo_people.settle(register, note, NOW)

    assert [sign_in.role for sign_in in first].count(Role.CLIENT) == 4
    assert second == ()
    assert note.stat().st_mode & 0o777 == 0o600
    assert all(sign_in.token in note.read_text() for sign_in in first)
    assert all(sign_in.password in note.read_text() for sign_in in first)
    assert len({sign_in.password for sign_in in first}) == len(first)


def test_a_register_made_anew_gets_new_tokens(register: Database, tmp_path: Path) -> None:
    note = tmp_path / "sign-ins.txt"
    note.write_text("клиент anna ps_unknown Анна\n")

    made = demo_people.settle(register, note, NOW)

    assert made
    assert "ps_unknown" not in note.read_text()


def test_one_demo_client_has_no_support_any_more(register: Database, tmp_path: Path) -> None:  # Q13
    demo_people.settle(register, tmp_path / "note", NOW)

    with register.transaction() as connection:
        found = [
            people.find_user_by_login(connection, row["login"], NOW.date())
            for row in demo_people.CLIENTS
        ]

    assert [user.is_supported for user in found if user] == [True, True, True, False]
