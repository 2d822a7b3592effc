"""What the site says about itself, and who may join it.

Nothing here may call the services of accounts, except the audit log.
"""
