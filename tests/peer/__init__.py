"""Tests against a real Nominatim, for `make test-peer`; no part of the default run."""
