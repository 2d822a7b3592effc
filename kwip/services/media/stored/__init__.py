"""Stored files: where those of attachments are, who reaches them, purging a CDN.

Calls no other package of `media`.
"""
