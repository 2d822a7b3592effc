"""Reporting, the moderators' queue, and what people see of acts against them."""
