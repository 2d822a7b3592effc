"""What operators run: fsck, reindex, repair, audits, deletion of users.

May call every package that serves people; only the command line and wiring call it.
"""
