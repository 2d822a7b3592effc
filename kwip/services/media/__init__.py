"""Uploads: attachments, profile pictures and custom emoji.

Files are converted in child processes (`converting`, `child`) and kept in `stored`;
what is on top may call these. Profile pictures are stored under their content's hash.
Calls no other package of services but for the type of `enqueue`, which delivery has.
"""
