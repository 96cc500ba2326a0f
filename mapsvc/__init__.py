"""mapsvc: from a list of branch addresses to maps that people can use and embed."""

__version__ = "0.1.0"
