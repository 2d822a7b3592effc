"""Mail: what is to be sent, and who wants which."""
