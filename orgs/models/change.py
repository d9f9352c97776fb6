"""The only place for the trail: who changed what, when, through which door, from what to what."""

from collections import defaultdict
from collections.abc import Collection
from copy import copy
from typing import Any, NoReturn

from django.apps import apps
from django.db import models
from django.db.models import Q

from orgs.models.grant import User
from orgs.models.park import Park
from orgs.scoping import Reach, Role, ScopedModel, ScopedQuerySet, grants_of, keys_in_reach


class Via(models.TextChoices):
    PAGE = "page", "页面"
    ADMIN = "admin", "后台"
    IMPORT = "import", "导入"
    BULK = "bulk", "批量修改"
    INSTALL = "install", "系统装载"


class Action(models.TextChoices):
    CREATE = "create", "新增"
    UPDATE = "update", "修改"
    DELETE = "delete", "删除"


class AppendOnly(ScopedQuerySet):
    """Rows are added and read; nothing else, not even by mistake."""

    def delete(self) -> NoReturn:
        raise TypeError("the trail is append-only")

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("the trail is append-only")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("the trail is append-only")


class Change(ScopedModel):
    """One write of one record. ``before`` and ``after`` map field names to stored values, only those that differ."""

    park_path = "park"
    write_roles = frozenset()

    at = models.DateTimeField("时间", auto_now_add=True, db_index=True)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="修改人", null=True, blank=True, related_name="changes")
    via = models.CharField("方式", max_length=10, choices=Via)
    action = models.CharField("动作", max_length=10, choices=Action)
    model = models.CharField("表", max_length=60)
    object_id = models.BigIntegerField("编号")
    label = models.CharField("记录", max_length=200)
    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", null=True, blank=True, related_name="changes")
    before = models.JSONField("原值", default=dict)
    after = models.JSONField("新值", default=dict)

    objects = AppendOnly.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "修改记录"
        verbose_name_plural = "修改记录"
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=("model", "object_id"), name="orgs_change_record"),)

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.label}"

    @classmethod
    def scope_q(cls, user: User, roles: Collection[Role] | None) -> Q:
        """What belongs to no park (a grant over a region, a park that was deleted) is for those who see the nation.

        The trail of a record is never read by a role that may not read the record: an entry about a member is no way
        round to his name.
        """
        national = set(grants_of(user, roles).filter(reach=Reach.NATION).values_list("role", flat=True))
        within = Q() if national else super().scope_q(user, roles)
        for readers, labels in _read_by_few().items():
            if not national & readers:
                within &= ~Q(model__in=labels) | Q(park__in=keys_in_reach(user, readers))
        return within

    def without_persons(self) -> "Change":
        """This entry, in memory, without the values that name persons: for readers who may not see them."""
        personal = apps.get_model(self.model).personal
        kept = copy(self)
        kept.before = {name: value for name, value in self.before.items() if name not in personal}
        kept.after = {name: value for name, value in self.after.items() if name not in personal}
        return kept

    def save(self, *args: Any, **kwargs: Any) -> None:
        # The one save() override of the project: an entry of the trail is written once.
        if self.pk is not None:
            raise TypeError("the trail is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("the trail is append-only")


def _read_by_few() -> dict[frozenset[Role], list[str]]:
    """The models that not every role may read, by the roles that may."""
    found: dict[frozenset[Role], list[str]] = defaultdict(list)
    for model in apps.get_models():
        if issubclass(model, ScopedModel) and model.read_roles is not None:
            found[model.read_roles].append(model._meta.label_lower)
    return found
