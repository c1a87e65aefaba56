"""What status lists say of awards, as a statement: which are revoked, which are suspended."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Select, and_, or_, select

from node.adapters.database.award_tables import STATUS_ENTRIES, STATUS_LISTS
from node.ports.awarding import Standing
from node.ports.organisations import OrganisationId
from node.ports.status_rows import TOKEN_LIST
from node.status.entry import Purpose
from node.status.token_status_list import INVALID, SUSPENDED

_SAID: Final[Mapping[Standing, tuple[str, int]]] = {
    Standing.REVOKED: (Purpose.REVOCATION.value, INVALID),
    Standing.SUSPENDED: (Purpose.SUSPENSION.value, SUSPENDED),
}


def said_of(organisation: OrganisationId, standing: Standing) -> Select[Any]:
    """The entries that say this of an award: in a list of this purpose, or by this value in one of tokens."""
    entries, lists = STATUS_ENTRIES.c, STATUS_LISTS.c
    purpose, value = _SAID[standing]
    of_tokens = and_(lists.purpose == TOKEN_LIST, entries.value == value)
    listed = and_(lists.organisation == entries.organisation, lists.id == entries.list)
    return (
        select(STATUS_ENTRIES)
        .join(STATUS_LISTS, listed)
        .where(
            entries.organisation == organisation,
            entries.award.is_not(None),
            entries.value > 0,
            or_(lists.purpose == purpose, of_tokens),
        )
    )
