"""Reports, and the strikes that moderators gave for them."""
