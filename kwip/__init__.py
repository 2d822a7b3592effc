"""Kwip: a self-hosted microblog and timeline platform."""
