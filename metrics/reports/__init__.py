"""The only place that lists the reports the portal can fill in."""

from collections.abc import Mapping
from typing import Final

from metrics.reports.sheet import Report
from metrics.reports.two_coverage import TWO_COVERAGE

REPORTS: Final[Mapping[str, Report]] = {report.slug: report for report in (TWO_COVERAGE,)}
