"""The JSON API: every door in one application; only its health and its own description are open.

Carries out R2 and R29-R32; each group of doors is a module of its own.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel
from temporalio.service import RPCError
from typing_extensions import override

from gateway import (
    auth,
    codec,
    commands,
    correspondence,
    files,
    intake,
    letter_pages,
    limits,
    operations,
    orders,
    problems,
    reference,
    review,
    tickets,
)
from gateway.entrance.provider import Provider
from gateway.pages import faults, guard, live, shell
from gateway.pages.visitors import SignInNeededError
from gateway.parts import Parts
from gateway.problems import ProblemBody
from storage import calendars

GLANCE = timedelta(seconds=1)
DESCRIPTION = """
Служба технической поддержки PROFMAN ISS.

Каждому запросу к `/api` нужен токен: `Authorization: Bearer …`. Клиент видит только заявки своей
организации. Ошибки приходят как `application/problem+json` (RFC 9457): что не так, почему и что
делать. Запросы с `Idempotency-Key` можно безопасно повторять.
"""


class Health(BaseModel):
    """Служба жива; что из её частей отвечает."""

    is_alive: bool = True
    register_answers: bool
    engine_answers: bool


class Application(FastAPI):
    """The application, whose description names the body of every problem."""

    @override
    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if not self.openapi_schema:
            schemas = super().openapi()["components"]["schemas"]
            body = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= body.pop("$defs", {})
            schemas[ProblemBody.__name__] = body
        return super().openapi()


def create_app(parts: Parts) -> FastAPI:
    """Return the application that works with these parts."""
    app = Application(
        title="Техническая поддержка PROFMAN ISS",
        description=DESCRIPTION,
        version="1",
        docs_url=None,  # its scripts would come from strangers
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.parts = parts
    app.state.visitors = auth.Visitors(parts)
    app.state.orders = orders.Orders(parts)
    app.state.provider = Provider(parts.settings)
    app.state.news = live.News(parts.database)
    problems.install(app, faults.answer)
    app.add_exception_handler(SignInNeededError, faults.sign_in_needed)
    app.add_middleware(limits.BodyLimits)
    app.add_middleware(guard.Guard, is_secure=parts.settings.site.startswith("https:"))
    _let_the_engine_page_ask(app, parts.settings.engine_ui)
    doors = (intake, correspondence, files, letter_pages, tickets, commands, operations, review)
    for door in (*doors, codec, reference):
        app.include_router(door.router)
    shell.install(app)
    _open_health(app, parts)
    return app


def _let_the_engine_page_ask(app: FastAPI, origin: str) -> None:
    """Allow the engine's own pages, of another origin, to have payloads opened."""
    if origin:
        asked = ["authorization", "content-type", "x-namespace"]
        app.add_middleware(
            CORSMiddleware, allow_origins=[origin], allow_headers=asked, allow_methods=["POST"]
        )


def _open_health(app: FastAPI, parts: Parts) -> None:
    @app.get("/health", tags=["Служба"], summary="Жива ли служба")
    async def health() -> Health:
        """Отвечает всегда; говорит, что из частей сейчас работает."""
        register, engine = await asyncio.gather(
            run_in_threadpool(_register_answers, parts), _engine_answers(parts)
        )
        return Health(register_answers=register, engine_answers=engine)


def _register_answers(parts: Parts) -> bool:
    try:
        with parts.database.transaction() as connection:
            return calendars.current_version(connection) >= 0
    except Exception:  # noqa: BLE001 - whatever it is, the register does not answer
        return False


async def _engine_answers(parts: Parts) -> bool:
    with suppress(RPCError, RuntimeError, TimeoutError):
        check = parts.client.service_client.check_health(timeout=GLANCE)
        return await asyncio.wait_for(check, GLANCE.total_seconds())
    return False
