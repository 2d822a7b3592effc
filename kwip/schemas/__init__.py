"""Marshmallow at the edge: bytes become domain values, views become JSON."""
