"""The only place for the invented names of the demo park: firms, people, streets, and what meetings are about.

Firm names are pairs of rare characters and people's names come from two short lists, so that none is meant to be
anyone's.
"""

from dataclasses import dataclass
from random import Random

from stdnum.cn import uscc

from orgs.models import EnterpriseKind


@dataclass(frozen=True)
class Trade:
    """A line of business: its section and divisions of GB/T 4754, and the words that firms in it are named by."""

    label: str
    section: str
    division: str
    words: tuple[str, ...]
    authority: str


TRADES = {
    "equipment": Trade(
        "装备制造",
        "C",
        "35",
        ("精密机械", "液压件", "轴承", "焊接设备", "模具", "输送机械", "泵阀", "数控刀具"),
        "工业和信息化局",
    ),
    "electronics": Trade(
        "电子信息",
        "C",
        "39",
        ("电子材料", "传感器", "显示器件", "光电", "线束", "电路板", "连接器"),
        "工业和信息化局",
    ),
    "electrical": Trade("电气机械", "C", "38", ("电气", "储能装备", "电机", "线缆"), "工业和信息化局"),
    "materials": Trade("新材料", "C", "26", ("新材料", "复合材料", "涂料", "助剂", "膜材料"), "工业和信息化局"),
    "medicine": Trade("生物医药", "C", "27", ("药业", "生物制剂", "医用材料", "诊断试剂"), "市场监督管理局"),
    "food": Trade("食品", "C", "14", ("食品", "乳品", "调味品"), "市场监督管理局"),
    "building": Trade("建筑安装", "E", "49", ("安装工程", "幕墙工程", "园林工程"), "住房和城乡建设局"),
    "trade": Trade("商贸服务", "F", "51", ("商贸", "机电贸易", "进出口", "建材贸易", "办公用品"), "商务局"),
    "logistics": Trade("现代物流", "G", "59", ("供应链", "仓储", "冷链", "货运", "配送"), "交通运输局"),
    "catering": Trade("住宿餐饮", "H", "62", ("餐饮管理", "团餐服务"), "商务局"),
    "software": Trade("软件信息", "I", "65", ("软件", "信息技术", "数据服务", "物联技术"), "工业和信息化局"),
    "property": Trade("物业", "K", "70", ("物业服务", "园区运营"), "住房和城乡建设局"),
    "service": Trade("商务服务", "L", "72", ("人力资源", "会展服务", "企业管理咨询"), "人力资源和社会保障局"),
    "research": Trade("研发检测", "M", "74", ("检测技术", "工程设计", "环保技术"), "科学技术局"),
}

FIRST = "霁砚沅芷澧鹭岑苇檀汀砾桁泮翮蓼葳渚芊浥菡"
SECOND = "埭畈杼峤樾棹潆箬珩砦湉椤垚簌渡帆"
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董"
    "袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
)
GIVEN_FIRST = "承亦知予若景书清远嘉以闻怀令允秉向启思明"
GIVEN_SECOND = "安宁川舟禾野林岚棠溪筠和原桐朗言岩苗松云"
FEMALE_SECOND = frozenset("岚棠溪筠桐禾宁苗云")
STREETS = ("江畔路", "埠头街", "横塘路", "芦汀路", "船坞东路", "望潮大道", "环堤路")
LOCALITIES = ("江畔街道望潮社区", "江畔街道横塘社区", "芦汀镇埠头村", "芦汀镇环堤社区")


