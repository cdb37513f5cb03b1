"""The organisation of a test: its provider of identities, and a browser that signs in there."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

PROGRAM = Path(__file__).parent / "provider_process.py"
SITE = "https://support.test"
PATIENCE_SECONDS = 60
MOST_STEPS = 12
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Organisation:
    """A running provider; what is changed here holds there from the next question on."""

    port: int
    file: Path
    process: subprocess.Popen[bytes] | None = None
    told: dict[str, object] = field(
        default_factory=lambda: {
            "people": {},
            "password": "words of the organisation",
            "client_id": "support",
            "client_secret": "sesame and more",
            "client_uri": "http://127.0.0.1",
            "redirect_uri": f"{SITE}/signin/provider/callback",
            "names_us": True,
        }
    )

    @property
    def issuer(self) -> str:
        """Return where the provider is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; each time it makes new keys."""
        command = [sys.executable, str(PROGRAM), str(self.port), str(self.file)]
        with self.file.with_name("provider.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - a program of ours
        _wait(self.issuer, self.process)

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_SECONDS)

    def tell(self, **told: object) -> None:
        """Change what the provider knows."""
        self.told |= told
        self.file.write_text(json.dumps(self.told))

    def settings(self) -> dict[str, object]:
        """Return the settings of a service that asks this provider."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": self.told["client_id"],
            "oidc_client_secret": self.told["client_secret"],
            "oidc_roles": {"support": "specialist", "support-head": "head"},
            "oidc_login_claim": "sub",
        }

    def walk(self, address: str, login: str, answer: str = "accept") -> str:
        """Sign in as a person with a browser does; return the address to which it is sent back."""
        with httpx.Client() as browser:
            reply = browser.get(address)
            for _ in range(MOST_STEPS):
                onward = reply.headers.get("location", "")
                if onward.startswith(SITE):
                    return str(onward)
                if onward:
                    reply = browser.get(reply.url.join(onward))
                else:
                    reply = browser.post(reply.url, data=self._form(reply.text, login, answer))
        raise AssertionError("the provider sends nobody back")

    def _form(self, page: str, login: str, answer: str) -> dict[str, str]:
        values = {"login": login, "password": str(self.told["password"]), "answer": answer}
        named = {name: value for name, value in values.items() if f'name="{name}"' in page}
        token = CSRF.search(page)
        assert token, page
        return named | {"csrf_token": token.group(1)}


@contextmanager
def organisation(folder: Path) -> Iterator[Organisation]:
    """Run a provider for a while."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        running = Organisation(free.getsockname()[1], folder / "people.json")
    running.tell()
    try:
        running.start()
        yield running
    finally:
        running.stop()


def changed(address: str, **values: str) -> str:
    """Return the address with other values in its question."""
    parts = urlsplit(address)
    asked = {name: given[0] for name, given in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode(asked | values)).geturl()


def asked(address: str) -> dict[str, str]:
    """Return what the question of an address carries."""
    return {name: given[0] for name, given in parse_qs(urlsplit(address).query).items()}


def _wait(issuer: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
            return
        time.sleep(0.1)
    raise AssertionError("the provider does not start")
