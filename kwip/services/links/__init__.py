"""Previews of the pages that posts link to.

May call `media`, `outgoing` and what is below.
"""
