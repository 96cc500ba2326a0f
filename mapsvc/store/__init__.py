"""What is kept: the store's interface, its schema and its implementations."""
