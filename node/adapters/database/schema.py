"""All tables together."""

from node.adapters.database import (
    aftercare_tables,
    award_tables,
    copy_tables,
    link_tables,
    publication_tables,
    run_tables,
    thread_tables,
    work_tables,
)
from node.adapters.database.tables import METADATA

__all__ = [
    "METADATA",
    "aftercare_tables",
    "award_tables",
    "copy_tables",
    "link_tables",
    "publication_tables",
    "run_tables",
    "thread_tables",
    "work_tables",
]
