"""Users as JSON, and the forms of signing in, settings and the first steps.

Calls no other package of schemas.
"""
