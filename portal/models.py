"""The only place for what the portal keeps for itself: stories, screens, views, files, imports, merges, drafts."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import ClassVar, Final

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from activities.models import Activity
from metrics.models import Statement, Target
from orgs.models import Coverage, Enterprise, Member, Office, Park, PartyOrganization, User, WorkCoverage
from orgs.scoping import (
    ADMINISTRATORS,
    PERSON_READERS,
    RECORD_WRITERS,
    Reach,
    Role,
    ScopedModel,
    within_reach_q,
)

OTHER_PARK: Final = "所选的园区不在同一个园区，请重新选择。"
SLUG = RegexValidator(r"^[a-z][a-z0-9-]*$", "网址代号只用小写英文、数字和连字符，以字母开头，如 dalu。")


class Case(ScopedModel):
    """The public story of a park; its figures are the park's statements, its sources theirs."""

    write_roles = ADMINISTRATORS

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="cases")
    slug = models.CharField("网址代号", max_length=40, unique=True, validators=[SLUG])
    title = models.CharField("标题", max_length=60)
    summary = models.CharField("列表摘要", max_length=120, help_text="首页和案例列表上的一两句话。")
    lead = models.CharField("导语", max_length=200, help_text="案例页标题下的一段话。")
    background = models.TextField("背景", help_text="段与段之间空一行。")
    figure_one = models.ForeignKey(
        Statement, models.PROTECT, verbose_name="列表数字一", null=True, blank=True, related_name="+"
    )
    figure_two = models.ForeignKey(
        Statement, models.PROTECT, verbose_name="列表数字二", null=True, blank=True, related_name="+"
    )
    is_published = models.BooleanField(
        "已发布", default=False, help_text="园区也要“对外公开”，案例才出现在公开网站上。"
    )
    published_on = models.DateField("发布日期", null=True, blank=True)
    order = models.PositiveIntegerField("顺序", default=0, help_text="在列表上的先后，小的在前。")

    class Meta:
        verbose_name = "案例"
        verbose_name_plural = "案例"
        ordering = ("order", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(is_published=False) | Q(published_on__isnull=False),
                name="portal_case_published_on",
                violation_error_message="已发布的案例要填发布日期。",
            ),
            models.CheckConstraint(
                condition=Q(figure_one__isnull=True) | Q(figure_two__isnull=True) | ~Q(figure_one=F("figure_two")),
                name="portal_case_two_figures",
                violation_error_message="两个列表数字选了同一项，请换一项。",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def list_figures(self) -> list[Statement]:
        """The figures beside the case on a list, those that are chosen."""
        return [figure for figure in (self.figure_one, self.figure_two) if figure is not None]

    @property
    def brands(self) -> list["CaseItem"]:
        return [item for item in self.items.all() if item.kind == ItemKind.BRAND]


class ItemKind(models.TextChoices):
    MECHANISM = "mechanism", "做法"
    HONOUR = "honour", "荣誉"
    BRAND = "brand", "品牌"
    FACILITY = "facility", "阵地与设施"
    PROJECT = "project", "项目"
    ORGANIZATION = "organization", "组织与企业"


class CaseItem(ScopedModel):
    """One named thing of a case: a working mechanism, an honour, a brand, a facility."""

    park_path = "case__park"
    write_roles = ADMINISTRATORS

    case = models.ForeignKey(Case, models.PROTECT, verbose_name="案例", related_name="items")
    kind = models.CharField("种类", max_length=20, choices=ItemKind)
    group = models.CharField("分组", max_length=40, blank=True, help_text="做法较多时分组，如服务企业。")
    title = models.CharField("名称", max_length=60)
    text = models.CharField("说明", max_length=200)
    level = models.CharField("级别", max_length=20, blank=True, help_text="荣誉的级别，如自治区级。")
    order = models.PositiveIntegerField("顺序", default=0)

    class Meta:
        verbose_name = "案例条目"
        verbose_name_plural = "案例条目"
        ordering = ("case", "order", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("case", "kind", "title"),
                name="portal_caseitem_once",
                violation_error_message="这个案例已有同名的条目，请改名或删去一条。",
            ),
            models.CheckConstraint(
                condition=Q(level="") | Q(kind=ItemKind.HONOUR),
                name="portal_caseitem_level",
                violation_error_message="只有荣誉才填级别。",
            ),
        )

    def __str__(self) -> str:
        return self.title


