"""Uploaded pictures: decoded in a child process, stored under their content's hash.

Calls no other package of services.
"""
