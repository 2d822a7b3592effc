"""What `kwip reindex` runs and prints."""
