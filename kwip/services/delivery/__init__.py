"""What follows a write: fan-out, notifications, hibernation, compaction, live signals.

May call reading and coherence.
"""
