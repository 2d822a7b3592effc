"""What staff do to members and to the site; each act is in the audit log."""
