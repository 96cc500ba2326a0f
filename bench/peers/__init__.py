"""Applications that granian runs beside mapsvc; each in its own environment."""
