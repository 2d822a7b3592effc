"""What `make bench` runs: Kwip beside a reference, in the same run."""
