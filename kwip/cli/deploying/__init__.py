"""What `kwip deploy` checks, waits for and restarts."""
