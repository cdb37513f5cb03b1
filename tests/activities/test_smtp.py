"""Letters go only to a server that proves who it is, and no password is seen or said on the way.

R46; RFC 3207, RFC 4954, RFC 8314.
"""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.post import Post
from activities.smtp import Security, Server, TemporaryRefusalError
from deploy.local import processes
from deploy.local.processes import LOOPBACK

SENDER = "lanskov@profman.ru"
ANNA = "anna@sever.example"
MIME = b"Message-ID: <1@profman.ru>\r\n\r\nOK\r\n"
PASSWORD = "open sesame"  # noqa: S105 - of a server that lives for one test
A_DAY = timedelta(days=1)
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Certificates:
    """An authority of one test, and what its server shows."""

    authority: Path
    server: Path


class Taken:
    """What a mail server took, over what kind of line; the names are aiosmtpd's."""

    def __init__(self) -> None:
        """Begin empty."""
        self.letters: list[bytes] = []
        self.lines: list[tuple[bool, bool]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the letter, and whether the line was sealed and its user known."""
        self.letters.append(envelope.original_content or b"")
        is_sealed = bool(server.transport and server.transport.get_extra_info("sslcontext"))
        self.lines.append((is_sealed, bool(session.authenticated)))
        return "250 OK"


def authenticate(_: SMTP, __: Session, ___: Envelope, ____: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"post", PASSWORD.encode()), handled=False)


def certify(folder: Path, names: list[x509.GeneralName]) -> Certificates:
    """Make an authority and have it certify a server of these names."""
    root_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of one test")])
    server = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    draft = x509.CertificateBuilder(not_valid_before=NOW - A_DAY, not_valid_after=NOW + A_DAY)
    draft = draft.issuer_name(root)
    its_own = (
        draft.subject_name(root)
        .serial_number(1)
        .public_key(root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    shown = (
        draft.subject_name(server)
        .serial_number(2)
        .public_key(server_key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    made = Certificates(folder / "authority.pem", folder / "server.pem")
    made.authority.write_bytes(its_own.public_bytes(serialization.Encoding.PEM))
    made.server.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + shown.public_bytes(serialization.Encoding.PEM)
    )
    return made


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    return certify(tmp_path_factory.mktemp("ours"), names)


@pytest.fixture(scope="module")
def of_another_name(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certify(tmp_path_factory.mktemp("another"), [x509.DNSName("mail.example")])


@pytest.fixture
def taken() -> Taken:
    return Taken()


def serve(
    taken: Taken, security: Security, certificates: Certificates, host: str = LOOPBACK
) -> Controller:
    """Make a mail server that knows one user, over such a line."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server)
    is_starttls = security == "starttls"
    return Controller(
        taken,
        hostname=host,
        port=processes.free_port(),
        ssl_context=context if security == "tls" else None,
        tls_context=context if is_starttls else None,
        require_starttls=is_starttls,
        auth_require_tls=is_starttls,  # of TLS from the first byte it knows nothing
        authenticator=authenticate,
    )


@pytest.fixture(params=["starttls", "tls"])
def server(
    request: pytest.FixtureRequest, taken: Taken, certificates: Certificates
) -> Iterator[Server]:
    """Give a server that speaks to us over a sealed line only."""
    running = serve(taken, request.param, certificates)
    with running_server(running):
        yield Server(
            LOOPBACK, running.port, "post", PASSWORD, request.param, certificates.authority, 2.0
        )


def running_server(controller: Controller) -> "closing[Stopping]":
    controller.start()
    return closing(Stopping(controller))


@dataclass
class Stopping:
    """A running server that stops when it is closed."""

    controller: Controller

    def close(self) -> None:
        """Stop it."""
        self.controller.stop()


def refusal(server: Server) -> str:
    with closing(Post(server, SENDER)) as post, pytest.raises(TemporaryRefusalError) as refused:
        post.send(ANNA, MIME)
    return str(refused.value)


def test_a_letter_goes_over_a_sealed_line_under_our_name(
    server: Server, taken: Taken
) -> None:  # R46
    with closing(Post(server, SENDER)) as post:
        for _ in range(2):
            post.send(ANNA, MIME)

    assert taken.letters == [MIME, MIME]
    assert taken.lines == [(True, True)] * 2


def test_a_wrong_password_is_told_without_saying_it(server: Server, taken: Taken) -> None:  # R46
    said = refusal(replace(server, password="close sesame"))  # noqa: S106 - a wrong one

    assert said == "почтовый сервер не принял имя и пароль службы: 535"
    assert taken.letters == []


def test_a_server_that_no_known_authority_vouches_for_gets_nothing(
    server: Server, taken: Taken
) -> None:  # R46
    said = refusal(replace(server, ca_file=None))

    assert said.startswith("сертификат почтового сервера не принят: ")
    assert taken.letters == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_under_another_name_gets_nothing(
    taken: Taken, of_another_name: Certificates, security: Security
) -> None:  # R46
    running = serve(taken, security, of_another_name)
    with running_server(running):
        ours = Server(LOOPBACK, running.port, "post", PASSWORD, security, of_another_name.authority)
        said = refusal(ours)

    assert said.startswith("сертификат почтового сервера не принят: IP address mismatch")
    assert taken.letters == []


def test_a_line_that_cannot_be_sealed_carries_nothing(
    taken: Taken, certificates: Certificates
) -> None:  # R46
    running = serve(taken, "none", certificates)
    with running_server(running):
        said = refusal(Server(LOOPBACK, running.port, "post", PASSWORD, "starttls"))

    assert said.startswith("почтовый сервер не предлагает того, что ему назначено: STARTTLS")
    assert taken.letters == []


def test_a_server_that_speaks_no_tls_is_told_from_one_that_is_away(
    taken: Taken, certificates: Certificates
) -> None:  # R46
    running = serve(taken, "none", certificates)
    with running_server(running):
        said = refusal(Server(LOOPBACK, running.port, "post", PASSWORD, "tls"))

    assert said.startswith("TLS с почтовым сервером не установлен: ")


def test_a_password_leaves_this_machine_over_tls_only(
    taken: Taken, certificates: Certificates
) -> None:
    running = serve(taken, "none", certificates, "127.0.0.2")  # a host, for all that we know
    with running_server(running):
        said = refusal(Server("127.0.0.2", running.port, "post", PASSWORD))

    assert said == "нет связи с почтовым сервером: без TLS пароль не отправляется"


def test_a_password_is_not_shown() -> None:
    assert PASSWORD not in repr(Server(LOOPBACK, 25, "post", PASSWORD))
