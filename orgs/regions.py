"""The only place that knows places by their code (GB/T 2260): names of provinces, and how long each prefix is."""

from collections.abc import Iterable
from itertools import takewhile
from typing import Final

# Two digits of a region code → the short name of the province
PROVINCES: Final = {
    "11": "北京",
    "12": "天津",
    "13": "河北",
    "14": "山西",
    "15": "内蒙古",
    "21": "辽宁",
    "22": "吉林",
    "23": "黑龙江",
    "31": "上海",
    "32": "江苏",
    "33": "浙江",
    "34": "安徽",
    "35": "福建",
    "36": "江西",
    "37": "山东",
    "41": "河南",
    "42": "湖北",
    "43": "湖南",
    "44": "广东",
    "45": "广西",
    "46": "海南",
    "50": "重庆",
    "51": "四川",
    "52": "贵州",
    "53": "云南",
    "54": "西藏",
    "61": "陕西",
    "62": "甘肃",
    "63": "青海",
    "64": "宁夏",
    "65": "新疆",
    "71": "台湾",
    "81": "香港",
    "82": "澳门",
}
# Digits of a province, a prefecture, a county
LEVELS: Final = (2, 4, 6)
_ENDS: Final = {4: ("自治州", "地区", "盟", "市"), 6: ("自治县", "自治旗", "县", "区", "旗", "市")}


def named(prefix: str, places: Iterable[str] = ()) -> str:
    """The name of a prefix: of a province by the table, of others by what its parks say of where they lie (``places``).

    鄂尔多斯市 for 1506 with a park in 内蒙古自治区鄂尔多斯市准格尔旗; the code itself where nothing is known.
    """
    if len(prefix) == LEVELS[0]:
        return PROVINCES.get(prefix, prefix)
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*filter(None, places), strict=False))
    shared = "".join(signs[0] for signs in alike)
    for end in _ENDS.get(len(prefix), ()):
        place = shared.rfind(end) if len(prefix) == LEVELS[2] else shared.find(end, 2)
        if place > 0:
            found = shared[: place + len(end)]
            return _below_province(found)
    return shared or prefix


def _below_province(name: str) -> str:
    for end in ("自治区", "特别行政区", "省"):
        _, found, rest = name.partition(end)
        if found and rest:
            return rest
    return name
