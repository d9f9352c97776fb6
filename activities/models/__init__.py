"""The facts about what happened: organization life and who was there."""

from activities.models.organization_life import (
    Activity,
    ActivityKind,
    Attendance,
    AttendanceStatus,
    LeaveReason,
    Mode,
)

__all__ = ["Activity", "ActivityKind", "Attendance", "AttendanceStatus", "LeaveReason", "Mode"]
