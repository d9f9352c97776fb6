"""The only place where tests make the sheet L1: three rows of heads, 序号 and 62 columns, as filled by hand."""

import datetime as dt
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

# Head, or group / head, or group / head / tick, in the order of the sheet
HEADS: Final[tuple[tuple[str, ...], ...]] = tuple(
    tuple(one.split("/"))
    for one in (
        "序号",
        "单位（报送单位）",
        "企业座落地/园区",
        "企业座落地/楼宇",
        "企业座落地/其他",
        "园区级别（国家级、市级、区级及以下）",
        "是否为亿元楼宇（是、否）",
        "所在园区、商务楼宇名称",
        "企业基本情况/企业名称",
        "企业基本情况/企业注册地",
        "企业基本情况/企业经营地",
        "企业基本情况/联系电话",
        "企业基本情况/企业类型/私营企业",
        "企业基本情况/企业类型/港澳台商投资企业",
        "企业基本情况/企业类型/外商投资企业",
        "企业基本情况/年营业收入（万元）",
        "企业基本情况/从业人员数量（名）",
        "企业基本情况/是否规模以上企业（是、否）",
        "企业出资人情况/企业出资人姓名",
        "企业出资人情况/是否是党员",
        "企业出资人情况/是否兼任党组织书记",
        "企业出资人情况/是否担任区县级以上（含区县）“两代表一委员”",
        "党组织设置情况/是否建立党组织",
        "党组织设置情况/党组织成立时间",
        "党组织设置情况/党组织组建形式/单独建立",
        "党组织设置情况/党组织组建形式/联合建立",
        "党组织设置情况/党组织组建形式/网格建立",
        "党组织设置情况/党组织类别/党支部",
        "党组织设置情况/党组织类别/党总支",
        "党组织设置情况/党组织类别/党委",
        "党组织设置情况/未建立党组织原因/没有党员",
        "党组织设置情况/未建立党组织原因/企业出资人不支持",
        "党组织设置情况/未建立党组织原因/上级党组织未及时指导",
        "党组织设置情况/未建立党组织原因/其他原因",
        "党组织设置情况/未建党组织的是否选派党建工作指导员、联络员",
        "党组织书记情况/党组织书记姓名",
        "党组织书记情况/来源/出资人担任",
        "党组织书记情况/来源/中层管理人员担任",
        "党组织书记情况/来源/上级党组织选派",
        "党组织书记情况/来源/其他人员担任",
        "党务工作者情况/企业党务工作者人数",
        "党务工作者情况/专职人数",
        "党员队伍建设情况/组织关系在非公企业的党员总数",
        "党员队伍建设情况/35岁以下人数",
        "党员队伍建设情况/中层管理人员人数",
        "党员队伍建设情况/中高级专业技术人员人数",
        "党员队伍建设情况/生产经营一线职工人数",
        "党员队伍建设情况/组织关系不在非公企业的党员总数",
        "党员队伍建设情况/农村党员数",
        "党员队伍建设情况/近3年新发展党员数",
        "党员队伍建设情况/近3年处置不合格党员数",
        "党员队伍建设情况/是否每年对党员轮训一遍",
        "党员队伍建设情况/党员是否按时足额主动交纳党费",
        "群团部门设置情况/是否健全群团组织/工会",
        "群团部门设置情况/是否健全群团组织/共青团",
        "群团部门设置情况/是否健全群团组织/妇联",
        "基础保障情况/是否有单独活动场所",
        "基础保障情况/使用面积",
        "基础保障情况/党建工作经费是否纳入企业管理费年度预算",
        "落实相关制度情况/是否按规定开展“三会一课”",
        "落实相关制度情况/是否按规定每年开展民主评议党员",
        "落实相关制度情况/是否按规定每年开展党员党性分析",
        "落实相关制度情况/党组织是否按规定进行换届",
    )
)
FIRST_ROW: Final = 4
Filled = Mapping[str, Any]


def column(head: str, heads: Sequence[tuple[str, ...]] = HEADS) -> int:
    """The number of the column with this last head, or with these (group/tick)."""
    wanted = tuple(head.split("/"))
    return next(n for n, path in enumerate(heads, 1) if path[-len(wanted) :] == wanted)


def letter(head: str) -> str:
    return get_column_letter(column(head))


