"""The only place that writes orgs/readings.txt: how Chinese signs are read, and the words in which otherwise.

`python scripts/readings.py` works it out from pypinyin and from the tables below. The portal reads the file and not the
library: that takes 0.5 s and 60 MB in every process that writes a name, and 0.2 ms for each name; the file a tenth of
both, and 0.01 ms. And an update of a library does not move what is sorted by it: a changed file wants a migration that
calls `orgs.ordering.rebuild`.
"""

from importlib.metadata import distribution, version
from pathlib import Path

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
from pypinyin.contrib.tone_convert import to_tone3

FILE = Path(__file__).resolve().parent.parent / "orgs" / "readings.txt"
LONGEST = 3  # signs of a word; four make a saying, which no company is called by

# How a sign alone is read in the names of companies and places, where the library puts another reading first
SIGNS = {
    "长": "chang2",
    "都": "du1",
    "曾": "zeng1",
    "仇": "qiu2",
    "单": "dan1",
    "调": "tiao2",
    "泊": "bo2",
    "𠮷": "ji2",
}

# Words that names are made of and that the library does not know, or reads otherwise
WORDS = {
    "单县": "shan4 xian4", "莘县": "shen1 xian4", "六合": "lu4 he2", "燕郊": "yan1 jiao1", "燕京": "yan1 jing1",
    "燕化": "yan1 hua4", "大城县": "dai4 cheng2 xian4", "调度": "diao4 du4", "调研": "diao4 yan2",
    "调查": "diao4 cha2", "行长": "hang2 zhang3", "央行": "yang1 hang2", "会长": "hui4 zhang3",
    "部长": "bu4 zhang3", "厂长": "chang3 zhang3", "站长": "zhan4 zhang3", "组长": "zu3 zhang3",
    "省长": "sheng3 zhang3", "成长": "cheng2 zhang3", "增长": "zeng1 zhang3", "生长": "sheng1 zhang3",
    "重卡": "zhong4 ka3", "重组": "chong2 zu3", "重塑": "chong2 su4", "投行": "tou2 hang2", "商行": "shang1 hang2",
    "车行": "che1 hang2", "洋行": "yang2 hang2", "农商行": "nong2 shang1 hang2", "乐器": "yue4 qi4",
    "厦工": "xia4 gong1", "藏医": "zang4 yi1", "藏药": "zang4 yao4", "泊头": "bo2 tou2", "梁山泊": "liang2 shan1 po1",
}  # fmt: skip

# Family names that are read otherwise than the sign is; those of two signs wherever one of them might mislead
SURNAMES = {
    "单": "shan4", "曾": "zeng1", "解": "xie4", "仇": "qiu2", "区": "ou1", "查": "zha1", "盖": "ge3", "华": "hua4",
    "任": "ren2", "朴": "piao2", "乐": "yue4", "翟": "zhai2", "缪": "miao4", "冼": "xian3", "员": "yun4",
    "种": "chong2", "召": "shao4", "黑": "he4", "那": "na1", "纪": "ji3", "葛": "ge3", "逄": "pang2", "乜": "nie4",
    "覃": "qin2", "谌": "chen2", "祭": "zhai4", "郗": "xi1", "应": "ying1", "燕": "yan1", "瞿": "qu2", "洗": "xian3",
    "佴": "nai4", "笪": "da2", "隗": "wei3", "秘": "bi4", "繁": "po2", "折": "she2", "牟": "mu4", "柏": "bai3",
    "薄": "bo2", "卜": "bu3", "晁": "chao2", "都": "du1", "句": "gou1", "过": "guo1", "宁": "ning4", "长": "chang2",
    "尹": "yin3", "哈": "ha3", "车": "che1", "尉": "wei4", "宓": "mi4", "训": "xun4", "幺": "yao1", "佘": "she2",
    "尉迟": "yu4 chi2", "万俟": "mo4 qi2", "长孙": "zhang3 sun1", "单于": "chan2 yu2", "澹台": "tan2 tai2",
    "令狐": "ling2 hu2", "皇甫": "huang2 fu3", "宇文": "yu3 wen2", "欧阳": "ou1 yang2", "呼延": "hu1 yan2",
    "鲜于": "xian1 yu2", "亓官": "qi2 guan1", "濮阳": "pu2 yang2", "夏侯": "xia4 hou2", "钟离": "zhong1 li2",
}  # fmt: skip


def plain(reading: str) -> str:
    """zhāng → zhang1; the neutral tone is the fifth, ü is v."""
    return to_tone3(reading, v_to_u=False, neutral_tone_with_five=True)


def place(syllable: str) -> tuple[str, bool, str]:
    """Where a syllable stands, as in a dictionary: lu, lü, luan, lüe, lun."""
    letters = syllable[:-1]
    return letters.replace("v", "u"), "v" in letters, syllable[-1]


def every_sign() -> dict[str, str]:
    return {chr(code): plain(readings.split(",")[0]) for code, readings in PINYIN_DICT.items()} | SIGNS


def every_word(signs: dict[str, str]) -> dict[str, str]:
    """Words in which a sign is read otherwise than alone; and with an empty reading those that must not be torn apart:
    旅行 keeps its 行 from being read as in 行长."""
    known = {
        word: " ".join(plain(one) for (one, *_) in readings)
        for word, readings in PHRASES_DICT.items()
        if len(word) <= LONGEST and len(word) == len(readings) and all(sign in signs for sign in word)
    }
    known |= WORDS
    found, begin = {}, set()
    for word, reading in known.items():
        told = reading.split()
        if reading != " ".join(signs[sign] for sign in word):
            found[word] = reading
            if told[0] != signs[word[0]]:
                begin.add(word[0])
    kept = {word: "" for word in known if len(word) == 2 and word not in found and word[1] in begin}
    return found | kept


def main() -> None:
    signs = every_sign()
    words = every_word(signs)
    by_syllable: dict[str, list[str]] = {
        syllable: [] for reading in [*words.values(), *SURNAMES.values()] for syllable in reading.split()
    }
    for sign in sorted(signs):
        by_syllable.setdefault(signs[sign], []).append(sign)
    licence = distribution("pypinyin").read_text("licenses/LICENSE.txt") or ""
    lines = [
        "Written by scripts/readings.py, never by hand. Syllables in their order with the signs that are read so;",
        "words in which they are read otherwise; family names. The readings are from pypinyin, under this licence:",
        "",
        *licence.strip().splitlines(),
    ]
    told = [f"# {line}".rstrip() for line in lines]
    told += ["", *(f"{one} {''.join(by_syllable[one])}".rstrip() for one in sorted(by_syllable, key=place))]
    told += ["", *(f"{word} {words[word]}".rstrip() for word in sorted(words))]
    told += ["", *(f"{name} {SURNAMES[name]}" for name in sorted(SURNAMES))]
    FILE.write_text("\n".join(told) + "\n", encoding="utf-8")
    print(f"{FILE.name}：{len(signs):,}字，{len(words):,}词，{len(SURNAMES)}姓（pypinyin {version('pypinyin')}）。")


if __name__ == "__main__":
    main()
