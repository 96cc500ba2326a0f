"""Which column holds what, by the headings that Chinese and English spreadsheets use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mapsvc.address.normalise import canonical
from mapsvc.errors import ListFileError, shown

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "网点名称", "机构名称", "名称", "支行名称", "支行", "单位名称", "单位", "营业网点名称",
        "营业网点", "网点", "网点全称", "机构全称", "机构", "分支机构名称", "分支机构",
        "示范单位", "name", "branch", "branch name", "title",
    ),
    "address": (
        "地址", "网点地址", "详细地址", "机构地址", "营业地址", "单位地址", "办公地址",
        "联系地址", "通讯地址", "营业网点地址", "具体地址", "address", "addr",
        "street address", "full address",
    ),
    "id": (
        "id", "网点编号", "机构编号", "网点代码", "机构代码", "网点号", "机构号", "branch id",
        "branch code", "code", "identifier",
    ),
    "lat": ("lat", "latitude", "纬度", "y", "纬度值", "ycoord"),
    "lon": ("lon", "lng", "long", "longitude", "经度", "x", "经度值", "xcoord"),
    "datum": ("datum", "坐标系", "坐标系统", "坐标类型", "基准", "大地基准", "crs", "srs"),
    "phone": (
        "phone", "tel", "telephone", "电话", "联系电话", "电话号码", "客服电话", "网点电话",
        "咨询电话", "phone number",
    ),
    "hours": (
        "hours", "opening hours", "营业时间", "开放时间", "工作时间", "对外营业时间",
    ),
    "services": (
        "services", "服务项目", "服务", "业务种类", "业务范围", "办理业务", "业务", "特色服务",
        "服务设施", "设施", "service",
    ),
    "award": (
        "award", "荣誉", "荣誉称号", "称号", "奖项", "获奖情况", "星级", "honour", "honor",
    ),
    "bank": ("bank", "bank name", "银行", "银行名称", "所属银行", "所属机构", "行别"),
    "row number": ("序号", "编号", "no", "no.", "number", "#", "行号"),
}  # fmt: skip
"""Each field and the headings that mean it. A row number is read by nobody: 序号 and a bare 编号
change with every reordering of the sheet, so they identify nothing."""

_SPELLINGS = {
    canonical(heading).replace("_", ""): field
    for field, headings in HEADINGS.items()
    for heading in headings
}
_DECORATION = re.compile(r"\((?:必填|选填|可选|required|optional)\)|[*:]+$|^\*+|_")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields stand in a record, counted from 0, and the headings as written."""

    headings: tuple[str, ...]
    index: Mapping[str, int]

    def heading(self, field: str) -> str:
        """The heading of ``field`` as the file writes it; the field's name without one."""
        position = self.index.get(field)
        if position is None or position >= len(self.headings):
            return field
        return self.headings[position]


HEADLESS = Columns(headings=(), index={"name": 0, "address": 1})
"""What an announcement's rows are: name and address."""


def field_of(cell: str) -> str | None:
    """The field that the heading ``cell`` means.

    >>> field_of(" 网点 名称（必填）"), field_of("Branch_Name"), field_of("备注")
    ('name', 'name', None)
    """
    return _SPELLINGS.get(_DECORATION.sub("", canonical(cell)))


def is_heading_row(cells: Sequence[str]) -> bool:
    """Whether ``cells`` are headings: name or address is among them, or two other fields."""
    if len(cells) > 1 or (cells and len(cells[0]) < 40):
        fields = {field_of(cell) for cell in cells if 0 < len(cell) < 40} - {None}
        return bool(fields & {"name", "address"}) or len(fields) > 1
    return False


def columns_of(cells: Sequence[str]) -> Columns:
    """The columns of a heading row.

    Raises:
        ListFileError: no name or no address, two headings for one field, or half a position.
    """
    headings = tuple(cell.strip() for cell in cells)
    index: dict[str, int] = {}
    for position, heading in enumerate(headings):
        field = field_of(heading)
        if field is None or field == "row number":
            continue
        if field in index:
            raise ListFileError(
                f"columns {index[field] + 1} ({shown(headings[index[field]])}) and {position + 1} "
                f"({shown(heading)}) both mean {field}; rename or remove one"
            )
        index[field] = position
    for field in ("name", "address"):
        if field not in index:
            raise ListFileError(f"there is no column for {field}; {found_and_understood(headings)}")
    for field, other in (("lat", "lon"), ("lon", "lat")):
        if field in index and other not in index:
            raise ListFileError(
                f"there is a column for {field} and none for {other}; "
                f"{found_and_understood(headings)}"
            )
    return Columns(headings, index)


def left_out(columns: Columns) -> list[str]:
    """The headings that nobody reads, as written."""
    return [h for h in columns.headings if h and field_of(h) is None]


def found_and_understood(cells: Sequence[str]) -> str:
    """The end of an error: what the file has, and what would have been understood."""
    found = ", ".join(shown(c.strip()) for c in cells[:20] if c.strip()) or "nothing"
    more = ", …" if len(cells) > 20 else ""
    understood = "; ".join(
        f"{field}: {', '.join(headings[:3])}"
        for field, headings in HEADINGS.items()
        if field != "row number"
    )
    return f"found: {found}{more}; understood, among others: {understood}"
