"""A real provider of identities (Canaille) in its own process; a file says who is in which group.

`python provider_process.py PORT FILE`; the file is read again whenever it has changed.
"""

import json
import sys
from pathlib import Path
from typing import Any

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from flask import request

PORT, FILE = int(sys.argv[1]), Path(sys.argv[2])
SCOPES = ["openid", "profile", "email", "groups"]
CONFIG: dict[str, Any] = {
    "SECRET_KEY": "a secret of this run alone, long enough",
    "SERVER_NAME": f"127.0.0.1:{PORT}",
    "PREFERRED_URL_SCHEME": "http",
    "CANAILLE": {"DATABASE": "memory", "SMTP": None, "JAVASCRIPT": False, "HTMX": False},
    "CANAILLE_OIDC": {},
}
app = create_app(CONFIG)
known: dict[str, Any] = {"text": "", "people": {}, "client": None}


@app.before_request  # type: ignore[untyped-decorator]  # Canaille has no types
def read_again() -> None:
    """Make everything as the file says."""
    text = FILE.read_text()
    if text == known["text"]:
        return
    told, known["text"] = json.loads(text), text
    for login, groups in told["people"].items():
        put_person(login, told["password"], set(groups))
    put_client(told)


@app.before_request  # type: ignore[untyped-decorator]  # Canaille has no types
def forget_codes() -> None:
    """Forget the codes that nobody took back: this backend finds any of a client's for another."""
    if request.path == "/oauth/authorize":
        for code in Backend.instance.query(models.AuthorizationCode):
            Backend.instance.delete(code)


def put_person(login: str, password: str, groups: set[str]) -> None:
    """Enter a person, or change whose groups they are in."""
    person = known["people"].get(login) or models.User(user_name=login)
    person.formatted_name, person.family_name = f"{login.title()} Test", "Test"
    person.emails, person.password = [f"{login}@organisation.example"], password
    Backend.instance.save(person)
    known["people"][login] = person
    for name in groups | {group.display_name for group in Backend.instance.query(models.Group)}:
        found = Backend.instance.query(models.Group, display_name=name)
        group = found[0] if found else models.Group(display_name=name, members=[])
        others = [member for member in group.members if member != person]
        group.members = [*others, person] if name in groups else others
        Backend.instance.save(group)


def put_client(told: dict[str, Any]) -> None:
    """Enter the service that asks who somebody is."""
    client = known["client"] or models.Client(client_id=told["client_id"])
    client.client_name, client.client_secret = "Support", told["client_secret"]
    client.redirect_uris = [told["redirect_uri"]]
    client.grant_types, client.response_types = ["authorization_code"], ["code"]
    client.scope, client.token_endpoint_auth_method = SCOPES, "client_secret_basic"
    client.client_uri = told["client_uri"]
    Backend.instance.save(client)
    client.audience = [client] if told["names_us"] else []
    Backend.instance.save(client)
    known["client"] = client


if __name__ == "__main__":
    app.run("127.0.0.1", PORT, threaded=True)
