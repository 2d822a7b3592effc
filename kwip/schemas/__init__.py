"""Marshmallow at the edge: bytes in become domain values, views become JSON."""
