"""What a reply adds is shown, what it quotes is not, and no word of its own is lost: R53."""

import pytest

from mail.quotes import MARKERS, visible_reply

MARKER = MARKERS[0]
HEAD = "вт, 1 сент. 2026 г. в 10:00, Поддержка <s@support.test>:"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Версия 4.2\n\n{HEAD}\n> {MARKER}\n> Какая версия?", "Версия 4.2"),
        (f"Версия 4.2\n\n> {MARKER}, чтобы дополнить\n> ────\n> Заявка", "Версия 4.2"),
        (
            f"Версия 4.2\n\nDňa 5. 9. 2026 o 10:00\n{MARKER}\n────",
            "Версия 4.2\n\nDňa 5. 9. 2026 o 10:00",
        ),
        (f"Версия 4.2\nОт: s@support.test\nТема: Заявка\n\n{MARKER}\nЗаявка", "Версия 4.2"),
    ],
)
def test_what_stands_above_our_line_is_shown(text: str, shown: str) -> None:
    assert visible_reply(text) == shown


def test_an_answer_below_our_quoted_letter_is_not_lost() -> None:
    text = f"{HEAD}\n> {MARKER}\n> Какая версия?\n\nВерсия 4.2"

    assert visible_reply(text) == "Версия 4.2"


def test_answers_between_our_questions_keep_the_questions() -> None:
    text = f"Отвечаю:\n\n{HEAD}\n> {MARKER}\n> Какая версия?\n4.2\n> Какой период?\nмай\n> Спасибо"

    assert visible_reply(text) == "Отвечаю:\n\n> Какая версия?\n4.2\n> Какой период?\nмай"


@pytest.mark.parametrize("text", [MARKER, f"{MARKER}\nЗаявка принята", f"> {MARKER}\n> Заявка"])
def test_where_nothing_would_be_left_everything_is_shown(text: str) -> None:
    assert visible_reply(text) == text


def test_below_ten_thousand_lines_a_quotation_still_ends_where_it_ends() -> None:
    text = "Да\n\n" + "> строка\n" * 12_000 + "И вот ещё\n" * 3

    assert visible_reply(text) == "Да\n\nИ вот ещё\nИ вот ещё\nИ вот ещё"


def test_a_long_log_is_shown_whole() -> None:
    text = "\n".join(f"{row}: ошибка 500" for row in range(30_000))

    assert visible_reply(text) == text


@pytest.mark.parametrize("quoted", ["> Какая версия?\n> Спасибо", "Какая версия?\nСпасибо"])
@pytest.mark.parametrize(
    "head",
    [
        "пн, 7 сент. 2026 г. в 09:05, Ольга Белова <o@sever.example>:",
        "пн, 7 сент. 2026 г. в 09:05, <o@sever.example>:",
        "пн, 7 сент. 2026 г. в 09:05, Ольга Белова\n<o@sever.example>:",
        '7 сент. 2026 г. 09:05 пользователь "Ольга Белова" <o@sever.example> написал:',
        "понедельник, 7 сентября 2026 г., 09:05:12 GMT+3, Ольга <o@sever.example> написал(-а):",
        "Понедельник, 7 сентября 2026, 9:05 +03:00 от o@sever.example:",
        "понедельник, 7 сентября 2026 г., 09:05 +0300 от Ольга Белова <o@sever.example>:",
        '07.09.2026, 09:05, "Ольга Белова" <o@sever.example>:',
        "07.09.2026 09:05, Ольга Белова пишет:",
        "В Mon, 7 Sep 2026 09:05:11 +0300\nОльга Белова <o@sever.example> пишет:",
        "7 сентября 2026 г. 9:05:12 GMT+03:00, Ольга Белова <o@sever.example> пишет:",
        "Понедельник, Сентябрь 07, 2026 09:05 MSK, o@sever.example писал(а):",
        "Ольга Белова <o@sever.example> писал(а) 7 сентября 2026 г. в 09:05:",
        "On Mon, Sep 7, 2026 at 9:05 AM Olga Belova <o@sever.example> wrote:",
        "От: Ольга Белова\nОтправлено: 7 сентября 2026 г. 9:05\nКому: Поддержка\nТема: Заявка",
        "________________________________\nОт: Ольга <o@sever.example>\nТема: Заявка",
        "-------- Исходное сообщение --------",
        "Начало переадресованного сообщения:",
    ],
)
def test_a_quotation_is_known_by_its_head(head: str, quoted: str) -> None:
    assert visible_reply(f"Версия 5.14.\n\n{head}\n\n{quoted}") == "Версия 5.14."


@pytest.mark.parametrize(
    "text",
    [
        "Версия 5.14, пользователь Иванов <i@sever.example> написал:\nне работает",
        "Сбой в 12:30 у пользователя <i@sever.example>:\nпусто",
        "5 сентября мне написали:\n1. Ошибка\n2. Снова ошибка",
        "Вчера в 10:15 бухгалтер сообщила:\nне печатает",
        'Версия 5.14, отчёт "Договоры":\nпусто',
        "01.09.2026 10:00, ошибка в отчёте:\nстрока 5",
        "От: меня\nКому: вам",
        "Смотрите письмо от 7 сентября 2026:\nвот это",
    ],
)
def test_a_line_like_a_head_within_ones_own_words_cuts_nothing(text: str) -> None:
    assert visible_reply(f"Здравствуйте!\n\n{text}") == f"Здравствуйте!\n\n{text}"


def test_the_line_above_a_head_is_no_part_of_it() -> None:
    text = "Версия 5.14.\nИван Петров <i@sever.example> пишет:\n> Какая версия?"

    assert visible_reply(text) == "Версия 5.14."
