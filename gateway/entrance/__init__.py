"""The entrance: how people sign in, get their first password, and leave."""
