"""Durable processes: what happens to a ticket, in order."""
