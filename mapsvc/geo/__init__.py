"""Geography without I/O: datums, districts, the spatial index."""
