"""Codes of agencies in the two schemes that the law uses side by side."""

from typing import Annotated

from pydantic import StringConstraints

StatisticsCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z.]{2,35}$")]
"""The code of the General Statistics Office, e.g. ``07201`` for a commune, ``24`` for the province.
Agencies outside that list carry their identification code in this field too."""

IdentificationCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Z0-9]+(\.[A-Z0-9]+)*$", max_length=35)
]
"""The identification code of QĐ 20/2020/QĐ-TTg, e.g. ``H02.01``."""

RegimeCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{1,39}$")]
"""The code of a reporting regime (chế độ báo cáo), e.g. ``TTHC-II06A``."""
