"""What follows a write: fan-out, notifications, hibernation, compaction, signals.

May call reading and coherence.
"""
