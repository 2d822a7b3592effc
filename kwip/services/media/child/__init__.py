"""Decoding and encoding uploaded files: what runs in child processes.

`picture_child` and `video_child` are the programs. Calls no other package of `media`.
"""
