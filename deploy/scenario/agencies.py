"""The agencies of the scenarios: real communes and districts, departments, vertical agencies."""

import csv
from pathlib import Path

DATA = Path(__file__).parent / "data"
LEVELS = {"province": "PROVINCE", "district": "DISTRICT", "commune": "COMMUNE"}
PROVINCE = "24"
OPERATOR = "STTTT"
LEAD_AGENCY = "VPUBND"
LEGAL_BASIS = "Nghị quyết của Hội đồng nhân dân tỉnh về tổ chức các cơ quan trên địa bàn"
VALID_FROM = "2023-01-15"

DEPARTMENTS = {
    "VPUBND": "Văn phòng UBND tỉnh",
    "SNV": "Sở Nội vụ",
    "STP": "Sở Tư pháp",
    "SKHDT": "Sở Kế hoạch và Đầu tư",
    "STC": "Sở Tài chính",
    "SCT": "Sở Công Thương",
    "SNNPTNT": "Sở Nông nghiệp và Phát triển nông thôn",
    "SGTVT": "Sở Giao thông vận tải",
    "SXD": "Sở Xây dựng",
    "STNMT": "Sở Tài nguyên và Môi trường",
    "STTTT": "Sở Thông tin và Truyền thông",
    "SLDTBXH": "Sở Lao động - Thương binh và Xã hội",
    "SVHTTDL": "Sở Văn hóa, Thể thao và Du lịch",
    "SKHCN": "Sở Khoa học và Công nghệ",
    "SGDDT": "Sở Giáo dục và Đào tạo",
    "SYT": "Sở Y tế",
    "TTT": "Thanh tra tỉnh",
    "BQLKCN": "Ban Quản lý các khu công nghiệp",
    "BDT": "Ban Dân tộc",
}
VERTICAL = {
    "CAT": "Công an tỉnh",
    "CTT": "Cục Thuế tỉnh",
    "BHXH": "Bảo hiểm xã hội tỉnh",
    "KBNN": "Kho bạc Nhà nước tỉnh",
    "CTK": "Cục Thống kê tỉnh",
}


def all_agencies() -> list[dict[str, object]]:
    """Return every agency of the province before the merger of 2025, parents first."""
    return [*_tree(), *_listed(DEPARTMENTS, "DEPARTMENT"), *_listed(VERTICAL, "VERTICAL")]


def communes() -> list[dict[str, object]]:
    """Return the 192 communes in order of their codes."""
    found = [agency for agency in _tree() if agency["level"] == "COMMUNE"]
    return sorted(found, key=lambda agency: str(agency["code"]))


def _tree() -> list[dict[str, object]]:
    with (DATA / "agencies-bac-giang-before-2025-07.csv").open(encoding="utf-8") as file:
        return [
            {
                "code": row["gso_code"],
                "name": row["name"],
                "level": LEVELS[row["level"]],
                "parent_code": row["parent_gso_code"] or None,
                "valid_from": VALID_FROM,
            }
            for row in csv.DictReader(file)
        ]


def _listed(names: dict[str, str], level: str) -> list[dict[str, object]]:
    parent = PROVINCE if level == "DEPARTMENT" else None
    return [
        {
            "code": code,
            "identification_code": f"H02.{number:02}" if level == "DEPARTMENT" else None,
            "name": name,
            "level": level,
            "parent_code": parent,
            "valid_from": VALID_FROM,
        }
        for number, (code, name) in enumerate(names.items(), start=1)
    ]
