"""What `kwip backup` does with a backup that exists."""
