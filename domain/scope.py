"""The catalogue of scope: what support does, what it does not, and where to turn then.

Carries out R10, R11 and R14-R26. A ticket's category is a code of this catalogue; codes that were
written before it stay as they are.
"""

from dataclasses import dataclass

from domain.letters import Language
from domain.words import Pair, pick


@dataclass(frozen=True)
class ScopeEntry:
    """One matter: its code, the rules that speak of it, its name, and the way out where it is none.

    `way_out` is for what lies outside: whom to ask or what to send instead.
    """

    code: str
    rules: tuple[str, ...]
    names: Pair
    ways_out: Pair = ("", "")

    @property
    def rule(self) -> str:
        """Return the rule that names the matter first."""
        return self.rules[0]

    @property
    def is_inside(self) -> bool:
        """Tell whether support does this."""
        return not self.ways_out[0]

    def name(self, language: Language = Language.RU) -> str:
        """Return the name of the matter."""
        return pick(self.names, language)

    def way_out(self, language: Language = Language.RU) -> str:
        """Return what the client can do instead; empty for what support does itself."""
        return pick(self.ways_out, language)


# R11: whatever lies outside comes back as soon as an error of ours shows itself behind it.
EXCEPTION: Pair = (
    "Если за этим стоит ошибка PROFMAN ISS, напишите, в чём она видна: мы вернёмся к заявке.",
    (
        "If an error in PROFMAN ISS is behind this, tell us where you see it: we will return "
        "to the ticket."
    ),
)

CATALOGUE: tuple[ScopeEntry, ...] = (
    ScopeEntry("installation", ("R14",), ("установка продукта", "installing the product")),
    ScopeEntry(
        "equipment_choice",
        ("R15",),
        ("выбор оборудования и программ", "choosing equipment and programs"),
    ),
    ScopeEntry(
        "product_problem",
        ("R16", "R17", "R18", "R19"),
        ("сбой или ошибка продукта", "a failure or an error of the product"),
    ),
    ScopeEntry(
        "product_functions",
        ("R20",),
        ("возможности продукта и работа с ними", "what the product can do and how to use it"),
    ),
    ScopeEntry(
        "updates", ("R21",), ("обновления и новые возможности", "updates and new functions")
    ),
    ScopeEntry("improvement", ("R22",), ("пожелание об улучшении", "a wish for an improvement")),
    ScopeEntry(
        "module_specification",
        ("R26",),
        ("техническое задание на новый модуль", "a technical specification of a new module"),
    ),
    ScopeEntry(
        "third_party",
        ("R10", "R11"),
        (
            "программа, оборудование или проект другого разработчика",
            "another developer's program, equipment or project",
        ),
        (
            "Обратитесь, пожалуйста, к разработчику этой программы или этого оборудования.",
            "Please turn to the developer of that program or equipment.",
        ),
    ),
    ScopeEntry(
        "third_party_on_computer",
        ("R23",),
        (
            "настройка чужой программы на компьютере клиента",
            "setting up another developer's program on the client's computer",
        ),
        (
            (
                "Настроить или проверить эту программу может её разработчик или тот, кто "
                "обслуживает ваши компьютеры."
            ),
            (
                "Its developer, or whoever looks after your computers, can set this program up or "
                "check it."
            ),
        ),
    ),
    ScopeEntry(
        "programming",
        ("R24",),
        ("общие вопросы программирования", "general questions of programming"),
        (
            (
                "Ответ есть в документации языка или среды, на которых ведётся разработка; помочь "
                "может и программист вашей организации."
            ),
            (
                "The documentation of the language or environment in use has the answer; a "
                "programmer of your organisation can help, too."
            ),
        ),
    ),
    ScopeEntry(
        "code_change",
        ("R25",),
        (
            "изменение кода под задачу клиента",
            "changing the code for a client's own task",
        ),
        (
            (
                "Если так должен работать сам продукт, пришлите пожелание: опишите задачу и "
                "результат, который нужен."
            ),
            (
                "If the product itself should work this way, send us a wish: describe the task and "
                "the result you need."
            ),
        ),
    ),
    ScopeEntry(
        "module_wish",
        ("R26",),
        (
            "пожелание о новом модуле без технического задания",
            "a wish for a new module without a technical specification",
        ),
        (
            (
                "Пришлите, пожалуйста, техническое задание: что должен делать модуль, для кого и с "
                "какими данными. Позже он может войти в одно из обновлений."
            ),
            (
                "Please send a technical specification: what the module is to do, for whom and "
                "with which data. It may later become part of an update."
            ),
        ),
    ),
)

ENTRIES = {entry.code: entry for entry in CATALOGUE}
INSIDE = tuple(entry for entry in CATALOGUE if entry.is_inside)
OUTSIDE = tuple(entry for entry in CATALOGUE if not entry.is_inside)


def find_entry(code: str) -> ScopeEntry | None:
    """Return the entry of this code, None for a code that the catalogue does not have."""
    return ENTRIES.get(code)


def category_name(code: str, language: Language = Language.RU) -> str:
    """Return the name of a ticket's category, or the code itself where it is older."""
    entry = find_entry(code)
    return entry.name(language) if entry else code


def exception(language: Language = Language.RU) -> str:
    """Return what brings any matter back to support: an error of the product behind it (R11)."""
    return pick(EXCEPTION, language)
