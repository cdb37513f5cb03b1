"""The life of a letter about an account: from its commit until it has left or never will.

Carries out R2, R45 and law 2. It knows the letter's key and nothing else: neither the address nor
the link is anywhere in its history.
"""

from datetime import timedelta

from temporalio import workflow

from activities.letters import Delivered
from workflows import steps
from workflows.messages import LetterInput


@workflow.defn(name="AccountLetter")
class AccountLetterWorkflow:
    """Sees one letter off."""

    @workflow.run
    async def run(self, letter: LetterInput) -> Delivered:
        """Try until the letter has left; outside its hours it waits for them."""
        delivered = await steps.keep_trying(letter.key)
        while delivered.leaves_at is not None:
            ahead = delivered.leaves_at - workflow.now()
            await workflow.sleep(max(ahead, timedelta(0)), summary="ждёт рабочего времени")
            delivered = await steps.keep_trying(letter.key)
        return delivered
