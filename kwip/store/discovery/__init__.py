"""What helps people find posts and other people: trends and suggestions.

May call every other package of the store, except for `maintenance`.
"""
