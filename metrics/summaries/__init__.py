"""The month summary: how the rates of a park, a province or the nation are counted at once, for any day.

The gate of writing calls :func:`after_write` (``settings.AFTER_WRITE``). The live query
(:func:`metrics.coverage.on_day`) stays the definition; ``manage.py summaries verify`` and a property test hold the
summary equal to it.
"""

from metrics.summaries.building import rebuild
from metrics.summaries.keeping import after_write
from metrics.summaries.reading import Ground, answers, rates_at, rates_by, sums_at, verify
from metrics.summaries.state import current

__all__ = ["Ground", "after_write", "answers", "current", "rates_at", "rates_by", "rebuild", "sums_at", "verify"]
