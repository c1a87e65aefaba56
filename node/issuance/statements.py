"""What others have signed of an organisation, published with its register: accreditations, to the byte.

1. It is read elsewhere: an accreditation of one of the organisation's own identifiers.
2. It is judged as any document is; what is known to be wrong is not published. That its body can be trusted is for
   whoever reads it to say.
3. It is kept under the digest of its bytes, and the register is ordered anew.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.errors import NotIssuableError
from node.issuance.organisation.events import record
from node.ports.api_keys import Caller
from node.ports.errors import RuleError
from node.ports.judging import Judging, Question
from node.ports.publishing import Statement
from node.ports.store import Store, UnitOfWork
from node.ports.work import Nudge, publish_register
from node.verification.policy import Policy
from node.verification.report import Verdict

ACCREDITATION: Final = "accreditation"
MAX_STATEMENTS: Final = 200
"""Of one organisation: bodies accredit institutions and programmes, some dozens."""


@dataclass(frozen=True, slots=True)
class StatementDesk:
    """What may be done with statements. Everything raises StoreError, JudgesError and InputRefusedError."""

    store: Store
    judging: Judging
    policy: Policy
    work: Nudge

    async def publish(self, caller: Caller, document: bytes, at: datetime) -> Statement:
        """Publish an accreditation; raises NotIssuableError for one that is not of the organisation, or is wrong."""
        about = await self.judging.accredited(document)  # 1.
        async with self.store.view(caller.organisation) as view:
            if about not in {did.did for did in await view.identities.dids()}:
                raise _refused("it is of somebody else", "/credentialSubject/id")
        examined = await self.judging.examine(document, Question(policy=self.policy, at=at))  # 2.
        if examined.verdict is Verdict.REJECTED:
            raise _refused("it does not hold", "")
        statement = Statement(hashlib.sha256(document).hexdigest(), ACCREDITATION, about, at, document)

        async def work(unit: UnitOfWork) -> None:  # 3.
            if await unit.statements.add(statement):
                if len(await unit.statements.listed()) > MAX_STATEMENTS:
                    raise RuleError(
                        f"there are {MAX_STATEMENTS} statements already",
                        code="statement.many",
                        remedy="Remove those that are over.",
                    )
                await unit.outbox.add([publish_register(at)])
                record(unit, caller, "statement.publish", statement.digest, at)

        await self.store.change(caller.organisation, work)
        self.work.wake()
        return statement

    async def remove(self, caller: Caller, digest: str, at: datetime) -> None:
        """Publish one no more; copies of it stay what they are."""

        async def work(unit: UnitOfWork) -> None:
            await unit.statements.remove(digest)
            await unit.outbox.add([publish_register(at)])
            record(unit, caller, "statement.remove", digest, at)

        await self.store.change(caller.organisation, work)
        self.work.wake()


def _refused(reason: str, path: str) -> NotIssuableError:
    return NotIssuableError(
        f"the accreditation is not published: {reason}",
        code="statement.refused",
        path=path,
        remedy="Give one that names a DID of this organisation and holds; check it first: glejt verify",
    )
