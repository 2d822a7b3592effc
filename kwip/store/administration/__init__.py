"""What administrators run a site with. It calls nothing but what is beside it."""
