"""Kwip: a self-hosted microblog and timeline platform."""

__version__ = "0.1.0"
