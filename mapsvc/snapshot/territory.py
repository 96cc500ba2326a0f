"""The districts of a revision with what is made of them, kept while they do not change."""

from __future__ import annotations

from functools import cached_property

import shapely

from mapsvc.areas import Areas
from mapsvc.geo.districts import DistrictIndex
from mapsvc.model import District


class Territory:
    """Districts, ready to be searched and drawn.

    Args:
        districts: by code.
        areas: what was made of the same districts before, if anything was.
    """

    def __init__(self, districts: tuple[District, ...], areas: Areas | None = None) -> None:
        self.districts = districts
        self.names = {district.code: district.name for district in districts}
        if areas is not None:
            self.areas = areas

    @cached_property
    def areas(self) -> Areas:
        """The districts and the cities and provinces above them."""
        return Areas(self.districts)

    def warm_up(self) -> None:
        """Make now what the first search would have to wait for: seconds, for all of China."""
        if self.districts:
            inside = shapely.point_on_surface(self.districts[0].geometry)
            self.index.locate([inside.x], [inside.y])

    @cached_property
    def index(self) -> DistrictIndex:
        """Finds the district of a point."""
        return DistrictIndex(
            [district.code for district in self.districts],
            [district.geometry for district in self.districts],
        )
