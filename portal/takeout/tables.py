"""The only place that says which tables are taken out, in which order, and which are left behind and why."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from activities.models import Activity, Attendance
from metrics.models import FrozenReport, Source, Statement, Target
from orgs.models import (
    Affiliation,
    BusinessState,
    Change,
    Coverage,
    Election,
    Employment,
    Enterprise,
    Grant,
    Member,
    Office,
    Park,
    PartyOrganization,
    Subordination,
    User,
    WorkCoverage,
)
from orgs.ordering import NameField
from orgs.scoping import ScopedModel
from portal.models import Attachment, Case, CaseItem, Exclusion, Merge, NotDuplicate, SavedView, ScreenLink
from portal.takeout.cells import Column

PACKAGES: Final = ("activities", "metrics", "orgs", "portal")

# Each after those it points at
TABLES: Final[tuple[type[ScopedModel], ...]] = (
    Park,
    User,
    Grant,
    Enterprise,
    BusinessState,
    PartyOrganization,
    Subordination,
    Election,
    Coverage,
    WorkCoverage,
    Member,
    Employment,
    Affiliation,
    Office,
    Activity,
    Attendance,
    Source,
    Statement,
    Target,
    FrozenReport,
    Case,
    CaseItem,
    ScreenLink,
    SavedView,
    Exclusion,
    Attachment,
    NotDuplicate,
    Merge,
    Change,
)

# By label; the reason is told in 说明.md
LEFT_OUT: Final[Mapping[str, str]] = {
    "orgs.NameGram": "企业名称索引，由企业名录算出，导入时重新建立",
    **dict.fromkeys(
        (
            "metrics.Span",
            "metrics.ParkMonth",
            "metrics.ParkDay",
            "metrics.ProvinceMonth",
            "metrics.ProvinceDay",
            "metrics.Province",
            "metrics.SummaryState",
        ),
        "月末汇总，由台账算出，导入时重新建立",
    ),
    **dict.fromkeys(
        (
            "orgs.User_groups",
            "orgs.User_user_permissions",
            "auth.Group",
            "auth.Group_permissions",
            "auth.Permission",
            "contenttypes.ContentType",
        ),
        "本系统只按授权（orgs_grant.csv）判断权限，不用这些表",
    ),
    "portal.ImportBatch": "导入批次（上传的工作簿和核对结果）；写进台账的都在各表和修改记录里，导回后不能再整批撤销",
    "portal.Comparison": "名单比对（外来名单的内容，90天后清除）；比对后办理的都在各表和修改记录里",
    "portal.Draft": "没有提交的草稿，不是记录",
    "portal.Submission": "防止一份表单提交两次的短期记号",
    "admin.LogEntry": "后台的操作也记在修改记录（orgs_change.csv）里，这张表不用",
    "sessions.Session": "登录状态，导入以后重新登录",
}


class NotMigrated(Exception):
    """The tables of the database are not those of this version."""


def file_of(model: type[ScopedModel]) -> str:
    return f"{model._meta.db_table}.csv"


# What goes out only when it is asked for
PASSWORDS: Final = frozenset({"password"})
ID_NUMBERS: Final = frozenset({"id_cipher", "id_index"})


def left_out(model: type[ScopedModel], *, passwords: bool, id_numbers: bool) -> list[str]:
    """The columns of a table that its file does not have: hashes of passwords, sealed ID numbers."""
    hidden = (frozenset() if passwords else PASSWORDS) | (frozenset() if id_numbers else ID_NUMBERS)
    return [field.name for field in model._meta.concrete_fields if field.name in hidden]


def columns_of(model: type[ScopedModel], *, passwords: bool, id_numbers: bool) -> tuple[Column, ...]:
    """The columns of a table's file in their order: all but what is worked out of a name, which is so again."""
    hidden = left_out(model, passwords=passwords, id_numbers=id_numbers)
    fields = (field for field in model._meta.concrete_fields if not isinstance(field, NameField))
    return tuple(Column.of(field) for field in fields if field.name not in hidden)


def rows_of(model: type[ScopedModel], columns: tuple[Column, ...]) -> Iterator[tuple[Any, ...]]:
    """The rows of a table by their keys, never all of them in memory."""
    rows = model._base_manager.order_by("pk").values_list(*(column.name for column in columns))
    return rows.iterator(chunk_size=2000)


def schema() -> list[str]:
    """The migrations of ours that made the tables; raises :class:`NotMigrated` while some of them are missing."""
    executor = MigrationExecutor(connection)
    leaves = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in PACKAGES]
    if executor.migration_plan(leaves):
        raise NotMigrated("数据库表还没有建好或不是最新，请先运行 manage.py migrate。")
    applied = executor.loader.applied_migrations
    return sorted(f"{package}.{name}" for package, name in applied if package in PACKAGES)
