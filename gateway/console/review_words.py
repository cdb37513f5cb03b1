"""What is told of each matter for people: what happened, what to do, by which words it is settled.

Carries out R28, R32, R33, R46, R64; Q8, Q9.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.pages.translation import marked
from storage.review_items import Kind


@dataclass(frozen=True)
class Told:
    """A kind of matter in words; `settle` is the verb of the button that takes it off the list."""

    name: str
    what: str
    todo: str
    settle: str
    rule: str = ""
    has_reason: bool = False


TOLD: Mapping[Kind, Told] = {
    "to_post": Told(
        marked("Обычной почтой"),
        marked("У клиента нет электронного адреса: письмо ждёт, пока его отправят обычной почтой."),
        marked("Распечатайте письмо, отправьте его и отметьте это."),
        marked("Отправлено обычной почтой"),
        "R33",
    ),
    "undeliverable": Told(
        marked("Не доставлены"),
        marked("Письмо клиенту не доставлено."),
        marked("Позвоните клиенту и уточните адрес; ответ он пока не прочёл."),
        marked("Клиент предупреждён"),
        "R46",
        has_reason=True,
    ),
    "unreadable": Told(
        marked("Не прочитаны"),
        marked("Письмо принято и хранится целиком, но прочитать его не удалось."),
        marked("Скачайте его и посмотрите; если это обращение, заведите заявку."),
        marked("Снять без заявки"),
        "R28",
        has_reason=True,
    ),
    "thanks": Told(
        marked("Благодарности"),
        marked(
            "К закрытой заявке пришло письмо, похожее на благодарность; ответа на него не было."
        ),
        marked("Если в нём не только благодарность, откройте новую заявку, связанную с закрытой."),
        marked("Только благодарность"),
        "R64",
    ),
    "possible_link": Told(
        marked("Возможные связи"),
        marked("Заявка, возможно, о том же, что и другая заявка этого клиента."),
        marked("Сравните заявки: если это одно и то же, объедините их."),
        marked("Это разные заявки"),
        "R6",
    ),
    "infected": Told(
        marked("Опасные файлы"),
        marked("Файл не прошёл проверку; скачать его нельзя."),
        marked("Попросите клиента прислать файл заново."),
        marked("Клиента попросили"),
        has_reason=True,
    ),
    "account_letter": Told(
        marked("Письма о паролях"),
        marked("Письмо о пароле для входа не дошло; войти по ссылке из него никто не сможет."),
        marked("Позвоните человеку, уточните адрес и попросите администратора пригласить его."),
        marked("Человек предупреждён"),
        has_reason=True,
    ),
    "reused_id": Told(
        marked("Прежний Message-ID"),
        marked("Под прежним Message-ID пришло другое письмо; сохранены оба."),
        marked("Проверьте, что письмо отнесено к верной заявке."),
        marked("Отнесено верно"),
        "R28",
        has_reason=True,
    ),
}
DONE: Mapping[str, str] = {
    "settled": marked("Снято."),
    "posted": marked("Отмечено: письмо отправлено обычной почтой."),
    "identified": marked("Клиент указан: заявка встаёт в очередь."),
    "answered": marked(
        "Заявка закрывается: отправитель получит письмо, почему её нельзя обслужить."
    ),
}
NOT_DONE: Mapping[str, str] = {
    "already": marked("Этот пункт уже снят: кто-то успел раньше, или вы нажали дважды."),
    "kept": marked(
        "Команда сохранена и выполнится, как только процессы станут доступны; повторять не нужно."
    ),
}
