"""Plain Flask that answers every path under /body with one constant; run by granian."""

import os
from pathlib import Path

from flask import Flask, Response


def make_app() -> Flask:
    """The body of ``/<name>`` is the file ``<name>`` in BENCH_BODIES, read once."""
    app = Flask(__name__, static_folder=None)
    folder = Path(os.environ["BENCH_BODIES"])

    def answer(body: bytes) -> Response:
        return Response(body, mimetype="application/geo+json")

    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        app.add_url_rule(f"/{path.name}", path.name, lambda body=body: answer(body))
    return app
