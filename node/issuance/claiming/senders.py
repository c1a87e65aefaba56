"""As whom an organisation writes to its learners: an address of a domain that is allowed, a name, a language."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from node.issuance.claiming.addresses import mail_address
from node.issuance.errors import NotIssuableError
from node.issuance.organisation.events import record, said
from node.issuance.organisation.second_person import Action, agreed
from node.ports.api_keys import Caller
from node.ports.errors import RuleError
from node.ports.mail import Letterhead, Sender
from node.ports.oversight import Approval
from node.ports.store import Store, UnitOfWork

MAX_NAME_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class SenderDesk:
    """The use case; `letterhead` is None for a node that writes no letters."""

    store: Store
    now: Callable[[], datetime]
    letterhead: Letterhead | None

    async def find(self, caller: Caller) -> Sender:
        """As whom letters go out, with what the node adds where nothing was set."""
        async with self.store.view(caller.organisation) as view:
            return self._whole(await view.senders.find())

    async def change(self, caller: Caller, sender: Sender, granted: str | None = None) -> Sender | Approval:
        """Write so from now on; raises RuleError for an address that this node may not write from."""
        at = self.now()
        checked = self._checked(sender)

        async def work(unit: UnitOfWork) -> Sender | Approval:
            async def change() -> Sender:
                await unit.senders.keep(checked, at)
                record(unit, caller, "mail.change", unit.organisation, at, {"language": checked.language})
                return self._whole(checked)

            payload = said(
                mail=said(
                    address=checked.address, name=checked.name, reply_to=checked.reply_to, language=checked.language
                )
            )
            return await agreed(unit, Action.SETTINGS, payload, caller, at, granted, change)

        return await self.store.change(caller.organisation, work)

    def _whole(self, sender: Sender) -> Sender:
        if sender.address is None and self.letterhead is not None:
            return replace(sender, address=self.letterhead.address)
        return sender

    def _checked(self, sender: Sender) -> Sender:
        name = sender.name
        if name is not None and not (0 < len(name.strip()) <= MAX_NAME_CHARS and name.isprintable()):
            raise _refused("the name is no text of one line", f"Write up to {MAX_NAME_CHARS} characters.")
        try:
            address = None if sender.address is None else mail_address(sender.address)
            reply_to = None if sender.reply_to is None else mail_address(sender.reply_to)
        except NotIssuableError as error:
            raise _refused(str(error), error.remedy) from error
        if address is not None and (self.letterhead is None or not self.letterhead.allows(address)):
            raise _refused(
                "this node does not write from that domain",
                "Leave the address out, or have the administrator allow the domain: mail_domains.",
            )
        return replace(sender, address=address, reply_to=reply_to)


def _refused(message: str, remedy: str) -> RuleError:
    return RuleError(message, code="mail.sender", remedy=remedy)
