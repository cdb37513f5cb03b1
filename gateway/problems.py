"""What is answered when something cannot be done: RFC 9457 problems with a way out.

Carries out law 10: each names the field or rule and the reason; none shows our insides.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gateway.pages.translation import _, marked
from storage.database import AWAY, UNSTORABLE

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: marked("Запрос не удалось прочитать"),
    401: marked("Нужен токен доступа"),
    403: marked("Действие не разрешено"),
    404: marked("Не найдено"),
    405: marked("Такого действия здесь нет"),
    409: marked("Сейчас это невозможно"),
    413: marked("Запрос слишком велик"),
    415: marked("Неизвестный вид содержимого"),
    422: marked("Запрос заполнен неверно"),
    500: marked("Внутренняя ошибка"),
    503: marked("Временно недоступно"),
}
WAYS_OUT = {
    400: marked("Проверьте запрос и отправьте его снова."),
    404: marked("Проверьте адрес и номер."),
    405: marked("Проверьте метод запроса по описанию API."),
    500: marked("Повторите запрос позже с тем же ключом Idempotency-Key."),
}
DETAILS = {
    404: marked("По этому адресу ничего нет, или оно недоступно вам."),
    500: marked("Что-то пошло не так, мы уже записали это в журнал."),
}
REASONS = {
    "missing": marked("не заполнено"),
    "string_too_short": marked("не заполнено"),
    "string_too_long": marked("длиннее {max_length} знаков"),
    "enum": marked("допустимо только: {expected}"),
    "literal_error": marked("допустимо только: {expected}"),
    "extra_forbidden": marked("такого поля нет"),
    "json_invalid": marked("это не JSON"),
    "int_parsing": marked("нужно целое число"),
    "datetime_from_date_parsing": marked(
        "нужен момент времени, например 2026-09-07T11:30:00+03:00"
    ),
    "timezone_aware": marked("укажите часовой пояс, например 2026-09-07T11:30:00+03:00"),
    "less_than_equal": marked("больше допустимого: {le}"),
}
UNFIT = marked("значение не подходит")

log = logging.getLogger(__name__)


class Flaw(BaseModel):
    """Один недочёт запроса."""

    field: str
    reason: str


class ProblemBody(BaseModel):
    """Ответ об ошибке (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    way_out: str
    errors: list[Flaw] = []


class Problem(HTTPException):
    """An answer that something cannot be done; `more` are members of its own.

    An `HTTPException`, for FastAPI lets only those through from a body that is being read.
    """

    def __init__(  # noqa: PLR0913 - one for each member of the answer
        self,
        status: int,
        code: str,
        detail: str,
        way_out: str = "",
        *,
        errors: Sequence[Flaw] = (),
        headers: dict[str, str] | None = None,
        **more: str | bool | None,
    ) -> None:
        """Say what is wrong and what to do."""
        super().__init__(status, detail, headers)
        self.body: dict[str, Any] = {
            "type": f"urn:profman-support:problem:{code}",
            "title": _(TITLES[status]),
            "status": status,
            "code": code,
            "detail": detail,
            "way_out": way_out or _(WAYS_OUT.get(status, "")),
            **({"errors": [flaw.model_dump() for flaw in errors]} if errors else {}),
            **more,
        }


Answer = Callable[[Request, Problem], Awaitable[Response]]


def not_found(what: str = marked("Заявка")) -> Problem:
    """Return the answer for what does not exist or is another's: nobody can tell which."""
    detail = _("{what}: не найдено или недоступно вам.").format(what=_(what))
    return Problem(404, "not_found", detail)


def invalid(*errors: Flaw) -> Problem:
    """Return the answer that names what is wrong with the fields."""
    detail = "; ".join(f"{flaw.field}: {flaw.reason}" for flaw in errors)
    return Problem(422, "invalid", detail, _("Исправьте указанные поля."), errors=errors)


def register_away() -> Problem:
    """Return the answer for the time while PostgreSQL cannot be asked."""
    detail = _(
        "Реестр временно не отвечает. Письма не пропадут: почтовый сервер доставит их позже."
    )
    way_out = _("Повторите запрос с тем же Idempotency-Key.")
    return Problem(503, "register_away", detail, way_out, headers={"Retry-After": "5"})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of these answers."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        status: {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install(app: FastAPI, answer: Answer) -> None:
    """Answer every failure of the application as a problem, to programs or to people."""
    app.state.answer = answer
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for away in AWAY:
        app.add_exception_handler(away, _register_away)
    for unstorable in UNSTORABLE:
        app.add_exception_handler(unstorable, _unstorable)
    app.add_exception_handler(Exception, _fault)


def response(problem: Problem) -> JSONResponse:
    """Return the problem as programs get it."""
    return JSONResponse(
        problem.body, problem.status_code, headers=problem.headers, media_type=MEDIA_TYPE
    )


async def _answer(request: Request, problem: Problem) -> Response:
    answer: Answer = request.app.state.answer
    return await answer(request, problem)


async def _problem(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, Problem)  # noqa: S101 - Starlette calls it for this class alone
    return await _answer(request, raised)


async def _http(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, HTTPException)  # noqa: S101 - Starlette calls it for this class alone
    status = raised.status_code if raised.status_code in TITLES else 400
    detail = _(DETAILS.get(status, "")) or f"{_(TITLES[status])}."
    headers = dict(raised.headers or {})
    return await _answer(request, Problem(status, f"http_{status}", detail, headers=headers))


async def _invalid(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, RequestValidationError)  # noqa: S101 - as above
    return await _answer(request, invalid(*(_flaw(error) for error in raised.errors())))


async def _register_away(request: Request, fault: Exception) -> Response:
    # The kind alone: the whole error has the statement in it and says nothing more of the server.
    kind = type(getattr(fault, "orig", None) or fault).__name__
    log.error("%s %s: the register is away: %s", request.method, request.url.path, kind)
    return await _answer(request, register_away())


async def _unstorable(request: Request, fault: Exception) -> Response:
    kind = type(getattr(fault, "orig", None) or fault).__name__
    log.warning("%s %s: a value does not fit: %s", request.method, request.url.path, kind)
    detail = _(
        "Значение не подходит: в нём знак, которого нет в тексте, или слишком большое число."
    )
    return await _answer(request, Problem(422, "unfit", detail, _("Исправьте указанные поля.")))


async def _fault(request: Request, fault: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=fault)
    return await _answer(request, Problem(500, "internal", _(DETAILS[500])))


def reason_of(error: Mapping[str, Any]) -> str:
    """Return why a value was not taken, in words, from what the check of the model says."""
    reason = _(REASONS.get(error["type"], UNFIT))
    return reason.format(**error.get("ctx", {}))


def _flaw(error: dict[str, Any]) -> Flaw:
    # The first step of the path is where the value came from: body, query, header.
    where = ".".join(str(step) for step in error["loc"][1:]) or str(error["loc"][0])
    return Flaw(field=where, reason=reason_of(error))
