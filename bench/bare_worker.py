"""The bare worker as a process: the same runner, threads and cache as ours."""

import asyncio
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from bench.bare import QUEUE, BareActivities, BareLetter, BareLife, BareWaiter
from bench.bare_register import BareRegister
from worker import CACHED_TICKETS, THREADS

log = logging.getLogger(__name__)
RESTRICTIONS = SandboxRestrictions.default.with_passthrough_modules("bench", "psycopg")


async def run(cached: int) -> None:
    """Carry the bare processes until asked to stop."""
    client = await Client.connect(os.environ["BENCH_TEMPORAL"])
    register = BareRegister(os.environ["BENCH_DATABASE"])
    bare = BareActivities(register, int(os.environ["BENCH_SINK"]))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with ThreadPoolExecutor(THREADS) as threads:
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[BareLife, BareLetter, BareWaiter],
            activities=[bare.record, bare.plan, bare.deliver, bare.confirm],
            activity_executor=threads,
            workflow_runner=SandboxedWorkflowRunner(restrictions=RESTRICTIONS),
            max_cached_workflows=cached,
        ):
            log.info("the worker is up")
            await stop.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(run(int(sys.argv[1]) if sys.argv[1:] else CACHED_TICKETS))
