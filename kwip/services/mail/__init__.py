"""Mail: what is to be sent, how it is written, and the servers that take it.

May call timelines (a digest has notifications) and reading.
"""
