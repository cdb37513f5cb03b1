"""The child that reads letters: started by `mail.confinement`, limited, alone with hostile bytes.

R28: it has no environment, can fill no file and leaves no core; time beyond the terms ends
it even if the service, which counts its seconds, is gone. It ends when nobody asks any more.
"""

import os
import resource
import signal
import socket
import sys
from math import ceil

from mail.reading import OwnNames, ReceivedLetter, read, read_header
from mail.transport import TERMS, Channel, Task, Terms

_SPARE_SECONDS = 1  # the service counts first: only what it no longer can end ends itself


def serve(line: socket.socket) -> None:
    """Read letter after letter until the other end hangs up."""
    channel = Channel(line)
    _, content = channel.next_order()
    terms = TERMS.validate_json(content)
    _confine(terms)
    channel.order(Task.BEGIN, b"")
    while True:
        task, raw = channel.next_order()
        signal.alarm(ceil(terms.seconds) + _SPARE_SECONDS)
        channel.answer(_read(task, raw, terms.own))
        signal.alarm(0)


def _read(task: Task, raw: bytes, own: OwnNames) -> ReceivedLetter:
    return read(raw, own) if task is Task.READ else read_header(raw, "", own)


def _confine(terms: Terms) -> None:
    if sys.platform != "darwin":  # it knows this limit, and refuses it
        _limit(resource.RLIMIT_AS, terms.megabytes * 2**20)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)  # what it would say about a letter is no matter for a log


def _limit(kind: int, most: int) -> None:
    _, hardest = resource.getrlimit(kind)
    limit = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
    resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    try:
        serve(socket.socket(fileno=0))
    except (EOFError, ConnectionError):
        raise SystemExit from None  # the service has gone, or wants this child no more
