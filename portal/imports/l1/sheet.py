"""The only place that declares the sheet 非公企业党建工作台账 (L1): its columns under three rows of heads, which of
them the ledgers take, under which names they are found, and why the others are left.

One row per enterprise: 序号 and 62 columns. What is ticked in one of several may also stand as a word in one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django import forms

from orgs.models import BusinessStateKind, EnterpriseKind, FormationWay, OrganizationKind, SecretaryBackground
from portal.forms.enterprises import EnterpriseForm
from portal.forms.fields import CountField, DayField, LineField, YesNoField
from portal.forms.members import MemberForm
from portal.forms.organizations import OrganizationForm
from portal.imports.heads import LEAST, plain

NUMBER: Final = "序号"
MORE: Final = "补充项（可不填）"
TICK: Final = "√"


@dataclass(frozen=True)
class Option:
    """One of several columns to tick. ``same`` are the values of the ledger that say the same or more exactly."""

    value: str
    head: str
    words: tuple[str, ...]
    same: frozenset[str]


@dataclass(frozen=True)
class Group:
    """Columns of which one is ticked, under a common head, or one column with the word."""

    name: str
    head: str
    options: tuple[Option, ...]
    words: tuple[str, ...] = ()

    def tick(self, option: Option) -> str:
        return f"{self.name}_{option.value}"

    @cached_property
    def ticks(self) -> Mapping[str, Option]:
        return {self.tick(one): one for one in self.options}

    def option(self, value: str) -> Option:
        return next(one for one in self.options if one.value == value)


@dataclass(frozen=True)
class Item:
    """One column. ``path`` is its head with those it stands under; without a ``name`` it is left, and ``unused`` says
    why. A named one with ``unused`` is only compared. ``under`` must stand above a head that says too little alone."""

    path: tuple[str, ...]
    name: str = ""
    words: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    unused: str = ""
    field: forms.Field | None = None


def one_of(*options: tuple[str, str, tuple[str, ...], tuple[str, ...]]) -> tuple[Option, ...]:
    """Options from (value, head, other words, finer values of the ledger)."""
    return tuple(
        Option(value, head, words, frozenset({value, *map(str, same)})) for value, head, words, same in options
    )


KIND: Final = Group(
    "kind",
    "企业类型",
    one_of(
        (
            EnterpriseKind.PRIVATE.value,
            "私营企业",
            ("私营", "民营", "民营企业"),
            (EnterpriseKind.MIXED, EnterpriseKind.INDIVIDUAL),
        ),
        (EnterpriseKind.HMT.value, "港澳台商投资企业", ("港澳台", "港澳台企业", "港澳台商"), ()),
        (EnterpriseKind.FOREIGN.value, "外商投资企业", ("外商", "外资", "外资企业"), ()),
    ),
    ("类型", "经济类型"),
)
WAY: Final = Group(
    "way",
    "党组织组建形式",
    one_of(
        (FormationWay.SOLO.value, "单独建立", ("单独", "单独组建"), (FormationWay.RESTRUCTURED,)),
        (
            FormationWay.JOINT.value,
            "联合建立",
            ("联合", "联合组建", "联建"),
            (
                FormationWay.REGIONAL,
                FormationWay.INDUSTRY,
                FormationWay.CHAIN,
                FormationWay.LEADING_FIRM,
                FormationWay.BUILDING,
                FormationWay.VILLAGE_FIRM,
                FormationWay.RELYING,
                FormationWay.ATTACHED,
                FormationWay.DISPATCHED,
            ),
        ),
        (FormationWay.GRID.value, "网格建立", ("网格",), ()),
    ),
    ("组建形式", "组建方式"),
)
ORGANIZATION_KIND: Final = Group(
    "organization_kind",
    "党组织类别",
    one_of(
        (
            OrganizationKind.BRANCH.value,
            "党支部",
            ("支部", "联合党支部", "联合支部"),
            (OrganizationKind.JOINT_BRANCH, OrganizationKind.TEMP_BRANCH),
        ),
        (OrganizationKind.GENERAL_BRANCH.value, "党总支", ("总支", "总支部"), (OrganizationKind.TEMP_GENERAL_BRANCH,)),
        (
            OrganizationKind.PARTY_COMMITTEE.value,
            "党委",
            ("党的委员会",),
            (OrganizationKind.COMPREHENSIVE_COMMITTEE, OrganizationKind.TEMP_COMMITTEE),
        ),
    ),
    ("类别",),
)
BACKGROUND: Final = Group(
    "background",
    "来源",
    one_of(
        (SecretaryBackground.INVESTOR.value, "出资人担任", ("出资人", "企业主担任", "企业主"), ()),
        (SecretaryBackground.MIDDLE.value, "中层管理人员担任", ("中层管理人员", "中层"), ()),
        (
            SecretaryBackground.DISPATCHED.value,
            "上级党组织选派",
            ("上级选派", "选派"),
            (SecretaryBackground.INSTRUCTOR,),
        ),
        (
            SecretaryBackground.OTHER.value,
            "其他人员担任",
            ("其他人员", "其他"),
            (
                SecretaryBackground.SENIOR,
                SecretaryBackground.INSTRUCTOR,
                SecretaryBackground.FULL_TIME,
                SecretaryBackground.PROFESSIONAL,
                SecretaryBackground.RETIRED,
            ),
        ),
    ),
    ("书记来源", "党组织书记来源"),
)
GROUPS: Final = (KIND, WAY, ORGANIZATION_KIND, BACKGROUND)
# Who holds such a post works at the enterprise
AT_THE_ENTERPRISE: Final = frozenset({SecretaryBackground.INVESTOR.value, SecretaryBackground.MIDDLE.value})


def ticks(group: Group, *above: str) -> tuple[Item, ...]:
    return tuple(
        Item((*above, group.head, option.head), name, (option.head, *option.words), (group.head, *group.words))
        for name, option in group.ticks.items()
    )


def left(reason: str, *paths: tuple[str, ...]) -> tuple[Item, ...]:
    return tuple(Item(path, unused=reason) for path in paths)


def yes_no(*path: str, name: str, words: tuple[str, ...] = (), under: tuple[str, ...] = ()) -> Item:
    return Item(path, name, words, under, field=YesNoField(required=False, label=path[-1]))


def taken(*path: str, name: str, form: type[forms.ModelForm], column: str = "", words: tuple[str, ...] = ()) -> Item:
    return Item(path, name, words, field=form.base_fields[column or name])


PLACE, BASIC, INVESTOR = "企业座落地", "企业基本情况", "企业出资人情况"
SETTING, SECRETARY, WORKERS = "党组织设置情况", "党组织书记情况", "党务工作者情况"
MEMBERS, MASS, BASE, SYSTEM = "党员队伍建设情况", "群团部门设置情况", "基础保障情况", "落实相关制度情况"
NO_REASON = "未建立党组织原因"
HEALTHY = "是否健全群团组织"
PARK_KNOWS = "导入到上传时选的园区，级别和名称由园区得出"
ROSTER_KNOWS = "人数由名册算出，不再手填"

ITEMS: Final[tuple[Item, ...]] = (
    *left(PARK_KNOWS, ("单位（报送单位）",), (PLACE, "园区"), (PLACE, "楼宇"), (PLACE, "其他")),
    *left(PARK_KNOWS, ("园区级别（国家级、市级、区级及以下）",)),
    *left("台账不登记楼宇", ("是否为亿元楼宇（是、否）",)),
    *left(PARK_KNOWS, ("所在园区、商务楼宇名称",)),
    taken(BASIC, "企业名称", name="name", form=EnterpriseForm, words=("企业", "单位名称", "公司名称")),
    *left("台账只登记经营地", (BASIC, "企业注册地")),
    taken(BASIC, "企业经营地", name="address", form=EnterpriseForm, words=("经营地址", "企业地址", "地址")),
    taken(BASIC, "联系电话", name="phone", form=EnterpriseForm, words=("电话", "联系方式")),
    *ticks(KIND, BASIC),
    *left("台账不登记营业收入", (BASIC, "年营业收入（万元）")),
    taken(BASIC, "从业人员数量（名）", name="staff", form=EnterpriseForm, words=("从业人员", "从业人员数", "职工人数")),
    taken(
        BASIC,
        "是否规模以上企业（是、否）",
        name="above_scale",
        form=EnterpriseForm,
        words=("是否规模以上", "规模以上", "是否规上企业"),
    ),
    *left(
        "台账不登记出资人；兼任书记的，看书记的来源",
        (INVESTOR, "企业出资人姓名"),
        (INVESTOR, "是否是党员"),
        (INVESTOR, "是否兼任党组织书记"),
        (INVESTOR, "是否担任区县级以上（含区县）“两代表一委员”"),
    ),
    yes_no(SETTING, "是否建立党组织", name="established", words=("是否已建立党组织", "是否成立党组织")),
    taken(
        SETTING,
        "党组织成立时间",
        name="founded_on",
        form=OrganizationForm,
        words=("党组织成立日期", "党组织建立时间"),
    ),
    *ticks(WAY, SETTING),
    *ticks(ORGANIZATION_KIND, SETTING),
    *left(
        "应建未建由党员名册和组织覆盖算出，原因不登记",
        (SETTING, NO_REASON, "没有党员"),
        (SETTING, NO_REASON, "企业出资人不支持"),
        (SETTING, NO_REASON, "上级党组织未及时指导"),
        (SETTING, NO_REASON, "其他原因"),
    ),
    yes_no(
        SETTING,
        "未建党组织的是否选派党建工作指导员、联络员",
        name="instructor",
        words=("是否选派党建工作指导员、联络员", "是否选派指导员或联络员", "是否选派党建工作指导员"),
    ),
    taken(
        SECRETARY,
        "党组织书记姓名",
        name="secretary",
        form=MemberForm,
        column="name",
        words=("书记姓名", "党组织书记", "书记"),
    ),
    *ticks(BACKGROUND, SECRETARY),
    *left("党务工作者在党内任职台账逐人登记", (WORKERS, "企业党务工作者人数"), (WORKERS, "专职人数")),
    Item(
        (MEMBERS, "组织关系在非公企业的党员总数"),
        "members",
        ("党员总数",),
        unused="人数由名册算出，不再手填；与名册不同的只提醒",
        field=CountField(required=False, label="党员总数"),
    ),
    *left(
        ROSTER_KNOWS,
        (MEMBERS, "35岁以下人数"),
        (MEMBERS, "中层管理人员人数"),
        (MEMBERS, "中高级专业技术人员人数"),
        (MEMBERS, "生产经营一线职工人数"),
        (MEMBERS, "组织关系不在非公企业的党员总数"),
        (MEMBERS, "农村党员数"),
        (MEMBERS, "近3年新发展党员数"),
        (MEMBERS, "近3年处置不合格党员数"),
    ),
    *left("由活动记录得出", (MEMBERS, "是否每年对党员轮训一遍")),
    *left("台账不登记党费", (MEMBERS, "党员是否按时足额主动交纳党费")),
    yes_no(MASS, HEALTHY, "工会", name="trade_union", under=("群团",)),
    yes_no(MASS, HEALTHY, "共青团", name="youth_league", words=("团组织",), under=("群团",)),
    yes_no(MASS, HEALTHY, "妇联", name="womens_federation", under=("群团",)),
    *left("台账不登记场所和经费", (BASE, "是否有单独活动场所"), (BASE, "使用面积")),
    *left("台账不登记场所和经费", (BASE, "党建工作经费是否纳入企业管理费年度预算")),
    *left(
        "由组织生活台账得出",
        (SYSTEM, "是否按规定开展“三会一课”"),
        (SYSTEM, "是否按规定每年开展民主评议党员"),
        (SYSTEM, "是否按规定每年开展党员党性分析"),
    ),
    *left("由换届选举记录得出", (SYSTEM, "党组织是否按规定进行换届")),
)
# Not in the sheet as it is reported; taken where officers add them, and offered in the template
ADDED: Final[tuple[Item, ...]] = (
    taken(MORE, "统一社会信用代码", name="uscc", form=EnterpriseForm, words=("信用代码", "社会信用代码", "统一代码")),
    taken(MORE, "入驻日期", name="settled_on", form=EnterpriseForm, words=("入园日期", "入驻时间", "入园时间")),
    taken(MORE, "经营状态", name="state", form=EnterpriseForm, words=("生产经营状态", "经营情况")),
    Item(
        (MORE, "党组织名称"),
        "organization",
        ("党组织全称", "所在党组织", "党支部名称"),
        field=LineField(required=False, label="党组织名称", max_length=120),
    ),
    Item(
        (MORE, "书记任职日期"),
        "office_since",
        ("任职日期", "任职时间", "书记任职时间"),
        field=DayField(required=False, label="书记任职日期"),
    ),
)
_NAMED: Final[Mapping[str, Item]] = {one.name: one for one in (*ITEMS, *ADDED) if one.name}
_GROUP_OF: Final[Mapping[str, Group]] = {name: group for group in GROUPS for name in (group.name, *group.ticks)}
_LEFT: Final = tuple(one for one in ITEMS if one.unused)


@dataclass(frozen=True)
class Combined:
    """The import of a sheet whose row makes several records. The same face as a :class:`portal.imports.plans.Plan`."""

    slug: str
    title: str
    about: str

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read, in the order of the sheet; then those that hold a word instead of ticks."""
        return (*_NAMED, *(group.name for group in GROUPS))

    @property
    def needed(self) -> tuple[str, ...]:
        return ("name",)

    def item(self, name: str) -> Item:
        return _NAMED[name]

    def group(self, name: str) -> Group | None:
        """The group that a column belongs to, by a tick or by the word."""
        return _GROUP_OF.get(name)

    def head(self, name: str) -> str:
        """What a column is called: for a tick, with what it is ticked for."""
        group = _GROUP_OF.get(name)
        if group is None:
            return _NAMED[name].path[-1].split("（")[0]
        return group.head if name == group.name else f"{group.head}：{group.ticks[name].head}"

    def known_by(self, name: str) -> tuple[str, ...]:
        group = _GROUP_OF.get(name)
        if group is not None and name == group.name:
            return (group.head, *group.words)
        item = _NAMED[name]
        return (item.path[-1], *item.words)

    def under(self, name: str) -> tuple[str, ...]:
        return _NAMED[name].under if name in _NAMED else ()

    def means_other(self, name: str) -> tuple[str, ...]:
        return ()

    @property
    def least(self) -> int:
        return LEAST

    def lacking(self, filled: frozenset[str]) -> list[str]:
        """The heads that a new enterprise needs and the sheet lacks."""
        found = [self.head(name) for name in self.needed if name not in filled]
        return found if filled & {KIND.name, *KIND.ticks} else [*found, KIND.head]

    def why_unused(self, path: tuple[str, ...]) -> str:
        """Why the column under these heads is left; "" for one we do not know."""
        if plain(path[-1]) == NUMBER:
            return "只是行号"
        own = plain(path[-1])
        above = {plain(part) for part in path[:-1]}
        alike = [one for one in _LEFT if plain(one.path[-1]) == own]
        exact = [one for one in alike if len(alike) == 1 or {plain(part) for part in one.path[:-1]} & above]
        return exact[0].unused if exact else ""

    def compared(self, filled: frozenset[str]) -> list[tuple[str, str]]:
        """The columns that are read and not written, each with the reason."""
        return [(self.head(one.name), one.unused) for one in _LEFT if one.name in filled]

    def listing(self) -> list[tuple[str, bool]]:
        """What is understood, for a reader: head, and whether a new record needs it."""
        heads = dict.fromkeys(((group := _GROUP_OF.get(name)) and group.head) or self.head(name) for name in _NAMED)
        return [(head, head in (self.head("name"), KIND.head)) for head in heads]

    def choices(self, name: str) -> list[str]:
        """What a cell may hold, where that is few."""
        group = _GROUP_OF.get(name)
        if group is not None:
            return [one.head for one in group.options] if name == group.name else [TICK]
        one = _NAMED[name].field
        if isinstance(one, YesNoField):
            return ["是", "否"]
        if isinstance(one, forms.ChoiceField):
            return [str(label) for label in BusinessStateKind.labels]
        return []


L1: Final = Combined(
    "l1",
    "非公企业党建工作台账",
    "一行一家企业的62列上报表：企业、党组织、组织覆盖、书记和指导员一次导入。",
)
