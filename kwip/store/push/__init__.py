"""Web Push: who is subscribed with which device."""
