"""The only place that lists what can be imported: a sheet for each ledger, and one whose rows make several records."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from orgs.journal import Via
from portal.imports.bulk import BULK, Bulk, Setting
from portal.imports.check import Pass, Work
from portal.imports.l1.rows import Combining
from portal.imports.l1.sheet import L1, Combined
from portal.imports.plans import PLANS, Plan
from portal.ledgers import LEDGERS, Ledger

Taker = Plan | Combined
SHELF: Final[Mapping[str, Taker]] = {L1.slug: L1, **PLANS}
# What a batch may be of: a sheet, or the same new values for many records
TAKERS: Final[Mapping[str, Taker]] = {**SHELF, **{plan.slug: plan for plan in BULK.values()}}


def ledger_of(slug: str) -> Ledger:
    """The ledger whose record a row is about, under the title of the sheet."""
    plan = TAKERS[slug]
    if isinstance(plan, Bulk):
        return LEDGERS[plan.ledger]
    if isinstance(plan, Combined):
        return replace(LEDGERS["enterprises"], title=plan.title, about=plan.about)
    return LEDGERS[slug]


def work_of(plan: Taker) -> Callable[[Any, Any, Any, Any, Any], Pass]:
    """What works through the rows of such a sheet."""
    if isinstance(plan, Combined):
        return Combining
    return Setting if isinstance(plan, Bulk) else Work


def via_of(plan: Taker) -> Via:
    """How the trail says that it came, or went back."""
    return Via.IMPORT if isinstance(plan, Combined) else plan.via
