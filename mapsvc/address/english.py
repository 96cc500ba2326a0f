"""English names of China's provinces and cities: by table where custom differs, else in pinyin.

The customs are those of the country's own English maps: romanised Mongolian, Tibetan and Uyghur
names, Shaanxi with two a's.
"""

from __future__ import annotations

import re

PROVINCES = {
    "11": "Beijing", "12": "Tianjin", "13": "Hebei", "14": "Shanxi", "15": "Inner Mongolia",
    "21": "Liaoning", "22": "Jilin", "23": "Heilongjiang",
    "31": "Shanghai", "32": "Jiangsu", "33": "Zhejiang", "34": "Anhui", "35": "Fujian",
    "36": "Jiangxi", "37": "Shandong",
    "41": "Henan", "42": "Hubei", "43": "Hunan", "44": "Guangdong", "45": "Guangxi",
    "46": "Hainan",
    "50": "Chongqing", "51": "Sichuan", "52": "Guizhou", "53": "Yunnan", "54": "Tibet",
    "61": "Shaanxi", "62": "Gansu", "63": "Qinghai", "64": "Ningxia", "65": "Xinjiang",
    "71": "Taiwan", "81": "Hong Kong", "82": "Macau",
}  # fmt: skip
"""By the first two digits of a GB/T 2260 code: these 34 and no others."""

_CITIES = {
    # Pinyin by machine takes the other reading of a character.
    "1404": "Changzhi", "2113": "Chaoyang", "4111": "Luohe",
    # Romanised from another language.
    "1501": "Hohhot", "1506": "Ordos", "1507": "Hulunbuir", "1508": "Bayannur",
    "1509": "Ulanqab", "1522": "Hinggan", "1525": "Xilingol", "1529": "Alxa",
    "2301": "Harbin", "2302": "Qiqihar",
    "5132": "Ngawa", "5133": "Garze", "5334": "Deqen",
    "5401": "Lhasa", "5402": "Xigaze", "5403": "Qamdo", "5404": "Nyingchi", "5406": "Nagqu",
    "5425": "Ngari", "6326": "Golog",
    "6501": "Urumqi", "6502": "Karamay", "6504": "Turpan", "6527": "Bortala",
    "6528": "Bayingolin", "6529": "Aksu", "6530": "Kizilsu", "6531": "Kashgar", "6532": "Hotan",
    "6540": "Ili", "6542": "Tacheng", "6543": "Altay",
    # An autonomous prefecture is called by its place, without the peoples in its name.
    "2224": "Yanbian", "4228": "Enshi", "4331": "Xiangxi", "5134": "Liangshan",
    "5223": "Qianxinan", "5226": "Qiandongnan", "5227": "Qiannan", "5323": "Chuxiong",
    "5325": "Honghe", "5326": "Wenshan", "5328": "Xishuangbanna", "5329": "Dali",
    "5331": "Dehong", "5333": "Nujiang", "6229": "Linxia", "6230": "Gannan", "6322": "Haibei",
    "6323": "Huangnan", "6325": "Hainan Prefecture", "6327": "Yushu", "6328": "Haixi",
    "6523": "Changji",
}  # fmt: skip
"""By the first four digits."""

_SUFFIX = re.compile(r"(?<=..)(?:市|地区|盟|自治州)$")


def province_name(code: str) -> str:
    """The English name of the province of a six-digit code, or "" where there is none.

    >>> province_name("610000"), province_name("999999")
    ('Shaanxi', '')
    """
    return PROVINCES.get(code[:2], "")


def city_name(code: str, name: str) -> str:
    """The English name of a city-level division.

    Args:
        code: its six-digit code.
        name: its Chinese name; another script stays as it is.

    >>> city_name("330200", "宁波市"), city_name("610100", "西安市"), city_name("540100", "拉萨市")
    ('Ningbo', "Xi'an", 'Lhasa')
    """
    known = _CITIES.get(code[:4])
    if known:
        return known
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its tables take as long as all the rest

    syllables = lazy_pinyin(_SUFFIX.sub("", name), v_to_u=True)
    # An apostrophe keeps Xi'an from being read as Xian.
    joined = "".join(
        "'" + syllable if position and syllable[0] in "aeo" else syllable
        for position, syllable in enumerate(syllables)
    )
    return joined[:1].upper() + joined[1:]
