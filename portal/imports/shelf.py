"""The only place that lists what can be imported: a sheet for each ledger, and one whose rows make several records."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from portal.imports.check import Pass, Work
from portal.imports.l1.rows import Combining
from portal.imports.l1.sheet import L1, Combined
from portal.imports.plans import PLANS, Plan
from portal.ledgers import LEDGERS, Ledger

Taker = Plan | Combined
SHELF: Final[Mapping[str, Taker]] = {L1.slug: L1, **PLANS}


def ledger_of(slug: str) -> Ledger:
    """The ledger whose record a row is about, under the title of the sheet."""
    plan = SHELF[slug]
    if isinstance(plan, Combined):
        return replace(LEDGERS["enterprises"], title=plan.title, about=plan.about)
    return LEDGERS[slug]


def work_of(plan: Taker) -> Callable[[Any, Any, Any, Any, Any], Pass]:
    """What works through the rows of such a sheet."""
    return Combining if isinstance(plan, Combined) else Work