class ScreenLink(ScopedModel):
    """Leave to show the figures of a park, a region or the nation on a big screen, without signing in, for some days.

    It lasts no longer than the right of who made it; :mod:`portal.screens` asks. The account is kept by its number and
    in words, as a signature on paper: an officer sees no accounts, his own included, so the gate would refuse the key.
    """

    MOST_DAYS: ClassVar[int] = 90
    write_roles = frozenset(Role)
    personal = frozenset({"made_by"})

    label = models.CharField("用途", max_length=20, help_text="大屏在哪里用，如一楼大厅。")
    reach = models.CharField("范围", max_length=10, choices=Reach)
    park = models.ForeignKey(
        Park, models.PROTECT, verbose_name="园区", null=True, blank=True, related_name="screen_links"
    )
    region_prefix = models.CharField("区划代码前缀", max_length=6, blank=True)
    account = models.PositiveBigIntegerField("制作账号编号")
    made_by = models.CharField("制作人", max_length=150)
    made_at = models.DateTimeField("制作时间", default=timezone.now)
    expires_at = models.DateTimeField("到期时间")
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        verbose_name = "大屏链接"
        verbose_name_plural = "大屏链接"
        ordering = ("-made_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=(
                    Q(reach=Reach.PARK, park__isnull=False, region_prefix="")
                    | Q(reach=Reach.REGION, park__isnull=True, region_prefix__regex=r"^[0-9]{2}([0-9]{2}){0,2}$")
                    | Q(reach=Reach.NATION, park__isnull=True, region_prefix="")
                ),
                name="portal_screenlink_reach",
                violation_error_message="大屏范围没有写清：一个园区、一个地区或者全国，请重新选择。",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")),
                name="portal_screenlink_expires",
                violation_error_message="到期时间应晚于制作时间。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.label}（{self.place}）"

    @property
    def place(self) -> str:
        """The scope in a few words."""
        return str(self.park or (f"区划{self.region_prefix}" if self.region_prefix else "全国"))

    def is_live_at(self, moment: dt.datetime) -> bool:
        """Neither expired nor revoked; the right of who made it is another question."""
        return self.revoked_at is None and moment < self.expires_at

    @classmethod
    def scope_q(cls, user: User, roles: Collection[Role] | None) -> Q:
        """Links of a scope that lies wholly within what the user's own grants reach."""
        return within_reach_q(user, roles)

    def clean(self) -> None:
        super().clean()
        if self.expires_at and self.expires_at > self.made_at + dt.timedelta(days=self.MOST_DAYS):
            raise ValidationError({"expires_at": f"大屏链接最长{self.MOST_DAYS}天有效。"})


