"""Marshmallow at the edge: bytes become domain values, views become JSON.

The packages are named like those of services. On top is what all of them use, and
`forms`, which every page has; the rest of the top calls no package.
"""
