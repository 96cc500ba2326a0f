"""Geocoding: providers, the cache, and how good an answer is."""
