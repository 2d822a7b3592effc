"""Reports, and what moderators did about them."""
