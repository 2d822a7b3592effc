"""What `fsck` and the audits look for."""
