"""Users, their roles and factors, sign-up, and what a site is set to."""
