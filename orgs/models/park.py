"""The only place for parks and for the counting choices a park makes for itself."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from orgs.ordering import InitialsField, OrderKeyField
from orgs.scoping import ADMINISTRATORS, ScopedModel

REGION_CODE = RegexValidator(r"^\d{6}$", "区划代码应为6位数字（GB/T 2260），如150622，请核对。")


class ParkLevel(models.TextChoices):
    NATIONAL = "national", "国家级"
    PROVINCIAL = "provincial", "省级"
    CITY = "city", "市级"
    COUNTY = "county", "县级"


class ParkKind(models.TextChoices):
    ECONOMIC = "economic", "经济技术开发区"
    HIGH_TECH = "high_tech", "高新技术产业开发区"
    CHEMICAL = "chemical", "化工园区、煤化工基地"
    INDUSTRIAL = "industrial", "工业园区、工业集中区"
    BONDED = "bonded", "海关特殊监管区域"
    BORDER = "border", "边境经济合作区"
    TRADE = "trade", "互市贸易区"
    CIRCULAR = "circular", "循环经济示范区"
    CULTURAL = "cultural", "文化产业园"
    LOGISTICS = "logistics", "物流园"
    INCUBATOR = "incubator", "科技园、孵化器"
    BUILDINGS = "buildings", "商务楼宇（群）"


class Park(ScopedModel):
    """A park. The ``count_*`` switches and the threshold settle what the published definitions leave open."""

    park_path = ""
    write_roles = ADMINISTRATORS

    slug = models.SlugField(
        "网址代号", max_length=40, unique=True, help_text="小写英文，用在网址里，如 binjiang-demo。"
    )
    name = models.CharField("园区名称", max_length=100, unique=True)
    short_name = models.CharField("简称", max_length=30)
    level = models.CharField("园区级别", max_length=20, choices=ParkLevel, blank=True)
    kind = models.CharField("园区类型", max_length=20, choices=ParkKind, blank=True)
    region_code = models.CharField("区划代码", max_length=6, validators=[REGION_CODE], db_index=True)
    region_name = models.CharField("所在地区", max_length=100)
    working_committee = models.CharField("党工委名称", max_length=100, blank=True)
    is_demo = models.BooleanField("演示园区", default=False, help_text="演示园区里的单位、人员和数字均为虚构。")
    is_public = models.BooleanField("对外公开", default=False, help_text="公开后，公开网站只列汇总数字和已发布的案例。")
    count_attached = models.BooleanField("挂靠计入组织覆盖", default=True)
    count_dispatched = models.BooleanField("派入计入组织覆盖", default=True)
    count_grid = models.BooleanField("网格建立计入组织覆盖", default=False)
    wide_work = models.BooleanField("妇联、领导联系计入工作覆盖", default=False)
    transferred_only = models.BooleanField(
        "党员只数组织关系已转入的", default=False, help_text="影响“符合建立党组织条件”的企业数。"
    )
    three_haves_staff = models.PositiveIntegerField(
        "“三有”职工数下限",
        default=10,
        validators=[MinValueValidator(1, "下限至少为1名。"), MaxValueValidator(1000, "下限不会超过1000名，请核对。")],
    )
    order_key = OrderKeyField("名称的次序", of="name", max_length=500)
    initials = InitialsField("名称的拼音首字母", of="name", max_length=100)

    class Meta:
        verbose_name = "园区"
        verbose_name_plural = "园区"
        ordering = ("region_code", "order_key", "pk")
        # The menu of parks begins with the first ones, however many there are
        indexes = (models.Index(fields=("order_key", "id"), name="orgs_park_order"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(region_code__regex=r"^[0-9]{6}$"),
                name="orgs_park_region_code",
                violation_error_message="区划代码应为6位数字（GB/T 2260），如150622，请核对。",
            ),
            models.CheckConstraint(
                condition=Q(three_haves_staff__gte=1),
                name="orgs_park_three_haves_staff",
                violation_error_message="“三有”职工数下限至少为1名。",
            ),
        )

    def __str__(self) -> str:
        return self.short_name
