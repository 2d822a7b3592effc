"""What people think of each other, and what they do not want to see."""
