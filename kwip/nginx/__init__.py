"""nginx in front of Kwip: its configuration, and the health checks of its servers."""
