"""What starts Kwip: its programs, and what is checked and prepared before them."""
