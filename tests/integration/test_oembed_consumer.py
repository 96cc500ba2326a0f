"""A consumer that others wrote resolves our addresses: micawber, over HTTP."""

from __future__ import annotations

import json
import re

import micawber
import pytest

from mapsvc.snapshot import EVERYTHING
from tests.browser.conftest import serving
from tests.embedding import shipped
from tests.integration.conftest import make_app


def test_micawber_gets_our_frames() -> None:
    branch = json.loads(next(iter(shipped().iterate(EVERYTHING))))["properties"]
    with serving(make_app(shipped())) as site:
        consumer = micawber.ProviderRegistry()
        consumer.register(rf"{re.escape(site)}/\S*", micawber.Provider(f"{site}/oembed"))
        page = f"{site}/branches/{branch['id']}"
        answer = consumer.request(page, maxwidth=400)
        assert answer["type"] == "rich"
        assert answer["width"] == 400
        assert answer["title"].startswith(branch["name"])
        text = micawber.parse_text(f"看这里：\n\n{page}\n\n谢谢", consumer)
        assert text.count("<iframe ") == 1
        assert f'src="{site}/embed?v=1&amp;branch={branch["id"]}"' in text
        # micawber knows the 404 of an address that has no frame.
        with pytest.raises(micawber.ProviderException):
            consumer.request(f"{site}/branches/nobody")
        assert micawber.parse_text(f"{site}/nope", consumer).count("<iframe") == 0
