"""The process that carries tickets: every workflow and activity; it drains on SIGTERM."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.correspondence import Stationery
from activities.imap import Account
from activities.journal import Journal, Lookup
from activities.letters import Gate, LetterActivities
from activities.mailbox import MailboxActivities
from activities.outbox import Outbox
from activities.pacing import Pace, Turns
from activities.post import Post
from activities.register import RegisterActivities
from activities.smtp import Server
from activities.upkeep import UpkeepActivities
from mail.identity import Keyring
from storage.database import Database
from storage.rules import CurrentRules
from workflows import LETTER_QUEUE, TASK_QUEUE
from workflows.account_letter import AccountLetterWorkflow
from workflows.connection import connect
from workflows.installation import Installation, installation
from workflows.mailbox import MailboxWorkflow, ensure_watch
from workflows.ticket import TicketWorkflow
from workflows.upkeep import UpkeepWorkflow, ensure_schedule

# What workflows import but never run by themselves is shared with them as it is: importing it
# anew for every ticket costs seconds of processor time and hundreds of kilobytes.
SHARED = (
    "domain",
    "mail",
    "storage",
    "activities",
    "workflows",
    "sqlalchemy",
    "psycopg",
    "holidays",
)
GRACE = timedelta(seconds=20)
THREADS = 16
CACHED_TICKETS = 1000
# More would drain a burst no faster and let the commands of staff wait among them.
TASKS_AT_ONCE = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What the activities work with."""

    database: Database
    rules: CurrentRules
    post: Post
    was_sent: Lookup | None
    stationery: Stationery
    mailboxes: Mapping[str, Account] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)


def assemble(settings: Installation) -> Parts:
    """Put together the parts that the settings describe."""
    database = Database(settings.database_url, pool_size=THREADS)
    return Parts(
        database,
        CurrentRules(database, wall_clock),
        _post(settings),
        _journal(settings),
        _paper(settings),
        _mailboxes(settings),
        _pace(settings),
    )


@asynccontextmanager
async def workers(
    client: Client, parts: Parts, cached: int = CACHED_TICKETS
) -> AsyncIterator[list[Worker]]:
    """Run a worker of the process and one of the letters until the context is left."""
    outbox = Outbox()
    register = RegisterActivities(parts.database, parts.rules, parts.stationery, outbox)
    gate = Gate(parts.post, parts.was_sent, Turns(parts.pace))
    letters = LetterActivities(parts.database, parts.rules, gate, outbox)
    mailbox = MailboxActivities(parts.database, parts.mailboxes)
    upkeep = UpkeepActivities(parts.database)
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*SHARED)
    async with AsyncExitStack() as running:
        threads = running.enter_context(ThreadPoolExecutor(THREADS))
        # Threads of their own: a mail server that hangs must not hold the tickets' steps.
        mail_threads = running.enter_context(ThreadPoolExecutor(THREADS))
        tickets = Worker(
            client,
            task_queue=TASK_QUEUE,
            workflows=[TicketWorkflow, AccountLetterWorkflow, MailboxWorkflow, UpkeepWorkflow],
            activities=[
                register.record_events,
                register.plan_next,
                letters.deliver_letter,
                upkeep.look_for_findings,
            ],
            activity_executor=threads,
            workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
            max_cached_workflows=cached,
            max_concurrent_workflow_tasks=TASKS_AT_ONCE,
            graceful_shutdown_timeout=GRACE,
        )
        mail = Worker(
            client,
            task_queue=LETTER_QUEUE,
            activities=[letters.deliver_letter, mailbox.watch_mailbox],
            activity_executor=mail_threads,
            max_concurrent_activities=THREADS,
            graceful_shutdown_timeout=GRACE,
        )
        await running.enter_async_context(tickets)
        await running.enter_async_context(mail)
        yield [tickets, mail]


async def run() -> None:
    """Connect and carry tickets until asked to stop; what is in hand is finished first."""
    settings = installation()
    parts = assemble(settings)
    parts.database.check_durability()
    parts.rules()  # the calendar is put together before any ticket waits for it
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    client = await wait_for_engine(settings)
    async with workers(client, parts):
        await ensure_schedule(client)
        for mailbox in parts.mailboxes:
            await ensure_watch(client, mailbox)
        log.info("worker is up")
        await stop.wait()
    parts.post.close()
    parts.database.dispose()


async def wait_for_engine(settings: Installation) -> Client:
    """Return a connected client, however long the engine takes to come up."""
    while True:
        try:
            return await connect(settings, lazy=False)
        except RuntimeError:
            log.warning("the engine at %s does not answer yet", settings.temporal_address)
            await asyncio.sleep(1)


def wall_clock() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def main() -> None:
    """Run the worker."""
    logging.basicConfig(level=logging.INFO)
    asyncio.run(run())


def mail_server(settings: Installation) -> Server:
    """Return the server that takes our letters, and how to speak to it."""
    return Server(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
        settings.smtp_security,
        settings.mail_ca_file,
    )


def _post(settings: Installation) -> Post:
    return Post(mail_server(settings), settings.bounce_address, settings.journal_address)


def _journal(settings: Installation) -> Lookup | None:
    if not settings.journal_host:
        return None
    return Journal(
        settings.journal_host,
        settings.journal_port,
        settings.journal_user,
        settings.journal_password.get_secret_value(),
        tls=settings.journal_tls,
        ca_file=settings.mail_ca_file,
    ).has


def _pace(settings: Installation) -> Pace:
    return Pace(
        settings.letters_a_minute, settings.letters_at_once, settings.automatic_letters_a_minute
    )


def _mailboxes(settings: Installation) -> Mapping[str, Account]:
    """Return the hosted mailbox, if there is one, under its user's name."""
    if not settings.mailbox_host:
        return {}
    account = Account(
        settings.mailbox_user,
        settings.mailbox_host,
        settings.mailbox_port,
        settings.mailbox_user,
        settings.mailbox_password.get_secret_value(),
        tls=settings.mailbox_tls,
        folder=settings.mailbox_folder,
        processed=settings.mailbox_processed,
        token_file=settings.mailbox_token_file,
        ca_file=settings.mail_ca_file,
    )
    return {account.name: account}


def _paper(settings: Installation) -> Stationery:
    keys = Keyring.from_hex(settings.signing_key_id, settings.plain_signing_keys())
    return Stationery(keys, settings.mail_domain, settings.instance, settings.site)


if __name__ == "__main__":
    main()