class Names:
    """Draws every name once, in an order that the seed alone decides."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.marks = [a + b for a in FIRST for b in SECOND]
        rng.shuffle(self.marks)
        self.taken: set[str] = set()
        self.serial = 0
        self.words_used: dict[str, int] = {}

    def firm(self, trade: str, kind: str) -> tuple[str, str]:
        """The full name and the short one."""
        words = TRADES[trade].words
        turn = self.words_used.get(trade, 0)
        self.words_used[trade] = turn + 1
        short = self.marks.pop() + words[turn % len(words)]
        match kind:
            case EnterpriseKind.INDIVIDUAL:
                return f"{short}经营部", short
            case EnterpriseKind.HMT | EnterpriseKind.FOREIGN:
                return f"{short}（滨江）有限公司", short
            case EnterpriseKind.MIXED:
                return f"{short}股份有限公司", short
        return f"{short}有限公司", short

    def credit_code(self, kind: str) -> str:
        """A well-formed 统一社会信用代码 of a registration region that does not exist (000000)."""
        self.serial += 1
        prefix = {EnterpriseKind.INDIVIDUAL: "92", EnterpriseKind.INSTITUTION: "12", EnterpriseKind.SOCIAL: "52"}
        body = f"{prefix.get(EnterpriseKind(kind), '91')}000000MADEM{self.serial:04d}"
        return body + str(uscc.calc_check_digit(body))

    def person(self) -> tuple[str, bool]:
        """A name and whether it is a woman's."""
        while True:
            second = self.rng.choice(GIVEN_SECOND)
            first = self.rng.choice(GIVEN_FIRST) if self.rng.random() < 0.8 else ""
            name = self.rng.choice(SURNAMES) + first + second
            if name not in self.taken:
                self.taken.add(name)
                return name, second in FEMALE_SECOND or self.rng.random() < 0.1

    def address(self) -> str:
        return f"{self.rng.choice(STREETS)}{self.rng.randint(1, 288)}号"

    def phone(self) -> str:
        """Eleven digits that no telephone has."""
        return f"1000000{self.rng.randint(0, 9999):04d}"


# What meetings are about: {0} the quarter, {1} a piece of the month's business, {2} the year.
BUSINESS = (
    "车间安全排查",
    "设备检修值守",
    "新员工帮带",
    "质量问题攻关",
    "节能降耗",
    "订单交付保障",
    "困难职工走访",
    "厂区道路照明",
    "工艺改进建议征集",
    "职工夜校开课",
    "仓库消防演练",
)
SEASONAL = {
    1: ("春节值班安排", "节前安全检查"),
    2: ("节后复工检查", "返岗职工服务"),
    3: ("江堤环境清理", "春季招工对接"),
    4: ("技能比武准备", "劳动竞赛安排"),
    5: ("防汛物资清点", "雨季排水检查"),
    6: ("防汛值守", "用电安全检查"),
    7: ("高温作业防护", "职工宿舍降温"),
    8: ("高温作业防护", "职工子女暑期托管"),
    9: ("质量月活动", "新员工入职帮带"),
    10: ("冬季检修准备", "四季度订单排产"),
    11: ("冬季防火检查", "管线防冻检查"),
    12: ("年终盘点", "冬季防火检查"),
}
TITLES = {
    "member_meeting": (
        "通报{0}季度支部工作，讨论下季度安排",
        "讨论接收预备党员",
        "讨论预备党员转正",
        "听取支委会工作报告，讨论{1}",
        "传达上级会议精神，讨论{1}",
    ),
    "committee_meeting": (
        "研究本月主题党日安排和{1}",
        "研究入党积极分子半年考察",
        "研究党费收缴和经费使用",
        "研究发展对象预审材料",
        "研究{1}的分工",
    ),
    "group_meeting": ("学习支部党员大会决议", "汇报本月工作情况", "商议{1}"),
    "party_lecture": (
        "党课：学习党章第三十三条",
        "党课：支部工作条例怎么用",
        "党课：党员在班组里做什么",
        "党课：从一次{1}说起",
    ),
    "theme_day": (
        "主题党日：{1}",
        "主题党日：重读入党志愿书，交纳党费",
        "主题党日：党员责任区检查与{1}",
        "主题党日：集中学习和{1}",
    ),
    "org_life_meeting": ("{2}年度组织生活会",),
    "appraisal": ("{2}年度民主评议党员",),
    "committee_life_meeting": ("{2}年度民主生活会",),
    "central_group": ("理论学习中心组{0}季度学习",),
    "joint_meeting": ("园区党建联席会议：{1}", "党支部书记座谈会"),
    "enterprise_visit": ("走访未建组织企业，核对党员情况", "走访联合党支部企业，了解{1}"),
    "policy_talk": ("技改补贴申报政策宣讲", "社保缓缴政策现场办公", "招工对接现场办公"),
    "volunteer": ("江堤环境清理志愿服务", "走访慰问困难职工", "无偿献血"),
    "oath": ("新党员入党宣誓",),
    "training": ("党支部书记集中培训", "入党积极分子培训班", "发展对象短期集中培训"),
    "joint_day": ("与社区党支部联合开展主题党日",),
    "project": ("项目临时党支部：进度和安全通报",),
    "talk": ("支部委员与党员谈心谈话",),
}
PLACES = ("党员活动室", "会议室", "园区党群服务中心", "车间班组园地", "职工之家")
