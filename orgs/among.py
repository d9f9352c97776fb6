"""The only place that asks for the rows of many keys by one value.

With a place in the SQL for every key, five hundred keys are read, put together and planned anew for each question:
PostgreSQL and its driver need as long for that as for the answer.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Field, ForeignObject, Lookup

ASKED: Final = {"sqlite": "IN (SELECT value FROM json_each(%s))", "postgresql": "= ANY(%s::bigint[])"}


@Field.register_lookup
@ForeignObject.register_lookup
class Among(Lookup):
    """``filter(enterprise__among=keys)``: as ``enterprise__in=keys``, for a list of whole numbers."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, values = self.process_lhs(compiler, connection)
        return f"{column} {ASKED[connection.vendor]}", [*values, packed(self.rhs, connection.vendor)]


def packed(keys: Sequence[int], vendor: str) -> str:
    """The keys as the one value that the question takes."""
    text = json.dumps(keys)
    return f"{{{text[1:-1]}}}" if vendor == "postgresql" else text
