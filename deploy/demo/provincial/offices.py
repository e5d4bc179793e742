"""The departments of the province that hold a line of their own; names as they are, codes invented.

Also the block that all their records have in common: state, who hands it over, where, and when it was touched.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from deploy.demo import codes
from deploy.demo.facts import touched
from deploy.demo.places import Office
from deploy.demo.subjects import Subject


def _office(number: int, name: str, short: str) -> Office:
    return Office(name, codes.uscc("11", "370000", 90_070 + number), short)


TAX = _office(1, "国家税务总局山东省税务局", "鲁税")
MARKET = _office(2, "山东省市场监督管理局", "鲁市监")
CUSTOMS = _office(3, "济南海关", "济关")
LABOUR = _office(4, "山东省人力资源和社会保障厅", "鲁人社")
SCHOOLS = _office(5, "山东省教育厅", "鲁教")
SCIENCE = _office(6, "山东省科学技术厅", "鲁科")
JUSTICE = _office(7, "山东省司法厅", "鲁司")
TRANSPORT = _office(8, "山东省交通运输厅", "鲁交")
PURSE = _office(9, "山东省财政厅", "鲁财")
REFORM = _office(10, "山东省发展和改革委员会", "鲁发改")
COURT = _office(11, "山东省高级人民法院", "鲁高法")
SAFETY = _office(12, "山东省应急管理厅", "鲁应急")
CENTRE = _office(13, "山东省社会信用中心", "鲁信")


def envelope(subject: Subject, office: Office, day: date, draw: random.Random, today: date) -> dict[str, Any]:
    """State and source of a record that was made on `day`."""
    return {
        "status": "ACTIVE",
        "sourceUnit": office.name,
        "sourceUnitUscc": office.uscc,
        "areaCode": subject.area,
        "sourceUpdatedAt": touched(min(day + timedelta(days=draw.randrange(2, 20)), today - timedelta(days=1)), draw),
    }
