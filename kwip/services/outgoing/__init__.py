"""Requests to other sites, through one guard against requests to our own network.

Calls no other package.
"""
