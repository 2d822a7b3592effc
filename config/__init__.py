"""What an operator may choose, and how the programs around Kwip are set up."""
