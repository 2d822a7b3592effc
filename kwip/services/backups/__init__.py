"""Backups of a site, and archives of one user.

May call what operators run. Jobs and pages only call the services in the bundle.
"""
