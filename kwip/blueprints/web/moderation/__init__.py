"""Reporting, and what people see of decisions about them; the queue is in `admin`."""
