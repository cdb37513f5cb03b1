"""What every letter says, in both languages, with everything known and with next to nothing."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.intake import Field
from domain.letters import (
    AttachedFile,
    Language,
    LetterFacts,
    LetterKind,
    Links,
    is_internal,
)
from domain.terms import Criticality, Outcome, TicketKind
from domain.words import name
from mail.quotes import visible_reply
from mail.wording import FOLDER, MARKERS, one_line, quoted, render

FRIDAY_NIGHT = datetime(2026, 11, 20, 17, 14, tzinfo=UTC)
MONDAY_MORNING = datetime(2026, 11, 23, 6, tzinfo=UTC)
MINIMAL = LetterFacts(
    number="PS-000124",
    language=Language.RU,
    received_at=FRIDAY_NIGHT,
    accepted_at=MONDAY_MORNING,
)
RICH = replace(
    MINIMAL,
    is_verified=True,
    edition="2",
    links=Links(
        ticket_page="https://desk.example/t/PS-000124/7Qm2vK",
        documentation="https://www.profman.example/" + "instruction-" * 8,
        regulation="https://desk.example/rules",
        follow_up="https://desk.example/again",
        keep_open="https://desk.example/keep",
        access_changed="https://desk.example/changed",
        console="https://desk.example/staff/PS-000124",
    ),
    name="Анна Сергеевна",
    subject="не открывается отчёт по договорам",
    description="Открываю отчёт — он пустой.\n\nЗа сентябрь всё строится.",
    ticket_kind="problem",
    platform_version="8.2",
    product_version="5.14",
    frequency="always",
    criticality="high",
    files=(
        AttachedFile(name="report.png", size_bytes=188_416, is_picture=True),
        AttachedFile(
            name="scan.bmp", size_bytes=3_188_416, is_picture=True, is_accepted_format=False
        ),
    ),
    missing=("steps", "login"),
    call_at=datetime(2026, 11, 20, 16, 40, tzinfo=UTC),
    previous_number="PS-000100",
    text="Причина в фильтре периода.\nНажмите «Сбросить».",
    matter="Отчёт открывался пустым.",
    way_out="Стройте отчёт за квартал.",
    questions=("Какая версия указана в меню «О программе»?", "Открывается ли другой отчёт?"),
    reminder_ordinal=2,
    waiting_since_at=datetime(2026, 11, 24, 7, tzinfo=UTC),
    closes_at=datetime(2026, 12, 8, 6, tzinfo=UTC),
    closed_at=datetime(2026, 12, 1, 12, 40, tzinfo=UTC),
    is_access_given=True,
    outcome=Outcome.WORKAROUND,
    release_version="5.15",
)
WORDINGS = sorted(path.relative_to(FOLDER) for path in FOLDER.rglob("*.txt"))
CLIENT_KINDS = [kind for kind in LetterKind if not is_internal(kind)]
DEFERRALS = [kind for kind in LetterKind if kind.startswith("deferral")]
LABELS = {Language.RU: "Вид: ", Language.EN: "Kind: "}
PROMISES = re.compile(
    r"скоро|скорее всего|ближайш|гарантир|обеща|немедленно|незамедлительно|оперативно|кратчайш"
    r"|в течение|не позднее|как можно|сегодня|завтра|\d+\s*(?:час|минут|дн|день|раб)"
    r"|soon|shortly|prompt|immediate|guarant|promise|asap|as possible|no later"
    r"|today|tomorrow|within|\d+\s*(?:hour|minute|day|working)",
    re.IGNORECASE,
)
DECORATION = re.compile(r"21:00|до 21|перезвон|сантехник|электрик", re.IGNORECASE)


def in_sentences(kind: LetterKind, facts: LetterFacts) -> str:
    """Take the line breaks out, so that a sentence can be looked for."""
    return " ".join(render(kind, facts).body.split())


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("facts", [RICH, MINIMAL], ids=["rich", "minimal"])
def test_every_letter_is_whole_in_every_language(
    kind: LetterKind, language: Language, facts: LetterFacts
) -> None:  # R33 R63
    wording = render(kind, replace(facts, language=language))

    assert wording.subject
    assert "PS-000124" in wording.body
    assert not re.search(r"[{}%]|None|Undefined|\n\n\n", wording.subject + wording.body)
    assert all(len(line) < 72 or "://" in line for line in wording.body.splitlines())


@pytest.mark.parametrize("language", Language)
def test_each_kind_has_one_wording_file(language: Language) -> None:
    files = {path.stem for path in (FOLDER / language).glob("[!_]*.txt")}

    assert files == set(LetterKind)


@pytest.mark.parametrize("path", WORDINGS, ids=str)
def test_no_wording_promises_a_time(path: Path) -> None:  # R51 R52 Q1
    words = (FOLDER / path).read_text(encoding="utf-8")

    assert PROMISES.findall(words) == []
    assert DECORATION.findall(words) == []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", CLIENT_KINDS)
def test_a_client_reads_clauses_in_words_and_never_rule_numbers(
    kind: LetterKind, language: Language
) -> None:
    wording = render(kind, replace(RICH, language=language))

    assert not re.search(r"\b[RQ]\d+\b", wording.body)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", CLIENT_KINDS)
def test_the_marker_comes_first_and_the_legal_sender_last(
    kind: LetterKind, language: Language
) -> None:  # R3 R30
    lines = render(kind, replace(RICH, language=language)).body.splitlines()

    assert lines[0] == MARKERS[language]
    assert set(lines[1]) == {"─"}
    assert lines[lines.index("-- ") + 3] == "lanskov@profman.ru, 329-12-29"
    assert "PROFMAN" in lines[lines.index("-- ") + 2]


@pytest.mark.parametrize("language", Language)
def test_what_is_written_above_the_marker_is_all_that_a_reply_adds(language: Language) -> None:
    letter = render(LetterKind.QUESTION, replace(RICH, language=language)).body

    assert visible_reply(f"Версия 5.14\n\n{letter}") == "Версия 5.14"


@pytest.mark.parametrize("kind", CLIENT_KINDS)
def test_a_known_client_is_greeted_by_name(kind: LetterKind) -> None:
    assert "Анна Сергеевна, здравствуйте!" in in_sentences(kind, RICH)


@pytest.mark.parametrize("kind", CLIENT_KINDS)
def test_a_letter_on_paper_never_asks_to_reply_to_mail(kind: LetterKind) -> None:  # R31 Q9
    letter = in_sentences(kind, replace(RICH, is_on_paper=True))

    assert "ответьте" not in letter.lower()
    assert "329-12-29" in letter


def test_a_confirmation_names_both_moments() -> None:  # R33 R44 Q2 Q3
    letter = in_sentences(LetterKind.CONFIRMATION, RICH)

    assert "Заявка получена: пятница, 20 ноября, 20:14 (Москва)" in letter
    assert "Работа начнётся: понедельник, 23 ноября, 9:00 (Москва)" in letter
    assert "Заявка пришла в нерабочее время." in letter


def test_a_confirmation_in_working_time_says_that_the_clock_runs() -> None:  # R44 R47
    facts = replace(RICH, received_at=MONDAY_MORNING)

    letter = in_sentences(LetterKind.CONFIRMATION, facts)

    assert "пришла в рабочее время: она уже в очереди" in letter
    assert "нерабочее" not in letter


def test_a_confirmation_shows_what_was_received() -> None:  # R34 R35 R36 R38 R39 R41
    letter = in_sentences(LetterKind.CONFIRMATION, RICH)

    assert "Тема: не открывается отчёт по договорам" in letter
    assert "Платформа: 8.2 PROFMAN ISS: 5.14 Как часто: каждый раз" in letter
    assert "Критичность: высокая (указали вы)" in letter
    assert "Приложено: 2 файла · report.png (184 КБ) · scan.bmp (3,0 МБ)" in letter
    assert "> Открываю отчёт — он пустой." in letter


def test_a_confirmation_of_a_call_keeps_the_moment_of_the_call() -> None:  # R30 Q10
    letter = in_sentences(LetterKind.CONFIRMATION, RICH)

    assert "Вы звонили: пятница, 20 ноября, 19:40 (Москва)" in letter
    assert "Место в очереди звонок занимает с момента регистрации." in letter


@pytest.mark.parametrize("missing", Field)
@pytest.mark.parametrize("language", Language)
def test_a_confirmation_asks_only_for_what_is_missing(
    missing: Field, language: Language
) -> None:  # R35 R36 R37 R38 R39 R41 R42 R43
    facts = replace(RICH, language=language, missing=(missing,), files=(), description="")

    body = render(LetterKind.CONFIRMATION, facts).body

    assert body.count("  · ") == 1


@pytest.mark.parametrize("criticality", Criticality)
def test_a_letter_names_the_criticality_as_staff_read_it(criticality: Criticality) -> None:  # R39
    facts = replace(RICH, criticality=criticality)

    letter = in_sentences(LetterKind.CONFIRMATION, facts)

    assert f"Критичность: {name(criticality)} (указали вы)" in letter


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", TicketKind)
def test_every_kind_of_ticket_has_its_word(kind: TicketKind, language: Language) -> None:  # R6 R22
    facts = replace(RICH, language=language, ticket_kind=kind)

    assert LABELS[language] in in_sentences(LetterKind.CONFIRMATION, facts)


def test_a_complete_request_asks_for_nothing() -> None:  # R34
    letter = in_sentences(LetterKind.CONFIRMATION, replace(RICH, missing=()))

    assert "От вас сейчас ничего не нужно." in letter
    assert "ЧЕГО НЕ ХВАТАЕТ" not in letter


def test_a_confirmation_leads_to_documentation_and_asks_for_no_password() -> None:  # R9 R65
    letter = in_sentences(LetterKind.CONFIRMATION, RICH)

    assert f"инструкции для пользователей: {RICH.links.documentation}" in letter
    assert "Пожалуйста, не присылайте пароли письмом." in letter
    assert "office@profman.ru" in letter


def test_a_picture_in_another_format_is_asked_for_politely() -> None:  # R42 Q14
    letter = in_sentences(LetterKind.CONFIRMATION, RICH)

    assert "Пожалуйста, пришлите ещё раз в формате JPG, GIF или PNG: · scan.bmp" in letter
    assert "Присланное сохранено" in letter


def test_a_follow_up_names_the_closed_ticket() -> None:  # R64 Q8
    letter = in_sentences(LetterKind.CONFIRMATION, RICH)

    assert "связана с закрытой заявкой PS-000100" in letter
    assert "время по новой считается заново" in letter


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", CLIENT_KINDS)
def test_an_unverified_address_reads_none_of_the_senders_words(
    kind: LetterKind, language: Language
) -> None:  # R2 R32 Q12
    wording = render(kind, replace(RICH, language=language, is_verified=False))

    shown = wording.subject + wording.body
    for written in ("Анна", "не открывается", "Открываю", "report.png", "5.14", "7Qm2vK"):
        assert written not in shown


def test_a_question_stops_the_clock_and_says_how_to_go_on() -> None:  # R40 R46 R60
    letter = in_sentences(LetterKind.QUESTION, RICH)

    assert "1. Какая версия указана в меню «О программе»? 2. Открывается" in letter
    assert "Пока мы ждём ответа, рабочее время по заявке не идёт." in letter
    assert "Пожалуйста, не присылайте пароли письмом." in letter


def test_a_text_that_only_repeats_the_questions_is_said_once() -> None:  # R40
    facts = replace(RICH, text="\n".join(RICH.questions))

    letter = in_sentences(LetterKind.QUESTION, facts)

    assert letter.count("Какая версия указана") == 1


def test_a_question_keeps_the_specialists_introduction() -> None:  # R40
    letter = in_sentences(LetterKind.QUESTION, RICH)

    assert "Причина в фильтре периода. Нажмите «Сбросить». 1. Какая версия" in letter


def test_a_reminder_says_since_when_and_how_to_keep_the_ticket_open() -> None:  # R51 Q6
    letter = in_sentences(LetterKind.REMINDER, RICH)

    assert "со вторника, 24 ноября. Это второе напоминание." in letter
    assert "заявка закроется во вторник, 8 декабря, в 9:00 по Москве" in letter
    assert "https://desk.example/keep" in letter


def test_a_reminder_threatens_no_closing_where_none_is_set() -> None:  # Q6
    letter = in_sentences(LetterKind.REMINDER, replace(RICH, closes_at=None))

    assert "закроется" not in letter


def test_an_answer_is_the_specialists_own_text() -> None:  # R46 R53
    body = render(LetterKind.ANSWER, RICH).body

    assert "\nПричина в фильтре периода.\nНажмите «Сбросить».\n" in body


@pytest.mark.parametrize("kind", DEFERRALS)
def test_a_deferral_gives_its_reason_its_clause_and_keeps_the_ticket_open(
    kind: LetterKind,
) -> None:  # R54 Q7
    letter = in_sentences(kind, RICH)

    assert "(пункт 6 порядка обработки)" in letter
    assert "Причина в фильтре периода." in letter
    assert not re.search(r"закрыт|отказ|наруш|некоррект|вы не", letter)


@pytest.mark.parametrize(
    ("kind", "reason", "way_out"),
    [
        ("deferral_r55", "сведений, которые есть сейчас, для него не хватает", "Подойдёт и часть"),
        ("deferral_r56", "нужны подробная диагностика, доработка", "Как работать до тех пор"),
        ("deferral_r57", "описаны в технических требованиях", "подскажем, с чего начать"),
        ("deferral_r58", "выходит за круг задач", "Если за вопросом стоит ошибка PROFMAN ISS"),
        ("deferral_r59", "не удалось понять вопрос", "своими словами"),
    ],
)
def test_each_deferral_has_its_own_reason_and_way_out(
    kind: str, reason: str, way_out: str
) -> None:  # R10 R11 R23 R55 R56 R57 R58 R59
    letter = in_sentences(LetterKind(kind), RICH)

    assert reason in letter
    assert way_out in letter


def test_a_ticket_handed_off_stays_with_support() -> None:  # R19 R48
    letter = in_sentences(LetterKind.HANDED_OFF, RICH)

    assert "Мы передали заявку PS-000124 в отдел разработки" in letter
    assert "заявка остаётся открытой, номер прежний, ведёт её поддержка" in letter


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome.WORKAROUND, "нашёл, как получить нужный результат"),
        (Outcome.NOT_A_DEFECT, "работает так, как задумано"),
        (Outcome.DECLINED, "руководителем поддержки: office@profman.ru"),
        (Outcome.FIXED_IN_RELEASE, "войдёт в версию 5.15. О её выпуске мы напишем."),
    ],
)
def test_each_conclusion_of_development_is_told_in_its_own_words(
    outcome: Outcome, sentence: str
) -> None:  # R19
    letter = in_sentences(LetterKind.DEVELOPMENT_OUTCOME, replace(RICH, outcome=outcome))

    assert sentence in letter


def test_waiting_for_a_release_names_no_date() -> None:  # R51 R56
    letter = in_sentences(LetterKind.AWAITING_RELEASE, RICH)

    assert "ждёт выпуска обновления PROFMAN ISS 5.15" in letter
    assert "Дату выпуска заранее не называем." in letter


def test_a_release_is_told_to_the_client_who_waits_for_it() -> None:  # R21
    letter = in_sentences(LetterKind.RELEASED, RICH)

    assert "Вышло обновление PROFMAN ISS 5.15." in letter
    assert "скажите, помогло ли обновление" in letter


def test_a_closing_tells_the_result_and_how_to_disagree() -> None:  # R63 R64 R65
    letter = in_sentences(LetterKind.CLOSING, RICH)

    assert "закрыта во вторник, 1 декабря, в 15:40 по Москве." in letter
    assert "ЧТО БЫЛО Отчёт открывался пустым." in letter
    assert "ЧТО СДЕЛАНО Причина в фильтре периода." in letter
    assert "https://desk.example/again Мы откроем новую заявку, связанную с этой" in letter
    assert "Руководителю поддержки можно написать: office@profman.ru." in letter


@pytest.mark.parametrize(
    ("language", "withdrawn", "done", "again"),
    [
        (
            Language.RU,
            "Вы отозвали заявку, работа по ней прекращена. Ваши слова: > Уже не нужно.",
            "ЧТО СДЕЛАНО",
            "Мы откроем новую заявку, связанную с этой",
        ),
        (
            Language.EN,
            "You withdrew the ticket, and the work on it has ended. Your words: > Уже не нужно.",
            "WHAT WAS DONE",
            "We will open a new ticket linked to this one",
        ),
    ],
)
def test_a_withdrawal_is_told_as_the_clients_own_and_as_no_result_of_ours(
    language: Language, withdrawn: str, done: str, again: str
) -> None:  # R27 R63 R64 R65
    facts = replace(RICH, language=language, is_withdrawn=True, text="Уже не нужно.")

    letter = in_sentences(LetterKind.CLOSING, facts)

    assert withdrawn in letter
    assert done not in letter
    assert again in letter
    assert "office@profman.ru" in letter


@pytest.mark.parametrize(
    ("language", "withdrawn", "label"),
    [
        (Language.RU, "Вы отозвали заявку, работа по ней прекращена.", "Ваши слова"),
        (Language.EN, "You withdrew the ticket, and the work on it has ended.", "Your words"),
    ],
)
def test_a_withdrawal_without_words_shows_none(
    language: Language, withdrawn: str, label: str
) -> None:  # R27 R63
    facts = replace(RICH, language=language, is_withdrawn=True, text="")

    letter = in_sentences(LetterKind.CLOSING, facts)

    assert withdrawn in letter
    assert label not in letter


def test_a_closing_asks_to_change_the_password_only_where_access_was_given() -> None:  # R61 R62
    with_access = in_sentences(LetterKind.CLOSING, RICH)
    without = in_sentences(LetterKind.CLOSING, replace(RICH, is_access_given=False))

    assert "Пожалуйста, смените пароль или отключите эту учётную запись" in with_access
    assert "за сохранность данных мы не отвечаем (пункт 7 порядка обработки)" in with_access
    assert "парол" not in without


def test_a_client_without_active_support_learns_how_to_object() -> None:  # R2 R7 R65 Q13
    letter = in_sentences(LetterKind.NO_ACTIVE_SUPPORT, RICH)

    assert "действующего договора на поддержку вашей организации мы не нашли" in letter
    assert "Если договор действует, значит, ошиблись мы." in letter
    assert "office@profman.ru" in letter


def test_an_unknown_sender_learns_what_would_identify_them() -> None:  # R2 R32 R43 Q12
    letter = in_sentences(LetterKind.CANNOT_BE_SERVED, MINIMAL)

    assert "· логин в PROFMAN ISS (без пароля); · название организации;" in letter
    assert "Присланное раньше повторять не нужно" in letter


def test_an_alert_tells_staff_that_the_word_is_only_the_clients() -> None:  # R39 R50 Q5
    wording = render(LetterKind.CRITICAL_ALERT, replace(RICH, is_verified=False))

    assert wording.subject.endswith(
        "Клиент назвал заявку критичной: не открывается отчёт по договорам"
    )
    assert wording.body.startswith("Внутреннее письмо. Клиент его не видит.")
    assert "Отправитель:  не опознан" in wording.body
    assert "https://desk.example/staff/PS-000124" in wording.body


def test_what_people_write_is_never_read_as_a_template() -> None:
    trick = "{{ facts.contacts.head_address }}{% for x in y %}"

    wording = render(LetterKind.CONFIRMATION, replace(RICH, subject=trick, description=trick))

    assert trick in wording.subject
    assert f"> {trick}" in wording.body


def test_a_code_without_words_is_an_error_and_not_a_gap_in_a_letter() -> None:
    with pytest.raises(Exception, match="favourite_colour"):
        render(LetterKind.CONFIRMATION, replace(RICH, missing=("favourite_colour",)))


def test_the_clients_words_are_quoted_and_cut() -> None:
    long = quoted("\n".join(f"строка {place}" for place in range(100)))

    assert quoted("одна\r\nдве\u2028три") == "> одна\n> две\n> три"
    assert long.endswith("\n> …")
    assert len(long.splitlines()) == 13


def test_a_value_on_one_line_loses_breaks_and_invisible_signs() -> None:
    assert one_line("a\r\nb\u2028c\x00d\u202ee\tf") == "a b cde f"
    assert one_line("слово " * 100).endswith("…")
