"""User-written texts: clean, count, and parse links, mentions and hashtags.

Pure functions like those of the domain, but with libraries for Unicode and host names.
"""
