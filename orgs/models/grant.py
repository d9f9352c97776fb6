"""The only place for accounts and for the grants that say which parks an account reaches in which role."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q

from orgs.models.park import Park
from orgs.scoping import (
    ADMINISTRATORS,
    Reach,
    Role,
    ScopedModel,
    ScopedQuerySet,
    has_nation,
    keys_in_reach,
    within_reach_q,
)


class ScopedUserManager(UserManager.from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """Django's account manager, reading through the gate."""


class User(ScopedModel, AbstractUser):
    """An account. Its ``home_park`` only says which administrators look after it; grants say what it may see."""

    park_path = "home_park"
    read_roles = ADMINISTRATORS
    write_roles = ADMINISTRATORS
    untraced: ClassVar[frozenset[str]] = frozenset({"password", "last_login"})

    display_name = models.CharField("姓名或岗位", max_length=40, blank=True)
    home_park = models.ForeignKey(
        Park,
        models.PROTECT,
        verbose_name="管理园区",
        null=True,
        blank=True,
        related_name="accounts",
        help_text="由哪个园区的管理员维护这个账号；只有全国管理员可以不填。",
    )

    objects = ScopedUserManager()  # type: ignore[misc]

    class Meta:
        verbose_name = "账号"
        verbose_name_plural = "账号"

    def __str__(self) -> str:
        return self.display_name or self.username

    @classmethod
    def scope_q(cls, user: "User", roles: Collection[Role] | None) -> Q:
        """An administrator looks after the accounts of his parks, but never one that reaches further than himself."""
        if has_nation(user, roles):
            return Q()
        further = Grant.objects.filter(user=OuterRef("pk")).exclude(Grant.scope_q(user, roles))
        return Q(~Exists(further), home_park__in=keys_in_reach(user, roles))


class Grant(ScopedModel):
    """A role over one park, over every park under a region code prefix, or over the nation."""

    park_path = "park"
    read_roles = ADMINISTRATORS
    write_roles = ADMINISTRATORS
    # An account that one park looks after may be given a role in another, by whoever administers both.
    elsewhere: ClassVar[frozenset[str]] = frozenset({"user"})

    user = models.ForeignKey(User, models.PROTECT, verbose_name="账号", related_name="grants")
    role = models.CharField("角色", max_length=20, choices=Role)
    reach = models.CharField("范围", max_length=10, choices=Reach)
    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", null=True, blank=True, related_name="grants")
    region_prefix = models.CharField(
        "区划代码前缀",
        max_length=6,
        blank=True,
        validators=[RegexValidator(r"^\d{2}(\d{2}){0,2}$", "区划代码前缀应为2、4或6位数字，如15、1506、150622。")],
        help_text="2位为省级，4位为市级，6位为县级。",
    )

    class Meta:
        verbose_name = "授权"
        verbose_name_plural = "授权"
        ordering = ("user", "role", "reach")
        constraints = (
            models.CheckConstraint(
                condition=(
                    Q(reach=Reach.PARK, park__isnull=False, region_prefix="")
                    | Q(reach=Reach.REGION, park__isnull=True, region_prefix__regex=r"^[0-9]{2}([0-9]{2}){0,2}$")
                    | Q(reach=Reach.NATION, park__isnull=True, region_prefix="")
                ),
                name="orgs_grant_reach",
                violation_error_message="授权范围没有写清：选“一个园区”就选定园区，选“一个地区”就填区划代码前缀，选“全国”则两项都不填。",
            ),
            models.CheckConstraint(
                condition=~Q(role=Role.OFFICER) | Q(reach=Reach.PARK),
                name="orgs_grant_officer_one_park",
                violation_error_message="党务干事的授权只能是一个园区，请选“一个园区”。",
            ),
            models.UniqueConstraint(
                fields=("user", "role", "park"),
                condition=Q(reach=Reach.PARK),
                name="orgs_grant_park_once",
                violation_error_message="这个账号在这个园区已有同样的角色，不必重复授权。",
            ),
            models.UniqueConstraint(
                fields=("user", "role", "reach", "region_prefix"),
                condition=~Q(reach=Reach.PARK),
                name="orgs_grant_wide_once",
                violation_error_message="这个账号已有同样的授权，不必重复授权。",
            ),
        )

    def __str__(self) -> str:
        where = self.park or (f"区划{self.region_prefix}" if self.region_prefix else "全国")
        return f"{self.get_role_display()}：{where}"

    @classmethod
    def scope_q(cls, user: User, roles: Collection[Role] | None) -> Q:
        """An administrator hands out at most the reach he holds himself."""
        return within_reach_q(user, roles)

    def clean(self) -> None:
        super().clean()
        given: dict[str, Any] = {"park": self.park_id, "region_prefix": self.region_prefix}
        if self.reach == Reach.PARK and not given["park"]:
            raise ValidationError({"park": "范围选了“一个园区”，请选定是哪个园区。"})
        if self.reach == Reach.REGION and not given["region_prefix"]:
            raise ValidationError({"region_prefix": "范围选了“一个地区”，请填区划代码前缀。"})
