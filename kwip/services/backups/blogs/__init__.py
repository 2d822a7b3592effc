"""Blogs as a source of kwips: a job reads their feeds, and posts what is new.

May call posting, the import of kwips, and outgoing.
"""
