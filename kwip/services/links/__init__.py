"""Previews of the pages that posts link to, and verified links of profiles.

May call `media`, `outgoing` and what is below.
"""
