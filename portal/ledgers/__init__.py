"""The only place that lists the ledgers, in the order in which every page names them."""

from collections.abc import Mapping
from typing import Final

from portal.ledgers.activities import ACTIVITIES, STATEMENTS
from portal.ledgers.enterprises import ENTERPRISES, PARKS
from portal.ledgers.members import MEMBERS, OFFICES
from portal.ledgers.organizations import COVERAGES, ORGANIZATIONS, WORK_COVERAGES
from portal.ledgers.shape import Column, Ledger, View
from portal.ledgers.targets import TARGETS

__all__ = ["LEDGERS", "Column", "Ledger", "View"]

LEDGERS: Final[Mapping[str, Ledger]] = {
    ledger.slug: ledger
    for ledger in (
        PARKS,
        ENTERPRISES,
        ORGANIZATIONS,
        COVERAGES,
        WORK_COVERAGES,
        MEMBERS,
        OFFICES,
        ACTIVITIES,
        STATEMENTS,
        TARGETS,
    )
}
