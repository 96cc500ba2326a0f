"""Prints by how many kB this process grows while it is offered 100 MB, plain and as a gzip bomb."""

from __future__ import annotations

import resource
import sys
import zlib

from mapsvc.errors import BadAnswer
from tests.integration.providers.answers import AMAP, QUESTION
from tests.integration.providers.conftest import provider_at
from tests.integration.providers.stub import Stub, flood, plain


def zipped() -> bytes:
    """Some 100 kB that become 100 MB, made without ever holding them."""
    press = zlib.compressobj(wbits=31)
    return b"".join(press.compress(b" " * 100_000) for _ in range(1000)) + press.flush()


def main() -> None:
    with Stub() as stub:
        stub.says(AMAP)
        provider = provider_at("amap", stub.url)
        provider.ask(QUESTION)  # what is loaded only once
        bomb = zipped()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        huge = flood(b"Content-Length: 100000000\r\n", b" " * 65536)
        for script in (huge, plain(bomb, 200, {"Content-Encoding": "gzip"})):
            stub.scripts[:] = [script]
            try:
                provider.ask(QUESTION)
            except BadAnswer:
                continue
            raise SystemExit("the answer was taken")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        sys.stdout.write(f"{grown}\n")


if __name__ == "__main__":
    main()