def workbook(
    rows: Sequence[Filled], *, more: Sequence[str] = (), heads: Sequence[tuple[str, ...]] = HEADS, title: str = ""
) -> bytes:
    """The sheet; a row is last head (or group/tick) → what stands in its cell. ``more`` are heads added at the end."""
    every = [*heads, *((head,) for head in more)]
    book = Workbook()
    leaf: Any = book.active
    leaf.title = "台账"
    top = 1
    if title:
        leaf.cell(1, 1, title)
        leaf.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(every))
        top = 2
    for level in range(3):
        start = 0
        while start < len(every):
            path = every[start][: level + 1]
            end = start
            while end + 1 < len(every) and every[end + 1][: level + 1] == path:
                end += 1
            if len(path) == level + 1:
                last = 2 if len(every[start]) == level + 1 else level
                leaf.cell(top + level, start + 1, path[level])
                if end > start or last > level:
                    leaf.merge_cells(
                        start_row=top + level, start_column=start + 1, end_row=top + last, end_column=end + 1
                    )
            start = end + 1
    for number, row in enumerate(rows):
        leaf.cell(top + 3 + number, 1, number + 1)
        for head, value in row.items():
            leaf.cell(top + 3 + number, column(head, every), value)
    leaf.cell(top + 3 + len(rows), 1, len(rows) + 1)  # a number printed for a row that nobody filled in
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def thirty() -> list[dict[str, Any]]:
    """Thirty enterprises as a person fills them in: 12 with an organization of their own, two joint branches of three
    each, 2 in a grid, 5 with an instructor, 5 with nothing."""
    tick = ("√", 1, "是", "✓", "v")
    days: tuple[Any, ...] = (
        "2019-07-01",
        "2018.6.5",
        dt.date(2020, 3, 1),
        "20210701",
        "2017年12月26日",
        "2022/5/4",
    )
    made: list[dict[str, Any]] = []
    for number in range(1, 31):
        own = ("私营企业", "外商投资企业", "港澳台商投资企业")[0 if number % 7 else number // 7 % 3]
        row: dict[str, Any] = {
            "单位（报送单位）": "某园区党工委",
            "企业座落地/园区": "√",
            "企业名称": f"滨江{number}号机械有限公司",
            "企业注册地": "某市",
            "企业经营地": f"创新路{number}号",
            "联系电话": 13800000000 + number if number % 2 else f"0477-85{number:02}",
            f"企业类型/{own}": tick[number % 5],
            "年营业收入（万元）": 100 * number,
            "从业人员数量（名）": f"{10 + number}名" if number % 3 == 0 else 10 + number,
            "是否规模以上企业（是、否）": "是" if number % 4 == 0 else "否",
            "企业出资人姓名": f"出资人{number}",
            "工会": "√" if number % 10 == 0 else "",
        }
        if number <= 12:
            kind = {1: "党委", 2: "党总支"}.get(number, "党支部")
            row |= {
                "是否建立党组织": "是",
                "党组织成立时间": days[number % 6],
                "党组织组建形式/单独建立": tick[number % 4],
                f"党组织类别/{kind}": "√",
                "党组织书记姓名": f"单独书{chr(0x4E00 + number)}",
                f"来源/{('出资人担任', '中层管理人员担任', '上级党组织选派', '其他人员担任')[number % 4]}": "√",
                "组织关系在非公企业的党员总数": 3 + number,
            }
        elif number <= 18:
            joint = (number - 13) // 3
            row |= {
                "是否建立党组织": "√",
                "党组织成立时间": ("2021-03-15", "2022.3.15")[joint],
                "党组织组建形式/联合建立": "√",
                "党组织类别/党支部": "是",
                "党组织书记姓名": ("联合书记甲", "联合书记乙")[joint],
                "来源/上级党组织选派": "√",
            }
        elif number <= 20:
            row |= {
                "是否建立党组织": "是",
                "党组织成立时间": "2023-01-05",
                "党组织组建形式/网格建立": "√",
                "党组织类别/党支部": "√",
                "党组织书记姓名": "网格书记",
                "来源/其他人员担任": "√",
            }
        else:
            row |= {"是否建立党组织": "否", "未建立党组织原因/没有党员": "√"}
            if number <= 25:
                row["未建党组织的是否选派党建工作指导员、联络员"] = "是"
        made.append(row)
    return made


def mistaken() -> list[dict[str, Any]]:
    """The thirty with five mistakes: two ticks, no day, no kind, no number, and an organization that is not there."""
    wrong = thirty()
    wrong[1]["企业类型/外商投资企业"] = "√"
    wrong[4]["党组织成立时间"] = "2021.13"
    del wrong[7]["党组织类别/党支部"]
    wrong[13]["从业人员数量（名）"] = "约五十"
    wrong[20]["党组织书记姓名"] = "不该有"
    return wrong


# Row and head of each mistake
MISTAKES: Final = (
    (FIRST_ROW + 1, "企业类型/私营企业"),
    (FIRST_ROW + 4, "党组织成立时间"),
    (FIRST_ROW + 7, "党组织类别/党支部"),
    (FIRST_ROW + 13, "从业人员数量（名）"),
    (FIRST_ROW + 20, "是否建立党组织"),
)
