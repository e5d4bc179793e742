"""The departments of the four cities that hold a line of their own beside permits and penalties; codes invented."""

from __future__ import annotations

from deploy.demo import codes
from deploy.demo.places import Office


def _office(number: int, area: str, name: str, short: str) -> Office:
    return Office(name, codes.uscc("11", area, 91_000 + number), short)


QINGDAO_MARKET = _office(1, "370200", "青岛市市场监督管理局", "青市监")
QINGDAO_TRADING = _office(2, "370200", "青岛市公共资源交易中心", "青交易")
QINGDAO_ENVIRONMENT = _office(3, "370200", "青岛市生态环境局", "青环")
YANTAI_FOOD = _office(11, "370600", "烟台市市场监督管理局", "烟市监")
YANTAI_SAFETY = _office(12, "370600", "烟台市应急管理局", "烟应急")
WEIFANG_LABOUR = _office(21, "370700", "潍坊市人力资源和社会保障局", "潍人社")
WEIFANG_ENVIRONMENT = _office(22, "370700", "潍坊市生态环境局", "潍环")
WEIFANG_FARMS = _office(23, "370700", "潍坊市农业农村局", "潍农")
WEIHAI_BUILDING = _office(31, "371000", "威海市住房和城乡建设局", "威住建")
WEIHAI_LABOUR = _office(32, "371000", "威海市人力资源和社会保障局", "威人社")
