"""Mail: what is sent to whom, and who wants notifications by mail."""
