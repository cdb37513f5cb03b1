"""A form as somebody filled it in: what was typed, what is wrong with which field, what it means.

A page that turns a form away draws it again from this: nothing typed is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import uuid4

from fastapi import Request, UploadFile
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile as Uploaded

from gateway.pages.translation import _
from gateway.problems import Problem, reason_of

T = TypeVar("T", bound=BaseModel)
OF_THE_PAGE = frozenset({"csrf", "key", "back"})


@dataclass(frozen=True)
class Filled:
    """What stands in the fields of a form, and the errors beside them; `key` names this try."""

    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[UploadFile, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    key: str = field(default_factory=lambda: uuid4().hex)

    def value(self, name: str, otherwise: str = "") -> str:
        """Return what was typed into a field."""
        return self.values.get(name, otherwise)

    def has(self, name: str, value: str) -> bool:
        """Tell whether a choice was made among several."""
        return value in self.lists.get(name, ())

    def error(self, name: str) -> str:
        """Return what is wrong with a field, nothing where it is well."""
        return self.errors.get(name, "")

    def with_value(self, name: str, value: str) -> "Filled":
        """Return the form with this in one of its fields."""
        values, lists = {**self.values, name: value}, {**self.lists, name: (value,)}
        return replace(self, values=values, lists=lists)

    def wrong(self, **errors: str) -> "Filled":
        """Return the form with these errors beside its fields."""
        return replace(self, errors={**self.errors, **errors})

    def refused(self, problem: Problem) -> "Filled":
        """Return the form with what a problem says of it; people know nothing of keys."""
        if problem.body["code"] == "key_reused":
            return self.wrong(form=_("Эта форма уже отправлена с другими словами. Откройте новую."))
        flaws = problem.body.get("errors", [])
        named = {flaw["field"].partition(".")[0]: flaw["reason"] for flaw in flaws}
        told = f"{problem.body['detail']} {problem.body['way_out']}"
        return self.wrong(**(named or {"form": told}))

    def read(self, model: type[T], **known: object) -> "T | Filled":
        """Return the model that the form means, or the form with its errors.

        `known` are values that the page itself knows; empty fields take the model's defaults.
        """
        given: dict[str, object] = {
            name: self.lists[name] if _is_list(model, name) else self.values[name]
            for name in self.lists
            if name in model.model_fields and (self.values[name] or _is_required(model, name))
        }
        try:
            return model.model_validate({**given, **known})
        except ValidationError as flawed:
            errors = {str(one["loc"][0]) if one["loc"] else "form": one for one in flawed.errors()}
            return self.wrong(**{name: _sentence(one) for name, one in errors.items()})


async def filled(request: Request) -> Filled:
    """Read the form of a request."""
    form = await request.form()
    lists: dict[str, tuple[str, ...]] = {}
    files: list[UploadFile] = []
    for name, value in form.multi_items():
        if isinstance(value, Uploaded):
            files.append(UploadFile(value.file, size=value.size, filename=value.filename))
        elif name not in OF_THE_PAGE:
            lists[name] = (*lists.get(name, ()), value)
    values = {name: given[-1] for name, given in lists.items()}
    key = str(form.get("key") or uuid4().hex)[:100]
    return Filled(values, lists, tuple(files), {}, key)


def _is_list(model: type[BaseModel], name: str) -> bool:
    return str(model.model_fields[name].annotation).startswith(("list", "tuple"))


def _is_required(model: type[BaseModel], name: str) -> bool:
    return model.model_fields[name].is_required()


def _sentence(error: Mapping[str, object]) -> str:
    said = reason_of(error)
    return _("{reason}.").format(reason=said[:1].upper() + said[1:])