class SavedView(ScopedModel):
    """The conditions, columns and order of a ledger under a name: of one account, or, with a park, for all who read it.

    ``query`` is an address without place and page; it opens on the rows that the reader sees, whoever made it. The
    account is kept as in a :class:`ScreenLink`. Words searched for may be a person's name, so a superior reads none.
    """

    read_roles = PERSON_READERS
    untraced = frozenset({"query"})  # what somebody looked for is nobody else's

    ledger = models.CharField("台账", max_length=20)
    name = models.CharField("视图名称", max_length=20)
    query = models.CharField("条件、列和排序", max_length=1000, blank=True)
    park = models.ForeignKey(
        Park, models.PROTECT, verbose_name="共用的园区", null=True, blank=True, related_name="saved_views"
    )
    is_default = models.BooleanField("默认视图", default=False)
    account = models.PositiveBigIntegerField("制作账号编号")
    made_by = models.CharField("制作人", max_length=150)
    made_at = models.DateTimeField("制作时间", default=timezone.now)

    class Meta:
        verbose_name = "台账视图"
        verbose_name_plural = "台账视图"
        ordering = ("park", "name", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "ledger", "name"),
                condition=Q(park__isnull=True),
                name="portal_savedview_own_name",
                violation_error_message="这本台账里您已有同名的视图，请换一个名称，或先删去原来的。",
            ),
            models.UniqueConstraint(
                fields=("park", "ledger", "name"),
                condition=Q(park__isnull=False),
                name="portal_savedview_park_name",
                violation_error_message="这本台账里园区已有同名的共用视图，请换一个名称，或先删去原来的。",
            ),
            models.UniqueConstraint(
                fields=("account", "ledger"),
                condition=Q(is_default=True),
                name="portal_savedview_one_default",
                violation_error_message="一本台账只能有一个默认视图，请先取消原来的。",
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(park__isnull=True),
                name="portal_savedview_own_default",
                violation_error_message="园区共用的视图不能设为默认，请另存一个自己用的再设。",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, user: User, roles: Collection[Role] | None) -> Q:
        """One's own, and those of the parks that the roles reach; another account's own views are nobody's."""
        return Q(park__isnull=True, account=user.pk) | super().scope_q(user, roles)

    @property
    def title(self) -> str:
        return f"{self.name}（园区共用）" if self.park_id else self.name


