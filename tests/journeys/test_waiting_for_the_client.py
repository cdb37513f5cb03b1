"""A question to the client: silence is answered by two reminders, an answer goes on at once.

R40, R46, R47, R53, R63, Q6.
"""

from deploy.local.story import Story
from domain.commands import Answer, AskClient, Close, Remind, RequestAccess, Resume, Take
from domain.terms import Channel, LetterState, Status, Turn


async def asked(story: Story, at: tuple[str, str] = ("mon", "10:00")) -> str:
    """Return a ticket whose client was asked at that moment."""
    number = await story.register(story.at("mon", "9:30"))
    await story.until(story.at(*at))
    await story.order(number, Take())
    question = story.text(number, "1. Какая версия указана в меню «О программе»?")
    await story.order(number, AskClient(question))
    return number


async def test_silence_is_answered_by_reminders_after_two_and_five_working_days(
    story: Story,
) -> None:  # Q6 R40 R45
    number = await asked(story, ("thu", "16:00"))

    await story.until(story.at("mon+1", "15:59"))
    before = story.kinds(number).count("client_reminded")
    await story.until(story.at("mon+1", "16:01"))
    first = story.kinds(number).count("client_reminded")
    await story.until(story.at("fri+3"))

    reminded = [event.at for event in story.journal(number) if event.kind == "client_reminded"]
    assert (before, first) == (0, 1)
    assert [moment.replace(second=0, microsecond=0) for moment in reminded] == [
        story.at("mon+1", "16:00"),
        story.at("thu+1", "16:00"),
    ]
    assert story.ticket(number).status is Status.AWAITING_CLIENT


async def test_each_reminder_repeats_the_question_and_says_which_one_it_is(
    story: Story,
) -> None:  # Q6
    await asked(story)

    await story.until(story.at("tue+1"))

    _, _, first, second = story.mailbox()
    assert "напоминание" not in first.text
    assert "второе напоминание" in second.text
    assert all("Какая версия указана" in letter.text for letter in (first, second))


async def test_a_question_without_a_list_is_repeated_in_its_own_words(story: Story) -> None:  # Q6
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())
    await story.order(number, AskClient(story.text(number, "Пришлите журнал сервера.")))

    await story.until(story.at("thu"))

    assert "Пришлите журнал сервера." in story.mailbox()[-1].text


async def test_an_answer_keeps_every_point_of_its_list(story: Story) -> None:  # R46
    number = await story.register(story.at("mon", "10:00"))
    await story.order(number, Take())

    steps = "Сделайте так:\n1. Откройте меню.\n2. Нажмите «Обновить»."
    await story.order(number, Answer(story.text(number, steps)))

    told = story.mailbox()[-1].text
    assert "1. Откройте меню." in told
    assert "2. Нажмите «Обновить»." in told


async def test_an_answer_by_any_door_goes_on_at_once_and_ends_in_the_result(
    story: Story,
) -> None:  # R46 R53 R63
    number = await asked(story)
    await story.until(story.at("wed", "20:00"))

    await story.client_writes(number, "Версия 4.2", channel=Channel.WEB)
    at_once = story.ticket(number)
    await story.until(story.at("thu", "9:30"))
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))
    await story.order(number, Close(story.text(number, "Отчёт открывается после обновления.")))

    closed = story.ticket(number)
    subjects = [letter.subject for letter in story.mailbox()]
    assert (at_once.status, at_once.turn) == (Status.IN_DIAGNOSIS, Turn.SUPPORT)
    assert closed.status is Status.CLOSED
    assert "Отчёт открывается после обновления." in story.mailbox()[-1].text
    assert [subject.split("] ")[1].split(":")[0] for subject in subjects] == [
        "Принята",
        "Нужен ваш ответ",
        "Ждём вашего ответа",
        "Ответ",
        "Закрыта",
    ]


async def test_an_answered_client_is_reminded_no_more(story: Story) -> None:  # Q6 R53
    number = await asked(story)
    await story.client_writes(number, "Версия 4.2")

    await story.until(story.at("fri+3"))

    assert "client_reminded" not in story.kinds(number)


async def test_the_same_message_told_twice_happens_once(story: Story) -> None:  # R53
    number = await asked(story)

    await story.client_writes(number, "Версия 4.2", key="the same letter")
    await story.client_writes(number, "Версия 4.2", key="the same letter")

    assert story.kinds(number).count("client_answered") == 1


async def test_an_automatic_reply_is_kept_but_resumes_nothing(story: Story) -> None:  # R53
    number = await asked(story)

    await story.client_writes(number, "Я в отпуске", standing="automatic")

    assert "client_answered" in story.kinds(number)
    assert story.ticket(number).status is Status.AWAITING_CLIENT


async def test_a_reminder_given_by_hand_takes_the_place_of_the_next_one(story: Story) -> None:  # Q6
    number = await asked(story)
    await story.until(story.at("tue", "12:00"))

    await story.order(number, Remind())
    await story.until(story.at("fri+3"))

    reminded = [event.at for event in story.journal(number) if event.kind == "client_reminded"]
    assert [moment.date() for moment in reminded] == [
        story.at("tue").date(),
        story.at("mon+1").date(),
    ]


async def test_the_first_question_ends_the_reaction_and_later_words_do_not_move_it(
    story: Story,
) -> None:  # R47
    number = await asked(story)
    first = story.ticket(number).replied_at

    await story.client_writes(number, "Версия 4.2")
    await story.until(story.at("tue"))
    await story.order(number, Answer(story.text(number, "Обновите до 4.3.")))

    assert first is not None
    assert first.replace(second=0, microsecond=0) == story.at("mon", "10:00")
    assert story.ticket(number).replied_at == first


async def test_access_is_asked_for_and_its_end_is_said_at_closing(
    story: Story,
) -> None:  # R60 R61 R62
    number = await asked(story)
    await story.client_writes(number, "Версия 4.2")

    await story.order(number, RequestAccess(story.text(number, "Нужен временный доступ.")))
    waits = story.ticket(number)
    await story.order(number, Resume(story.text(number, "Доступ не понадобился.")))
    await story.order(number, Close(story.text(number, "Настройка исправлена.")))

    assert waits.status is Status.AWAITING_CLIENT
    assert "временный доступ" in story.mailbox()[-2].text
    assert "СМЕНИТЕ ПАРОЛЬ" in story.mailbox()[-1].text
    states = {letter["state"] for letter in story.letters(number).values()}
    assert states == {LetterState.ACCEPTED}
