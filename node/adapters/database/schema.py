"""All tables together."""

from node.adapters.database import award_tables, copy_tables, publication_tables, run_tables, work_tables
from node.adapters.database.tables import METADATA

__all__ = ["METADATA", "award_tables", "copy_tables", "publication_tables", "run_tables", "work_tables"]
