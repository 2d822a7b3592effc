"""Mail: what is to be sent, how it is written, and the servers that take it.

May call nothing but the stores.
"""
