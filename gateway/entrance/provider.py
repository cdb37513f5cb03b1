"""The organisation's provider of identities (OpenID Connect): asked where to go, asked who came.

Carries out R2 for staff: authorization code with PKCE (S256); an identity counts only when it is
signed by the provider's keys, for us, now, and answers this very question (nonce).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from ssl import SSLContext
from typing import Any
from urllib.parse import quote

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from storage.handshakes import Handshake
from workflows.installation import Installation

CALLBACK = "/signin/provider/callback"
PATIENCE_SECONDS = 5.0
LEEWAY_SECONDS = 60
REMEMBERED = timedelta(hours=1)
# Keys that everybody may know can only check: never `none`, never a shared secret.
ALGORITHMS = [f"{family}{size}" for family in ("RS", "PS", "ES") for size in (256, 384, 512)]
Claims = Mapping[str, Any]


class ProviderAwayError(Exception):
    """The provider does not answer, or not as one."""


class UnprovenError(Exception):
    """The provider took the code back, or its word about who came does not hold."""


@dataclass(frozen=True)
class Known:
    """What the provider published about itself, and when we read it."""

    metadata: Claims
    keys: KeySet
    read_at: datetime


class Provider:
    """The provider that the settings name; what it publishes is read again after an hour."""

    def __init__(self, settings: Installation) -> None:
        """Speak with the provider of these settings."""
        self._settings = settings
        self._known: Known | None = None

    @property
    def redirect_uri(self) -> str:
        """Return where the provider sends people back: the site of the settings, nothing asked."""
        return self._settings.site.rstrip("/") + CALLBACK

    async def address(self, state: str, handshake: Handshake, now: datetime) -> str:
        """Return where a browser signs in.

        Raises:
            ProviderAwayError: when it does not answer.

        """
        known = await self._find(now)
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self._settings.oidc_scopes,
            "state": state,
            "nonce": handshake.nonce,
            "code_challenge": create_s256_code_challenge(handshake.verifier),
            "code_challenge_method": "S256",
        }
        return str(
            add_params_to_uri(_endpoint(known, "authorization_endpoint"), list(asked.items()))
        )

    async def claims(self, code: str, handshake: Handshake, now: datetime) -> Claims:
        """Change the code for the proven claims about who signed in.

        Raises:
            ProviderAwayError: when the provider does not answer.
            UnprovenError: when the code or what it was changed for does not hold.

        """
        known = await self._find(now)
        given = await self._change(known, code, handshake)
        claims = await self._proven(known, given, handshake, now)
        if {self._settings.oidc_role_claim, self._settings.oidc_login_claim} <= set(claims):
            return claims
        return {**await self._told(known, given, claims), **claims}

    async def _find(self, now: datetime) -> Known:
        known = self._known
        if known is None or not known.read_at <= now < known.read_at + REMEMBERED:
            known = self._known = await self._read(now)
        return known

    async def _read(self, now: datetime) -> Known:
        issuer = self._settings.oidc_issuer
        metadata = await _json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise ProviderAwayError("another issuer answers")
        try:
            published = await _json("GET", str(metadata.get("jwks_uri")))
            keys = KeySet.import_key_set({"keys": list(published["keys"])})
        except (JoseError, KeyError, TypeError, ValueError) as flaw:
            raise ProviderAwayError("no keys") from flaw
        return Known(metadata, keys, now)

    async def _change(self, known: Known, code: str, handshake: Handshake) -> Claims:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": handshake.verifier,
        }
        id_, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        taken = known.metadata.get("token_endpoint_auth_methods_supported")
        is_basic = not isinstance(taken, list) or "client_secret_basic" in taken
        auth = (quote(id_, safe=""), quote(secret.get_secret_value(), safe=""))
        if not is_basic:
            form |= {"client_id": id_, "client_secret": secret.get_secret_value()}
        endpoint = _endpoint(known, "token_endpoint")
        return await _json("POST", endpoint, data=form, auth=auth if is_basic else None)

    async def _proven(
        self, known: Known, given: Claims, handshake: Handshake, now: datetime
    ) -> Claims:
        id_token = str(given.get("id_token", ""))
        try:
            try:
                token = jwt.decode(id_token, known.keys, ALGORITHMS)
            except InvalidKeyIdError:  # the provider has new keys
                self._known = await self._read(now)
                token = jwt.decode(id_token, self._known.keys, ALGORITHMS)
            self._check(token, given, handshake, now)
        except (JoseError, TypeError, ValueError) as flaw:
            raise UnprovenError(str(flaw)) from flaw
        return token.claims

    def _check(self, token: jwt.Token, given: Claims, handshake: Handshake, now: datetime) -> None:
        """Check that the identity was issued by the provider, for us, now, for this question."""
        id_ = self._settings.oidc_client_id
        options = {
            "iss": {"essential": True, "value": self._settings.oidc_issuer},
            "aud": {"essential": True, "value": id_},
        }
        params = {
            "nonce": handshake.nonce,
            "client_id": id_,
            "access_token": given.get("access_token"),
        }
        claims = CodeIDToken(token.claims, token.header, options, params)
        claims.validate(int(now.timestamp()), LEEWAY_SECONDS)

    async def _told(self, known: Known, given: Claims, claims: Claims) -> Claims:
        """Return what the provider tells beside the signed identity, of the same person alone."""
        endpoint = known.metadata.get("userinfo_endpoint")
        if not endpoint:
            return {}
        headers = {"Authorization": f"Bearer {given.get('access_token')}"}
        told = await _json("GET", str(endpoint), headers=headers)
        return told if told.get("sub") == claims["sub"] else {}


async def _json(method: str, address: str, **request: Any) -> Claims:  # noqa: ANN401 - httpx's own
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, verify=_trust()) as http:
            answer = await http.request(method, address, **request)
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failure:
        raise ProviderAwayError(type(failure).__name__) from failure
    if answer.is_client_error and method == "POST":
        raise UnprovenError(_code(told))
    if not answer.is_success or not isinstance(told, dict):
        raise ProviderAwayError(str(answer.status_code))
    return told


@cache
def _trust() -> SSLContext:
    return httpx.create_ssl_context()  # reading all authorities takes tens of milliseconds


def _code(told: object) -> str:
    """Return the provider's code of an error (RFC 6749) as a line of a log may carry it."""
    code = told.get("error") if isinstance(told, dict) else ""
    return ascii(code)[:100]


def _endpoint(known: Known, name: str) -> str:
    endpoint = known.metadata.get(name)
    if not isinstance(endpoint, str):
        raise ProviderAwayError(f"no {name}")
    return endpoint
