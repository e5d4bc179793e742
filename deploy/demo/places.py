"""Where the demo province plays: Shandong's cities and counties by GB/T 2260, retired codes, invented offices.

The codes are the standard's; the offices' USCCs are invented. An organisation
registered in a place that was merged since keeps the retired code in its USCC.
"""

from __future__ import annotations

from dataclasses import dataclass

from deploy.demo import codes

# city -> (name, counties); the names of counties stand in subjects' names and addresses
CITIES: dict[str, tuple[str, dict[str, str]]] = {
    "3701": ("济南", {"370102": "历下", "370112": "历城", "370116": "莱芜", "370117": "钢城"}),
    "3702": ("青岛", {"370202": "市南", "370203": "市北", "370211": "黄岛", "370281": "胶州"}),
    "3703": ("淄博", {"370303": "张店", "370322": "高青"}),
    "3704": ("枣庄", {"370402": "市中", "370481": "滕州"}),
    "3705": ("东营", {"370502": "东营", "370523": "广饶"}),
    "3706": ("烟台", {"370602": "芝罘", "370613": "莱山", "370683": "莱州"}),
    "3707": ("潍坊", {"370703": "寒亭", "370783": "寿光", "370786": "昌邑"}),
    "3708": ("济宁", {"370811": "任城", "370881": "曲阜"}),
    "3709": ("泰安", {"370902": "泰山", "370921": "宁阳", "370923": "东平"}),
    "3710": ("威海", {"371002": "环翠", "371082": "荣成"}),
    "3711": ("日照", {"371102": "东港", "371122": "莒县"}),
    "3713": ("临沂", {"371302": "兰山", "371311": "罗庄"}),
    "3714": ("德州", {"371402": "德城", "371423": "庆云", "371481": "乐陵"}),
    "3715": ("聊城", {"371502": "东昌府", "371581": "临清"}),
    "3716": ("滨州", {"371602": "滨城", "371603": "沾化", "371623": "无棣"}),
    "3717": ("菏泽", {"371702": "牡丹", "371725": "郓城"}),
}

# Laiwu was merged into Jinan in 2019; codes issued before that stay valid in the holder's USCC.
RETIRED = {"371202": "莱城", "371203": "钢城"}

# Cities whose "districts under the city" code is old enough for every birth date used here.
BIRTH_CITIES = ("3701", "3702", "3703", "3704", "3705", "3706", "3707", "3708", "3709", "3710")


@dataclass(frozen=True, slots=True)
class Office:
    """A department or a court that decides: its name and its invented USCC."""

    name: str
    uscc: str
    short: str  # as it stands in document numbers


def _office(number: int, area: str, name: str, short: str) -> Office:
    return Office(name, codes.uscc("11", area, 90_000 + number), short)


QINGDAO_OFFICES = (
    _office(1, "370200", "青岛市市场监督管理局", "青市监"),
    _office(2, "370200", "青岛市生态环境局", "青环"),
    _office(3, "370200", "青岛市交通运输局", "青交"),
    _office(4, "370200", "青岛市应急管理局", "青应急"),
)
YANTAI_OFFICES = (
    _office(11, "370600", "烟台市市场监督管理局", "烟市监"),
    _office(12, "370600", "烟台市交通运输局", "烟交"),
    _office(13, "370600", "烟台市住房和城乡建设局", "烟住建"),
)
WEIFANG_OFFICES = (
    _office(14, "370700", "潍坊市市场监督管理局", "潍市监"),
    _office(15, "370700", "潍坊市生态环境局", "潍环"),
    _office(16, "370700", "潍坊市农业农村局", "潍农"),
)
WEIHAI_OFFICES = (
    _office(61, "371000", "威海市市场监督管理局", "威市监"),
    _office(62, "371000", "威海市海洋发展局", "威海发"),
    _office(63, "371000", "威海市生态环境局", "威环"),
)
JINAN_OFFICES = (
    _office(71, "370100", "济南市行政审批服务局", "济审"),
    _office(72, "370100", "济南市市场监督管理局", "济市监"),
)
REGISTRARS = {
    city: _office(20 + index, f"{city}00", f"{name}市行政审批服务局", f"{name}审")
    for index, (city, (name, _)) in enumerate(CITIES.items())
}
QINGDAO_CENTRE = _office(51, "370200", "青岛市社会信用中心", "青信")
YANTAI_CENTRE = _office(52, "370600", "烟台市社会信用中心", "烟信")
WEIFANG_CENTRE = _office(53, "370700", "潍坊市社会信用中心", "潍信")
WEIHAI_CENTRE = _office(54, "371000", "威海市社会信用中心", "威信")
JINAN_CENTRE = _office(55, "370100", "济南市社会信用中心", "济信")
# who decides, and who passes the records on, by the first word of a collection
DECIDING = {
    "qingdao": (QINGDAO_OFFICES, QINGDAO_CENTRE),
    "yantai": (YANTAI_OFFICES, YANTAI_CENTRE),
    "weifang": (WEIFANG_OFFICES, WEIFANG_CENTRE),
    "weihai": (WEIHAI_OFFICES, WEIHAI_CENTRE),
    "jinan": (JINAN_OFFICES, JINAN_CENTRE),
}


def court(city: str, county: str) -> str:
    """The name of the court of a county."""
    return f"山东省{CITIES[city][0]}市{CITIES[city][1][county]}区人民法院"
