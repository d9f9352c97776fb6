"""The only place that says what the page of a record shows and how it is entered: one declaration per ledger."""

from collections.abc import Mapping
from typing import Final

from portal.records.enterprises import COVERAGES, ENTERPRISES, PARKS, WORK_COVERAGES
from portal.records.members import MEMBERS, STATEMENTS
from portal.records.organizations import ACTIVITIES, OFFICES, ORGANIZATIONS
from portal.records.parts import RecordPage
from portal.records.targets import TARGETS

RECORDS: Final[Mapping[str, RecordPage]] = {
    page.slug: page
    for page in (
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

__all__ = ["RECORDS"]
