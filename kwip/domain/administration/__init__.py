"""What administrators say, hide and count."""
