"""The only place for enterprises and their dated state of business, from which every denominator is made."""

from operator import mul
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from stdnum.cn import uscc as uscc_number
from stdnum.exceptions import InvalidChecksum, ValidationError as NumberError

from orgs.models.park import Park
from orgs.ordering import InitialsField, OrderKeyField
from orgs.periods import Dated, dated_constraints, overlap, period_constraint
from orgs.scoping import ScopedModel


class EnterpriseKind(models.TextChoices):
    PRIVATE = "private", "私营企业"
    HMT = "hmt", "港澳台商投资企业"
    FOREIGN = "foreign", "外商投资企业"
    MIXED = "mixed", "混合所有制企业（非公控股）"
    INDIVIDUAL = "individual", "个体工商户"
    STATE = "state", "国有企业"
    COLLECTIVE = "collective", "集体企业"
    INSTITUTION = "institution", "事业单位"
    SOCIAL = "social", "社会组织"


NON_PUBLIC_KINDS = frozenset(
    {
        EnterpriseKind.PRIVATE,
        EnterpriseKind.HMT,
        EnterpriseKind.FOREIGN,
        EnterpriseKind.MIXED,
        EnterpriseKind.INDIVIDUAL,
    }
)


class Industry(models.TextChoices):
    """GB/T 4754—2017, the sections."""

    A = "A", "农、林、牧、渔业"
    B = "B", "采矿业"
    C = "C", "制造业"
    D = "D", "电力、热力、燃气及水生产和供应业"
    E = "E", "建筑业"
    F = "F", "批发和零售业"
    G = "G", "交通运输、仓储和邮政业"
    H = "H", "住宿和餐饮业"
    I = "I", "信息传输、软件和信息技术服务业"  # noqa: E741 (the letter of the standard)
    J = "J", "金融业"
    K = "K", "房地产业"
    L = "L", "租赁和商务服务业"
    M = "M", "科学研究和技术服务业"
    N = "N", "水利、环境和公共设施管理业"
    O = "O", "居民服务、修理和其他服务业"  # noqa: E741 (the letter of the standard)
    P = "P", "教育"
    Q = "Q", "卫生和社会工作"
    R = "R", "文化、体育和娱乐业"
    S = "S", "公共管理、社会保障和社会组织"
    T = "T", "国际组织"


class EnterpriseSize(models.TextChoices):
    """统计上大中小微型企业划分办法（2017）."""

    LARGE = "large", "大型"
    MEDIUM = "medium", "中型"
    SMALL = "small", "小型"
    MICRO = "micro", "微型"


class BusinessStateKind(models.TextChoices):
    OPERATING = "operating", "正常经营"
    PREPARING = "preparing", "筹建"
    SUSPENDED = "suspended", "停产停业"
    SHELL = "shell", "空壳"
    MOVED_OUT = "moved_out", "迁出"
    REVOKED = "revoked", "吊销"
    CANCELLED = "cancelled", "注销"


