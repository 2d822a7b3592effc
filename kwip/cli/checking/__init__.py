"""What `kwip check` and `kwip doctor` compare and measure."""
