"""Setup, signing up and in, the first steps, the own profile, and settings.

May call `posting`, for the form of the first kwip.
"""
