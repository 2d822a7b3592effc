"""What `make bench` runs: Kwip against a reference, in the same run."""
