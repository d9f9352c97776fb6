"""The only place for the words that the names of the invented nation are made of, and how frequent each is.

No place or firm is meant to be anyone's: real provinces and cities, then a pair of characters and a line of business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Province:
    """A province by its GB/T 2260 prefix, its share of parks in thousandths, and some of its cities, by code order."""

    prefix: str
    name: str
    share: int
    cities: tuple[str, ...]


PROVINCES: Final = (
    Province("11", "北京", 20, ("北京",)),
    Province("12", "天津", 15, ("天津",)),
    Province("13", "河北", 45, ("石家庄", "唐山", "秦皇岛", "邯郸", "邢台", "保定")),
    Province("14", "山西", 25, ("太原", "大同", "阳泉", "长治", "晋城")),
    Province("15", "内蒙古", 22, ("呼和浩特", "包头", "乌海", "赤峰", "通辽", "鄂尔多斯")),
    Province("21", "辽宁", 32, ("沈阳", "大连", "鞍山", "抚顺", "本溪")),
    Province("22", "吉林", 20, ("长春", "吉林", "四平", "辽源")),
    Province("23", "黑龙江", 24, ("哈尔滨", "齐齐哈尔", "鸡西", "大庆")),
    Province("31", "上海", 28, ("上海",)),
    Province("32", "江苏", 90, ("南京", "无锡", "徐州", "常州", "苏州", "南通", "连云港", "淮安")),
    Province("33", "浙江", 85, ("杭州", "宁波", "温州", "嘉兴", "湖州", "绍兴", "金华")),
    Province("34", "安徽", 48, ("合肥", "芜湖", "蚌埠", "淮南", "马鞍山")),
    Province("35", "福建", 42, ("福州", "厦门", "莆田", "三明", "泉州")),
    Province("36", "江西", 36, ("南昌", "景德镇", "萍乡", "九江")),
    Province("37", "山东", 82, ("济南", "青岛", "淄博", "枣庄", "东营", "烟台", "潍坊")),
    Province("41", "河南", 50, ("郑州", "开封", "洛阳", "平顶山", "安阳", "濮阳")),
    Province("42", "湖北", 44, ("武汉", "黄石", "十堰", "宜昌", "襄阳")),
    Province("43", "湖南", 40, ("长沙", "株洲", "湘潭", "衡阳", "岳阳")),
    Province("44", "广东", 90, ("广州", "韶关", "深圳", "珠海", "汕头", "佛山", "东莞")),
    Province("45", "广西", 22, ("南宁", "柳州", "桂林", "梧州")),
    Province("46", "海南", 6, ("海口", "三亚")),
    Province("50", "重庆", 22, ("重庆",)),
    Province("51", "四川", 40, ("成都", "自贡", "攀枝花", "泸州", "德阳", "绵阳")),
    Province("52", "贵州", 15, ("贵阳", "六盘水", "遵义")),
    Province("53", "云南", 16, ("昆明", "曲靖", "玉溪", "红河")),
    Province("54", "西藏", 2, ("拉萨", "日喀则")),
    Province("61", "陕西", 18, ("西安", "铜川", "宝鸡", "咸阳")),
    Province("62", "甘肃", 9, ("兰州", "嘉峪关", "金昌", "酒泉")),
    Province("63", "青海", 3, ("西宁", "海东")),
    Province("64", "宁夏", 4, ("银川", "石嘴山", "吴忠")),
    Province("65", "新疆", 5, ("乌鲁木齐", "克拉玛依", "昌吉")),
)

FIRST: Final = (
    "鼎华恒瑞宏嘉德润泰盛兴隆昌永安康博远志诚信义明光辉耀天地海江山川云龙凤麒麟金银玉珠宝翔飞腾达通顺利丰茂荣富"
)
SECOND: Final = (
    "泽源峰岳林森木叶禾谷田野园庭轩宇宙星辰月阳晖曦晨露霖霁雨雪霜冰河湖泊洋港湾洲岛堡城邦国民众友朋联合创新智能"
)
PAIRS: Final = len(FIRST) * len(SECOND)

# Lines of business: the words, how many of ten thousand firms bear them, and their section of GB/T 4754
TRADES: Final = (
    ("科技", 2000, "I"),
    ("商贸", 800, "F"),
    ("机械", 560, "C"),
    ("电子", 500, "C"),
    ("建筑工程", 470, "E"),
    ("新材料", 420, "C"),
    ("食品", 400, "C"),
    ("物流", 380, "G"),
    ("装饰", 340, "E"),
    ("服饰", 320, "C"),
    ("塑料制品", 300, "C"),
    ("信息技术", 280, "I"),
    ("汽车零部件", 260, "C"),
    ("环保设备", 240, "C"),
    ("餐饮管理", 230, "H"),
    ("家具", 220, "C"),
    ("包装", 210, "C"),
    ("化工", 200, "C"),
    ("医疗器械", 190, "C"),
    ("农业开发", 180, "A"),
    ("文化传媒", 170, "R"),
    ("轴承", 100, "C"),
    ("模具", 160, "C"),
    ("仓储", 130, "G"),
    ("检测", 110, "M"),
    ("纺织", 150, "C"),
    ("五金", 140, "C"),
    ("印刷", 90, "C"),
    ("光电", 80, "C"),
    ("陶瓷", 60, "C"),
    ("冷链", 50, "G"),
    ("酿酒", 30, "C"),
    ("制药", 120, "C"),
    ("矿业", 40, "B"),
    ("热力", 20, "D"),
    ("水务", 15, "D"),
    ("典当", 10, "J"),
    ("置业", 12, "K"),
    ("烟花", 6, "C"),
    ("眼镜", 5, "C"),
    ("古琴", 1, "C"),
    ("钟表", 1, "C"),
)
FORMS: Final = (("有限公司", 80), ("有限责任公司", 8), ("股份有限公司", 6), ("集团有限公司", 2), ("厂", 4))
SHOPS: Final = (("经营部", 50), ("商行", 30), ("门市部", 20))

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
)
GIVEN: Final = "承亦知予若景书清远嘉以闻怀令允秉向启思明安宁川舟禾野林岚棠溪筠和原桐朗言岩苗松云"


def spread(weights: Sequence[tuple[T, int]], slots: int) -> list[T]:
    """``slots`` places in which each value stands as often as its weight says; the first fills what is left."""
    places = [value for value, weight in weights for _ in range(weight)]
    return (places + [weights[0][0]] * max(0, slots - len(places)))[:slots]


def pair(number: int) -> str:
    """The pair of characters of a number; different numbers below PAIRS have different pairs."""
    first, second = divmod(number % PAIRS, len(SECOND))
    return FIRST[first] + SECOND[second]
