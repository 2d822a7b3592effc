"""The settings of the site, and who may join it: invitations, the waiting list.

Of the services of accounts, only the audit log and the blocked domains are called.
"""