class ImportBatch(ScopedModel):
    """One workbook on its way into a ledger of a park, and afterwards the record of what it did, to be taken back.

    ``rows`` are the cells as read (and as mended in the browser), ``outcomes`` what each row does or did, ``written``
    the entries of the trail in order, ``kept`` what could not be taken back. The account is kept as in a
    :class:`ScreenLink`.
    """

    DAYS_TO_UNDO: ClassVar[int] = 30

    class State(models.TextChoices):
        OPEN = "open", "核对中"
        DONE = "done", "已导入"
        UNDONE = "undone", "已撤销"
        DROPPED = "dropped", "已放弃"

    hidden: Sequence[int] = ()  # rows that the sheet just read hides or filters out; told once and not kept

    read_roles = RECORD_WRITERS
    # What the trail says of a batch is that it was there; what it did stands at the records themselves
    untraced = frozenset({"file", "rows", "heads", "mapping", "outcomes", "written", "kept", "notes"})
    personal = frozenset({"made_by"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="import_batches")
    ledger = models.CharField("台账", max_length=20)
    account = models.PositiveBigIntegerField("导入账号编号")
    made_by = models.CharField("导入人", max_length=150)
    made_at = models.DateTimeField("上传时间", default=timezone.now)
    state = models.CharField("状态", max_length=10, choices=State, default=State.OPEN)
    file_name = models.CharField("文件名", max_length=200)
    file = models.BinaryField("文件")
    sheet = models.CharField("工作表", max_length=40, blank=True)
    sheets = models.JSONField("可选的工作表", default=list, blank=True)
    day = models.DateField("数据日期", default=timezone.localdate)
    blank_clears = models.BooleanField("空白单元格清空原值", default=False)
    heads = models.JSONField("表头", default=dict, blank=True)
    signature = models.CharField("表头特征", max_length=64, blank=True)
    mapping = models.JSONField("列的对应", default=dict, blank=True)
    rows = models.JSONField("各行", default=dict, blank=True)
    notes = models.JSONField("不是记录的行", default=list, blank=True)
    outcomes = models.JSONField("各行结果", default=list, blank=True)
    digest = models.CharField("核对结果特征", max_length=64, blank=True)
    done_at = models.DateTimeField("导入时间", null=True, blank=True)
    written = models.JSONField("写入的修改记录", default=list, blank=True)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    kept = models.JSONField("撤销时保留的", default=list, blank=True)

    class Meta:
        verbose_name = "导入批次"
        verbose_name_plural = "导入批次"
        ordering = ("-made_at", "-pk")
        indexes = (models.Index(fields=("park", "ledger", "signature"), name="portal_batch_heads"),)

    def __str__(self) -> str:
        return f"{self.file_name}（{timezone.localtime(self.made_at):%m-%d %H:%M}）"

    def may_undo(self, now: dt.datetime) -> bool:
        return (
            self.state == self.State.DONE
            and self.done_at is not None
            and now < self.done_at + dt.timedelta(days=self.DAYS_TO_UNDO)
        )


class Comparison(ScopedModel):
    """An outside list that the enterprises of a park are compared with, such as the register of the market regulator.

    Kept is the list as it was read: ``columns`` and ``unused`` of its heads, ``rows`` as [row, {field: text as a form
    takes it}], ``unread`` as [row, name, why], ``skipped`` as [head, why, how many cells]. What differs is worked out
    anew each time (:mod:`portal.comparing.matching`). The account is kept as in a :class:`ScreenLink`.
    """

    DAYS: ClassVar[int] = 90

    read_roles = RECORD_WRITERS
    untraced = frozenset({"columns", "unused", "rows", "unread", "skipped", "notes"})
    personal = frozenset({"made_by"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="comparisons")
    source = models.CharField("名单来源", max_length=40, help_text="如市场监管局企业名录。")
    day = models.DateField("名单日期", default=timezone.localdate)
    account = models.PositiveBigIntegerField("上传账号编号")
    made_by = models.CharField("上传人", max_length=150)
    made_at = models.DateTimeField("上传时间", default=timezone.now)
    file_name = models.CharField("文件名", max_length=200)
    sheet = models.CharField("工作表", max_length=40, blank=True)
    columns = models.JSONField("比对的列", default=list, blank=True)
    unused = models.JSONField("没有用到的列", default=list, blank=True)
    rows = models.JSONField("各行", default=list, blank=True)
    unread = models.JSONField("读不了的行", default=list, blank=True)
    skipped = models.JSONField("没有比对的单元格", default=list, blank=True)
    notes = models.JSONField("不是记录的行", default=list, blank=True)

    class Meta:
        verbose_name = "名单比对"
        verbose_name_plural = "名单比对"
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        return f"{self.source}（{self.day}）"


class Exclusion(ScopedModel):
    """A difference between the ledger of a park and outside lists that is not to be raised again, and why.

    Known again by ``uscc``, or where one side has none by ``plain`` (the name as :func:`plain_name` makes it).
    ``kind`` is ``new``, ``gone`` or the field that differs. The account is kept as in a :class:`ScreenLink`.
    """

    read_roles = RECORD_WRITERS
    personal = frozenset({"made_by", "reason"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="exclusions")
    kind = models.CharField("差别", max_length=20)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    plain = models.CharField("比对用的名称", max_length=120)
    name = models.CharField("企业名称", max_length=120)
    reason = models.CharField("原因", max_length=60)
    account = models.PositiveBigIntegerField("排除账号编号")
    made_by = models.CharField("排除人", max_length=150)
    made_at = models.DateTimeField("排除时间", default=timezone.now)

    class Meta:
        verbose_name = "比对排除"
        verbose_name_plural = "比对排除"
        ordering = ("-made_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("park", "kind", "uscc", "plain"),
                name="portal_exclusion_once",
                violation_error_message="这一项已经排除过了，不用再排除一次。",
            ),
        )

    def __str__(self) -> str:
        return self.name


class FileKind(models.TextChoices):
    """What a file may be, told from its bytes by :mod:`portal.attachments.kinds`."""

    PDF = "pdf", "PDF"
    OFD = "ofd", "OFD版式文件"
    DOCX = "docx", "Word文档"
    XLSX = "xlsx", "Excel工作簿"
    WPS = "wps", "WPS文字或旧版Word文档"
    ET = "et", "WPS表格或旧版Excel工作簿"
    JPG = "jpg", "JPG图片"
    PNG = "png", "PNG图片"


# The ledger of a record → the column of an attachment that points at it
ATTACHED_TO: Final[dict[str, str]] = {
    "parks": "of_park",
    "enterprises": "enterprise",
    "organizations": "organization",
    "coverages": "coverage",
    "work-coverages": "work_coverage",
    "members": "member",
    "offices": "office",
    "activities": "activity",
    "statements": "statement",
    "targets": "target",
}


def _exactly_one(names: Collection[str]) -> Q:
    one_of = Q()
    for wanted in names:
        one_of |= Q(**{f"{name}__isnull": name != wanted for name in names})
    return one_of


class Attachment(ScopedModel):
    """A file beside one record of a ledger: never asked for, counted nowhere.

    The row says that there is one; its bytes lie outside the database under their digest (:mod:`portal.attachments`).
    What is removed stays for ``DAYS_TO_RESTORE`` days. Any file may be about persons (a list of who came, a photo), so
    who may not see persons sees none. The account is kept as in a :class:`ScreenLink`.
    """

    DAYS_TO_RESTORE: ClassVar[int] = 30
    read_roles = PERSON_READERS
    personal = frozenset({"made_by"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="+")
    of_park = models.ForeignKey(
        Park, models.PROTECT, verbose_name="所附的园区", null=True, blank=True, related_name="attachments"
    )
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, verbose_name="所附的企业", null=True, blank=True, related_name="attachments"
    )
    organization = models.ForeignKey(
        PartyOrganization, models.PROTECT, verbose_name="所附的组织", null=True, blank=True, related_name="attachments"
    )
    coverage = models.ForeignKey(
        Coverage, models.PROTECT, verbose_name="所附的组织覆盖", null=True, blank=True, related_name="attachments"
    )
    work_coverage = models.ForeignKey(
        WorkCoverage, models.PROTECT, verbose_name="所附的工作覆盖", null=True, blank=True, related_name="attachments"
    )
    member = models.ForeignKey(
        Member, models.PROTECT, verbose_name="所附的党员", null=True, blank=True, related_name="attachments"
    )
    office = models.ForeignKey(
        Office, models.PROTECT, verbose_name="所附的任职", null=True, blank=True, related_name="attachments"
    )
    activity = models.ForeignKey(
        Activity, models.PROTECT, verbose_name="所附的活动", null=True, blank=True, related_name="attachments"
    )
    statement = models.ForeignKey(
        Statement, models.PROTECT, verbose_name="所附的文献值", null=True, blank=True, related_name="attachments"
    )
    target = models.ForeignKey(
        Target, models.PROTECT, verbose_name="所附的目标", null=True, blank=True, related_name="attachments"
    )
    name = models.CharField("文件名", max_length=120)
    note = models.CharField("说明", max_length=60, blank=True)
    kind = models.CharField("类型", max_length=10, choices=FileKind)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("内容摘要", max_length=64, db_index=True, help_text="文件内容的SHA-256。")
    account = models.PositiveBigIntegerField("上传账号编号")
    made_by = models.CharField("上传人", max_length=150)
    made_at = models.DateTimeField("上传时间", default=timezone.now)
    removed_at = models.DateTimeField("删除时间", null=True, blank=True)

    class Meta:
        verbose_name = "附件"
        verbose_name_plural = "附件"
        ordering = ("made_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=_exactly_one(ATTACHED_TO.values()),
                name="portal_attachment_one_record",
                violation_error_message="附件应附在一条记录上，请从那条记录的页面添加。",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="portal_attachment_sha256",
                violation_error_message="附件的内容摘要不对，请重新上传。",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.of_park_id and self.of_park_id != self.park_id:
            raise ValidationError({"of_park": ValidationError(OTHER_PARK, code="other_park")})

    def may_restore(self, now: dt.datetime) -> bool:
        return self.removed_at is not None and now < self.removed_at + dt.timedelta(days=self.DAYS_TO_RESTORE)


class NotDuplicate(ScopedModel):
    """That somebody has looked at records of a ledger that are much alike, and no two of them are the same one.

    The records are kept by their numbers, the account as in a :class:`ScreenLink`.
    """

    read_roles = RECORD_WRITERS
    personal = frozenset({"made_by", "reason"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="not_duplicates")
    ledger = models.CharField("台账", max_length=20)
    records = models.JSONField("各条编号")
    reason = models.CharField("理由", max_length=120)
    account = models.PositiveBigIntegerField("判断账号编号")
    made_by = models.CharField("判断人", max_length=150)
    made_at = models.DateTimeField("判断时间", default=timezone.now)

    class Meta:
        verbose_name = "不是重复"
        verbose_name_plural = "不是重复"
        ordering = ("-made_at", "-pk")
        indexes = (models.Index(fields=("park", "ledger"), name="portal_notduplicate_ledger"),)

    def __str__(self) -> str:
        return f"{'、'.join(f'第{key}号' for key in self.records[:5])}不是重复"

    def clean(self) -> None:
        super().clean()
        keys = self.records
        if not isinstance(keys, list) or not all(type(key) is int for key in keys) or len(set(keys)) < 2:
            raise ValidationError({"records": "至少要有两条不同的记录。"})


class Merge(ScopedModel):
    """That record ``gone`` of a ledger became part of record ``stays``, to be taken back; its old address leads there.

    ``written`` are the entries of the trail in order, ``kept`` what was not taken back and why. The account is kept as
    in a :class:`ScreenLink`.
    """

    DAYS_TO_UNDO: ClassVar[int] = 30

    untraced = frozenset({"written", "kept"})
    personal = frozenset({"made_by", "undone_by", "kept"})

    park = models.ForeignKey(Park, models.PROTECT, verbose_name="园区", related_name="merges")
    ledger = models.CharField("台账", max_length=20)
    stays = models.PositiveBigIntegerField("保留的编号")
    gone = models.PositiveBigIntegerField("并入的编号")
    account = models.PositiveBigIntegerField("合并账号编号")
    made_by = models.CharField("合并人", max_length=150)
    made_at = models.DateTimeField("合并时间", default=timezone.now)
    written = models.JSONField("写入的修改记录", default=list, blank=True)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.CharField("撤销人", max_length=150, blank=True)
    kept = models.JSONField("撤销时保留的", default=list, blank=True)

    class Meta:
        verbose_name = "合并"
        verbose_name_plural = "合并"
        ordering = ("-made_at", "-pk")
        indexes = (models.Index(fields=("ledger", "stays"), name="portal_merge_stays"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(stays=F("gone")),
                name="portal_merge_two",
                violation_error_message="一条记录不能并入它自己，请选两条不同的。",
            ),
            models.UniqueConstraint(
                fields=("ledger", "gone"),
                condition=Q(undone_at__isnull=True),
                name="portal_merge_once",
                violation_error_message="这条记录已经并入别的记录了，请刷新页面再看。",
            ),
        )

    def __str__(self) -> str:
        return f"第{self.gone}号并入第{self.stays}号"

    def may_undo(self, now: dt.datetime) -> bool:
        return self.undone_at is None and now < self.made_at + dt.timedelta(days=self.DAYS_TO_UNDO)


class Draft(models.Model):
    """What somebody typed into an entry form and did not submit: no record, so it counts nowhere and leaves no trail.

    One per account and form, the form known by its address. Nobody but the account ever reads it: it stands behind no
    gate and in no back office, and only :mod:`portal.drafts` touches it.
    """

    user = models.ForeignKey(User, models.CASCADE, verbose_name="账号", related_name="+")
    path = models.CharField("表单网址", max_length=200)
    query = models.CharField("网址参数", max_length=500, blank=True)
    version = models.BigIntegerField("打开时的版本", null=True, blank=True)
    fields = models.JSONField("填的内容", default=dict)
    saved_at = models.DateTimeField("保存时间", db_index=True)

    class Meta:
        verbose_name = "草稿"
        verbose_name_plural = "草稿"
        constraints = (models.UniqueConstraint(fields=("user", "path"), name="portal_draft_once"),)

    def __str__(self) -> str:
        return self.path


class Submission(models.Model):
    """That a form was carried out, so that it is not carried out twice: a digest of what was sent, not the text.

    Only :mod:`portal.submissions` touches it.
    """

    user = models.ForeignKey(User, models.CASCADE, verbose_name="账号", related_name="+")
    digest = models.CharField("摘要", max_length=64)
    record = models.BigIntegerField("记录编号", null=True)
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = "提交"
        verbose_name_plural = "提交"
        constraints = (models.UniqueConstraint(fields=("user", "digest"), name="portal_submission_once"),)

    def __str__(self) -> str:
        return self.digest
