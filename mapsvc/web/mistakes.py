"""What is wrong with a query, in a visitor's words: each parameter, its value, what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mapsvc.web.display import shown
from mapsvc.web.i18n import gettext
from mapsvc.web.query import InvalidParameters, Parameter, RepeatedParameter, table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Mistake:
    """One parameter that cannot be taken as it came."""

    name: str
    value: str
    allowed: str
    """A sentence."""


def mistakes(error: InvalidParameters, wanted: type[DataclassInstance]) -> list[Mistake]:
    """All that is wrong with a query, in the language of this answer."""
    rows = table(wanted)
    found = []
    for each in error.errors:
        value = shown(str(each.value or ""))
        value = value if len(value) <= _SHOWN else f"{value[: _SHOWN - 1]}…"
        if isinstance(each, RepeatedParameter):
            said = gettext("It may be given only once.")
        elif each.name in rows:
            said = gettext("Allowed: %(what)s", what=allowed(rows[each.name][0]))
        else:
            said = gettext("This address is too long or is not written in UTF-8.")
        found.append(Mistake(shown(each.name), value, said))
    return found


def allowed(parameter: Parameter) -> str:
    """What a parameter may be, in the language of this answer, from what documents it."""
    schema: dict[str, Any] = dict(parameter.schema)
    items = schema.get("items", {})
    if "enum" in schema:
        return gettext("one of %(names)s", names=", ".join(schema["enum"]))
    if "enum" in items:
        return gettext("none, or some of %(names)s, with commas", names=", ".join(items["enum"]))
    if schema["type"] == "integer":
        bounds = {"low": schema["minimum"], "high": schema["maximum"]}
        return gettext("a whole number from %(low)s to %(high)s", **bounds)
    if "pattern" in schema:
        return gettext("a colour rrggbb that stands out from white by a contrast of 4.5 to 1")
    if schema["type"] == "array":
        return gettext("a latitude from -90 to 90 and a longitude from -180 to 180, with a comma")
    return gettext("a text of 1 to %(length)s characters", length=schema["maxLength"])
