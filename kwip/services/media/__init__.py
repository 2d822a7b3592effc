"""Files that people upload: decoded in a child process, stored by content.

Calls no other package of services.
"""
