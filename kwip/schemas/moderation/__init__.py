"""Reports and strikes as JSON, and their forms.

May call posting and accounts, whose views they contain.
"""
