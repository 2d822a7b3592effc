"""Web Push: devices that are told of notifications, and the messages to them.

May call mail, whose sentences it uses, and what reads notifications.
"""
