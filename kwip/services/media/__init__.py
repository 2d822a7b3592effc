"""Uploads: pictures, videos and sounds, converted in child processes.

Profile pictures are stored under their content's hash. Calls no other package of
services.
"""
