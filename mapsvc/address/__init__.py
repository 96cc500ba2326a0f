"""Chinese addresses without I/O: normal forms and parts."""
