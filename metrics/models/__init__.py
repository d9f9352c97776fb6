"""What somebody stated or fixed, and what is summed up: figures of a source, targets, frozen reports, the summary."""

from metrics.models.frozen import FrozenReport
from metrics.models.statements import Basis, Comparator, Direction, Source, Statement
from metrics.models.summary import ParkDay, ParkMonth, Province, ProvinceDay, ProvinceMonth, Span, SummaryState
from metrics.models.targets import Target

__all__ = [
    "Basis",
    "Comparator",
    "Direction",
    "FrozenReport",
    "ParkDay",
    "ParkMonth",
    "Province",
    "ProvinceDay",
    "ProvinceMonth",
    "Source",
    "Span",
    "Statement",
    "SummaryState",
    "Target",
]