_SIGNS: Final = {sign: place for place, sign in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_WEIGHTS: Final = [pow(3, place, 31) for place in range(17)]


def _is_right(code: str) -> bool:
    """Whether a code of 18 signs is one by GB 32100, in a tenth of the time that a library takes: a sheet has ten
    thousand of them. Of a wrong one the library says why."""
    try:
        values = [_SIGNS[sign] for sign in code]
    except KeyError:
        return False
    return max(values[:8]) < 10 and (sum(map(mul, values, _WEIGHTS)) + values[17]) % 31 == 0


def validate_uscc(value: str) -> None:
    """统一社会信用代码 (GB 32100): 18 characters, the last a check character; the message says what to look at."""
    if len(value) != 18:
        raise ValidationError(f"统一社会信用代码应为18位，现在是{len(value)}位，请核对营业执照。")
    if _is_right(value):
        return
    try:
        uscc_number.validate(value)
    except InvalidChecksum:
        raise ValidationError("统一社会信用代码第18位校验不符，请核对营业执照。") from None
    except NumberError:
        raise ValidationError("统一社会信用代码里有不该出现的字符（不用字母I、O、Z、S、V），请核对营业执照。") from None


class Enterprise(ScopedModel):
    """An enterprise settled in a park; state-owned units are kept too, and counted apart."""

    period = ("settled_on", "left_on")
    personal = frozenset({"contact", "phone", "note"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="enterprises")
    name = models.CharField("企业名称", max_length=120)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, validators=[validate_uscc])
    former_names = models.TextField("曾用名", blank=True, help_text="一行一个。")
    kind = models.CharField("企业类型", max_length=20, choices=EnterpriseKind)
    industry = models.CharField("行业门类", max_length=1, choices=Industry, blank=True)
    industry_code = models.CharField("行业大类代码", max_length=2, blank=True, help_text="GB/T 4754的两位数字，如26。")
    size = models.CharField("企业规模", max_length=10, choices=EnterpriseSize, blank=True)
    subordination = models.CharField("隶属关系", max_length=60, blank=True, help_text="党组织关系归谁管。")
    sector_authority = models.CharField("行业主管部门", max_length=60, blank=True)
    locality = models.CharField("属地", max_length=60, blank=True, help_text="所在镇街、村社区。")
    settled_on = models.DateField("入驻日期", db_index=True)
    left_on = models.DateField("迁出日期", null=True, blank=True, help_text="迁出园区的日子；仍在园区就不填。")
    address = models.CharField("地址", max_length=120, blank=True)
    contact = models.CharField("党建联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    note = models.TextField("备注", blank=True)
    order_key = OrderKeyField("名称的次序", of="name", max_length=600)
    initials = InitialsField("名称的拼音首字母", of="name", max_length=120)

    class Meta:
        verbose_name = "企业"
        verbose_name_plural = "企业"
        ordering = ("park", "order_key", "pk")
        indexes = (
            models.Index(fields=("park", "settled_on"), name="orgs_enterprise_park_settled"),
            # The order of the ledger inside a park: its first page is read off
            models.Index(fields=("park", "order_key", "id"), name="orgs_enterprise_park_order"),
        )
        constraints = (
            period_constraint(
                "settled_on",
                "left_on",
                "迁出日期应晚于入驻日期，请核对这两个日期。",
                name="orgs_enterprise_period",
            ),
            models.UniqueConstraint(
                fields=("park", "uscc"),
                condition=~Q(uscc=""),
                name="orgs_enterprise_uscc",
                violation_error_message="本园区台账里已有这个统一社会信用代码的企业，请在台账中查找后修改，不要重复登记。",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_non_public(self) -> bool:
        return self.kind in NON_PUBLIC_KINDS


class NameGram(ScopedModel):
    """Derived, never entered: two characters side by side in the names or the code of an enterprise.

    ``orgs.grams`` keeps it. No foreign key in the database: it would want an index as large as the table.
    """

    park_path = "enterprise__park"
    write_roles = frozenset()

    pk = models.CompositePrimaryKey("gram", "enterprise")
    gram = models.CharField("相邻两字", max_length=2)
    enterprise = models.ForeignKey(
        Enterprise,
        models.DO_NOTHING,
        verbose_name="企业",
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        verbose_name = "企业名称索引"
        verbose_name_plural = "企业名称索引"

    def __str__(self) -> str:
        return self.gram


class BusinessState(ScopedModel, Dated):
    """What an enterprise was doing in a period, with the “三有” facts and whether it was above scale (规上)."""

    park_path = "enterprise__park"
    period = ("since", "until")
    personal = frozenset({"note"})

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业", related_name="states")
    state = models.CharField("经营状态", max_length=20, choices=BusinessStateKind)
    fixed_premises = models.BooleanField("有固定经营场所", null=True, blank=True)
    staff = models.PositiveIntegerField(
        "从业人员", null=True, blank=True, help_text="名；“三有”和50人、100人以上各口径都用它。"
    )
    has_operations = models.BooleanField("有生产经营活动", null=True, blank=True)
    above_scale = models.BooleanField("规模以上", null=True, blank=True)
    note = models.CharField("说明", max_length=120, blank=True)

    class Meta:
        verbose_name = "经营状态"
        verbose_name_plural = "经营状态"
        ordering = ("enterprise", "since")
        constraints = dated_constraints(
            models.UniqueConstraint(
                fields=("enterprise",),
                condition=Q(until__isnull=True),
                name="orgs_businessstate_one_open",
                violation_error_message="这家企业已有一段没有终止日期的经营状态，请先填上它的终止日期。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.enterprise}：{self.get_state_display()}（{self.since}起）"

    def clean(self) -> None:
        super().clean()
        if not (self.enterprise_id and self.since):
            return
        for other in BusinessState.objects.filter(enterprise_id=self.enterprise_id).exclude(pk=self.pk):
            if overlap(self.since, self.until, other.since, other.until):
                end = f"至{other.until}" if other.until else "起"
                held = f"“{other.get_state_display()}”（{other.since}{end}）"
                raise ValidationError({"since": f"与{held}的日期重叠，同一天只能有一种经营状态。"})
