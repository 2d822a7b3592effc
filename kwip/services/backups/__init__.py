"""Backups of a site, and archives of one user.

May call what operators run; only the command line and wiring call it.
"""
