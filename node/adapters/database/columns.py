"""Kinds of columns that mean the same on both engines, also when they are compared, ordered and summed up."""

import json
from datetime import UTC, datetime, timedelta
from typing import Final, override

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, LargeBinary, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from node.documents import JsonValue

TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Ordered by code points on both: the order of a checksum, and what a search by the first letters takes."""
BYTES: Final = LargeBinary()
NUMBER: Final = BigInteger()
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A time of the world in microseconds, since SQLite keeps no time zone."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _BEGINNING) // timedelta(microseconds=1)

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _BEGINNING + timedelta(microseconds=value)


class Json(TypeDecorator[JsonValue]):
    """A small JSON value that nobody searches in, as text with its members in order."""

    impl = TEXT
    cache_ok = True

    @override
    def process_bind_param(self, value: JsonValue, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> JsonValue:
        return None if value is None else json.loads(value)


def own() -> ForeignKeyConstraint:
    """The reference of a row to its organisation."""
    return ForeignKeyConstraint(["organisation"], ["organisations.id"])


def same_organisation(table: Table, *columns: str) -> ForeignKeyConstraint:
    """A reference that cannot lead to another organisation's row, as the organisation is a part of it."""
    keys = [column.name for column in table.primary_key.columns]
    return ForeignKeyConstraint(["organisation", *columns], [f"{table.name}.{key}" for key in keys])


def text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    """A column of text."""
    return Column(name, TEXT, primary_key=key, nullable=null)


def moment(name: str, *, null: bool = False) -> Column[datetime]:
    """A column of a time."""
    return Column(name, Moment, nullable=null)


def number(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    """A column of a whole number that is given, never counted up."""
    return Column(name, NUMBER, primary_key=key, nullable=null, autoincrement=False)


def octets(name: str, *, null: bool = False) -> Column[bytes]:
    """A column of bytes."""
    return Column(name, BYTES, nullable=null)
