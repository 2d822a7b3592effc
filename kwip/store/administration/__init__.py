"""What administrators say, hide and count; the figures also query posts."""
