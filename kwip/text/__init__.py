"""People's texts: cleaned and counted, and parsed into links, names and hashtags.

Pure functions of a text, as those of the domain, but made with libraries that know
Unicode and the names of the Internet.
"""
