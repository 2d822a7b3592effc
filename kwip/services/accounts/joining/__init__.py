"""What the site says about itself, and who may join it.

Of the services of accounts, only the audit log and the blocked domains are called.
"""
