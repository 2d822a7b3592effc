"""Having child processes convert pictures, videos and sounds.

May call `child`.
"""
