"""The Flask application: one module a blueprint."""
