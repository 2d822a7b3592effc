"""What timelines show, to whom, and how they are cut into pages.

Imports the values that timelines are made of (posts, users, relationships), which never
import this package.
"""
