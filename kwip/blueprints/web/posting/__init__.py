"""One kwip: its page, its forms and files, reactions and quotes.

Calls no other package of pages.
"""
