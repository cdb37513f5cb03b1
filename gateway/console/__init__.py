"""The console: what specialists and their head work with all day."""
