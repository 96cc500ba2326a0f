"""``python -m mapsvc`` is the command ``mapsvc``."""

from mapsvc.cli import main

main(prog_name="mapsvc")
