"""Opening hours: a text form that people and programs can read, and what it means for a time.

The text is a part of OpenStreetMap's ``opening_hours``; docs/data.md has it with examples, and
the usual Chinese writing is read into the same. Times are China's.
"""

from mapsvc.hours.calendar import CHINA
from mapsvc.hours.opening import Hours, Opening, State, canonical_hours
from mapsvc.hours.rules import Dates, Rule, Span

__all__ = ["CHINA", "Dates", "Hours", "Opening", "Rule", "Span", "State", "canonical_hours"]
