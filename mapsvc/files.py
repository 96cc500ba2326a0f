"""Reading files that people name: regular ones, and not without end."""

from __future__ import annotations

import stat
from pathlib import Path

from mapsvc.errors import MapsvcError


class UnreadableFile(MapsvcError):
    """A file that is not there, may not be read, is no regular file, or is too large."""


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of the regular file at ``path``, at most ``limit`` of them.

    Raises:
        UnreadableFile: says why, without the path.
    """
    try:
        # Asked before opening: to open a named pipe would wait for its writer for ever.
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UnreadableFile("this is a directory, not a file")
        if not stat.S_ISREG(mode):
            raise UnreadableFile("this is a device or a pipe, not a regular file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise UnreadableFile("there is no such file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UnreadableFile(f"the file cannot be read: {reason}") from error
    if len(data) > limit:
        raise UnreadableFile(f"the file is larger than {limit:,} bytes")
    return data
